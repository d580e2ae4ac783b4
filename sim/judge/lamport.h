// Lamport clocks of members, events and queries: within a life they never go back, they show a time
// after every one that was heard of (Lamport 1978), and what the snapshot says counts as heard.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/prefetch.h"
#include "sim/judge/verdicts.h"

namespace quorumlab::judge {

using LamportTimes = std::array<std::uint64_t, 3>;  // of members, of events, of queries

class Lamport {
 public:
  static constexpr std::size_t kMember = 0, kEvent = 1, kQuery = 2;

  void reset(std::uint32_t agents) { agents_.assign(agents + 1, State{}); }
  void prefetch(NodeId node) const {
    prefetch_lines(&agents_[node.value], &agents_[node.value] + 1);
  }
  void started(NodeId node) { agents_[node.value] = {}; }
  void hears(NodeId node, std::size_t clock, std::uint64_t time) {
    std::uint64_t& after = agents_[node.value].after[clock];
    // Nothing lies past the last time.
    after = std::max(after, time == UINT64_MAX ? time : time + 1);
  }
  // What the clocks show after a step.
  void shows(Moment moment, NodeId node, const LamportTimes& times, Verdicts& verdicts) {
    State& state = agents_[node.value];
    for (std::size_t i = 0; i < times.size(); ++i) {
      const std::uint64_t least = std::max(state.after[i], state.shown[i]);
      verdicts.check(Checker::lamport_monotonic, times[i] >= least, moment, node, kNobody, times[i],
                     least);
      state.shown[i] = times[i];
    }
  }

 private:
  struct State {
    LamportTimes shown{}, after{};
  };
  std::vector<State> agents_;
};

}  // namespace quorumlab::judge
