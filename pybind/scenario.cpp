// Scenarios for Python: read from text or a file, run whole, judged as by `quorumlab run`.
#include <pybind11/stl.h>

#include <optional>

#include "pybind/bind.h"
#include "pybind/node.h"
#include "sim/report/text.h"
#include "sim/script/loader.h"
#include "sim/script/quantity.h"
#include "sim/trace/words.h"

namespace quorumlab::python {
namespace {

using script::RunResult;
using script::Scenario;

class SignalWatcher : public script::Watcher {
 public:
  explicit SignalWatcher(NodeRun* of) : nodes(of) {}
  bool after_event(const world::Simulation& sim) override {
    if (nodes == nullptr || !nodes->look(sim)) return interrupts.pending();
    when = sim.now();
    record = sim.trace().size();
    return true;
  }
  NodeRun* nodes;
  Interrupts interrupts;
  Instant when;
  trace::RecordId record = 0;
};

py::dict as_dict(const Scenario& s, const RunResult& r) {
  py::dict out;
  out["verdict"] = std::string(script::verdict_word(r.verdict));
  out["exit_code"] = r.exit_code();
  out["seed"] = r.seed;
  out["digest"] = report::digest_text(r.digest);
  out["end_ns"] = r.end.ns;
  out["events"] = r.events;
  out["records"] = r.records;
  py::dict checks;
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
    checks[py::str(std::string(judge::checker_name(static_cast<judge::Checker>(i))))] = r.checks[i];
  }
  out["checks"] = checks;
  out["violation"] = r.violation ? py::object(violation_dict(*r.violation, s.cluster.host_names())) : py::none();
  out["no_order"] = r.no_order;
  py::dict operations;
  operations["accepted"] = r.accepted;
  operations["not_found"] = r.not_found;
  operations["timed_out"] = r.timed_out;
  operations["refused"] = r.refused;
  operations["pending"] = r.pending;
  out["operations"] = operations;
  py::list failures;
  for (const script::Failure& f : r.failures) {
    py::dict one;
    one["step"] = script::step_path(s, f.step);
    one["line"] = f.line;
    one["time_ns"] = f.time.ns;
    one["what"] = f.what;
    failures.append(one);
  }
  out["failures"] = failures;
  py::list steps;
  for (std::size_t i = 0; i < r.begun.size(); ++i) {
    py::dict step;
    step["begun_ns"] = r.begun[i].ns;
    step["bookmark"] = s.timeline[i].bookmark;
    step["slide"] = s.timeline[i].slide;
    steps.append(step);
  }
  out["steps"] = steps;
  return out;
}

// The run as a dict; with its trace under "tape", the account under "account", the story under "story".
py::dict run(const Scenario& scenario, const std::string& text, std::uint64_t seed, bool keep_trace,
             const std::string& replay) {
  auto tape = std::make_shared<Tape>();
  RunResult result;
  const NodeKind* const kind = kind_of(scenario.cluster);
  std::vector<std::size_t> told;
  NodeRun nodes(kind, told);
  SignalWatcher watcher(kind == nullptr ? nullptr : &nodes);
  {
    std::optional<py::gil_scoped_release> release;
    if (kind == nullptr) release.emplace();
    world::Simulation sim;
    script::RunOptions options;
    options.seed = seed;
    options.keep_trace = keep_trace;
    options.watcher = &watcher;
    script::Runner(scenario).run(sim, options, result);
    if (!nodes.broken.empty()) sim.remark(trace::WorldFact::expectation_failed, 0, nodes.broken_words);
    if (keep_trace) tape->trace = sim.trace();
    nodes.rethrow(sim);
  }
  watcher.interrupts.rethrow();
  const bool broken = !nodes.broken.empty();
  if (broken) result.verdict = script::Verdict::violated;
  describe(scenario, *tape);
  tape->subject.seed = seed;
  tape->subject.digest = result.digest;
  tape->subject.replay = replay;
  tape->subject.held = result.verdict == script::Verdict::held;
  tape->subject.verdict = std::string(script::verdict_word(result.verdict));
  if (tape->subject.held && scenario.expect_violation) tape->subject.verdict += " (the violation came, as expected)";
  tape->scenario = text;
  report::TextOptions words;
  words.replay = replay;
  const std::string account = report::verdict(scenario, result, keep_trace ? &tape->trace : nullptr, words);
  tape->subject.account = report::verdict(scenario, result, keep_trace ? &tape->trace : nullptr, {});
  py::dict out = as_dict(scenario, result);
  out["account"] = account;
  if (broken) {
    py::dict violation;
    violation["checker"] = nodes.broken;
    violation["words"] = nodes.broken_words + ", at " + script::to_text(Duration{watcher.when.ns});
    violation["time_ns"] = watcher.when.ns;
    violation["record"] = watcher.record;
    out["violation"] = violation;
  }
  if (keep_trace) {
    out["tape"] = std::shared_ptr<Tape>(tape);
  } else {
    out["tape"] = py::none();
  }
  return out;
}

std::string story(const Scenario& scenario, const Tape& tape, bool colour, bool verbose, int width) {
  report::TextOptions options;
  options.colour = colour;
  options.verbose = verbose;
  options.width = width;
  return report::header(scenario, tape.subject.seed, options) + report::timeline(scenario, tape.trace, options);
}

std::shared_ptr<Scenario> load(const std::string& text, const std::string& file,
                               const std::vector<std::pair<std::string, std::string>>& settings,
                               const NodeKind* kind) {
  std::vector<script::Setting> set;
  for (const auto& [path, value] : settings) set.push_back({path, value});
  script::Problems problems;
  const script::OwnNodes own = kind == nullptr ? script::OwnNodes{} : kind->own();
  auto out = std::make_shared<Scenario>(script::load_text(text, file, set, problems, kind == nullptr ? nullptr : &own));
  problems.sort();
  if (!problems.empty()) refuse(problems, file);
  return out;
}

}  // namespace

void bind_scenario(py::module_& m) {
  py::class_<Scenario, std::shared_ptr<Scenario>>(m, "Scenario", "A scenario that was read and checked.")
      .def_readonly("name", &Scenario::name)
      .def_readonly("title", &Scenario::title)
      .def_readonly("description", &Scenario::description)
      .def_readonly("topic", &Scenario::topic)
      .def_readonly("seed", &Scenario::seed)
      .def_property_readonly("hosts", [](const Scenario& s) { return s.cluster.host_names(); })
      .def_property_readonly("nodes", [](const Scenario& s) { return s.cluster.names; })
      .def_property_readonly("bookmarks", [](const Scenario& s) {
        std::vector<std::string> out;
        for (const script::Step& step : s.timeline) {
          if (!step.bookmark.empty()) out.push_back(step.bookmark);
        }
        return out;
      })
      .def("run", &run, py::arg("text"), py::arg("seed"), py::arg("keep_trace"), py::arg("replay"))
      .def("story", &story, py::arg("tape"), py::arg("colour"), py::arg("verbose"), py::arg("width"));
  m.def("load_scenario", &load, py::arg("text"), py::arg("file"), py::arg("settings"), py::arg("kind") = nullptr);
}

}  // namespace quorumlab::python
