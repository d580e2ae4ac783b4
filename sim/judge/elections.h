// Election safety and vote safety: who led, who was voted for. The memory of both outlives every
// restart, since a promise does.
#pragma once

#include "sim/judge/flat_map.h"
#include "sim/judge/verdicts.h"

namespace quorumlab::judge {

class Elections {
 public:
  void reset() {
    leaders_.clear();
    votes_.clear();
  }
  // `node` acts as the leader of `term`. A leader has voted for itself (Raft 5.2).
  void leads(Moment moment, NodeId node, std::uint64_t term, Verdicts& verdicts);
  // `node` granted its vote of `term`, and the grant left it.
  void votes(Moment moment, NodeId node, NodeId candidate, std::uint64_t term, Verdicts& verdicts);

 private:
  FlatMap leaders_;  // term -> node
  FlatMap votes_;    // (node, term) -> candidate
};

}  // namespace quorumlab::judge
