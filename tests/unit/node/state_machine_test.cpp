// The map, its sessions and both codecs: retries take effect once, copies encode alike.
#include "core/node/state_machine.h"

#include "tests/catch.h"

using namespace quorumlab;

namespace {
Request command(std::uint64_t session, std::uint64_t sequence, std::string_view key,
                std::string_view value, std::uint64_t first_outstanding = 1) {
  Request r;
  r.session = session;
  r.sequence = sequence;
  r.first_outstanding = first_outstanding;
  r.key = as_bytes(key);
  r.value = as_bytes(value);
  return r;
}
}  // namespace

TEST_CASE("a retried command takes effect once and is answered with its first index") {
  StateMachine state;
  CHECK_FALSE(state.apply({1}, command(7, 1, "k", "a"), true).duplicate);
  CHECK_FALSE(state.apply({2}, command(8, 1, "k", "b"), true).duplicate);
  const auto retry = state.apply({3}, command(7, 1, "k", "a"), true);
  CHECK(retry.duplicate);
  CHECK(retry.index == LogIndex{1});
  REQUIRE(state.find("k") != nullptr);
  CHECK(state.find("k")->value == "b");
  CHECK(state.find("k")->modified == LogIndex{2});
}

TEST_CASE("without the rule a retry takes effect again") {
  StateMachine state;
  state.apply({1}, command(7, 1, "k", "a"), false);
  state.apply({2}, command(8, 1, "k", "b"), false);
  state.apply({3}, command(7, 1, "k", "a"), false);
  CHECK(state.find("k")->value == "a");
}

TEST_CASE("commands of one session may overtake each other, and what was answered is forgotten") {
  StateMachine state;
  state.apply({1}, command(7, 2, "k", "second"), true);
  CHECK_FALSE(state.apply({2}, command(7, 1, "k", "first"), true).duplicate);
  CHECK(state.apply({3}, command(7, 2, "k", "second"), true).duplicate);
  CHECK_FALSE(state.apply({4}, command(7, 3, "k", "third", 3), true).duplicate);
  const auto late = state.apply({5}, command(7, 1, "k", "first", 1), true);
  CHECK(late.duplicate);
  CHECK(late.index == LogIndex{});
  CHECK(state.find("k")->value == "third");
}

TEST_CASE("a later command of a forgotten session is refused") {
  StateMachine state;
  for (std::uint64_t s = 1; s <= StateMachine::kMaxSessions + 1; ++s) {
    state.apply({s}, command(s, 1, "k", "v"), true);
  }
  CHECK(state.apply({20'000}, command(1, 2, "k", "late", 2), true).unknown_session);
  CHECK(state.find("k")->value == "v");
}

TEST_CASE("a session may begin with a later command: the first ones never got through") {
  StateMachine state;
  const auto outcome = state.apply({5}, command(7, 3, "a", "1", 3), true);
  CHECK_FALSE(outcome.unknown_session);
  CHECK(outcome.index == LogIndex{5});
  CHECK(state.apply({6}, command(7, 2, "a", "late", 2), true).duplicate);
  CHECK(state.find("a")->value == "1");
}

TEST_CASE("state survives its own encoding, and no damaged encoding is taken") {
  StateMachine state;
  state.apply({1}, command(7, 1, "a", "1"), true);
  state.apply({2}, command(7, 2, "b", std::string(300, 'x')), true);
  Request erase = command(9, 1, "a", "");
  erase.kind = Request::Kind::erase;
  state.apply({3}, erase, true);
  Bytes bytes;
  state.encode(bytes);
  StateMachine copy;
  REQUIRE(copy.decode(bytes));
  CHECK(copy == state);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(copy.decode(ByteView(bytes).first(size)));
    CHECK(copy == StateMachine{});
  }
}

TEST_CASE("requests and responses read back, and cut ones do not") {
  Request request = command(3, 4, "key", "value", 2);
  request.kind = Request::Kind::read;
  request.node = NodeId{5};
  Bytes bytes;
  encode(request, bytes);
  const auto back = decode_request(bytes);
  REQUIRE(back);
  CHECK(back->kind == request.kind);
  CHECK(back->first_outstanding == 2);
  CHECK(back->node == NodeId{5});
  CHECK(as_text(back->value) == "value");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(decode_request(ByteView(bytes).first(size)));
  }
  Response response;
  response.status = Response::Status::dropped;
  response.reason = Reason::no_leader;
  response.leader = NodeId{2};
  response.modified = LogIndex{77};
  response.value = as_bytes("v");
  bytes.clear();
  encode(response, bytes);
  const auto answer = decode_response(bytes);
  REQUIRE(answer);
  CHECK(answer->reason == Reason::no_leader);
  CHECK(answer->modified == LogIndex{77});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(decode_response(ByteView(bytes).first(size)));
  }
}
