// A lock by gossip alone, as one is tempted to build it: no store, only a serf agent on the same host.
// The programs that want it have an order; each takes the lock once its own agent says that the hosts
// of all before it have failed or left, and gives it up when one of them is alive again.
//
// What a failure detector says is an opinion, and each side of a cut has its own: both then hold. Only
// agreement by a majority gives a lock (core/recipes/holder.h).
#pragma once

#include <cstdint>

#include "core/recipes/config.h"

namespace quorumlab::recipes {

class GossipLock {
 public:
  void reset() { *this = {}; }
  void start(Turn& turn);
  void on_event(Turn& turn, const Event& event);
  Instant deadline() const { return next_; }
  bool holds() const { return holds_; }

 private:
  void ask(Turn& turn);
  void read(Turn& turn, ByteView answer);

  bool holds_ = false;
  std::uint64_t ask_ = 0;      // under way; 0: none
  std::uint64_t granted_ = 0;  // how often it took the lock: there is nobody to give it a token
  Instant next_ = kNever;
};

}  // namespace quorumlab::recipes
