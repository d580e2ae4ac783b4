// Our simulation with everything on: bytes on the wire, a clock of its own for each node, all
// checkers, the digest. And what digest and trace cost: the same work without the one, with the
// other.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include "sim/trace/file.h"
#include "sim/world/simulation.h"
#include "tests/bench/workload.h"

namespace quorumlab::bench {
namespace {

world::ClusterConfig cluster_of(unsigned nodes) {
  world::ClusterConfig config;
  for (unsigned i = 1; i <= nodes; ++i) config.names.push_back("n" + std::to_string(i));
  config.link.latency = {world::Latency::Kind::constant, milliseconds(kNetworkMs), {}, 0};
  config.disk.latency = {world::Latency::Kind::constant, milliseconds(kDiskMs), {}, 0};
  raft::TimeoutPolicy& timeouts = config.node.raft.timeouts;
  timeouts.heartbeat = milliseconds(kHeartbeatMs);
  timeouts.election_min = milliseconds(kElectionMinMs);
  timeouts.election_max = milliseconds(kElectionMaxMs);
  config.node.snapshot_every = 0;  // neither side takes snapshots in these runs
  config.client_timeout = seconds(60);
  return config;
}

// A run that does not do its work measures nothing.
void must(bool fact, const char* what) {
  if (fact) return;
  std::cerr << "benchmark: " << what << "\n";
  std::exit(1);
}

// One simulation that is started over and over, as a campaign does it.
class Runner {
 public:
  explicit Runner(unsigned nodes) : config_(cluster_of(nodes)), nodes_(nodes) {
    write_.verb = world::Verb::write;
    write_.key = "k";
    write_.value = std::string(kPayloadBytes - 1, 'x');  // fits without an allocation
    kill_.verb = world::Verb::kill;
  }
  void batch_while_writing() { config_.node.raft.batch_while_writing = true; }
  void start(std::uint64_t seed) { simulation_.reset(config_, seed); }
  // Until one leads and all others that run know it.
  void wait_for_leader(unsigned running) {
    while (simulation_.count(Fact::became_leader) < leaders_ + 1) step();
    // Looking at every node is dear; it is only worth it after somebody learned of a leader.
    for (std::uint64_t seen = 0; aware() < running;) {
      seen = simulation_.count(Fact::leader_known);
      while (simulation_.count(Fact::leader_known) == seen) step();
    }
    ++leaders_;
  }
  void forget_leaders() { leaders_ = 0; }
  void kill_leader() {
    kill_.nodes.assign(1, leader());
    simulation_.inject(kill_);
    step();
  }
  // Asks the leader, as libraft's fixture is asked.
  void write(unsigned count, unsigned in_flight) {
    write_.to = leader();
    const std::uint64_t before = simulation_.operations_finished();
    std::uint64_t started = 0, done = 0;
    for (; started < count && started < in_flight; ++started) simulation_.inject(write_);
    while (done < count) {
      step();
      done = simulation_.operations_finished() - before;
      for (; started < count && started - done < in_flight; ++started) simulation_.inject(write_);
    }
  }
  void step() { must(simulation_.step(), "the world stood still"); }
  void check() const {
    must(!simulation_.violation().has_value(), "a checker found a violation");
    for (const world::Operation& operation : simulation_.operations()) {
      must(operation.outcome == world::Operation::Outcome::accepted, "a write was not accepted");
    }
  }
  Work work() const {
    Work work;
    work.events = simulation_.events();
    work.messages = simulation_.count(trace::WorldFact::packet_delivered);
    work.entries = simulation_.operations_finished();
    work.simulated_ns = static_cast<std::uint64_t>(simulation_.now().ns);
    const Allocations allocated = allocations();
    work.allocations = allocated.calls;
    work.allocated_bytes = allocated.bytes;
    return work;
  }
  world::Simulation& simulation() { return simulation_; }
  // What the command line puts in a trace file, but for the scenario's text.
  trace::FileInfo file_info() const {
    trace::FileInfo info;
    info.names = config_.names;
    return info;
  }

 private:
  // The newest one.
  NodeId leader() const {
    Term term;
    NodeId leader;
    for (std::uint32_t i = 1; i <= nodes_; ++i) {
      if (!simulation_.is_running(NodeId{i})) continue;
      const raft::Status& status = simulation_.node(NodeId{i}).status();
      if (status.role == raft::Role::leader && status.term > term) {
        term = status.term;
        leader = status.id;
      }
    }
    return leader;
  }
  // How many know the newest leader.
  unsigned aware() const {
    const NodeId newest = leader();
    unsigned count = 0;
    for (std::uint32_t i = 1; i <= nodes_; ++i) {
      if (!simulation_.is_running(NodeId{i})) continue;
      count += newest && simulation_.node(NodeId{i}).status().leader == newest ? 1 : 0;
    }
    return count;
  }

