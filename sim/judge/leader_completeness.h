// Leader completeness: an entry committed in a term is in the log of the leader of every later one
// (Raft fig. 3, 5.4.3). Kept as a staircase: the furthest committed place of each term, both
// rising.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/judge/shadow.h"
#include "sim/judge/verdicts.h"

namespace quorumlab::judge {

class LeaderCompleteness {
 public:
  void reset() {
    steps_.clear();
    answered_.clear();
  }
  // Whether committed() would learn anything from this; asked for every heartbeat.
  bool is_news(std::uint64_t term, std::uint64_t index) const {
    if (index == 0) return false;
    return steps_.empty() || index > steps_.back().index || term < steps_.back().term;
  }
  // The log up to (index, chain) was committed in `term` or before.
  void committed(std::uint64_t term, std::uint64_t index, std::uint64_t chain) {
    if (!steps_.empty() && steps_.back().term == term) [[likely]] {
      if (index > steps_.back().index) steps_.back() = {index, term, chain};
    } else {
      climb(steps_, {index, term, chain});
    }
  }
  // The same, and a client was told so: losing it breaks durability.
  void answered(std::uint64_t term, std::uint64_t index, std::uint64_t chain) {
    if (!answered_.empty() && index <= answered_.back().index && term >= answered_.back().term) {
      return;
    }
    climb(answered_, {index, term, chain});
  }
  // `node` leads `term` for the first time, with this log.
  void leads(Moment moment, NodeId node, std::uint64_t term, const Shadow& shadow,
             Verdicts& verdicts) const;

 private:
  static void climb(std::vector<Place>& steps, const Place& place);
  static void compare(Checker checker, const std::vector<Place>& steps, Moment moment, NodeId node,
                      std::uint64_t term, const Shadow& shadow, Verdicts& verdicts);
  std::vector<Place> steps_;     // terms and indexes rise strictly
  std::vector<Place> answered_;  // likewise
};

}  // namespace quorumlab::judge
