// What the engine as a whole promises, feature by feature, in the order of the Raft paper.
#include <algorithm>
#include <utility>

#include "tests/catch.h"
#include "tests/unit/raft/harness.h"

using namespace quorumlab;
using namespace quorumlab::raft;
using namespace quorumlab::raft::test;

namespace {

void plain(Config& c) { c.pre_vote = c.check_quorum = false; }

Message request_vote(std::uint32_t source, std::uint64_t term, std::uint64_t index,
                     std::uint64_t log_term) {
  Message m;
  m.type = MessageType::request_vote;
  m.source = {source};
  m.target = {1};
  m.term = {term};
  m.index = {index};
  m.log_term = {log_term};
  return m;
}

int count(const Cluster& c, MessageType type) {
  return static_cast<int>(std::count_if(c.queue.begin(), c.queue.end(),
                                        [type](const Packet& p) { return p.type == type; }));
}

}  // namespace

TEST_CASE("a follower gives one vote, first come first served (5.2)") {
  struct Case {
    std::uint32_t voted, asks;
    bool granted;
  };
  for (const Case& k : {Case{0, 2, true}, Case{0, 3, true}, Case{2, 2, true}, Case{3, 3, true},
                        Case{2, 3, false}, Case{3, 2, false}}) {
    Cluster c(3, plain);
    if (k.voted != 0) c.give(request_vote(k.voted, 1, 0, 0));
    c.queue.clear();
    c.give(request_vote(k.asks, 1, 0, 0));
    REQUIRE(c.queue.size() == 1);
    const auto reply = decode(c.queue.front().bytes);
    CHECK(reply->reject == !k.granted);
  }
}

TEST_CASE("a voter refuses a candidate whose log ends earlier (5.4.1)") {
  // The voter's log: terms 1, 2 at indexes 1, 2.
  struct Case {
    std::uint64_t index, term;
    bool granted;
  };
  for (const Case& k : {Case{2, 2, true}, Case{3, 2, true}, Case{1, 3, true}, Case{1, 2, false},
                        Case{3, 1, false}, Case{1, 1, false}, Case{0, 0, false}}) {
    Cluster c(3, plain);
    c.elect(2);
    c.elect(3);
    c.queue.clear();
    c.give(request_vote(2, 9, k.index, k.term));
    const auto reply = decode(c.queue.back().bytes);
    REQUIRE(reply->type == MessageType::request_vote_response);
    CHECK(reply->reject == !k.granted);
    CHECK(c.host(1).noted(Fact::vote_refused, Reason::log_behind) == !k.granted);
  }
}

TEST_CASE("a refusal of an older campaign does not count against the one of today") {
  for (const bool pre_vote : {false, true}) {
    CAPTURE(pre_vote);
    Cluster c(3, [pre_vote](Config& config) {
      plain(config);
      config.pre_vote = pre_vote;
    });
    // Node 1 asks, nobody hears it for long; all come to term 4 by themselves, and node 1 asks again.
    c.timeout(1);
    const auto late = std::exchange(c.queue, {});
    for (std::uint32_t id = 1; id <= 3; ++id) {
      Message word;
      word.type = MessageType::heartbeat_response;
      word.source = {id % 3 + 1};
      word.target = {id};
      word.term = {4};
      c.give(word);
    }
    c.timeout(1);
    const auto today = std::exchange(c.queue, {});
    if (!pre_vote) c.give(today.front());  // node 2 has come to the term of today
    for (const Packet& p : late) c.give(p);
    // Both refuse that, with the term of today; one of them has granted what was asked today.
    int refused = 0;
    for (const Packet& p : c.queue) {
      const auto answer = decode(p.bytes);
      refused += answer->reject && answer->flag;
    }
    CHECK(refused == 2);
    std::stable_partition(c.queue.begin(), c.queue.end(),
                          [](const Packet& p) { return decode(p.bytes)->reject; });
    c.deliver();
    if (pre_vote) c.give(today.front());
    c.deliver();
    CHECK(c[1].status().role == Role::leader);
  }
}

TEST_CASE("a leader or candidate that meets a higher term becomes its follower (5.1)") {
  for (const bool leads : {false, true}) {
    Cluster c(3, plain);
    if (leads) {
      c.elect(1);
    } else {
      c.timeout(1);
    }
    Message m;
    m.type = MessageType::heartbeat;
    m.source = {2};
    m.target = {1};
    m.term = {7};
    c.give(m);
    CHECK(c[1].status().role == Role::follower);
    CHECK(c[1].status().term == Term{7});
    CHECK(c[1].status().leader == NodeId{2});
  }
}

