// Threads share a counter of seeds and nothing else; each reuses one simulation.
#include "sim/chaos/campaign.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "core/base/assert.h"
#include "sim/chaos/scenario_writer.h"
#include "sim/report/history.h"
#include "sim/script/loader.h"
#include "sim/trace/file.h"

namespace quorumlab::chaos {

void Totals::add(const SeedResult& r) {
  ++seeds;
  events += r.events;
  if (r.failed()) ++failures;
  if (r.verdict == SeedResult::Verdict::detected) ++detected;
  simulated_ns += r.end.ns;
  digest = mix(digest, r.digest);
  for (std::size_t i = 0; i < kFaultCount; ++i) fired[i] += r.fired[i];
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) checks[i] += r.checks[i];
  for (std::size_t i = 0; i < operations.size(); ++i) operations[i] += r.operations[i];
  for (std::size_t i = 0; i < kDrillCount; ++i) drills[i] += r.drills[i];
#define X(name, words) reached.name += r.reached.name;
  QUORUMLAB_REACHED(X)
#undef X
  undecided += r.undecided ? 1 : 0;
  leaders += r.leaders;
  snapshots_installed += r.snapshots_installed;
  configs_applied += r.configs_applied;
  restarts += r.restarts;
  refused_to_start += r.refused_to_start;
  packets_lost += r.packets_lost;
  packets_corrupt += r.packets_corrupt;
  writes_lost += r.writes_lost;
}

std::string replay_command(const Campaign& campaign, std::uint64_t seed) {
  return fmt::format("quorumlab fuzz --seeds 1 --seed {}{}{}", seed,
                     campaign.replay_arguments.empty() ? "" : " ", campaign.replay_arguments);
}

std::vector<SeedResult> run_seeds(const Campaign& campaign) {
  std::vector<SeedResult> results(static_cast<std::size_t>(campaign.seeds));
  for (SeedResult& result : results) result.verdict = SeedResult::Verdict::interrupted;
  std::atomic<std::uint64_t> taken{0}, finished{0};
  const auto stopped = [&] {
    return campaign.stop != nullptr && campaign.stop->load(std::memory_order_relaxed);
  };
  const auto work = [&] {
    world::Simulation sim;
    SeedRun run(campaign.options);
    for (;;) {
      const std::uint64_t i = taken.fetch_add(1);
      if (i >= campaign.seeds || stopped()) break;
      const std::uint64_t seed = campaign.first_seed + i;
      run.set_context("replay: " + replay_command(campaign, seed));
      SeedResult& result = results[static_cast<std::size_t>(i)];
      run.run(sim, seed, false, campaign.stop, result);
      finished.fetch_add(1);
    }
    set_assertion_context(nullptr);
  };
  const std::uint32_t jobs = campaign.jobs == 0 ? 1 : campaign.jobs;
  std::vector<std::thread> threads;
  threads.reserve(jobs);
  std::atomic<std::uint32_t> running{jobs};
  for (std::uint32_t i = 0; i < jobs; ++i) {
    threads.emplace_back([&] {
      work();
      running.fetch_sub(1);
    });
  }
  while (running.load() != 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    if (campaign.progress) campaign.progress(finished.load());
  }
  for (std::thread& thread : threads) thread.join();
  return results;
}

Outcome gather(std::vector<SeedResult> results) {
  Outcome outcome;
  for (SeedResult& result : results) {
    if (result.verdict == SeedResult::Verdict::interrupted) {
      outcome.interrupted = true;
      continue;
    }
    outcome.totals.add(result);
    if (result.undecided && outcome.undecided.size() < 10) outcome.undecided.push_back(result.seed);
    if (result.failed()) {
      outcome.failures.push_back(std::move(result));
    } else if (result.verdict == SeedResult::Verdict::detected && outcome.detected.size() < 10) {
      outcome.detected.push_back(std::move(result));
    }
  }
  return outcome;
}

Outcome run_campaign(const Campaign& campaign) { return gather(run_seeds(campaign)); }

