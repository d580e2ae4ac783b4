// The loop over steps: triggers, acts, expectations and the end.
#include "sim/script/runner.h"

#include <algorithm>

#include "sim/judge/linearizability/words.h"
#include "sim/script/loader.h"
#include "sim/script/quantity.h"

namespace quorumlab::script {
namespace {

using Outcome = world::Operation::Outcome;

constexpr std::uint64_t kWhen = 0x7116;  // the purpose of draws of times

}  // namespace

std::string step_path(const Scenario& scenario, std::size_t step) {
  const std::size_t steps = scenario.timeline.size();
  if (step > steps) return "meanwhile[" + std::to_string(step - steps - 1) + "]";
  return step == steps ? "finally" : "timeline[" + std::to_string(step) + "]";
}

std::string_view verdict_word(Verdict verdict) {
  switch (verdict) {
    case Verdict::held: return "held";
    case Verdict::expectation_failed: return "expectation failed";
    case Verdict::violated: return "invariant violated";
    case Verdict::no_progress: return "no progress";
    case Verdict::interrupted: return "interrupted";
  }
  return "";
}

bool Runner::over() {
  if (ended_) return true;
  if (!options_.past_violation && sim_->violation()) {
    ended_ = true;
  } else if (options_.watcher != nullptr && options_.watcher->after_event(*sim_)) {
    result_->stopped_by_watcher = true;
    ended_ = true;
  } else if (--countdown_ == 0) {
    countdown_ = 1024;
    if ((options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed)) ||
        sim_->events() >= options_.most_events) {
      result_->verdict = Verdict::interrupted;
      ended_ = true;
    }
  }
  return ended_;
}

// Those without an act only make the run last, and must change nothing else.
void Runner::pass_over_looks() {
  const auto& meanwhile = scenario_->meanwhile;
  while (meanwhile_ < meanwhile.size() && !meanwhile[meanwhile_].act) ++meanwhile_;
}

void Runner::follow(const Scenario& scenario) {
  scenario_ = &scenario;
  meanwhile_ = 0;
  while (meanwhile_ < scenario.meanwhile.size() && Instant{} + scenario.meanwhile[meanwhile_].when <= pause_) ++meanwhile_;
}

// Handles events up to `until`, with the background writes and the acts beside the timeline that fall
// into it.
Runner::Advance Runner::advance(Instant until) {
  const auto& meanwhile = scenario_->meanwhile;
  while (!ended_) {
    pass_over_looks();
    Load* due = nullptr;
    for (Load& load : carried_.loads) {
      if (load.next <= until && (due == nullptr || load.next < due->next)) due = &load;
    }
    Instant limit = due == nullptr ? until : due->next;
    const bool beside = meanwhile_ < meanwhile.size() && Instant{} + meanwhile[meanwhile_].when <= limit;
    if (beside) limit = Instant{} + meanwhile[meanwhile_].when;
    const Instant last = std::min(limit, pause_);
    while (sim_->next_event() <= last) {
      sim_->step();
      if (over()) return Advance::ended;
    }
    if (limit > pause_) return Advance::paused;
    if (sim_->now() < limit) sim_->run_until(limit);
    if (beside) give_meanwhile();
    else if (due != nullptr) inject_load(*due);
    else return Advance::reached;
  }
  return Advance::ended;
}

template <class Done>
Runner::Advance Runner::wait(Instant until, Done done) {
  while (!done()) {
    pass_over_looks();
    Instant next = sim_->next_event();
    for (const Load& load : carried_.loads) next = std::min(next, load.next);
    if (meanwhile_ < scenario_->meanwhile.size()) {
      next = std::min(next, Instant{} + scenario_->meanwhile[meanwhile_].when);
    }
    if (next == kNever) return Advance::in_vain;
    const Instant limit = std::min(next, until);
    // The clock stays where it is, so that nothing is asked in between.
    if (limit > pause_) return Advance::paused;
    if (advance(limit) == Advance::ended) return Advance::ended;
    if (next > until) return done() ? Advance::reached : Advance::in_vain;
  }
  return Advance::reached;
}

void Runner::fail(std::size_t step, int line, std::string what, Verdict verdict) {
  sim_->remark(trace::WorldFact::expectation_failed, step, what);
  if (result_->verdict == Verdict::held) result_->verdict = verdict;
  result_->failures.push_back({step, line, sim_->now(), std::move(what)});
}

