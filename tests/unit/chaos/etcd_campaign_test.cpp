// Campaigns on etcd clusters: they hold, come out as scenarios that repeat themselves, and find what they
// are for.
#include "tests/unit/chaos/campaigns.h"

namespace quorumlab::chaos {
namespace {

using judge::Checker;

Options etcd_options() { return options_for(System::etcd); }

TEST_CASE("a campaign on etcd holds, and says what it did", "[chaos]") {
  Campaign campaign;
  campaign.options = etcd_options();
  campaign.seeds = 120;
  const Outcome outcome = run_campaign(campaign);
  for (const SeedResult& failure : outcome.failures) {
    FAIL_CHECK("seed " << failure.seed << ": " << failure.reason);
  }
  CHECK(outcome.totals.seeds == 120);
  CHECK(outcome.totals.undecided == 0);
  CHECK(worthless(campaign, outcome.totals) == "");
  Totals idle = outcome.totals;
  idle.drills[static_cast<std::size_t>(Drill::holder)] = 0;
  CHECK(worthless(campaign, idle) == "never drilled: holder");
  idle.checks[static_cast<std::size_t>(Checker::mutual_exclusion)] = 0;
  CHECK(worthless(campaign, idle) == "the checker mutual_exclusion compared nothing");
}

TEST_CASE("profiles of etcd clusters are within what was asked for", "[chaos]") {
  std::size_t programs = 0, largest = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Profile profile = draw_profile(seed, etcd_options());
    REQUIRE(profile.cluster.node.run_kv);
    REQUIRE(profile.cluster.names.size() <= 5);
    REQUIRE(profile.cluster.node.kv.server.members.size() == profile.cluster.names.size());
    largest = std::max(largest, profile.cluster.names.size());
    programs += profile.cluster.apps.size();
    for (const world::AppHost& host : profile.cluster.apps) {
      REQUIRE(host.app.id.value > profile.cluster.names.size() + profile.cluster.clients);
      REQUIRE_FALSE(host.app.servers.empty());
    }
  }
  CHECK(largest == 5);
  CHECK(programs > 200);
}

TEST_CASE("a run on etcd left as a scenario repeats itself to the last bit", "[chaos]") {
  world::Simulation sim;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Options options = etcd_options();
    if (seed % 5 == 0) options.beyond = {FaultKind::wipe, FaultKind::rot};
    if (seed % 7 == 0) options.kv_rules_off = {kv::Rule::sessions_apply_once, kv::Rule::read_at_apply};
    check_repeats_itself(sim, options, seed);
  }
}

TEST_CASE("canaries: fuzzing finds rules of the store that are switched off", "[chaos]") {
  using kv::Rule;
  for (const Rule rule :
       {Rule::compare_before_swap, Rule::create_only_if_absent, Rule::update_only_if_present,
        Rule::index_grows_with_each_write, Rule::expire_by_leader_only, Rule::expire_by_command_time,
        Rule::leader_tells_time, Rule::read_at_apply, Rule::sessions_apply_once}) {
    Options options = etcd_options();
    options.kv_rules_off = {rule};
    SeedResult result;
    const std::uint64_t seeds = seeds_to_find(options, 300, result);
    INFO(kv::rule_name(rule) << ": seed " << seeds << ": " << result.reason);
    CHECK(seeds != 0);
  }
}

TEST_CASE("canaries: fuzzing etcd finds rules of Raft that are switched off", "[chaos]") {
  using raft::Rule;
  for (const Rule rule : {Rule::persist_entries_before_ack, Rule::commit_needs_quorum,
                          Rule::vote_only_up_to_date, Rule::apply_only_committed}) {
    Options options = etcd_options();
    options.rules_off = {rule};
    SeedResult result;
    const std::uint64_t seeds = seeds_to_find(options, 200, result);
    INFO(raft::rule_name(rule) << ": seed " << seeds << ": " << result.reason);
    CHECK(seeds != 0);
  }
}

// With every other checker silent: that clients' answers alone give it away.
TEST_CASE("answers over HTTP show rules that are switched off", "[chaos]") {
  const auto trips = [](Options options, Checker checker) {
    options.ignored_checkers =
        ((1u << judge::kCheckerCount) - 1) & ~(1u << static_cast<unsigned>(checker));
    SeedRun run(options);
    world::Simulation sim;
    SeedResult result;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
      run.run(sim, seed, false, nullptr, result);
      if (result.violation && result.violation->checker == checker) return seed;
    }
    return std::uint64_t{0};
  };
  for (const kv::Rule rule : {kv::Rule::compare_before_swap, kv::Rule::create_only_if_absent,
                              kv::Rule::read_at_apply, kv::Rule::sessions_apply_once}) {
    Options options = etcd_options();
    options.kv_rules_off = {rule};
    INFO(kv::rule_name(rule));
    CHECK(trips(options, Checker::linearizability) != 0);
  }
  Options options = etcd_options();
  options.rules_off = {raft::Rule::commit_needs_quorum};
  CHECK(trips(options, Checker::linearizability) != 0);
}

}  // namespace
}  // namespace quorumlab::chaos
