// The peer: canonical's C Raft in its own simulated cluster (Debian libraft-dev, raft/fixture.h),
// doing the same work as our simulation.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "tests/bench/workload.h"

// Written for C; the headers do not say so themselves.
extern "C" {
#include <raft.h>
#include <raft/fixture.h>
}

namespace quorumlab::bench {
namespace {

// A state machine that does as little as ours: it takes the command and keeps a number.
int apply(raft_fsm* fsm, const raft_buffer* buffer, void** result) {
  *static_cast<std::uint64_t*>(fsm->data) += buffer->len;
  *result = nullptr;
  return 0;
}
int snapshot(raft_fsm*, raft_buffer*[], unsigned*) { return -1; }
int restore(raft_fsm*, raft_buffer*) { return -1; }

class Cluster {
 public:
  explicit Cluster(unsigned size) : size_(size), fsms_(size), states_(size) {
    check(raft_fixture_initialize(&fixture_));
    for (unsigned i = 0; i < size; ++i) {
      fsms_[i] = {};
      fsms_[i].version = 1;
      fsms_[i].data = &states_[i];
      fsms_[i].apply = apply;
      fsms_[i].snapshot = snapshot;
      fsms_[i].restore = restore;
      check(raft_fixture_grow(&fixture_, &fsms_[i]));
      raft_fixture_set_network_latency(&fixture_, i, kNetworkMs);
      raft_fixture_set_disk_latency(&fixture_, i, kDiskMs);
      raft* server = raft_fixture_get(&fixture_, i);
      raft_set_heartbeat_timeout(server, kHeartbeatMs);
      raft_set_election_timeout(server, kElectionMinMs);
      // Neither side takes snapshots in these runs.
      raft_set_snapshot_threshold(server, 1u << 30);
    }
    raft_configuration configuration;
    check(raft_fixture_configuration(&fixture_, size, &configuration));
    check(raft_fixture_bootstrap(&fixture_, &configuration));
    raft_configuration_close(&configuration);
    check(raft_fixture_start(&fixture_));
  }
  ~Cluster() { raft_fixture_close(&fixture_); }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  void step() {
    raft_fixture_step(&fixture_);
    ++events_;
  }
  unsigned leader() { return raft_fixture_leader_index(&fixture_); }
  void wait_for_leader() {
    while (leader() >= size_) step();
  }
  void kill_leader() { raft_fixture_kill(&fixture_, leader()); }
  void run_ms(unsigned ms) {
    const raft_time end = raft_fixture_time(&fixture_) + ms;
    while (raft_fixture_time(&fixture_) < end) step();
  }
  // Commits `count` entries with at most `in_flight` of them under way.
  void write(unsigned count, unsigned in_flight) {
    done_ = 0;
    std::vector<Request> requests(in_flight);
    unsigned started = 0;
    for (; started < count && started < in_flight; ++started) propose(requests[started]);
    while (done_ < count) {
      step();
      for (Request& request : requests) {
        if (request.free && request.used && started < count) {
          ++started;
          propose(request);
        }
      }
    }
  }
  Work work(std::uint64_t entries) {
    Work work;
    work.events = events_;
    for (unsigned i = 0; i < size_; ++i) {
      for (int type = RAFT_IO_APPEND_ENTRIES; type <= RAFT_IO_TIMEOUT_NOW; ++type) {
        work.messages += raft_fixture_n_recv(&fixture_, i, type);
      }
    }
    work.entries = entries;
    work.simulated_ns = raft_fixture_time(&fixture_) * 1'000'000;
    return work;
  }

 private:
  struct Request {
    struct raft_apply apply {};  // first: the callback gets its address
    Cluster* owner = nullptr;
    bool free = true, used = false;
  };

  static void check(int failed) {
    if (failed != 0) std::abort();
  }
  void propose(Request& request) {
    request.owner = this;
    request.free = false;
    request.used = true;
    request.apply.data = &request;
    raft_buffer buffer;
    buffer.len = kPayloadBytes;
    buffer.base = raft_malloc(buffer.len);
    std::memset(buffer.base, 'x', buffer.len);
    check(raft_apply(raft_fixture_get(&fixture_, leader()), &request.apply, &buffer, 1,
                     [](struct raft_apply* done, int status, void*) {
                       check(status);
                       auto* answered = static_cast<Request*>(done->data);
                       answered->free = true;
                       ++answered->owner->done_;
                     }));
  }

  unsigned size_;
  raft_fixture fixture_{};
  std::vector<raft_fsm> fsms_;
  std::vector<std::uint64_t> states_;
  std::uint64_t events_ = 0;
  unsigned done_ = 0;
};

void add(Work& total, const Work& part) {
  total.events += part.events;
  total.messages += part.messages;
  total.entries += part.entries;
  total.simulated_ns += part.simulated_ns;
  ++total.runs;
}
Work minus(Work after, const Work& before) {
  after.events -= before.events;
  after.messages -= before.messages;
  after.simulated_ns -= before.simulated_ns;
  return after;
}

void fixture_idle(benchmark::State& state) {
  Work total;
  for (auto _ : state) {
    state.PauseTiming();
    Cluster cluster(kIdleNodes);
    cluster.wait_for_leader();
    const Work before = cluster.work(0);
    state.ResumeTiming();
    cluster.run_ms(static_cast<unsigned>(state.range(0)) * 1'000);
    state.PauseTiming();
    add(total, minus(cluster.work(0), before));
    state.ResumeTiming();
  }
  total.report(state);
}
BENCHMARK(fixture_idle)->Arg(1'000)->Iterations(1)->Unit(benchmark::kMillisecond);

void fixture_replicating(benchmark::State& state) {
  const auto entries = static_cast<unsigned>(state.range(0));
  Work total;
  for (auto _ : state) {
    state.PauseTiming();
    Cluster cluster(kReplicatingNodes);
    cluster.wait_for_leader();
    const Work before = cluster.work(0);
    state.ResumeTiming();
    cluster.write(entries, kInFlight);
    state.PauseTiming();
    add(total, minus(cluster.work(entries), before));
    state.ResumeTiming();
  }
  total.report(state);
}
BENCHMARK(fixture_replicating)->Arg(500)->Iterations(4)->Unit(benchmark::kMillisecond);
BENCHMARK(fixture_replicating)->Arg(4'000)->Iterations(1)->Unit(benchmark::kMillisecond);

void fixture_election(benchmark::State& state) {
  Work total;
  for (auto _ : state) {
    Cluster cluster(kIdleNodes);
    cluster.wait_for_leader();
    add(total, cluster.work(0));
  }
  total.report(state);
}
BENCHMARK(fixture_election)->Iterations(5'000)->Unit(benchmark::kMillisecond);

void fixture_short_scenario(benchmark::State& state) {
  Work total;
  for (auto _ : state) {
    Cluster cluster(kIdleNodes);
    cluster.wait_for_leader();
    cluster.write(kScenarioWrites, kScenarioInFlight);
    cluster.kill_leader();
    cluster.step();
    cluster.wait_for_leader();
    cluster.write(kScenarioWrites, kScenarioInFlight);
    add(total, cluster.work(2 * kScenarioWrites));
  }
  total.report(state);
}
BENCHMARK(fixture_short_scenario)->Iterations(1'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quorumlab::bench