// Whether runs on this system give the checker anything to look at.
static bool is_asked_for(judge::Checker checker, System system) {
  using judge::Checker;
  if (judge::judges_autopilot(checker)) return false;
  if (system == System::own) return checker == Checker::linearizability;
  if (judge::judges_gossip(checker) || system == System::serf) {
    return judge::judges_gossip(checker) && system == System::serf;
  }
  if (system == System::raft) return !judge::judges_programs(checker) && !judge::judges_store(checker);
  // Requests over HTTP go through the log, reads as well: judged by what clients were told.
  return checker != Checker::read_freshness && checker != Checker::exactly_once &&
         checker != Checker::read_authority && checker != Checker::configuration;
}

std::string worthless(const Campaign& campaign, const Totals& totals) {
  if (totals.seeds == 0) return "no seed was run";
  if (totals.events == 0) return "nothing happened";
  std::uint64_t fired = 0, asked = 0;
  for (const std::uint64_t n : totals.fired) fired += n;
  for (const std::uint64_t n : totals.operations) asked += n;
  // A single seed may have drawn a calm world or a cluster of one; many may not.
  const bool many = totals.seeds >= 20;
  if (fired == 0 && many) return "no fault was fired";
  if (asked == 0) return "no client asked for anything";
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
    const auto checker = static_cast<judge::Checker>(i);
    // What a damaged disk leads to can be checked only where disks are damaged.
    if (checker == judge::Checker::lying_disk_noticed) continue;
    if (!is_asked_for(checker, campaign.options.system)) continue;
    if (totals.checks[i] == 0 && many && totals.failures == 0 && campaign.options.beyond.empty()) {
      return fmt::format("the checker {} compared nothing", judge::checker_name(checker));
    }
  }
  if (many && campaign.options.beyond.empty()) {
    for (std::size_t i = 0; i < kFaultCount; ++i) {
      const auto kind = static_cast<FaultKind>(i);
      if (totals.fired[i] == 0 && !is_beyond_model(kind) && totals.seeds >= 100 &&
          !campaign.options.base) {
        return fmt::format("no fault of the kind {} was fired", fault_name(kind));
      }
    }
  }
  if (totals.seeds >= 100 && totals.failures == 0 && campaign.options.beyond.empty() &&
      !campaign.options.base) {
    if (campaign.options.system == System::raft) {
#define X(name, words) \
  if (totals.reached.name == 0) return "never came by: " words;
      QUORUMLAB_REACHED(X)
#undef X
    }
    if (totals.snapshots_installed == 0 && campaign.options.system != System::serf && campaign.options.system != System::own) return "no snapshot was installed";
    for (std::size_t i = 0; i < kDrillCount; ++i) {
      if (totals.drills[i] != 0 || !is_drilled(static_cast<Drill>(i), campaign.options.system)) continue;
      return fmt::format("never drilled: {}", drill_name(static_cast<Drill>(i)));
    }
  }
  if (many && !campaign.options.beyond.empty() && totals.detected == 0) {
    return "faults beyond the model were fired, and none was noticed";
  }
  return {};
}

namespace {

Result<std::string> write_text(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return error(path, "cannot be written");
  const bool whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) != 0 || !whole) return error(path, "could not be written whole");
  return path;
}

}  // namespace

Result<std::string> leave_failure(const Campaign& campaign, const SeedResult& failure,
                                  const std::string& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) return error(folder, "cannot be made: " + code.message());
  world::Simulation sim;
  SeedRun run(campaign.options);
  SeedResult again;
  run.run(sim, failure.seed, true, nullptr, again);
  const std::string scenario =
      write_scenario(run.profile().cluster, failure.seed, run.happenings(), failure.reason);
  const std::string stem = fmt::format("{}/seed-{}", folder, failure.seed);
  const std::string path = stem + ".scenario.json";
  if (auto written = write_text(path, scenario); !written) return written;
  auto page = report::make_history_page(fmt::format("Seed {}", failure.seed), failure.reason, sim);
  page.replay = replay_command(campaign, failure.seed);
  if (auto written = write_text(stem + ".history.html", report::html(page)); !written) return written;
  trace::FileInfo info;
  info.scenario = scenario;
  info.seed = failure.seed;
  info.digest = sim.digest().value();
  info.digest_version = trace::kDigestVersion;
  info.names = run.profile().cluster.host_names();
  if (const auto written = trace::write_file(stem + ".qlt", info, sim.trace()); !written) {
    return tl::unexpected<Error>(written.error());
  }
  if (again.digest != failure.digest) {
    return error(path, "the seed did not repeat: its digest differed the second time");
  }
  return path;
}

}  // namespace quorumlab::chaos
