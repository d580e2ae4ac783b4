// The judges of gossip. By hand: one fact too many, and the checker that forbids it trips, alone. On
// whole clusters: without the rule that it stands behind each checker trips, and with all rules on
// the same worlds hold.
#include <string>

#include "sim/judge/judges.h"
#include "sim/world/simulation.h"
#include "tests/catch.h"

namespace quorumlab::judge {
namespace {

using gossip::Rule;
using trace::WorldFact;

// --- by hand --------------------------------------------------------------------------------------

class FakeGossip {
 public:
  explicit FakeGossip(std::uint32_t agents = 3) {
    Judges::Setup setup;
    setup.nodes = agents;
    setup.raft = false;
    setup.gossip = &config;
    judges.reset(setup);
    for (std::uint32_t id = 1; id <= agents; ++id) world(WorldFact::process_started, id);
    for (std::uint32_t a = 1; a <= agents; ++a) {
      for (std::uint32_t b = 1; b <= agents; ++b) {
        if (a == b) continue;
        says(a, Fact::push_pull_done, b);
        says(a, Fact::member_alive, b, 1, 2);
        says(a, Fact::serf_member_event, b, 0, 0, 1);
      }
    }
  }
  void world(WorldFact kind, std::uint32_t node, std::uint64_t a = 0, std::uint64_t b = 0) {
    tell(static_cast<std::uint16_t>(kind), node, 0, a, b, 0);
  }
  void says(std::uint32_t node, Fact kind, std::uint32_t peer = 0, std::uint64_t a = 0,
            std::uint64_t b = 0, std::uint64_t c = 0) {
    tell(static_cast<std::uint16_t>(kind), node, peer, a, b, c);
  }
  void wait(Duration d) { now += d.ns; }
  bool only(Checker checker) const {
    for (std::size_t i = 0; i < kCheckerCount; ++i) {
      const auto one = static_cast<Checker>(i);
      if (judges.violation(one).has_value() != (one == checker)) {
        UNSCOPED_INFO(checker_name(one) << (one == checker ? " is silent" : " tripped"));
        return false;
      }
    }
    return true;
  }
  bool clean() const { return !judges.violation().has_value(); }

  gossip::Config config;
  Judges judges;
  std::int64_t now = 0;
  trace::RecordId record = 0;

