// The JSON reader against nlohmann's as an oracle, and what it refuses beyond that.
#include "sim/script/json.h"

#include <nlohmann/json.hpp>

#include "tests/catch.h"

using namespace quorumlab::script;

namespace {

nlohmann::json as_nlohmann(const Json& json) {
  switch (json.kind) {
    case Json::Kind::null: return nullptr;
    case Json::Kind::boolean: return json.truth;
    case Json::Kind::number: return nlohmann::json::parse(json.text);
    case Json::Kind::text: return json.text;
    case Json::Kind::list: {
      auto out = nlohmann::json::array();
      for (const Json& item : json.items) out.push_back(as_nlohmann(item));
      return out;
    }
    case Json::Kind::object: {
      auto out = nlohmann::json::object();
      for (const auto& [key, value] : json.members) out[key] = as_nlohmann(value);
      return out;
    }
  }
  return nullptr;
}

std::string first_problem(std::string_view text) {
  Problems problems;
  (void)parse_json(text, problems);
  return problems.empty() ? "" : problems.list()[0].what;
}

}  // namespace

TEST_CASE("reads what nlohmann reads, and refuses what it refuses") {
  const std::string texts[] = {
      R"({"a": [1, -2.5e3, true, false, null, "x\n\u00e9\ud83d\ude00"], "b": {}})", "[]", " [ ] ", "0", "-0", "1e5",
      "// a comment\n{\"a\": /* in between */ 1}\n// and after", "[1,]", "{\"a\":}", "{a: 1}", "[01]", "[+1]", "[.5]",
      "[1.]", "[1e]", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\"", "\"tab\there\"", "nul", "truex", "[1 2]",
      "{\"a\" 1}", "[", "{", "\"", "/* open", "", " ", "{\"a\": 1} x", "\xef\xbb\xbf{}", "\"\xc3\xa9\"", "\"\xc3\"",
      "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xc0\x80\"", "[-]", "'a'", "[NaN]", "/ /", "[1]//", "18446744073709551615"};
  for (const std::string& text : texts) {
    CAPTURE(text);
    Problems problems;
    const Json mine = parse_json(text, problems);
    const auto theirs = nlohmann::json::parse(text, nullptr, false, true);
    CHECK(problems.empty() == !theirs.is_discarded());
    if (problems.empty() && !theirs.is_discarded()) CHECK(as_nlohmann(mine) == theirs);
  }
}

TEST_CASE("a value knows its line, a problem its path") {
  Problems problems;
  const Json json = parse_json("{\n  \"a\": [\n    1,\n    {\"b\": 2}\n  ]\n}", problems);
  REQUIRE(problems.empty());
  CHECK(json.find("a")->line == 2);
  CHECK(json.find("a")->items[1].line == 4);
  (void)parse_json("{\n  \"a\": [\n    1,\n    x\n  ]\n}", problems);
  REQUIRE(problems.list().size() == 1);
  CHECK(problems.list()[0].line == 4);
  CHECK(problems.list()[0].path == "a[1]");
  CHECK(problems.text("f.json") == "f.json:4: a[1]: not valid JSON: expected a value, got 'x'\n");
}

TEST_CASE("a key may stand in an object once") {
  CHECK(first_problem("{\"a\": 1,\n\"a\": 2}") == "the key \"a\" stands here twice, first in line 1");
  CHECK(first_problem("{\"a\": {\"b\": 1}, \"c\": {\"b\": 1}}").empty());
}

TEST_CASE("depth and size have bounds") {
  const auto nested = [](int n) { return std::string(static_cast<std::size_t>(n), '[') + std::string(static_cast<std::size_t>(n), ']'); };
  CHECK(first_problem(nested(kMaxDepth)).empty());
  CHECK(first_problem(nested(kMaxDepth + 2)).find("nested deeper") != std::string::npos);
  CHECK(first_problem(std::string(100'000, '[')).find("nested deeper") != std::string::npos);
  CHECK(first_problem(std::string(kMaxFileBytes + 1, ' ')).find("bytes") != std::string::npos);
}
