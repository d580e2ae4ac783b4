// What an engine's owner must do: promises that wait for the disk, writes to the log and what their
// completion means, and the Ready that carries it all out.
#include <algorithm>

#include "core/base/assert.h"
#include "core/raft/engine.h"

namespace quorumlab::raft {

void Ready::clear() {
  write_id = 0;
  write_hard_state = false;
  hard_state = {};
  write_log_start = false;
  log_start = {};
  log_start_term = {};
  log_start_chain = 0;
  entries_first = {};
  entry_count = 0;
  entries = {};
  snapshot_write_id = 0;
  snapshot = nullptr;
  snapshot_bytes = {};
  messages.clear();
  messages_once_durable.clear();
  restore = nullptr;
  restore_bytes = {};
  committed_first = {};
  committed_last = {};
  reads.clear();
  outcomes.clear();
  notes.clear();
}

// --- notes, messages, promises ------------------------------------------------------------------

Message& Engine::send(MessageType type, NodeId target) {
  Message& m = messages_.emplace_back();
  m.type = type;
  m.source = status_.id;
  m.target = target;
  m.term = status_.term;
  return m;
}

// Sends what may only be said once term, vote and the log up to `needs` are durable (Raft fig. 2).
void Engine::promise(const Message& message, LogIndex needs, bool rule_holds) {
  if (!rule_holds || (hard_state_durable() && needs <= status_.durable)) {
    messages_.push_back(message);
    return;
  }
  // One acknowledgement for all that one write makes durable.
  if (!promises_.empty() && message.type == MessageType::append_entries_response) {
    Promise& last = promises_.back();
    if (last.message.type == message.type && last.message.target == message.target &&
        !last.message.reject && !message.reject) {
      last.message.index = std::max(last.message.index, message.index);
      last.needs = std::max(last.needs, needs);
      return;
    }
  }
  promises_.push_back({message, needs});
}

// Promises that were not given yet speak of a term, or of entries, that are gone.
void Engine::drop_promises() { promises_.clear(); }

// --- the log and the disk -----------------------------------------------------------------------

void Engine::refresh_log_status() {
  status_.first_index = log_.first_index();
  status_.last_index = log_.last_index();
  status_.last_term = log_.last_term();
}

void Engine::truncate_log(LogIndex first, NodeId peer) {
  first = std::max(first, log_.first_index());
  if (first > log_.last_index()) return;
  note(Fact::truncated, peer, first.value, log_.last_index().value, log_.last_term().value);
  log_.truncate_from(first);
  status_.durable = std::min(status_.durable, log_.last_index());
  unsaved_ = std::min(unsaved_, log_.last_index().next());
  // A write under way counts only for what the log still holds when it completes: the entry that
  // comes to stand at the same index is another one.
  if (on(Rule::ack_names_durable_term)) {
    for (LogWrite& write : log_writes_) write.last = std::min(write.last, log_.last_index());
  }
  drop_promises();
  refresh_log_status();
}

void Engine::on_durable(Now now, std::uint64_t write_id) {
  set_now(now);
  if (status_.stopped) return;
  if (installing_.active && write_id == installing_.write_id) {
    finish_installing();
  } else {
    ASSERT(log_writes_open_ != 0 && write_id == log_writes_[0].id,
           "a write that is not the oldest under way is durable");
    finish_log_write();
  }
  check_invariants();
}

void Engine::finish_log_write() {
  const LogWrite write = log_writes_[0];
  std::copy(log_writes_.begin() + 1, log_writes_.end(), log_writes_.begin());
  --log_writes_open_;
  if (write.last > status_.durable) {
    status_.durable = std::min(write.last, log_.last_index());
  }
  if (write.has_hard_state) {
    durable_term_ = write.term;
    durable_vote_ = write.voted_for;
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < promises_.size(); ++i) {
    if (hard_state_durable() && promises_[i].needs <= status_.durable) {
      messages_.push_back(promises_[i].message);
    } else {
      if (kept != i) promises_[kept] = promises_[i];
      ++kept;
    }
  }
  promises_.resize(kept);
  if (status_.role == Role::candidate) check_own_vote();
  if (is_leader() && maybe_commit()) broadcast_append();
}

void Engine::on_write_failed(Now now, std::uint64_t write_id) {
  set_now(now);
  if (status_.stopped) return;
  if (!on(Rule::stop_after_failed_write)) {
    on_durable(now, write_id);  // goes on as if nothing had happened: memory is ahead of the disk
    return;
  }
  status_.stopped = true;
  note(Fact::stopped_itself, {}, write_id, 0, 0, Reason::write_failed);
  messages_.clear();
  bodies_.clear();
  promises_.clear();
}

HardState Engine::hard_state() const {
  return {status_.term, status_.voted_for,
          on(Rule::persist_commit_with_entries) ? std::min(status_.commit, log_.last_index())
                                                : LogIndex{}};
}

// --- Ready --------------------------------------------------------------------------------------

void Engine::take_ready(Ready& ready) {
  ready.clear();
  if (!status_.stopped) {
    if (broadcast_pending_ && (log_writes_open_ == 0 || !config_.batch_while_writing)) send_appends();
    if (may_write()) take_write(ready);
    if (installing_.active && installing_.write_id == 0) {
      installing_.write_id = ++write_counter_;
      ready.snapshot_write_id = installing_.write_id;
      ready.snapshot = &installing_.meta;
      ready.snapshot_bytes = ByteView(installing_.file).subspan(installing_.payload);
    }
    if (!promises_.empty() && log_writes_open_ == 0) {
      // Nothing is left to wait for.
      for (const Promise& p : promises_) messages_.push_back(p.message);
      promises_.clear();
    }
    if (restore_pending_) {
      restore_pending_ = false;
      ready.restore = &snapshot_;
      ready.restore_bytes = snapshot_bytes();
    }
    if (status_.applied < apply_limit()) take_committed(ready);
    if (!waiting_reads_.empty()) take_reads();
    if (!messages_.empty()) take_messages(ready);
    if (!reads_.empty()) std::swap(ready.reads, reads_);
    if (!outcomes_.empty()) std::swap(ready.outcomes, outcomes_);
  }
  if (!notes_.empty()) std::swap(ready.notes, notes_);
}

void Engine::take_write(Ready& ready) {
  const LogIndex last = log_.last_index();
  const bool entries = unsaved_ <= last;
  if (!hard_state_dirty_ && !log_start_pending_ && !entries) return;
  ready.write_id = ++write_counter_;
  // The commit index rides along with entries: a node that restarts must know of every membership
  // change that was in force when it acknowledged them.
  ready.write_hard_state =
      hard_state_dirty_ || (entries && on(Rule::persist_commit_with_entries));
  ready.hard_state = hard_state();
  if (log_start_pending_) {
    ready.write_log_start = true;
    ready.log_start = log_.base_index();
    ready.log_start_term = log_.base_term();
    ready.log_start_chain = log_.base_chain();
  }
  if (entries) {
    ready.entries_first = unsaved_;
    ready.entry_count = static_cast<std::uint32_t>(last - unsaved_ + 1);
    ready.entries = log_.slice(unsaved_, last);
  }
  log_writes_[log_writes_open_++] = {ready.write_id, last, ready.write_hard_state, status_.term,
                                     status_.voted_for};
  hard_state_dirty_ = log_start_pending_ = false;
  unsaved_ = last.next();
  for (const Promise& p : promises_) ready.messages_once_durable.push_back(p.message);
  promises_.clear();
}

void Engine::take_messages(Ready& ready) {
  if (!bodies_.empty()) {
    std::swap(scratch_, scratch_out_);
    scratch_.clear();
    bool gone = false;
    for (const PendingBody& body : bodies_) {
      Message& m = messages_[body.message];
      switch (body.from) {
        case PendingBody::From::log: {
          const LogIndex first{body.begin}, last{body.begin + body.size - 1};
          if (log_.has(first) && log_.has(last)) {
            m.body = log_.slice(first, last);
          } else {
            m.target = kNobody;  // the entries went while the message waited
            gone = true;
          }
          break;
        }
        case PendingBody::From::scratch:
          m.body = ByteView(scratch_out_).subspan(body.begin, body.size);
          break;
        case PendingBody::From::snapshot:
          if (m.index != snapshot_.index || m.log_term != snapshot_.term) {
            m.target = kNobody;
            gone = true;
          } else {
            m.body = ByteView(snapshot_file_).subspan(body.begin, body.size);
          }
          break;
      }
    }
    bodies_.clear();
    if (gone) std::erase_if(messages_, [](const Message& m) { return !m.target; });
  }
  std::swap(ready.messages, messages_);
}

void Engine::take_committed(Ready& ready) {
  const LogIndex limit = apply_limit();
  ready.committed_first = status_.applied.next();
  ready.committed_last = limit;
  for (LogIndex i = ready.committed_first; i <= limit; i = i.next()) {
    const Log::Mark entry = log_.mark(i);
    note(Fact::applied, {}, i.value, entry.term.value, entry.chain);
  }
  const bool changes_conf = is_joint() && has_unapplied_config();
  status_.applied = limit;
  if (!changes_conf) maybe_auto_leave();  // else apply_config does, once it is applied
}

// Reads whose index is applied may be answered.
void Engine::take_reads() {
  std::size_t kept = 0;
  for (const ReadReady& read : waiting_reads_) {
    if (read.index <= status_.applied) {
      reads_.push_back(read);
    } else {
      waiting_reads_[kept++] = read;
    }
  }
  waiting_reads_.resize(kept);
}

const Progress* Engine::progress(NodeId node) const {
  return const_cast<Engine*>(this)->find(node);
}

}  // namespace quorumlab::raft
