// What a node tells about itself: small facts, each with a kind, a reason and up to three integers.
// Words are made of them later, in one place (sim/trace/words). A fact is emitted where the thing
// happens, always, whether or not anybody keeps it.
#pragma once

#include <cstdint>

#include "core/base/types.h"

namespace quorumlab {

// X(name, meaning of peer, a, b, c). The order is part of the trace format: add at the end of a
// block, and never reuse a number.
#define QUORUMLAB_CORE_FACTS(X)                                                                    \
  X(started, 1, "node came up; a: term, b: last log index, c: commit index")                       \
  X(refused_to_start, 2, "disk content cannot be trusted; a: byte offset, reason says why")        \
  X(stopped_itself, 3, "engine stopped after a failed write; a: write id")                         \
  X(became_follower, 10, "peer: leader or nobody; a: term; reason says why")                       \
  X(became_pre_candidate, 11, "a: term it would campaign in, b: last log index, c: last log term") \
  X(became_candidate, 12, "a: term, b: last log index, c: last log term")                          \
  X(became_leader, 13, "a: term, b: last log index, c: votes")                                     \
  X(leader_known, 14, "peer: leader; a: term")                                                     \
  X(leader_lost, 15, "peer: the leader it no longer believes in; a: term; reason")                 \
  X(term_advanced, 16, "peer: who told; a: new term, b: old term")                                 \
  X(vote_granted, 17, "peer: candidate; a: term, b: 1 for a pre-vote")                             \
  X(vote_refused, 18, "peer: candidate; a: term asked for, b: 1 for a pre-vote, c: by reason")     \
  X(vote_counted, 19, "peer: voter; a: term, b: 1 granted 0 refused, c: grants so far")            \
  X(campaign_lost, 20, "a: term; reason")                                                          \
  X(campaign_put_off, 21, "a: term; reason says why the node may not campaign now")                \
  X(message_ignored, 22, "peer: sender; a: its term, b: message type; reason")                     \
  X(packet_corrupt, 23, "peer: sender; a: size in bytes")                                          \
  X(appended, 30, "a: first index, b: last index, c: term of the last; peer: leader")              \
  X(truncated, 31, "a: first index taken away, b: last index taken away, c: its term; peer")       \
  X(append_refused, 32, "peer: leader; a: previous index, b: previous term, c: hint index")        \
  X(commit_advanced, 33, "a: new commit index, b: old one, c: term")                               \
  X(applied, 34, "a: index, b: term, c: chain hash of the log up to it")                           \
  X(progress_changed, 35, "peer: follower; a: 0 probe 1 replicate 2 snapshot, b: match, c: next")  \
  X(proposal_accepted, 36, "a: index, b: term, c: request id")                                     \
  X(proposal_dropped, 37, "a: request id; reason")                                                 \
  X(proposal_forwarded, 38, "peer: leader; a: request id")                                         \
  X(log_compacted, 39, "a: new first index - 1, b: term there")                                    \
  X(snapshot_taken, 40, "a: index, b: term, c: bytes")                                             \
  X(snapshot_send_started, 41, "peer: follower; a: index, b: offset it resumes at, c: bytes")      \
  X(snapshot_chunk_received, 42, "peer: leader; a: index, b: offset, c: bytes")                    \
  X(snapshot_installed, 43, "peer: leader; a: index, b: term, c: bytes")                           \
  X(snapshot_ignored, 44, "peer: leader; a: index; reason")                                        \
  X(config_proposed, 45, "a: index, b: kind of change, c: node it is about")                       \
  X(config_applied, 46, "a: index, b: voters (bits of ids 1..64), c: outgoing voters, 0 if simple") \
  X(config_refused, 47, "a: kind of change, b: node; reason")                                      \
  X(transfer_started, 48, "peer: target; a: term")                                                 \
  X(transfer_ended, 49, "peer: target; a: term; reason")                                           \
  X(read_started, 50, "a: read id, b: read index, c: 1 by lease")                                  \
  X(read_confirmed, 51, "a: read id, b: read index, c: 1 by lease")                                \
  X(read_dropped, 52, "a: read id; reason")                                                        \
  X(quorum_checked, 53, "a: term, b: voters active, c: voters needed")                             \
  X(request_received, 60, "a: request id, b: kind of request, c: session")                         \
  X(request_answered, 61, "a: request id, b: status, c: log index it took effect at")              \
  X(duplicate_request, 62, "a: request id, b: session, c: sequence, answered from the session")    \
  X(holds, 70, "a: fencing token, b: hash of the key, c: when its lease ends by its own clock, in ns") \
  X(lets_go, 71, "a: fencing token, b: hash of the key; reason")                                    \
  X(follows, 72, "peer: who is master now, nobody: none is; a: index of the key, b: hash of it")   \
  X(works, 73, "peer: the resource; a: fencing token, b: hash of the key, c: which piece of work") \
  X(work_done, 74, "peer: whose; a: fencing token, b: hash of the key, c: highest token before")   \
  X(work_refused, 75, "peer: whose; a: fencing token, b: hash of the key, c: highest token seen")  \
  X(store_changed, 76, "a: index of the store, b: hash of the key, 0 if no watcher hears of it")      \
  X(session_applied, 77, "a: session, b: sequence, c: log index")                                   \
  X(watch_began, 78, "a: request id, b: index it asks from, c: hash of the key, 0 if of more, or for more") \
  X(watch_told, 79, "a: request id, b: index of the event, c: 1 that was all")                      \
  X(watch_ended, 80, "a: request id: nobody waits any more")                                        \
  X(key_expired, 81, "a: index of the store, b: when it was to expire, c: hash of the key")         \
  X(expiry_proposed, 82, "a: the time by the leader's clock")                                       \
  X(expiry_applied, 83, "a: the time that was agreed on, b: when the next key expires, 0: none")    \
  X(autopilot_removes, 84, "peer: voter; a: ns since serf called it failed, b: voters heard, c: voters") \
  X(autopilot_keeps, 85, "peer: voter; a: ns since serf called it failed, b: voters heard, c: voters; reason") \
  X(autopilot_adds, 86, "peer: member; a: ns since serf called it alive, b: voters heard, c: voters") \
  X(toy, 99, "a, b, c: whatever a user's own node wants to say")                                   \
  X(probe_started, 200, "peer: target; a: sequence number, b: 1 if suspected, c: own health score") \
  X(probe_acked, 201, "peer: target; a: sequence number, b: ns since the ping, c: 0 directly, 1 by " \
                      "a helper or late, 2 over a stream only")                                    \
  X(probe_indirect, 202, "peer: target; a: sequence number, b: helpers asked, c: 1 also a stream")  \
  X(probe_failed, 203, "peer: target; a: sequence number, b: nacks that should have come, c: came") \
  X(member_alive, 204, "peer: member; a: incarnation, b: its state before, c: 1 if its meta is new") \
  X(member_suspect, 205, "peer: member; a: incarnation, b: accuser, c: timeout in ns")             \
  X(member_dead, 206, "peer: member; a: incarnation, b: accuser, c: 1 if it left")                 \
  X(suspicion_confirmed, 207, "peer: member; a: incarnation, b: accuser, c: confirmations")        \
  X(suspicion_timed_out, 208, "peer: member; a: incarnation, b: confirmations")                    \
  X(refuted, 209, "peer: accuser; a: own incarnation now, b: accused, c: type of the message | " \
              "what was claimed << 8 (of an alive message: a record, in a trace a text)")        \
  X(health_changed, 210, "a: new health score, b: old one")                                        \
  X(address_conflict, 211, "peer: who has the name; a: who claims it, b: its state")               \
  X(push_pull_done, 212, "peer; a: members it told of, b: 1 for a join, c: 1 if we asked")         \
  X(push_pull_failed, 213, "peer; b: 1 for a join; reason")                                        \
  X(gossip_dropped, 214, "peer: sender; a: what was wrong (WireError), b: size in bytes")          \
  X(queue_overflow, 215, "peer: sender; a: message type, b: how many wait")                        \
  X(member_forgotten, 216, "peer: member; a: incarnation")                                         \
  X(name_reclaimed, 217, "peer: new host; a: host that had the name, b: its state")                \
  X(ping_for_another, 218, "peer: sender of a ping for another name")                              \
  X(join_began, 219, "peer: whom it joins, the first of them; a: hosts 1 to 64 of them (bits), b: 1 " \
                     "with old events, c: how many")                                              \
  X(serf_member_event, 222, "peer: member; a: EventKind, b: old status, c: new, IPv4 << 8")        \
  X(intent_accepted, 223, "peer: member; a: Lamport time, b: 0 leave 1 join 2 prune, c: status")   \
  X(intent_ignored, 224, "peer: member; a: Lamport time, b: 0 leave 1 join 2 prune; reason")       \
  X(user_event_accepted, 225, "a: Lamport time, b: hash of name and payload, c: 1 if coalescible") \
  X(event_dropped, 226, "a: Lamport time, b: hash of name and payload; reason")                    \
  X(query_started, 227, "a: Lamport time, b: id, c: timeout in ns")                                \
  X(query_received, 228, "peer: who asks; a: Lamport time, b: id, c: 1 if meant for this node")    \
  X(query_dropped, 229, "peer: who asks; a: Lamport time, b: id; reason")                          \
  X(query_acked, 230, "peer: who asks; a: Lamport time, b: id")                                    \
  X(query_responded, 231, "peer: who asks; a: Lamport time, b: id, c: bytes")                      \
  X(response_refused, 232, "peer: who asks; a: Lamport time, b: id, c: bytes; reason")             \
  X(answer_counted, 233, "peer: who answers; a: Lamport time, b: id, c: 1 for an ack")             \
  X(answer_dropped, 234, "peer: who answers; a: Lamport time, b: id, c: 1 for an ack; reason")     \
  X(response_relayed, 235, "peer: where it goes; a: 1 passed on for another, 0 handed to one")     \
  X(query_ended, 236, "a: Lamport time, b: responses, c: acks")                                    \
  X(lamport_jump, 237, "a: 0 member 1 event 2 query clock, b: new time, c: old time")              \
  X(coordinate_refused, 238, "peer: whose; reason")                                                \
  X(coordinate_reset, 239, "peer: whose sample it was; a: resets so far")                          \
  X(delivery, 240, "a: EventKind, b: Lamport time, c: members, or hash of name and payload")       \
  X(key_changed, 241, "a: 0 install 1 use 2 remove, b: hash of the key, c: keys now; reason")      \
  X(key_request_ended, 242, "a: 0 install 1 use 2 remove 3 list, b: nodes that did, c: asked")     \
  X(name_conflict, 243, "peer: who has the name; a: who claims it, b: 1 if it is our own, 2 if "   \
                        "also nobody is asked")                                                   \
  X(conflict_resolved, 244, "a: answers for us, b: answers, c: 1 if the name is kept")             \
  X(leave_started, 245, "a: Lamport time")                                                         \
  X(serf_left, 246, "a: 1 if it could tell the others; reason")                                    \
  X(reconnect_attempted, 247, "peer: failed member; a: failed members")                            \
  X(reconnect_forgone, 248, "a: failed members, b: members that are alive")                        \
  X(rejoin_attempted, 249, "peer: member known before the restart; a: others left to try")         \
  X(join_ended, 250, "a: nodes contacted, b: 1 with old events, c: 1 if no rejoin; peer: of a rejoin") \
  X(snapshot_replayed, 251, "a: nodes that were alive, b: member clock, c: event clock")           \
  X(snapshot_compacted, 252, "a: bytes now, b: bytes before, c: nodes alive")                      \
  X(queue_pruned, 253, "a: 1 intents 2 queries 3 events, b: messages dropped, c: limit")           \
  X(tags_changed, 254, "a: tags now, b: bytes of them")

enum class Fact : std::uint16_t {
#define X(name, number, meaning) name = number,
  QUORUMLAB_CORE_FACTS(X)
#undef X
};

// X(name, number, the reason in words; {a} {b} {c} {peer} may appear)
#define QUORUMLAB_REASONS(X)                                                      \
  X(none, 0, "")                                                                  \
  X(boot, 1, "it just started")                                                   \
  X(election_timeout, 2, "it heard from no leader for its election timeout")      \
  X(higher_term, 3, "a message carried a higher term")                            \
  X(leader_of_this_term, 4, "this term has a leader")                             \
  X(already_voted, 5, "already voted for {vote}")                                 \
  X(log_behind, 6, "the candidate's log ends before its own")                     \
  X(lease_not_expired, 7, "it heard from its leader a moment ago")                \
  X(stale_term, 8, "the term is over")                                            \
  X(not_a_voter, 9, "the sender is not a voter")                                  \
  X(self_not_a_voter, 10, "it is not a voter itself")                             \
  X(config_not_applied, 11, "a membership change in its log is not applied yet")  \
  X(quorum_lost, 12, "a majority has not answered for an election timeout")       \
  X(majority_refused, 13, "a majority refused")                                   \
  X(no_leader, 14, "there is no leader to take it")                               \
  X(transferring, 15, "leadership is being handed over")                          \
  X(too_much_uncommitted, 16, "too much is waiting to be committed")              \
  X(config_pending, 17, "another membership change is under way")                 \
  X(no_commit_in_term, 18, "the leader has not committed in its own term yet")    \
  X(would_lose_quorum, 19, "it would leave no quorum")                            \
  X(already_so, 20, "it is so already")                                           \
  X(leadership_transfer, 21, "the leader asked it to take over")                  \
  X(removed, 22, "it was removed from the cluster")                               \
  X(behind_commit, 23, "what it holds is already committed here")                 \
  X(snapshot_pending, 24, "a snapshot is on its way to disk")                     \
  X(corrupt_record, 25, "a record before the end of the log is damaged")          \
  X(torn_tail, 26, "the last record was cut short")                               \
  X(write_failed, 27, "a write to disk failed")                                   \
  X(timed_out, 28, "it took too long")                                            \
  X(target_caught_up, 29, "the target has the whole log")                         \
  X(leadership_lost, 30, "it no longer leads")                                    \
  X(own_write_not_durable, 31, "its own vote is not on disk yet")                 \
  X(newer_format, 32, "it was written by a newer version")                        \
  X(wrong_checksum, 33, "its checksum is wrong")                                  \
  X(forwarding_off, 34, "forwarding of proposals is switched off")                \
  X(learner, 35, "the node is a learner")                                         \
  X(disk_full, 36, "the disk is full")                                            \
  X(won, 37, "it won")                                                            \
  X(unknown_session, 38, "the session is not known")                              \
  X(not_leader, 39, "it is not the leader")                                       \
  X(too_many_members, 40, "a cluster has at most 64 members")                     \
  X(connection_refused, 41, "nobody listens there")                               \
  X(connection_lost, 42, "the connection broke")                                  \
  X(no_target_reached, 43, "none of the nodes could be reached")                  \
  X(incompatible_version, 44, "the protocol versions do not go together")         \
  X(unreadable, 45, "its bytes make no sense")                                    \
  X(too_many_exchanges, 46, "too many exchanges of state are under way")          \
  X(bad_command, 55, "the command makes no sense")                                \
  X(not_newer, 60, "it knows of a later one")                                     \
  X(about_itself, 61, "it is alive and says so")                                  \
  X(duplicate, 62, "it had it already")                                           \
  X(outside_window, 63, "it is older than what is remembered")                    \
  X(before_min_time, 64, "it is from before it joined or restarted")              \
  X(event_too_large, 65, "the event is too large")                                \
  X(query_too_large, 66, "the query is too large")                                \
  X(response_too_large, 67, "the response is too large")                          \
  X(tags_too_large, 68, "the tags are too large")                                 \
  X(reserved_name, 69, "the name is reserved")                                    \
  X(filtered, 70, "its filters leave this node out")                              \
  X(past_deadline, 71, "its deadline is over")                                    \
  X(not_running, 72, "no such query is running")                                  \
  X(wrong_query_id, 73, "its number belongs to another query")                    \
  X(already_answered, 74, "it was answered before")                               \
  X(has_left, 75, "the node leaves or has left")                                  \
  X(forced, 76, "it was told so by force")                                        \
  X(pruned, 77, "it was pruned")                                                  \
  X(no_encryption, 78, "gossip is not encrypted")                                 \
  X(key_refused, 79, "the key was refused")                                       \
  X(nodes_failed, 80, "some nodes report failure")                                \
  X(nodes_missing, 81, "some nodes did not answer")                               \
  X(name_lost, 82, "the majority knows another node by its name")                 \
  X(rtt_out_of_range, 83, "the round trip is out of range")                       \
  X(not_a_number, 84, "it is no number")                                          \
  X(buffer_full, 85, "its buffer is full")                                        \
  X(wrong_filter, 86, "a filter makes no sense")                                  \
  X(lease_over, 87, "its lease is over by its own clock")                         \
  X(lost_to_another, 88, "somebody else has it, or nobody")                       \
  X(given_back, 89, "it gives it back")                                           \
  X(old_token, 90, "a holder with a newer token was here before")                 \
  X(raft_hears_it, 91, "the leader hears from it all the same")

enum class Reason : std::uint16_t {
#define X(name, number, words) name = number,
  QUORUMLAB_REASONS(X)
#undef X
};

struct Note {
  Fact fact = Fact::started;
  Reason reason = Reason::none;
  NodeId peer;
  std::uint64_t a = 0, b = 0, c = 0;
};

}  // namespace quorumlab
