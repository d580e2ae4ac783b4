// A Lamport clock (Lamport 1978): counts events, and moves past every time it hears of. serf keeps
// three: of members, of user events, of queries (serf.md 2.3).
#pragma once

#include <cstdint>

#include "core/gossip/rules.h"

namespace quorumlab::gossip {

class LamportClock {
 public:
  std::uint64_t time() const { return time_; }

  // Counts one event of our own and answers the new time.
  std::uint64_t increment(const Rules& rules) {
    move_past(time_, rules);
    return time_;
  }

  // Hears of a time. Answers whether the clock moved.
  bool witness(std::uint64_t heard, const Rules& rules) {
    if (!rules[Rule::lamport_witness] || heard < time_) return false;
    const std::uint64_t before = time_;
    move_past(heard, rules);
    return time_ != before;
  }

 private:
  void move_past(std::uint64_t t, const Rules& rules) {
    // Nothing lies past the last time: there the clock stands still. Anybody may say the last time,
    // and one that wraps to 0 makes everything that follows look old.
    if (t == UINT64_MAX && rules[Rule::lamport_never_zero]) {
      time_ = t;
    } else {
      time_ = t + 1;
    }
  }
  std::uint64_t time_ = 0;
};

}  // namespace quorumlab::gossip
