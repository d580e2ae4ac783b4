// What a Raft engine is told at birth. Every duration is measured on the node's monotonic clock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/types.h"
#include "core/raft/rules.h"

namespace quorumlab::raft {

// How election timeouts and heartbeats are timed.
struct TimeoutPolicy {
  enum class Kind : std::uint8_t {
    continuous,  // as in the Raft paper: uniform on [election_min, election_max], to the nanosecond
    ticks        // as in etcd: whole ticks of a grid with a random phase for each node
  };
  Kind kind = Kind::continuous;
  // continuous
  Duration election_min = milliseconds(150);
  Duration election_max = milliseconds(300);
  Duration heartbeat = milliseconds(50);
  // ticks: timeout uniform on the integers election_ticks .. 2 * election_ticks - 1
  Duration period = milliseconds(100);
  std::uint32_t election_ticks = 10;
  std::uint32_t heartbeat_ticks = 1;
  // etcd fast-forwards the first timeout after boot, so that a fresh cluster elects at once.
  bool advance_first_timeout = false;

  constexpr bool operator==(const TimeoutPolicy&) const = default;
};

enum class ReadMode : std::uint8_t {
  read_index,  // thesis 6.4: confirmed by a quorum for each batch
  lease        // thesis 6.4.1: served while the leader's lease lasts
};

// Who is in the cluster. `voters_outgoing` is empty unless the configuration is joint (Raft
// section 6). All lists are sorted and disjoint where the protocol says so.
struct ConfState {
  std::vector<NodeId> voters;
  std::vector<NodeId> voters_outgoing;
  std::vector<NodeId> learners;
  std::vector<NodeId> learners_next;  // outgoing voters that become learners once the joint is left
  bool auto_leave = false;
  bool operator==(const ConfState&) const = default;
};

struct Config {
  NodeId id;
  ConfState initial;  // used only when the disk holds no snapshot
  TimeoutPolicy timeouts;
  bool pre_vote = true;
  bool check_quorum = true;
  ReadMode read_mode = ReadMode::read_index;
  // A lease lasts (election timeout) * (1 - clock_drift_ppm / 10^6); 10^6 ppm is 100 %.
  std::uint32_t clock_drift_ppm = 10'000;
  bool forward_proposals = true;
  std::uint32_t max_append_bytes = 1 << 20;     // of one AppendEntries; at least one entry goes
  std::uint32_t max_inflight_messages = 256;    // per follower
  std::uint64_t max_inflight_bytes = 0;         // per follower; 0: no limit
  std::uint64_t max_uncommitted_bytes = 1 << 30;  // of proposals; 0: no limit
  std::uint32_t snapshot_chunk_bytes = 64 << 10;
  // Proposals that arrive while the previous write is on its way to disk leave together with the
  // next one (what etcd's Ready loop does). Off: every proposal is replicated at once.
  bool batch_while_writing = false;
  Rules rules;

  // Checks ranges: 0 < election_min <= election_max, heartbeat < election_min, lease needs
  // check_quorum, and so on. The error's `where` is the field's name.
  [[nodiscard]] Result<void> validate() const;
};

}  // namespace quorumlab::raft
