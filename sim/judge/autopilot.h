// What a failure detector may not do to Raft: a removal by the autopilot never costs the quorum, and
// evicts no voter that runs and is reached by a majority. Who runs and reaches whom the world knows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/judge/verdicts.h"

namespace quorumlab::judge {

// What the world says about a removal at the moment at which the leader proposes it.
struct Eviction {
  NodeId leader, target;
  bool reached = false;        // it runs, and a majority of the voters and it can talk to each other
  bool quorum_before = false;  // a majority can, among those who vote now
  bool quorum_after = false;   // and among those who remain
};

class AutopilotJudge {
 public:
  // The leader cannot know at once that somebody is back.
  static constexpr std::int64_t kTimeToHear_ns = 5'000'000'000;

  void reset(bool calm) {
    changed_ns_.clear();
    network_ns_ = 0;
    calm_ = calm;
  }
  void changed(std::int64_t time_ns, NodeId node) {
    if (changed_ns_.size() <= node.value) changed_ns_.resize(node.value + 1);
    changed_ns_[node.value] = time_ns;
  }
  void network_changed(std::int64_t time_ns) { network_ns_ = time_ns; }
  // Whether packets arrive soon, or at all, where nothing is cut.
  void links(std::int64_t time_ns, bool calm) {
    network_ns_ = time_ns;
    calm_ = calm;
  }
  void evicts(Moment moment, const Eviction& e, Verdicts& verdicts) const {
    const std::int64_t own = e.target.value < changed_ns_.size() ? changed_ns_[e.target.value] : 0;
    const bool long_so = moment.time_ns - std::max(own, network_ns_) >= kTimeToHear_ns;
    const bool known = calm_ && long_so && e.reached;
    verdicts.check(Checker::autopilot_quorum, !known, moment, e.leader, e.target, 0, 0);
    verdicts.check(Checker::autopilot_quorum, !known || !e.quorum_before || e.quorum_after, moment, e.leader,
                   e.target, 1, 0);
  }

 private:
  std::vector<std::int64_t> changed_ns_;  // when it last started or went on, by id
  std::int64_t network_ns_ = 0;
  bool calm_ = true;
};

}  // namespace quorumlab::judge
