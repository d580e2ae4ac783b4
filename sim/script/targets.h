// Whom the targets of a condition mean. Conditions know names and aliases, and the few selectors that
// involve no lot: asking twice must mean the same nodes.
#pragma once

#include "sim/script/selector.h"

namespace quorumlab::script {

// Calls `visit(node)` for whom the targets name, until one says no. False if one did, or if a selector
// means nobody.
template <class Visit>
bool all_of(const world::Simulation& sim, const Targets& targets, const Memory& memory, Visit visit) {
  for (const Selector& s : targets) {
    switch (s.kind) {
      case Selector::Kind::node:
        if (!visit(s.node)) return false;
        break;
      case Selector::Kind::alias:
        for (const NodeId n : memory.aliases[s.alias]) {
          if (!visit(n)) return false;
        }
        break;
      case Selector::Kind::leader: {
        const NodeId n = leading(sim);
        if (!n || !visit(n)) return false;
        break;
      }
      case Selector::Kind::all:
      case Selector::Kind::followers:
        for (const NodeId n : voters(sim)) {
          if (s.kind == Selector::Kind::followers && n == leading(sim)) continue;
          if (!visit(n)) return false;
        }
        break;
      default: return false;
    }
  }
  return true;
}

template <class Visit>
bool any_of(const world::Simulation& sim, const Targets& targets, const Memory& memory, Visit visit) {
  return !all_of(sim, targets, memory, [&](NodeId n) { return !visit(n); });
}

}  // namespace quorumlab::script
