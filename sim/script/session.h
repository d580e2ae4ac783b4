// A scenario that comes step by step, from somebody who explores: the same verbs, selectors and conditions, at
// any time, and what happened so far can be written down as a scenario. A value: a copy is a fork.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/script/json.h"
#include "sim/script/runner.h"

namespace quorumlab::script {

class Session {
 public:
  enum class Ending : std::uint8_t {
    reached,      // the time came, the conditions hold, the step is done
    stopped,      // by the watcher
    violated,     // a checker tripped; told once, then the session goes on all the same
    interrupted,  // by RunOptions::stop, or by most_events
    failed,       // the step cannot be done, or the conditions did not come: why() says more
    exhausted     // nothing will ever happen
  };

  // The scenario's cluster and checkers; its timeline is left aside. REQUIRES: it was read without problems.
  Session(Scenario scenario, std::uint64_t seed, bool keep_trace);
  // Starts over.
  void reset(std::uint64_t seed);

  const world::Simulation& sim() const { return sim_; }
  const Scenario& scenario() const { return scenario_; }
  bool keeps_trace() const { return keep_trace_; }
  const std::string& why() const { return why_; }

  // A step as it would stand in a timeline, as JSON; `operations`: those that it began. With problems, or
  // if it failed, nothing was done. Steps that were done count; the lots of selectors are drawn by their number.
  Ending perform(std::string_view step, const RunOptions& how, Problems& problems,
                 std::vector<std::uint64_t>& operations);
  std::size_t steps() const { return steps_; }
  // Conditions as JSON; they stay valid as long as the session and its copies.
  Conditions read_conditions(std::string_view text, Problems& problems);

  Ending run_until(Instant until, const RunOptions& how);
  Ending wait_for(const Conditions& conditions, Instant until, const RunOptions& how);
  // One event; false if nothing will ever happen.
  bool step();
  bool holds(const Conditions& conditions) const;
  // Judges what clients asked and were told so far.
  void judge_clients() { sim_.judge_clients(); }
  // What whoever looks on found wrong, for the trace.
  void remark_failure(std::string_view text) { sim_.remark(trace::WorldFact::expectation_failed, steps_, text); }
  // Whom selectors mean now, drawn with the lots of the next step; nobody, and why(), if one means nobody.
  std::vector<NodeId> resolve(std::string_view targets, Problems& problems);

 private:
  template <class Work>
  Ending with_runner(const RunOptions& how, Work work);

  Scenario scenario_;
  world::Simulation sim_;
  Runner::Carried carried_;
  RunResult result_;
  std::string why_;
  std::size_t steps_ = 0;
  bool keep_trace_ = false;
  bool violation_told_ = false;
};

}  // namespace quorumlab::script
