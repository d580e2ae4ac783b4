// The safety and liveness rules of Raft by name. The engine reads as these rules: each stands at the
// place that obeys it, each is on by default, and a student, a test or the fuzzer can switch one off
// and see what it was for. The real server refuses any but the default set.
#pragma once

#include "core/base/rule_set.h"

namespace quorumlab::raft {

// X(name, where the rule is stated, what it demands)
#define QUORUMLAB_RAFT_RULES(X)                                                                    \
  X(persist_vote_before_reply, "Raft fig. 2", "term and vote are durable before a grant leaves")   \
  X(persist_entries_before_ack, "Raft fig. 2", "entries are durable before they are acknowledged") \
  X(own_vote_counts_once_durable, "thesis 10.2.1", "a candidate counts no grant before its own "   \
                                                   "term and vote are durable")                    \
  X(advertise_durable_log, "thesis 10.2.1", "RequestVote names the durable end of the log")        \
  X(leader_counts_itself_once_durable, "thesis 10.2.1", "the leader's own copy counts towards "    \
                                                        "commit once it is durable")               \
  X(persist_commit_with_entries, "etcd raft: HardState.Commit", "the commit index known when "     \
                                                                "entries are written is written "  \
                                                                "with them")                       \
  X(one_vote_per_term, "Raft 5.2", "a node grants one vote in a term")                             \
  X(keep_vote_within_term, "etcd-io/raft 9d2a465", "the vote is forgotten only with its term")     \
  X(vote_only_up_to_date, "Raft 5.4.1", "no vote for a candidate whose log ends earlier")          \
  X(vote_reply_matches_campaign, "Raft 5.2", "a vote counts for the term and kind it was given "   \
                                             "for, once for each voter")                           \
  X(election_needs_majority, "Raft 5.2", "a candidate wins with the votes of a majority")           \
  X(only_voters_count, "thesis 4.2.1", "learners and strangers count in no quorum")                \
  X(only_voters_campaign, "thesis 4.2.1", "only a voter of its own configuration campaigns")       \
  X(learners_answer_candidates, "etcd-io/raft abb533c", "a voter that still thinks itself a "       \
                                                        "learner votes all the same")              \
  X(no_campaign_with_unapplied_config, "etcd#7625", "no campaign while a membership change that "  \
                                                    "is committed is not applied")                 \
  X(refusal_tells_commit, "raft-rs maybe_commit_by_vote", "a refused candidate learns how far the "  \
                                                          "log is committed")                      \
  X(term_never_regresses, "Raft 5.1", "the current term only grows")                               \
  X(step_down_on_higher_term, "Raft 5.1", "a higher term turns anybody into a follower")           \
  X(reject_stale_term, "Raft 5.1", "requests of an older term change nothing")                     \
  X(check_previous_entry, "Raft 5.3", "entries are taken only if the one before them matches")     \
  X(missing_entry_matches_nothing, "etcd-io/raft 76f1249", "a missing entry's term equals no term") \
  X(truncate_only_on_conflict, "Raft fig. 2", "entries are removed only if one conflicts")         \
  X(append_contiguous, "LogCabin #160", "an entry that does not fit ends the message, and is not "  \
                                        "left out")                                                \
  X(leader_append_only, "Raft fig. 3", "a leader never removes or replaces entries of its log")    \
  X(match_never_regresses, "Raft fig. 2", "a follower's match index only grows while one leader "  \
                                          "leads")                                                 \
  X(commit_never_regresses, "Raft fig. 2", "the commit index only grows")                          \
  X(commit_only_own_term, "Raft 5.4.2, fig. 8", "replicas are counted only for entries of the "    \
                                                "leader's own term")                               \
  X(commit_needs_quorum, "Raft 5.3", "an entry is committed once a quorum has it")                 \
  X(commit_within_match, "Raft fig. 2", "a follower commits no further than the leader says and "  \
                                        "its own log is known to match")                           \
  X(apply_only_committed, "Raft 5.3", "only committed entries are applied")                        \
  X(ack_names_durable_term, "etcd-io/raft async storage writes", "an own write counts only for "   \
                                                                 "entries that it still holds")    \
  X(noop_at_term_start, "Raft 8", "a new leader appends an empty entry")                           \
  X(joint_needs_both_majorities, "Raft 6", "in a joint configuration both majorities must agree")  \
  X(snapshot_keeps_outgoing_voters, "etcd-io/raft a424e5b", "a snapshot carries both halves of a " \
                                                            "joint configuration")                 \
  X(joint_leaves_by_itself, "etcd-io/raft bd3c759", "an applied joint configuration is left "      \
                                                    "automatically")                               \
  X(config_one_at_a_time, "thesis 4.1", "one membership change at a time")                         \
  X(config_only_after_own_commit, "Ongaro, raft-dev 2015", "no membership change before a commit " \
                                                           "in the leader's own term")             \
  X(removed_leader_steps_down, "Raft 6", "a leader that is no voter steps down once that is "      \
                                         "committed")                                              \
  X(recheck_commit_on_config, "NuRaft #488", "a smaller quorum is counted at once")                \
  X(ignore_stale_snapshot, "NuRaft #566", "a snapshot older than the commit index is not installed") \
  X(snapshot_before_later_entries, "raft-rs #417", "entries beyond a snapshot are acknowledged "   \
                                                   "only once it is durable")                      \
  X(no_campaign_while_installing, "canonical/raft 4fbd3c0", "no campaign while a snapshot is on "  \
                                                            "its way to disk")                     \
  X(read_index_needs_quorum, "thesis 6.4", "a read waits until a quorum confirmed the leader")     \
  X(read_index_after_own_commit, "thesis 6.4", "a read waits for a commit in the leader's term")   \
  X(read_context_never_reused, "etcd#20418", "each round of confirmation has its own number")      \
  X(read_waits_for_apply, "thesis 6.4", "a read is answered once its index is applied")            \
  X(lease_bounds_clock_drift, "thesis 6.4.1", "a lease is shorter than the voters' by the bound "  \
                                              "on clock drift")                                    \
  X(lease_needs_check_quorum, "etcd-io/raft 926a44a", "lease reads only where voters keep leases") \
  X(lease_void_during_transfer, "thesis 6.4.1", "no lease reads once a transfer has begun")        \
  X(voters_keep_lease, "thesis 4.2.3", "a voter that hears its leader ignores candidates")         \
  X(leader_checks_quorum, "thesis 6.2", "a leader that no quorum answers steps down")              \
  X(restarted_voter_keeps_lease, "thesis 6.4.1", "a voter that restarts waits out the lease that "  \
                                                 "it may have given")                              \
  X(pre_candidate_forgets_leader, "etcd#8334", "who asks for pre-votes believes in no leader")     \
  X(pre_vote_changes_nothing, "thesis 9.6", "a pre-vote moves neither term, vote nor timer")       \
  X(answer_lower_term, "Raft fig. 2, etcd#8243", "who speaks for a lower term is told of the "     \
                                                 "higher one")                                     \
  X(stop_proposals_during_transfer, "thesis 3.10", "no proposals while leadership moves")          \
  X(transfer_times_out, "thesis 3.10", "a transfer that takes an election timeout is given up")    \
  X(transfer_needs_caught_up, "thesis 3.10", "the target has the whole log before it campaigns")   \
  X(randomise_election_timeout, "Raft 5.2", "timeouts are drawn anew, from the whole range")       \
  X(probe_resumes, "etcd-io/raft 769f8a0", "a heartbeat's answer wakes a paused follower")         \
  X(inflight_window_reopens, "hashicorp/raft#612", "a heartbeat's answer reopens a full window")    \
  X(lost_chunk_is_resent, "own", "a heartbeat's answer resends a snapshot chunk that got lost")    \
  X(stop_after_failed_write, "canonical/raft 857e17e", "after a failed write the engine stops")    \
  X(sessions_apply_once, "thesis 6.3", "a command of a session is applied once")                   \
  X(verify_checksums, "own", "a damaged message or record is dropped, not read")                  \
  X(autopilot_keeps_quorum, "own, after Consul's autopilot", "a failure detector removes no voter " \
                                                             "that the leader hears, or that the "  \
                                                             "rest could not do without")

QUORUMLAB_DECLARE_RULES(QUORUMLAB_RAFT_RULES)

}  // namespace quorumlab::raft
