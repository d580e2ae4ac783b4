// Who is in the cluster, worked out by the judges themselves: from the committed log's changes of
// membership and the rules of the thesis (chapter 4) and of Raft section 6, in code of their own.
// Sets of nodes are words of bits (bit 0 for id 1), so that a comparison is one of integers.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "core/raft/config.h"
#include "sim/judge/history.h"
#include "sim/judge/verdicts.h"

namespace quorumlab::judge {

struct Configuration {
  std::uint64_t voters = 0;
  std::uint64_t outgoing = 0;  // the old half of a joint configuration; 0: it is simple
  std::uint64_t learners = 0;
  std::uint64_t learners_next = 0;  // old voters that become learners when the joint one is left
  bool auto_leave = false;
  bool operator==(const Configuration&) const = default;

  // Whether these nodes are a majority of each half (Raft section 6).
  bool carried_by(std::uint64_t nodes) const {
    const auto majority = [nodes](std::uint64_t half) {
      return half == 0 || 2 * std::popcount(half & nodes) > std::popcount(half);
    };
    return voters != 0 && majority(voters) && majority(outgoing);
  }
  bool votes(NodeId node) const { return ((voters | outgoing) & bit(node)) != 0; }
  // No id beyond 64 is ever a member.
  static std::uint64_t bit(NodeId node) {
    return node.value >= 1 && node.value <= 64 ? std::uint64_t{1} << (node.value - 1) : 0;
  }
};
Configuration configuration_of(const raft::ConfState& conf);
// What a committed change makes of a configuration. False: it changes nothing, because it comes at
// the wrong time, asks for what is so already, or would leave nobody to vote.
bool take(const MembershipChange& change, Configuration& conf);

// Every configuration that was ever in force, in the order of the log.
class Configurations {
 public:
  // Forgets all; the cluster begins with this one.
  void reset(const Configuration& initial) {
    spans_.assign(1, {0, initial});
    seen_ = 0;
    whole_ = true;
  }
  // Takes in what has been committed meanwhile. Cheap when nothing has.
  void learn(const History& history) {
    if (seen_ < history.changes_applied().size()) [[unlikely]]
      learn_more(history);
  }
  // The configuration that begins at entry `index`, by its place: 0 is the initial one.
  struct Span {
    std::uint64_t index = 0;
    Configuration conf;
  };
  const Span& operator[](std::size_t place) const { return spans_[place]; }
  std::size_t size() const { return spans_.size(); }
  // The place of the one in force once everything up to `index` is applied.
  std::size_t place_at(std::uint64_t index) const {
    std::size_t place = spans_.size() - 1;
    while (spans_[place].index > index) --place;
    return place;
  }
  // False once entries were applied out of order: then nothing can be said any more.
  bool whole() const { return whole_; }

 private:
  void learn_more(const History& history);
  std::vector<Span> spans_{1};
  std::size_t seen_ = 0;  // of history's changes
  bool whole_ = true;
};

// Where one node stands.
struct NodeConfiguration {
  std::size_t place = 0;                // of the configuration in force, in Configurations
  std::uint64_t since = 0;              // what its snapshot covered when it started
  std::int64_t removed_ns = INT64_MAX;  // when it, a leader, applied that it votes no longer
  // A snapshot of its own whose index the judges had not seen applied yet; index 0: none.
  std::uint64_t snapshot_index = 0;
  Configuration snapshot_conf;

  void reset() { *this = {}; }
  // A process begins from a snapshot that covers everything up to `snapshot`.
  void started(std::uint64_t snapshot, const Configurations& all) {
    *this = {};
    place = all.place_at(snapshot);
    since = snapshot;
  }
  void installed(std::uint64_t index, const Configurations& all) { place = all.place_at(index); }
  // It says that from entry `index` on these vote.
  void applied(Moment moment, NodeId node, std::uint64_t index, std::uint64_t voters,
               std::uint64_t outgoing, bool leads, const Configurations& all, Verdicts& verdicts);
  // A snapshot is written that covers everything up to `index`.
  void snapshot(Moment moment, NodeId node, std::uint64_t index, const Configuration& conf,
                const History& history, const Configurations& all, Verdicts& verdicts);
  // Something was applied, up to `index`.
  void snapshot_known(Moment moment, NodeId node, std::uint64_t index, const Configurations& all,
                      Verdicts& verdicts) {
    if (snapshot_index != 0 && index >= snapshot_index) [[unlikely]]
      compare_snapshot(moment, node, all, verdicts);
  }
  // It comes to lead: as a voter, and with every change applied that it has in its state.
  void leads(Moment moment, NodeId node, std::uint64_t term, std::uint64_t applied_index,
             const Configurations& all, Verdicts& verdicts);
  // It acts as a leader. One that is no voter any more lets others lead (Raft section 6).
  void acts(Moment moment, NodeId node, std::uint64_t term, Verdicts& verdicts) const {
    verdicts.check(Checker::configuration, moment.time_ns <= removed_ns, moment, node, kNobody,
                   term, 0);
  }

 private:
  void compare_snapshot(Moment moment, NodeId node, const Configurations& all, Verdicts& verdicts);
};

}  // namespace quorumlab::judge