TEST_CASE("a leader sends heartbeats in its interval, by both kinds of timeouts (5.2)") {
  const auto kind = GENERATE(TimeoutPolicy::Kind::continuous, TimeoutPolicy::Kind::ticks);
  Cluster c(3, [kind](Config& config) { config.timeouts.kind = kind; });
  c.elect(1);
  const Instant first = c[1].deadline();
  c.timeout(1);
  CHECK(count(c, MessageType::heartbeat) == 2);
  const Duration interval = kind == TimeoutPolicy::Kind::ticks ? milliseconds(100) : milliseconds(50);
  CHECK((c[1].deadline() - first) == interval);
}

TEST_CASE("election timeouts are spread over their whole range (5.2, etcd's rule for ticks)") {
  std::map<std::int64_t, int> seen;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Config config;
    config.id = {1};
    config.initial.voters = {{1}, {2}, {3}};
    config.timeouts.kind = TimeoutPolicy::Kind::ticks;
    const Now now{{1'000'000'000}, {}};
    const Engine engine(config, {}, Random(seed), now);
    const std::int64_t wait = (engine.deadline() - now.monotonic).ns;
    CHECK(wait > 900'000'000);
    CHECK(wait <= 1'900'000'000);
    ++seen[(wait - 900'000'001) / 100'000'000];
  }
  REQUIRE(seen.size() == 10);
  for (const auto& [tick, times] : seen) CHECK(times > 120);
}

TEST_CASE("a fresh cluster's first timeout may be advanced, as etcd does") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Config config;
    config.id = {1};
    config.initial.voters = {{1}, {2}, {3}};
    config.timeouts.kind = TimeoutPolicy::Kind::ticks;
    config.timeouts.advance_first_timeout = true;
    const Now now{{1'000'000'000}, {}};
    Engine engine(config, {}, Random(seed), now);
    CHECK((engine.deadline() - now.monotonic).ns <= 1'000'000'000);
    engine.on_deadline({engine.deadline(), {}});
    const std::int64_t second = (engine.deadline() - now.monotonic).ns;
    CHECK(second > 900'000'000);  // only the first
  }
}

TEST_CASE("a late deadline is one deadline, an early one is none") {
  Cluster c(3, plain);
  c[1].on_deadline(c.now());
  CHECK(c[1].status().role == Role::follower);
  c.skip(seconds(100));
  c.fire(c.host(1));
  CHECK(c[1].status().term == Term{1});
  CHECK(c[1].deadline() > c.now().monotonic);
}

TEST_CASE("one write to the log is under way at a time, and one acknowledgement answers it") {
  Cluster c(2, plain);
  c.elect(1);
  c.host(2).durable_at_once = false;
  for (const char* v : {"a", "b", "c", "d"}) {
    c.propose(1, v);
    c.deliver();
  }
  CHECK(c.host(2).writes.size() == 1);  // the first; the others share the second
  c.complete_write(c.host(2));
  c.pump(c.host(2));
  CHECK(c.host(2).writes.size() == 1);
  CHECK(c.host(2).writes.front().promises.size() == 1);
  c.flush(2);
  c.deliver();
  CHECK(c[1].status().commit == LogIndex{5});
}

TEST_CASE("batching: what comes during a write is replicated with the next one") {
  const bool batch = GENERATE(false, true);
  Cluster c(3, [batch](Config& config) {
    plain(config);
    config.batch_while_writing = batch;
  });
  c.elect(1);
  c.host(1).durable_at_once = false;
  c.propose(1, "a");
  c.queue.clear();
  c.propose(1, "b");
  c.propose(1, "c");
  CHECK(count(c, MessageType::append_entries) == (batch ? 0 : 4));
  c.complete_write(c.host(1));
  c.pump(c.host(1));
  CHECK(count(c, MessageType::append_entries) == (batch ? 2 : 4));
}

TEST_CASE("in-flight appends are bounded by bytes too, and messages by size") {
  Cluster c(2, [](Config& config) {
    plain(config);
    config.max_append_bytes = 20;
    config.max_inflight_bytes = 40;
  });
  c.elect(1);
  for (int i = 0; i < 10; ++i) (void)c[1].propose(c.now(), as_bytes("0123456789"), 0);
  c.pump(c.host(1));
  CHECK(count(c, MessageType::append_entries) == 4);  // 13 bytes each, one in a message
  CHECK(c[1].progress({2})->paused);
  c.deliver();
  CHECK(c[2].status().last_index == LogIndex{11});
  CHECK(c[2].status().commit == LogIndex{11});
}

TEST_CASE("an acknowledged write survives every single power loss") {
  for (std::uint32_t victim = 1; victim <= 3; ++victim) {
    Cluster c(3);
    c.elect(1);
    c.propose(1, "kept");
    c.deliver();
    REQUIRE(Cluster::values(c.host(1)) == "kept ");
    c.crash(victim);
    c.run_for(seconds(3));
    c.restart(victim);
    c.run_for(seconds(3));
    for (Host& h : c.hosts) CHECK(Cluster::values(h) == "kept ");
  }
}

TEST_CASE("two snapshots in quick succession are installed one after the other (etcd#18055)") {
  Cluster c(3, plain);
  c.elect(1);
  c.isolate({3});
  c.propose(1, "a");
  c.deliver();
  c.compact(1);
  c.heal();
  c.host(3).durable_at_once = false;
  c.timeout(1);
  c.deliver();
  REQUIRE(c.host(3).writes.size() == 1);
  REQUIRE(c.host(3).writes.front().snapshot);
  c.propose(1, "b");
  c.deliver();
  c.compact(1);
  for (int i = 0; i < 6; ++i) {
    c.timeout(1);
    c.deliver();
  }
  while (!c.host(3).writes.empty()) {
    c.complete_write(c.host(3));
    c.pump(c.host(3));
    c.deliver();
  }
  c.host(3).durable_at_once = true;
  c.run_for(milliseconds(300));
  CHECK(Cluster::values(c.host(3)) == "a b ");
  c.restart(3);
  c.run_for(milliseconds(300));
  CHECK(Cluster::values(c.host(3)) == "a b ");
}

TEST_CASE("a snapshot at an index that the log holds is not installed over it (raft-rs #417)") {
  Cluster c(3, plain);
  c.elect(1);
  c.propose(1, "a");
  c.propose(1, "b");
  c.filter = [](const Packet& p) {
    const auto m = peek(p.bytes);
    return p.target.value != 3 || m->commit.value < 2;
  };
  c.deliver();  // node 3 has both entries and does not know that they are committed
  REQUIRE(c[3].status().last_index == LogIndex{3});
  c.compact(1);
  Message m;
  m.type = MessageType::install_snapshot;
  m.source = {1};
  m.target = {3};
  m.term = {1};
  m.index = c[1].snapshot_meta().index;
  m.log_term = c[1].snapshot_meta().term;
  m.body = c.host(1).snapshot_file;
  m.context2 = m.body.size();
  c.give(m);
  CHECK(c.host(3).restored.empty());
  CHECK(c[3].status().commit == m.index);
  CHECK(Cluster::values(c.host(3)) == "a b ");
}

TEST_CASE("a mixed cluster, pre-vote on here and off there, elects and keeps a leader (etcd#8501)") {
  Cluster c(3, [](Config& config) { config.pre_vote = config.id.value != 2; });
  c.run_for(seconds(5));
  REQUIRE(c.leader() != 0);
  for (std::uint32_t id = 1; id <= 3; ++id) {
    c.isolate({id});
    c.run_for(seconds(3));
    c.heal();
    c.run_for(seconds(3));
    const std::uint32_t leader = c.leader();
    REQUIRE(leader != 0);
    for (Host& h : c.hosts) CHECK(h.status().leader.value == leader);
  }
}

TEST_CASE("a copy of an engine goes on as the original does") {
  Cluster c(3);
  c.elect(1);
  c.propose(1, "a");
  Engine copy = c[1];
  Ready here, there;
  for (int i = 0; i < 50; ++i) {
    const Now now{c[1].deadline(), {}};
    REQUIRE(copy.deadline() == c[1].deadline());
    c[1].on_deadline(now);
    copy.on_deadline(now);
    c[1].take_ready(here);
    copy.take_ready(there);
    REQUIRE(here.messages.size() == there.messages.size());
    for (std::size_t m = 0; m < here.messages.size(); ++m) {
      CHECK(Cluster::packet(here.messages[m]).bytes == Cluster::packet(there.messages[m]).bytes);
    }
    CHECK(c[1].status().term == copy.status().term);
  }
}

TEST_CASE("an engine that is reset is as good as new") {
  Cluster c(3);
  c.elect(1);
  c.propose(1, "a");
  c.read(1, 1);
  Engine used = c[1];
  const Config& config = c.host(1).config;
  used.reset(config, {}, Random(7), c.now());
  Engine fresh(config, {}, Random(7), c.now());
  Ready a, b;
  for (int i = 0; i < 20; ++i) {
    const Now now{fresh.deadline(), {}};
    REQUIRE(used.deadline() == fresh.deadline());
    used.on_deadline(now);
    fresh.on_deadline(now);
    used.take_ready(a);
    fresh.take_ready(b);
    REQUIRE(a.messages.size() == b.messages.size());
    CHECK(a.write_id == b.write_id);
    CHECK(a.notes.size() == b.notes.size());
    if (a.write_id != 0) {
      used.on_durable(now, a.write_id);
      fresh.on_durable(now, b.write_id);
    }
  }
  CHECK(used.status().last_index == LogIndex{});
}

TEST_CASE("a configuration says what is wrong with it") {
  Config good;
  good.id = {1};
  good.initial.voters = {{1}, {2}, {3}};
  CHECK(good.validate());
  const auto where = [&good](const std::function<void(Config&)>& spoil) {
    Config bad = good;
    spoil(bad);
    const Result<void> result = bad.validate();
    return result ? std::string("nothing") : result.error().where;
  };
  CHECK(where([](Config& c) { c.id = {}; }) == "id");
  CHECK(where([](Config& c) { c.initial.voters = {{2}, {1}}; }) == "initial");
  CHECK(where([](Config& c) { c.initial.learners = {{2}}; }) == "initial.learners");
  CHECK(where([](Config& c) { c.timeouts.election_max = milliseconds(1); }) == "election_max");
  CHECK(where([](Config& c) { c.timeouts.heartbeat = milliseconds(150); }) == "heartbeat");
  CHECK(where([](Config& c) {
          c.timeouts.kind = TimeoutPolicy::Kind::ticks;
          c.timeouts.election_ticks = 1;
        }) == "election_ticks");
  CHECK(where([](Config& c) {
          c.read_mode = ReadMode::lease;
          c.check_quorum = false;
        }) == "read_mode");
  CHECK(where([](Config& c) { c.clock_drift_ppm = 1'000'000; }) == "clock_drift_ppm");
  CHECK(where([](Config& c) { c.max_inflight_messages = 0; }) == "max_inflight_messages");
  CHECK(where([](Config& c) { c.max_inflight_bytes = 5; }) == "max_inflight_bytes");
}

TEST_CASE("changes of membership are encoded and say what they may not do") {
  ConfChange change;
  change.steps = {{ConfChange::Kind::add_learner, {300}}, {ConfChange::Kind::remove, {2}}};
  change.auto_leave = false;
  change.joint = true;
  Bytes bytes;
  encode(change, bytes);
  CHECK(decode_conf_change(bytes) == change);
  bytes.pop_back();
  CHECK_FALSE(decode_conf_change(bytes));

  ConfState conf;
  conf.voters = {{1}, {2}};
  Reason why = Reason::none;
  const auto next = next_conf(conf, change, why);
  REQUIRE(next);
  CHECK(next->voters == std::vector<NodeId>{{1}});
  CHECK(next->voters_outgoing == std::vector<NodeId>{{1}, {2}});
  CHECK(next->learners == std::vector<NodeId>{{300}});
  // A voter that becomes a learner waits until the old half is gone.
  ConfChange demote;
  demote.steps = {{ConfChange::Kind::add_learner, {2}}};
  demote.joint = true;
  const auto demoting = next_conf(conf, demote, why);
  REQUIRE(demoting);
  CHECK(demoting->learners.empty());
  CHECK(demoting->learners_next == std::vector<NodeId>{{2}});
  const auto demoted = next_conf(*demoting, ConfChange{}, why);
  REQUIRE(demoted);
  CHECK(demoted->learners == std::vector<NodeId>{{2}});
  CHECK_FALSE(next_conf(*demoting, demote, why));
  CHECK(why == Reason::config_pending);
  CHECK_FALSE(next_conf(conf, ConfChange{}, why));
  CHECK(why == Reason::already_so);
  ConfState alone;
  alone.voters = {{1}};
  ConfChange last;
  last.steps = {{ConfChange::Kind::remove, {1}}};
  CHECK_FALSE(next_conf(alone, last, why));
  CHECK(why == Reason::would_lose_quorum);
}
