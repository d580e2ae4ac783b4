// Bytes of commands, events, requests, answers and members: back as they were, and refused when
// damaged.
#include <rapidcheck.h>

#include "core/kv/command.h"
#include "core/kv/event.h"
#include "core/kv/http.h"
#include "core/kv/http_api.h"
#include "core/kv/members.h"
#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::kv;

namespace {

// Every cut and every changed byte is refused or is another's one form.
template <class Decode, class Encode>
void check_hostile(const Bytes& good, Decode decode_it, Encode encode_it) {
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    CHECK_FALSE(decode_it(ByteView(good.data(), cut)));
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int flip : {1, 0x10, 0x80, 0xff}) {
      Bytes bad = good;
      bad[at] ^= static_cast<std::uint8_t>(flip);
      const auto decoded = decode_it(bad);
      if (!decoded) continue;
      Bytes again;
      encode_it(*decoded, again);
      CHECK(again == bad);
    }
  }
  Bytes longer = good;
  longer.push_back(0);
  CHECK_FALSE(decode_it(longer));
}

Command sample(Command::Kind kind) {
  static const Bytes kUrls = [] {
    Bytes urls;
    ByteWriter w(urls);
    w.sized(std::string_view("http://a:1"));
    w.sized(std::string_view("http://b:2"));
    return urls;
  }();
  Command c;
  c.kind = kind;
  c.origin = NodeId{3};
  c.epoch = 300;
  c.number = 70'000;
  using Kind = Command::Kind;
  switch (kind) {
    case Kind::set:
    case Kind::create:
    case Kind::create_in_order:
    case Kind::update:
    case Kind::compare_and_swap:
      c.value = "value";
      c.expiration = -5;
      c.refresh = true;
      [[fallthrough]];
    case Kind::compare_and_delete:
    case Kind::remove:
    case Kind::quorum_get:
      c.path = "/1/a/b";
      c.session = 9;
      c.sequence = 10;
      c.first_outstanding = 4;
      break;
    case Kind::sync:
      c.time = 1'234'567'890;
      break;
    case Kind::publish_member:
    case Kind::set_version:
      c.value = "name";
      break;
    default:
      break;
  }
  if (kind == Kind::compare_and_swap || kind == Kind::compare_and_delete) {
    c.previous_value = "old";
    c.previous_index = 1000;
  }
  if (kind == Kind::remove || kind == Kind::quorum_get) c.recursive = true;
  if (kind >= Kind::add_member && kind <= Kind::publish_member) c.member = 0xd70a0ffb0977d1fc;
  if (kind == Kind::add_member || kind == Kind::update_member || kind == Kind::publish_member) {
    c.urls = kUrls;
  }
  if (kind == Kind::add_member) {
    c.node = NodeId{4};
    c.bootstrap = true;
  }
  return c;
}

}  // namespace

TEST_CASE("each kind of command survives its bytes, and damage does not") {
  for (int kind = 1; kind <= Command::kKinds; ++kind) {
    const Command command = sample(static_cast<Command::Kind>(kind));
    Bytes bytes;
    encode(command, bytes);
    const auto decoded = decode_command(bytes);
    REQUIRE(decoded);
    CHECK(*decoded == command);
    check_hostile(bytes, decode_command, [](const Command& c, Bytes& out) { encode(c, out); });
  }
  Bytes small;
  Command set = sample(Command::Kind::set);
  set.session = 0;
  set.expiration = 0;
  set.epoch = 1;
  set.number = 5;
  encode(set, small);
  CHECK(small.size() == 18);  // 13 of them key and value with their lengths
}

TEST_CASE("paths that no request can name are refused") {
  for (const auto path : {"", "a", "/1//a", "/1/a/", "/1/../a", "/1/."}) {
    Command command = sample(Command::Kind::set);
    command.path = path;
    Bytes bytes;
    encode(command, bytes);
    CHECK_FALSE(decode_command(bytes));
  }
}

TEST_CASE("events survive their bytes") {
  CHECK(rc::check([] {
    const auto text = *rc::gen::arbitrary<std::string>();
    const auto before = *rc::gen::arbitrary<std::string>();
    Event event;
    event.action = static_cast<Action>(*rc::gen::inRange(1, 9));
    event.key = text;
    event.node = {before,
                  *rc::gen::arbitrary<bool>(),
                  false,
                  *rc::gen::arbitrary<std::int64_t>(),
                  *rc::gen::arbitrary<std::uint64_t>(),
                  7};
    if (!event.node.has_value) event.node.value = {};
    event.has_previous = *rc::gen::arbitrary<bool>();
    if (event.has_previous) event.previous = {text, true, false, 5, 6, 7};
    event.refresh = *rc::gen::arbitrary<bool>();
    Bytes bytes;
    encode(event, bytes);
    const auto decoded = decode_event(bytes);
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(*decoded == event);
  }));
  Event event;
  event.key = "/1/a";
  event.node = {"v", true, false, 9, 8, 7};
  event.has_previous = true;
  event.previous = {"w", true, false, 0, 5, 4};
  Bytes bytes;
  encode(event, bytes);
  check_hostile(bytes, decode_event, [](const Event& e, Bytes& out) { encode(e, out); });
}

