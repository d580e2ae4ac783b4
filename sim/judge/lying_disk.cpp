// What a start from disk reveals.
#include "sim/judge/lying_disk.h"

namespace quorumlab::judge {

void NodeDisk::started(Moment moment, NodeId node, bool readable, const DiskState& before,
                       const DiskState& after, Verdicts& verdicts) {
  must_refuse = !readable;
  if (!readable) {
    // Inside the model, files are always readable.
    if (!damaged) verdicts.check(Checker::durability, false, moment, node, kNobody, before.last, 0);
    return;
  }
  const raft::HardState &had = before.hard_state, &has = after.hard_state;
  // A snapshot replaces a log of another history, even a longer one: then nothing stands behind it.
  const bool begins_anew = after.snapshot != 0 && after.last == after.snapshot;
  const bool lost_log = after.last < before.last_at_least && !begins_anew;
  const bool lost_vote = has.term < had.term ||
                         (has.term == had.term && had.voted_for && has.voted_for != had.voted_for);
  if (!damaged) {
    // A disk inside the model keeps what it called durable.
    verdicts.check(Checker::durability, !lost_log, moment, node, kNobody, before.last, after.last);
    verdicts.check(Checker::durability, !lost_vote, moment, node, had.voted_for, had.term.value,
                   has.term.value);
  } else {
    if (lost_log && before.last > lost_last) lost_last = before.last;
    if (lost_vote && had.term.value > lost_term) {
      lost_term = had.term.value;
      lost_vote_for = had.voted_for;
    }
  }
  damaged = false;
}

void NodeDisk::takes_part(Moment moment, NodeId node, std::uint64_t term, const Shadow& shadow,
                          Verdicts& verdicts) {
  if (lost_last == 0 && lost_term == 0) return;
  if (lost_last != 0 && shadow.durable_last() >= lost_last) lost_last = 0;
  if (lost_term != 0 && shadow.hard_state().term.value > lost_term) lost_term = 0;
  const bool whole = lost_last == 0 && (lost_term == 0 || term > lost_term);
  verdicts.check(Checker::lying_disk_noticed, whole, moment, node, lost_vote_for, lost_last,
                 lost_term);
}

}  // namespace quorumlab::judge
