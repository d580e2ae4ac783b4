// What the campaigns' tests have in common, whatever system they fuzz.
#pragma once

#include <cstdint>
#include <string>

#include "sim/chaos/campaign.h"
#include "sim/chaos/scenario_writer.h"
#include "sim/script/loader.h"
#include "sim/script/runner.h"
#include "tests/catch.h"

namespace quorumlab::chaos {

inline Options options_for(System system) {
  Options options;
  options.system = system;
  return options;
}

// Runs a seed, reads what it leaves behind as a scenario, and runs that: the same to the last bit.
inline void check_repeats_itself(world::Simulation& sim, const Options& options, std::uint64_t seed) {
  SeedRun run(options);
  SeedResult result;
  run.run(sim, seed, false, nullptr, result);
  const std::string text = write_scenario(run.profile().cluster, seed, run.happenings(), result.reason);
  script::Problems problems;
  const script::Scenario scenario = script::load_text(text, "fuzz.json", {}, problems);
  INFO("seed " << seed << "\n" << problems.text("fuzz.json"));
  REQUIRE(problems.empty());
  script::Runner runner(scenario);
  script::RunOptions run_options;
  run_options.seed = seed;
  script::RunResult again;
  runner.run(sim, run_options, again);
  CHECK(again.digest == result.digest);
  CHECK(again.events == result.events);
}

// After how many seeds the fuzzer noticed; 0: not within the bound.
inline std::uint64_t seeds_to_find(const Options& options, std::uint64_t bound, SeedResult& result) {
  SeedRun run(options);
  world::Simulation sim;
  for (std::uint64_t seed = 1; seed <= bound; ++seed) {
    run.run(sim, seed, false, nullptr, result);
    if (result.failed()) return seed;
  }
  return 0;
}

}  // namespace quorumlab::chaos
