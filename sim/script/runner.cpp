// The loop over steps: triggers, acts, expectations and the end.
#include "sim/script/runner.h"

#include <algorithm>

#include "sim/judge/linearizability/words.h"
#include "sim/script/loader.h"
#include "sim/script/quantity.h"

namespace quorumlab::script {
namespace {

using world::Action;
using world::Verb;
using Outcome = world::Operation::Outcome;

constexpr std::uint64_t kWhen = 0x7116;  // the purpose of draws of times

// "{i}" becomes the number.
void number_text(std::string& text, std::uint64_t i) {
  for (std::size_t at = text.find("{i}"); at != std::string::npos; at = text.find("{i}", at)) {
    text.replace(at, 3, std::to_string(i));
  }
}

}  // namespace

std::string step_path(const Scenario& scenario, std::size_t step) {
  return step >= scenario.timeline.size() ? "finally" : "timeline[" + std::to_string(step) + "]";
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

void Runner::inject_load(Load& load) {
  Action action = load.act.action;
  ++load.count;
  number_text(action.key, load.count);
  number_text(action.value, load.count);
  if (!load.to.empty()) action.to = load.to[(load.count - 1) % load.to.size()];
  sim_->inject(action);
  load.next = load.next + load.act.every;
  if (load.next > load.act.load_until) load.next = kNever;
}

// Handles events up to `until`, with the background writes that fall into it.
Runner::Advance Runner::advance(Instant until) {
  while (!ended_) {
    Load* due = nullptr;
    for (Load& load : carried_.loads) {
      if (load.next <= until && (due == nullptr || load.next < due->next)) due = &load;
    }
    const Instant limit = due == nullptr ? until : due->next;
    while (sim_->next_event() <= limit) {
      sim_->step();
      if (over()) return Advance::ended;
    }
    if (sim_->now() < limit) sim_->run_until(limit);
    if (due == nullptr) return Advance::reached;
    inject_load(*due);
  }
  return Advance::ended;
}

template <class Done>
bool Runner::wait(Instant until, Done done) {
  while (!done()) {
    Instant next = sim_->next_event();
    for (const Load& load : carried_.loads) next = std::min(next, load.next);
    if (next == kNever) return false;
    if (next > until) {
      advance(until);
      return !ended_ && done();
    }
    if (advance(next) == Advance::ended) return false;
  }
  return true;
}

void Runner::fail(std::size_t step, int line, std::string what, Verdict verdict) {
  sim_->remark(trace::WorldFact::expectation_failed, step, what);
  if (result_->verdict == Verdict::held) result_->verdict = verdict;
  result_->failures.push_back({step, line, sim_->now(), std::move(what)});
}

bool Runner::begin_step(std::size_t number, const Step& step) {
  if (step.trigger == Step::Trigger::at || step.trigger == Step::Trigger::after) {
    Duration when = step.when;
    if (step.when_most > step.when) {
      when = uniform(Random(options_.seed).draw(kWhen, number), step.when, step.when_most);
    }
    const Instant base = step.trigger == Step::Trigger::at ? Instant{} : sim_->now();
    if (base + when > sim_->now() && advance(base + when) == Advance::ended) return false;
  } else if (step.trigger == Step::Trigger::wait_until) {
    const bool came = wait(sim_->now() + step.when,
                           [&] { return hold(*sim_, step.until, carried_.memory, carried_.spoken); });
    if (!came) {
      if (ended_) return false;
      for (const Condition& c : step.until) {
        if (holds(*sim_, c, carried_.memory, carried_.spoken)) continue;
        fail(number, c.line, "waited " + to_text(step.when) + " in vain until " + c.words + "; but " +
                                 instead(*sim_, c, carried_.memory, carried_.spoken),
             Verdict::no_progress);
        break;
      }
      return false;
    }
  }
  return true;
}

// The partition's shape as acts of the world.
void Runner::shape(const Act& act, Resolver& resolver, std::vector<NodeId>& nodes, std::vector<Action>& out) {
  const std::vector<NodeId> members = voters(*sim_);
  std::vector<NodeId> servers;
  for (std::uint32_t i = 1; i <= sim_->node_count(); ++i) servers.push_back(NodeId{i});
  const auto without = [&](std::vector<NodeId> all, const std::vector<NodeId>& some) {
    std::erase_if(all, [&](NodeId n) { return std::find(some.begin(), some.end(), n) != some.end(); });
    return all;
  };
  const auto split = [&](const std::vector<NodeId>& all) {
    const auto lot = resolver.shuffled(all);
    const auto middle = lot.begin() + static_cast<std::ptrdiff_t>(lot.size() / 2);
    std::vector<std::vector<NodeId>> sides{{lot.begin(), middle}, {middle, lot.end()}};
    for (auto& side : sides) std::sort(side.begin(), side.end());
    return sides;
  };
  Action action = act.action;
  switch (act.shape) {
    case Act::Shape::isolate: action.groups = {nodes, without(servers, nodes)}; break;
    case Act::Shape::halves:
      action.groups = split(members);
      nodes = action.groups[0];
      break;
    case Act::Shape::bridge: action.groups = split(without(members, nodes)); break;
    case Act::Shape::ring: {
      // Around a circle by lot, each sees as many neighbours as make a majority with itself.
      const auto circle = resolver.shuffled(members);
      const std::size_t n = circle.size();
      const std::size_t reach = (n / 2 + 1) / 2;
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
          const std::size_t distance = std::min((i + n - j) % n, (j + n - i) % n);
          if (distance <= reach) continue;
          action.verb = Verb::cut;
          action.groups = {{circle[i]}, {circle[j]}};
          out.push_back(action);
        }
      }
      return;
    }
    case Act::Shape::one_way: action.verb = Verb::cut; break;
    case Act::Shape::plain:
    case Act::Shape::groups: break;
  }
  out.push_back(action);
}

