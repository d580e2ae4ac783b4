// User events: an agent takes each at most once in a life, none that is older than its buffer
// reaches, and after a restart none from before what its snapshot says (serf.go handleUserEvent).
#pragma once

#include <algorithm>

#include "core/base/hash.h"
#include "sim/judge/agents.h"
#include "sim/judge/flat_map.h"

namespace quorumlab::judge {

class EventDelivery {
 public:
  void reset(std::uint32_t agents) {
    taken_.clear();
    windows_.assign(agents + 1, Window{});
  }
  void started(NodeId node) { windows_[node.value] = {}; }
  // The snapshot of its last life says what the latest event was.
  void replayed(NodeId node, std::uint64_t event_clock) {
    windows_[node.value].after = event_clock;
  }
  void taken(Moment moment, NodeId node, std::uint64_t ltime, std::uint64_t hash,
             const Agents& agents, Verdicts& verdicts) {
    Window& window = windows_[node.value];
    std::uint64_t& life =
        taken_.at(mix(mix(node.value, agents[node].starts), mix(ltime, hash)));
    verdicts.check(Checker::event_delivery, life == 0, moment, node, kNobody, ltime, hash);
    life = 1;
    const bool in_time = window.after == 0 || ltime > window.after;
    verdicts.check(Checker::event_delivery, in_time, moment, node, kNobody, ltime, window.after);
    const bool remembered = window.latest < agents.bounds().event_buffer ||
                            ltime >= window.latest - agents.bounds().event_buffer;
    verdicts.check(Checker::event_delivery, remembered, moment, node, kNobody, ltime,
                   window.latest);
    window.latest = std::max(window.latest, ltime);
  }

 private:
  struct Window {
    std::uint64_t after = 0;   // no event up to this one may be taken
    std::uint64_t latest = 0;  // taken in this life
  };
  FlatMap taken_;
  std::vector<Window> windows_;  // by agent
};

}  // namespace quorumlab::judge
