// One seed of a campaign: faults and operations for a while, then a healed cluster that must make
// progress. Every act is written down with its time, so that the run can be left as a scenario.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/chaos/nemesis.h"
#include "sim/chaos/profile.h"
#include "sim/chaos/workload.h"
#include "sim/world/simulation.h"

namespace quorumlab::chaos {

// What was done in a run, in order.
struct Happening {
  enum class Kind : std::uint8_t {
    act,    // `action` was given at `at`
    stuck,  // at `at` a cluster that should have a leader and take writes did not
    end     // the run was over at `at`
  };
  Kind kind = Kind::act;
  Instant at;
  world::Action action;
};

struct SeedResult {
  enum class Verdict : std::uint8_t {
    held,
    violated,     // a checker tripped
    no_progress,  // the healed cluster stood still
    ran_away,     // far more events than such a run can need
    detected,     // faults beyond the model were asked for, and were noticed
    interrupted
  };
  std::uint64_t seed = 0;
  Verdict verdict = Verdict::held;
  std::string reason;  // of a failure, in words
  std::optional<judge::Violation> violation;
  std::uint64_t digest = 0;
  std::uint64_t events = 0;
  Instant end;
  std::array<std::uint64_t, kFaultCount> fired{};
  std::array<std::uint64_t, judge::kCheckerCount> checks{};
  // By world::Operation::Outcome.
  std::array<std::uint64_t, 5> operations{};
  std::uint64_t leaders = 0, snapshots_installed = 0, configs_applied = 0, restarts = 0,
                refused_to_start = 0, packets_lost = 0, packets_corrupt = 0, writes_lost = 0;
  bool failed() const {
    return verdict == Verdict::violated || verdict == Verdict::no_progress ||
           verdict == Verdict::ran_away;
  }
};

class SeedRun {
 public:
  explicit SeedRun(const Options& options) : options_(options) {}
  // Resets `sim` and runs. `stop` set by somebody else ends it early.
  void run(world::Simulation& sim, std::uint64_t seed, bool keep_trace,
           const std::atomic<bool>* stop, SeedResult& result);
  // Printed if an assertion fails during a run.
  void set_context(std::string text) { context_ = std::move(text); }
  // Of the last run.
  const std::vector<Happening>& happenings() const { return happenings_; }
  const Profile& profile() const { return profile_; }

 private:
  bool advance(Instant until);
  void give(world::Action action);
  bool over();
  void chaos();
  bool progress(const char* after);
  void heal();
  template <class Done>
  bool wait(Instant until, Done done);
  void fail(SeedResult::Verdict verdict, std::string reason);

  const Options& options_;
  Profile profile_;
  Nemesis nemesis_;
  Workload workload_;
  std::vector<Happening> happenings_;
  std::vector<world::Action> actions_;
  world::Simulation* sim_ = nullptr;
  SeedResult* result_ = nullptr;
  const std::atomic<bool>* stop_ = nullptr;
  std::uint64_t countdown_ = 0;
  std::uint64_t operation_ = 0;
  std::string context_;
  bool ended_ = false;
};

std::string_view verdict_name(SeedResult::Verdict verdict);
// "election_safety: at most one leader in a term. n2 and n3, term 5, at 1.25 s".
std::string violation_words(const judge::Violation& violation,
                            const std::vector<std::string>& names);

}  // namespace quorumlab::chaos