void Runner::remark_step(const Step& step) {
  result_->begun.push_back(sim_->now());
  sim_->remark(trace::WorldFact::step_begun, step_);
  if (options_.watcher != nullptr) options_.watcher->step_begun(*sim_, step);
  if (!step.bookmark.empty() || step.slide != 0) {
    std::string text = step.slide == 0 ? step.bookmark : "Slide " + std::to_string(step.slide);
    if (step.slide != 0 && !step.bookmark.empty()) text += ": " + step.bookmark;
    sim_->remark(trace::WorldFact::bookmark, step_, text);
  }
  if (!step.say.empty()) sim_->remark(trace::WorldFact::caption, step_, step.say);
  if (!step.question.ask.empty()) sim_->remark(trace::WorldFact::question, step_, trace::question_text(step.question));
}

Runner::Advance Runner::arrive(const Step& step) {
  const bool waits = step.trigger == Step::Trigger::wait_until;
  if (!entered_) {
    Duration when = step.when;
    if (!waits && step.when_most > step.when) {
      when = uniform(Random(options_.seed).draw(kWhen, step_), step.when, step.when_most);
    }
    goal_ = (step.trigger == Step::Trigger::at ? Instant{} : sim_->now()) + when;
    entered_ = true;
  }
  if (waits) {
    const Advance came = wait(goal_, [&] { return hold(*sim_, step.until, carried_.memory, carried_.spoken); });
    if (came == Advance::in_vain) {
      for (const Condition& c : step.until) {
        if (holds(*sim_, c, carried_.memory, carried_.spoken)) continue;
        fail(step_, c.line, "waited " + to_text(step.when) + " in vain until " + c.words + "; but " +
                                instead(*sim_, c, carried_.memory, carried_.spoken),
             Verdict::no_progress);
        break;
      }
    }
    if (came != Advance::reached) return came;
  } else if (step.trigger != Step::Trigger::none && goal_ > sim_->now()) {
    if (const Advance came = advance(goal_); came != Advance::reached) return came;
  }
  remark_step(step);
  if (!step.act) {
    enter(Phase::expecting);
    return Advance::reached;
  }
  actions_.clear();
  if (!resolve(step_, step, actions_)) return Advance::ended;
  if (step.act->load) {
    enter(Phase::expecting);
    return Advance::reached;
  }
  given_ = 0;
  give(step);
  enter(Phase::acting);
  return Advance::reached;
}

Runner::Advance Runner::go_on_acting(const Step& step) {
  const Act& act = *step.act;
  const bool again = given_ < act.times;
  if (!entered_) {
    // Acts take effect a nanosecond from now; what follows sees them done.
    goal_ = sim_->now() + (again ? act.every : nanoseconds(1));
    entered_ = true;
  }
  if (goal_ > sim_->now()) {
    if (const Advance came = advance(goal_); came != Advance::reached) return came;
  }
  if (again) give(step);
  enter(again ? Phase::acting : Phase::expecting);
  return Advance::reached;
}

Runner::Advance Runner::await_operations(std::size_t number, int line, const Conditions& conditions, bool all) {
  const auto done = [&] {
    for (std::size_t kind = 0; kind < std::size(carried_.spoken.of); ++kind) {
      const bool meant = all || std::any_of(conditions.begin(), conditions.end(), [&](const Condition& c) {
                           return c.about_operation() && static_cast<std::size_t>(c.operation) == kind;
                         });
      if (!meant) continue;
      for (const std::uint64_t id : carried_.spoken.of[kind]) {
        if (sim_->operation(id).outcome == Outcome::pending) return false;
      }
    }
    return true;
  };
  const Advance came = wait(kNever - nanoseconds(1), done);
  if (came == Advance::in_vain) {
    fail(number, line, "nothing is left to happen, and an operation has no end", Verdict::no_progress);
  }
  return came;
}

Runner::Advance Runner::meet_expectations(const Step& step) {
  const bool about = std::any_of(step.expect.begin(), step.expect.end(),
                                 [](const Condition& c) { return c.about_operation(); });
  if (about || step.wait) {
    const Advance came = await_operations(step_, step.line, step.expect, step.wait);
    if (came != Advance::reached) return came;
  }
  for (const Condition& c : step.expect) {
    if (holds(*sim_, c, carried_.memory, carried_.spoken)) {
      sim_->remark(trace::WorldFact::expectation_held, step_, c.words);
    } else {
      fail(step_, c.line, "expected: " + c.words + "; but " + instead(*sim_, c, carried_.memory, carried_.spoken),
           Verdict::expectation_failed);
    }
  }
  show_members(step_, step);
  ++step_;
  enter(Phase::arriving);
  return Advance::reached;
}