  world::ClusterConfig config_;
  world::Simulation simulation_;
  world::Action write_, kill_;
  unsigned nodes_;
  std::uint64_t leaders_ = 0;
};

void add(Work& total, const Work& after, const Work& before) {
  total.events += after.events - before.events;
  total.messages += after.messages - before.messages;
  total.entries += after.entries - before.entries;
  total.simulated_ns += after.simulated_ns - before.simulated_ns;
  total.allocations += after.allocations - before.allocations;
  total.allocated_bytes += after.allocated_bytes - before.allocated_bytes;
  ++total.runs;
}

// How proposals leave: each at once, or those that arrive during a disk write together, as etcd's
// loop over Ready has it.
enum class Sending { at_once, batched };

enum class Extra { none, without_digest, trace_file, json_lines };

// A file that goes away; its folder is the system's own for such things.
struct OutputFile {
  std::string path =
      (std::filesystem::temp_directory_path() / ("quorumlab-bench-" + std::to_string(std::rand())))
          .string();
  ~OutputFile() { remove(); }
  void remove() const {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
};

void sim_idle(benchmark::State& state, Extra extra) {
  Runner runner(kIdleNodes);
  Work total;
  OutputFile output;
  const trace::FileInfo info = runner.file_info();
  runner.simulation().keep_trace(extra == Extra::trace_file || extra == Extra::json_lines);
  runner.simulation().measure_without_digest(extra == Extra::without_digest);
  runner.start(7);  // a first run grows the buffers
  runner.simulation().run_for(seconds(state.range(0) + 10));
  for (auto _ : state) {
    state.PauseTiming();
    output.remove();  // each run writes a new file: giving back an old one's pages is no part of it
    runner.start(7);
    runner.forget_leaders();
    runner.wait_for_leader(kIdleNodes);
    runner.simulation().run_for(seconds(5));
    const Work before = runner.work();
    state.ResumeTiming();
    runner.simulation().run_for(seconds(state.range(0)));
    if (extra == Extra::trace_file) {
      must(trace::write_file(output.path, info, runner.simulation().trace()).has_value(), "no trace");
    } else if (extra == Extra::json_lines) {
      must(trace::write_json_lines(output.path, info, runner.simulation().trace()).has_value(),
           "no JSON lines");
    }
    state.PauseTiming();
    runner.check();
    add(total, runner.work(), before);
    state.ResumeTiming();
  }
  total.report(state);
}
BENCHMARK_CAPTURE(sim_idle, bare, Extra::none)
    ->Arg(2'000)
    ->Iterations(2)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(sim_idle, without_digest, Extra::without_digest)
    ->Arg(2'000)
    ->Iterations(2)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(sim_idle, trace_file, Extra::trace_file)
    ->Arg(2'000)
    ->Iterations(2)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(sim_idle, json_lines, Extra::json_lines)
    ->Arg(2'000)
    ->Iterations(2)
    ->Unit(benchmark::kMillisecond);

void sim_replicating(benchmark::State& state, Sending sending) {
  const auto entries = static_cast<unsigned>(state.range(0));
  Runner runner(kReplicatingNodes);
  if (sending == Sending::batched) runner.batch_while_writing();
  Work total;
  const auto prepare = [&] {
    runner.start(7);
    runner.forget_leaders();
    runner.wait_for_leader(kReplicatingNodes);
  };
  prepare();  // a first run grows the buffers
  runner.write(entries, kInFlight);
  for (auto _ : state) {
    state.PauseTiming();
    prepare();
    const Work before = runner.work();
    state.ResumeTiming();
    runner.write(entries, kInFlight);
    state.PauseTiming();
    runner.check();
    add(total, runner.work(), before);
    state.ResumeTiming();
  }
  total.report(state);
}
BENCHMARK_CAPTURE(sim_replicating, at_once, Sending::at_once)
    ->Arg(500)
    ->Iterations(80)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(sim_replicating, at_once, Sending::at_once)
    ->Arg(4'000)
    ->Iterations(10)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(sim_replicating, at_once, Sending::at_once)
    ->Arg(40'000)
    ->Iterations(2)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(sim_replicating, batched, Sending::batched)
    ->Arg(40'000)
    ->Iterations(2)
    ->Unit(benchmark::kMillisecond);

void sim_election(benchmark::State& state) {
  Runner runner(kIdleNodes);
  Work total, nothing;
  std::uint64_t seed = 0;
  nothing.allocations = allocations().calls;
  nothing.allocated_bytes = allocations().bytes;
  for (auto _ : state) {
    runner.start(++seed);
    runner.forget_leaders();
    runner.wait_for_leader(kIdleNodes);
    add(total, runner.work(), nothing);
    nothing.allocations = allocations().calls;
    nothing.allocated_bytes = allocations().bytes;
  }
  runner.check();
  total.report(state);
}
BENCHMARK(sim_election)->Iterations(5'000)->Unit(benchmark::kMillisecond);

void sim_short_scenario(benchmark::State& state) {
  Runner runner(kIdleNodes);
  Work total, nothing;
  std::uint64_t seed = 0;
  nothing.allocations = allocations().calls;
  nothing.allocated_bytes = allocations().bytes;
  for (auto _ : state) {
    runner.start(++seed);
    runner.forget_leaders();
    runner.wait_for_leader(kIdleNodes);
    runner.write(kScenarioWrites, kScenarioInFlight);
    runner.kill_leader();
    runner.wait_for_leader(kIdleNodes - 1);
    runner.write(kScenarioWrites, kScenarioInFlight);
    runner.check();
    add(total, runner.work(), nothing);
    nothing.allocations = allocations().calls;
    nothing.allocated_bytes = allocations().bytes;
  }
  total.report(state);
}
BENCHMARK(sim_short_scenario)->Iterations(3'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quorumlab::bench
