// What serf adds to a cluster, lived through: events for handlers, leaves, tags, user events, queries,
// keys, name conflicts, reaping, and restarts from the snapshot (serf.md 3 and 8.7).
#include "tests/unit/gossip/serf_story.h"

namespace quorumlab::gossip::test {
namespace {

TEST_CASE("handlers hear of joins one second late, in one batch, with the lines of serf") {
  Cluster c(3, [](Config& config) {
    if (config.id.value == 2) config.tags = {{"dc", "east"}, {"role", "lb"}};
  });
  c.start(1);
  CHECK(c.host(1).deliveries.empty());
  c.run_for(milliseconds(200));
  c.start(2);
  c.join(2, 1);
  c.start(3);
  c.join(3, 1);
  c.run_for(seconds(5));
  // node1's own join, then both others', all within one quiescent period of each other.
  REQUIRE(c.host(1).deliveries.size() == 1);
  const TimedDelivery& first = c.host(1).deliveries[0];
  CHECK(first.kind == EventKind::member_join);
  CHECK(first.payload ==
        "node1\t10.0.0.1\t\t\nnode2\t10.0.0.2\tlb\tdc=east,role=lb\nnode3\t10.0.0.3\t\t\n");
  CHECK(first.at >= Instant{} + milliseconds(1200));
  CHECK(first.at <= Instant{} + milliseconds(1900));
}

TEST_CASE("without coalescing every event is told at once") {
  Cluster c(2, [](Config& config) { config.coalesce_period = {}; });
  c.start(1);
  REQUIRE(c.host(1).deliveries.size() == 1);
  CHECK(c.host(1).deliveries[0].payload == "node1\t10.0.0.1\t\t\n");
}

TEST_CASE("a graceful leave: intent, memberlist, delay, stop") {
  Cluster c = healthy(5);
  const Instant asked = c.now();
  c.step(3, [](Engine& e, const Turn& t) { e.leave(t, 9); });
  REQUIRE(c.run_while_not([&] { return c.host(3).stopped; }, seconds(10)));
  const Duration took = c.now() - asked;
  CHECK(took >= milliseconds(1000));
  CHECK(took <= milliseconds(2600));  // 1.22 to 1.81 s in the recordings (3.6)
  CHECK(c.host(3).answered.back().answer.request == 9);
  CHECK(c.host(3).answered.back().answer.reason == Reason::none);
  CHECK(told(c, 3, EventKind::member_leave, asked) == Texts{"node3\t10.0.0.3\t\t\n"});
  c.run_for(seconds(5));
  for (const std::uint32_t i : {1u, 2u, 4u, 5u}) {
    CHECK(status(c, i, 3) == Status::left);
    CHECK(c.state(i, 3) == State::left);
    CHECK(told(c, i, EventKind::member_leave, asked) == Texts{"node3\t10.0.0.3\t\t\n"});
    CHECK(told(c, i, EventKind::member_failed, asked).empty());
  }
}

TEST_CASE("what a finished broadcast lets go on leaves with the same tick") {
  // A leave's intent is sent four times: three in the first tick, one in the second. Then memberlist
  // says that the node is dead, still in the second tick (recorded: first peer after 0.30 s).
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    Cluster c = healthy(5, [](Config& config) { config.probe_interval = seconds(60); }, seed);
    c.step(3, [](Engine& e, const Turn& t) { e.leave(t, 9); });
    c.run_for(milliseconds(405));  // two ticks and the way
    int told_of_it = 0;
    for (const std::uint32_t i : {1u, 2u, 4u, 5u}) told_of_it += c.state(i, 3) == State::left ? 1 : 0;
    CHECK(told_of_it > 0);
  }
}

TEST_CASE("a second leave is refused, and nothing joins after it") {
  Cluster c = healthy(2);
  c.step(1, [](Engine& e, const Turn& t) { e.leave(t, 1); });
  c.step(1, [](Engine& e, const Turn& t) { e.leave(t, 2); });
  CHECK(c.host(1).answer_text == "Leave already in progress");
  c.join(1, 2, 3);
  CHECK(c.host(1).answer_text == "Serf can't Join after Leave or Shutdown");
}

TEST_CASE("a node alone leaves after the delay only") {
  Cluster c(1);
  c.start(1);
  c.run_for(seconds(1));
  const Instant asked = c.now();
  c.step(1, [](Engine& e, const Turn& t) { e.leave(t, 1); });
  REQUIRE(c.run_while_not([&] { return c.host(1).stopped; }, seconds(10)));
  CHECK(c.now() - asked == seconds(1));
}

TEST_CASE("a leave that cannot be told ends with an error") {
  Cluster c = healthy(2, [](Config& config) { config.gossip_interval = seconds(30); });
  const Instant asked = c.now();
  c.step(1, [](Engine& e, const Turn& t) { e.leave(t, 4); });
  c.deliver = [](NodeId, NodeId, ByteView) { return false; };
  REQUIRE(c.run_while_not([&] { return c.host(1).stopped; }, seconds(30)));
  CHECK(c.now() - asked == seconds(5));
  CHECK(c.host(1).answer_text == "timeout while waiting for graceful leave");
}

TEST_CASE("a failed node is removed by force, and pruned") {
  Cluster c = healthy(3);
  const Instant killed = c.now();
  c.kill(2);
  c.run_for(seconds(30));
  REQUIRE(status(c, 1, 2) == Status::failed);
  CHECK(told(c, 1, EventKind::member_failed, killed) == Texts{"node2\t10.0.0.2\t\t\n"});
  const Instant forced = c.now();
  c.step(1, [](Engine& e, const Turn& t) { e.force_leave(t, 5, "node2", false); });
  CHECK(status(c, 1, 2) == Status::left);
  c.run_for(seconds(5));
  CHECK(status(c, 3, 2) == Status::left);
  CHECK(told(c, 3, EventKind::member_leave, forced) == Texts{"node2\t10.0.0.2\t\t\n"});
  CHECK(c.host(1).answered.back().answer.request == 5);
  CHECK(c.host(1).answered.back().answer.reason == Reason::none);
  CHECK(c[1].failed_members() == 0);
  CHECK(c[1].left_members() == 1);
  const Instant pruned = c.now();
  c.step(1, [](Engine& e, const Turn& t) { e.force_leave(t, 6, "node2", true); });
  c.run_for(seconds(5));
  for (const std::uint32_t i : {1u, 3u}) {
    CHECK(status(c, i, 2) == Status::none);
    CHECK(told(c, i, EventKind::member_reap, pruned) == Texts{"node2\t10.0.0.2\t\t\n"});
    std::vector<PeerId> members;
    c[i].list_members(members);
    CHECK(members.size() == 2);
  }
  // Nobody knows it: no error.
  c.step(1, [](Engine& e, const Turn& t) { e.force_leave(t, 8, "nobody", false); });
  c.run_for(seconds(3));
  CHECK(c.host(1).answered.back().answer.request == 8);
  CHECK(c.host(1).answered.back().answer.reason == Reason::none);
}

TEST_CASE("a live node that is said to leave says that it is in") {
  Cluster c = healthy(3);
  c.step(1, [](Engine& e, const Turn& t) { e.force_leave(t, 5, "node3", false); });
  CHECK(status(c, 1, 3) == Status::leaving);
  c.run_for(seconds(5));
  for (std::uint32_t i = 1; i <= 3; ++i) CHECK(status(c, i, 3) == Status::alive);
}

TEST_CASE("tags change everywhere, and too large ones are refused") {
  Cluster c = healthy(3);
  const Instant set = c.now();
  const Tags tags = {{"version", "2"}, {"dc", "east"}};
  c.step(2, [&](Engine& e, const Turn& t) { e.set_tags(t, 4, tags, {}); });
  c.run_for(seconds(5));
  CHECK(c.host(2).answered.back().answer.request == 4);
  CHECK(c.host(2).answered.back().answer.reason == Reason::none);
  for (std::uint32_t i = 1; i <= 3; ++i) {
    CHECK(told(c, i, EventKind::member_update, set) ==
          Texts{"node2\t10.0.0.2\t\tdc=east,version=2\n"});
  }
  const std::string erase[] = {"dc", "none"};
  c.step(2, [&](Engine& e, const Turn& t) { e.set_tags(t, 5, {{"role", "a\tb"}}, erase); });
  c.run_for(seconds(5));
  CHECK(c.host(1).deliveries.back().payload == "node2\t10.0.0.2\ta\\tb\trole=a\\tb,version=2\n");
  c.step(2, [&](Engine& e, const Turn& t) {
    e.set_tags(t, 6, {{"x", std::string(600, 'x')}}, {});
  });
  CHECK(c.host(2).answer_text == "Encoded length of tags exceeds limit of 512 bytes");
  CHECK(c[2].tags() == Tags{{"role", "a\tb"}, {"version", "2"}});
}

TEST_CASE("the coalescer's ground truth: the third at once, the second a second later, never the "
          "first") {
  Cluster c = healthy(2);
  const Instant sent = c.now();
  event(c, 1, "deploy-app");
  event(c, 1, "deploy-app", "v1.2.3");
  event(c, 1, "deploy-app", "line one", false);
  c.run_for(seconds(4));
  for (std::uint32_t i = 1; i <= 2; ++i) {
    std::vector<TimedDelivery> user;
    for (const TimedDelivery& d : c.host(i).deliveries) {
      if (d.kind == EventKind::user) user.push_back(d);
    }
    REQUIRE(user.size() == 2);
    CHECK(user[0].ltime == 3);
    CHECK(user[0].payload == "line one\n");
    CHECK(user[0].at - sent < milliseconds(800));
    CHECK(user[1].ltime == 2);
    CHECK(user[1].payload == "v1.2.3\n");
    CHECK(user[1].at - user[0].at >= milliseconds(1000 - 400));
  }
}

TEST_CASE("a user event reaches everybody once, with four copies to each") {
  Cluster c = healthy(5);
  const Instant sent = c.now();
  event(c, 2, "restart", "", false);
  CHECK(c.host(2).answered.back().answer.reason == Reason::none);
  c.run_for(seconds(3));
  std::size_t copies = 0;
  for (std::uint32_t i = 1; i <= 5; ++i) {
    CHECK(told(c, i, EventKind::user, sent) == Texts{"restart"});
    CHECK(c.count(i, Fact::user_event_accepted, sent) == 1);
    copies += c.count(i, Fact::event_dropped, sent);
    copies += c.count(i, Fact::user_event_accepted, sent);
  }
  CHECK(copies - 1 == 20);  // each of five sends it four times (8.4)
  CHECK(c[1].event_time() == 2);
}

TEST_CASE("with event_once off an event goes round for ever") {
  Cluster c = healthy(5, [](Config& config) { config.rules.set(Rule::event_once, false); });
  const Instant sent = c.now();
  event(c, 2, "restart", "", false);
  c.run_for(seconds(5));
  CHECK(told(c, 1, EventKind::user, sent).size() > 10);
}

TEST_CASE("events that are too large are refused in serf's words") {
  Cluster c = healthy(2);
  event(c, 1, "name", std::string(509, 'x'));
  CHECK(c.host(1).answer_text == "user event exceeds configured limit of 512 bytes before encoding");
  event(c, 1, "name", std::string(500, 'x'));
  CHECK(c.host(1).answer_text ==
        "encoded user event exceeds configured limit of 512 bytes after encoding");
  CHECK(c[1].event_time() == 1);
}

TEST_CASE("of two nodes with one name the one that came later goes, after the query's time") {
  Cluster c(5, [](Config& config) {
    if (config.id.value == 5) config.name = "node2";
  });
  for (std::uint32_t i = 1; i <= 4; ++i) {
    c.start(i);
    if (i > 1) c.join(i, 1);
    c.run_for(milliseconds(40));
  }
  c.run_for(seconds(10));
  const Instant came = c.now();
  c.start(5);
  c.join(5, 1);
  REQUIRE(c.run_while_not([&] { return c.host(5).stopped; }, seconds(10)));
  const Duration stayed = c.now() - came;
  CHECK(stayed >= milliseconds(3200));
  CHECK(stayed <= milliseconds(3800));
  const TimedNote* resolved = c.find(5, Fact::conflict_resolved);
  REQUIRE(resolved != nullptr);
  CHECK(resolved->note.a == 0);
  CHECK(resolved->note.b == 3);  // the owner has no vote: [0 / 3]
  c.run_for(seconds(10));
  CHECK(c.host(2).up);
  CHECK(c.state(1, 2) == State::alive);
}

TEST_CASE("a failed node is contacted again and reaped at the first tick after its time") {
  Cluster c = healthy(2, [](Config& config) {
    config.reconnect_interval = seconds(3);
    config.reconnect_timeout = seconds(10);
    config.tombstone_timeout = seconds(10);
  });
  c.kill(2);
  REQUIRE(c.run_while_not([&] { return status(c, 1, 2) == Status::failed; }, seconds(30)));
  const Instant failed = c.now();
  REQUIRE(c.run_while_not([&] { return status(c, 1, 2) == Status::none; }, seconds(60)));
  const Duration age = c.now() - failed;
  CHECK(age > seconds(10));
  CHECK(age <= seconds(25));
  CHECK((c.now() - Instant{}).ns % seconds(15).ns == 0);
  CHECK(c.count(1, Fact::reconnect_attempted) >= 3);
  c.run_for(milliseconds(1001));
  CHECK(told(c, 1, EventKind::member_reap) == Texts{"node2\t10.0.0.2\t\t\n"});
  // It comes back as somebody new.
  c.start(2);
  c.join(2, 1);
  c.run_for(seconds(3));
  CHECK(status(c, 1, 2) == Status::alive);
}

TEST_CASE("a node whose network was cut for long is found again by reconnecting") {
  Cluster c = healthy(4, [](Config& config) { config.reconnect_interval = seconds(5); });
  c.pause(4);
  REQUIRE(c.run_while_not([&] { return status(c, 1, 4) == Status::failed; }, seconds(60)));
  c.run_for(seconds(60));  // memberlist has dropped it by now
  CHECK(c.state(1, 4) == State::unknown);
  std::vector<PeerId> members;
  c[1].list_members(members);
  CHECK(members.size() == 4);
  c.kill(4);
  c.start(4);  // alone: it knows nobody
  REQUIRE(c.run_while_not([&] { return status(c, 1, 4) == Status::alive; }, seconds(60)));
  c.run_for(seconds(60));
  CHECK(c.everybody_knows_everybody());
}

TEST_CASE("a restart from the snapshot finds the others again and takes no event twice") {
  Cluster c = healthy(4, [](Config& config) { config.snapshot = config.id.value == 4; });
  event(c, 1, "one", "", false);
  c.run_for(seconds(2));
  event(c, 1, "two", "", false);
  c.run_for(seconds(2));
  const std::string file(as_text(c.host(4).file));
  CHECK(file.find("alive: node4 10.0.0.4:7946\n") == 0);
  CHECK(file.find("alive: node1 10.0.0.1:7946\n") != std::string::npos);
  CHECK(file.find("event-clock: 2\n") != std::string::npos);
  c.kill(4);
  c.run_for(seconds(1));
  const Instant restarted = c.now();
  c.start(4);
  c.run_for(milliseconds(10));
  CHECK(c.find(4, Fact::rejoin_attempted, restarted) != nullptr);
  CHECK(c.state(4, 1) == State::alive);
  c.run_for(seconds(40));
  CHECK(told(c, 4, EventKind::user, restarted).empty());
  CHECK(c[4].event_time() == 3);
  CHECK(c.everybody_knows_everybody());
}

TEST_CASE("without its clocks a restarted node takes old events again") {
  Cluster c = healthy(3, [](Config& config) {
    config.snapshot = config.id.value == 3;
    config.rules.set(Rule::clocks_survive_restart, false);
  });
  event(c, 1, "one", "", false);
  c.run_for(seconds(2));
  c.kill(3);
  const Instant restarted = c.now();
  c.start(3);
  c.run_for(seconds(2));
  CHECK(told(c, 3, EventKind::user, restarted) == Texts{"one"});
}

TEST_CASE("who left by itself does not rejoin from its snapshot, unless told to") {
  for (const bool rejoin : {false, true}) {
    Cluster c = healthy(3, [&](Config& config) {
      config.snapshot = true;
      config.rejoin_after_leave = rejoin;
    });
    c.step(3, [](Engine& e, const Turn& t) { e.leave(t, 1); });
    REQUIRE(c.run_while_not([&] { return c.host(3).stopped; }, seconds(10)));
    CHECK(std::string(as_text(c.host(3).file)).find("leave\n") != std::string::npos);
    c.run_for(seconds(5));
    c.start(3);
    c.run_for(seconds(3));
    CHECK((c.state(1, 3) == State::alive) == rejoin);
    CHECK((status(c, 1, 3) == Status::alive) == rejoin);
  }
}

TEST_CASE("a join with replay hears of old events, one without does not") {
  Cluster c(4);
  for (const std::uint32_t i : {1u, 2u}) c.start(i);
  c.join(2, 1);
  c.run_for(seconds(2));
  event(c, 1, "old", "", false);
  c.run_for(seconds(3));
  const NodeId first{1};
  for (const std::uint32_t i : {3u, 4u}) {
    c.start(i);
    c.step(i, [&](Engine& e, const Turn& t) { e.join(t, 1, {&first, 1}, i == 3); });
  }
  c.run_for(seconds(40));
  CHECK(told(c, 3, EventKind::user) == Texts{"old"});
  CHECK(told(c, 4, EventKind::user).empty());
  event(c, 1, "new", "", false);
  c.run_for(seconds(3));
  CHECK(told(c, 4, EventKind::user) == Texts{"new"});
}

TEST_CASE("coordinates learn the delay of the network") {
  Cluster c(3);
  c.delay = milliseconds(10);
  c.start_all();
  c.run_for(seconds(400));
  const Coordinate* other = c[1].coordinates().known(c.peer(2));
  REQUIRE(other != nullptr);
  const double ms =
      static_cast<double>(estimated_rtt(c[1].coordinates().own(), *other).ns) / 1e6;
  CHECK(ms == Approx(20).epsilon(0.15));
}

TEST_CASE("a copy of a cluster goes the same way") {
  Cluster c = healthy(4);
  event(c, 1, "a", "", true);
  c.run_for(milliseconds(300));
  Cluster copy = c;
  for (Cluster* which : {&c, &copy}) {
    event(*which, 2, "b", "", true);
    which->step(3, [](Engine& e, const Turn& t) { e.leave(t, 1); });
    which->run_for(seconds(20));
  }
  for (std::uint32_t i = 1; i <= 4; ++i) {
    CHECK(c.host(i).bytes_out == copy.host(i).bytes_out);
    CHECK(c.host(i).notes.size() == copy.host(i).notes.size());
  }
}

}  // namespace
}  // namespace quorumlab::gossip::test
