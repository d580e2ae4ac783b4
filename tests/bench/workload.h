// The work that every benchmark does, whoever does it: our simulation, canonical's libraft fixture
// or a bare loop. One set of parameters for all, so that the ratios compare like with like.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace quorumlab::bench {

// libraft's fixture counts in milliseconds; these are its own defaults.
inline constexpr unsigned kHeartbeatMs = 100;
inline constexpr unsigned kElectionMinMs = 1'000, kElectionMaxMs = 2'000;
inline constexpr unsigned kNetworkMs = 15, kDiskMs = 10;

inline constexpr unsigned kIdleNodes = 5;
inline constexpr unsigned kReplicatingNodes = 3;
inline constexpr unsigned kInFlight = 64;
inline constexpr unsigned kPayloadBytes = 16;
// The short scenario: its ten writes are sent together, as a client that does not wait sends them.
inline constexpr unsigned kScenarioWrites = 10, kScenarioInFlight = 10;

// What one run did, beside how long it took.
struct Work {
  std::uint64_t events = 0;    // handled by the world
  std::uint64_t messages = 0;  // delivered between servers
  std::uint64_t entries = 0;   // committed, as the client sees it
  std::uint64_t simulated_ns = 0;
  std::uint64_t runs = 0;         // whole clusters or scenarios
  std::uint64_t allocations = 0;  // calls of operator new
  std::uint64_t allocated_bytes = 0;

  // Rates per second of real time, and amounts per event.
  void report(benchmark::State& state) const {
    using benchmark::Counter;
    const auto rate = [](double amount) { return Counter(amount, Counter::kIsRate); };
    state.counters["events"] = rate(static_cast<double>(events));
    state.counters["messages"] = rate(static_cast<double>(messages));
    state.counters["entries"] = rate(static_cast<double>(entries));
    state.counters["simulated_seconds"] = rate(static_cast<double>(simulated_ns) / 1e9);
    state.counters["runs"] = rate(static_cast<double>(runs));
    if (runs > 0) {
      state.counters["events_per_run"] = static_cast<double>(events) / static_cast<double>(runs);
    }
    if (events > 0) {
      const auto per_event = [&](std::uint64_t n) {
        return static_cast<double>(n) / static_cast<double>(events);
      };
      state.counters["allocations_per_event"] = per_event(allocations);
      state.counters["bytes_per_event"] = per_event(allocated_bytes);
    }
  }
};

// Calls of operator new so far, and their bytes (counted in allocations.cpp).
struct Allocations {
  std::uint64_t calls = 0, bytes = 0;
};
Allocations allocations();

}  // namespace quorumlab::bench
