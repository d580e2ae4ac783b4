// quorumlab fuzz [BASE.json]: random faults against the engine, all checkers on, then a healed
// cluster that must make progress. Fails when anything failed, and when it proved nothing.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <thread>

#include "sim/chaos/arguments.h"
#include "sim/chaos/campaign.h"
#include "sim/cli/cli.h"

namespace quorumlab::cli {
namespace {

struct FuzzOptions {
  std::string base, system = "raft";
  std::uint64_t seeds = 100;
  std::uint64_t first = 1;
  std::uint32_t jobs = 0;
  std::vector<std::string> rules_off, beyond, settings;
  std::string out = "out/fuzz";
  std::uint64_t leave = 10;
};

template <class Names>
void print_counts(const char* title, std::size_t count, Names names, const std::uint64_t* numbers,
                  bool with_zero) {
  std::string line;
  for (std::size_t i = 0; i < count; ++i) {
    if (numbers[i] == 0 && !with_zero) continue;
    line += fmt::format("{}{} {}", line.empty() ? "" : ", ", names(i), numbers[i]);
  }
  fmt::print("{}: {}\n", title, line.empty() ? "none" : line);
}

void print_totals(const chaos::Totals& t) {
  fmt::print("seeds: {}, events: {}, simulated: {:.1f} s\n", t.seeds, t.events,
             static_cast<double>(t.simulated_ns) / 1e9);
  print_counts(
      "faults fired", chaos::kFaultCount,
      [](std::size_t i) { return chaos::fault_name(static_cast<chaos::FaultKind>(i)); },
      t.fired.data(), false);
  print_counts(
      "checks made", judge::kCheckerCount,
      [](std::size_t i) { return judge::checker_name(static_cast<judge::Checker>(i)); },
      t.checks.data(), true);
  static constexpr const char* kOutcomes[] = {"pending", "accepted", "not found", "refused",
                                              "timed out"};
  print_counts(
      "operations", t.operations.size(), [](std::size_t i) { return kOutcomes[i]; },
      t.operations.data(), true);
  fmt::print(
      "reached: leaders {}, restarts {}, packets lost {}, damaged packets thrown away {}, writes "
      "lost {}, "
      "snapshots installed {}, configurations applied {}, refused to start {}\n",
      t.leaders, t.restarts, t.packets_lost, t.packets_corrupt, t.writes_lost,
      t.snapshots_installed, t.configs_applied, t.refused_to_start);
  std::string came_by;
#define X(name, words) \
  came_by += fmt::format("{}" words " {}", came_by.empty() ? "" : ", ", t.reached.name);
  QUORUMLAB_REACHED(X)
#undef X
  fmt::print("came by: {}\n", came_by);
  print_counts(
      "drilled in calm", chaos::kDrillCount,
      [](std::size_t i) { return chaos::drill_name(static_cast<chaos::Drill>(i)); },
      t.drills.data(), true);
}

// Fills the campaign from the arguments; answers an exit code, or -1 to go on.
int prepare(const FuzzOptions& o, chaos::Campaign& campaign) {
  campaign.first_seed = o.first;
  campaign.seeds = o.seeds;
  campaign.jobs = o.jobs != 0 ? o.jobs : std::max(1u, std::thread::hardware_concurrency());
  campaign.stop = &interrupted();
  if (const auto chosen = chaos::choose({o.system, o.rules_off, o.beyond}, campaign); !chosen) {
    fmt::print(stderr, "quorumlab fuzz: {}\n", chosen.error().text());
    return kExitUsage;
  }
  if (!o.base.empty()) {
    std::vector<script::Setting> settings;
    if (!parse_settings(o.settings, settings)) return kExitUsage;
    script::Scenario scenario;
    const std::string file = find_scenario(o.base);
    if (!load(file, settings, scenario)) return kExitBadFile;
    if (const auto taken = chaos::take_base(scenario, o.base, campaign); !taken) {
      fmt::print(stderr, "quorumlab fuzz: {}\n", taken.error().text());
      return kExitUsage;
    }
    std::string& replay = campaign.replay_arguments;
    replay += (replay.empty() ? "" : " ") + shell_quoted(file);
    for (const std::string& setting : o.settings) replay += " --set " + shell_quoted(setting);
  }
  return -1;
}

int fuzz(const FuzzOptions& o) {
  chaos::Campaign campaign;
  if (const int code = prepare(o, campaign); code >= 0) return code;
  Progress progress;
  campaign.progress = [&](std::uint64_t finished) {
    progress.show([&] { return fmt::format("fuzz: {} of {} seeds", finished, campaign.seeds); });
  };
  chaos::Outcome outcome = chaos::run_campaign(campaign);
  progress.clear();
  print_totals(outcome.totals);
  for (const chaos::SeedResult& seen : outcome.detected) {
    fmt::print("noticed: seed {}: {}\n", seen.seed,
               seen.reason.empty() ? "a node refused to start" : seen.reason);
  }
  std::uint64_t left = 0;
  for (const chaos::SeedResult& failure : outcome.failures) {
    fmt::print("FAILED seed {}: {}: {}\n  replay: {}\n", failure.seed,
               chaos::verdict_name(failure.verdict), failure.reason,
               chaos::replay_command(campaign, failure.seed));
    if (left >= o.leave) continue;
    ++left;
    const auto path = chaos::leave_failure(campaign, failure, o.out);
    if (path) {
      fmt::print("  or:     {}\n", cli::replay_command(*path, failure.seed, {}));
    } else {
      fmt::print(stderr, "quorumlab fuzz: {}\n", path.error().text());
    }
  }
  fmt::print("digest: {:016x}\n", outcome.totals.digest);
  if (!outcome.failures.empty()) {
    fmt::print("{} of {} seeds failed\n", outcome.failures.size(), outcome.totals.seeds);
    for (const chaos::SeedResult& failure : outcome.failures) {
      if (failure.verdict == chaos::SeedResult::Verdict::violated) return 2;
    }
    return 3;
  }
  if (outcome.interrupted) return kExitInterrupted;
  if (const std::string why = chaos::worthless(campaign, outcome.totals); !why.empty()) {
    fmt::print("this proves nothing: {}\n", why);
    return 1;
  }
  if (outcome.totals.undecided != 0) {
    fmt::print("undecided in {} of {} seeds ({}{}): whether the clients' answers have an order; all else held\n",
               outcome.totals.undecided, outcome.totals.seeds, fmt::join(outcome.undecided, ", "),
               outcome.undecided.size() < outcome.totals.undecided ? ", ..." : "");
    // The search is given up now and then where many requests were never answered.
    constexpr std::uint64_t kOneIn = 200;
    return outcome.totals.undecided * kOneIn > outcome.totals.seeds ? 1 : 0;
  }
  fmt::print("all held\n");
  return 0;
}

}  // namespace

void add_fuzz(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<FuzzOptions>();
  CLI::App* cmd = app.add_subcommand(
      "fuzz", "Random faults, every checker on, then a healed cluster must make progress");
  cmd->add_option("base", options->base,
                  "Take the cluster from this scenario instead of drawing it")
      ->option_text("[BASE.json]");
  cmd->add_option("--system", options->system,
                  "What the nodes run: raft, the engine and a map; or etcd, the engine and the etcd store, "
                  "with requests over HTTP and programs that elect, lock and hand an address over; or serf, agents "
                  "that gossip, and commands to them")
      ->check(CLI::IsMember({"raft", "etcd", "serf"}))
      ->capture_default_str();
  cmd->add_option("--seeds", options->seeds, "How many seeds")->capture_default_str();
  cmd->add_option("--seed", options->first, "The first one")->capture_default_str();
  cmd->add_option("--jobs,-j", options->jobs, "Threads; 0: one for each core")
      ->capture_default_str();
  cmd->add_option("--rule-off", options->rules_off, "Switch a safety rule off on every node: one of Raft's, of the store's, or of serf's")
      ->option_text("RULE")
      ->take_all();
  cmd->add_option(
         "--beyond", options->beyond,
         "Also fire a fault beyond Raft's model: wipe, lying_disk, rot, wild_clock; then being "
         "noticed counts, not survival")
      ->option_text("FAULT")
      ->take_all();
  cmd->add_option("--set", options->settings, "Change a value of BASE.json")
      ->option_text("KEY=VALUE")
      ->take_all();
  cmd->add_option("--out", options->out, "Folder for scenarios, traces and pictures (seed-N.history.html) of failures")
      ->capture_default_str();
  cmd->add_option("--leave", options->leave, "Of how many failures at most")->capture_default_str();
  cmd->callback([options, &chosen] { chosen = [options] { return fuzz(*options); }; });
}

}  // namespace quorumlab::cli
