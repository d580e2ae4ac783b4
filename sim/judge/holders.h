// Programs that hold keys: at most one that runs believes to hold a key (Gray and Cheriton 1989, leases),
// and a resource takes no work of a holder once a newer one was there (fencing). What they believe is taken
// from their own notes, since nothing else knows it; when they die from the world.
#pragma once

#include <algorithm>
#include <vector>

#include "sim/judge/verdicts.h"

namespace quorumlab::judge {

class Holders {
 public:
  void reset() {
    holding_.clear();
    seen_.clear();
    stopped_.clear();
  }
  void holds(Moment moment, NodeId node, std::uint64_t token, std::uint64_t key, Verdicts& verdicts) {
    const auto other = std::find_if(holding_.begin(), holding_.end(), [&](const Holding& h) {
      return h.key == key && h.node != node && !is_stopped(h.node);
    });
    verdicts.check(Checker::mutual_exclusion, other == holding_.end(), moment, node,
                   other == holding_.end() ? kNobody : other->node, token,
                   other == holding_.end() ? 0 : other->token);
    lets_go(node, key);
    holding_.push_back({node, key, token});
  }
  void lets_go(NodeId node, std::uint64_t key) {
    std::erase_if(holding_, [&](const Holding& h) { return h.node == node && h.key == key; });
  }
  // A resource took what was written with this token. Of a newer holder that has not come to it yet
  // it cannot know.
  void work_done(Moment moment, NodeId resource, NodeId node, std::uint64_t token, std::uint64_t key,
                 Verdicts& verdicts) {
    std::uint64_t& newest = newest_at(resource, key);
    verdicts.check(Checker::fencing, token >= newest, moment, resource, node, token, newest);
    newest = std::max(newest, token);
  }
  // A program that stands still does nothing, whatever it believes.
  void stands_still(NodeId node, bool still) {
    std::erase(stopped_, node);
    if (still) stopped_.push_back(node);
  }
  void dead(NodeId node) {
    std::erase(stopped_, node);
    std::erase_if(holding_, [&](const Holding& h) { return h.node == node; });
  }

 private:
  struct Holding {
    NodeId node;
    std::uint64_t key = 0, token = 0;
  };
  struct Seen {
    NodeId resource;
    std::uint64_t key = 0, token = 0;
  };
  bool is_stopped(NodeId node) const {
    return std::find(stopped_.begin(), stopped_.end(), node) != stopped_.end();
  }
  std::uint64_t& newest_at(NodeId resource, std::uint64_t key) {
    for (Seen& s : seen_) {
      if (s.resource == resource && s.key == key) return s.token;
    }
    return seen_.emplace_back(Seen{resource, key, 0}).token;
  }

  std::vector<Holding> holding_;
  std::vector<Seen> seen_;       // the newest holder whose work each resource took
  std::vector<NodeId> stopped_;  // paused
};

}  // namespace quorumlab::judge
