// Steps one by one: reads each against the cluster as it stands, and lends the runner what it must remember.
#include "sim/script/session.h"

#include "sim/script/reader.h"
#include "sim/script/verbs.h"

namespace quorumlab::script {
namespace {

// The reader takes the step for the first of a timeline; here it stands alone.
void forget_the_list(Problems& problems) {
  Problems alone;
  for (const Problem& p : problems.list()) {
    constexpr std::string_view kPlace = "[0]";
    std::string path = p.path;
    if (path.starts_with(kPlace)) path.erase(0, kPlace.size() + (path.size() > kPlace.size() ? 1 : 0));
    alone.add(p.line, std::move(path), p.what);
  }
  problems = std::move(alone);
}

}  // namespace

Session::Session(Scenario scenario, std::uint64_t seed, bool keep_trace)
    : scenario_(std::move(scenario)), keep_trace_(keep_trace) {
  scenario_.timeline.clear();
  scenario_.finally.clear();
  scenario_.aliases.clear();
  reset(seed);
}

void Session::reset(std::uint64_t seed) {
  sim_.reset(scenario_.cluster, seed);
  sim_.keep_trace(keep_trace_);
  carried_ = {};
  result_ = {};
  why_.clear();
  steps_ = 0;
  violation_told_ = false;
  scenario_.aliases.clear();
}

template <class Work>
Session::Ending Session::with_runner(const RunOptions& how, Work work) {
  RunOptions options = how;
  options.seed = sim_.seed();
  options.keep_trace = keep_trace_;
  options.past_violation = violation_told_;
  result_.verdict = Verdict::held;
  result_.stopped_by_watcher = false;
  result_.failures.clear();
  result_.begun.clear();
  why_.clear();
  carried_.memory.aliases.resize(scenario_.aliases.size());
  Runner runner(scenario_);
  runner.take_over(sim_, options, result_, carried_);
  const bool good = work(runner);
  runner.hand_over(carried_);
  if (!violation_told_ && sim_.violation()) {
    violation_told_ = true;
    return Ending::violated;
  }
  if (!result_.failures.empty()) {
    why_ = result_.failures.front().what;
    return Ending::failed;
  }
  if (result_.verdict == Verdict::interrupted) return Ending::interrupted;
  if (result_.stopped_by_watcher) return Ending::stopped;
  if (good) return Ending::reached;
  return sim_.next_event() == kNever ? Ending::exhausted : Ending::failed;
}

Session::Ending Session::perform(std::string_view step, const RunOptions& how, Problems& problems,
                                 std::vector<std::uint64_t>& operations) {
  const Json json = parse_json(step, problems);
  if (!problems.empty()) return Ending::failed;
  check(*registry().step, json, "", problems);
  const std::size_t aliases = scenario_.aliases.size();
  scenario_.timeline.clear();
  if (problems.empty()) {
    Reader reader(scenario_, problems);
    reader.know_cluster();
    Json list;
    list.kind = Json::Kind::list;
    list.items.push_back(json);
    reader.timeline(list, "");
  }
  if (!problems.empty()) {
    scenario_.timeline.clear();
    scenario_.aliases.resize(aliases);
    forget_the_list(problems);
    return Ending::failed;
  }
  const Step read = std::move(scenario_.timeline.front());
  scenario_.timeline.clear();
  const std::size_t before = sim_.operations().size();
  const std::size_t number = steps_;
  // A scenario's step comes when all that belongs to its moment is over; and time passes after a load, too, so
  // that no moment has a part before and one after it.
  const Ending ending = with_runner(how, [&](Runner& runner) {
    return runner.pass(sim_.now()) && runner.perform(number, read) &&
           (!read.act || !read.act->load || runner.pass(sim_.now() + nanoseconds(1)));
  });
  // Whom nobody fits was not done to anybody, and the next step has its number.
  if (ending != Ending::failed) ++steps_;
  operations.clear();
  for (std::size_t i = before; i < sim_.operations().size(); ++i) operations.push_back(sim_.operations()[i].id);
  return ending;
}

Conditions Session::read_conditions(std::string_view text, Problems& problems) {
  const Json json = parse_json(text, problems);
  if (!problems.empty()) return {};
  check(*registry().conditions, json, "", problems);
  if (!problems.empty()) return {};
  Reader reader(scenario_, problems);
  reader.know_cluster();
  return reader.conditions(json, "");
}

Session::Ending Session::run_until(Instant until, const RunOptions& how) {
  return with_runner(how, [&](Runner& runner) { return runner.pass(until); });
}

Session::Ending Session::wait_for(const Conditions& conditions, Instant until, const RunOptions& how) {
  const Ending ending = with_runner(how, [&](Runner& runner) { return runner.wait_for(conditions, until); });
  if (ending != Ending::failed && ending != Ending::exhausted) return ending;
  for (const Condition& c : conditions) {
    if (script::holds(sim_, c, carried_.memory, carried_.spoken)) continue;
    why_ = c.words + "; but " + instead(sim_, c, carried_.memory, carried_.spoken);
    break;
  }
  return ending;
}

bool Session::step() {
  bool happened = false;
  // Timers that were set anew are no events of their own.
  const std::uint64_t before = sim_.events();
  do {
    with_runner({}, [&](Runner& runner) { return happened = runner.pass_one(); });
  } while (happened && sim_.events() == before);
  return happened;
}

bool Session::holds(const Conditions& conditions) const {
  return hold(sim_, conditions, carried_.memory, carried_.spoken);
}

std::vector<NodeId> Session::resolve(std::string_view targets, Problems& problems) {
  // A step that does something with them, whatever it is, reads them.
  const Json json = parse_json("[{\"crash\":" + std::string(targets) + "}]", problems);
  if (!problems.empty()) return {};
  check(*registry().step, json.items.front(), "", problems);
  std::vector<NodeId> nodes;
  if (!problems.empty()) return nodes;
  Reader reader(scenario_, problems);
  reader.know_cluster();
  reader.timeline(json, "");
  if (problems.empty()) {
    Resolver resolver(sim_, carried_.memory, steps_);
    if (!resolver.resolve(scenario_.timeline.front().act->nodes, nodes, why_)) nodes.clear();
  }
  forget_the_list(problems);
  scenario_.timeline.clear();
  return nodes;
}

}  // namespace quorumlab::script