void Runner::show_members(std::size_t number, const Step& step) {
  std::vector<NodeId> nodes;
  std::string why;
  Resolver resolver(*sim_, carried_.memory, number);
  if (!resolver.resolve(step.show_members, nodes, why)) return fail(number, step.line, why, Verdict::expectation_failed);
  for (const NodeId node : nodes) {
    sim_->remark(trace::WorldFact::members_listed, number, serf_members(*sim_, node), node);
  }
}

// What was to be done beside the timeline is done, however that ended.
Runner::Advance Runner::linger() {
  if (!entered_) {
    carried_.loads.clear();
    entered_ = true;
  }
  const auto& meanwhile = scenario_->meanwhile;
  if (!meanwhile.empty()) {
    const Instant last = Instant{} + meanwhile.back().when + nanoseconds(1);
    if (last > sim_->now()) {
      if (const Advance came = advance(last); came != Advance::reached) return came;
    }
  }
  carried_.loads.clear();
  enter(going_ ? Phase::asking : Phase::over);
  return Advance::reached;
}

Runner::Advance Runner::ask() {
  if (final_ == scenario_->finally.size()) {
    enter(Phase::over);
    return Advance::reached;
  }
  const Conditions& conditions = scenario_->finally[final_].conditions;
  const bool about = std::any_of(conditions.begin(), conditions.end(),
                                 [](const Condition& c) { return c.about_operation(); });
  if (about) {
    const Advance came = await_operations(scenario_->timeline.size(), 0, conditions, false);
    if (came != Advance::reached) return came;
  }
  enter(Phase::hoping);
  return Advance::reached;
}

Runner::Advance Runner::hope() {
  const Final& last = scenario_->finally[final_];
  const std::size_t number = scenario_->timeline.size();
  if (!entered_) {
    goal_ = sim_->now() + last.within;
    entered_ = true;
  }
  const Advance came = wait(goal_, [&] { return hold(*sim_, last.conditions, carried_.memory, carried_.spoken); });
  if (came == Advance::paused || came == Advance::ended) return came;
  for (const Condition& c : last.conditions) {
    if (came == Advance::reached || holds(*sim_, c, carried_.memory, carried_.spoken)) {
      sim_->remark(trace::WorldFact::expectation_held, number, c.words);
      continue;
    }
    const std::string but = c.words + "; but " + instead(*sim_, c, carried_.memory, carried_.spoken);
    if (last.within.ns == 0) {
      fail(number, c.line, "expected at the end: " + but, Verdict::expectation_failed);
    } else {
      fail(number, c.line, "waited at the end " + to_text(last.within) + " until " + but, Verdict::no_progress);
    }
  }
  ++final_;
  enter(Phase::asking);
  return Advance::reached;
}

void Runner::judge_clients() {
  sim_->judge_clients();
  const world::ClientVerdict& verdict = sim_->client_verdict();
  const auto violation = sim_->violation();
  result_->undecided = verdict.undecided();
  if (!violation) {
    if (verdict.undecided()) {
      fail(scenario_->timeline.size(), 0,
           "undecided: the search for an order of the operations on \"" + verdict.linear.key +
               "\" was given up",
           Verdict::expectation_failed);
    }
    return;
  }
  const auto history = world::client_history(sim_->operations(), scenario_->cluster);
  const std::vector<std::string> names = scenario_->cluster.host_names();
  if (violation->checker == judge::Checker::linearizability) {
    result_->no_order = linearizability::why(history, verdict.linear, names);
    for (const auto& c : verdict.linear.minimal) {
      result_->no_order_operations.push_back(history[c.place]);
    }
  } else if (violation->checker == judge::Checker::sequential_reads) {
    const auto& found = verdict.sequential;
    result_->no_order = linearizability::why(history, found, names);
    if (found.earlier != found.read) {
      result_->no_order_operations.push_back(history[found.earlier]);
    }
    result_->no_order_operations.push_back(history[found.read]);
  }
}

void Runner::begin(world::Simulation& sim, const RunOptions& options, RunResult& result) {
  sim_ = &sim;
  options_ = options;
  result_ = &result;
  ended_ = false;
  going_ = true;
  countdown_ = 1024;
  pause_ = Instant{-1};
  step_ = final_ = meanwhile_ = 0;
  carried_.loads.clear();
  carried_.memory.down.clear();
  carried_.memory.aliases.assign(scenario_->aliases.size(), {});
  for (auto& ids : carried_.spoken.of) ids.clear();
  std::vector<Instant> begun = std::move(result.begun);
  std::vector<Failure> failures = std::move(result.failures);
  begun.clear();
  failures.clear();
  result = RunResult{};
  result.begun = std::move(begun);
  result.failures = std::move(failures);
  result.seed = options.seed;

  sim.reset(scenario_->cluster, options.seed);
  sim.keep_trace(options.keep_trace);
  if (options.watcher != nullptr) options.watcher->begin(sim);
  enter(Phase::arriving);
}

