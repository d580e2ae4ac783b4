// Many seeds over several threads, merged in the order of the seeds: what is told does not depend
// on how many threads there were.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/chaos/seed_run.h"

namespace quorumlab::chaos {

struct Totals {
  std::uint64_t seeds = 0, events = 0, failures = 0, detected = 0;
  std::int64_t simulated_ns = 0;
  std::uint64_t digest = 0;  // of all seeds' digests, in order
  std::array<std::uint64_t, kFaultCount> fired{};
  std::array<std::uint64_t, judge::kCheckerCount> checks{};
  std::array<std::uint64_t, kDrillCount> drills{};
  judge::Reached reached;
  std::array<std::uint64_t, 5> operations{};
  std::uint64_t leaders = 0, snapshots_installed = 0, configs_applied = 0, restarts = 0,
                refused_to_start = 0, packets_lost = 0, packets_corrupt = 0, writes_lost = 0;
  std::uint64_t undecided = 0;  // seeds of which nobody knows whether the clients' answers have an order
  void add(const SeedResult& result);
};

struct Campaign {
  Options options;
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 100;
  std::uint32_t jobs = 1;
  const std::atomic<bool>* stop = nullptr;
  // Called now and then from the thread that called run(), with the number of finished seeds.
  std::function<void(std::uint64_t)> progress;
  // What a failed assertion should say besides the seed, for example the command's other arguments.
  std::string replay_arguments;
};

struct Outcome {
  Totals totals;
  std::vector<SeedResult> failures;  // in the order of their seeds
  std::vector<SeedResult> detected;  // the first few
  std::vector<std::uint64_t> undecided;  // the first few seeds
  bool interrupted = false;
};

Outcome run_campaign(const Campaign& campaign);
// The same in two steps, for campaigns on several machines: the results in the order of their seeds, those that
// were not reached with the verdict `interrupted`; and what results come to, whoever ran them.
std::vector<SeedResult> run_seeds(const Campaign& campaign);
Outcome gather(std::vector<SeedResult> results);

// The command that repeats one seed.
std::string replay_command(const Campaign& campaign, std::uint64_t seed);
// What makes a campaign worthless, in words; empty: nothing.
std::string worthless(const Campaign& campaign, const Totals& totals);

// Leaves what a failed seed did in `folder`: the scenario, its trace, and a picture of what clients
// were told. Answers the scenario's path.
Result<std::string> leave_failure(const Campaign& campaign, const SeedResult& failure,
                                  const std::string& folder);

}  // namespace quorumlab::chaos
