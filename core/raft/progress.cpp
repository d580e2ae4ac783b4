// The leader's view of one follower.
#include "core/raft/progress.h"

#include <algorithm>

namespace quorumlab::raft {

void Inflights::add(LogIndex last, std::uint64_t bytes) {
  const std::uint32_t size = static_cast<std::uint32_t>(ring_.size());
  if (count_ == size) {  // unroll into a ring of twice the size
    std::rotate(ring_.begin(), ring_.begin() + begin_, ring_.end());
    ring_.resize(size == 0 ? 8 : size * 2);
    begin_ = 0;
  }
  ring_[(begin_ + count_) & (ring_.size() - 1)] = {last, bytes};
  ++count_;
  bytes_ += bytes;
}

void Inflights::free_to(LogIndex index) {
  while (count_ > 0 && ring_[begin_].last <= index) {
    bytes_ -= ring_[begin_].bytes;
    begin_ = (begin_ + 1) & static_cast<std::uint32_t>(ring_.size() - 1);
    --count_;
  }
}

void Progress::start(LogIndex next_index) {
  state = State::probe;
  paused = false;
  recent_active = false;
  match = {};
  next = next_index;
  commit_sent = {};
  acked_round = 0;
  pending_snapshot = {};
  snapshot_offset = 0;
  chunk_moved = false;
  inflights.clear();
}

void Progress::become_probe() {
  // After a snapshot the probe begins behind it, even if the follower has not said that it has it.
  next = std::max(match.next(),
                  state == State::snapshot ? pending_snapshot.next() : LogIndex{});
  state = State::probe;
  paused = false;
  pending_snapshot = {};
  inflights.clear();
}

void Progress::become_replicate() {
  state = State::replicate;
  paused = false;
  pending_snapshot = {};
  next = match.next();
  inflights.clear();
}

void Progress::become_snapshot(LogIndex index) {
  state = State::snapshot;
  paused = false;
  pending_snapshot = index;
  snapshot_offset = 0;
  chunk_moved = true;
  next = index.next();
  inflights.clear();
}

bool Progress::update(LogIndex index) {
  if (index <= match) return false;
  match = index;
  next = std::max(next, index.next());
  paused = false;
  return true;
}

bool Progress::decrease(LogIndex refused, LogIndex hint) {
  if (state == State::replicate) {
    if (refused <= match) return false;  // it has matched beyond that since
    next = match.next();
    return true;
  }
  // A probe has one append in flight, and only its own refusal counts.
  if (next.value == 0 || next.previous() != refused) return false;
  const LogIndex lower = std::max(std::min(refused, hint.next()), match.next());
  // It refuses what it is known to have: some node runs without a rule. Asking the same again at once
  // would go on for ever; the next heartbeat's answer may.
  if (lower >= next) return false;
  next = lower;
  paused = false;
  return true;
}

}  // namespace quorumlab::raft
