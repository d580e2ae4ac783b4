// From operations of a run to a history, and from its verdict to the judges.
#include "sim/world/client_history.h"

#include "sim/world/simulation.h"
#include "tests/catch.h"

namespace quorumlab::world {
namespace {

namespace lin = linearizability;

TEST_CASE("a run's operations become a history", "[world]") {
  std::vector<Operation> operations(7);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    operations[i].id = i + 1;
    operations[i].client = {6};
    operations[i].key = "x";
    operations[i].invoked = {static_cast<std::int64_t>(i)};
    operations[i].completed = {static_cast<std::int64_t>(i) + 10};
    operations[i].outcome = Operation::Outcome::accepted;
  }
  operations[0].verb = Verb::write;
  operations[0].value = "a";
  operations[0].index = {4};
  operations[1].verb = Verb::transfer;
  operations[2].verb = Verb::read;
  operations[2].outcome = Operation::Outcome::timed_out;
  operations[3].verb = Verb::read;
  operations[3].stale = true;
  operations[3].value = "a";
  operations[3].index = {9};
  operations[3].modified = {4};
  operations[3].server = {2};
  operations[3].life = 3;
  operations[4].verb = Verb::erase;
  operations[4].outcome = Operation::Outcome::refused;
  operations[5].verb = Verb::read;
  operations[5].outcome = Operation::Outcome::not_found;
  operations[6].verb = Verb::write;
  operations[6].outcome = Operation::Outcome::pending;

  const auto history = client_history(operations);
  REQUIRE(history.size() == 5);
  CHECK(history[0].kind == lin::Kind::set);
  CHECK(history[0].result == lin::Result::ok);
  CHECK(history[0].index == 4);
  CHECK(history[0].returned == Instant{10});
  CHECK(history[1].id == 4);
  CHECK(history[1].stale);
  CHECK(history[1].index == 4);  // of the version, not of the server's progress
  CHECK(history[1].server == 2);
  CHECK(history[1].life == 3);
  CHECK(history[2].kind == lin::Kind::erase);
  CHECK(history[2].result == lin::Result::unknown);  // an earlier attempt may have been taken
  CHECK(history[2].returned == kNever);
  CHECK(history[3].result == lin::Result::not_found);
  CHECK(history[4].result == lin::Result::unknown);
}

// A leader that answers without asking anybody, cut off from those who elect another one.
std::optional<judge::Violation> stale_read(Simulation& sim, bool rule, std::uint32_t ignored) {
  ClusterConfig config;
  for (int i = 1; i <= 3; ++i) config.names.push_back("n" + std::to_string(i));
  config.node.raft.check_quorum = false;
  config.ignored_checkers = ignored;
  sim.reset(config, 1);
  const auto give = [&](Action action, Duration then) {
    const std::uint64_t id = sim.inject(action);
    sim.run_for(then);
    return id;
  };
  Action action;
  action.verb = Verb::set_rule;
  action.rule = raft::Rule::read_index_needs_quorum;
  action.on = rule;
  give(action, seconds(3));
  NodeId leader;
  for (std::uint32_t id = 1; id <= 3; ++id) {
    if (sim.node({id}).status().role == raft::Role::leader) leader = {id};
  }
  REQUIRE(leader);
  const auto ask = [&](Verb verb, const char* value, NodeId to) {
    Action asked;
    asked.verb = verb;
    asked.key = "x";
    asked.value = value;
    asked.to = to;
    return sim.operation(give(asked, seconds(3)));
  };
  CHECK(ask(Verb::write, "old", leader).outcome == Operation::Outcome::accepted);
  Action cut;
  cut.verb = Verb::partition;
  cut.groups = {{leader}, {}};
  for (std::uint32_t id = 1; id <= 3; ++id) {
    if (leader != NodeId{id}) cut.groups[1].push_back({id});
  }
  give(cut, seconds(3));
  CHECK(ask(Verb::write, "new", cut.groups[1][0]).outcome == Operation::Outcome::accepted);
  const Operation read = ask(Verb::read, "", leader);
  if (!rule) {
    CHECK(read.value == "old");
    CHECK(read.server == leader);
    CHECK(read.life == 1);
  }
  sim.judge_clients();
  return sim.violation();
}

constexpr std::uint32_t bit(judge::Checker checker) {
  return 1u << static_cast<unsigned>(checker);
}

TEST_CASE("judged at the end, a stale read of the real engine has no order", "[world]") {
  const std::uint32_t all = (1u << judge::kCheckerCount) - 1;
  const std::uint32_t others = all & ~bit(judge::Checker::linearizability);
  Simulation sim;
  const auto violation = stale_read(sim, false, others);
  REQUIRE(violation);
  CHECK(violation->checker == judge::Checker::linearizability);
  CHECK(sim.client_verdict().judged);
  CHECK(sim.client_verdict().linear.minimal.size() == 3);
  CHECK(sim.operation(violation->a).value == "old");
  CHECK(sim.checks(judge::Checker::linearizability) == 3);

  CHECK_FALSE(stale_read(sim, true, others));
  CHECK(sim.client_verdict().linear.verdict == lin::Verdict::linearizable);
  // Nobody asked for the verdict: no search.
  CHECK_FALSE(stale_read(sim, false, all));
  CHECK_FALSE(sim.client_verdict().judged);
}

}  // namespace
}  // namespace quorumlab::world
