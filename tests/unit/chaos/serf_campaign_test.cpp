// Campaigns on clusters of serf agents: they hold, come out as scenarios that repeat themselves, and find
// what they are for.
#include <set>

#include "tests/unit/chaos/campaigns.h"

namespace quorumlab::chaos {
namespace {

using judge::Checker;

Options serf_options() { return options_for(System::serf); }

TEST_CASE("a campaign on serf holds, and says what it did", "[chaos]") {
  Campaign campaign;
  campaign.options = serf_options();
  campaign.seeds = 200;
  const Outcome outcome = run_campaign(campaign);
  for (const SeedResult& failure : outcome.failures) {
    FAIL_CHECK("seed " << failure.seed << ": " << failure.reason);
  }
  CHECK(outcome.totals.seeds == 200);
  CHECK(worthless(campaign, outcome.totals) == "");
  for (const Checker checker : {Checker::gossip_completeness, Checker::gossip_accuracy,
                                Checker::gossip_convergence, Checker::event_delivery,
                                Checker::lamport_monotonic, Checker::incarnation_monotonic,
                                Checker::message_budget}) {
    Totals idle = outcome.totals;
    idle.checks[static_cast<std::size_t>(checker)] = 0;
    CHECK(worthless(campaign, idle) ==
          "the checker " + std::string(judge::checker_name(checker)) + " compared nothing");
  }
}

TEST_CASE("profiles of serf clusters are within what was asked for", "[chaos]") {
  std::size_t largest = 0, smallest = 99;
  std::set<gossip::Lifeguard> modes;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Profile profile = draw_profile(seed, serf_options());
    REQUIRE(profile.cluster.node.run_gossip);
    REQUIRE_FALSE(profile.cluster.node.run_raft);
    gossip::Config config = profile.cluster.node.gossip;
    config.id = {1};
    config.name = "n1";
    REQUIRE(config.validate());
    largest = std::max(largest, profile.cluster.names.size());
    smallest = std::min(smallest, profile.cluster.names.size());
    modes.insert(config.lifeguard);
  }
  CHECK(largest == 8);
  CHECK(smallest == 2);
  CHECK(modes.size() == 3);
}

TEST_CASE("a run on serf left as a scenario repeats itself to the last bit", "[chaos]") {
  world::Simulation sim;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Options options = serf_options();
    if (seed % 7 == 0) options.gossip_rules_off = {gossip::Rule::push_pull, gossip::Rule::piggyback};
    check_repeats_itself(sim, options, seed);
  }
}

TEST_CASE("canaries: fuzzing finds rules of gossip that are switched off", "[chaos]") {
  using gossip::Rule;
  std::set<Checker> tripped;
  for (const Rule rule :
       {Rule::alive_needs_higher_incarnation, Rule::accusation_needs_current_incarnation,
        Rule::refute_with_higher_incarnation, Rule::suspect_before_dead,
        Rule::suspicion_ends_with_alive, Rule::dead_of_self_is_refuted, Rule::left_needs_newer_alive,
        Rule::rebroadcast_only_news, Rule::retransmit_limit, Rule::probe_round_robin,
        Rule::push_pull, Rule::dead_in_push_pull_is_suspect, Rule::event_once,
        Rule::lamport_witness}) {
    Options options = serf_options();
    options.gossip_rules_off = {rule};
    SeedResult result;
    const std::uint64_t seeds = seeds_to_find(options, 300, result);
    INFO(gossip::rule_name(rule) << ": seed " << seeds << ": " << result.reason);
    CHECK(seeds != 0);
    if (result.violation) tripped.insert(result.violation->checker);
  }
  CHECK(tripped.size() == 7);  // every checker of gossip
}

}  // namespace
}  // namespace quorumlab::chaos
