// One scenario over many seeds, in threads that share nothing, and one measure of each run.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/cli/measure.h"

namespace quorumlab::cli {

struct Sweep {
  const script::Scenario& scenario;
  const MeasureInfo& measure;
  std::string since;  // a bookmark; empty: from the start
  std::uint64_t first = 1, seeds = 1000;
  unsigned jobs = 1;
  const std::atomic<bool>* stop = nullptr;
  // Called now and then from the thread that called run_sweep, with the number of finished seeds.
  std::function<void(std::uint64_t)> progress;
};

struct SweepOutcome {
  bool done = false;  // false: stopped before
  script::Verdict verdict = script::Verdict::held;
  std::optional<std::int64_t> value;
};

// In the order of the seeds.
std::vector<SweepOutcome> run_sweep(const Sweep& sweep);

}  // namespace quorumlab::cli
