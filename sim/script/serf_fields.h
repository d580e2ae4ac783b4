// The parameters of memberlist and serf as a scenario names them: one table for the registry and the
// reader. Names are those of the Go structs, in snake case (serf.md sections 1.1 and 3.1).
#pragma once

#include "core/gossip/config.h"

namespace quorumlab::script {

struct SerfDuration {
  const char* name;
  Duration gossip::Config::* field;
  const char* doc;
};
inline constexpr SerfDuration kSerfDurations[] = {
    {"probe_interval", &gossip::Config::probe_interval, "Each member probes one other so often."},
    {"probe_timeout", &gossip::Config::probe_timeout, "Then others are asked to probe."},
    {"gossip_interval", &gossip::Config::gossip_interval, "What is queued is passed on so often."},
    {"gossip_to_the_dead_time", &gossip::Config::gossip_to_the_dead_time,
     "The dead are told for so long, and stay in the table."},
    {"push_pull_interval", &gossip::Config::push_pull_interval,
     "Whole states are exchanged so often; 0: never."},
    {"tcp_timeout", &gossip::Config::tcp_timeout, "Of a stream."},
    {"dead_node_reclaim_time", &gossip::Config::dead_node_reclaim_time,
     "A dead member's name may be taken by another address after this; 0: never."},
    {"handling_delay", &gossip::Config::handling_delay,
     "How long messages wait for the worker, which takes the newest first."},
    {"broadcast_timeout", &gossip::Config::broadcast_timeout, "How long a leave waits to be told."},
    {"leave_propagate_delay", &gossip::Config::leave_propagate_delay,
     "How long a leaving agent stays afterwards."},
    {"coalesce_period", &gossip::Config::coalesce_period,
     "Member events are gathered for at most this long; 0: handlers hear at once."},
    {"quiescent_period", &gossip::Config::quiescent_period, "Or until none came for this long."},
    {"user_coalesce_period", &gossip::Config::user_coalesce_period, "The same of user events."},
    {"user_quiescent_period", &gossip::Config::user_quiescent_period, "The same of user events."},
    {"reap_interval", &gossip::Config::reap_interval, "How often the forgotten are looked for."},
    {"reconnect_interval", &gossip::Config::reconnect_interval,
     "How often a failed member is tried again."},
    {"reconnect_timeout", &gossip::Config::reconnect_timeout,
     "A failed member is forgotten after this."},
    {"tombstone_timeout", &gossip::Config::tombstone_timeout,
     "A member that left is forgotten after this."},
    {"recent_intent_timeout", &gossip::Config::recent_intent_timeout,
     "Intents about strangers are remembered for so long."},
    {"queue_check_interval", &gossip::Config::queue_check_interval,
     "How often queues that are longer than they may be are cut."},
};

struct SerfNumber {
  const char* name;
  std::uint32_t gossip::Config::* field;
  const char* doc;
};
inline constexpr SerfNumber kSerfNumbers[] = {
    {"indirect_checks", &gossip::Config::indirect_checks, "So many others are asked to probe."},
    {"gossip_nodes", &gossip::Config::gossip_nodes, "So many are told at a time."},
    {"retransmit_mult", &gossip::Config::retransmit_mult,
     "A message is sent this * ceil(log10(n + 1)) times by each member."},
    {"suspicion_mult", &gossip::Config::suspicion_mult,
     "A suspect has at least this * log10(n) probe intervals to refute."},
    {"suspicion_max_timeout_mult", &gossip::Config::suspicion_max_timeout_mult,
     "And at most so many times as much, while nobody else suspects it."},
    {"awareness_max_multiplier", &gossip::Config::awareness_max_multiplier,
     "How slow a member in poor health gets."},
    {"udp_buffer_size", &gossip::Config::udp_buffer_size, "Bytes in a packet."},
    {"handoff_queue_depth", &gossip::Config::handoff_queue_depth,
     "So many messages of a kind may wait for the worker; what comes then is dropped."},
    {"max_queue_depth", &gossip::Config::max_queue_depth, "Messages in a queue of serf's."},
    {"min_queue_depth", &gossip::Config::min_queue_depth,
     "In place of max_queue_depth: this, or twice the members if that is more; 0: that stays."},
    {"event_buffer", &gossip::Config::event_buffer,
     "User events of so many Lamport times are remembered; older ones are dropped."},
    {"query_buffer", &gossip::Config::query_buffer, "The same of queries."},
    {"query_timeout_mult", &gossip::Config::query_timeout_mult,
     "Of a query: gossip_interval * this * ceil(log10(n + 1))."},
    {"query_size_limit", &gossip::Config::query_size_limit, "Bytes of a query, encoded."},
    {"query_response_size_limit", &gossip::Config::query_response_size_limit,
     "Bytes of an answer to a query, encoded."},
    {"user_event_size_limit", &gossip::Config::user_event_size_limit, "Bytes of name and payload."},
};

struct SerfFlag {
  const char* name;
  bool gossip::Config::* field;
  const char* doc;
};
inline constexpr SerfFlag kSerfFlags[] = {
    {"tcp_pings", &gossip::Config::tcp_pings, "A stream is tried when packets are not answered."},
    {"compression", &gossip::Config::compression, "Packets are packed by LZW."},
    {"later_memberlist", &gossip::Config::later_memberlist,
     "The ways of later versions where they differ from 0.2.2."},
    {"coordinates", &gossip::Config::coordinates, "Network coordinates are kept."},
    {"snapshot", &gossip::Config::snapshot, "The agent keeps a snapshot file and rejoins from it."},
    {"keyring_file", &gossip::Config::keyring_file,
     "Keys are kept in a file, which `keys` begins: a restart forgets no change of them."},
    {"rejoin_after_leave", &gossip::Config::rejoin_after_leave, "Even after it left."},
    {"resolve_name_conflicts", &gossip::Config::resolve_name_conflicts,
     "A member whose name another claims asks the others."},
    {"replay_on_join", &gossip::Config::replay_on_join, "Old events come with the first join."},
};

}  // namespace quorumlab::script
