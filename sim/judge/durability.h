// Durability of promises: what a grant or an acknowledgement says is on disk when it leaves (Raft
// fig. 2; the judges look at the writes, not at what the node believes).
#pragma once

#include "sim/judge/shadow.h"
#include "sim/judge/verdicts.h"

namespace quorumlab::judge {

class Durability {
 public:
  // A grant of `term` to `candidate` leaves.
  static void grants(Moment moment, NodeId node, NodeId candidate, std::uint64_t term,
                     const Shadow& shadow, Verdicts& verdicts) {
    const raft::HardState& disk = shadow.durable_hard_state();
    const bool holds =
        disk.term.value > term || (disk.term.value == term && disk.voted_for == candidate);
    verdicts.check(Checker::durability, holds, moment, node, candidate, term, 0);
  }
  // An acknowledgement of everything up to `index` leaves.
  static void acknowledges(Moment moment, NodeId node, NodeId leader, std::uint64_t term,
                           std::uint64_t index, const Shadow& shadow, Verdicts& verdicts) {
    // Of the term that it is in, it speaks of the log as it stands; of an older one, as it stood.
    const std::uint64_t durable = term == shadow.hard_state().term.value
                                      ? shadow.durable_as_submitted()
                                      : shadow.durable_last();
    verdicts.check(Checker::durability, index <= durable, moment, node, leader, index, durable);
  }
};

}  // namespace quorumlab::judge
