// Campaigns and sweeps for Python: whole ones in threads here, and pieces of them for other machines.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cmath>
#include <limits>

#include "pybind/bind.h"
#include "pybind/node.h"
#include "sim/chaos/arguments.h"
#include "sim/chaos/scenario_writer.h"
#include "sim/chaos/seed_bytes.h"
#include "sim/cli/sweep.h"
#include "sim/report/text.h"
#include "sim/script/loader.h"
#include "sim/script/quantity.h"
#include "sim/trace/digest.h"

namespace quorumlab::python {
namespace {

using chaos::SeedResult;

// Between threads that run and Python: tells of progress ten times a second, and stops all on Ctrl-C or when
// the callback raises.
class Meanwhile {
 public:
  explicit Meanwhile(py::object progress) : progress_(std::move(progress)) {}
  void operator()(std::uint64_t finished) {
    if (interrupts_.look()) stop.store(true);
    if (progress_.is_none() || stop.load() || finished == told_) return;
    const py::gil_scoped_acquire lock;
    try {
      progress_(finished);
    } catch (py::error_already_set& error) {
      error_.emplace(std::move(error));
      stop.store(true);
    }
    told_ = finished;
  }
  void rethrow() {
    interrupts_.rethrow();
    if (error_) throw py::error_already_set(std::move(*error_));
  }
  std::atomic<bool> stop{false};

 private:
  py::object progress_;
  std::uint64_t told_ = 0;
  Interrupts interrupts_;
  std::optional<py::error_already_set> error_;
};

void refuse_error(const Error& error) {
  script::Problems problems;
  problems.add(0, "", error.text());
  refuse(problems, "");
}

chaos::Campaign make_campaign(const std::string& system, const std::vector<std::string>& rules_off,
                              const std::vector<std::string>& beyond, std::shared_ptr<script::Scenario> base,
                              const std::string& base_name) {
  chaos::Campaign campaign;
  if (const auto chosen = chaos::choose({system, rules_off, beyond}, campaign); !chosen) refuse_error(chosen.error());
  if (base) {
    if (const auto taken = chaos::take_base(*base, base_name, campaign); !taken) refuse_error(taken.error());
    campaign.replay_arguments += (campaign.replay_arguments.empty() ? "" : " ") + base_name;
  }
  return campaign;
}

// What looks on while a seed runs with nodes in Python.
class NodeOnlooker : public chaos::Onlooker {
 public:
  explicit NodeOnlooker(NodeRun& run) : run_(run) {}
  std::string after_event(const world::Simulation& sim) override {
    if (!run_.look(sim)) return {};
    if (!run_.error) return run_.broken_words + ", at " + script::to_text(Duration{sim.now().ns});
    const std::string what = Py_TYPE(run_.error.ptr())->tp_name;
    const std::string words(py::str(run_.error));
    return (run_.node.value == 0 ? std::string() : sim.config().names[run_.node.value - 1] + "'s ") + run_.handler +
           " raised " + what + (words.empty() ? "" : ": " + words) + ", at " +
           script::to_text(Duration{sim.now().ns});
  }