bool Runner::resolve(std::size_t number, const Step& step, std::vector<Action>& out) {
  const Act& act = *step.act;
  Resolver resolver(*sim_, carried_.memory, number);
  std::string why;
  std::vector<NodeId> nodes;
  std::vector<std::vector<NodeId>> groups(act.groups.size());
  const auto settle = [&](const Targets& targets, std::vector<NodeId>& to) {
    if (!resolver.resolve(targets, to, why)) return false;
    resolver.name(to);
    return true;
  };
  const auto has_others = [](const Targets& t) {
    return std::any_of(t.begin(), t.end(), [](const Selector& s) { return s.kind == Selector::Kind::others; });
  };
  bool good = settle(act.nodes, nodes);
  // Those that say @others come last: it means whom nobody else named.
  for (const bool last : {false, true}) {
    for (std::size_t i = 0; good && i < act.groups.size(); ++i) {
      if (has_others(act.groups[i]) == last) good = settle(act.groups[i], groups[i]);
    }
  }
  std::vector<NodeId> to;
  good = good && resolver.resolve(act.to, to, why);
  if (!good) {
    fail(number, step.line, why, Verdict::expectation_failed);
    return false;
  }
  const bool ways = act.verb == Verb::cut || act.verb == Verb::link || act.verb == Verb::clog || act.verb == Verb::unclog;
  Action action = act.action;
  action.nodes = nodes;
  action.groups = groups;
  if (!to.empty()) action.to = to[0];
  // "Everywhere" is said to the world by no groups at all; one side missing means every host.
  if (ways && action.groups.size() == 2) {
    if (action.groups[0].empty() && action.groups[1].empty()) {
      action.groups.clear();
    } else {
      const auto hosts = static_cast<std::uint32_t>(sim_->config().host_count());
      for (auto& side : action.groups) {
        for (std::uint32_t i = 1; side.empty() && i <= hosts; ++i) {
          for (std::uint32_t j = i; j <= hosts; ++j) side.push_back(NodeId{j});
        }
      }
    }
  }
  if (act.verb == Verb::partition) {
    Act copy = act;
    copy.action = action;
    shape(copy, resolver, nodes, out);
    for (Action& a : out) a.nodes.clear();
  } else if (act.verb == Verb::set_rule) {
    for (const raft::Rule rule : act.rules) {
      action.rule = rule;
      out.push_back(action);
    }
    for (const gossip::Rule rule : act.gossip_rules) {
      action.gossip_rule = rule;
      out.push_back(action);
    }
    action.gossip_rule.reset();
    for (const kv::Rule rule : act.kv_rules) {
      action.kv_rule = rule;
      out.push_back(action);
    }
  } else if (act.verb == Verb::agent) {  // each agent gets a command of its own
    std::vector<NodeId> hosts;
    if (!resolver.resolve(act.hosts, hosts, why)) {
      fail(number, step.line, why, Verdict::expectation_failed);
      return false;
    }
    action.agent.hosts = hosts;
    for (const NodeId node : nodes) {
      action.nodes = {node};
      if (act.verb == Verb::agent) std::erase(action.agent.hosts = hosts, node);
      out.push_back(action);
    }
  } else if (act.load) {
    carried_.loads.push_back({act, to, 0, sim_->now()});
  } else {
    out.push_back(action);
    if (act.both && action.groups.size() == 2) {
      std::swap(action.groups[0], action.groups[1]);
      out.push_back(action);
    }
  }
  // "as" names the first ones that the step speaks of: the nodes, one side, who sends.
  if (step.alias) carried_.memory.aliases[*step.alias] = !nodes.empty() || groups.empty() ? nodes : groups[0];
  return true;
}

