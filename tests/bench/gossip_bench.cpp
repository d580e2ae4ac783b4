// serf agents by the hundred and by the thousand, on the LAN profile, with real bytes on the wire:
// how fast an idle cluster runs, what it holds for each member that somebody knows, and how long
// it takes to join from nothing. Idle clusters are settled, not joined: all agents know each other
// from the start, and their push/pulls are spread over the whole period.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "sim/world/simulation.h"
#include "tests/bench/workload.h"

namespace quorumlab::bench {
namespace {

world::ClusterConfig agents(unsigned nodes, bool compression) {
  world::ClusterConfig config;
  for (unsigned i = 1; i <= nodes; ++i) config.names.push_back("node-" + std::to_string(i));
  config.link.latency = {world::Latency::Kind::constant, microseconds(500), {}, 0};
  config.node.run_raft = false;
  config.node.run_gossip = true;
  config.node.gossip = gossip::Config::lan();
  config.node.gossip.compression = compression;
  config.clients = 0;
  config.keep_deliveries = false;
  config.start_within = seconds(1);  // so that phases differ
  return config;
}

void must(bool fact, const char* what) {
  if (fact) return;
  std::cerr << "benchmark: " << what << "\n";
  std::exit(1);
}

// Bytes that the program holds.
double held() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

bool converged(const world::Simulation& simulation) {
  const std::uint32_t nodes = simulation.node_count();
  for (std::uint32_t i = 1; i <= nodes; ++i) {
    const gossip::Engine& agent = simulation.node(NodeId{i}).gossip();
    if (agent.members().size() < nodes) return false;
  }
  return true;
}

// Everybody knows everybody, and nobody was ever thought to have failed.
void check(const world::Simulation& simulation) {
  must(converged(simulation), "the agents do not know each other");
  must(simulation.count(Fact::member_suspect) == 0, "somebody was suspected");
}

// What is held, in all and of that for members and for coordinates, by each that each knows.
void report_memory(benchmark::State& state, const world::Simulation& simulation, double before) {
  const std::uint32_t nodes = simulation.node_count();
  double members = 0, coordinates = 0;
  for (std::uint32_t i = 1; i <= nodes; ++i) {
    const gossip::Engine& agent = simulation.node(NodeId{i}).gossip();
    members += static_cast<double>(agent.member_bytes());
    coordinates += static_cast<double>(agent.coordinates().bytes());
  }
  const double known = static_cast<double>(nodes) * nodes;
  state.counters["member_bytes"] = members / known;
  state.counters["coordinate_bytes"] = coordinates / known;
  state.counters["bytes"] = held() - before;
}

void gossip_idle(benchmark::State& state, bool compression) {
  const auto nodes = static_cast<unsigned>(state.range(0));
  const Duration length = milliseconds(state.range(1));
  const double before = held();
  world::Simulation simulation(agents(nodes, compression), 7);
  simulation.run_for(seconds(1));
  simulation.settle_agents();
  simulation.run_for(nodes > 1'000 ? seconds(2) : seconds(60));
  Work total;
  for (auto _ : state) {
    const std::uint64_t events = simulation.events();
    const std::uint64_t packets = simulation.count(trace::WorldFact::packet_delivered);
    const Allocations allocated = allocations();
    simulation.run_for(length);
    total.events += simulation.events() - events;
    total.messages += simulation.count(trace::WorldFact::packet_delivered) - packets;
    total.simulated_ns += static_cast<std::uint64_t>(length.ns);
    total.allocations += allocations().calls - allocated.calls;
    total.allocated_bytes += allocations().bytes - allocated.bytes;
    ++total.runs;
  }
  check(simulation);
  total.report(state);
  report_memory(state, simulation, before);
}
// Each run is some seconds long, and done once whatever the others are.
BENCHMARK_CAPTURE(gossip_idle, plain, false)
    ->Args({100, 3'000'000})
    ->Args({128, 3'000'000})
    ->Args({1'000, 300'000})
    ->Args({10'000, 10'000})
    ->Iterations(1)
    ->Repetitions(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(gossip_idle, compressed, true)
    ->Args({100, 1'000'000})
    ->Args({128, 1'000'000})
    ->Args({1'000, 60'000})
    ->Args({10'000, 3'000})
    ->Iterations(1)
    ->Repetitions(1)
    ->Unit(benchmark::kMillisecond);

// Agents that start within a second, each contacting the first one, until all know all.
void gossip_join(benchmark::State& state, bool compression) {
  const auto nodes = static_cast<unsigned>(state.range(0));
  Work total;
  double before = held();
  for (auto _ : state) {
    world::ClusterConfig config = agents(nodes, compression);
    config.node.gossip.start_join = {NodeId{1}};
    config.start_within = seconds(nodes / 100);
    world::Simulation simulation(config, 7);
    simulation.run_for(config.start_within);
    while (!converged(simulation)) {
      must(simulation.now() < Instant{} + seconds(3600), "the agents never converge");
      simulation.run_for(milliseconds(100));
    }
    total.events += simulation.events();
    total.messages += simulation.count(trace::WorldFact::packet_delivered);
    total.simulated_ns += static_cast<std::uint64_t>(simulation.now().ns);
    ++total.runs;
    state.PauseTiming();
    report_memory(state, simulation, before);
    state.ResumeTiming();
  }
  state.counters["took"] = static_cast<double>(total.simulated_ns) / 1e9;
  total.report(state);
}
BENCHMARK_CAPTURE(gossip_join, plain, false)
    ->Arg(1'000)
    ->Iterations(1)
    ->Repetitions(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(gossip_join, compressed, true)
    ->Arg(1'000)
    ->Iterations(1)
    ->Repetitions(1)
    ->Unit(benchmark::kMillisecond);
// Ten thousand take long and much memory, so they are asked for (script/bench --long).
[[maybe_unused]] const bool long_ones = [] {
  if (std::getenv("QUORUMLAB_BENCH_LONG") == nullptr) return false;
  benchmark::RegisterBenchmark("gossip_join/plain", gossip_join, false)
      ->Arg(10'000)
      ->Iterations(1)
      ->Repetitions(1)
      ->Unit(benchmark::kMillisecond);
  return true;
}();

}  // namespace
}  // namespace quorumlab::bench
