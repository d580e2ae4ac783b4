// The rules of membership once more, independent of the engine's, and what nodes say measured by
// them.
#include "sim/judge/configuration.h"

#include "core/raft/quorum.h"

namespace quorumlab::judge {
namespace {

std::uint64_t bits(const std::vector<NodeId>& nodes) {
  std::uint64_t all = 0;
  for (const NodeId node : nodes) all |= Configuration::bit(node);
  return all;
}

}  // namespace

Configuration configuration_of(const raft::ConfState& conf) {
  return {bits(conf.voters), bits(conf.voters_outgoing), bits(conf.learners),
          bits(conf.learners_next), conf.auto_leave};
}

bool take(const MembershipChange& change, Configuration& conf) {
  Configuration next = conf;
  if (change.steps.empty()) {  // C-new: the joint configuration is left
    if (conf.outgoing == 0) return false;
    next.learners |= next.learners_next;
    next.learners_next = next.outgoing = 0;
    next.auto_leave = false;
    conf = next;
    return true;
  }
  if (conf.outgoing != 0) return false;  // one change at a time (thesis 4.1)
  if (change.joint || change.steps.size() > 1) {
    next.outgoing = conf.voters;
    next.auto_leave = change.auto_leave;
  }
  bool changes = false;
  for (const MembershipChange::Step& step : change.steps) {
    const std::uint64_t one = Configuration::bit(step.node);
    const Configuration before = next;
    next.voters &= ~one;
    next.learners &= ~one;
    next.learners_next &= ~one;
    switch (step.kind) {
      case MembershipChange::Kind::voter:
        next.voters |= one;
        break;
      case MembershipChange::Kind::learner:
        // Who still votes in the old half learns only once that is left.
        ((next.outgoing & one) != 0 ? next.learners_next : next.learners) |= one;
        break;
      case MembershipChange::Kind::gone:
        break;
    }
    changes = changes || next != before;
  }
  const int members =
      std::popcount(next.voters) + std::popcount(next.outgoing) + std::popcount(next.learners);
  if (!changes || next.voters == 0 || members > static_cast<int>(raft::kMaxMembers)) return false;
  conf = next;
  return true;
}

void Configurations::learn_more(const History& history) {
  for (; seen_ < history.changes_applied().size(); ++seen_) {
    const History::ChangeApplied& applied = history.changes_applied()[seen_];
    if (applied.index > history.frontier() || applied.index <= spans_.back().index) whole_ = false;
    if (!whole_) continue;
    Configuration conf = spans_.back().conf;
    if (take(history.change(applied.place), conf)) spans_.push_back({applied.index, conf});
  }
}

void NodeConfiguration::applied(Moment moment, NodeId node, std::uint64_t index,
                                std::uint64_t voters, std::uint64_t outgoing, bool leads,
                                const Configurations& all, Verdicts& verdicts) {
  if (!all.whole()) return;
  const std::size_t at = all.place_at(index);
  const Configuration& conf = all[at].conf;
  // None is left out, none comes twice, none begins elsewhere.
  verdicts.check(Checker::configuration,
                 all[at].index == index && at == place + 1 && conf.voters == voters &&
                     conf.outgoing == outgoing,
                 moment, node, kNobody, index, all[at].index);
  place = at;
  removed_ns = leads && !conf.votes(node) ? moment.time_ns : INT64_MAX;
}

void NodeConfiguration::snapshot(Moment moment, NodeId node, std::uint64_t index,
                                 const Configuration& conf, const History& history,
                                 const Configurations& all, Verdicts& verdicts) {
  snapshot_index = index;
  snapshot_conf = conf;
  if (index <= history.frontier()) snapshot_known(moment, node, index, all, verdicts);
}

void NodeConfiguration::compare_snapshot(Moment moment, NodeId node, const Configurations& all,
                                         Verdicts& verdicts) {
  if (all.whole()) {
    verdicts.check(Checker::configuration, all[all.place_at(snapshot_index)].conf == snapshot_conf,
                   moment, node, kNobody, snapshot_index, all[all.place_at(snapshot_index)].index);
  }
  snapshot_index = 0;
}

void NodeConfiguration::leads(Moment moment, NodeId node, std::uint64_t term,
                              std::uint64_t applied_index, const Configurations& all,
                              Verdicts& verdicts) {
  removed_ns = INT64_MAX;
  if (!all.whole()) return;
  const std::size_t due = all.place_at(applied_index > since ? applied_index : since);
  verdicts.check(Checker::configuration, place == due && all[place].conf.votes(node), moment, node,
                 kNobody, term, all[due].index);
}

}  // namespace quorumlab::judge
