// What serf hears becomes what Raft does: the leader removes a voter that serf has called failed for a
// while, and adds a member that is alive and no voter (the idea of Consul's autopilot). Once a second it
// compares what its agent believes with the configuration; at most one change at a time.
//
// A failure detector gives an opinion, and Raft must not lose its majority over one. So nobody is removed
// from whom the leader hears itself, nor anybody whom the rest could not do without (rule
// autopilot_keeps_quorum).
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/types.h"

namespace quorumlab {

struct AutopilotConfig {
  bool on = false;
  Duration grace = seconds(10);   // serf must have called it failed for so long
  Duration settle = seconds(5);   // and alive for so long, before it becomes a voter
};

// What one node has seen, by the ids of hosts.
struct Autopilot {
  static constexpr Duration kEvery = seconds(1);
  // Raft's followers answer heartbeats far more often than that.
  static constexpr Duration kHeardWithin = seconds(3);

  struct Seen {
    Instant gone_since = kNever;   // by serf; kNever: it is not gone
    Instant alive_since = kNever;
    Instant heard{INT64_MIN / 2};  // by Raft: it answered a heartbeat
    std::uint64_t round = 0;       // of which one
    bool kept = false;             // it was said why it is not removed
    bool differs = false;          // the store's list of members says otherwise than Raft
  };
  std::vector<Seen> seen;  // by id
  Term leads;              // the term in which it leads; 0: it does not
  Instant next = kNever;

  Seen& at(NodeId host) {
    if (seen.size() <= host.value) seen.resize(host.value + 1);
    return seen[host.value];
  }
};

}  // namespace quorumlab
