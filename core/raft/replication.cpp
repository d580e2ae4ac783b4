// Replication: Raft 5.3 and 5.4.2. The leader probes, pipelines or sends snapshots (progress.h); a
// follower acknowledges what is durable; the leader counts own-term entries only.
#include <algorithm>

#include "core/raft/engine.h"

namespace quorumlab::raft {

// --- proposals ----------------------------------------------------------------------------------

ProposeResult Engine::propose(Now now, ByteView command, std::uint64_t id) {
  set_now(now);
  ProposeResult result;
  if (status_.stopped) {
    result.reason = Reason::write_failed;
  } else if (is_leader()) {
    return append_proposal(EntryKind::normal, command, id);
  } else if (!status_.leader) {
    result.reason = Reason::no_leader;
  } else if (!config_.forward_proposals) {
    result.reason = Reason::forwarding_off;
  } else {
    bodies_.push_back({PendingBody::From::scratch, static_cast<std::uint32_t>(messages_.size()),
                       scratch_.size(), command.size()});
    scratch_.insert(scratch_.end(), command.begin(), command.end());
    send(MessageType::propose, status_.leader).context2 = id;
    note(Fact::proposal_forwarded, status_.leader, id);
    result.status = ProposeResult::Status::forwarded;
    return result;
  }
  note(Fact::proposal_dropped, {}, id, 0, 0, result.reason);
  return result;
}

ProposeResult Engine::append_proposal(EntryKind kind, ByteView payload, std::uint64_t id) {
  ProposeResult result;
  if (find(status_.id) == nullptr) {
    result.reason = Reason::removed;
  } else if (status_.transfer_target && on(Rule::stop_proposals_during_transfer)) {
    result.reason = Reason::transferring;
  } else if (config_.max_uncommitted_bytes != 0) {
    // A single one always fits, else a large command could never be proposed.
    const std::uint64_t waiting =
        log_.bytes_between(std::max(status_.commit.next(), log_.first_index()), log_.last_index());
    if (waiting != 0 && waiting + payload.size() > config_.max_uncommitted_bytes) {
      result.reason = Reason::too_much_uncommitted;
    }
  }
  if (result.reason != Reason::none) {
    note(Fact::proposal_dropped, {}, id, 0, 0, result.reason);
    return result;
  }
  leader_append(kind, payload);
  result.status = ProposeResult::Status::accepted;
  result.index = log_.last_index();
  result.term = status_.term;
  note(Fact::proposal_accepted, {}, result.index.value, result.term.value, id);
  return result;
}

void Engine::handle_propose(const Message& m) {
  ProposeResult result;
  if (!is_leader()) {
    result.reason = Reason::not_leader;
  } else if (m.flag) {  // a change of membership
    const std::optional<ConfChange> change = decode_conf_change(m.body);
    if (!change) return;
    result = propose_change(Now{now_, {}}, *change, m.context2);
  } else {
    result = append_proposal(EntryKind::normal, m.body, m.context2);
  }
  Message& reply = send(MessageType::propose_response, m.source);
  reply.context2 = m.context2;
  reply.flag = result.status != ProposeResult::Status::accepted;
  reply.index = result.index;
  reply.log_term = result.term;
  reply.context = static_cast<std::uint64_t>(result.reason);
}

void Engine::leader_append(EntryKind kind, ByteView payload) {
  log_.append(status_.term, kind, payload);
  refresh_log_status();
  const LogIndex last = log_.last_index();
  note(Fact::appended, status_.id, last.value, last.value, status_.term.value);
  broadcast_append();
  if (!on(Rule::leader_counts_itself_once_durable)) maybe_commit();
}

// --- the leader sends ---------------------------------------------------------------------------

void Engine::send_appends() {
  broadcast_pending_ = false;
  if (!is_leader()) return;
  for (Progress& p : progress_) {
    if (p.node == status_.id) continue;
    // Again and again while entries remain that did not fit in one message.
    bool even_if_empty = p.commit_sent < status_.commit;
    while (send_append(p, even_if_empty)) {
      even_if_empty = false;
      if (p.next > log_.last_index()) break;
    }
  }
}

// One append to this follower, or the snapshot that it needs instead; false when nothing may be or
// need be sent. An empty one is allowed even in a full window: its refusal tells of a loss.
bool Engine::send_append(Progress& to, bool even_if_empty) {
  if (!to.may_send() && to.state != Progress::State::snapshot) {
    return false;
  }
  if (to.state == Progress::State::snapshot) return false;
  const LogIndex previous = to.next.previous();
  const std::optional<Term> previous_term = log_.term(previous);
  LogIndex first = to.next;
  if (!previous_term) {
    if (on(Rule::missing_entry_matches_nothing)) {
      send_snapshot(to);
      return to.state == Progress::State::snapshot;
    }
    first = std::max(first, log_.first_index());  // term 0 stands for what is gone, as if it matched
  }
  const LogIndex end = log_.last_index();
  const bool window_open = to.state != Progress::State::replicate ||
                           !to.inflights.full(config_.max_inflight_messages,
                                              config_.max_inflight_bytes);
  LogIndex last = previous;
  if (window_open && first <= end) last = log_.fit(first, end, config_.max_append_bytes);
  const std::uint64_t count = last >= first ? last - first + 1 : 0;
  if (count == 0 && !even_if_empty) return false;

  const std::uint64_t bytes = count == 0 ? 0 : log_.bytes_between(first, last);
  if (count != 0) {
    if (on(Rule::append_contiguous) || last == end) {
      bodies_.push_back({PendingBody::From::log, static_cast<std::uint32_t>(messages_.size()),
                         first.value, count});
    } else {
      // Leaves out the entry that did not fit and packs what comes behind it.
      const std::size_t begin = scratch_.size();
      const ByteView head = log_.slice(first, last);
      scratch_.insert(scratch_.end(), head.begin(), head.end());
      if (last.next() < end) {
        const ByteView tail = log_.slice(end, end);
        scratch_.insert(scratch_.end(), tail.begin(), tail.end());
      }
      bodies_.push_back({PendingBody::From::scratch, static_cast<std::uint32_t>(messages_.size()),
                         begin, scratch_.size() - begin});
    }
  }
  Message& m = send(MessageType::append_entries, to.node);
  m.index = previous;
  m.log_term = previous_term.value_or(Term{});
  m.commit = status_.commit;
  m.entry_count = static_cast<std::uint32_t>(count);
  if (!on(Rule::append_contiguous) && count != 0 && last.next() < end) ++m.entry_count;
  to.commit_sent = status_.commit;
  if (to.state == Progress::State::replicate) {
    if (count != 0) {
      to.next = last.next();
      to.inflights.add(last, bytes);
    }
    to.paused = to.inflights.full(config_.max_inflight_messages, config_.max_inflight_bytes);
  } else if (count != 0) {
    to.paused = true;  // one probe at a time
  }
  return true;
}

void Engine::broadcast_heartbeat() {
  heartbeat_reset_ = now_units_;
  start_round();
}

void Engine::note_progress(const Progress& p) {
  note(Fact::progress_changed, p.node, static_cast<std::uint64_t>(p.state), p.match.value,
       p.next.value);
}

// --- commitment ---------------------------------------------------------------------------------

// How far this member's log is known to hold the leader's, durably.
std::uint64_t Engine::reached(const Progress& p) const {
  if (p.node != status_.id) return p.match.value;
  return on(Rule::leader_counts_itself_once_durable) ? status_.durable.value
                                                     : log_.last_index().value;
}

bool Engine::maybe_commit() {
  std::uint64_t values[3][kMaxMembers];
  std::size_t n[3] = {};
  std::uint64_t highest = 0;
  for (const Progress& p : progress_) {
    const std::uint64_t match = reached(p);
    highest = std::max(highest, match);
    const bool counts = p.incoming || (!on(Rule::only_voters_count) && !p.outgoing);
    if (counts && n[0] < kMaxMembers) values[0][n[0]++] = match;
    if (p.outgoing && n[1] < kMaxMembers) values[1][n[1]++] = match;
    if ((counts || p.outgoing) && n[2] < kMaxMembers) values[2][n[2]++] = match;
  }
  if (n[2] == 0) return false;
  std::uint64_t agreed =
      on(Rule::joint_needs_both_majorities)
          ? std::min(majority_value({values[0], n[0]}), majority_value({values[1], n[1]}))
          : majority_value({values[2], n[2]});
  if (!on(Rule::commit_needs_quorum)) agreed = highest;
  const LogIndex index{std::min(agreed, log_.last_index().value)};
  if (index <= status_.commit) return false;
  // Only entries of our own term may be committed by counting replicas (5.4.2, figure 8).
  if (on(Rule::commit_only_own_term) && log_.term(index) != status_.term) return false;
  commit_to(index);
  start_early_reads();
  return true;
}

void Engine::commit_to(LogIndex index) {
  if (index == status_.commit) return;
  if (index < status_.commit && on(Rule::commit_never_regresses)) return;
  note(Fact::commit_advanced, {}, index.value, status_.commit.value, status_.term.value);
  status_.commit = index;
}

bool Engine::committed_in_own_term() const {
  return log_.term(status_.commit) == status_.term;
}

// --- the follower -------------------------------------------------------------------------------

void Engine::handle_append(const Message& m) {
  Message reply;
  reply.type = MessageType::append_entries_response;
  reply.source = status_.id;
  reply.target = m.source;
  reply.term = status_.term;
  const bool holds = on(Rule::persist_entries_before_ack);
  if (m.index < status_.commit && on(Rule::check_previous_entry) &&
      on(Rule::commit_never_regresses) && on(Rule::truncate_only_on_conflict) &&
      m.index.value + m.entry_count <= status_.commit.value) {
    // All of it is committed here already; the leader learns how far.
    reply.index = std::min(status_.commit, log_.last_index());
    promise(reply, reply.index, holds);
    return;
  }
  const std::optional<Term> own = log_.term(m.index);
  bool matches = own ? *own == m.log_term : false;
  if (!own && !on(Rule::missing_entry_matches_nothing)) matches = m.log_term == Term{};
  if (!own && m.index < log_.base_index()) matches = true;  // committed, so the leader has it too
  if (!matches && on(Rule::check_previous_entry)) {
    // The hint skips all entries of a later term than the leader's (thesis 5.3, fast backtracking).
    const Log::Position hint = log_.last_not_after(std::min(m.index, log_.last_index()), m.log_term);
    reply.reject = true;
    reply.index = m.index;
    reply.commit = hint.index;
    reply.log_term = hint.term;
    note(Fact::append_refused, m.source, m.index.value, m.log_term.value, hint.index.value);
    messages_.push_back(reply);
    return;
  }
  LogIndex last_new = m.index;
  take_entries(m, last_new);
  const LogIndex known = on(Rule::commit_within_match) ? last_new : log_.last_index();
  commit_to(std::min({m.commit, known, log_.last_index()}));
  reply.index = std::min(last_new, log_.last_index());
  promise(reply, reply.index, holds);
}

// Walks over the entries of an append; `last_new` becomes the last index that the leader's log and
// ours are known to share.
void Engine::take_entries(const Message& m, LogIndex& last_new) {
  EntryReader check(m.index.next(), m.body);
  Entry entry;
  std::uint64_t count = 0;
  while (check.next(entry)) ++count;
  if (!check.ok() || count != m.entry_count) {  // damage that slipped past a checksum that is off
    note(Fact::packet_corrupt, m.source, m.body.size(), 0, 0, Reason::wrong_checksum);
    return;
  }
  if (!on(Rule::truncate_only_on_conflict)) truncate_log(m.index.next(), m.source);
  last_new = m.index + count;
  // From the first entry on that is not ours all are appended, in one piece.
  EntryReader entries(m.index.next(), m.body);
  std::size_t known = 0;  // bytes
  while (entries.next(entry)) {
    if (entry.index > log_.base_index()) {
      if (entry.index > log_.last_index()) break;
      if (log_.term(entry.index) != entry.term) {
        truncate_log(entry.index, m.source);
        break;
      }
    }
    known = static_cast<std::size_t>(entry.payload.data() + entry.payload.size() - m.body.data());
  }
  if (known == m.body.size()) return;
  const LogIndex first_appended = log_.last_index().next();
  log_.append_encoded(m.body.subspan(known));
  refresh_log_status();
  note(Fact::appended, m.source, first_appended.value, log_.last_index().value,
       log_.last_term().value);
}

void Engine::handle_heartbeat(const Message& m) {
  commit_to(std::min(m.commit, log_.last_index()));
  if (hard_state_durable()) {
    send(MessageType::heartbeat_response, m.source).context = m.context;
    return;
  }
  Message reply;
  reply.type = MessageType::heartbeat_response;
  reply.source = status_.id;
  reply.target = m.source;
  reply.term = status_.term;
  reply.context = m.context;
  promise(reply, LogIndex{}, true);
}

// --- the leader hears ---------------------------------------------------------------------------

void Engine::handle_append_response(const Message& m) {
  if (!is_leader()) return;
  Progress* p = find(m.source);
  if (p == nullptr) return;
  p->recent_active = true;
  if (m.reject) {
    LogIndex hint = m.commit;
    if (m.log_term.value != 0) {
      hint = log_.last_not_after(hint, m.log_term).index;
    }
    if (p->decrease(m.index, hint)) {
      if (p->state == Progress::State::replicate) {
        p->become_probe();
        note_progress(*p);
      }
      send_append(*p, true);
    }
    return;
  }
  if (m.index > log_.last_index()) return;  // no honest follower has more than its leader
  const bool was_paused = !p->may_send();
  if (!on(Rule::match_never_regresses)) {
    p->match = m.index;
    p->next = std::min(p->next, m.index.next());
  }
  const bool moved = p->update(m.index) || !on(Rule::match_never_regresses);
  if (!moved && !(p->state == Progress::State::probe && p->match == m.index)) return;
  switch (p->state) {
    case Progress::State::probe:
      p->become_replicate();
      note_progress(*p);
      break;
    case Progress::State::snapshot:
      if (p->match.next() >= log_.first_index()) {
        p->become_replicate();
        note_progress(*p);
      }
      break;
    case Progress::State::replicate:
      p->inflights.free_to(m.index);
      break;
  }
  if (maybe_commit()) {
    broadcast_append();
  } else if (was_paused || p->commit_sent < status_.commit) {
    while (send_append(*p, p->commit_sent < status_.commit)) {
      if (p->next > log_.last_index()) break;
    }
  }
  if (p->next <= log_.last_index()) broadcast_append();
  if (p->node == status_.transfer_target && p->match == log_.last_index()) {
    send_timeout_now(p->node);
  }
}

void Engine::handle_heartbeat_response(const Message& m) {
  if (!is_leader()) return;
  Progress* p = find(m.source);
  if (p == nullptr) return;
  p->recent_active = true;
  if (p->paused &&
      on(p->state == Progress::State::probe ? Rule::probe_resumes
                                            : Rule::inflight_window_reopens)) {
    p->paused = false;
  }
  if (p->state == Progress::State::snapshot) {
    // Nothing moved since the last answer: the chunk, or what answers it, was lost.
    if (!p->chunk_moved && on(Rule::lost_chunk_is_resent)) send_chunk(*p);
    p->chunk_moved = false;
  } else if (p->match < log_.last_index() || p->state == Progress::State::probe) {
    send_append(*p, true);
  }
  if (m.context > p->acked_round && m.context <= round_) {
    p->acked_round = m.context;
    if (!pending_reads_.empty() || round_open_) confirm_rounds();
  }
}

}  // namespace quorumlab::raft
