// quorumlab sweep FILE: one scenario over many seeds, in threads that share nothing, and what one
// measure looks like over them.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <thread>

#include "sim/cli/cli.h"
#include "sim/cli/measure.h"
#include "sim/cli/sweep.h"
#include "sim/report/text.h"
#include "sim/script/quantity.h"

namespace quorumlab::cli {
namespace {

struct Options {
  std::string file, measure = "time_to_leader", since, csv;
  std::vector<std::string> settings;
  std::uint64_t seeds = 1000, first = 1;
  unsigned jobs = 0;
  bool quiet = false;
};

// Milliseconds with six decimals, or the count.
std::string shown(std::int64_t value, bool is_time) {
  if (!is_time) return std::to_string(value);
  const std::string rest = std::to_string(1'000'000 + value % 1'000'000).substr(1);
  return std::to_string(value / 1'000'000) + "." + rest;
}

std::string shown(double value, bool is_time) {
  char text[64];
  std::snprintf(text, sizeof text, is_time ? "%.3f" : "%.3f", is_time ? value / 1e6 : value);
  return text;
}

std::vector<SweepOutcome> run_all(const script::Scenario& scenario, const Options& o, const MeasureInfo& info) {
  Sweep sweep{scenario, info, o.since, o.first, o.seeds, o.jobs, &interrupted(), {}};
  Progress progress;
  sweep.progress = [&](std::uint64_t n) {
    progress.show([&] {
      const std::size_t filled = n * 40 / o.seeds;
      return "[" + std::string(filled, '#') + std::string(40 - filled, ' ') + "] " + report::grouped(n) + " of " +
             report::grouped(o.seeds) + " seeds";
    });
  };
  return run_sweep(sweep);
}

bool write_csv(const Options& o, const MeasureInfo& info, const std::vector<SweepOutcome>& outcomes) {
  std::FILE* out = o.csv == "-" ? stdout : std::fopen(o.csv.c_str(), "wb");
  if (out == nullptr) {
    std::fprintf(stderr, "quorumlab: %s: cannot be written\n", o.csv.c_str());
    return false;
  }
  std::fputs("seed,value\n", out);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].done) continue;
    std::fprintf(out, "%s,%s\n", std::to_string(o.first + i).c_str(),
                 outcomes[i].value ? shown(*outcomes[i].value, info.is_time).c_str() : "");
  }
  const bool good = std::ferror(out) == 0;
  return (out == stdout || std::fclose(out) == 0) && good;
}

void print_statistics(const Options& o, const MeasureInfo& info, const std::vector<SweepOutcome>& outcomes) {
  std::vector<std::int64_t> values;
  std::uint64_t without = 0;
  for (const SweepOutcome& x : outcomes) {
    if (x.done && x.value) values.push_back(*x.value);
    if (x.done && !x.value) ++without;
  }
  std::sort(values.begin(), values.end());
  std::printf("%s%s: %s%s\n", info.name, info.is_time ? " (ms)" : "", info.meaning,
              o.since.empty() ? "" : (", from the bookmark \"" + o.since + "\"").c_str());
  std::printf("  values  %s\n", report::grouped(values.size()).c_str());
  if (without > 0) std::printf("  none    %s\n", report::grouped(without).c_str());
  if (values.empty()) return;
  double sum = 0;
  for (const std::int64_t v : values) sum += static_cast<double>(v);
  const double mean = sum / static_cast<double>(values.size());
  double squares = 0;
  for (const std::int64_t v : values) squares += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean);
  const double deviation = values.size() < 2 ? 0 : std::sqrt(squares / static_cast<double>(values.size() - 1));
  std::printf("  mean    %s\n", shown(mean, info.is_time).c_str());
  std::printf("  std     %s\n", shown(deviation, info.is_time).c_str());
  std::printf("  min     %s\n", shown(values.front(), info.is_time).c_str());
  // Nearest rank: the smallest value that so many per mille of all do not exceed.
  for (const int permille : {10, 50, 100, 250, 500, 750, 900, 950, 990, 999}) {
    const std::size_t rank = (values.size() * static_cast<std::size_t>(permille) + 999) / 1000;
    char name[16];
    std::snprintf(name, sizeof name, permille % 10 == 0 ? "p%d" : "p%d.%d", permille / 10, permille % 10);
    std::printf("  %-6s  %s\n", name, shown(values[rank == 0 ? 0 : rank - 1], info.is_time).c_str());
  }
  std::printf("  max     %s\n", shown(values.back(), info.is_time).c_str());
}

