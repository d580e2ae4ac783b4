// What a gossip engine waits for, apart from its few periodic works: a binary heap of moments.
// Nothing is ever taken out of it early. A timer says by `a` and `b` what it was armed for, and who
// armed it checks, when it fires, that this still holds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/types.h"

namespace quorumlab::gossip {

enum class TimerKind : std::uint8_t {
  // memberlist
  suspicion,  // a: the peer; b: when it became suspect
  helper,     // a: sequence number of the ping on behalf of another
  stream,     // b: the stream's id
  // serf: Engine::serf_timer is called for these
  serf = 16,
  member_flush = serf,  // the coalescers
  user_flush,
  reap,
  reconnect,
  queue_check,
  query_end,       // a: its id, b: its Lamport time
  broadcast_wait,  // a: the token
  leave_delay,
  prune,           // a: the peer, b: Lamport time of the intent
  snapshot_clock,
  start_join,
};

struct Timer {
  Instant at;
  std::uint64_t order = 0;  // of two at one moment the one armed first fires first
  std::uint64_t b = 0;
  std::uint32_t a = 0;
  TimerKind kind = TimerKind::serf;
};

class TimerHeap {
 public:
  void clear() {
    heap_.clear();
    armed_ = 0;
    next_ = kNever;
  }
  void arm(Instant at, TimerKind kind, std::uint32_t a, std::uint64_t b) {
    heap_.push_back({at, armed_++, b, a, kind});
    std::push_heap(heap_.begin(), heap_.end(), later);
    next_ = heap_.front().at;
  }
  Instant next() const { return next_; }
  // REQUIRES: next() is not kNever.
  Timer pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Timer timer = heap_.back();
    heap_.pop_back();
    next_ = heap_.empty() ? kNever : heap_.front().at;
    return timer;
  }

 private:
  static bool later(const Timer& x, const Timer& y) {
    return x.at != y.at ? x.at > y.at : x.order > y.order;
  }
  std::vector<Timer> heap_;
  Instant next_ = kNever;
  std::uint64_t armed_ = 0;
};

}  // namespace quorumlab::gossip
