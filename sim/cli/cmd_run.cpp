// quorumlab run FILE...: runs scenarios, tells the story, and answers with the verdict.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/cli/cli.h"
#include "sim/cli/handlers.h"
#include "sim/report/history.h"
#include "sim/report/text.h"
#include "sim/trace/file.h"
#include "sim/trace/words.h"

namespace quorumlab::cli {
namespace {

struct Options {
  std::vector<std::string> files, settings;
  std::optional<std::uint64_t> seed;
  std::string trace, history, handlers;
  bool json = false, quiet = false, verbose = false, check_determinism = false;
  ColourWhen colour = ColourWhen::automatic;
};

// Shows how far a long run is.
class LongRun : public script::Watcher {
 public:
  bool after_event(const world::Simulation& sim) override {
    if (--countdown_ == 0) {
      countdown_ = 65'536;
      progress_.show([&] {
        return "simulated " + std::to_string(sim.now().ns / 1'000'000'000) + " s, " + report::grouped(sim.events()) +
               " events (Ctrl-C ends it with what is known so far)";
      });
    }
    return false;
  }

 private:
  Progress progress_;
  std::uint32_t countdown_ = 65'536;
};

// The environment says that the terminal shows no more than ASCII.
bool plain_terminal() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view v(value);
    return v == "C" || v == "POSIX";
  }
  return false;
}

bool write_trace(const std::string& path, const std::string& scenario_file, const script::Scenario& scenario,
                 const script::RunResult& result, const world::Simulation& sim) {
  trace::FileInfo info;
  info.scenario = read_whole(scenario_file);
  info.seed = result.seed;
  info.digest = result.digest;
  info.digest_version = trace::kDigestVersion;
  info.names = scenario.cluster.host_names();
  const auto done = path.ends_with(".jsonl") ? trace::write_json_lines(path, info, sim.trace(), true)
                                             : trace::write_file(path, info, sim.trace());
  if (!done) std::fprintf(stderr, "quorumlab: %s\n", done.error().text().c_str());
  return done.has_value();
}

bool write_history(const Options& o, const std::string& file, const script::Scenario& scenario,
                   const world::Simulation& sim) {
  auto page = report::make_history_page(scenario.title.empty() ? scenario.name : scenario.title,
                                        scenario.description, sim);
  page.replay = replay_command(file, page.seed, o.settings);
  const std::string text = report::html(page);
  std::FILE* out = std::fopen(o.history.c_str(), "wb");
  const bool whole = out != nullptr && std::fwrite(text.data(), 1, text.size(), out) == text.size();
  if (out != nullptr && std::fclose(out) == 0 && whole) return true;
  std::fprintf(stderr, "quorumlab: %s: cannot be written\n", o.history.c_str());
  return false;
}

bool same(const trace::Record& a, const trace::Record& b) {
  return a.time_ns == b.time_ns && a.cause == b.cause && a.kind == b.kind && a.reason == b.reason &&
         a.node == b.node && a.peer == b.peer && a.extra == b.extra && a.a == b.a && a.b == b.b && a.c == b.c;
}

// Runs again, with the trace and without; answers whether all three runs were the same.
bool deterministic(const script::Scenario& scenario, const world::Simulation& first, const script::RunResult& result,
                   script::RunOptions options, std::string& words) {
  world::Simulation second;
  script::Runner runner(scenario);
  script::RunResult again;
  options.watcher = nullptr;
  options.keep_trace = true;
  runner.run(second, options, again);
  if (again.verdict == script::Verdict::interrupted) {
    words = "interrupted before the second run was over";
    return true;
  }
  const trace::Trace& a = first.trace();
  const trace::Trace& b = second.trace();
  const std::vector<std::string> names = scenario.cluster.host_names();
  for (trace::RecordId id = 1; id <= std::min(a.size(), b.size()); ++id) {
    if (same(a[id], b[id])) continue;
    const auto line = [&](const trace::Trace& t) {
      return std::to_string(t[id].time_ns) + " ns: " + trace::words(t[id], {names, &t});
    };
    words = "the first event that differs is record " + std::to_string(id) + "\n  first run:  " + line(a) +
            "\n  second run: " + line(b);
    return false;
  }
  if (a.size() != b.size() || again.digest != result.digest) {
    words = "the runs have " + std::to_string(a.size()) + " and " + std::to_string(b.size()) + " records, digests " +
            report::digest_text(result.digest) + " and " + report::digest_text(again.digest);
    return false;
  }
  options.keep_trace = false;
  runner.run(second, options, again);
  if (again.verdict != script::Verdict::interrupted && again.digest != result.digest) {
    words = "without the trace the digest is " + report::digest_text(again.digest) + ", with it " +
            report::digest_text(result.digest);
    return false;
  }
  words = "the same three times, the last without a trace: " + std::to_string(a.size()) + " records";
  return true;
}

nlohmann::ordered_json as_json(const std::string& file, const script::Scenario& s, const script::RunResult& r) {
  nlohmann::ordered_json out;
  out["file"] = file;
  out["name"] = s.name;
  out["verdict"] = script::verdict_word(r.verdict);
  out["exit_code"] = r.exit_code();
  out["seed"] = r.seed;
  out["digest"] = report::digest_text(r.digest);
  out["digest_version"] = trace::kDigestVersion;
  out["end_ns"] = r.end.ns;
  out["events"] = r.events;
  out["records"] = r.records;
  auto checkers = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
    const auto checker = static_cast<judge::Checker>(i);
    checkers[std::string(judge::checker_name(checker))] = {
        {"watched", (s.watched >> i & 1) != 0},
        {"checks", r.checks[i]},
        {"held", !(r.undecided && checker == judge::Checker::linearizability) && !(r.violation && r.violation->checker == checker)}};
  }
  out["checkers"] = checkers;
  if (r.violation) {
    out["violation"] = {{"checker", judge::checker_name(r.violation->checker)}, {"time_ns", r.violation->time_ns},
                        {"record", r.violation->record}, {"node", r.violation->node.value},
                        {"other", r.violation->other.value}, {"a", r.violation->a}, {"b", r.violation->b}};
  }
  if (!r.no_order.empty()) out["violation"]["why"] = r.no_order;
  out["operations"] = {{"accepted", r.accepted}, {"not_found", r.not_found}, {"timed_out", r.timed_out},
                       {"refused", r.refused}, {"pending", r.pending}};
  out["failures"] = nlohmann::ordered_json::array();
  for (const script::Failure& f : r.failures) {
    out["failures"].push_back({{"step", script::step_path(s, f.step)}, {"line", f.line}, {"time_ns", f.time.ns}, {"what", f.what}});
  }
  out["steps"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < r.begun.size(); ++i) {
    nlohmann::ordered_json step{{"begun_ns", r.begun[i].ns}};
    if (!s.timeline[i].bookmark.empty()) step["bookmark"] = s.timeline[i].bookmark;
    if (s.timeline[i].slide != 0) step["slide"] = s.timeline[i].slide;
    out["steps"].push_back(step);
  }
  return out;
}

