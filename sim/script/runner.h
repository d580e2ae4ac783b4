// Runs a scenario against a simulation: one step after the other, and at the end the verdict. Both
// are reused from seed to seed by sweeps and campaigns.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/script/scenario.h"

namespace quorumlab::script {

// How a run ended; the numbers are the exit codes of the command line.
enum class Verdict : std::uint8_t {
  held = 0,
  expectation_failed = 1,  // what `expect` or `finally` says is not so, or nobody fits a selector
  violated = 2,            // an invariant
  no_progress = 3,         // what was waited for did not come
  interrupted = 130
};

// Looks on while a scenario runs; asked after each event.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void begin(const world::Simulation&) {}
  virtual void step_begun(const world::Simulation&, const Step&) {}
  // True ends the run here: all is known that was asked.
  virtual bool after_event(const world::Simulation&) = 0;
};

struct RunOptions {
  std::uint64_t seed = 1;
  bool keep_trace = false;
  const std::atomic<bool>* stop = nullptr;  // set by somebody else: end the run soon
  Watcher* watcher = nullptr;
  std::uint64_t most_events = UINT64_MAX;   // then it is interrupted
  bool past_violation = false;  // goes on although a checker has tripped
};

struct Failure {
  std::size_t step = 0;  // from 0; the number of steps: `finally`
  int line = 0;
  Instant time;
  std::string what;
};

struct RunResult {
  Verdict verdict = Verdict::held;
  std::uint64_t seed = 0;
  std::uint64_t digest = 0;
  std::uint64_t events = 0;
  std::uint64_t records = 0;
  Instant end;
  std::optional<judge::Violation> violation;
  // Of the checkers linearizability and sequential_reads: why what clients were told cannot be, and
  // the operations that show it.
  std::string no_order;
  std::vector<linearizability::Operation> no_order_operations;
  bool undecided = false;  // linearizability: the search was given up
  std::vector<Failure> failures;
  std::uint64_t checks[judge::kCheckerCount] = {};
  std::uint64_t accepted = 0, timed_out = 0, refused = 0, not_found = 0, pending = 0;  // operations
  std::vector<Instant> begun;    // of each step that was reached
  bool stopped_by_watcher = false;
  int exit_code() const { return static_cast<int>(verdict); }
};

// A value, as the simulation is: between two calls of go_on() a copy of runner, simulation and result
// goes on by itself, to the same end.
class Runner {
 public:
  // `scenario` must outlive the runner.
  explicit Runner(const Scenario& scenario) : scenario_(&scenario) {}
  // Resets `sim`, runs, and fills `result`, whose buffers are reused.
  void run(world::Simulation& sim, const RunOptions& options, RunResult& result);

  // The same by and by: begin(), then go_on() with the same two until it answers false, when the run is
  // over and `result` filled. Each call handles what happens up to and including `until`, and nothing
  // after it.
  void begin(world::Simulation& sim, const RunOptions& options, RunResult& result);
  bool go_on(world::Simulation& sim, RunResult& result, Instant until);
  // Whether all has been done that the file says, and only its end is looked at.
  bool concluding() const { return phase_ > Phase::lingering; }
  // A copy may go on with another future. REQUIRES: the scenario is the same but for acts of its
  // `meanwhile` that lie behind all that was handled.
  void follow(const Scenario& scenario);

  // A load that goes on in the background.
  struct Load {
    Act act;
    std::vector<NodeId> to;
    std::uint64_t count = 0;
    Instant next;
  };
  // What a run remembers between its steps.
  struct Carried {
    Memory memory;
    Spoken spoken;
    std::vector<Load> loads;
  };
  // For whoever gives steps one by one (session.h): goes on with a simulation as it stands. What is carried is
  // the runner's until it is handed over again.
  void take_over(world::Simulation& sim, const RunOptions& options, RunResult& result, Carried& carried);
  void hand_over(Carried& carried);
  // One step whole; false if the run ended with it.
  bool perform(std::size_t number, const Step& step);
  // Time passes, loads included; false if the run ended before.
  bool pass(Instant until);
  // The same for one event; false if nothing will ever happen.
  bool pass_one();
  // Until these hold; false if the time is over or the run ended before.
  bool wait_for(const Conditions& conditions, Instant until);

 private:
  enum class Advance : std::uint8_t { reached, paused, in_vain, ended };
  // Where a run stands.
  enum class Phase : std::uint8_t {
    arriving,    // on the way to the step's time or condition
    acting,      // the step's act was given, perhaps not as often as it says
    expecting,   // until the operations have ended that the step speaks of
    lingering,   // the timeline is over; acts beside it may be left
    asking,      // until the operations have ended that `finally` speaks of
    hoping,      // until `finally` holds
    over
  };

  Advance proceed();
  Advance arrive(const Step& step);
  Advance go_on_acting(const Step& step);
  Advance meet_expectations(const Step& step);
  Advance linger();
  Advance ask();
  Advance hope();
  Advance advance(Instant until);
  void pass_over_looks();
  bool over();  // after an event: whether the run ends here
  // Waits until `done()`; in vain if the time ran out, or nothing is left to happen.
  template <class Done>
  Advance wait(Instant until, Done done);
  void enter(Phase phase) {
    phase_ = phase;
    entered_ = false;
  }
  void remark_step(const Step& step);
  void give(const Step& step);  // its act, once more
  void give_meanwhile();
  bool resolve(std::size_t number, const Step& step, std::vector<world::Action>& out);
  void shape(const Act& act, class Resolver& resolver, std::vector<NodeId>& nodes, std::vector<world::Action>& out);
  Advance await_operations(std::size_t number, int line, const Conditions& conditions, bool all);
  void show_members(std::size_t number, const Step& step);
  void conclude();
  void judge_clients();
  void fail(std::size_t step, int line, std::string what, Verdict verdict);
  void inject_load(Load& load);
  void remember(const world::Action& action);

  const Scenario* scenario_;
  world::Simulation* sim_ = nullptr;  // while go_on() runs
  RunOptions options_;
  RunResult* result_ = nullptr;
  Carried carried_;
  std::vector<world::Action> actions_;  // of the step's act
  Phase phase_ = Phase::over;
  bool entered_ = false;        // goal_ was set
  bool going_ = false;          // the timeline has not ended early
  bool ended_ = false;
  Instant goal_, pause_ = kNever;
  std::size_t step_ = 0, final_ = 0, meanwhile_ = 0;
  std::uint64_t given_ = 0;     // how often the step's act was
  std::uint64_t countdown_ = 0;
};

// Where a script's step stands in words: "timeline[3]", "finally", or "meanwhile[0]".
std::string step_path(const Scenario& scenario, std::size_t step);
std::string_view verdict_word(Verdict verdict);

}  // namespace quorumlab::script
