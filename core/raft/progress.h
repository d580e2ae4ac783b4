// What a leader knows of one member, and how fast it may send to it. A follower is probed (one append
// at a time) until the leader knows where their logs meet, then replicated to (a window of appends in
// flight), or sent a snapshot when the log before it is gone.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/types.h"

namespace quorumlab::raft {

// The window of appends that are on their way: the last index of each and its bytes.
class Inflights {
 public:
  bool full(std::uint32_t max_messages, std::uint64_t max_bytes) const {
    return count_ >= max_messages || (max_bytes != 0 && bytes_ >= max_bytes);
  }
  std::uint32_t count() const { return count_; }
  std::uint64_t bytes() const { return bytes_; }
  void add(LogIndex last, std::uint64_t bytes);
  // Everything up to `index` has arrived.
  void free_to(LogIndex index);
  void clear() { begin_ = count_ = 0, bytes_ = 0; }

 private:
  struct Item {
    LogIndex last;
    std::uint64_t bytes;
  };
  std::vector<Item> ring_;  // its size is a power of two, and grows as needed
  std::uint32_t begin_ = 0;
  std::uint32_t count_ = 0;
  std::uint64_t bytes_ = 0;
};

struct Progress {
  enum class State : std::uint8_t { probe, replicate, snapshot };
  enum class Vote : std::uint8_t { none, granted, refused };

  NodeId node;
  // Its part in the configuration.
  bool incoming = false;  // a voter of the new (or only) half
  bool outgoing = false;  // a voter of the old half of a joint configuration
  bool learner = false;

  State state = State::probe;
  Vote vote = Vote::none;  // in the campaign under way
  bool paused = false;         // nothing more until something comes back
  bool recent_active = false;  // was heard of since the last quorum check
  LogIndex match;              // its log is known to be the leader's up to here
  LogIndex next;               // the next entry to send
  LogIndex commit_sent;        // the highest commit index it was told
  std::uint64_t acked_round = 0;  // the last heartbeat round it answered
  // While a snapshot is sent.
  LogIndex pending_snapshot;
  std::uint64_t snapshot_offset = 0;
  bool chunk_moved = false;  // a chunk was sent or acknowledged since the last heartbeat's answer
  Inflights inflights;

  bool voter() const { return incoming || outgoing; }
  bool may_send() const { return state != State::snapshot && !paused; }

  // A new term of leadership.
  void start(LogIndex next_index);
  void become_probe();
  void become_replicate();
  void become_snapshot(LogIndex index);
  // The follower has everything up to `index`. False when that was known.
  bool update(LogIndex index);
  // The follower refused an append after `refused`; it might match at `hint`. False when the answer
  // is stale.
  bool decrease(LogIndex refused, LogIndex hint);
};

}  // namespace quorumlab::raft
