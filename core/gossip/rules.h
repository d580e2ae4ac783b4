// The rules of SWIM, memberlist, Lifeguard and serf by name. The engine reads as these rules: each
// stands at the place that obeys it, each is on by default, and a student, a test or the fuzzer can
// switch one off and see what it was for.
#pragma once

#include "core/base/rule_set.h"

namespace quorumlab::gossip {

// X(name, where the rule is stated, what it demands)
#define QUORUMLAB_GOSSIP_RULES(X)                                                                  \
  X(alive_needs_higher_incarnation, "SWIM 4.2", "alive overrides only a lower incarnation")        \
  X(accusation_needs_current_incarnation, "SWIM 4.2, memberlist b63166c",                          \
    "a suspect or dead message of an older incarnation changes nothing, timers included")          \
  X(refute_with_higher_incarnation, "SWIM 4.2", "an accused member answers with an incarnation "   \
                                                "above the accusation's")                          \
  X(incarnation_never_wraps, "memberlist#358", "an incarnation at its end is not refuted past 0")  \
  X(suspect_before_dead, "SWIM 4.2", "a member that does not answer is suspected first")           \
  X(suspicion_ends_with_alive, "memberlist state.go", "a refutation clears the suspicion's timer") \
  X(dead_of_self_is_refuted, "memberlist state.go", "a member that has not left refutes its death") \
  X(dead_by_itself_is_left, "memberlist state.go", "a member that declares itself dead has left")  \
  X(left_needs_newer_alive, "memberlist state.go", "dead and left are overridden only by a newer "  \
                                                   "alive")                                        \
  X(name_belongs_to_its_address, "memberlist e1138a6", "a known name from another address is a "   \
                                                       "conflict, unless it left")                 \
  X(gossip_to_the_dead, "memberlist 9714d97", "the dead are told for a while, so that they can "   \
                                              "refute")                                            \
  X(rebroadcast_only_news, "serf 959cea6", "only what was new is passed on")                       \
  X(newer_message_replaces_older, "memberlist queue.go", "a message about a member replaces the "  \
                                                         "queued one about it")                    \
  X(retransmit_limit, "SWIM 4.1", "a message is passed on retransmit_mult * ceil(log10(n+1)) "     \
                                  "times")                                                         \
  X(fewest_transmits_first, "SWIM 4.1", "what was sent least often goes first")                    \
  X(probe_round_robin, "SWIM 4.3", "everybody is probed once a round, in random order")            \
  X(indirect_probe, "SWIM 3.1", "before an accusation others are asked to probe")                  \
  X(tcp_fallback_probe, "memberlist state.go", "a stream is tried beside the indirect probes")     \
  X(ping_only_for_own_name, "memberlist net.go", "a ping for another name is not answered")        \
  X(piggyback, "SWIM 4.1", "probes carry what is queued")                                          \
  X(compound_fits_its_count, "memberlist 8d2a27a", "no packet holds more messages than its "       \
                                                   "counter can tell")                             \
  X(push_pull, "memberlist state.go", "whole states are exchanged now and then")                   \
  X(dead_in_push_pull_is_suspect, "memberlist state.go", "the dead of another's list are only "    \
                                                         "suspected")                              \
  X(check_protocol_versions, "memberlist verifyProtocol", "a merge needs protocol versions that "  \
                                                          "all understand")                        \
  X(suspicion_timeout_shrinks, "Lifeguard IV.B", "LHA-Suspicion: independent accusations shorten " \
                                                 "the timeout from its maximum")                   \
  X(confirmations_must_differ, "Lifeguard IV.B", "an accuser counts once")                         \
  X(awareness_scales_probe, "Lifeguard IV.A", "LHA-Probe: a node in poor health probes slower")    \
  X(nack, "Lifeguard IV.A", "a helper says that its own probe went unanswered")                    \
  X(buddy_system, "Lifeguard IV.C", "a ping to a suspect tells it of the suspicion")               \
  X(intents_need_newer_time, "serf.go handleNodeLeaveIntent", "an intent counts only if its "      \
                                                              "Lamport time is newer")             \
  X(intent_time_always_kept, "serf 959cea6", "an intent's time is kept even if it changes nothing, " \
                                             "so that it is no news again")                        \
  X(remember_recent_intents, "serf 1350eab", "an intent about a stranger waits until it is met")   \
  X(rejoin_clears_leaving, "serf GH-510", "a newer join intent ends leaving")                      \
  X(refute_leave_intent, "serf.go handleNodeLeaveIntent", "a live member answers a leave intent "  \
                                                          "about itself with a join")              \
  X(event_once, "serf.go handleUserEvent", "an event is delivered once")                           \
  X(event_window, "serf.go handleUserEvent", "an event older than the buffer is dropped")          \
  X(event_min_time, "serf.go Join", "a join without replay ignores what went before it")           \
  X(query_once, "serf.go handleQuery", "a query is handled once")                                  \
  X(query_deadline, "query.go", "answers after the deadline do not count")                         \
  X(respond_once, "query.go Respond", "a query is answered once")                                  \
  X(count_answers_once, "query.go", "a node's answer counts once")                                 \
  X(lamport_witness, "Lamport 1978", "a clock moves past every time it hears of")                  \
  X(lamport_never_zero, "serf 190d8c6", "a clock does not wrap to zero")                           \
  X(clocks_survive_restart, "serf GH-84", "the snapshot keeps the Lamport clocks")                 \
  X(reap_failed, "serf.go handleReap", "the failed are forgotten after the reconnect timeout")     \
  X(reap_left, "serf.go handleReap", "those that left are forgotten after the tombstone timeout")  \
  X(bounded_queues, "serf e3d9be6", "a queue is cut to its limit now and then")                    \
  X(leave_says_so, "serf.go Leave", "who leaves tells its intent before it goes")                  \
  X(reconnect_failed, "serf.go handleReconnect", "failed members are contacted again now and then") \
  X(conflict_needs_majority, "serf.go resolveNodeConflict", "a name is kept by the node that the "  \
                                                            "majority knows under it")             \
  X(finite_coordinates, "serf d36a949", "a coordinate that is not a number is refused")            \
  X(primary_key_stays, "memberlist keyring.go", "the primary key cannot be removed")               \
  X(verify_gossip, "memberlist security.go", "an unsealed packet is refused where a key is set")

QUORUMLAB_DECLARE_RULES(QUORUMLAB_GOSSIP_RULES)

}  // namespace quorumlab::gossip
