// Campaigns: the same whatever the number of threads, replayable as scenarios, and able to find
// what they are for.
#include "sim/chaos/campaign.h"

#include <set>

#include "sim/chaos/scenario_writer.h"
#include "sim/script/loader.h"
#include "sim/script/runner.h"
#include "tests/catch.h"
#include "tests/unit/chaos/campaigns.h"

namespace quorumlab::chaos {
namespace {

TEST_CASE("lots stay within their bounds and reach them", "[chaos]") {
  Lots lots(1, 2);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t n = lots.from(3, 6);
    REQUIRE((n >= 3 && n <= 6));
    seen.insert(n);
    const std::uint64_t s = lots.scale(5, 1000);
    REQUIRE((s >= 5 && s <= 1000));
  }
  CHECK(seen.size() == 4);
  CHECK(lots.scale(7, 7) == 7);
  CHECK(lots.scale(9, 3) == 9);
}

TEST_CASE("profiles are valid, and differ", "[chaos]") {
  std::set<std::size_t> sizes;
  std::array<int, kFaultCount> on{};
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Profile profile = draw_profile(seed, {});
    raft::Config config = profile.cluster.node.raft;
    config.id = {1};
    config.initial.voters = {NodeId{1}};
    const auto valid = config.validate();
    INFO(seed << ": " << (valid ? "" : valid.error().text()));
    REQUIRE(valid);
    sizes.insert(profile.cluster.names.size());
    for (std::size_t i = 0; i < kFaultCount; ++i) on[i] += profile.faults[i].on ? 1 : 0;
    CHECK_FALSE(profile.asks_beyond);
  }
  CHECK(sizes.size() >= 6);
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    INFO(fault_name(static_cast<FaultKind>(i)));
    CHECK((on[i] > 0) == !is_beyond_model(static_cast<FaultKind>(i)));
  }
}

TEST_CASE("faults have names that lead back to them", "[chaos]") {
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    CHECK(find_fault(fault_name(static_cast<FaultKind>(i))) == static_cast<FaultKind>(i));
  }
  CHECK(find_fault("one-way") == FaultKind::one_way);
  CHECK_FALSE(find_fault("nonsense"));
}

TEST_CASE("a campaign holds on the engine as it is, and says what it did", "[chaos]") {
  Campaign campaign;
  campaign.seeds = 40;
  const Outcome outcome = run_campaign(campaign);
  for (const SeedResult& failure : outcome.failures) {
    FAIL_CHECK("seed " << failure.seed << ": " << failure.reason);
  }
  CHECK(outcome.totals.seeds == 40);
  CHECK(outcome.totals.events > 10'000);
  CHECK(worthless(campaign, outcome.totals) == "");
}

TEST_CASE("the number of threads changes nothing", "[chaos]") {
  Campaign campaign;
  campaign.first_seed = 500;
  campaign.seeds = 12;
  const Outcome one = run_campaign(campaign);
  campaign.jobs = 3;
  const Outcome three = run_campaign(campaign);
  CHECK(one.totals.digest == three.totals.digest);
  CHECK(one.totals.events == three.totals.events);
  CHECK(one.totals.checks == three.totals.checks);
}

TEST_CASE("a campaign that proves nothing says so", "[chaos]") {
  Campaign campaign;
  Totals totals;
  CHECK(worthless(campaign, totals) == "no seed was run");
  totals.seeds = 20;
  CHECK(worthless(campaign, totals) == "nothing happened");
  totals.events = 1;
  CHECK(worthless(campaign, totals) == "no fault was fired");
  totals.fired[0] = 1;
  CHECK(worthless(campaign, totals) == "no client asked for anything");
  totals.operations[0] = 1;
  CHECK(worthless(campaign, totals).find("compared nothing") != std::string::npos);
  totals.checks.fill(1);
  CHECK(worthless(campaign, totals) == "");
  totals.seeds = 100;
  totals.fired.fill(1);
  CHECK(worthless(campaign, totals) == "never came by: membership changes committed");
#define X(name, words) totals.reached.name = 1;
  QUORUMLAB_REACHED(X)
#undef X
  CHECK(worthless(campaign, totals) == "no snapshot was installed");
  totals.snapshots_installed = 1;
  CHECK(worthless(campaign, totals) == "never drilled: catching_up");
  totals.drills.fill(1);
  CHECK(worthless(campaign, totals) == "");
}

TEST_CASE("the calm drill finds rules whose absence no safety checker can see", "[chaos]") {
  using raft::Rule;
  world::Simulation sim;
  for (const Rule rule :
       {Rule::joint_leaves_by_itself, Rule::transfer_times_out, Rule::leader_checks_quorum}) {
    Options options;
    options.rules_off = {rule};
    SeedRun run(options);
    SeedResult result;
    std::uint64_t found = 0;
    for (std::uint64_t seed = 1; seed <= 400 && found == 0; ++seed) {
      run.run(sim, seed, false, nullptr, result);
      if (result.failed()) found = seed;
    }
    INFO(raft::rule_name(rule) << ": seed " << found << ": " << result.reason);
    CHECK(result.verdict == SeedResult::Verdict::no_progress);
  }
}

TEST_CASE("a run left as a scenario repeats itself to the last bit", "[chaos]") {
  world::Simulation sim;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    Options options;
    if (seed % 5 == 0) options.beyond = {FaultKind::wipe, FaultKind::rot, FaultKind::wild_clock};
    check_repeats_itself(sim, options, seed);
  }
}

TEST_CASE("canaries: fuzzing finds rules that are switched off", "[chaos]") {
  using raft::Rule;
  struct Canary {
    Rule rule;
    std::uint64_t bound;
  };
  const Canary canaries[] = {
      {Rule::persist_vote_before_reply, 50}, {Rule::persist_entries_before_ack, 50},
      {Rule::one_vote_per_term, 100},        {Rule::commit_needs_quorum, 100},
      {Rule::check_previous_entry, 100},     {Rule::sessions_apply_once, 100},
      {Rule::read_index_needs_quorum, 200},
  };
  for (const Canary& canary : canaries) {
    Options options;
    options.rules_off = {canary.rule};
    SeedResult result;
    const std::uint64_t seeds = seeds_to_find(options, canary.bound, result);
    INFO(raft::rule_name(canary.rule) << ": seed " << seeds << ": " << result.reason);
    CHECK(seeds != 0);
  }
}

}  // namespace
}  // namespace quorumlab::chaos
