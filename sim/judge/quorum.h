// Majorities: who leads was voted for by one of each half of the configuration in force, and what a
// leader commits is, as an entry of its own term, durable on one of each half (Raft 5.2, 5.4.2, 6).
// Votes are those whose grants left their nodes, copies those on the nodes' disks: nobody's count.
#pragma once

#include <cstdint>

#include "sim/judge/configuration.h"
#include "sim/judge/flat_map.h"
#include "sim/judge/shadow.h"
#include "sim/judge/verdicts.h"

namespace quorumlab::judge {

// Who granted whom a vote. Terms of one candidate need not rise: it may lose one to a power loss
// after others have granted it theirs.
class Votes {
 public:
  void reset() { grants_.clear(); }
  void granted(NodeId voter, NodeId candidate, std::uint64_t term) {
    grants_.at(mix(candidate.value, term)) |= Configuration::bit(voter);
  }
  // `node` comes to lead `term`.
  void leads(Moment moment, NodeId node, std::uint64_t term, const Shadow& shadow,
             const Configuration& conf, Verdicts& verdicts) const {
    const std::uint64_t* grants = grants_.find(mix(node.value, term));
    std::uint64_t voters = grants != nullptr ? *grants : 0;
    // Its own vote counts once it is on disk (thesis 10.2.1).
    const raft::HardState& disk = shadow.durable_hard_state();
    const bool own = disk.term.value == term && disk.voted_for == node;
    if (own) voters |= Configuration::bit(node);
    verdicts.check(Checker::quorum, own && conf.carried_by(voters), moment, node, kNobody, term,
                   voters);
  }

 private:
  FlatMap grants_;  // (candidate, term) -> voters
};

// How far leaders have committed, each with its quorum.
struct Commitment {
  std::uint64_t furthest = 0;
  std::uint64_t before = 0;  // the same, before anything happened at `at_ns`
  std::int64_t at_ns = 0;

  void reset() { *this = {}; }
  // A leader commits up to `index`; `copies` hold the entry of its term there.
  void by_leader(Moment moment, NodeId node, std::uint64_t index, std::uint64_t copies,
                 const Configuration& conf, Verdicts& verdicts) {
    verdicts.check(Checker::quorum, conf.carried_by(copies), moment, node, kNobody, index, copies);
    if (index <= furthest) return;
    if (moment.time_ns != at_ns) before = furthest;
    at_ns = moment.time_ns;
    furthest = index;
  }
  // What was committed when the step began that happens now: of what it commits itself, nothing
  // need be known to the messages that it made before.
  std::uint64_t known(Moment moment) const { return moment.time_ns == at_ns ? before : furthest; }
  // Somebody else believes that everything up to `index` is committed.
  void by_hearsay(Moment moment, NodeId node, std::uint64_t index, Verdicts& verdicts) const {
    verdicts.check(Checker::quorum, index <= furthest, moment, node, kNobody, index, furthest);
  }
};

}  // namespace quorumlab::judge
