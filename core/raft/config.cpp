// What a configuration must satisfy before an engine may be built with it.
#include "core/raft/config.h"

#include <algorithm>

#include "core/raft/quorum.h"

namespace quorumlab::raft {
namespace {

bool sorted_and_unique(const std::vector<NodeId>& nodes) {
  return std::adjacent_find(nodes.begin(), nodes.end(),
                            [](NodeId a, NodeId b) { return a >= b; }) == nodes.end() &&
         std::find(nodes.begin(), nodes.end(), kNobody) == nodes.end();
}

}  // namespace

Result<void> Config::validate() const {
  if (!id) return error("id", "expected a node id from 1 on, got 0");
  for (const auto* nodes : {&initial.voters, &initial.voters_outgoing, &initial.learners,
                            &initial.learners_next}) {
    if (!sorted_and_unique(*nodes)) {
      return error("initial", "expected lists of distinct node ids in ascending order");
    }
  }
  for (const NodeId learner : initial.learners) {
    for (const auto* voters : {&initial.voters, &initial.voters_outgoing}) {
      if (std::binary_search(voters->begin(), voters->end(), learner)) {
        return error("initial.learners", "expected no node that is a voter too");
      }
    }
  }
  if (initial.voters.size() + initial.voters_outgoing.size() + initial.learners.size() >
      kMaxMembers) {
    return error("initial", "expected at most 64 members");
  }
  if (timeouts.kind == TimeoutPolicy::Kind::continuous) {
    if (timeouts.election_min.ns <= 0) return error("election_min", "expected more than 0");
    if (timeouts.election_max < timeouts.election_min) {
      return error("election_max", "expected at least election_min");
    }
    if (timeouts.heartbeat.ns <= 0) return error("heartbeat", "expected more than 0");
    if (timeouts.heartbeat >= timeouts.election_min) {
      return error("heartbeat", "expected less than election_min");
    }
  } else {
    if (timeouts.period.ns <= 0) return error("period", "expected more than 0");
    if (timeouts.heartbeat_ticks == 0) return error("heartbeat_ticks", "expected at least 1");
    if (timeouts.election_ticks <= timeouts.heartbeat_ticks) {
      return error("election_ticks", "expected more than heartbeat_ticks");
    }
  }
  if (read_mode == ReadMode::lease && !check_quorum && rules[Rule::lease_needs_check_quorum]) {
    return error("read_mode", "lease reads need check_quorum");
  }
  if (clock_drift_ppm >= 1'000'000) return error("clock_drift_ppm", "expected less than 1000000");
  if (max_inflight_messages == 0) return error("max_inflight_messages", "expected at least 1");
  if (max_inflight_bytes != 0 && max_inflight_bytes < max_append_bytes) {
    return error("max_inflight_bytes", "expected 0 (no limit) or at least max_append_bytes");
  }
  if (snapshot_chunk_bytes == 0) return error("snapshot_chunk_bytes", "expected at least 1");
  return {};
}

}  // namespace quorumlab::raft
