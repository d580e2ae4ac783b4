// Linearizable reads without a log entry (thesis 6.4): ReadIndex in batches, from followers too, and
// lease reads (6.4.1). Every round of heartbeats has a number of its own. A read takes part in the
// first round that begins after it, and is confirmed when a quorum has answered that one or a later.
#include <algorithm>

#include "core/raft/engine.h"

namespace quorumlab::raft {
namespace {

constexpr std::size_t kMostForwardedReads = 1024;

}  // namespace

void Engine::read(Now now, std::uint64_t id) {
  set_now(now);
  if (status_.stopped) {
    drop_read(id, status_.id, Reason::write_failed);
  } else if (is_leader()) {
    add_read(id, status_.id);
  } else if (!status_.leader) {
    drop_read(id, status_.id, Reason::no_leader);
  } else {
    // Those whose question or answer got lost are given up by who asked; the engine forgets them too.
    if (forwarded_reads_.size() >= kMostForwardedReads) {
      drop_read(forwarded_reads_.front(), status_.id, Reason::timed_out);
      forwarded_reads_.erase(forwarded_reads_.begin());
    }
    forwarded_reads_.push_back(id);
    send(MessageType::read_index, status_.leader).context = id;
    note(Fact::read_started, status_.leader, id);
  }
}

void Engine::add_read(std::uint64_t id, NodeId from) {
  if (!is_leader()) return drop_read(id, from, Reason::not_leader);
  // Until it has committed in its own term a leader does not know how far the log is committed.
  if (on(Rule::read_index_after_own_commit) && !committed_in_own_term()) {
    early_reads_.push_back({id, from, {}, 0});
    return;
  }
  const LogIndex index = status_.commit;
  const bool alone = confirmed_round() == UINT64_MAX;
  if (!on(Rule::read_index_needs_quorum) || alone) return answer_read(id, from, index, false);
  if (config_.read_mode == ReadMode::lease && lease_holds()) {
    return answer_read(id, from, index, true);
  }
  note(Fact::read_started, from, id, index.value, 0);
  const bool reuse = !on(Rule::read_context_never_reused);
  pending_reads_.push_back({id, from, index, reuse && round_ != 0 ? round_ : round_ + 1});
  // One round at a time: what comes meanwhile shares the next one.
  if (!round_open_) {
    start_round();
    round_open_ = true;
  }
}

// Begins a round: a heartbeat to everybody, with its number.
void Engine::start_round() {
  if (on(Rule::read_context_never_reused) || round_ == 0) {
    ++round_;
  } else {
    // The old number again: answers to earlier heartbeats, still on their way, then confirm it.
    for (Progress& p : progress_) p.acked_round = 0;
  }
  round_sent_[round_ % kRoundsKept] = now_.ns;
  for (const Progress& p : progress_) {
    if (p.node == status_.id) continue;
    Message& m = send(MessageType::heartbeat, p.node);
    m.commit = on(Rule::commit_within_match) ? std::min(p.match, status_.commit) : status_.commit;
    m.context = round_;
  }
}

// The latest round that a quorum has answered; the largest number when this node is a quorum alone.
std::uint64_t Engine::confirmed_round() const {
  std::uint64_t values[3][kMaxMembers];
  std::size_t n[3] = {};
  for (const Progress& p : progress_) {
    const std::uint64_t round = p.node == status_.id ? UINT64_MAX : p.acked_round;
    const bool counts = p.incoming || (!on(Rule::only_voters_count) && !p.outgoing);
    if (counts && n[0] < kMaxMembers) values[0][n[0]++] = round;
    if (p.outgoing && n[1] < kMaxMembers) values[1][n[1]++] = round;
    if ((counts || p.outgoing) && n[2] < kMaxMembers) values[2][n[2]++] = round;
  }
  if (n[2] == 0) return 0;
  if (!on(Rule::joint_needs_both_majorities)) return majority_value({values[2], n[2]});
  return std::min(majority_value({values[0], n[0]}), majority_value({values[1], n[1]}));
}

void Engine::confirm_rounds() {
  const std::uint64_t confirmed = confirmed_round();
  std::size_t done = 0;
  while (done < pending_reads_.size() && pending_reads_[done].round <= confirmed) {
    const PendingRead& read = pending_reads_[done++];
    answer_read(read.id, read.from, read.index, false);
  }
  if (done == 0) return;
  pending_reads_.erase(pending_reads_.begin(),
                       pending_reads_.begin() + static_cast<std::ptrdiff_t>(done));
  round_open_ = !pending_reads_.empty();
  // What came while that round was under way may wait for a round that has not begun.
  if (round_open_ && pending_reads_.front().round > round_) start_round();
}

// The read index is known to be recent enough; for a local read it must still be applied.
void Engine::answer_read(std::uint64_t id, NodeId from, LogIndex index, bool by_lease) {
  if (from != status_.id) {
    Message& reply = send(MessageType::read_index_response, from);
    reply.index = index;
    reply.context = id;
    return;
  }
  note(Fact::read_confirmed, from, id, index.value, by_lease ? 1 : 0);
  ReadReady ready;
  ready.id = id;
  ready.index = index;
  const bool wait = on(Rule::read_waits_for_apply) && index > status_.applied;
  (wait ? waiting_reads_ : reads_).push_back(ready);
}

void Engine::drop_read(std::uint64_t id, NodeId from, Reason why) {
  if (from != status_.id) {
    Message& reply = send(MessageType::read_index_response, from);
    reply.context = id;
    reply.flag = true;
    return;
  }
  note(Fact::read_dropped, {}, id, 0, 0, why);
  ReadReady ready;
  ready.id = id;
  ready.dropped = true;
  ready.reason = why;
  reads_.push_back(ready);
}

// A leader that steps down tells those who wait, so that they ask elsewhere.
void Engine::drop_reads(Reason why) {
  for (const PendingRead& read : early_reads_) drop_read(read.id, read.from, why);
  for (const PendingRead& read : pending_reads_) drop_read(read.id, read.from, why);
  early_reads_.clear();
  pending_reads_.clear();
  round_open_ = false;
}

void Engine::drop_forwarded_reads(Reason why) {
  for (const std::uint64_t id : forwarded_reads_) drop_read(id, status_.id, why);
  forwarded_reads_.clear();
}

void Engine::start_early_reads() {
  if (early_reads_.empty() || !committed_in_own_term()) return;
  std::vector<PendingRead> reads;
  std::swap(reads, early_reads_);
  for (const PendingRead& read : reads) add_read(read.id, read.from);
}

void Engine::handle_read_index_response(const Message& m) {
  const auto found = std::find(forwarded_reads_.begin(), forwarded_reads_.end(), m.context);
  if (found == forwarded_reads_.end()) return;  // dropped or answered before
  forwarded_reads_.erase(found);
  if (m.flag) {
    drop_read(m.context, status_.id, Reason::not_leader);
  } else {
    answer_read(m.context, status_.id, m.index, false);
  }
}

// How long voters that answered a heartbeat at its sending would keep candidates away, less what the
// clocks may drift apart. On the tick grid the first tick may pass at once.
Duration Engine::lease_length() const {
  const TimeoutPolicy& policy = config_.timeouts;
  const bool ticks = policy.kind == TimeoutPolicy::Kind::ticks;
  const Duration full =
      ticks ? policy.period * (static_cast<std::int64_t>(policy.election_ticks) - 1)
            : policy.election_min;
  if (!on(Rule::lease_bounds_clock_drift)) return full;
  return {static_cast<std::int64_t>(
      below((1'000'000 - std::uint64_t{config_.clock_drift_ppm}) * (UINT64_MAX / 1'000'000),
            static_cast<std::uint64_t>(full.ns)))};
}

bool Engine::lease_holds() const {
  if (lease_void_ && on(Rule::lease_void_during_transfer)) return false;
  if (!config_.check_quorum) {
    return !on(Rule::lease_needs_check_quorum);  // then it just believes that it leads
  }
  const std::uint64_t confirmed = confirmed_round();
  if (confirmed == 0 || confirmed > round_ || round_ - confirmed >= kRoundsKept) return false;
  // From the sending of the heartbeat on, not from the answer's arrival.
  return now_.ns - round_sent_[confirmed % kRoundsKept] < lease_length().ns;
}

}  // namespace quorumlab::raft
