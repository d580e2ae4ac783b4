// Clients find a node that answers, try again, and give up in time.
#include "tests/catch.h"
#include "tests/unit/world/chatter.h"

using namespace quorumlab;
using namespace quorumlab::world;
using namespace quorumlab::world::test;
using trace::WorldFact;

namespace {

struct Asked {
  ChatterPlan plan;
  ClusterConfig config;
  Asked() {
    plan.interval = {};
    config = chatter_cluster(3, plan);
    config.link.latency = {Latency::Kind::constant, milliseconds(1), {}, 0};
  }
};

Action write_act(std::string key = "k", std::string value = "v") {
  Action action = act(Verb::write);
  action.key = std::move(key);
  action.value = std::move(value);
  return action;
}

}  // namespace

TEST_CASE("an operation goes there and back") {
  Asked a;
  Simulation s(a.config, 1);
  s.run_for(milliseconds(10));
  const std::uint64_t id = s.inject(write_act());
  CHECK(s.operation(id).outcome == Operation::Outcome::pending);
  CHECK(s.operation(id).client == NodeId{4});
  s.run_for(milliseconds(2));
  CHECK(s.operation(id).outcome == Operation::Outcome::pending);
  s.run_for(nanoseconds(1));
  const Operation& op = s.operation(id);
  CHECK(op.outcome == Operation::Outcome::accepted);
  CHECK((op.completed - op.invoked) == milliseconds(2));
  CHECK(op.value == "v");
  CHECK(s.operations_finished() == 1);
}

TEST_CASE("a refusal is noticed at once, silence after the retry time") {
  Asked a;
  Simulation s(a.config, 1);
  s.run_for(milliseconds(10));
  SECTION("killed") {
    s.inject(act(Verb::kill, {{1}}));
    const std::uint64_t id = s.inject(write_act());
    s.run_for(milliseconds(100));
    CHECK(s.operation(id).outcome == Operation::Outcome::accepted);
    CHECK(s.count(WorldFact::client_refused) == 1);
    // The next operation begins where the last was answered.
    const std::uint64_t next = s.inject(write_act());
    s.run_for(milliseconds(3));
    CHECK(s.operation(next).outcome == Operation::Outcome::accepted);
    CHECK(s.count(WorldFact::client_refused) == 1);
  }
  SECTION("killed while asked") {
    a.config.link.latency = {Latency::Kind::constant, milliseconds(20), {}, 0};
    s.reset(a.config, 1);
    s.run_for(milliseconds(10));
    const std::uint64_t id = s.inject(write_act());
    s.run_for(milliseconds(5));
    s.inject(act(Verb::kill, {{1}}));
    s.run_for(milliseconds(150));
    CHECK(s.operation(id).outcome == Operation::Outcome::accepted);
  }
  SECTION("crashed") {
    s.inject(act(Verb::crash, {{1}}));
    const std::uint64_t id = s.inject(write_act());
    s.run_for(milliseconds(499));
    CHECK(s.operation(id).outcome == Operation::Outcome::pending);
    s.run_for(milliseconds(5));
    CHECK(s.operation(id).outcome == Operation::Outcome::accepted);
  }
  SECTION("cut off from all") {
    s.inject(act(Verb::partition, {}, {{{1}, {2}, {3}}, {{4}}}));
    const std::uint64_t id = s.inject(write_act());
    s.run_for(milliseconds(1'999));
    CHECK(s.operation(id).outcome == Operation::Outcome::pending);
    s.run_for(milliseconds(2));
    CHECK(s.operation(id).outcome == Operation::Outcome::timed_out);
    CHECK(s.count(WorldFact::client_invoked) == 4);
    CHECK(s.count(WorldFact::client_timed_out) == 1);
  }
  SECTION("asked by name and crashed: nobody else is asked") {
    s.inject(act(Verb::crash, {{2}}));
    Action write = write_act();
    write.to = {2};
    write.timeout = milliseconds(700);
    const std::uint64_t id = s.inject(write);
    s.run_for(seconds(1));
    CHECK(s.operation(id).outcome == Operation::Outcome::timed_out);
    CHECK((s.operation(id).completed - s.operation(id).invoked) == milliseconds(700));
    CHECK(chatter(s, 1).steps == 1);
    CHECK(chatter(s, 3).steps == 1);
  }
}

TEST_CASE("many operations at once, and a node that is told who no longer waits") {
  Asked a;
  Simulation s(a.config, 1);
  s.run_for(milliseconds(10));
  for (int i = 0; i < 100; ++i) s.inject(write_act("k" + std::to_string(i)));
  s.run_for(milliseconds(5));
  CHECK(s.operations_finished() == 100);
  s.inject(act(Verb::pause, {{1}}));
  s.inject(write_act());
  s.run_for(milliseconds(600));
  CHECK(s.operations_finished() == 101);  // another node answered
  s.inject(act(Verb::resume, {{1}}));
  s.run_for(milliseconds(10));
  CHECK(chatter(s, 1).gone == 1);
  CHECK(s.operations_finished() == 101);
}

TEST_CASE("several clients are hosts of their own") {
  Asked a;
  a.config.clients = 2;
  Simulation s(a.config, 1);
  s.run_for(milliseconds(10));
  s.inject(act(Verb::partition, {}, {{{1}, {2}, {3}}, {{4}}}));
  Action second = write_act();
  second.client = {5};
  const std::uint64_t cut = s.inject(write_act()), free = s.inject(second);
  s.run_for(milliseconds(10));
  CHECK(s.operation(cut).outcome == Operation::Outcome::pending);
  CHECK(s.operation(free).outcome == Operation::Outcome::accepted);
  CHECK(s.operation(free).client == NodeId{5});
}
