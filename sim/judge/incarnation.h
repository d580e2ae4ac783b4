// Incarnations as one agent knows them: of a member that stays in its table they never fall, and an
// alive message brings back only with a higher one (SWIM 4.2).
#pragma once

#include "sim/judge/agents.h"

namespace quorumlab::judge {

class Incarnations {
 public:
  static void alive(Moment moment, NodeId node, NodeId member, std::uint64_t incarnation,
                    const Belief& before, Verdicts& verdicts) {
    if (before.state == gossip::State::unknown) return;
    const bool revives = before.state != gossip::State::alive;
    verdicts.check(Checker::incarnation_monotonic,
                   revives ? incarnation > before.incarnation : incarnation >= before.incarnation,
                   moment, node, member, incarnation, before.incarnation);
  }
  static void accused(Moment moment, NodeId node, NodeId member, std::uint64_t incarnation,
                      const Belief& before, Verdicts& verdicts) {
    if (before.state == gossip::State::unknown) return;
    verdicts.check(Checker::incarnation_monotonic, incarnation >= before.incarnation, moment, node,
                   member, incarnation, before.incarnation);
  }
};

}  // namespace quorumlab::judge
