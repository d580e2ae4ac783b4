// Every checker on the whole simulation: with the rule switched off that it stands behind, random
// faults make it trip within a bounded number of seeds; with all rules on, the very same seed
// holds.
#include "sim/chaos/seed_run.h"
#include "tests/catch.h"

namespace quorumlab::chaos {
namespace {

using judge::Checker;
using raft::Rule;

std::uint32_t all_but(Checker checker) {
  return ((1u << judge::kCheckerCount) - 1) & ~(1u << static_cast<unsigned>(checker));
}

// The first seed in which the checker trips, 0 if there is none up to `bound`.
std::uint64_t first_seed_that_trips(Checker checker, Rule rule, std::uint64_t bound) {
  Options options;
  options.rules_off = {rule};
  // Broken engines break more than one promise; others must not end the run before this one.
  options.ignored_checkers = all_but(checker);
  SeedRun run(options);
  world::Simulation sim;
  SeedResult result;
  for (std::uint64_t seed = 1; seed <= bound; ++seed) {
    run.run(sim, seed, false, nullptr, result);
    if (result.violation && result.violation->checker == checker) return seed;
  }
  return 0;
}

TEST_CASE("each checker trips on the real engine without its rule, and only then", "[chaos]") {
  struct Pair {
    Checker checker;
    Rule rule;
    std::uint64_t bound;
  };
  const Pair pairs[] = {
      {Checker::election_safety, Rule::one_vote_per_term, 300},
      {Checker::vote_safety, Rule::keep_vote_within_term, 300},
      {Checker::leader_append_only, Rule::leader_append_only, 300},
      {Checker::log_matching, Rule::check_previous_entry, 300},
      {Checker::leader_completeness, Rule::vote_only_up_to_date, 300},
      {Checker::state_machine_safety, Rule::commit_needs_quorum, 300},
      {Checker::monotonic, Rule::term_never_regresses, 300},
      {Checker::durability, Rule::persist_entries_before_ack, 300},
      {Checker::read_freshness, Rule::read_index_needs_quorum, 300},
      {Checker::exactly_once, Rule::sessions_apply_once, 300},
      {Checker::configuration, Rule::config_one_at_a_time, 300},
      {Checker::configuration, Rule::config_only_after_own_commit, 300},
      {Checker::configuration, Rule::snapshot_keeps_outgoing_voters, 300},
      {Checker::configuration, Rule::removed_leader_steps_down, 300},
      {Checker::quorum, Rule::joint_needs_both_majorities, 300},
      {Checker::quorum, Rule::own_vote_counts_once_durable, 300},
      {Checker::quorum, Rule::commit_only_own_term, 300},
      {Checker::durability, Rule::ack_names_durable_term, 300},
      {Checker::durability, Rule::advertise_durable_log, 300},
      {Checker::handover, Rule::transfer_needs_caught_up, 300},
      {Checker::handover, Rule::stop_proposals_during_transfer, 300},
      {Checker::read_authority, Rule::read_index_after_own_commit, 300},
      {Checker::linearizability, Rule::read_index_after_own_commit, 300},
      {Checker::linearizability, Rule::read_index_needs_quorum, 300},
      {Checker::linearizability, Rule::read_waits_for_apply, 300},
      {Checker::linearizability, Rule::sessions_apply_once, 300},
      {Checker::linearizability, Rule::truncate_only_on_conflict, 300},
      {Checker::sequential_reads, Rule::sessions_apply_once, 300},
      {Checker::sequential_reads, Rule::apply_only_committed, 300},
  };
  const Options whole;
  SeedRun with_all_rules(whole);
  world::Simulation sim;
  SeedResult result;
  for (const Pair& pair : pairs) {
    INFO(judge::checker_name(pair.checker) << " without " << raft::rule_name(pair.rule));
    const std::uint64_t seed = first_seed_that_trips(pair.checker, pair.rule, pair.bound);
    CHECK(seed != 0);
    if (seed == 0) continue;
    with_all_rules.run(sim, seed, false, nullptr, result);
    INFO("seed " << seed << ": " << result.reason);
    CHECK_FALSE(result.failed());
  }
}

}  // namespace
}  // namespace quorumlab::chaos
