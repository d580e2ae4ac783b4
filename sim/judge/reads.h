// Who may answer reads: only a leader that nobody has succeeded, and at an index that covers all
// that is committed (thesis 6.4). A read by quorum is judged by the moment at which it began, since
// a majority confirms the leader later than that; one by lease by the moment of its answer.
#pragma once

#include <cstdint>

#include "sim/judge/flat_map.h"
#include "sim/judge/verdicts.h"

namespace quorumlab::judge {

class Reads {
 public:
  void reset() {
    begun_.clear();
    latest_term_ = 0;
  }
  // Somebody comes to lead this term.
  void leads(std::uint64_t term) {
    if (term > latest_term_) latest_term_ = term;
  }
  // The leader of `term` asks a quorum whether it still leads, for the read `id`.
  void begins(NodeId leader, std::uint64_t id, std::uint64_t term, std::uint64_t index,
              std::uint64_t committed) {
    std::uint64_t& state = begun_.at(mix(leader.value, id));
    // Asked twice, it may be answered for either.
    if (state != kSound) state = sound(term, index, committed) ? kSound : kUnsound;
  }
  // The leader lets it be answered at `index`.
  void answers(Moment moment, NodeId leader, std::uint64_t id, std::uint64_t term,
               std::uint64_t index, std::uint64_t committed, Verdicts& verdicts) {
    const std::uint64_t* state = begun_.find(mix(leader.value, id));
    const bool holds = state != nullptr ? *state == kSound : sound(term, index, committed);
    verdicts.check(Checker::read_authority, holds, moment, leader, kNobody, index, latest_term_);
  }

 private:
  static constexpr std::uint64_t kSound = 1, kUnsound = 2;
  bool sound(std::uint64_t term, std::uint64_t index, std::uint64_t committed) const {
    return term == latest_term_ && index >= committed;
  }
  FlatMap begun_;  // (leader, id) -> whether it began at a time when it may be answered
  std::uint64_t latest_term_ = 0;
};

}  // namespace quorumlab::judge
