// One seed decides everything; a copy goes on as the original; reading and tracing change nothing.
#include "tests/catch.h"
#include "tests/unit/world/chatter.h"

using namespace quorumlab;
using namespace quorumlab::world;
using namespace quorumlab::world::test;

namespace {

ClusterConfig rough_cluster(const ChatterPlan& plan) {
  ClusterConfig config = chatter_cluster(5, plan);
  config.link.loss = Probability::of_million(50'000);
  config.link.duplicate = Probability::of_million(50'000);
  config.link.corrupt = Probability::of_million(20'000);
  config.link.reorder = Probability::of_million(100'000);
  config.disk.failure = Probability::of_million(1'000);
  config.handling_time = microseconds(50);
  return config;
}

void disturb(Simulation& s) {
  s.run_for(seconds(1));
  s.inject(act(Verb::partition, {}, {{{1}, {2}}, {{3}, {4}}}));
  s.run_for(seconds(1));
  s.inject(act(Verb::crash, {{3}}));
  s.inject(act(Verb::pause, {{4}}));
  s.run_for(seconds(1));
  s.inject(act(Verb::heal));
  s.inject(act(Verb::restart, {{3}}));
  s.inject(act(Verb::resume, {{4}}));
  s.inject(act(Verb::block, {{5}}));
  s.run_for(milliseconds(700));
  s.inject(act(Verb::unblock, {{5}}));
  Action write = act(Verb::write);
  write.key = "k";
  write.value = "v";
  s.inject(write);
  s.run_for(seconds(2));
}

}  // namespace

TEST_CASE("the same seed gives the same run, another seed another one") {
  ChatterPlan plan;
  plan.writes = true;
  const ClusterConfig config = rough_cluster(plan);
  Simulation one(config, 7), two(config, 7), other(config, 8);
  disturb(one);
  disturb(two);
  disturb(other);
  CHECK(one.digest().count() > 500);
  CHECK(one.digest() == two.digest());
  CHECK(one.events() == two.events());
  CHECK_FALSE(one.digest() == other.digest());
}

TEST_CASE("a reset simulation is as good as a new one") {
  ChatterPlan plan;
  plan.writes = true;
  const ClusterConfig config = rough_cluster(plan);
  Simulation reused(config, 3);
  disturb(reused);
  reused.reset(config, 7);
  disturb(reused);
  Simulation fresh(config, 7);
  disturb(fresh);
  CHECK(reused.digest() == fresh.digest());
  CHECK(reused.records() == fresh.records());
}

TEST_CASE("tracing changes nothing, and numbers every record") {
  ChatterPlan plan;
  plan.writes = true;
  const ClusterConfig config = rough_cluster(plan);
  Simulation silent(config, 7), traced(config, 7);
  traced.keep_trace(true);
  disturb(silent);
  disturb(traced);
  CHECK(silent.digest() == traced.digest());
  CHECK(silent.records() == traced.records());
  REQUIRE(traced.trace().size() == traced.records());
  CHECK(silent.trace().size() == 0);
  for (trace::RecordId id = 1; id <= traced.records(); ++id) {
    const trace::Record& r = traced.trace()[id];
    REQUIRE(r.cause < id);
    if (id > 1) REQUIRE(r.time_ns >= traced.trace()[id - 1].time_ns);
    if (r.is(trace::WorldFact::packet_delivered)) {
      const trace::Record& sent = traced.trace()[r.cause];
      REQUIRE(sent.node == r.peer);
      REQUIRE(sent.a == r.a);
    }
  }
}

TEST_CASE("a fork goes on with the same digest, and may go its own way") {
  ChatterPlan plan;
  plan.writes = true;
  const ClusterConfig config = rough_cluster(plan);
  Simulation original(config, 11);
  original.run_for(milliseconds(1'234));
  Simulation fork = original;
  Simulation reused(chatter_cluster(3, plan), 1);
  reused.run_for(seconds(1));
  reused = original;  // assignment over something else
  Simulation astray = original;
  disturb(original);
  disturb(fork);
  disturb(reused);
  CHECK(original.digest() == fork.digest());
  CHECK(original.digest() == reused.digest());
  CHECK(original.events() == fork.events());

  astray.inject(act(Verb::kill, {{2}}));
  disturb(astray);
  CHECK_FALSE(original.digest() == astray.digest());
}

TEST_CASE("one packet less shifts nobody else's draws") {
  // n1 greets n2; in one of two worlds n3 greets as well. What n1's packets meet is the same.
  ChatterPlan plan;
  plan.answers = false;
  ClusterConfig config = rough_cluster(plan);
  Simulation all(config, 5);
  all.keep_trace(true);
  all.run_for(seconds(20));
  plan.only = {1};
  Simulation alone(config, 5);
  alone.keep_trace(true);
  alone.run_for(seconds(20));
  const auto arrivals = [](const Simulation& s) {
    std::vector<std::int64_t> times;
    for (trace::RecordId id = 1; id <= s.trace().size(); ++id) {
      const trace::Record& r = s.trace()[id];
      if (r.is(trace::WorldFact::packet_delivered) && r.peer == 1 && r.node == 2) {
        times.push_back(r.time_ns);
      }
    }
    return times;
  };
  CHECK(arrivals(all).size() > 150);
  CHECK(arrivals(all) == arrivals(alone));
  CHECK(all.records() > alone.records() * 3);
}

TEST_CASE("an act takes effect one nanosecond after now, before that instant's events") {
  ChatterPlan plan;
  plan.only = {1};
  ClusterConfig config = chatter_cluster(2, plan);
  config.link.latency = {Latency::Kind::constant, milliseconds(1), {}, 0};
  Simulation s(config, 1);
  s.run_until({milliseconds(101).ns - 1});  // the first greeting arrives at 101 ms
  CHECK(chatter(s, 2).packets == 0);
  s.inject(act(Verb::kill, {{2}}));
  CHECK(s.is_running({2}));
  CHECK(s.next_event().ns == milliseconds(101).ns);
  s.run_for(milliseconds(1));
  CHECK_FALSE(s.is_running({2}));
  CHECK(s.count(trace::WorldFact::packet_delivered) == 0);
  CHECK(s.count(trace::WorldFact::packet_dropped) == 1);
}
