// What a gossip engine is told at birth: memberlist's and serf's parameters under their own names,
// with the LAN, WAN and local profiles (serf.md sections 1.1 and 3.1). Durations are measured on the
// node's monotonic clock.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/types.h"
#include "core/gossip/address.h"
#include "core/gossip/rules.h"

namespace quorumlab::gossip {

// memberlist deviates from the paper it implements (Lifeguard, arXiv 1707.00788): its score ends at
// 7, the probe timeout is not scaled, a failed probe costs the nacks that were missed, nacks leave
// after the whole probe timeout.
enum class Lifeguard : std::uint8_t { memberlist, paper, off };

// When a member's periodic work happens (serf.md F3): really at start + k * interval, or staggered
// at random, as the documentation says.
enum class Phases : std::uint8_t { start_time, staggered };

using Tags = std::vector<std::pair<std::string, std::string>>;  // sorted by key

struct Config {
  NodeId id;
  std::string name;  // unique in the cluster; at most 128 bytes
  AddressPlan addresses;
  Tags tags;

  // memberlist. Defaults are the LAN profile's.
  Duration probe_interval = seconds(1);
  Duration probe_timeout = milliseconds(500);
  std::uint32_t indirect_checks = 3;
  Duration gossip_interval = milliseconds(200);
  std::uint32_t gossip_nodes = 3;
  Duration gossip_to_the_dead_time = seconds(30);
  Duration push_pull_interval = seconds(30);  // 0: never
  std::uint32_t retransmit_mult = 4;
  std::uint32_t suspicion_mult = 4;
  std::uint32_t suspicion_max_timeout_mult = 6;
  std::uint32_t awareness_max_multiplier = 8;
  Duration tcp_timeout = seconds(10);
  bool tcp_pings = true;
  std::uint32_t udp_buffer_size = 1400;
  std::uint32_t handoff_queue_depth = 1024;
  bool compression = true;
  Duration dead_node_reclaim_time;  // 0: never
  std::string label;
  Lifeguard lifeguard = Lifeguard::memberlist;
  Phases phases = Phases::start_time;
  // How long a suspect, alive, dead or user message waits before the one worker takes it; what
  // waits is taken newest first (serf.md F4). 0: messages of one packet still queue together.
  Duration handling_delay;
  // memberlist 0.2.2 (what serf 0.9.4 has) or its later ways where they differ: dropping members
  // that left, choosing random members, send errors.
  bool later_memberlist = false;

  // serf
  Duration broadcast_timeout = seconds(5);
  Duration leave_propagate_delay = seconds(1);
  Duration coalesce_period = seconds(3);  // 0: member events are not coalesced
  Duration quiescent_period = seconds(1);
  Duration user_coalesce_period = seconds(3);
  Duration user_quiescent_period = seconds(1);
  Duration reap_interval = seconds(15);
  Duration reconnect_interval = seconds(30);
  Duration reconnect_timeout = seconds(24 * 3600);
  Duration tombstone_timeout = seconds(24 * 3600);
  Duration recent_intent_timeout = seconds(300);
  Duration queue_check_interval = seconds(30);
  std::uint32_t max_queue_depth = 4096;
  std::uint32_t min_queue_depth = 0;
  std::uint32_t event_buffer = 512;
  std::uint32_t query_buffer = 512;
  std::uint32_t query_timeout_mult = 16;
  std::uint32_t query_response_size_limit = 1024;
  std::uint32_t query_size_limit = 1024;
  std::uint32_t user_event_size_limit = 512;
  bool resolve_name_conflicts = true;
  bool coordinates = true;
  bool rejoin_after_leave = false;
  bool snapshot = false;           // keep a snapshot file and rejoin from it
  std::vector<Bytes> keys;         // of 16, 24 or 32 bytes; the first is the primary; empty: plain
  bool keyring_file = false;       // `keys` only begins a file that outlives the process (serf.md 3.10)
  std::vector<NodeId> start_join;  // contacted at start; success of one is enough
  bool replay_on_join = false;
  Rules rules;

  static Config lan();
  static Config wan();
  static Config local();

  // Checks ranges; the error's `where` is the field's name.
  [[nodiscard]] Result<void> validate() const;
};

}  // namespace quorumlab::gossip
