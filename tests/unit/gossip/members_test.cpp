// serf's status of a member, row by row of the table (serf.md 2.2), and what push/pull says of all of
// them. One engine, to which others' messages are handed.
#include "core/gossip/codec.h"
#include "tests/catch.h"
#include "tests/unit/gossip/harness.h"

namespace quorumlab::gossip::test {
namespace {

// node1 runs; node2 to node5 are only talked about.
struct Alone {
  Cluster c{5, [](Config& config) { config.push_pull_interval = {}; }};
  std::uint32_t incarnation = 0;

  explicit Alone(const std::function<void(Config&)>& tweak = {}) {
    if (tweak) tweak(c.host(1).config);
    c.start(1);
  }
  Engine& engine() { return c[1]; }
  void hear(const Bytes& message) { c.packet(1, NodeId{2}, message); }
  template <class Message>
  void hear_serf(const Message& message) {
    Bytes bytes;
    begin_user_message(bytes);
    encode(message, bytes);
    hear(bytes);
  }
  static std::string name(std::uint32_t id) { return "node" + std::to_string(id); }
  void alive(std::uint32_t id, std::string_view role = "web") {
    Bytes meta, bytes;
    const Tag tags[] = {{"role", role}};
    encode_tags(tags, meta);
    Alive alive;
    const std::string who = name(id);
    alive.incarnation = ++incarnation;
    alive.node = who;
    alive.address = AddressPlan{}.address(NodeId{id});
    alive.meta = meta;
    encode(alive, bytes);
    hear(bytes);
  }
  void dead(std::uint32_t id) {
    Bytes bytes;
    const std::string who = name(id);
    encode(Dead{incarnation, who, "node5"}, bytes);
    hear(bytes);
  }
  void leave(std::uint64_t ltime, std::uint32_t id, bool prune = false) {
    const std::string who = name(id);
    hear_serf(LeaveIntent{ltime, who, prune});
  }
  void join(std::uint64_t ltime, std::uint32_t id) {
    const std::string who = name(id);
    hear_serf(JoinIntent{ltime, who});
  }
  Status status(std::uint32_t id) { return engine().member(c.names.find(name(id))).status; }
  std::uint64_t time(std::uint32_t id) { return engine().status_time(c.names.find(name(id))); }
  std::size_t queued() { return engine().queued(1); }
  // The kinds of the events since the last call.
  std::vector<EventKind> events() {
    std::vector<EventKind> kinds;
    for (; seen < c.host(1).notes.size(); ++seen) {
      const Note& note = c.host(1).notes[seen].note;
      if (note.fact == Fact::serf_member_event) kinds.push_back(static_cast<EventKind>(note.a));
    }
    return kinds;
  }
  std::size_t seen = 0;
};
using Kinds = std::vector<EventKind>;
constexpr auto joined = EventKind::member_join;
constexpr auto left = EventKind::member_leave;
constexpr auto failed = EventKind::member_failed;
constexpr auto updated = EventKind::member_update;
constexpr auto reaped = EventKind::member_reap;

TEST_CASE("NotifyJoin: unknown, or known in any state, is alive, with an event") {
  Alone a;
  CHECK(a.events() == Kinds{joined});  // itself
  a.alive(2);
  CHECK(a.status(2) == Status::alive);
  CHECK(a.events() == Kinds{joined});
  a.dead(2);
  CHECK(a.status(2) == Status::failed);
  CHECK(a.events() == Kinds{failed});
  CHECK(a.engine().failed_members() == 1);
  a.alive(2);
  CHECK(a.status(2) == Status::alive);
  CHECK(a.events() == Kinds{joined});
  CHECK(a.engine().failed_members() == 0);
}

TEST_CASE("NotifyJoin: an intent that came before its member decides how it appears") {
  Alone a;
  a.leave(5, 2);
  CHECK(a.queued() == 1);  // news, though about a stranger
  a.leave(5, 2);
  a.leave(4, 2);
  CHECK(a.queued() == 1);
  a.alive(2);
  CHECK(a.status(2) == Status::leaving);
  CHECK(a.time(2) == 5);
  a.join(7, 3);
  a.alive(3);
  CHECK(a.status(3) == Status::alive);
  CHECK(a.time(3) == 7);
  // Of two the newer, whatever it says.
  a.leave(8, 4);
  a.join(9, 4);
  a.alive(4);
  CHECK(a.status(4) == Status::alive);
  CHECK(a.time(4) == 9);
}

TEST_CASE("intents about strangers are forgotten after five minutes") {
  Alone a;
  a.leave(5, 2);
  a.c.run_for(seconds(316));
  a.alive(2);
  CHECK(a.status(2) == Status::alive);
  CHECK(a.time(2) == 0);
}

TEST_CASE("without remember_recent_intents a leaving member appears alive") {
  Alone a([](Config& config) { config.rules.set(Rule::remember_recent_intents, false); });
  a.leave(5, 2);
  a.alive(2);
  CHECK(a.status(2) == Status::alive);
}

TEST_CASE("NotifyLeave: leaving becomes left, alive becomes failed") {
  Alone a;
  a.alive(2);
  a.alive(3);
  a.leave(3, 2);
  CHECK(a.status(2) == Status::leaving);
  a.events();
  a.dead(2);
  a.dead(3);
  CHECK(a.status(2) == Status::left);
  CHECK(a.status(3) == Status::failed);
  CHECK(a.events() == Kinds{left, failed});
  CHECK(a.engine().left_members() == 1);
}

TEST_CASE("NotifyUpdate: tags change, the status does not") {
  Alone a;
  a.alive(2, "web");
  a.leave(3, 2);
  a.events();
  a.alive(2, "lb");
  CHECK(a.status(2) == Status::leaving);
  CHECK(a.events() == Kinds{updated});
}

TEST_CASE("a leave intent that is not newer is ignored and not passed on") {
  Alone a;
  a.alive(2);
  a.join(5, 2);
  const std::size_t queued = a.queued();
  a.leave(5, 2);
  a.leave(4, 2);
  CHECK(a.status(2) == Status::alive);
  CHECK(a.queued() == queued);
  CHECK(a.engine().member_time() == 6);  // all of them were witnessed
}

TEST_CASE("a leave intent about itself is answered with a join") {
  Alone a;
  a.leave(9, 1);
  CHECK(a.status(1) == Status::alive);
  CHECK(a.time(1) == 10);
  CHECK(a.queued() == 1);
  Alone off([](Config& config) { config.rules.set(Rule::refute_leave_intent, false); });
  off.leave(9, 1);
  CHECK(off.status(1) == Status::leaving);
}

TEST_CASE("a leave intent, newer: alive, failed, leaving and left") {
  Alone a;
  for (std::uint32_t id = 2; id <= 3; ++id) a.alive(id);
  a.dead(3);
  a.events();
  a.leave(4, 2);
  CHECK(a.status(2) == Status::leaving);
  CHECK(a.time(2) == 4);
  CHECK(a.events().empty());
  a.leave(6, 2);
  CHECK(a.status(2) == Status::leaving);
  CHECK(a.time(2) == 6);
  a.leave(7, 3);
  CHECK(a.status(3) == Status::left);
  CHECK(a.engine().failed_members() == 0);
  CHECK(a.engine().left_members() == 1);
  CHECK(a.events() == Kinds{left});  // EventMemberLeave (forced)
  CHECK(a.c.host(1).notes.back().note.reason == Reason::forced);
  a.leave(8, 3);
  CHECK(a.status(3) == Status::left);
  CHECK(a.time(3) == 8);
  CHECK(a.events().empty());
  CHECK(a.queued() == 4);  // each was news
}

TEST_CASE("an intent's time is kept even where nothing changes, or it is news for ever (serf #606)") {
  Alone a;
  a.alive(2);
  a.leave(4, 2);
  a.leave(6, 2);
  a.leave(6, 2);
  CHECK(a.queued() == 2);
  Alone off([](Config& config) { config.rules.set(Rule::intent_time_always_kept, false); });
  off.alive(2);
  off.leave(4, 2);
  for (int i = 0; i < 10; ++i) off.leave(6, 2);
  CHECK(off.queued() == 11);
}

TEST_CASE("prune: at once who is gone, after the delays who may still be there") {
  Alone a;
  for (std::uint32_t id = 2; id <= 4; ++id) a.alive(id);
  a.dead(3);
  a.leave(3, 4);
  a.dead(4);
  a.events();
  a.leave(10, 3, true);
  CHECK(a.status(3) == Status::none);
  CHECK(a.events() == Kinds{left, reaped});
  a.leave(11, 4, true);
  CHECK(a.status(4) == Status::none);
  CHECK(a.events() == Kinds{reaped});
  a.leave(12, 2, true);
  CHECK(a.status(2) == Status::leaving);
  a.c.run_for(milliseconds(5900));
  CHECK(a.status(2) != Status::none);
  a.c.run_for(milliseconds(200));
  CHECK(a.status(2) == Status::none);
  // Who lives says so, but serf hears of it only once it has slept and erased.
  Alone lives;
  lives.alive(2);
  lives.leave(12, 2, true);
  lives.join(13, 2);
  CHECK(lives.status(2) == Status::alive);
  lives.events();
  lives.c.run_for(milliseconds(6100));
  CHECK(lives.status(2) == Status::none);
  CHECK(lives.events() == Kinds{reaped});
}

TEST_CASE("a join intent: leaving becomes alive without an event, others stay") {
  Alone a;
  a.alive(2);
  a.alive(3);
  a.leave(4, 2);
  a.dead(3);
  a.events();
  a.join(4, 2);
  CHECK(a.status(2) == Status::leaving);
  a.join(5, 2);
  CHECK(a.status(2) == Status::alive);
  a.join(6, 3);
  CHECK(a.status(3) == Status::failed);
  CHECK(a.time(3) == 6);
  CHECK(a.events().empty());
  Alone off([](Config& config) { config.rules.set(Rule::rejoin_clears_leaving, false); });
  off.alive(2);
  off.leave(4, 2);
  off.join(5, 2);
  CHECK(off.status(2) == Status::leaving);
}

TEST_CASE("without intents_need_newer_time an old intent undoes a newer one") {
  Alone a([](Config& config) { config.rules.set(Rule::intents_need_newer_time, false); });
  a.alive(2);
  a.join(9, 2);
  a.leave(3, 2);
  CHECK(a.status(2) == Status::leaving);
}

TEST_CASE("Lamport times beyond 32 bits are kept and told") {
  Alone a;
  a.alive(2);
  const std::uint64_t far = std::uint64_t{1} << 40;
  a.join(far, 2);
  CHECK(a.time(2) == far);
  a.leave(far, 2);
  CHECK(a.status(2) == Status::alive);
  a.leave(UINT64_MAX, 2);
  CHECK(a.time(2) == UINT64_MAX);
  CHECK(a.engine().member_time() == UINT64_MAX);  // poisoned, but not at 0 again
  CHECK(a.c.find(1, Fact::lamport_jump) != nullptr);
}

TEST_CASE("a queue that grew beyond its limit is cut every thirty seconds") {
  const auto fill = [](Alone& a) {
    for (std::uint32_t i = 0; i < 50; ++i) {
      const std::string who = "stranger" + std::to_string(i);
      a.hear_serf(JoinIntent{i + 1, who});
    }
    a.c.run_for(seconds(31));
    return a.queued();
  };
  const auto small = [](Config& config) { config.max_queue_depth = 20; };
  Alone a(small);
  CHECK(fill(a) == 20);
  REQUIRE(a.c.find(1, Fact::queue_pruned) != nullptr);
  CHECK(a.c.find(1, Fact::queue_pruned)->note.b == 30);
  Alone off([&](Config& config) {
    small(config);
    config.rules.set(Rule::bounded_queues, false);
  });
  CHECK(fill(off) == 50);
  Alone grows([&](Config& config) {
    small(config);
    config.min_queue_depth = 40;
  });
  CHECK(fill(grows) == 40);
}

TEST_CASE("hostile serf messages are dropped, and the node lives") {
  Alone a;
  for (std::uint8_t type = 0; type < 12; ++type) {
    for (const std::size_t size : {0u, 1u, 5u, 40u}) {
      for (const std::uint8_t fill : {0x00, 0x81, 0x93, 0xa5, 0xc0, 0xde, 0xff}) {
        Bytes bytes = {8, type};
        bytes.resize(2 + size, fill);
        a.hear(bytes);
      }
    }
  }
  a.hear({8});
  CHECK(a.c.count(1, Fact::gossip_dropped) > 100);
  a.alive(2);
  CHECK(a.status(2) == Status::alive);
}

}  // namespace
}  // namespace quorumlab::gossip::test