 private:
  void tell(std::uint16_t kind, std::uint32_t node, std::uint32_t peer, std::uint64_t a,
            std::uint64_t b, std::uint64_t c) {
    judges.fact({++now, 0, kind, 0, node, peer, 0, a, b, c}, ++record);
  }
};

TEST_CASE("a death that is not found in time breaks completeness", "[judge][gossip]") {
  FakeGossip world;
  world.world(WorldFact::process_killed, 3);
  world.says(1, Fact::member_suspect, 3, 1, 1);
  world.wait(seconds(5));
  world.says(1, Fact::member_dead, 3, 1, 1);
  SECTION("found by both") {
    world.says(2, Fact::member_dead, 3, 1, 1);
    world.wait(seconds(100));
    world.says(1, Fact::probe_started, 2, 1);
    CHECK(world.clean());
    CHECK(world.judges.checks()[static_cast<std::size_t>(Checker::gossip_completeness)] > 0);
  }
  SECTION("not by one") {
    world.wait(seconds(100));
    world.says(1, Fact::probe_started, 2, 1);
    CHECK(world.only(Checker::gossip_completeness));
  }
  SECTION("not yet") {
    world.wait(seconds(5));
    world.says(1, Fact::probe_started, 2, 1);
    CHECK(world.clean());
  }
  SECTION("not by one that stood still") {
    world.wait(seconds(10));
    world.world(WorldFact::process_paused, 2);
    world.wait(seconds(100));
    world.world(WorldFact::process_resumed, 2);
    world.says(1, Fact::probe_started, 2, 1);
    CHECK(world.clean());
  }
  SECTION("not while the network is cut") {
    world.world(WorldFact::network_changed, 0, 2);
    world.wait(seconds(100));
    world.says(1, Fact::probe_started, 2, 1);
    CHECK(world.clean());
  }
}

TEST_CASE("whom the walk leaves out for more than two rounds breaks completeness",
          "[judge][gossip]") {
  FakeGossip world;
  world.says(1, Fact::probe_started, 3, 1);
  for (std::uint64_t i = 0; i < 4; ++i) world.says(1, Fact::probe_started, 2, 2 + i);
  SECTION("in its turn") {
    world.says(1, Fact::probe_started, 3, 6);
    CHECK(world.clean());
  }
  SECTION("late") {
    world.says(1, Fact::probe_started, 2, 6);
    world.says(1, Fact::probe_started, 3, 7);
    CHECK(world.only(Checker::gossip_completeness));
  }
}

TEST_CASE("a failure without time to refute it breaks accuracy", "[judge][gossip]") {
  FakeGossip world;
  world.world(WorldFact::network_changed, 0, 1);  // so that nothing else is promised
  SECTION("without suspicion") {
    world.says(1, Fact::member_dead, 3, 1, 1);
    CHECK(world.only(Checker::gossip_accuracy));
    CHECK(world.judges.false_positives() == 1);
  }
  SECTION("after too short a suspicion") {
    world.says(1, Fact::member_suspect, 3, 1, 2);
    world.wait(seconds(2));
    world.says(1, Fact::member_dead, 3, 1, 1);
    CHECK(world.only(Checker::gossip_accuracy));
  }
  SECTION("but a clock was wrong for a part of it") {
    world.world(WorldFact::clock_changed, 1, 0, 300'000'000);
    world.says(1, Fact::member_suspect, 3, 1, 2);
    world.wait(seconds(2));
    world.world(WorldFact::clock_changed, 1);
    world.says(1, Fact::member_dead, 3, 1, 1);
    CHECK(world.clean());
    world.says(2, Fact::member_suspect, 3, 1, 2);
    world.wait(seconds(2));
    world.says(2, Fact::member_dead, 3, 1, 2);
    CHECK(world.only(Checker::gossip_accuracy));
  }
  SECTION("by hearsay, or in time") {
    world.says(1, Fact::member_dead, 3, 1, 2);
    world.says(2, Fact::member_suspect, 3, 1, 2);
    world.wait(seconds(4));
    world.says(2, Fact::member_dead, 3, 1, 2);
    CHECK(world.clean());
    CHECK(world.judges.false_positives() == 2);
  }
}

TEST_CASE("a living member declared failed in a whole network breaks accuracy",
          "[judge][gossip]") {
  FakeGossip world;
  world.wait(seconds(100));
  const auto accuse = [&] {
    world.says(1, Fact::member_suspect, 3, 1, 2);
    world.wait(seconds(30));
    world.says(1, Fact::member_dead, 3, 1, 1);
  };
  SECTION("nothing excuses it") {
    accuse();
    CHECK(world.only(Checker::gossip_accuracy));
  }
  SECTION("it stood still") {
    world.world(WorldFact::process_paused, 3);
    accuse();
    CHECK(world.clean());
  }
  SECTION("who says so hangs in its sends") {
    world.world(WorldFact::process_blocked, 1);
    accuse();
    CHECK(world.clean());
    CHECK(world.judges.false_positives() == 1);
  }
  SECTION("it stood still a moment ago") {
    world.world(WorldFact::process_paused, 3);
    world.wait(seconds(20));
    world.world(WorldFact::process_resumed, 3);
    world.says(1, Fact::member_dead, 3, 1, 2);
    CHECK(world.clean());
    CHECK(world.judges.false_positives() == 1);
  }
  SECTION("links are slow") {
    world.judges.links_changed(world.now, false);
    accuse();
    CHECK(world.clean());
  }
}

TEST_CASE("who stays a stranger breaks convergence", "[judge][gossip]") {
  FakeGossip world;
  SECTION("never met again") {
    world.says(1, Fact::member_dead, 3, 1, 2);
    world.wait(seconds(400));
    world.says(1, Fact::probe_started, 2, 1);
    CHECK(world.judges.violation(Checker::gossip_convergence));
  }
  SECTION("said to leave, and nobody told it") {
    world.says(1, Fact::intent_accepted, 3, 1, 0, 2);
    world.wait(seconds(400));
    world.says(1, Fact::probe_started, 2, 1);
    CHECK(world.clean());
  }
  SECTION("stuck in leaving") {
    world.says(1, Fact::intent_accepted, 3, 1, 0, 2);
    world.says(3, Fact::intent_accepted, 3, 1, 0, 2);
    world.wait(seconds(400));
    world.says(1, Fact::probe_started, 2, 1);
    CHECK(world.only(Checker::gossip_convergence));
  }
  SECTION("all agree") {
    world.wait(seconds(400));
    world.says(1, Fact::probe_started, 2, 1);
    CHECK(world.clean());
    const auto checks = [&] {
      return world.judges.checks()[static_cast<std::size_t>(Checker::gossip_convergence)];
    };
    CHECK(checks() == 6);
    // Each push/pull is a reason to look again; what is the same is counted, not judged.
    world.says(1, Fact::push_pull_done, 2);
    world.says(1, Fact::probe_started, 2, 1);
    CHECK(checks() == 12);
    CHECK(world.clean());
    world.says(1, Fact::member_dead, 3, 1, 2);
    world.says(1, Fact::push_pull_done, 2);
    world.says(1, Fact::probe_started, 2, 1);
    CHECK(checks() == 18);
    CHECK(world.judges.violation(Checker::gossip_convergence));
  }
}

TEST_CASE("an event taken twice, or from before its time, breaks event delivery",
          "[judge][gossip]") {
  FakeGossip world;
  world.says(1, Fact::user_event_accepted, 0, 7, 99);
  world.says(2, Fact::user_event_accepted, 0, 7, 99);
  world.says(1, Fact::user_event_accepted, 0, 7, 98);
  CHECK(world.clean());
  SECTION("twice") {
    world.says(1, Fact::user_event_accepted, 0, 7, 99);
    CHECK(world.only(Checker::event_delivery));
  }
  SECTION("in another life, without a snapshot") {
    world.world(WorldFact::process_killed, 1);
    world.world(WorldFact::process_started, 1);
    world.says(1, Fact::user_event_accepted, 0, 7, 99);
    CHECK(world.clean());
  }
  SECTION("from before the snapshot") {
    world.world(WorldFact::process_killed, 1);
    world.world(WorldFact::process_started, 1);
    world.says(1, Fact::snapshot_replayed, 0, 0, 3, 7);
    world.says(1, Fact::user_event_accepted, 0, 7, 99);
    CHECK(world.only(Checker::event_delivery));
  }
  SECTION("older than the buffer") {
    world.says(1, Fact::user_event_accepted, 0, 600, 1);
    world.says(1, Fact::user_event_accepted, 0, 87, 1);
    CHECK(world.only(Checker::event_delivery));
  }
}

TEST_CASE("a Lamport clock that goes back, or stays behind, is seen", "[judge][gossip]") {
  FakeGossip world;
  const auto shows = [&](LamportTimes times) {
    world.judges.lamport_clocks(++world.now, ++world.record, NodeId{1}, times);
  };
  shows({5, 3, 1});
  SECTION("back") { shows({5, 2, 1}); }
  SECTION("behind what it heard") {
    world.says(1, Fact::query_received, 2, 1, 1);
    shows({5, 3, 1});
  }
  SECTION("behind its snapshot") {
    world.world(WorldFact::process_killed, 1);
    world.world(WorldFact::process_started, 1);
    world.says(1, Fact::snapshot_replayed, 0, 0, 4, 0);
    shows({1, 1, 1});
  }
  CHECK(world.only(Checker::lamport_monotonic));
}

TEST_CASE("an incarnation that falls, or revives without rising, is seen", "[judge][gossip]") {
  FakeGossip world;
  world.world(WorldFact::network_changed, 0, 1);
  world.says(1, Fact::member_suspect, 3, 4, 2);
  SECTION("an old accusation") {
    world.says(1, Fact::member_dead, 3, 3, 2);
    CHECK(world.only(Checker::incarnation_monotonic));
  }
  SECTION("revived by the same") {
    world.says(1, Fact::member_alive, 3, 4, 1);
    CHECK(world.only(Checker::incarnation_monotonic));
  }
  SECTION("as it should be, and forgotten in between") {
    world.says(1, Fact::member_alive, 3, 5, 1);
    world.says(1, Fact::member_dead, 3, 5, 2);
    world.says(1, Fact::member_forgotten, 3, 5);
    world.says(1, Fact::member_alive, 3, 1, 2);
    CHECK(world.clean());
  }
}

TEST_CASE("what is passed on for ever breaks the budget", "[judge][gossip]") {
  FakeGossip world;
  const auto send = [&](std::uint8_t kind, std::int64_t every_ns, int count) {
    for (int i = 0; i < count; ++i) {
      world.now += every_ns;
      const Bytes bytes(100);
      world.judges.packet_sent(world.now, ++world.record, NodeId{1}, NodeId{2},
                               static_cast<std::uint8_t>(kind | 0x80), bytes);
    }
  };
  world.wait(seconds(10));
  SECTION("rumours") {
    send(8, 500'000'000, 200);
    CHECK(world.only(Checker::message_budget));
  }
  SECTION("rumours with news to tell") {
    for (std::uint64_t i = 0; i < 60; ++i) world.says(1, Fact::user_event_accepted, 0, i + 1, i);
    send(8, 500'000'000, 200);
    CHECK(world.clean());
  }
  SECTION("probes as usual") {
    send(0, 500'000'000, 200);
    CHECK(world.clean());
  }
  SECTION("probes in a storm") {
    send(0, 1'000'000, 200);
    CHECK(world.only(Checker::message_budget));
  }
}

// --- whole clusters -------------------------------------------------------------------------------

// Five agents with snapshots in rough times, told by the seed: kills, pauses, partitions, losses,
// events and leaves; then a time without any.
std::optional<Violation> live(std::uint64_t seed, std::optional<Rule> off,
                              std::optional<Checker> judged) {
  world::ClusterConfig config;
  config.names = {"n1", "n2", "n3", "n4", "n5"};
  config.node.run_raft = false;
  config.node.run_gossip = true;
  config.node.gossip.start_join = {NodeId{1}, NodeId{2}};
  config.node.gossip.snapshot = true;
  config.node.gossip.push_pull_interval = seconds(5);
  config.node.gossip.reconnect_interval = seconds(5);
  config.link.latency = {world::Latency::Kind::uniform, microseconds(100), microseconds(300), 0};
  config.start_within = seconds(1);
  if (off) config.node.gossip.rules.set(*off, false);
  if (judged) {
    config.ignored_checkers =
        ((1u << kCheckerCount) - 1) & ~(1u << static_cast<unsigned>(*judged));
  }
  world::Simulation sim(config, seed);
  std::uint64_t draws = 0;
  const auto draw = [&](std::uint64_t below) { return mix(seed, ++draws) % below; };
  const auto act = [&](world::Verb verb, std::uint32_t node) {
    world::Action action;
    action.verb = verb;
    action.nodes = {NodeId{node}};
    return action;
  };
  const auto command = [&](AgentCommand::Kind kind, std::uint32_t node, std::string name) {
    world::Action action = act(world::Verb::agent, node);
    action.agent.kind = kind;
    action.agent.name = std::move(name);
    sim.inject(action);
  };
  sim.run_for(seconds(10));
  for (int i = 0; i < 6 && !sim.violation(); ++i) {
    const auto node = static_cast<std::uint32_t>(1 + draw(5));
    for (std::uint64_t e = 0; e < 3; ++e) {
      command(AgentCommand::Kind::event, static_cast<std::uint32_t>(1 + draw(5)),
              "event" + std::to_string(draw(100)));
    }
    switch (draw(6)) {
      case 0:
        sim.inject(act(world::Verb::kill, node));
        sim.run_for(seconds(static_cast<std::int64_t>(1 + draw(60))));
        sim.inject(act(world::Verb::restart, node));
        break;
      case 1:
        sim.inject(act(world::Verb::pause, node));
        sim.run_for(seconds(static_cast<std::int64_t>(1 + draw(20))));
        sim.inject(act(world::Verb::resume, node));
        break;
      case 2: {
        world::Action cut = act(world::Verb::partition, node);
        cut.groups = {{NodeId{node}, NodeId{node % 5 + 1}},
                      {NodeId{(node + 1) % 5 + 1}, NodeId{(node + 2) % 5 + 1},
                       NodeId{(node + 3) % 5 + 1}}};
        sim.inject(cut);
        sim.run_for(seconds(static_cast<std::int64_t>(5 + draw(60))));
        sim.inject(act(world::Verb::heal, node));
        break;
      }
      case 3: {
        world::Action lossy = act(world::Verb::link, node);
        lossy.link = config.link;
        lossy.link.loss = Probability::of_million(10'000 * draw(40));
        sim.inject(lossy);
        sim.run_for(seconds(30));
        lossy.link = config.link;
        sim.inject(lossy);
        break;
      }
      case 4:
        command(AgentCommand::Kind::force_leave, node, "n" + std::to_string(1 + draw(5)));
        break;
      default:
        sim.inject(act(world::Verb::crash, node));
        sim.run_for(seconds(1));
        sim.inject(act(world::Verb::restart, node));
        break;
    }
    sim.run_for(seconds(static_cast<std::int64_t>(1 + draw(20))));
  }
  for (int i = 0; i < 60 && !sim.violation(); ++i) sim.run_for(seconds(5));
  return sim.violation();
}

TEST_CASE("gossip's checkers trip on the real engine without their rule, and only then",
          "[judge][gossip]") {
  struct Pair {
    Checker checker;
    Rule rule;
  };
  const Pair pairs[] = {
      {Checker::gossip_completeness, Rule::probe_round_robin},
      {Checker::gossip_accuracy, Rule::suspect_before_dead},
      {Checker::gossip_accuracy, Rule::suspicion_ends_with_alive},
      {Checker::gossip_convergence, Rule::refute_leave_intent},
      {Checker::gossip_convergence, Rule::refute_with_higher_incarnation},
      {Checker::event_delivery, Rule::event_once},
      {Checker::event_delivery, Rule::event_min_time},
      {Checker::lamport_monotonic, Rule::lamport_witness},
      {Checker::lamport_monotonic, Rule::clocks_survive_restart},
      {Checker::incarnation_monotonic, Rule::accusation_needs_current_incarnation},
      {Checker::incarnation_monotonic, Rule::alive_needs_higher_incarnation},
      {Checker::message_budget, Rule::retransmit_limit},
      {Checker::message_budget, Rule::rebroadcast_only_news},
  };
  constexpr std::uint64_t kSeeds = 40;
  for (const Pair& pair : pairs) {
    INFO(checker_name(pair.checker) << " without " << gossip::rule_name(pair.rule));
    bool tripped = false;
    for (std::uint64_t seed = 1; seed <= kSeeds && !tripped; ++seed) {
      tripped = live(seed, pair.rule, pair.checker).has_value();
    }
    CHECK(tripped);
  }
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const auto violation = live(seed, std::nullopt, std::nullopt);
    INFO("seed " << seed);
    if (violation) {
      INFO(checker_name(violation->checker)
           << " at " << violation->time_ns << ": " << violation->node.value << ", "
           << violation->other.value << ", " << violation->a << ", " << violation->b);
      CHECK_FALSE(violation);
    }
  }
}

}  // namespace
}  // namespace quorumlab::judge
