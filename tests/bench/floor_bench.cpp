// The floor: what the same stream of events costs a bare loop, with a 4-ary heap of plain records
// and nothing else: no codec, no clocks, no checks, no engine. Nothing that handles events one by
// one in order of time can be much faster.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <vector>

#include "tests/bench/workload.h"

namespace quorumlab::bench {
namespace {

struct Happening {
  std::int64_t time;
  std::uint64_t sequence;
  std::uint32_t kind, node, peer, number;
  bool before(const Happening& o) const {
    return time != o.time ? time < o.time : sequence < o.sequence;
  }
};

// Smallest first; four children each, which costs fewer cache misses than two.
class Heap {
 public:
  void push(Happening h) {
    std::size_t at = items_.size();
    items_.push_back(h);
    while (at > 0) {
      const std::size_t parent = (at - 1) / 4;
      if (!h.before(items_[parent])) break;
      items_[at] = items_[parent];
      at = parent;
    }
    items_[at] = h;
  }
  Happening pop() {
    const Happening first = items_.front();
    const Happening last = items_.back();
    items_.pop_back();
    if (!items_.empty()) {
      std::size_t at = 0;
      for (;;) {
        const std::size_t child = at * 4 + 1;
        if (child >= items_.size()) break;
        std::size_t least = child;
        for (std::size_t c = child + 1; c < std::min(child + 4, items_.size()); ++c) {
          if (items_[c].before(items_[least])) least = c;
        }
        if (!items_[least].before(last)) break;
        items_[at] = items_[least];
        at = least;
      }
      items_[at] = last;
    }
    return first;
  }

 private:
  std::vector<Happening> items_;
};

// A leader's timer, a request to each follower, an answer from each: heartbeats, or appends if the
// next request goes out as soon as an answer came.
void floor_idle(benchmark::State& state) {
  enum : std::uint32_t { timer, request, response };
  Work total;
  for (auto _ : state) {
    Heap heap;
    std::uint64_t sequence = 0;
    std::array<std::uint32_t, 8> heard{};
    heap.push({0, ++sequence, timer, 0, 0, 0});
    const std::int64_t end = state.range(0) * 1'000'000'000;
    for (;;) {
      const Happening now = heap.pop();
      if (now.time >= end) break;
      ++total.events;
      if (now.kind == timer) {
        heap.push({now.time + kHeartbeatMs * 1'000'000, ++sequence, timer, 0, 0, 0});
        for (std::uint32_t node = 1; node < kIdleNodes; ++node) {
          heap.push({now.time + kNetworkMs * 1'000'000, ++sequence, request, node, 0, 0});
        }
        continue;
      }
      ++total.messages;
      ++heard[now.node];
      if (now.kind == request) {
        heap.push({now.time + kNetworkMs * 1'000'000, ++sequence, response, 0, now.node, 0});
      }
    }
    benchmark::DoNotOptimize(heard);
    total.simulated_ns += static_cast<std::uint64_t>(end);
    ++total.runs;
  }
  total.report(state);
}
BENCHMARK(floor_idle)->Arg(20'000)->Iterations(1)->Unit(benchmark::kMillisecond);

void floor_replicating(benchmark::State& state) {
  enum : std::uint32_t { request, response };
  Work total;
  for (auto _ : state) {
    Heap heap;
    std::uint64_t sequence = 0;
    std::uint32_t proposed = 0;
    const auto entries = static_cast<std::uint32_t>(state.range(0));
    std::vector<std::uint8_t> acknowledged(entries);
    const auto propose = [&](std::int64_t time) {
      for (std::uint32_t node = 1; node < kReplicatingNodes; ++node) {
        heap.push({time + kNetworkMs * 1'000'000, ++sequence, request, node, 0, proposed});
      }
      ++proposed;
    };
    while (proposed < kInFlight) propose(proposed);
    while (total.entries < entries * (total.runs + 1)) {
      const Happening now = heap.pop();
      ++total.events;
      ++total.messages;
      if (now.kind == request) {
        heap.push({now.time + (kNetworkMs + kDiskMs) * 1'000'000, ++sequence, response, 0, now.node,
                   now.number});
      } else if (++acknowledged[now.number] == 1) {  // with the leader's own: two of three
        ++total.entries;
        if (proposed < entries) propose(now.time);
      }
    }
    ++total.runs;
  }
  total.report(state);
}
BENCHMARK(floor_replicating)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace quorumlab::bench

BENCHMARK_MAIN();