void Runner::remember(const Action& action) {
  for (const NodeId n : action.nodes) {
    if (action.verb == Verb::kill || action.verb == Verb::crash || action.verb == Verb::restart) {
      std::erase(carried_.memory.down, n);
      if (action.verb != Verb::restart) carried_.memory.down.push_back(n);
    }
  }
}

bool Runner::act(std::size_t number, const Step& step) {
  actions_.clear();
  if (!resolve(number, step, actions_)) return false;
  const Act& act = *step.act;
  if (act.load) return true;
  std::vector<std::uint64_t>* spoken = nullptr;
  if (is_operation(act.verb)) {
    using Kind = Condition::Operation;
    const Kind kind = act.verb == Verb::write   ? Kind::write
                      : act.verb == Verb::read  ? Kind::read
                      : act.verb == Verb::erase ? Kind::erase
                      : act.verb == Verb::agent ? Kind::command
                      : act.verb == Verb::http  ? Kind::http
                                                : Kind::change;
    spoken = &carried_.spoken.of[static_cast<std::size_t>(kind)];
    spoken->clear();
  }
  for (std::uint64_t i = 1; i <= act.times; ++i) {
    if (i > 1 && act.every.ns > 0 && advance(sim_->now() + act.every) == Advance::ended) return false;
    for (Action action : actions_) {
      number_text(action.key, i);
      number_text(action.value, i);
      const std::uint64_t id = sim_->inject(action);
      remember(action);
      if (spoken != nullptr) spoken->push_back(id);
      if (!act.label.empty()) {
        std::erase_if(carried_.spoken.named, [&](const auto& n) { return n.first == act.label; });
        carried_.spoken.named.emplace_back(act.label, id);
      }
    }
  }
  // Acts take effect a nanosecond from now; what follows sees them done.
  return advance(sim_->now() + nanoseconds(1)) == Advance::reached;
}

bool Runner::await_operations(std::size_t number, int line, const Conditions& conditions, bool all) {
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
  if (wait(kNever - nanoseconds(1), done)) return true;
  if (!ended_) fail(number, line, "nothing is left to happen, and an operation has no end", Verdict::no_progress);
  return false;
}