Runner::Advance Runner::proceed() {
  const auto& timeline = scenario_->timeline;
  switch (phase_) {
    case Phase::arriving:
      if (step_ < timeline.size()) return arrive(timeline[step_]);
      enter(Phase::lingering);
      return Advance::reached;
    case Phase::acting: return go_on_acting(timeline[step_]);
    case Phase::expecting: return meet_expectations(timeline[step_]);
    case Phase::lingering: return linger();
    case Phase::asking: return ask();
    case Phase::hoping: return hope();
    case Phase::over: break;
  }
  return Advance::ended;
}

bool Runner::go_on(world::Simulation& sim, RunResult& result, Instant until) {
  if (phase_ == Phase::over) return false;
  sim_ = &sim;
  result_ = &result;
  pause_ = until;
  while (phase_ != Phase::over) {
    const Advance came = proceed();
    if (came == Advance::paused) return true;
    if (came == Advance::reached) continue;
    // An end of the timeline before its time is none of the acts beside it.
    const bool early = !ended_ && phase_ < Phase::lingering;
    if (early) going_ = false;
    enter(early ? Phase::lingering : Phase::over);
  }
  conclude();
  return false;
}

void Runner::take_over(world::Simulation& sim, const RunOptions& options, RunResult& result, Carried& carried) {
  sim_ = &sim;
  options_ = options;
  result_ = &result;
  ended_ = false;
  countdown_ = 1024;
  pause_ = kNever;
  std::swap(carried_, carried);
}

void Runner::hand_over(Carried& carried) { std::swap(carried_, carried); }

bool Runner::perform(std::size_t number, const Step& step) {
  step_ = number;
  enter(Phase::arriving);
  for (Advance came = arrive(step); came == Advance::reached;) {
    if (phase_ == Phase::arriving) return true;  // at the next one
    came = phase_ == Phase::acting ? go_on_acting(step) : meet_expectations(step);
  }
  return false;
}

bool Runner::pass(Instant until) { return advance(until) == Advance::reached; }

bool Runner::wait_for(const Conditions& conditions, Instant until) {
  return wait(until, [&] { return hold(*sim_, conditions, carried_.memory, carried_.spoken); }) == Advance::reached;
}

bool Runner::pass_one() {
  Load* due = nullptr;
  for (Load& load : carried_.loads) {
    if (load.next <= sim_->next_event() && (due == nullptr || load.next < due->next)) due = &load;
  }
  if (due != nullptr && due->next != kNever) {
    if (sim_->now() < due->next) sim_->run_until(due->next);
    inject_load(*due);
    return true;
  }
  return sim_->step();
}

void Runner::run(world::Simulation& sim, const RunOptions& options, RunResult& result) {
  begin(sim, options, result);
  go_on(sim, result, kNever);
}

void Runner::conclude() {
  world::Simulation& sim = *sim_;
  RunResult& result = *result_;
  carried_.loads.clear();
  // What ended by itself is judged as a whole.
  if (!sim.violation() && result.verdict != Verdict::interrupted && !result.stopped_by_watcher) {
    judge_clients();
  }

  result.violation = sim.violation();
  const bool interrupted = result.verdict == Verdict::interrupted;
  if (scenario_->expect_violation && !interrupted && !result.stopped_by_watcher) {
    const bool seen = result.violation && result.violation->checker == *scenario_->expect_violation;
    result.verdict = seen ? Verdict::held : Verdict::expectation_failed;
    if (!seen) {
      fail(scenario_->timeline.size(), 0, "expected a violation of " +
               std::string(judge::checker_name(*scenario_->expect_violation)) + ", and there was none",
           Verdict::expectation_failed);
    }
  } else if (result.violation) {
    result.verdict = Verdict::violated;
  }
  result.digest = sim.digest().value();
  result.events = sim.events();
  result.records = sim.records();
  result.end = sim.now();
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
    result.checks[i] = sim.checks(static_cast<judge::Checker>(i));
  }
  for (const world::Operation& op : sim.operations()) {
    switch (op.outcome) {
      case Outcome::pending: ++result.pending; break;
      case Outcome::accepted: ++result.accepted; break;
      case Outcome::not_found: ++result.not_found; break;
      case Outcome::refused: ++result.refused; break;
      case Outcome::timed_out: ++result.timed_out; break;
    }
  }
}

}  // namespace quorumlab::script
