// SWIM's accuracy. That a member which lives is not declared failed can be promised only where
// packets arrive and processes run; elsewhere false positives are counted. Everywhere a member is
// suspected before it is declared failed, for long enough to refute (SWIM 4.2).
#pragma once

#include <algorithm>

#include "sim/judge/agents.h"

namespace quorumlab::judge {

class Accuracy {
 public:
  void reset() { *this = {}; }

  // An agent takes a member for failed. REQUIRES: the belief is the one before that.
  void fails(Moment moment, NodeId node, NodeId member, NodeId accuser, Agents& agents,
             Verdicts& verdicts) {
    // What it said in an earlier life may come back to it.
    if (accuser == node && agents[node].starts == 1) waited(moment, node, member, agents, verdicts);
    const Agent& accused = agents[member];
    if (!accused.running() || accused.leaving) return;
    ++false_positives_;
    if (!agents[node].running()) return;  // its sends are blocked: nobody can tell it otherwise
    const std::int64_t from = std::max({agents.disturbed_ns(), accused.up_ns, resumed_ns_});
    if (!agents.calm() || moment.time_ns < from + agents.settling().ns) return;
    verdicts.check(Checker::gossip_accuracy, false, moment, node, member, accuser.value,
                   agents.belief(node, member).incarnation);
  }
  // A suspicion has had its time. The belief of a suspect dates from when it became one.
  void waited(Moment moment, NodeId node, NodeId member, Agents& agents, Verdicts& verdicts) {
    const Belief& belief = agents.belief(node, member);
    const bool suspected = belief.state == gossip::State::suspect;
    if (!agents.clocks_true_since(suspected ? belief.since_ns : moment.time_ns)) return;
    const std::int64_t waited = moment.time_ns - belief.since_ns;
    // A hundredth less: clocks may drift.
    verdicts.check(Checker::gossip_accuracy,
                   belief.state == gossip::State::suspect &&
                       waited >= agents.bounds().suspicion_minimum.ns / 100 * 99,
                   moment, node, member, static_cast<std::uint64_t>(belief.state),
                   static_cast<std::uint64_t>(waited));
  }
  // A process that stood still takes the silence for that of others.
  void resumed(std::int64_t now_ns) { resumed_ns_ = now_ns; }
  std::uint64_t false_positives() const { return false_positives_; }

 private:
  std::uint64_t false_positives_ = 0;
  std::int64_t resumed_ns_ = 0;
};

}  // namespace quorumlab::judge
