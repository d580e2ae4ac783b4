// How a node answers each event. Every path ends in drain(), which empties the engine's Ready.
#include "core/node/node.h"

#include <algorithm>

#include "core/base/assert.h"
#include "core/raft/wal.h"

namespace quorumlab {

void Node::reset(const NodeConfig& config, const Random& random) {
  config_ = config;
  random_ = random;
  running_ = false;
  log_has_header_ = false;
  next_write_ = 0;
  open_writes_.clear();
  held_.clear();
  unplaced_.clear();
  pending_.clear();
  reads_.clear();
  state_.clear();
  last_snapshot_ = {};
  if (!config_.run_kv) {
    kv_.clear();
  } else {
    reset_kv();
  }
  answers_.clear();
  autopilot_ = {};
  config_.autopilot.on = config_.autopilot.on && config_.run_raft && config_.run_gossip;
  if (config_.run_gossip) {
    names_.clear();
    constexpr std::uint64_t kOwnDraws = UINT64_MAX;  // a purpose that the Raft engine never uses
    gossip_.reset(config_.gossip, Random(random_.draw(kOwnDraws, 0)));
  }
}

void Node::set_rule(raft::Rule rule, bool on) {
  config_.raft.rules.set(rule, on);
  engine_.set_rule(rule, on);
}

void Node::set_rule(kv::Rule rule, bool on) {
  config_.kv.server.rules.set(rule, on);
  if (!kv_.empty()) kv_.front().server.set_rule(rule, on);
}

void Node::step(Now now, const Event& event, Effects& out) {
  if (event.kind == Event::Kind::started) {
    running_ = true;
  } else if (!running_) {
    return;
  }
  if (event.kind == Event::Kind::client_request && is_agent_request(event.bytes)) {
    gossip_step(now, event, out);  // answers in any case
    if (config_.run_raft && running_) out.wake_at = std::min(out.wake_at, engine_.deadline());
    if (config_.run_kv && running_) out.wake_at = std::min(out.wake_at, kv_.front().server.deadline());
    if (config_.autopilot.on && running_) out.wake_at = std::min(out.wake_at, autopilot_.next);
    return;
  }
  if (config_.run_raft) raft_step(now, event, out);
  if (config_.run_kv && running_) kv_step(now, event, out);
  if (config_.run_gossip && running_) gossip_step(now, event, out);
  if (config_.autopilot.on && running_) autopilot_step(now, event, out);
}

[[gnu::always_inline]] inline void Node::raft_step(Now now, const Event& event, Effects& out) {
  switch (event.kind) {
    case Event::Kind::started:
      start_raft(now, event, out);
      break;
    case Event::Kind::packet: {
      if (event.port != Port::raft) break;
      const auto message = raft::decode(event.bytes, config_.raft.rules[raft::Rule::verify_checksums]);
      if (!message) {
        out.notes.push_back({Fact::packet_corrupt, Reason::wrong_checksum, event.peer,
                             event.bytes.size(), 0, 0});
        break;
      }
      engine_.on_message(now, *message);
      break;
    }
    case Event::Kind::deadline_reached:
      engine_.on_deadline(now);
      break;
    case Event::Kind::write_durable:
      on_write_durable(now, event.id, out);
      break;
    case Event::Kind::write_failed:
      if (is_members_write(event.id)) {  // serf goes on without it
        on_write_durable(now, event.id, out);
        break;
      }
      if (config_.raft.rules[raft::Rule::stop_after_failed_write]) {
        out.notes.push_back({Fact::stopped_itself, Reason::write_failed, {}, event.id, 0, 0});
        running_ = false;
        out.stop = true;
        return;
      }
      on_write_durable(now, event.id, out);  // what an implementation does that ignores the error
      break;
    case Event::Kind::client_request:
      if (config_.run_kv && kv::is_http_request(event.bytes)) break;  // kv_part.cpp
      on_request(now, event, out);
      break;
    case Event::Kind::client_gone:
      forget_request(event.id);
      break;
    case Event::Kind::stream_opened:
    case Event::Kind::stream_refused:
    case Event::Kind::stream_bytes:
    case Event::Kind::stream_closed:
      break;  // Raft speaks in datagrams
    case Event::Kind::answered:
    case Event::Kind::ask_failed:
      break;  // a server asks nobody
    case Event::Kind::sends_blocked:
    case Event::Kind::sends_unblocked:
      break;  // its messages leave late; Raft itself waits for no send
  }
  if (!running_) return;
  if (!held_.empty() && engine_.status().leader) propose_held(now, out);
  drain(now, out);
  if (running_) out.wake_at = engine_.deadline();
}

void Node::start_raft(Now now, const Event& event, Effects& out) {
  ByteView log_file, snapshot_file;
  for (const FileContent& file : event.files) {
    if (file.file == FileId::log) log_file = file.bytes;
    if (file.file == FileId::snapshot) snapshot_file = file.bytes;
  }
  auto recovery = raft::recover(log_file, snapshot_file,
                                config_.raft.rules[raft::Rule::verify_checksums]);
  if (recovery.failure) {
    out.notes.push_back({Fact::refused_to_start, *recovery.failure, {}, recovery.offset, 0, 0});
    running_ = false;
    out.stop = true;
    return;
  }
  state_.clear();
  const raft::SnapshotMeta& snapshot = recovery.recovered.snapshot;
  if (snapshot.index > LogIndex{} &&
      !restore_state(now, recovery.recovered.snapshot_bytes, snapshot.index, snapshot.term)) {
    out.notes.push_back({Fact::refused_to_start, Reason::corrupt_record, {}, 0, 0, 0});
    running_ = false;
    out.stop = true;
    return;
  }
  last_snapshot_ = recovery.recovered.snapshot.index;
  engine_.reset(config_.raft, std::move(recovery.recovered), random_, now);
  // What the disk holds is made clean once: a torn tail must not stand before new records.
  log_has_header_ = !recovery.needs_header;
  if (recovery.torn) rewrite_log(out);
  if (config_.run_kv) start_kv(now);
}

bool Node::restore_state(Now now, ByteView bytes, LogIndex index, Term term) {
  return kv_.empty() ? state_.decode(bytes) : kv_.front().server.restore(now, bytes, index, term);
}

void Node::encode_state(Bytes& out) const {
  if (kv_.empty()) {
    state_.encode(out);
  } else {
    kv_.front().server.encode(out);
  }
}

void Node::on_write_durable(Now now, std::uint64_t id, Effects& out) {
  const auto at = std::find_if(open_writes_.begin(), open_writes_.end(),
                               [&](const OpenWrite& w) { return w.id == id; });
  ASSERT(at != open_writes_.end(), "a write became durable that was never submitted");
  const OpenWrite write = *at;
  open_writes_.erase(at);
  switch (write.purpose) {
    case OpenWrite::Purpose::engine_log:
    case OpenWrite::Purpose::engine_snapshot:
      engine_.on_durable(now, write.engine_id);
      break;
    case OpenWrite::Purpose::own_snapshot:
      rewrite_log(out);  // what the snapshot covers need not be kept any longer
      break;
    case OpenWrite::Purpose::own_log:
    case OpenWrite::Purpose::members:
      break;
  }
}

std::uint64_t Node::submit(FileId file, Effects::Write::Mode mode, Slice bytes,
                           OpenWrite::Purpose purpose, std::uint64_t engine_id, Effects& out) {
  const std::uint64_t id = ++next_write_;
  out.writes.push_back({id, file, mode, bytes});
  open_writes_.push_back({id, engine_id, purpose});
  return id;
}

void Node::rewrite_log(Effects& out) {
  const std::uint32_t begin = out.begin();
  raft::encode_log_file(engine_, out.bytes);
  log_has_header_ = true;
  submit(FileId::log, Effects::Write::Mode::replace, out.end(begin), OpenWrite::Purpose::own_log, 0,
         out);
}

std::uint64_t Node::submit_log_write(Effects& out) {
  const std::uint32_t begin = out.begin();
  if (!log_has_header_) {
    raft::append_header(out.bytes);
    log_has_header_ = true;
  }
  raft::append_write(ready_, out.bytes);
  return submit(FileId::log, Effects::Write::Mode::append, out.end(begin),
                OpenWrite::Purpose::engine_log, ready_.write_id, out);
}

void Node::send(const raft::Message& message, std::uint64_t after_write, Effects& out) {
  const std::uint32_t begin = out.begin();
  raft::encode(message, out.bytes);
  out.packets.push_back(
      {message.target, static_cast<std::uint8_t>(message.type), after_write, out.end(begin)});
}

void Node::drain(Now now, Effects& out) {
  while (engine_.has_ready()) {
    bool again = false;
    engine_.take_ready(ready_);
    if (out.notes.empty()) {
      std::swap(out.notes, ready_.notes);
    } else if (!ready_.notes.empty()) {
      out.notes.insert(out.notes.end(), ready_.notes.begin(), ready_.notes.end());
    }
    const std::uint64_t write = ready_.write_id != 0 ? submit_log_write(out) : 0;
    if (ready_.snapshot_write_id != 0) {
      const std::uint32_t begin = out.begin();
      raft::encode_snapshot(*ready_.snapshot, ready_.snapshot_bytes, out.bytes);
      submit(FileId::snapshot, Effects::Write::Mode::replace, out.end(begin),
             OpenWrite::Purpose::engine_snapshot, ready_.snapshot_write_id, out);
    }
    for (const raft::Message& message : ready_.messages) send(message, 0, out);
    for (const raft::Message& message : ready_.messages_once_durable) send(message, write, out);
    if (!ready_.outcomes.empty()) take_outcomes(now, out);
    if (ready_.restore != nullptr) {
      if (!restore_snapshot(now, out)) return;
      again = true;
    }
    if (!ready_.reads.empty()) take_reads(out);
    if (ready_.committed_first != LogIndex{}) {
      apply_committed(now, out);
      again = true;
    }
    if (!reads_.empty()) answer_reads(out);
    if (!again) return;
  }
  if (!reads_.empty()) answer_reads(out);
}

// What became of commands that were handed to the leader.
void Node::take_outcomes(Now now, Effects& out) {
  for (const raft::ProposalOutcome& outcome : ready_.outcomes) {
    if (is_own_proposal(outcome.id)) {
      if (!outcome.accepted) own_proposal_dropped(now, outcome.id, outcome.reason);
      continue;
    }
    const auto at = std::find_if(unplaced_.begin(), unplaced_.end(),
                                 [&](const Pending& p) { return p.request == outcome.id; });
    if (at == unplaced_.end()) continue;  // its client is gone
    unplaced_.erase(at);
    if (!outcome.accepted) {
      reply_dropped(outcome.id, outcome.reason, out);
    } else if (outcome.index <= engine_.status().applied) {
      // The leader's answer came after the entry was applied here.
      Response response;
      response.status = Response::Status::unknown;
      reply(outcome.id, response, out);
    } else {
      place({outcome.index, outcome.term, outcome.id});
    }
  }
}

// False if there is no state to go on from.
bool Node::restore_snapshot(Now now, Effects& out) {
  if (!restore_state(now, ready_.restore_bytes, ready_.restore->index, ready_.restore->term)) {
    // Only where damage goes unchecked (rule verify_checksums). There is no state to go on from.
    out.notes.push_back({Fact::stopped_itself, Reason::corrupt_record, {}, 0, 0, 0});
    running_ = false;
    out.stop = true;
    return false;
  }
  last_snapshot_ = ready_.restore->index;
  // Commands at indexes that the snapshot swallowed: applied or replaced, nobody can tell.
  std::size_t swallowed = 0;
  while (swallowed < pending_.size() && pending_[swallowed].index <= last_snapshot_) {
    Response response;
    response.status = Response::Status::unknown;
    reply(pending_[swallowed++].request, response, out);
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(swallowed));
  rewrite_log(out);
  return true;
}

void Node::take_reads(Effects& out) {
  for (const raft::ReadReady& read : ready_.reads) {
    const auto at = std::find_if(reads_.begin(), reads_.end(),
                                 [&](const PendingRead& r) { return r.request == read.id; });
    if (at == reads_.end()) continue;
    if (read.dropped) {
      const std::uint64_t request = at->request;
      reads_.erase(at);
      reply_dropped(request, read.reason, out);
    } else {
      at->index = read.index;
      at->confirmed = true;
    }
  }
}

void Node::apply_committed(Now now, Effects& out) {
  const LogIndex last = ready_.committed_last;
  const auto entries_from = [&](LogIndex first) {
    return raft::EntryReader(first, engine_.log().slice(first, last));
  };
  raft::EntryReader entries = entries_from(ready_.committed_first);
  raft::Entry entry;
  for (LogIndex index = ready_.committed_first; index <= last; index = index.next()) {
    const bool read = entries.next(entry);
    ASSERT(read, "a committed entry cannot be read");
    StateMachine::Outcome outcome{index, false, false};
    if (!kv_.empty()) {
      const ByteView command = entry.kind == raft::EntryKind::normal ? entry.payload : ByteView{};
      kv_.front().server.apply(now, index, entry.term, command, raft_view(), kv_.front().out);
    } else if (entry.kind == raft::EntryKind::normal) {
      if (const auto command = decode_request(entry.payload)) {
        outcome = state_.apply(index, *command,
                               config_.raft.rules[raft::Rule::sessions_apply_once]);
      } else {
        // Only where damage goes unchecked (rule verify_checksums). The entry does nothing on any node
        // that holds the same bytes; whether they all do is for the checkers to say.
        out.notes.push_back({Fact::message_ignored, Reason::corrupt_record, engine_.status().leader,
                             entry.term.value,
                             static_cast<std::uint64_t>(raft::MessageType::append_entries),
                             index.value});
      }
    }
    if (entry.kind == raft::EntryKind::config) {
      if (const auto change = raft::decode_conf_change(entry.payload)) {
        engine_.apply_config(now, index, *change);
        entries = entries_from(index.next());  // the log may have grown, and moved
      } else {
        out.notes.push_back({Fact::config_refused, Reason::corrupt_record, {}, 0, 0, index.value});
      }
    }
    if (!pending_.empty()) answer_committed(index, entry.term, outcome, out);
  }
  maybe_snapshot(out);
}

// In the order of their indices: what this node took as a leader before, and lost, may stand behind
// what it takes now.
void Node::place(const Pending& pending) {
  auto at = pending_.end();
  if (!pending_.empty() && pending_.back().index > pending.index) {
    at = std::upper_bound(pending_.begin(), pending_.end(), pending,
                          [](const Pending& l, const Pending& r) { return l.index < r.index; });
  }
  pending_.insert(at, pending);
}

void Node::answer_committed(LogIndex index, Term term, const StateMachine::Outcome& outcome,
                            Effects& out) {
  while (!pending_.empty() && pending_.front().index <= index) {
    const Pending pending = pending_.front();
    pending_.erase(pending_.begin());
    if (pending.index != index || pending.term != term) {
      // Another leader's entry took its place: it will never be applied.
      reply_dropped(pending.request, Reason::leadership_lost, out);
      continue;
    }
    if (outcome.unknown_session) {
      reply_dropped(pending.request, Reason::unknown_session, out);
      continue;
    }
    if (outcome.duplicate) {
      out.notes.push_back(
          {Fact::duplicate_request, Reason::already_so, {}, pending.request, 0, 0});
    }
    Response response;
    response.index = outcome.index;
    response.modified = outcome.index;
    response.term = term;
    reply(pending.request, response, out);
  }
}

void Node::answer_reads(Effects& out) {
  const bool wait = config_.raft.rules[raft::Rule::read_waits_for_apply];
  for (std::size_t i = 0; i < reads_.size();) {
    const PendingRead& read = reads_[i];
    if (!read.confirmed || (wait && read.index > engine_.status().applied)) {
      ++i;
      continue;
    }
    read_now(read.request, read.key, out);
    reads_.erase(reads_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

void Node::read_now(std::uint64_t request, std::string_view key, Effects& out) {
  const StateMachine::Item* item = state_.find(key);
  Response response;
  response.status = item != nullptr ? Response::Status::ok : Response::Status::not_found;
  response.index = engine_.status().applied;
  response.term = engine_.status().term;
  if (item != nullptr) {
    response.modified = item->modified;
    response.value = as_bytes(item->value);
  }
  reply(request, response, out);
}

void Node::on_request(Now now, const Event& event, Effects& out) {
  const auto request = decode_request(event.bytes);
  if (!request) {
    Response response;
    response.status = Response::Status::bad_request;
    reply(event.id, response, out);
    return;
  }
  out.notes.push_back({Fact::request_received, Reason::none, event.peer, event.id,
                       static_cast<std::uint64_t>(request->kind), request->session});
  if (config_.run_kv && request->kind != Request::Kind::change_config &&
      request->kind != Request::Kind::transfer) {
    Response response;  // the store speaks HTTP
    response.status = Response::Status::bad_request;
    reply(event.id, response, out);
    return;
  }
  switch (request->kind) {
    case Request::Kind::write:
    case Request::Kind::erase:
      propose(now, event.bytes, event.id, out);
      break;
    case Request::Kind::read:
      reads_.push_back({LogIndex{}, event.id, false, std::string(as_text(request->key))});
      engine_.read(now, event.id);
      break;
    case Request::Kind::read_stale:
      read_now(event.id, as_text(request->key), out);
      break;
    case Request::Kind::change_config: {
      const auto change = raft::decode_conf_change(request->value);
      if (!change) {
        Response response;
        response.status = Response::Status::bad_request;
        reply(event.id, response, out);
        break;
      }
      const raft::ProposeResult result = engine_.propose_change(now, *change, event.id);
      if (result.status == raft::ProposeResult::Status::accepted) {
        place({result.index, result.term, event.id});
      } else if (result.status == raft::ProposeResult::Status::forwarded) {
        unplaced_.push_back({LogIndex{}, Term{}, event.id});
      } else {
        reply_dropped(event.id, result.reason, out);
      }
      break;
    }
    case Request::Kind::agent:
      break;  // not for Raft
    case Request::Kind::transfer: {
      engine_.transfer_leadership(now, request->node);
      Response response;
      response.term = engine_.status().term;
      reply(event.id, response, out);
      break;
    }
  }
}

void Node::propose(Now now, ByteView command, std::uint64_t request, Effects& out) {
  const raft::ProposeResult result = engine_.propose(now, command, request);
  switch (result.status) {
    case raft::ProposeResult::Status::accepted:
      place({result.index, result.term, request});
      out.notes.push_back({Fact::proposal_accepted, Reason::none, {}, result.index.value,
                           result.term.value, request});
      break;
    case raft::ProposeResult::Status::forwarded:
      unplaced_.push_back({LogIndex{}, Term{}, request});
      break;
    case raft::ProposeResult::Status::dropped:
      if (result.reason == Reason::no_leader && held_.size() < config_.hold_without_leader) {
        held_.push_back({request, now.monotonic, Bytes(command.begin(), command.end())});
      } else {
        reply_dropped(request, result.reason, out);
      }
      break;
  }
}

void Node::propose_held(Now now, Effects& out) {
  std::vector<Held> held;
  held.swap(held_);
  for (const Held& h : held) {
    if (is_own_proposal(h.request)) {
      // etcd's request timeout, after which Propose no longer blocks and the client was told so.
      const Duration patience = seconds(5) + kv_.front().server.config().election_timeout * 2;
      if (now.monotonic - h.since >= patience) continue;
      propose_own(now, h.request, h.command);
    } else {
      propose(now, h.command, h.request, out);
    }
  }
}

void Node::forget_request(std::uint64_t request) {
  const auto is_it = [&](const auto& waiting) { return waiting.request == request; };
  std::erase_if(held_, is_it);
  std::erase_if(unplaced_, is_it);
  std::erase_if(pending_, is_it);
  std::erase_if(reads_, is_it);
}

void Node::reply(std::uint64_t request, const Response& response, Effects& out) {
  Response complete = response;
  complete.leader = engine_.status().leader;
  const std::uint32_t begin = out.begin();
  encode(complete, out.bytes);
  out.replies.push_back({request, true, out.end(begin)});
  out.notes.push_back({Fact::request_answered, complete.reason, {}, request,
                       static_cast<std::uint64_t>(complete.status), complete.index.value});
}

void Node::reply_dropped(std::uint64_t request, Reason reason, Effects& out) {
  Response response;
  response.status = Response::Status::dropped;
  response.reason = reason;
  response.term = engine_.status().term;
  reply(request, response, out);
}

void Node::maybe_snapshot(Effects& out) {
  const LogIndex applied = engine_.status().applied;
  if (config_.snapshot_every == 0 || applied - last_snapshot_ < config_.snapshot_every) return;
  // One at a time: the log is cut only once the one before is durable.
  for (const OpenWrite& write : open_writes_) {
    if (write.purpose == OpenWrite::Purpose::own_snapshot ||
        write.purpose == OpenWrite::Purpose::engine_snapshot) {
      return;
    }
  }
  scratch_.clear();
  encode_state(scratch_);
  engine_.compact(applied, scratch_, config_.snapshot_keep);
  last_snapshot_ = applied;
  const std::uint32_t begin = out.begin();
  raft::encode_snapshot(engine_.snapshot_meta(), engine_.snapshot_bytes(), out.bytes);
  submit(FileId::snapshot, Effects::Write::Mode::replace, out.end(begin),
         OpenWrite::Purpose::own_snapshot, 0, out);
}

}  // namespace quorumlab