TEST_CASE("requests survive their bytes, and look like no other request") {
  HttpRequest request{"PUT", "/v2/keys/a?x=1", "text/plain", "5/6", "value=1", true};
  Bytes bytes;
  encode(request, bytes);
  CHECK(is_http_request(bytes));
  const Bytes other{0x11, 0};  // core/node's begin so
  CHECK_FALSE(is_http_request(other));
  const auto decoded = decode_http_request(bytes);
  REQUIRE(decoded);
  CHECK(*decoded == request);
  check_hostile(bytes, decode_http_request,
                [](const HttpRequest& r, Bytes& out) { encode(r, out); });
  std::string text;
  render(request, "n1:4001", text);
  CHECK(text ==
        "PUT /v2/keys/a?x=1 HTTP/1.0\r\nHost: n1:4001\r\nX-Quorumlab-Session: 5/6\r\n"
        "Content-Length: 7\r\nContent-Type: text/plain\r\n\r\nvalue=1");
}

TEST_CASE("an answer in parts is put together, and nothing out of turn is taken") {
  AnswerWriter writer;
  Head head;
  head.content_type = "application/json";
  Bytes first, second, third;
  writer.watch_head(head, {}, Instant{0}, first);
  write_chunk(as_bytes("one\n"), false, second);
  write_chunk(as_bytes("two\n"), true, third);
  HttpResponse response;
  CHECK_FALSE(add_part(second, response));
  REQUIRE(add_part(first, response));
  CHECK_FALSE(add_part(first, response));
  CHECK_FALSE(chunk_of(first));
  CHECK(chunk_of(second) == "one\n");
  REQUIRE(add_part(second, response));
  CHECK_FALSE(response.complete);
  REQUIRE(add_part(third, response));
  CHECK(response.complete);
  CHECK_FALSE(add_part(third, response));
  CHECK(response.body == "one\ntwo\n");
  CHECK(response.chunked);
  REQUIRE(response.header("content-TYPE") != nullptr);
  CHECK(*response.header("content-TYPE") == "application/json");
  std::string text;
  render(response, text, true);
  CHECK(text.ends_with("\r\n\r\n8\r\none\ntwo\n\r\n0\r\n\r\n"));
  const auto parsed = parse_http_response(text);
  REQUIRE(parsed);
  CHECK(*parsed == response);
  for (std::size_t cut = 0; cut < first.size(); ++cut) {
    HttpResponse fresh;
    CHECK_FALSE(add_part(ByteView(first.data(), cut), fresh));
  }
}

TEST_CASE("bodies are bounded as Go's server does it") {
  AnswerWriter writer;
  const auto answer = [&](std::size_t size, Shape shape, std::uint16_t status = 200) {
    const Bytes body(size, 'x');
    Head head;
    head.status = status;
    Bytes bytes;
    writer.answer(head, shape, Instant{0}, body, bytes);
    HttpResponse response;
    REQUIRE(add_part(bytes, response));
    std::string text;
    render(response, text, true);
    if (!shape.head) {
      const auto parsed = parse_http_response(text);
      REQUIRE(parsed);
      CHECK(*parsed == response);
    }
    return response;
  };
  REQUIRE(answer(2048, {}).header("Content-Length") != nullptr);
  CHECK_FALSE(answer(2048, {}).chunked);
  CHECK(answer(2049, {}).header("Content-Length") == nullptr);
  CHECK(answer(2049, {}).chunked);
  CHECK(*answer(10, {true, false, false}).header("Content-Length") == "10");
  CHECK(answer(10, {true, false, false}).body.empty());
  CHECK(answer(2049, {true, false, false}).header("Content-Length") == nullptr);
  CHECK_FALSE(answer(2049, {true, false, false}).chunked);
  CHECK_FALSE(answer(2049, {false, true, false}).chunked);
  CHECK(answer(2049, {false, true, false}).closes);
  CHECK(answer(0, {}, 204).header("Content-Length") == nullptr);
  CHECK(*answer(0, {}).header("Content-Length") == "0");
}

TEST_CASE("ids are derived as etcd derives them") {
  // Both seen.
  const std::uint64_t id = member_id({"http://127.0.0.1:27001"}, "etcd-cluster");
  CHECK(id == 0xb2d7b835ca9f3eef);
  CHECK(cluster_id({id}) == 0x871adb24a2d760ef);
  CHECK(member_id({"b", "a"}, "") == member_id({"a", "b"}, ""));
  CHECK(member_id({"a"}, "", 1) != member_id({"a"}, "", 2));
  // Texts around the block size of SHA-1.
  CHECK(member_id({std::string(56, 'a')}, "") == 0xc2db330f6083854c);
  CHECK(member_id({std::string(119, 'a')}, "") == 0xee971065aaa017e0);
}

TEST_CASE("members survive their bytes") {
  Members members;
  members.add({5, NodeId{1}, "n", {"http://a:1"}, {}});
  members.add({3, {}, "", {"http://b:1", "http://c:1"}, {"x"}});
  members.add({4, {}, "", {}, {}});
  members.remove(4);
  members.version = "3.4.0";
  CHECK(members.all()[0].id == 3);
  CHECK(members.is_removed(4));
  CHECK(members.has_peer_url({"http://c:1"}, 5));
  CHECK_FALSE(members.has_peer_url({"http://c:1"}, 3));
  Bytes bytes;
  members.encode(bytes);
  ByteReader r(bytes);
  Members again;
  REQUIRE(again.decode(r));
  CHECK(again == members);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    ByteReader part(ByteView(bytes.data(), cut));
    CHECK_FALSE(again.decode(part));
  }
}
