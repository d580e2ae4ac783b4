// quorumlab report FILE: a run as a page, a picture, or a file for another tool. FILE is a trace, or a
// scenario, which is run first.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/cli/cli.h"
#include "sim/report/exports.h"
#include "sim/report/place.h"
#include "sim/report/text.h"
#include "sim/trace/file.h"

namespace quorumlab::cli {
namespace {

struct Format {
  const char* option;
  const char* what;
  const char* ending;
  std::string (*make)(const report::Subject&, const report::Chart&);
};
constexpr Format kFormats[] = {
    {"--html", "A page that needs nothing else: space-time diagram, availability, why each event came to be, operations, verdict", ".html", report::run_html},
    {"--svg", "The space-time diagram as a picture", ".svg", report::svg},
    {"--perfetto", "Trace-event JSON, for ui.perfetto.dev and speedscope", ".json", report::perfetto},
    {"--shiviz", "A log with vector clocks, for ShiViz", ".log", report::shiviz},
    {"--mermaid", "A sequence diagram for Markdown", ".mmd", report::mermaid},
};

struct Options {
  std::string file, out, from, to;
  std::vector<std::string> settings;
  std::optional<std::uint64_t> seed;
  bool chosen[std::size(kFormats)] = {};
  bool background = false;
  std::size_t most = 10'000;
};

// A run, wherever it came from.
struct Run {
  report::Subject subject;
  world::Simulation sim;
  trace::File file;
};

void describe(const script::Scenario& s, report::Subject& subject) {
  subject.title = s.title.empty() ? s.name : s.title;
  subject.description = s.description;
  subject.names = s.cluster.host_names();
  subject.servers = static_cast<std::uint32_t>(s.cluster.names.size());
  subject.clients = s.cluster.clients;
}

// The command that repeats a trace's run, if its scenario is found: beside it, or among those shipped.
std::string replay_of(const std::string& trace_file, const trace::FileInfo& info, const script::Scenario& scenario) {
  const std::string stem = trace_file.substr(0, trace_file.size() - std::string_view(".qlt").size());
  for (const std::string& path : {stem + ".scenario.json", find_scenario(scenario.name)}) {
    if (!info.scenario.empty() && read_whole(path) == info.scenario) return replay_command(path, info.seed, {}) + "  # and --set as it was then, if it was: a trace does not keep that";
  }
  return {};
}

bool open_trace(const Options& o, Run& run) {
  auto file = trace::read_file(o.file);
  if (!file) {
    std::fprintf(stderr, "quorumlab: %s\n", file.error().text().c_str());
    return false;
  }
  run.file = std::move(*file);
  script::Problems problems;
  const script::OwnNodes looked_at;
  const script::Scenario scenario = script::load_text(run.file.info.scenario, o.file, {}, problems, &looked_at);
  if (problems.empty()) {
    describe(scenario, run.subject);
    run.subject.replay = replay_of(o.file, run.file.info, scenario);
  } else {
    run.subject.title = o.file;
    run.subject.servers = static_cast<std::uint32_t>(run.file.info.names.size());
  }
  run.subject.names = run.file.info.names;
  run.subject.seed = run.file.info.seed;
  run.subject.digest = run.file.info.digest;
  run.subject.trace = &run.file.trace;
  const report::Ending ending = report::ending_of(run.file.trace, run.file.info.names, problems.empty() ? &scenario : nullptr);
  run.subject.held = ending.held;
  run.subject.verdict = ending.verdict;
  run.subject.account = ending.account;
  return true;
}

bool run_scenario(const Options& o, const std::string& path, const std::vector<script::Setting>& settings, Run& run) {
  script::Scenario scenario;
  if (!load(path, settings, scenario)) return false;
  script::RunOptions options;
  options.seed = o.seed.value_or(scenario.seed);
  options.stop = &interrupted();
  options.keep_trace = true;
  script::RunResult result;
  script::Runner(scenario).run(run.sim, options, result);
  describe(scenario, run.subject);
  run.subject.seed = result.seed;
  run.subject.digest = result.digest;
  run.subject.replay = replay_command(path, result.seed, o.settings);
  run.subject.trace = &run.sim.trace();
  run.subject.held = result.verdict == script::Verdict::held;
  run.subject.verdict = std::string(script::verdict_word(result.verdict));
  if (run.subject.held && scenario.expect_violation) run.subject.verdict += " (the violation came, as expected)";
  run.subject.account = report::verdict(scenario, result, &run.sim.trace(), {});
  return true;
}

// Since the start; whether it is that of a bookmark.
struct Moment {
  std::int64_t ns = 0;
  bool bookmark = false;
};

std::optional<Moment> moment(const std::string& text, const trace::Trace& trace) {
  std::vector<std::string_view> bookmarks;
  std::vector<std::int64_t> times;
  for (trace::RecordId id = 1; id <= trace.size(); ++id) {
    const trace::Record& r = trace[id];
    if (!r.is(trace::WorldFact::bookmark)) continue;
    bookmarks.push_back(trace.text_at(r.b));
    times.push_back(r.time_ns);
  }
  if (const auto found = report::find_place(bookmarks, text)) return Moment{times[*found], true};
  if (const auto ns = report::parse_time(text)) return Moment{*ns, false};
  std::string known;
  for (const std::string_view bookmark : bookmarks) known += "\n  " + std::string(bookmark);
  std::fprintf(stderr, "quorumlab: \"%s\" is neither a time, for example 2.5s, nor one bookmark of this run%s%s\n", text.c_str(),
               known.empty() ? "; it has none" : "; they are:", known.c_str());
  return std::nullopt;
}

const Format* format_of(const Options& o) {
  const Format* chosen = nullptr;
  for (std::size_t i = 0; i < std::size(kFormats); ++i) {
    if (!o.chosen[i] && (o.out.empty() || !o.out.ends_with(kFormats[i].ending))) continue;
    if (o.chosen[i]) return &kFormats[i];
    if (chosen == nullptr) chosen = &kFormats[i];
  }
  return chosen;
}

int write(const std::string& text, const std::string& path) {
  std::FILE* out = path.empty() ? stdout : std::fopen(path.c_str(), "wb");
  const bool whole = out != nullptr && std::fwrite(text.data(), 1, text.size(), out) == text.size();
  if (out != nullptr && (path.empty() ? std::fflush(out) : std::fclose(out)) == 0 && whole) return 0;
  std::fprintf(stderr, "quorumlab: %s: cannot be written\n", path.empty() ? "standard output" : path.c_str());
  return kExitUsage;
}

int make_report(const Options& o) {
  if (std::count(std::begin(o.chosen), std::end(o.chosen), true) > 1) {
    std::fputs("quorumlab: one format at a time: --html, --svg, --perfetto, --shiviz or --mermaid\n", stderr);
    return kExitUsage;
  }
  const Format* format = format_of(o);
  if (format == nullptr) {
    std::fputs("quorumlab: what shall it be: --html, --svg, --perfetto, --shiviz or --mermaid?\n", stderr);
    return kExitUsage;
  }
  if (o.file.ends_with(".jsonl")) {
    std::fputs("quorumlab: JSON lines are an export and cannot be read back; write the trace to a .qlt\n", stderr);
    return kExitUsage;
  }
  std::vector<script::Setting> settings;
  if (!parse_settings(o.settings, settings)) return kExitUsage;
  Run run;
  const bool is_trace = o.file.ends_with(".qlt");
  if (is_trace && (o.seed || !o.settings.empty())) {
    std::fputs("quorumlab: a trace is over: --seed and --set need a scenario\n", stderr);
    return kExitUsage;
  }
  if (!(is_trace ? open_trace(o, run) : run_scenario(o, find_scenario(o.file), settings, run))) return kExitBadFile;

  report::ChartOptions options;
  options.background = o.background;
  options.most = o.most;
  for (const auto& [text, ns] : {std::pair{&o.from, &options.from_ns}, {&o.to, &options.to_ns}}) {
    if (text->empty()) continue;
    const auto at = moment(*text, *run.subject.trace);
    if (!at) return kExitUsage;
    // A stretch up to a bookmark ends before it.
    *ns = text == &o.to && at->bookmark ? at->ns - 1 : at->ns;
  }
  if (options.from_ns >= options.to_ns) {
    std::fputs("quorumlab: --from must come before --to\n", stderr);
    return kExitUsage;
  }
  const report::Chart chart = report::make_chart(run.subject, options);
  if (chart.last == 0) {
    std::fputs("quorumlab: nothing happened in that stretch of time\n", stderr);
    return kExitUsage;
  }
  if (chart.left_out_points + chart.left_out_arrows > 0) {
    std::fprintf(stderr, "quorumlab: %s\n", report::left_out(chart).c_str());
  }
  return write(format->make(run.subject, chart), o.out);
}

}  // namespace

void add_report(CLI::App& app, Chosen& chosen) {
  auto o = std::make_shared<Options>();
  CLI::App* cmd = app.add_subcommand("report", "A run as a page, a picture, or a file for another tool");
  cmd->add_option("file", o->file, "A trace (.qlt), or a scenario, which is run first")->required()->option_text("FILE");
  for (std::size_t i = 0; i < std::size(kFormats); ++i) {
    cmd->add_flag(kFormats[i].option, o->chosen[i], kFormats[i].what);
  }
  cmd->add_option("-o,--out", o->out, "Write here; without it, to standard output")->option_text("OUT");
  cmd->add_option("--from", o->from, "Begin at this time or bookmark, for example 2.5s or \"slide 21\"")->option_text("TIME|BOOKMARK");
  cmd->add_option("--to", o->to, "End at this time or before this bookmark")->option_text("TIME|BOOKMARK");
  cmd->add_flag("--background", o->background, "Draw heartbeats, probes and gossip, too");
  cmd->add_option("--most", o->most, "Draw so many events and messages at most")->capture_default_str()->option_text("N");
  cmd->add_option("--seed", o->seed, "Of a scenario: decides all chance")->option_text("N");
  cmd->add_option("--set", o->settings, "Of a scenario: change a value, for example cluster.nodes=7")
      ->option_text("KEY=VALUE")
      ->allow_extra_args(false);
  cmd->callback([o, &chosen] { chosen = [o] { return make_report(*o); }; });
}

}  // namespace quorumlab::cli
