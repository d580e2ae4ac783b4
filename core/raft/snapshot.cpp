// Snapshots: compaction, and InstallSnapshot in chunks (Raft section 7). What travels is the whole
// snapshot file, checksum and membership included, so it is checked once it is complete. A transfer
// goes on where it stopped: each answer names the offset that the follower wants next, whoever leads.
#include <algorithm>

#include "core/base/assert.h"
#include "core/raft/engine.h"
#include "core/raft/wal.h"

namespace quorumlab::raft {

ByteView Engine::snapshot_bytes() const {
  return ByteView(snapshot_file_).subspan(snapshot_payload_);
}

void Engine::compact(LogIndex index, ByteView snapshot_bytes, std::uint64_t keep) {
  // Not there: only if another node's broken rule took away what is applied here.
  if (index <= snapshot_.index || !log_.has(index)) return;
  ASSERT(index <= status_.applied, "a snapshot of what is not applied");
  snapshot_.index = index;
  snapshot_.term = *log_.term(index);
  snapshot_.chain = log_.chain(index);
  snapshot_.conf = conf_;
  if (!on(Rule::snapshot_keeps_outgoing_voters)) {
    snapshot_.conf.voters_outgoing.clear();
    snapshot_.conf.auto_leave = false;
  }
  snapshot_file_.clear();
  encode_snapshot(snapshot_, snapshot_bytes, snapshot_file_);
  snapshot_payload_ = snapshot_file_.size() - snapshot_bytes.size();
  note(Fact::snapshot_taken, {}, index.value, snapshot_.term.value, snapshot_bytes.size());
  if (index.value <= keep) return;
  // An applied entry may still be on its way to this node's own disk: others made it committed.
  const LogIndex upto = std::min(LogIndex{index.value - keep}, status_.durable);
  if (upto <= log_.base_index()) return;
  log_.compact_to(upto);
  refresh_log_status();
  note(Fact::log_compacted, {}, log_.base_index().value, log_.base_term().value);
}

// --- the leader ---------------------------------------------------------------------------------

void Engine::send_snapshot(Progress& to) {
  if (snapshot_.index.value == 0) return;  // nothing to give; the log begins at its very start
  if (!to.recent_active) return;           // wait until it is heard of
  to.become_snapshot(snapshot_.index);
  note_progress(to);
  note(Fact::snapshot_send_started, to.node, snapshot_.index.value, 0, snapshot_file_.size());
  send_chunk(to);
}

void Engine::send_chunk(Progress& to) {
  if (to.pending_snapshot != snapshot_.index) {  // a newer one has taken its place
    to.become_snapshot(snapshot_.index);
    note(Fact::snapshot_send_started, to.node, snapshot_.index.value, 0, snapshot_file_.size());
  }
  const std::uint64_t total = snapshot_file_.size();
  const std::uint64_t offset = std::min(to.snapshot_offset, total);
  const std::uint64_t size = std::min<std::uint64_t>(config_.snapshot_chunk_bytes, total - offset);
  bodies_.push_back({PendingBody::From::snapshot, static_cast<std::uint32_t>(messages_.size()),
                     offset, size});
  Message& m = send(MessageType::install_snapshot, to.node);
  m.index = snapshot_.index;
  m.log_term = snapshot_.term;
  m.context = offset;
  m.context2 = total;
  m.flag = offset + size == total;
  to.chunk_moved = true;
}

void Engine::handle_install_snapshot_response(const Message& m) {
  if (!is_leader()) return;
  Progress* p = find(m.source);
  if (p == nullptr) return;
  p->recent_active = true;
  if (p->state != Progress::State::snapshot || p->pending_snapshot != m.index ||
      m.context > snapshot_file_.size()) {
    return;
  }
  if (p->pending_snapshot == snapshot_.index && m.context == p->snapshot_offset &&
      m.context != 0) {
    return;  // said before; the chunk from there on is under way
  }
  if (p->snapshot_offset == 0 && m.context > config_.snapshot_chunk_bytes) {
    note(Fact::snapshot_send_started, p->node, m.index.value, m.context, snapshot_file_.size());
  }
  p->snapshot_offset = m.context;
  p->chunk_moved = true;
  if (m.context < snapshot_file_.size()) send_chunk(*p);
}

// --- the follower -------------------------------------------------------------------------------

void Engine::handle_install_snapshot(const Message& m) {
  const bool holds = on(Rule::ignore_stale_snapshot);
  if (holds && log_.term(m.index) == m.log_term) commit_to(m.index);  // the log has it all
  const bool stale = m.index <= status_.commit && holds;
  if (stale || (m.index == snapshot_.index && m.log_term == snapshot_.term)) {
    note(Fact::snapshot_ignored, m.source, m.index.value, 0, 0, Reason::behind_commit);
    Message reply;
    reply.type = MessageType::append_entries_response;
    reply.source = status_.id;
    reply.target = m.source;
    reply.term = status_.term;
    reply.index = std::min(status_.commit, log_.last_index());
    promise(reply, reply.index, on(Rule::persist_entries_before_ack));
    return;
  }
  const auto answer = [&](std::uint64_t offset) {
    Message& reply = send(MessageType::install_snapshot_response, m.source);
    reply.index = m.index;
    reply.log_term = m.log_term;
    reply.context = offset;
  };
  if (installing_.active && installing_.meta.index >= m.index) {
    installing_.from = m.source;
    return answer(m.context2);  // complete, on its way to the disk
  }
  if (incoming_.index != m.index || incoming_.term != m.log_term || incoming_.total != m.context2) {
    incoming_.index = m.index;
    incoming_.term = m.log_term;
    incoming_.total = m.context2;
    incoming_.complete = false;
    incoming_.file.clear();
  }
  incoming_.from = m.source;
  if (!incoming_.complete && m.context == incoming_.file.size() &&
      m.body.size() <= incoming_.total - incoming_.file.size()) {
    incoming_.file.insert(incoming_.file.end(), m.body.begin(), m.body.end());
    note(Fact::snapshot_chunk_received, m.source, m.index.value, m.context, m.body.size());
    if (incoming_.file.size() == incoming_.total) {
      incoming_.complete = true;
      start_installing();
    }
  }
  answer(incoming_.index == m.index ? incoming_.file.size() : m.context2);
}

// A complete snapshot goes to the disk, one at a time.
void Engine::start_installing() {
  if (installing_.active || !incoming_.complete) return;
  Reason why = Reason::none;
  std::optional<SnapshotFile> file =
      decode_snapshot(incoming_.file, why, on(Rule::verify_checksums));
  if (!file || file->meta.index != incoming_.index || file->meta.term != incoming_.term) {
    note(Fact::snapshot_ignored, incoming_.from, incoming_.index.value, 0, 0,
         file ? Reason::corrupt_record : why);
    incoming_.index = {};
    incoming_.complete = false;
    incoming_.file.clear();
    return;
  }
  installing_.active = true;
  installing_.write_id = 0;
  installing_.from = incoming_.from;
  installing_.meta = std::move(file->meta);
  installing_.payload = file->payload;
  std::swap(installing_.file, incoming_.file);
  incoming_.file.clear();
  incoming_.complete = false;
  incoming_.index = {};
  // Wrong if the snapshot is not on disk: what is acknowledged behind it has nothing to stand on.
  if (!on(Rule::snapshot_before_later_entries)) install(installing_.from);
}

void Engine::finish_installing() {
  const NodeId from = installing_.from;
  if (installing_.meta.index.value != 0 && on(Rule::snapshot_before_later_entries)) install(from);
  installing_.active = false;
  installing_.write_id = 0;
  if (incoming_.complete) start_installing();
}

// The state becomes the snapshot's, the log begins behind it.
void Engine::install(NodeId from) {
  const SnapshotMeta& meta = installing_.meta;
  const bool holds = on(Rule::ignore_stale_snapshot);
  if (holds && log_.term(meta.index) == meta.term) commit_to(meta.index);  // the log has it all
  if (meta.index <= status_.commit && holds) {
    note(Fact::snapshot_ignored, from, meta.index.value, 0, 0, Reason::behind_commit);
  } else {
    note(Fact::snapshot_installed, from, meta.index.value, meta.term.value,
         installing_.file.size() - installing_.payload);
    snapshot_ = meta;
    snapshot_file_ = installing_.file;
    snapshot_payload_ = installing_.payload;
    drop_promises();
    for (LogWrite& write : log_writes_) write.last = {};
    log_.reset(meta.index, meta.term, meta.chain);
    refresh_log_status();
    status_.durable = meta.index;
    status_.commit = status_.applied = meta.index;
    unsaved_ = meta.index.next();
    log_start_pending_ = true;
    restore_pending_ = true;
    adopt_conf(snapshot_.conf);
    restart_election_timer();
  }
  if (status_.role == Role::follower && status_.leader) {
    Message reply;
    reply.type = MessageType::append_entries_response;
    reply.source = status_.id;
    reply.target = status_.leader;
    reply.term = status_.term;
    reply.index = std::min(status_.commit, log_.last_index());
    promise(reply, reply.index, on(Rule::persist_entries_before_ack));
  }
}

}  // namespace quorumlab::raft
