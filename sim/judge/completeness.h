// SWIM's completeness: a round robin probes everybody within 2n - 1 periods (SWIM 4.3), so every
// agent finds every death by itself within its walk and the longest suspicion.
#pragma once

#include <algorithm>

#include "sim/judge/agents.h"

namespace quorumlab::judge {

class Completeness {
 public:
  // An agent probes a member.
  void probes(Moment moment, NodeId node, NodeId target, Agents& agents, Verdicts& verdicts) {
    const std::uint32_t count = ++agents[node].probes;
    Belief& belief = agents.belief(node, target);
    // A member that was not always to be probed since is judged from its next probe on.
    if (belief.probed != 0) {
      verdicts.check(Checker::gossip_completeness,
                     count - belief.probed <= 2 * std::max(agents.count(), 2u) - 1, moment, node,
                     target, count - belief.probed, agents.count());
    }
    belief.probed = count;
  }

  // Judges what is due of the death of `gone`. Answers when the next is due, INT64_MAX: none.
  std::int64_t look(Moment moment, NodeId gone, Agents& agents, Verdicts& verdicts) const {
    std::int64_t next = INT64_MAX;
    for (std::uint32_t id = 1; id <= agents.count(); ++id) {
      const Agent& agent = agents[NodeId{id}];
      if (id == gone.value || !agent.running() || agent.leaving) continue;
      const Belief& belief = agents.belief({id}, gone);
      const bool alive = belief.state == gossip::State::alive;
      if (!alive && belief.state != gossip::State::suspect) {
        verdicts.check(Checker::gossip_completeness, true, moment, {id}, gone, 0, 0);
        continue;
      }
      // A later alive message of a higher incarnation is news from before the death.
      const std::int64_t from =
          std::max({agents[gone].down_ns, agents.disturbed_ns(), agent.up_ns, agent.grouped_ns,
                    alive ? belief.since_ns : 0});
      const std::int64_t due = from + agents.settling().ns;
      if (moment.time_ns <= due) {
        next = std::min(next, due + 1);
      } else if (agents.calm()) {
        verdicts.check(Checker::gossip_completeness, false, moment, {id}, gone,
                       static_cast<std::uint64_t>(due), belief.incarnation);
      }
    }
    return next;
  }
};

}  // namespace quorumlab::judge
