// The seam, proved: the same object code answers the same in the virtual world and on real sockets,
// and in the virtual world also when packets are lost, the power fails or the disk does.
#include "sim/world/simulation.h"
#include "tests/catch.h"
#include "tests/toy/loopback.h"

using namespace quorumlab;
using namespace quorumlab::toy;

namespace {

struct ToyBehaviour final : world::ForeignBehaviour {
  explicit ToyBehaviour(ToyNode toy) : node(std::move(toy)) {}
  void step(Now now, const Event& event, Effects& out) override { node.step(now, event, out); }
  std::unique_ptr<world::ForeignBehaviour> clone() const override {
    return std::make_unique<ToyBehaviour>(*this);
  }
  ToyNode node;
};

world::ClusterConfig ring(std::uint32_t size) {
  world::ClusterConfig config;
  for (std::uint32_t i = 1; i <= size; ++i) config.names.push_back("n" + std::to_string(i));
  config.foreign =
      [](const world::ForeignStart& start) -> std::unique_ptr<world::ForeignBehaviour> {
    return std::make_unique<ToyBehaviour>(ToyNode(start.id, start.nodes));
  };
  return config;
}

// A write to this node alone, by the first client.
std::uint64_t add(world::Simulation& simulation, std::uint32_t node, const std::string& number) {
  world::Action action;
  action.verb = world::Verb::write;
  action.to = NodeId{node};
  action.key = "add";
  action.value = number;
  return simulation.inject(action);
}

void act(world::Simulation& simulation, world::Verb verb, std::uint32_t node) {
  world::Action action;
  action.verb = verb;
  action.nodes = {NodeId{node}};
  simulation.inject(action);
}

std::vector<std::string> reports(const world::Simulation& simulation) {
  std::vector<std::string> all;
  for (std::uint32_t i = 1; i <= simulation.node_count(); ++i) {
    const auto* toy = dynamic_cast<const ToyBehaviour*>(simulation.foreign(NodeId{i}));
    all.push_back(toy != nullptr ? toy->node.report() : "down");
  }
  return all;
}

}  // namespace

TEST_CASE("both worlds come to the same result") {
  world::Simulation simulation(ring(3), 1);
  for (const auto& [node, number] : {std::pair{1u, "5"}, {3u, "30"}, {3u, "4"}}) {
    const std::uint64_t operation = add(simulation, node, number);
    simulation.run_for(milliseconds(200));
    CHECK(simulation.operation(operation).outcome == world::Operation::Outcome::accepted);
  }
  simulation.run_for(seconds(5));
  const std::vector<std::string> virtual_reports = reports(simulation);
  CHECK(virtual_reports == std::vector<std::string>{"pings 10 sum 5 copied 10",
                                                    "pings 10 sum 0 copied 10",
                                                    "pings 10 sum 34 copied 10"});

  const TemporaryFolder folder;
  Loopback real(folder, 3);
  CHECK(real.add({1}, "5") == "added");
  CHECK(real.add({3}, "30") == "added");
  CHECK(real.add({3}, "4") == "added");
  CHECK(real.wait_for_reports(virtual_reports) == virtual_reports);
}

TEST_CASE("toys in the virtual world live through loss, duplicates and reordering") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    world::ClusterConfig config = ring(5);
    config.link.loss = Probability::of_million(300'000);
    config.link.duplicate = Probability::of_million(200'000);
    config.link.reorder = Probability::of_million(200'000);
    world::Simulation simulation(config, seed);
    simulation.run_for(seconds(30));
    CAPTURE(seed);
    CHECK(reports(simulation) == std::vector<std::string>(5, "pings 10 sum 0 copied 10"));
  }
}

TEST_CASE("what a toy answered survives a power failure, and the ring closes all the same") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    world::Simulation simulation(ring(3), seed);
    const std::uint64_t operation = add(simulation, 2, "7");
    simulation.run_for(milliseconds(100));
    act(simulation, world::Verb::crash, 2);
    simulation.run_for(milliseconds(300));
    act(simulation, world::Verb::restart, 2);
    simulation.run_for(seconds(10));
    CAPTURE(seed);
    REQUIRE(simulation.operation(operation).outcome == world::Operation::Outcome::accepted);
    // The copy at n2 was in memory only, and n1 transfers once.
    const std::vector<std::string> all = reports(simulation);
    CHECK(all[0] == "pings 10 sum 0 copied 10");
    CHECK(all[1].starts_with("pings 10 sum 7 "));
    CHECK(all[2] == "pings 10 sum 0 copied 10");
  }
}

TEST_CASE("a fork of toys goes on like its original") {
  world::Simulation original(ring(3), 4);
  original.run_for(milliseconds(60));
  world::Simulation fork = original;
  original.run_for(seconds(2));
  CHECK(fork.digest().value() != original.digest().value());
  fork.run_for(seconds(2));
  CHECK(fork.digest() == original.digest());
  CHECK(reports(fork) == reports(original));
}
