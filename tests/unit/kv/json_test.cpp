// JSON, times and durations as Go prints them, and the one JSON that is read.
#include "core/kv/json_text.h"
#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::kv;

namespace {

template <class Append, class... Arguments>
std::string written(Append append, Arguments... arguments) {
  Bytes out;
  append(arguments..., out);
  return std::string(as_text(out));
}
std::string time_of(std::int64_t ns) { return written(append_time, ns); }
std::string duration_of(std::int64_t ns) { return written(append_duration, Duration{ns}); }
std::string json_of(std::string_view text) { return written(append_json_string, text); }

std::string urls_error(std::string_view body) {
  std::vector<std::string> urls;
  return parse_peer_urls(body, urls);
}

}  // namespace

TEST_CASE("times print as RFC3339Nano in UTC") {
  CHECK(time_of(0) == "1970-01-01T00:00:00Z");
  CHECK(time_of(1'795'394'538'179'135'805) == "2026-11-23T00:42:18.179135805Z");
  CHECK(time_of(1'795'394'538'100'000'000) == "2026-11-23T00:42:18.1Z");
  CHECK(time_of(1'795'394'538'000'000'001) == "2026-11-23T00:42:18.000000001Z");
  CHECK(time_of(951'782'400'000'000'000) == "2000-02-29T00:00:00Z");
  CHECK(time_of(-1) == "1969-12-31T23:59:59.999999999Z");
  CHECK(time_of(INT64_MAX) == "2262-04-11T23:47:16.854775807Z");
  CHECK(time_of(INT64_MIN) == "1677-09-21T00:12:43.145224192Z");
  CHECK(written(append_http_date, std::int64_t{1'795'394'542'000'000'000}) ==
        "Mon, 23 Nov 2026 00:42:22 GMT");
  CHECK(written(append_http_date, std::int64_t{0}) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_CASE("durations print as time.Duration") {
  CHECK(duration_of(0) == "0s");
  CHECK(duration_of(1) == "1ns");
  CHECK(duration_of(1'500) == "1.5\xc2\xb5s");
  CHECK(duration_of(739'189'790) == "739.18979ms");
  CHECK(duration_of(3'659'580'369) == "3.659580369s");
  CHECK(duration_of(60'000'000'000) == "1m0s");
  CHECK(duration_of(3'661'500'000'000) == "1h1m1.5s");
  CHECK(duration_of(-2'000'000'000) == "-2s");
}

TEST_CASE("seconds left are rounded up, and negative once over") {
  CHECK(seconds_left(1'000'000'000, Instant{0}) == 1);
  CHECK(seconds_left(1, Instant{0}) == 1);
  CHECK(seconds_left(0, Instant{0}) == 0);
  CHECK(seconds_left(0, Instant{999'999'999}) == 0);
  CHECK(seconds_left(0, Instant{5'300'000'000}) == -5);
  CHECK(seconds_left(INT64_MAX, Instant{-5}) == INT64_MAX / 1'000'000'000 + 1);
  CHECK(seconds_left(INT64_MIN, Instant{5}) == INT64_MIN / 1'000'000'000);
}

TEST_CASE("strings are escaped as encoding/json does it") {
  CHECK(json_of("a/b") == R"("a/b")");
  CHECK(json_of("<a>&\"\\") == R"("\u003ca\u003e\u0026\"\\")");
  CHECK(json_of(std::string_view("\0\b\t\n\f\r\x1f\x7f", 8)) ==
        "\"\\u0000\\u0008\\t\\n\\u000c\\r\\u001f\x7f\"");
  CHECK(json_of("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa") == "\"\\u2028\\u2029\xe2\x80\xaa\"");
  CHECK(json_of("\xff\xc3(\xe2\x82") == R"("\ufffd\ufffd(\ufffd\ufffd")");
}

TEST_CASE("errors leave out an empty cause and the internal root") {
  CHECK(written(append_refusal, ErrorCode::key_not_found, std::string_view("/1/a"),
                std::uint64_t{7}) ==
        "{\"errorCode\":100,\"message\":\"Key not found\",\"cause\":\"/a\",\"index\":7}\n");
  CHECK(written(append_refusal, ErrorCode::not_a_file, std::string_view("/1"), std::uint64_t{7}) ==
        "{\"errorCode\":102,\"message\":\"Not a file\",\"index\":7}\n");
}

TEST_CASE("peer URLs are read, and refused in Go's words") {
  std::vector<std::string> urls;
  CHECK(parse_peer_urls(R"({"x":[{"peerURLs":1}],"PeerUrls":["http://b:2"," http://a:1 "]} )", urls)
            .empty());
  CHECK(urls == std::vector<std::string>{"http://a:1", "http://b:2"});
  // All seen.
  CHECK(urls_error("{}") == "no valid URLs given");
  CHECK(urls_error("xx") == "invalid character 'x' looking for beginning of value");
  CHECK(urls_error(R"({"peerURLs":["x"]})") == "URL scheme must be http, https, unix, or unixs: x");
  CHECK(urls_error(R"({"peerURLs":["http://a"]})") ==
        "URL address does not have the form \"host:port\": http://a");
  CHECK(urls_error(R"({"peerURLs":["http://a:1/p"]})") ==
        "URL must not contain a path: http://a:1/p");
  CHECK(urls_error(R"({"peerURLs":"x"})") ==
        "json: cannot unmarshal string into Go struct field .peerURLs of type []string");
  CHECK(urls_error(R"({"peerURLs":)") == "unexpected end of JSON input");
  // Deep nesting ends in words, not in a broken stack.
  CHECK(urls_error(std::string(1'000'000, '[')) == "exceeded max depth");
  for (const auto bad : {"", "{", "{\"a\"}", "{\"a\":1,}", "[1", "tru", "\"a", "\"\\x\"", "01",
                         "1.", "-", "{} x", "\"\\u12g4\"", "[1 2]"}) {
    INFO(bad);
    CHECK_FALSE(urls_error(bad).empty());
  }
}
