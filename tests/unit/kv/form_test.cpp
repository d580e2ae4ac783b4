// Paths, escapes, forms, media types and numbers, as Go 1.19 takes them. Rows marked "seen" were
// answered so by a real etcd.
#include "core/kv/form.h"

#include "core/kv/utf8.h"
#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::kv;

namespace {

std::string cleaned(std::string_view path) {
  std::string out;
  clean_path(path, out);
  return out;
}

std::string quoted(std::string_view text) {
  std::string out;
  quote(text, out);
  return out;
}

std::string form_error(std::string_view method, std::string_view query, std::string_view type,
                       std::string_view body) {
  Form form;
  form.parse(method, query, type, body);
  return form.error();
}

constexpr std::string_view kType = "application/x-www-form-urlencoded";

}  // namespace

TEST_CASE("paths are cleaned as path.Clean does it") {
  CHECK(cleaned("/") == "/");
  CHECK(cleaned("") == "/");
  CHECK(cleaned("//a//b/") == "/a/b");
  CHECK(cleaned("/a/./b") == "/a/b");
  CHECK(cleaned("/a/../b") == "/b");
  CHECK(cleaned("/../../a") == "/a");
  CHECK(cleaned("/a/..") == "/");
  CHECK(cleaned("/a/.../..b/.c") == "/a/.../..b/.c");
  for (const auto path : {"/", "/a", "/a/b", "/.a", "/a/..b", "/a/...", "//", "/a/", "/a//b", "/.",
                          "/..", "/a/.", "/a/../b", "", "a"}) {
    INFO(path);
    CHECK(is_clean_path(path) == (cleaned(path) == path));
  }
}

TEST_CASE("escapes are decoded, and the first bad one is told") {
  std::string out;
  std::string_view bad;
  CHECK(unescape("a%20b%2Fc+d", false, out, bad));
  CHECK(out == "a b/c+d");
  out.clear();
  CHECK(unescape("a+b%2Bc", true, out, bad));
  CHECK(out == "a b+c");
  for (const auto& [text, what] :
       {std::pair{"x%zz", "%zz"}, {"%", "%"}, {"a%4", "%4"}, {"%g1%zz", "%g1"}}) {
    out.clear();
    CHECK_FALSE(unescape(text, true, out, bad));
    CHECK(bad == what);
  }
  out.clear();
  escape_path("/a b(c)!?é~:@&=+$,;-_.", out);
  CHECK(out == "/a%20b%28c%29%21%3F%C3%A9~:@&=+$,;-_.");
}

TEST_CASE("what is bad is quoted as strconv.Quote does it") {
  CHECK(quoted("%zz") == R"("%zz")");
  CHECK(quoted("%\t\"") == R"("%\t\"")");  // seen
  CHECK(quoted("%\\") == R"("%\\")");
  CHECK(quoted(std::string_view("%\0\x7f", 3)) == R"("%\x00\x7f")");
  CHECK(quoted("%\xc3\xa9") == "\"%\xc3\xa9\"");  // seen
  CHECK(quoted("%\xe2\x82") == R"("%\xe2\x82")");
  CHECK(quoted("\xc2\xad") == R"("\u00ad")");
}

TEST_CASE("booleans and numbers") {
  for (const auto yes : {"1", "t", "T", "true", "TRUE", "True"}) CHECK(parse_bool(yes) == true);
  for (const auto no : {"0", "f", "F", "false", "FALSE", "False"}) CHECK(parse_bool(no) == false);
  for (const auto neither : {"", "yes", "tRUE", "2", " true"}) CHECK_FALSE(parse_bool(neither));
  CHECK(parse_uint("0") == 0u);
  CHECK(parse_uint("007") == 7u);
  CHECK(parse_uint("18446744073709551615") == UINT64_MAX);
  for (const auto bad : {"", "-1", "+1", "1.5", "18446744073709551616", "1_0", "0x1", " 1"}) {
    CHECK_FALSE(parse_uint(bad));
  }
}

TEST_CASE("the body comes before the query, and the first value wins") {
  Form form;
  form.parse("PUT", "value=q&x=1", kType, "value=b&value=c");
  CHECK(form.value("value") == "b");
  CHECK(form.value("x") == "1");
  CHECK_FALSE(form.find("y"));
  form.parse("DELETE", "a", kType, "value=b");
  CHECK_FALSE(form.find("value"));
  CHECK(form.find("a") == "");
  form.parse("POST", "", "text/plain", "value=b");
  CHECK_FALSE(form.find("value"));
  form.parse("PUT", "", "Application/X-WWW-form-urlencoded ; charset=\"u\\\"8\"",
             "value=b");  // seen
  CHECK(form.value("value") == "b");
  form.parse("PUT", "&&=x&a=&=", kType, "");
  CHECK(form.error().empty());
  CHECK(form.find("") == "x");
}

TEST_CASE("a form's errors are Go's") {
  CHECK(form_error("GET", "a;b", "", "") == "invalid semicolon separator in query");
  CHECK(form_error("PUT", "a=%zz;&b=%g", kType, "value=%") == R"(invalid URL escape "%")");  // seen
  CHECK(form_error("GET", "a=%zz&b;", "", "") == "invalid semicolon separator in query");
  CHECK(form_error("PUT", "", "a b", "") == "mime: expected slash after first token");  // seen
  CHECK(form_error("PUT", "", "application/x-www-form-urlencoded; charset", "v=1") ==
        "mime: invalid media parameter");  // seen
  CHECK(form_error("PUT", "", "a/b;", "") == "");
  CHECK(form_error("PUT", "", "a/", "") == "mime: expected token after slash");
  CHECK(form_error("PUT", "", "a/b/c", "") == "mime: unexpected content after media subtype");
  CHECK(form_error("PUT", "", ";", "") == "mime: no media type");
  CHECK(form_error("PUT", "", "a/b; x=1; X=2", "") == "mime: duplicate parameter name");
  CHECK(form_error("GET", "", "a b", "") == "");
  const std::string big(Form::kMaxBody + 1, 'a');
  CHECK(form_error("PUT", "", kType, big) == "http: POST too large");
  CHECK(form_error("PUT", "", kType, std::string_view(big).substr(1)) == "");
  CHECK(form_error("PUT", "", "text/plain", big) == "");
}

TEST_CASE("runes are as long as Go takes them to be") {
  CHECK(utf8_length("a") == 1);
  CHECK(utf8_length("\xc3\xa9") == 2);
  CHECK(utf8_length("\xe2\x82\xac") == 3);
  CHECK(utf8_length("\xf0\x9f\x98\x80") == 4);
  for (const auto bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                         "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xe2\x28\xac"}) {
    CHECK(utf8_length(bad) == 0);
  }
}