// Which of two exit codes is worse.
int worse(int a, int b) {
  static constexpr int kOrder[] = {0, 3, 1, 2, kExitUsage, kExitBadFile, kExitInterrupted};
  const auto rank = [](int code) {
    for (std::size_t i = 0; i < std::size(kOrder); ++i) {
      if (kOrder[i] == code) return i;
    }
    return std::size(kOrder);
  };
  return rank(a) < rank(b) ? b : a;
}

int run_one(const Options& o, const std::string& file, const std::vector<script::Setting>& settings,
            const std::vector<std::string>& handlers, world::Simulation& sim, nlohmann::ordered_json& json) {
  script::Scenario scenario;
  if (!load(file, settings, scenario)) return kExitBadFile;
  script::Runner runner(scenario);
  script::RunResult result;
  script::RunOptions options;
  options.seed = o.seed.value_or(scenario.seed);
  options.stop = &interrupted();
  // Telling the story needs the records; the verdict does not.
  const bool story = !o.quiet && !o.json;
  options.keep_trace =
      story || !o.trace.empty() || !o.history.empty() || o.check_determinism;
  {
    LongRun watcher;
    options.watcher = &watcher;
    runner.run(sim, options, result);
  }
  int code = result.exit_code();
  std::string determinism;
  bool same_again = true;
  if (o.check_determinism && result.verdict != script::Verdict::interrupted) {
    same_again = deterministic(scenario, sim, result, options, determinism);
    if (!same_again) code = worse(code, static_cast<int>(script::Verdict::violated));
  }
  if (!o.trace.empty() && !write_trace(o.trace, file, scenario, result, sim)) code = worse(code, kExitUsage);

  if (!o.history.empty() && !write_history(o, file, scenario, sim)) code = worse(code, kExitUsage);

  // Only now, when nothing can change any more.
  std::vector<HandlerRun> handled;
  if (!handlers.empty()) handled = run_handlers(handlers, scenario, sim);

  report::TextOptions text;
  text.colour = use_colour(o.colour);
  text.verbose = o.verbose;
  text.ascii = plain_terminal();
  text.replay = replay_command(file, result.seed, o.settings);
  if (o.json) {
    auto one = as_json(file, scenario, result);
    if (!determinism.empty()) one["deterministic"] = same_again;
    if (!handlers.empty()) {
      one["handlers"] = nlohmann::ordered_json::array();
      for (const HandlerRun& h : handled) {
        one["handlers"].push_back({{"time_ns", h.at.ns}, {"host", h.host}, {"event", h.event}, {"script", h.script},
                                   {"status", h.status}, {"timed_out", h.timed_out}, {"output", h.output}});
      }
    }
    json.push_back(std::move(one));
  } else if (o.quiet) {
    std::printf("%s\n", report::summary_line(scenario, result).c_str());
    if (!determinism.empty()) std::printf("determinism: %s\n", determinism.c_str());
    std::printf("digest: %s\n", report::digest_text(result.digest).c_str());
  } else {
    std::fputs(report::header(scenario, result.seed, text).c_str(), stdout);
    std::fputs(report::timeline(scenario, sim.trace(), text).c_str(), stdout);
    if (!handlers.empty()) std::fputs(handlers_text(handled).c_str(), stdout);
    if (!determinism.empty()) std::printf("\ndeterminism: %s\n", determinism.c_str());
    std::fputs(report::verdict(scenario, result, &sim.trace(), text).c_str(), stdout);
  }
  if (!same_again) std::fprintf(stderr, "quorumlab: not deterministic: %s\n", determinism.c_str());
  std::fflush(stdout);
  return code;
}

}  // namespace

