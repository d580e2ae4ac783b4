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
    newest_.clear();
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
    std::uint64_t& newest = newest_of(key);
    newest = std::max(newest, token);
  }
  void lets_go(NodeId node, std::uint64_t key) {
    std::erase_if(holding_, [&](const Holding& h) { return h.node == node && h.key == key; });
  }
  // A resource took what was written with this token.
  void work_done(Moment moment, NodeId resource, NodeId node, std::uint64_t token, std::uint64_t key,
                 Verdicts& verdicts) {
    verdicts.check(Checker::fencing, token >= newest_of(key), moment, resource, node, token,
                   newest_of(key));
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
  struct Newest {
    std::uint64_t key = 0, token = 0;
  };
  bool is_stopped(NodeId node) const {
    return std::find(stopped_.begin(), stopped_.end(), node) != stopped_.end();
  }
  std::uint64_t& newest_of(std::uint64_t key) {
    for (Newest& n : newest_) {
      if (n.key == key) return n.token;
    }
    return newest_.emplace_back(Newest{key, 0}).token;
  }

  std::vector<Holding> holding_;
  std::vector<Newest> newest_;   // the newest holder of each key so far
  std::vector<NodeId> stopped_;  // paused
};

}  // namespace quorumlab::judge