 private:
  NodeRun& run_;
};

bool is_ctrl_c(const NodeRun& run) {
  return run.error && PyErr_GivenExceptionMatches(run.error.ptr(), PyExc_Exception) == 0;
}

// Seeds whose nodes run in Python: one after the other, in the thread that holds the interpreter's lock.
py::bytes run_own_seeds(const chaos::Campaign& campaign, std::uint64_t first, std::uint64_t seeds, const py::object& progress) {
  Bytes out;
  world::Simulation sim;
  chaos::SeedRun run(campaign.options);
  const NodeKind* const kind = kind_of(*campaign.options.base);
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    std::vector<std::size_t> told;
    NodeRun nodes(kind, told);
    NodeOnlooker onlooker(nodes);
    run.set_onlooker(&onlooker);
    SeedResult result;
    run.run(sim, seed, false, nullptr, result);
    if (is_ctrl_c(nodes)) nodes.rethrow(sim);
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
    chaos::encode(result, out);
    if (!progress.is_none()) progress(seed - first + 1);
  }
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

// A campaign on nodes in Python. `base` names their class and how many there are.
chaos::Campaign make_own_campaign(std::shared_ptr<script::Scenario> base, std::int64_t pace_ns, bool draws, bool retries,
                                  bool progress, const std::vector<std::string>& faults) {
  chaos::Campaign campaign;
  campaign.options.system = chaos::System::own;
  campaign.options.base = base->cluster;
  chaos::Own& own = campaign.options.own;
  own.pace = {pace_ns};
  own.draws = draws;
  own.retries = retries;
  own.progress = progress;
  for (const std::string& name : faults) {
    const auto kind = chaos::find_fault(name);
    if (!kind || chaos::is_beyond_model(*kind)) refuse_error({"faults", "there is no fault \"" + name + "\""});
    own.only.push_back(*kind);
  }
  return campaign;
}

py::bytes run_seeds(chaos::Campaign campaign, std::uint64_t first, std::uint64_t seeds, std::uint32_t jobs,
                    py::object progress) {
  if (campaign.options.system == chaos::System::own) return run_own_seeds(campaign, first, seeds, progress);
  campaign.first_seed = first;
  campaign.seeds = seeds;
  campaign.jobs = jobs;
  Meanwhile meanwhile(std::move(progress));
  campaign.stop = &meanwhile.stop;
  campaign.progress = [&](std::uint64_t finished) { meanwhile(finished); };
  Bytes out;
  {
    const py::gil_scoped_release release;
    const std::vector<SeedResult> results = chaos::run_seeds(campaign);
    if (!meanwhile.stop.load()) {
      for (const SeedResult& result : results) chaos::encode(result, out);
    }
  }
  meanwhile.rethrow();
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

std::vector<SeedResult> decoded(const std::vector<std::string>& pieces) {
  std::vector<SeedResult> out;
  for (const std::string& piece : pieces) {
    ByteReader in(as_bytes(piece));
    while (in.remaining() > 0) {
      if (!chaos::decode(in, out.emplace_back())) {
        refuse_error({"", "a piece of a campaign cannot be read: it comes from another version of quorumlab"});
      }
    }
  }
  return out;
}

template <class Names, class Numbers>
py::dict counts(Names names, const Numbers& numbers) {
  py::dict out;
  for (std::size_t i = 0; i < std::size(numbers); ++i) out[py::str(std::string(names(i)))] = numbers[i];
  return out;
}

py::dict failure(const chaos::Campaign& campaign, const SeedResult& r) {
  py::dict out;
  out["seed"] = r.seed;
  out["verdict"] = std::string(chaos::verdict_name(r.verdict));
  out["reason"] = r.reason;
  out["checker"] = r.violation ? std::string(judge::checker_name(r.violation->checker)) : std::string();
  out["time"] = r.violation ? static_cast<double>(r.violation->time_ns) / 1e9 : static_cast<double>(r.end.ns) / 1e9;
  out["digest"] = report::digest_text(r.digest);
  out["events"] = r.events;
  out["replay_command"] = chaos::replay_command(campaign, r.seed);
  return out;
}

// What pieces come to, whoever ran them: in the order of their seeds.
py::dict gather(const chaos::Campaign& campaign, const std::vector<std::string>& pieces) {
  chaos::Outcome outcome = chaos::gather(decoded(pieces));
  const chaos::Totals& t = outcome.totals;
  py::dict out;
  out["seeds"] = t.seeds;
  out["events"] = t.events;
  out["simulated"] = static_cast<double>(t.simulated_ns) / 1e9;
  out["digest"] = report::digest_text(t.digest);
  out["interrupted"] = outcome.interrupted;
  out["undecided"] = t.undecided;
  out["detected"] = t.detected;
  out["faults"] = counts([](std::size_t i) { return chaos::fault_name(static_cast<chaos::FaultKind>(i)); }, t.fired);
  out["checks"] = counts([](std::size_t i) { return judge::checker_name(static_cast<judge::Checker>(i)); }, t.checks);
  out["drills"] = counts([](std::size_t i) { return chaos::drill_name(static_cast<chaos::Drill>(i)); }, t.drills);
  static constexpr const char* kOutcomes[] = {"pending", "accepted", "not_found", "refused", "timed_out"};
  out["operations"] = counts([](std::size_t i) { return kOutcomes[i]; }, t.operations);
  py::list failures;
  for (const SeedResult& r : outcome.failures) failures.append(failure(campaign, r));
  out["failures"] = failures;
  out["worthless"] = outcome.interrupted ? std::string() : chaos::worthless(campaign, t);
  return out;
}

// Every seed's own: columns for a table.
py::dict table(const std::vector<std::string>& pieces) {
  const std::vector<SeedResult> all = decoded(pieces);
  py::list verdicts, reasons, digests;
  py::array_t<std::uint64_t> seeds(static_cast<py::ssize_t>(all.size())), events(seeds.size()), leaders(seeds.size());
  py::array_t<double> simulated(seeds.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto at = static_cast<py::ssize_t>(i);
    seeds.mutable_at(at) = all[i].seed;
    events.mutable_at(at) = all[i].events;
    leaders.mutable_at(at) = all[i].leaders;
    simulated.mutable_at(at) = static_cast<double>(all[i].end.ns) / 1e9;
    verdicts.append(std::string(chaos::verdict_name(all[i].verdict)));
    reasons.append(all[i].reason);
    digests.append(report::digest_text(all[i].digest));
  }
  py::dict out;
  out["seed"] = seeds;
  out["verdict"] = verdicts;
  out["reason"] = reasons;
  out["simulated"] = simulated;
  out["events"] = events;
  out["leaders"] = leaders;
  out["digest"] = digests;
  return out;
}

// A seed again, with its trace: (scenario as text, tape, result, violation, what a node in
// Python raised, which of its invariants broke).
py::tuple replay(const chaos::Campaign& campaign, std::uint64_t seed) {
  auto tape = std::make_shared<Tape>();
  SeedResult result;
  py::object error = py::none();
  std::string checker;
  {
    const bool own = campaign.options.system == chaos::System::own;
    std::vector<std::size_t> told;
    NodeRun nodes(own ? kind_of(*campaign.options.base) : nullptr, told);
    NodeOnlooker onlooker(nodes);
    std::optional<py::gil_scoped_release> release;
    if (!own) release.emplace();
    world::Simulation sim;
    chaos::SeedRun run(campaign.options);
    if (own) run.set_onlooker(&onlooker);
    run.run(sim, seed, true, nullptr, result);
    tape->scenario = chaos::write_scenario(run.profile().cluster, seed, run.happenings(), result.reason);
    tape->trace = sim.trace();
    report::Subject& subject = tape->subject;
    const world::ClusterConfig& cluster = run.profile().cluster;
    subject.title = "Seed " + std::to_string(seed);
    subject.description = result.reason;
    subject.names = cluster.host_names();
    subject.servers = static_cast<std::uint32_t>(cluster.names.size());
    subject.clients = cluster.clients;
    subject.seed = seed;
    subject.digest = sim.digest().value();
    subject.held = !result.failed();
    subject.verdict = std::string(chaos::verdict_name(result.verdict));
    subject.replay = chaos::replay_command(campaign, seed);
    if (own && nodes.error) {
      try {
        nodes.rethrow(sim);
      } catch (py::error_already_set& raised) {
        error = raised.value();
      }
    }
    if (own) {
      tape->subject.account = result.reason;
      checker = nodes.broken;
    }
  }
  const py::object violation =
      result.violation ? py::object(violation_dict(*result.violation, tape->subject.names)) : py::none();
  return py::make_tuple(tape->scenario, tape, failure(campaign, result), violation, error, checker);
}

// One measure over seeds: (values, NaN where there is none; verdicts as exit codes, -1 where it was stopped).
py::tuple sweep(const std::shared_ptr<script::Scenario>& scenario, const std::string& measure, const std::string& since,
                std::uint64_t first, std::uint64_t seeds, unsigned jobs, py::object progress) {
  const cli::MeasureInfo* info = cli::find_measure(measure);
  if (info == nullptr) throw py::value_error("there is no measure \"" + measure + "\"");
  Meanwhile meanwhile(std::move(progress));
  cli::Sweep what{*scenario, *info, since, first, seeds, jobs, &meanwhile.stop, {}};
  what.progress = [&](std::uint64_t finished) { meanwhile(finished); };
  py::array_t<double> values(static_cast<py::ssize_t>(seeds));
  py::array_t<std::int16_t> verdicts(static_cast<py::ssize_t>(seeds));
  double* const value = values.mutable_data();
  std::int16_t* const verdict = verdicts.mutable_data();
  {
    const py::gil_scoped_release release;
    const std::vector<cli::SweepOutcome> outcomes = cli::run_sweep(what);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      const cli::SweepOutcome& x = outcomes[i];
      verdict[i] = x.done ? static_cast<std::int16_t>(x.verdict) : std::int16_t{-1};
      value[i] = x.done && x.value ? static_cast<double>(*x.value) * (info->is_time ? 1e-9 : 1)
                                   : std::numeric_limits<double>::quiet_NaN();
    }
  }
  meanwhile.rethrow();
  if (const py::object error = take_stray_error()) {
    PyErr_SetObject(py::type::of(error).ptr(), error.ptr());
    throw py::error_already_set();
  }
  return py::make_tuple(values, verdicts);
}

py::dict measures() {
  py::dict out;
  for (const cli::MeasureInfo& m : cli::measures()) out[m.name] = py::make_tuple(m.is_time, m.meaning);
  return out;
}

}  // namespace

void bind_campaign(py::module_& m) {
  py::class_<chaos::Campaign>(m, "Campaign", "What a fuzzing campaign does; quorumlab.fuzz makes one.")
      .def(py::init(&make_campaign), py::arg("system"), py::arg("rules_off"), py::arg("beyond"), py::arg("base"),
           py::arg("base_name"))
      .def("run_seeds", &run_seeds, py::arg("first"), py::arg("seeds"), py::arg("jobs"), py::arg("progress"))
      .def("gather", &gather, py::arg("pieces"))
      .def("replay", &replay, py::arg("seed"));
  m.def("own_campaign", &make_own_campaign, py::arg("base"), py::arg("pace_ns"), py::arg("draws"), py::arg("retries"),
        py::arg("progress"), py::arg("faults"));
  m.def("fault_names", [] {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < chaos::kFaultCount; ++i) {
      const auto kind = static_cast<chaos::FaultKind>(i);
      if (!chaos::is_beyond_model(kind)) names.emplace_back(chaos::fault_name(kind));
    }
    return names;
  }, "The kinds of faults that a protocol has to live with.");
  m.def("campaign_table", &table, py::arg("pieces"));
  m.def("sweep", &sweep, py::arg("scenario"), py::arg("measure"), py::arg("since"), py::arg("first"), py::arg("seeds"),
        py::arg("jobs"), py::arg("progress"));
  m.def("measures", &measures, "Every measure: {name: (whether it is a time, meaning)}.");
}

}  // namespace quorumlab::python