bool Runner::expect(std::size_t number, const Step& step) {
  const bool about = std::any_of(step.expect.begin(), step.expect.end(),
                                 [](const Condition& c) { return c.about_operation(); });
  if ((about || step.wait) && !await_operations(number, step.line, step.expect, step.wait)) return false;
  for (const Condition& c : step.expect) {
    if (holds(*sim_, c, carried_.memory, carried_.spoken)) {
      sim_->remark(trace::WorldFact::expectation_held, number, c.words);
    } else {
      fail(number, c.line, "expected: " + c.words + "; but " + instead(*sim_, c, carried_.memory, carried_.spoken),
           Verdict::expectation_failed);
    }
  }
  return true;
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

void Runner::finish() {
  for (const Final& last : scenario_.finally) {
    const bool about = std::any_of(last.conditions.begin(), last.conditions.end(),
                                   [](const Condition& c) { return c.about_operation(); });
    const std::size_t number = scenario_.timeline.size();
    if (about && !await_operations(number, 0, last.conditions, false)) return;
    const bool came = wait(sim_->now() + last.within, [&] { return hold(*sim_, last.conditions, carried_.memory, carried_.spoken); });
    if (ended_) return;
    for (const Condition& c : last.conditions) {
      if (came || holds(*sim_, c, carried_.memory, carried_.spoken)) {
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
  }
}

void Runner::judge_clients() {
  sim_->judge_clients();
  const world::ClientVerdict& verdict = sim_->client_verdict();
  const auto violation = sim_->violation();
  result_->undecided = verdict.undecided();
  if (!violation) {
    if (verdict.undecided()) {
      fail(scenario_.timeline.size(), 0,
           "undecided: the search for an order of the operations on \"" + verdict.linear.key +
               "\" was given up",
           Verdict::expectation_failed);
    }
    return;
  }
  const auto history = world::client_history(sim_->operations(), scenario_.cluster);
  const std::vector<std::string> names = scenario_.cluster.host_names();
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

bool Runner::perform(std::size_t number, const Step& step) {
  if (!begin_step(number, step)) return false;
  result_->begun.push_back(sim_->now());
  sim_->remark(trace::WorldFact::step_begun, number);
  if (options_.watcher != nullptr) options_.watcher->step_begun(*sim_, step);
  if (!step.bookmark.empty() || step.slide != 0) {
    std::string text = step.slide == 0 ? step.bookmark : "Slide " + std::to_string(step.slide);
    if (step.slide != 0 && !step.bookmark.empty()) text += ": " + step.bookmark;
    sim_->remark(trace::WorldFact::bookmark, number, text);
  }
  if (!step.say.empty()) sim_->remark(trace::WorldFact::caption, number, step.say);
  if (step.act && !act(number, step)) return false;
  if (!expect(number, step)) return false;
  show_members(number, step);
  return true;
}

void Runner::take_over(world::Simulation& sim, const RunOptions& options, RunResult& result, Carried& carried) {
  sim_ = &sim;
  options_ = options;
  result_ = &result;
  ended_ = false;
  countdown_ = 1024;
  std::swap(carried_, carried);
}

void Runner::hand_over(Carried& carried) { std::swap(carried_, carried); }

bool Runner::pass(Instant until) { return advance(until) == Advance::reached; }

bool Runner::wait_for(const Conditions& conditions, Instant until) {
  return wait(until, [&] { return hold(*sim_, conditions, carried_.memory, carried_.spoken); });
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
  sim_ = &sim;
  options_ = options;
  result_ = &result;
  ended_ = false;
  countdown_ = 1024;
  carried_.loads.clear();
  carried_.memory.down.clear();
  carried_.memory.aliases.assign(scenario_.aliases.size(), {});
  for (auto& ids : carried_.spoken.of) ids.clear();
  std::vector<Instant> begun = std::move(result.begun);
  std::vector<Failure> failures = std::move(result.failures);
  begun.clear();
  failures.clear();
  result = RunResult{};
  result.begun = std::move(begun);
  result.failures = std::move(failures);
  result.seed = options.seed;

  sim.reset(scenario_.cluster, options.seed);
  sim.keep_trace(options.keep_trace);
  if (options.watcher != nullptr) options.watcher->begin(sim);
  bool going = true;
  for (std::size_t i = 0; going && i < scenario_.timeline.size(); ++i) {
    going = perform(i, scenario_.timeline[i]);
  }
  carried_.loads.clear();
  if (going && !ended_) finish();
  // What ended by itself is judged as a whole.
  if (!sim.violation() && result.verdict != Verdict::interrupted && !result.stopped_by_watcher) {
    judge_clients();
  }

  result.violation = sim.violation();
  const bool interrupted = result.verdict == Verdict::interrupted;
  if (scenario_.expect_violation && !interrupted && !result.stopped_by_watcher) {
    const bool seen = result.violation && result.violation->checker == *scenario_.expect_violation;
    result.verdict = seen ? Verdict::held : Verdict::expectation_failed;
    if (!seen) {
      fail(scenario_.timeline.size(), 0, "expected a violation of " +
               std::string(judge::checker_name(*scenario_.expect_violation)) + ", and there was none",
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
