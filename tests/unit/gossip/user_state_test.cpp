// serf's part of a push/pull, written in place, against the codec that writes it from a struct; and
// what is taken from another's, in which order (serf.md 4.5). Also the snapshot's compaction.
#include <algorithm>

#include "core/gossip/codec.h"
#include "tests/catch.h"
#include "tests/unit/gossip/harness.h"

namespace quorumlab::gossip::test {
namespace {

// Hands node1 a push/pull with this user state and answers its own.
Bytes swap_states(Cluster& c, ByteView state, bool join = false) {
  static std::uint64_t stream = std::uint64_t{1} << 62;
  Bytes request, answer;
  encode(PushPullHeader{0, static_cast<std::int64_t>(state.size()), join}, request);
  request.insert(request.end(), state.begin(), state.end());
  c.step(1, [&](Engine& e, const Turn& t) {
    e.on_stream_opened(t, ++stream, NodeId{2}, false);
    e.on_stream_bytes(t, stream, request);
    for (const Ready::Stream& s : t.out.streams) {
      const ByteView bytes = t.out.view(s.bytes);
      if (s.op == Ready::Stream::Op::send) answer.insert(answer.end(), bytes.begin(), bytes.end());
    }
    t.out.streams.clear();  // nobody is at the other end
  });
  REQUIRE(answer.size() > 1);
  PushPullReader reader(ByteView(answer).subspan(1));
  PushNodeState node;
  while (reader.next(node)) {
  }
  REQUIRE(reader.error() == WireError::none);
  const ByteView user = reader.user_state();
  return Bytes(user.begin(), user.end());
}
Bytes swap_states(Cluster& c, const PushPullState& state, bool join = false) {
  Bytes bytes;
  encode(state, bytes);
  return swap_states(c, ByteView(bytes), join);
}
Cluster alone(const std::function<void(Config&)>& tweak = {}) {
  Cluster c(3, tweak);
  c.start(1);
  return c;
}
void tell(Cluster& c, const UserEvent& event) {
  Bytes bytes;
  begin_user_message(bytes);
  encode(event, bytes);
  c.packet(1, NodeId{2}, bytes);
}

TEST_CASE("what is written in place is what the codec writes") {
  Cluster c = alone();
  Bytes own = swap_states(c, PushPullState{});
  CHECK(own.size() == 589);  // as the real one's, when nothing happened (4.5)
  for (const std::uint64_t ltime : {5u, 5u, 7u, 511u, 512u, 700u}) {
    for (const char* name : {"a", "deploy"}) {
      UserEvent event;
      event.ltime = ltime;
      event.name = name;
      if (ltime != 7) event.payload = as_bytes("payload");
      tell(c, event);
    }
  }
  Alive alive;
  alive.incarnation = 1;
  alive.node = "node2";
  alive.address = AddressPlan{}.address(NodeId{2});
  Bytes bytes;
  encode(alive, bytes);
  c.packet(1, NodeId{2}, bytes);
  for (const bool leaves : {true, false}) {
    bytes.clear();
    if (leaves) {
      begin_user_message(bytes);
      encode(LeaveIntent{3, "node2", false}, bytes);
    } else {
      encode(Dead{1, "node2", "node2"}, bytes);
    }
    c.packet(1, NodeId{2}, bytes);
  }
  own = swap_states(c, PushPullState{});
  PushPullState state;
  REQUIRE(decode(ByteView(own).subspan(1), state) == WireError::none);
  CHECK(state.event_ltime == 701);
  CHECK(state.ltime == 4);
  CHECK(state.left_members == std::vector<std::string_view>{"node2"});
  CHECK(state.status_ltimes.size() == 2);
  CHECK(state.event_items.size() == 2 * 5);
  Bytes again;
  encode(state, again);
  CHECK(again == own);
}

TEST_CASE("another's state: clocks, who left, intents, events in the array's order") {
  Cluster c = alone([](Config& config) { config.user_coalesce_period = {}; });
  Alive alive;
  alive.incarnation = 1;
  for (const char* name : {"node2", "node3"}) {
    alive.node = name;
    alive.address = AddressPlan{}.address(NodeId{name[4] == '2' ? 2u : 3u});
    Bytes bytes;
    encode(alive, bytes);
    c.packet(1, NodeId{2}, bytes);
  }
  PushPullState state;
  state.ltime = 40;
  state.event_ltime = 900;
  state.query_ltime = 60;
  state.status_ltimes = {{"node2", 9}, {"node3", 10}, {"node9", 11}};
  state.left_members = {"node2", "unheard"};
  state.event_items = {{"late", as_bytes("x")}, {"early", {}}};
  state.events = {{513 % 512, 0, 1, 513}, {400, 1, 1, 400}};
  swap_states(c, state);
  CHECK(c[1].member_time() == 40);
  CHECK(c[1].event_time() == 900);
  CHECK(c[1].query_time() == 60);
  CHECK(c.member(1, 2).status == Status::leaving);
  CHECK(c[1].status_time(c.peer(2)) == 10);  // one above what the other has
  CHECK(c.member(1, 3).status == Status::alive);
  CHECK(c[1].status_time(c.peer(3)) == 10);
  REQUIRE(c.host(1).deliveries.size() == 2);  // by slot: 1, then 400, whatever their times
  CHECK(c.host(1).deliveries[0].name == "late");
  CHECK(c.host(1).deliveries[1].name == "early");
  // Nothing of it is passed on, and nothing counts twice.
  CHECK(c[1].queued(3) == 0);
  swap_states(c, state);
  CHECK(c.host(1).deliveries.size() == 2);
}

TEST_CASE("damaged states are dropped, and what was read before the damage may count") {
  Cluster c = alone();
  PushPullState state;
  state.ltime = 40;
  state.status_ltimes = {{"node1", 3}};
  state.left_members = {"nobody"};
  state.event_items = {{"e", as_bytes("x")}};
  state.events = {{2, 0, 1, 2}};
  Bytes whole;
  encode(state, whole);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    swap_states(c, ByteView(whole).first(size));
  }
  CHECK(c.count(1, Fact::gossip_dropped) >= whole.size() - 2);
  for (std::size_t at = 0; at < whole.size(); at += at < 40 ? 1 : 37) {
    Bytes changed = whole;
    changed[at] ^= 0xff;
    swap_states(c, ByteView(changed));
  }
  const Bytes own = swap_states(c, ByteView(whole));
  CHECK(own.size() > 589);
}

TEST_CASE("the snapshot is rewritten when it grew too long") {
  Cluster c = alone([](Config& config) {
    config.snapshot = true;
    config.user_coalesce_period = {};
  });
  std::size_t largest = 0;
  for (std::uint64_t i = 1; i <= 9000; ++i) {
    UserEvent event;
    event.ltime = i;
    event.name = "e";
    tell(c, event);
    largest = std::max(largest, c.host(1).file.size());
    if (i % 100 == 0) c.host(1).deliveries.clear();
  }
  REQUIRE(c.find(1, Fact::snapshot_compacted) != nullptr);
  CHECK(largest <= 128 * 1024);
  const std::string file(as_text(c.host(1).file));
  CHECK(file.starts_with("alive: node1 10.0.0.1:7946\nclock: 0\nevent-clock: "));
  CHECK(file.size() < 60'000);
}

TEST_CASE("a snapshot that was cut off in a line is rewritten at once") {
  Cluster c(3, [](Config& config) { config.snapshot = true; });
  const std::string file = "alive: node2 10.0.0.2:7946\nevent-clock: 7\nalive: no";
  c.host(1).file.assign(file.begin(), file.end());
  c.start(1);
  CHECK(std::string(as_text(c.host(1).file)) ==
        "alive: node1 10.0.0.1:7946\nalive: node2 10.0.0.2:7946\nclock: 0\nevent-clock: 7\n"
        "query-clock: 0\n");
  CHECK(c[1].event_time() == 8);
}

}  // namespace
}  // namespace quorumlab::gossip::test
