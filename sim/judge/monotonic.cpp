// Terms on disk only grow; a vote, once written, stays for its term.
#include "sim/judge/monotonic.h"

namespace quorumlab::judge {

void NodeMonotonic::submitted(Moment moment, NodeId node, const Change& change,
                              Verdicts& verdicts) const {
  const raft::HardState &before = change.before, &after = change.after;
  verdicts.check(Checker::monotonic, after.term >= before.term, moment, node, kNobody,
                 after.term.value, before.term.value);
  if (after.term == before.term && before.voted_for) {
    verdicts.check(Checker::vote_safety, after.voted_for == before.voted_for, moment, node,
                   after.voted_for, after.term.value, before.voted_for.value);
  }
  if (after.term > before.term && before.term.value > 0) {
    // The request that carried the old term must not be followed by one of a lower term.
    verdicts.check(Checker::monotonic, after.term.value >= request_term, moment, node, kNobody,
                   after.term.value, request_term);
  }
}

}  // namespace quorumlab::judge