void add_run(CLI::App& app, Chosen& chosen) {
  auto o = std::make_shared<Options>();
  CLI::App* cmd = app.add_subcommand("run", "Run scenarios and tell what happened");
  cmd->add_option("file", o->files, "Scenario files, or names as `quorumlab list` shows them")->required()->option_text("FILE...");
  cmd->add_option("--seed", o->seed, "Decides all chance; without it: the file's seed")->option_text("N");
  cmd->add_option("--set", o->settings, "Change a value of the file, for example cluster.nodes=7")
      ->option_text("KEY=VALUE")
      ->allow_extra_args(false);
  cmd->add_option("--trace", o->trace, "Write the trace: JSON lines to a .jsonl, else binary (.qlt)")->option_text("OUT");
  cmd->add_option("--history", o->history,
                  "Draw what clients asked and were told: a page of HTML with every operation, the faults behind "
                  "them, and whether one order explains every answer (linearizability)")
      ->option_text("OUT.html");
  cmd->add_option("--handlers", o->handlers,
                  "Once the run is over, execute DIR's scripts for real for each event that agents told their handlers of")
      ->option_text("DIR");
  cmd->add_flag("--json", o->json, "Print the result as JSON");
  cmd->add_flag("-q,--quiet", o->quiet, "Print the verdict only");
  cmd->add_flag("-v,--verbose", o->verbose, "Print every record");
  cmd->add_flag("--check-determinism", o->check_determinism, "Run three times and compare every record");
  add_colour(*cmd, o->colour);
  cmd->callback([o, &chosen] {
    chosen = [o] {
      std::vector<script::Setting> settings;
      if (!parse_settings(o->settings, settings)) return kExitUsage;
      if (!o->trace.empty() && o->files.size() > 1) {
        std::fprintf(stderr, "quorumlab: --trace takes one file; %zu are given\n", o->files.size());
        return kExitUsage;
      }
      if (!o->history.empty() && o->files.size() > 1) {
        std::fprintf(stderr, "quorumlab: --history takes one file; %zu are given\n", o->files.size());
        return kExitUsage;
      }
      std::vector<std::string> handlers;
      if (!o->handlers.empty() && !find_handlers(o->handlers, handlers)) return kExitUsage;
      int code = 0;
      auto json = nlohmann::ordered_json::array();
      world::Simulation sim;
      for (std::size_t i = 0; i < o->files.size(); ++i) {
        if (i > 0 && !o->json && !o->quiet) std::puts("");
        code = worse(code, run_one(*o, find_scenario(o->files[i]), settings, handlers, sim, json));
        if (interrupted().load()) break;
      }
      if (o->json) std::puts((json.size() == 1 && o->files.size() == 1 ? json[0] : json)
                      .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                      .c_str());
      return code;
    };
  });
}

}  // namespace quorumlab::cli
