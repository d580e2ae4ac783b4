// Convergence: where nothing has changed for long enough, agents that ever exchanged their states
// believe each other alive. Gossip alone may miss somebody; push/pull and, between halves that took
// each other for failed, reconnecting make up for it, and so only where these are configured is
// anything promised.
#pragma once

#include <algorithm>

#include "sim/judge/agents.h"

namespace quorumlab::judge {

class Convergence {
 public:
  void reset() { final_ = false; }
  // Judges every pair whose time has come. Answers when the next look is due, INT64_MAX: none
  // before something changes.
  std::int64_t look(Moment moment, const Agents& agents, Verdicts& verdicts) {
    const GossipBounds& bounds = agents.bounds();
    if (!agents.calm() || bounds.exchanges.ns == 0) return INT64_MAX;
    // Every push/pull leads here, and mostly nothing has changed since all were judged.
    if (final_ && version_ == agents.version()) {
      verdicts.again(Checker::gossip_convergence, judged_);
      return INT64_MAX;
    }
    const std::int64_t soon =
        agents.changed_ns() + agents.settling().ns + bounds.exchanges.ns;
    if (moment.time_ns <= soon) return soon + 1;
    const std::int64_t late =
        bounds.reconnects.ns > 0 ? soon + bounds.reconnects.ns : INT64_MAX;
    std::int64_t next = INT64_MAX;
    std::uint64_t judged = 0;
    for (std::uint32_t a = 1; a <= agents.count(); ++a) {
      for (std::uint32_t b = 1; b <= agents.count(); ++b) {
        if (a == b || !lives_in_same_group(agents, {a}, {b})) continue;
        const Belief& belief = agents.belief({a}, {b});
        if (estranged(belief) && estranged(agents.belief({b}, {a}))) {
          // Whom serf takes for one that left is not contacted again.
          if (belief.status != gossip::Status::failed) continue;
          if (moment.time_ns <= late) {
            next = late == INT64_MAX ? late : late + 1;
            continue;
          }
        }
        // Who never heard that it is said to leave could not answer (serf leaves it so for ever).
        const bool said_to_leave = belief.status == gossip::Status::leaving &&
                                   belief.leave_ltime > agents[NodeId{b}].told_to_leave;
        const bool agreed = belief.state == gossip::State::alive &&
                            (belief.status == gossip::Status::alive ||
                             belief.status == gossip::Status::none || said_to_leave);
        ++judged;
        verdicts.check(Checker::gossip_convergence, agreed, moment, {a}, {b},
                       static_cast<std::uint64_t>(belief.state),
                       static_cast<std::uint64_t>(belief.status));
      }
    }
    version_ = agents.version();
    judged_ = judged;
    final_ = next == INT64_MAX;
    return next;
  }

 private:
  // Of the last look: how many pairs it judged, at which version of the agents, and whether time
  // alone changes nothing.
  std::uint64_t judged_ = 0, version_ = 0;
  bool final_ = false;

  static bool lives_in_same_group(const Agents& agents, NodeId a, NodeId b) {
    const Agent &one = agents[a], &other = agents[b];
    return one.running() && other.running() && !one.leaving && !other.leaving &&
           one.group == other.group;
  }
  static bool estranged(const Belief& belief) {
    return belief.state != gossip::State::alive && belief.state != gossip::State::suspect;
  }
};

}  // namespace quorumlab::judge
