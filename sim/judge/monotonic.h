// What only grows: a node's term in its writes, packets and restarts; commit and applied index
// within a process's life (Raft fig. 2).
#pragma once

#include <cstdint>

#include "sim/judge/shadow.h"
#include "sim/judge/verdicts.h"

namespace quorumlab::judge {

struct NodeMonotonic {
  std::uint64_t request_term = 0;  // of requests, which leave in the order they are made
  std::uint64_t commit = 0;
  std::uint64_t applied = 0;

  void reset() { *this = {}; }
  void started() { *this = {}; }
  // REQUIRES: a packet of a kind that names the sender's own term and waits for no write.
  void sent(Moment moment, NodeId node, std::uint64_t term, const Shadow& shadow,
            Verdicts& verdicts) {
    const std::uint64_t before = request_term > shadow.hard_state().term.value
                                     ? request_term
                                     : shadow.hard_state().term.value;
    verdicts.check(Checker::monotonic, term >= before, moment, node, kNobody, term, before);
    request_term = term;
  }
  void submitted(Moment moment, NodeId node, const Change& change, Verdicts& verdicts) const;
  void committed(Moment moment, NodeId node, std::uint64_t index, Verdicts& verdicts) {
    verdicts.check(Checker::monotonic, index >= commit, moment, node, kNobody, index, commit);
    commit = index;
  }
  // Entries are applied one after the other, without a gap.
  void apply(Moment moment, NodeId node, std::uint64_t index, Verdicts& verdicts) {
    verdicts.check(Checker::monotonic, index == applied + 1 || applied == 0, moment, node, kNobody,
                   index, applied);
    applied = index;
  }
  void installed(Moment moment, NodeId node, std::uint64_t index, Verdicts& verdicts) {
    verdicts.check(Checker::monotonic, index >= applied, moment, node, kNobody, index, applied);
    applied = index;
    if (index > commit) commit = index;
  }
};

}  // namespace quorumlab::judge