// Answers the worst exit code, and prints how the runs ended.
int print_verdicts(const Options& o, const std::string& file, const std::vector<SweepOutcome>& outcomes) {
  std::uint64_t counts[4] = {}, examples[4] = {};
  for (std::size_t i = outcomes.size(); i-- > 0;) {
    const SweepOutcome& x = outcomes[i];
    if (!x.done || x.verdict == script::Verdict::interrupted) continue;
    ++counts[static_cast<int>(x.verdict)];
    examples[static_cast<int>(x.verdict)] = o.first + i;
  }
  std::printf("runs: %s held", report::grouped(counts[0]).c_str());
  for (const int code : {2, 1, 3}) {
    if (counts[code] == 0) continue;
    std::printf(", %s %s", report::grouped(counts[code]).c_str(),
                std::string(script::verdict_word(static_cast<script::Verdict>(code))).c_str());
  }
  std::puts("");
  int exit_code = 0;
  for (const int code : {2, 1, 3}) {
    if (counts[code] == 0) continue;
    std::printf("  %s: %s\n", std::string(script::verdict_word(static_cast<script::Verdict>(code))).c_str(),
                replay_command(file, examples[code], o.settings).c_str());
    if (exit_code == 0) exit_code = code;
  }
  return exit_code;
}

int sweep(Options o) {
  std::vector<script::Setting> settings;
  if (!parse_settings(o.settings, settings)) return kExitUsage;
  const MeasureInfo* info = find_measure(o.measure);
  if (info == nullptr) {
    std::vector<std::string> names;
    for (const MeasureInfo& m : measures()) names.emplace_back(m.name);
    const std::string near = script::nearest(o.measure, names);
    std::fprintf(stderr, "quorumlab: there is no measure \"%s\"%s\n", o.measure.c_str(),
                 near.empty() ? "; see quorumlab sweep --help" : ("; did you mean \"" + near + "\"?").c_str());
    return kExitUsage;
  }
  const std::string file = find_scenario(o.file);
  script::Scenario scenario;
  if (!load(file, settings, scenario)) return kExitBadFile;
  std::vector<std::string> bookmarks;
  for (const script::Step& step : scenario.timeline) {
    if (!step.bookmark.empty()) bookmarks.push_back(step.bookmark);
  }
  if (!o.since.empty() && std::find(bookmarks.begin(), bookmarks.end(), o.since) == bookmarks.end()) {
    const std::string near = script::nearest(o.since, bookmarks);
    std::fprintf(stderr, "quorumlab: %s has no bookmark \"%s\"%s\n", file.c_str(), o.since.c_str(),
                 near.empty() ? "" : ("; did you mean \"" + near + "\"?").c_str());
    return kExitUsage;
  }
  if (o.jobs == 0) o.jobs = std::max(1u, std::thread::hardware_concurrency());
  const std::vector<SweepOutcome> outcomes = run_all(scenario, o, *info);
  if (!o.csv.empty() && !write_csv(o, *info, outcomes)) return kExitUsage;
  const auto done = static_cast<std::uint64_t>(std::count_if(outcomes.begin(), outcomes.end(), [](const SweepOutcome& x) { return x.done; }));
  int code = 0;
  if (o.csv != "-") {
    std::printf("%s: %s seeds from %s on\n", scenario.name.c_str(), report::grouped(done).c_str(), std::to_string(o.first).c_str());
    if (!o.quiet) print_statistics(o, *info, outcomes);
    code = print_verdicts(o, file, outcomes);
  } else {
    for (const SweepOutcome& x : outcomes) code = std::max(code, x.done ? static_cast<int>(x.verdict) : 0);
  }
  if (done < o.seeds) {
    std::fprintf(stderr, "quorumlab: interrupted after %s of %s seeds\n", report::grouped(done).c_str(), report::grouped(o.seeds).c_str());
    return kExitInterrupted;
  }
  return code;
}

}  // namespace

void add_sweep(CLI::App& app, Chosen& chosen) {
  auto o = std::make_shared<Options>();
  CLI::App* cmd = app.add_subcommand("sweep", "Run a scenario over many seeds and measure");
  cmd->add_option("file", o->file, "A scenario file, or a name as `quorumlab list` shows it")->required()->option_text("FILE");
  cmd->add_option("--seeds", o->seeds, "How many seeds")->check(CLI::Range(std::uint64_t{1}, std::uint64_t{100'000'000}))->option_text("N");
  cmd->add_option("--first", o->first, "The first seed")->option_text("S");
  cmd->add_option("--jobs,-j", o->jobs, "Threads; without it: one for each core")->check(CLI::Range(1u, 1024u))->option_text("N");
  cmd->add_option("--measure,-m", o->measure, "What to measure, see below")->option_text("NAME");
  cmd->add_option("--since", o->since, "Measure from the step with this bookmark on")->option_text("BOOKMARK");
  cmd->add_option("--set", o->settings, "Change a value of the file")->option_text("KEY=VALUE")->allow_extra_args(false);
  cmd->add_option("--csv", o->csv, "Write seed,value lines; - for standard output")->option_text("OUT");
  cmd->add_flag("-q,--quiet", o->quiet, "Print only how the runs ended");
  std::string footer = "Measures:\n";
  for (const MeasureInfo& m : measures()) {
    footer += std::string("  ") + m.name + std::string(22 - std::string_view(m.name).size(), ' ') + m.meaning + (m.is_time ? " (ms)" : "") + "\n";
  }
  cmd->footer(footer + "A run ends as soon as its measure is known; to judge whole runs, measure `duration`.\n");
  cmd->callback([o, &chosen] { chosen = [o] { return sweep(*o); }; });
}

}  // namespace quorumlab::cli
