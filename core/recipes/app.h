// One program on a client host: any of the recipes, behind the seam of core/node/event.h. A plain
// value, like a node: an event goes in, effects come out.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/random.h"
#include "core/recipes/config.h"
#include "core/recipes/follower.h"
#include "core/recipes/gossip_lock.h"
#include "core/recipes/holder.h"
#include "core/recipes/work.h"

namespace quorumlab::recipes {

class App {
 public:
  // For live views.
  struct Status {
    bool holds = false;
    std::uint64_t token = 0;
    Instant lease_until = kNever;  // on its own monotonic clock
    NodeId follows;
    std::string_view doing;
    std::uint64_t pieces_done = 0, pieces_refused = 0;  // of its own work, or that it was asked for
  };

  // A new life; the old one's memory is gone.
  void reset(const AppConfig& config, const Random& random);
  void step(Now now, const Event& event, Effects& out);

  bool holds() const { return holder_.holds() || gossip_lock_.holds(); }
  // The fencing token of what it holds; 0 when it holds nothing.
  std::uint64_t token() const { return holder_.token(); }
  // Who is the master, as far as this program knows.
  NodeId follows() const;
  Status status() const;
  const AppConfig& config() const { return config_; }

 private:
  AppConfig config_;
  std::uint64_t last_ask_ = 0;  // goes on over lives: an old one's answer is nobody's
  Holder holder_;
  Follower follower_;
  GossipLock gossip_lock_;
  Resource resource_;
};

}  // namespace quorumlab::recipes
