// Raft 5.2: a node grants at most one vote in a term; two majorities overlap; so at most one
// leader.
#include "sim/judge/elections.h"

namespace quorumlab::judge {

void Elections::leads(Moment moment, NodeId node, std::uint64_t term, Verdicts& verdicts) {
  std::uint64_t& leader = leaders_.at(term, node.value);
  verdicts.check(Checker::election_safety, leader == node.value, moment, node,
                 NodeId{static_cast<std::uint32_t>(leader)}, term, 0);
  votes(moment, node, node, term, verdicts);
}

void Elections::votes(Moment moment, NodeId node, NodeId candidate, std::uint64_t term,
                      Verdicts& verdicts) {
  std::uint64_t& vote = votes_.at(mix(node.value, term), candidate.value);
  verdicts.check(Checker::vote_safety, vote == candidate.value, moment, node,
                 NodeId{static_cast<std::uint32_t>(vote)}, term, candidate.value);
}

}  // namespace quorumlab::judge
