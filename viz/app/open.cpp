// Scenarios are run to their end before anything is shown.
#include "viz/app/open.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "sim/cli/cli.h"
#include "sim/report/text.h"
#include "sim/script/runner.h"
#include "sim/trace/file.h"

namespace quorumlab::viz {
namespace {

void take_timeouts(const raft::TimeoutPolicy& policy, Recording& out) {
  const bool ticks = policy.kind == raft::TimeoutPolicy::Kind::ticks;
  const std::int64_t least = policy.period.ns * policy.election_ticks;
  out.election_min_ns = ticks ? least : policy.election_min.ns;
  out.election_max_ns = ticks ? 2 * least - policy.period.ns : policy.election_max.ns;
}

// People know programs by other names than the network does.
void take_titles(const script::Scenario& scenario, Recording& out) {
  out.name = scenario.name;
  out.title = scenario.title.empty() ? scenario.name : scenario.title;
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
    if ((scenario.watched >> i & 1) != 0 && report::engine_runs(scenario, static_cast<judge::Checker>(i))) {
      out.checkers.push_back(static_cast<std::uint32_t>(i));
    }
  }
  take_timeouts(scenario.cluster.node.raft.timeouts, out);
  const auto& cluster = scenario.cluster;
  const std::size_t first = cluster.names.size() + cluster.clients;
  for (std::size_t i = 0; i < cluster.apps.size() && first + i < out.titles.size(); ++i) {
    if (!cluster.apps[i].app.title.empty()) out.titles[first + i] = cluster.apps[i].app.title;
  }
}

}  // namespace

int open_recording(const std::string& file, std::optional<std::uint64_t> seed, const std::vector<std::string>& settings,
                   Recording& out) {
  if (file.ends_with(".qlt")) {
    auto read = trace::read_file(file);
    if (!read) {
      std::fprintf(stderr, "quorumlab-viz: %s\n", read.error().text().c_str());
      return cli::kExitBadFile;
    }
    out.seed = read->info.seed;
    out.names = out.titles = read->info.names;
    out.title = file;
    out.trace = std::move(read->trace);
    script::Problems problems;
    const script::Scenario scenario = script::load_text(read->info.scenario, file, {}, problems);
    if (problems.empty()) take_titles(scenario, out);
    return 0;
  }
  std::vector<script::Setting> parsed;
  if (!cli::parse_settings(settings, parsed)) return cli::kExitUsage;
  script::Scenario scenario;
  if (!cli::load(cli::find_scenario(file), parsed, scenario)) return cli::kExitBadFile;
  world::Simulation sim;
  script::Runner runner(scenario);
  script::RunResult result;
  script::RunOptions options;
  options.seed = seed.value_or(scenario.seed);
  options.keep_trace = true;
  options.stop = &cli::interrupted();
  runner.run(sim, options, result);
  out.seed = options.seed;
  out.names = out.titles = scenario.cluster.host_names();
  out.trace = sim.trace();
  take_titles(scenario, out);
  return 0;
}

std::vector<Choice> shipped_scenarios() {
  std::vector<Choice> out;
  const auto folders = cli::scenario_folders();
  if (folders.empty()) return out;
  for (const cli::FoundScenario& found : cli::find_scenarios(folders.front())) {
    if (!found.good) continue;
    const script::Scenario& s = found.scenario;
    out.push_back({s.topic.empty() ? "other" : s.topic, s.name, s.title.empty() ? s.name : s.title, found.file});
  }
  // The talk comes first.
  std::stable_sort(out.begin(), out.end(), [](const Choice& a, const Choice& b) {
    return std::pair(a.topic != "talk", a.topic) < std::pair(b.topic != "talk", b.topic);
  });
  return out;
}

}  // namespace quorumlab::viz
