// The hot path: the next event goes to its node, and what the node wants is carried out.
#include "sim/world/cluster.h"

#include <algorithm>

#include "sim/trace/words.h"

namespace quorumlab::world {
namespace {

// As a line: of member events the names, which stand before the first tab of each line; of others
// the payload.
std::string line_of(gossip::EventKind kind, std::string_view name, std::string_view payload) {
  std::string text(gossip::event_name(kind));
  if (kind == gossip::EventKind::user || kind == gossip::EventKind::query) {
    text = (kind == gossip::EventKind::user ? "user-event: " : "query: ") + std::string(name);
    while (payload.ends_with('\n')) payload.remove_suffix(1);
    if (!payload.empty()) text.append(" [\"").append(payload).append("\"]");
    return text;
  }
  for (std::size_t at = 0; at < payload.size();) {
    const std::size_t end = std::min(payload.find('\n', at), payload.size());
    const std::string_view line = payload.substr(at, end - at);
    text.append(at == 0 ? " [" : ", ").append(line.substr(0, line.find('\t')));
    at = end + 1;
  }
  return payload.empty() ? text : text + "]";
}

std::string handler_text(gossip::EventKind kind, std::string_view name, std::string_view payload) {
  return trace::printable(line_of(kind, name, payload));
}

}  // namespace

bool Cluster::handle_next() {
  if (acts_begin_ < acts_end_ &&
      (queue_.empty() || acts_[acts_begin_].time_ns <= queue_.next_time())) {
    apply_act();
    return true;
  }
  if (queue_.empty() || queue_.next_time() == kNever.ns) return false;
  handle_event();
  return true;
}

void Cluster::run_until(std::int64_t until_ns) {
  while (next_time() <= until_ns && next_time() != kNever.ns) handle_next();
  if (until_ns > now_.ns && until_ns != kNever.ns) now_.ns = until_ns;
}

// The processes of a large cluster do not fit into the cache: while this event is handled, that of
// the next one is fetched.
inline void Cluster::look_ahead(SlotId current) {
  constexpr std::size_t kFew = 200;
  if (processes_.size() <= kFew) return;
  if (queue_[current].kind == Slot::Kind::wake) at(queue_[current].node).prefetch_probe();
  if (queue_.empty()) return;
  queue_.prefetch();
  const std::uint32_t host = queue_[queue_.next()].node;
  if (!is_server(host)) return;
  const Process& p = at(host);
  p.prefetch();
  counts_.prefetch(host);
  judges_.prefetch({host});
}

inline void Cluster::handle_event() {
  now_.ns = queue_.next_time();
  const SlotId slot = queue_.pop();
  look_ahead(slot);
  if (queue_[slot].kind == Slot::Kind::packet) [[likely]] {
    deliver_packet(slot);
  } else {
    dispatch(slot);
  }
  if (!violation_told_ && judges_.violation().has_value()) [[unlikely]]
    note_violation();
}

void Cluster::keep(Record r) {
  if (r.is(Fact::refuted) && r.c >> 8 != 0) r.c = (r.c & 255) | refuted_text(r) << 8;
  trace_.append(r);
}

// What an alive message claimed of an agent against what is true, as serf prints both; the numbers of
// records mean nothing outside.
std::uint64_t Cluster::refuted_text(const Record& r) {
  const Node* node = std::get_if<Node>(&at(r.node).node);
  const gossip::PeerId self = names_.find(config_.agent_name({r.node}));
  if (node == nullptr || !self) return 0;
  const gossip::PeerRecord& claimed = names_.record({static_cast<std::uint32_t>((r.c >> 8) - 1)});
  const gossip::PeerRecord& mine = names_.record(node->gossip().member(self).record);
  const auto list = [](auto bytes) {
    std::string out;
    for (const std::uint8_t byte : bytes) out += (out.empty() ? "" : " ") + std::to_string(byte);
    return "[" + out + "]";
  };
  return trace_.text("meta:(" + list(ByteView(claimed.meta)) + " VS " + list(ByteView(mine.meta)) + "), vsn:(" +
                     list(ByteView(claimed.vsn)) + " VS " + list(ByteView(mine.vsn)) + ")");
}

void Cluster::note_violation() {
  violation_told_ = true;
  const judge::Violation v = *judges_.violation();
  emit(fact(WorldFact::violation, v.node.value, v.record, v.other.value, 0,
            static_cast<std::uint64_t>(v.checker), v.a, v.b));
}

void Cluster::dispatch(SlotId slot) {
  using Kind = Slot::Kind;
  switch (queue_[slot].kind) {
    case Kind::unused:
      ASSERT(false, "an unused slot was scheduled");
      break;
    case Kind::packet:
      deliver_packet(slot);
      break;
    case Kind::wake:
      on_wake(slot);
      break;
    case Kind::disk:
      on_disk(slot);
      break;
    case Kind::write_durable:
    case Kind::write_failed: {
      const Slot told = queue_[slot];
      queue_.drop(slot);
      Process& p = at(told.node);
      if (!p.up() || p.life != told.generation) break;
      Event event;
      event.kind =
          told.kind == Kind::write_durable ? Event::Kind::write_durable : Event::Kind::write_failed;
      event.id = told.id;
      for (SlotId packet = told.chain; packet != kNoSlot;) {
        const SlotId next = queue_[packet].next;
        queue_[packet].cause = told.cause;
        leave_or_wait(p, packet);
        packet = next;
      }
      ++events_;
      step(p, event, told.cause);
      break;
    }
    case Kind::start: {
      Process& p = at(queue_[slot].node);
      queue_.drop(slot);
      ++events_;
      if (p.state == Process::State::never_started) start(p, 0);
      break;
    }
    case Kind::stream_open:
    case Kind::stream_opened:
    case Kind::stream_refused:
    case Kind::stream_bytes:
    case Kind::stream_closed:
      on_stream(slot);
      break;
    case Kind::request:
      on_request(slot);
      break;
    case Kind::response:
      on_response(slot);
      break;
    case Kind::refused:
      on_refused(slot);
      break;
    case Kind::client_gone:
      on_client_gone(slot);
      break;
    case Kind::client_timer:
      on_client_timer(slot);
      break;
    case Kind::backlog:
      on_backlog(slot);
      break;
    case Kind::quorum: {
      const RecordId cause = queue_[slot].cause;
      queue_.drop(slot);
      quorum_queued_ = false;
      look_at_quorum(cause);
      break;
    }
  }
}

// Packets, and whatever else comes from outside, wait at a paused or blocked process in a bounded
// buffer.
bool Cluster::ready_for(Process& p, SlotId slot) {
  if (p.state == Process::State::running && !p.behind) [[likely]]
    return true;
  const Slot& s = queue_[slot];
  if (!p.deaf()) {
    if (s.kind == Slot::Kind::packet) {
      drop_packet(slot, WorldReason::target_down);
    } else {
      queue_.drop(slot);
    }
    return false;
  }
  if (s.kind == Slot::Kind::packet) {
    if (p.waiting_bytes + s.size > config_.receive_buffer) {
      drop_packet(slot, WorldReason::buffer_full);
      return false;
    }
    p.waiting_bytes += s.size;
  }
  p.waiting.push_back(slot);
  return false;
}

void Cluster::drop_packet(SlotId slot, WorldReason reason) {
  const Slot& s = queue_[slot];
  emit(fact(WorldFact::packet_dropped, reason, s.peer, s.cause, s.node, s.message, s.id));
  queue_.drop(slot);
}

inline void Cluster::deliver_packet(SlotId slot) {
  const Slot& s = queue_[slot];
  ++events_;
  if (!network_.plain()) {
    if (!network_.connected(s.peer, s.node)) return drop_packet(slot, WorldReason::partitioned);
    if (network_.clogged(s.peer, s.node)) {
      emit(fact(WorldFact::packet_held, s.peer, s.cause, s.node, s.message, s.id));
      held_packets_.push_back(slot);
      return;
    }
  }
  if (!is_server(s.node)) return drop_packet(slot, WorldReason::target_down);
  Process& p = server_at(s.node);
  if (!ready_for(p, slot)) return;
  const RecordId record =
      emit(fact(WorldFact::packet_delivered, s.node, s.cause, s.peer, s.message, s.id, s.size));
  Event event;
  event.kind = Event::Kind::packet;
  event.peer = {s.peer};
  event.bytes = queue_.payload(s);
  event.port = static_cast<Port>(s.message >> kPortShift);
  run(p, event);
  queue_.drop(slot);
  carry_out(p, record);
}

// The event's bytes must stay where they are until the node has answered.
inline void Cluster::run(Process& p, const Event& event) {
  effects_.clear();
  effects_.names = &names_;
  const Now now = p.clock.now(now_);
  if (Node* node = std::get_if<Node>(&p.node)) [[likely]] {
    node->step(now, event, effects_);
  } else if (recipes::App* app = std::get_if<recipes::App>(&p.node)) {
    app->step(now, event, effects_);
  } else {
    std::get<ForeignNode>(p.node).step(now, event, effects_);
  }
}

void Cluster::step(Process& p, const Event& event, RecordId cause) {
  run(p, event);
  carry_out(p, cause);
}

// As step, for an event whose bytes lie in a slot, which is free afterwards.
void Cluster::step_with(Process& p, const Event& event, SlotId slot, RecordId cause) {
  run(p, event);
  queue_.drop(slot);
  carry_out(p, cause);
}

inline void Cluster::carry_out(Process& p, RecordId cause) {
  if (effects_.writes.empty()) [[likely]] {
    if (!effects_.notes.empty()) tell_notes(p, cause);
  } else {
    submit_writes(p, cause);
  }
  if (judges_.gossip_on()) [[unlikely]] tell_clocks(p);
  if (config_.node.run_kv) [[unlikely]] tell_store(p);
  if (p.state == Process::State::blocked) [[unlikely]] hold_back(p);
  send_packets(p, cause);
  if (!effects_.streams.empty()) carry_out_streams(p, cause);
  if (!effects_.deliveries.empty()) [[unlikely]]
    tell_handlers(p, cause);
  if (!effects_.replies.empty()) carry_out_replies(p, cause);
  if (!effects_.asks.empty() || !effects_.speeches.empty()) [[unlikely]]
    carry_out_asks(p, cause);
  if (effects_.stop) [[unlikely]] {
    stop(p, Process::State::killed, cause);
    return;
  }
  arm(p, cause);
}

void Cluster::send_packets(Process& p, RecordId cause) {
  for (const Effects::Packet& packet : effects_.packets) {
    const SlotId slot = queue_.take(Slot::Kind::packet, packet.target.value, p.id.value);
    queue_.fill(slot, effects_.view(packet.bytes));
    Slot& s = queue_[slot];
    s.message = static_cast<std::uint8_t>((packet.kind & kKindMask) |
                                          static_cast<unsigned>(packet.port) << kPortShift);
    s.cause = cause;
    if (packet.after_write != 0) {
      if (Disk::Write* write = p.disk.find(packet.after_write)) {
        if (write->first_packet == kNoSlot) {
          write->first_packet = slot;
        } else {
          queue_[write->last_packet].next = slot;
        }
        write->last_packet = slot;
        continue;
      }
    }
    leave(slot);
  }
}

void Cluster::tell_notes(Process& p, RecordId cause) {
  for (const Note& note : effects_.notes) {
    if (note.fact == Fact::config_applied) quorum_may_change(cause);
    if (note.fact == Fact::autopilot_removes) [[unlikely]]
      judge_eviction(p, note.peer, records_ + 1);
    emit(record_of(note, p, cause));
  }
}

void Cluster::tell_clocks(const Process& p) {
  const Node* node = std::get_if<Node>(&p.node);
  if (node == nullptr) return;
  const gossip::Engine& agent = node->gossip();
  judges_.lamport_clocks(now_.ns, records_, p.id,
                         {agent.member_time(), agent.event_time(), agent.query_time()});
}

void Cluster::tell_store(const Process& p) {
  const Node* node = std::get_if<Node>(&p.node);
  if (node == nullptr || node->kv() == nullptr) return;
  const bool leads = node->raft().status().role == raft::Role::leader;
  judges_.store_stepped(now_.ns, records_, p.id, p.clock.now(now_).monotonic.ns,
                        leads && node->kv()->store().has_expiring());
}

void Cluster::tell_handlers(Process& p, RecordId cause) {
  for (const Effects::Delivery& d : effects_.deliveries) {
    const std::string_view name = as_text(effects_.view(d.name));
    const ByteView payload = effects_.view(d.payload);
    const std::uint32_t kind = static_cast<std::uint32_t>(d.kind);
    Record record = fact(WorldFact::event_delivered, p.id.value, cause, 0, kind, d.ltime);
    record.c = hash_bytes(payload, hash_bytes(as_bytes(name), 0));
    if (keep_trace_) {
      record.b = trace_.text(handler_text(d.kind, name, as_text(payload)));
    }
    emit(record);
    saw(Seen::delivery, kind, p.id.value, record.c);
    if (config_.keep_deliveries) {
      const Node* node = std::get_if<Node>(&p.node);
      delivered_.push_back({now_, p.id, d.kind, d.ltime, std::string(name), std::string(as_text(payload)),
                            node != nullptr ? node->gossip().tags() : gossip::Tags{}});
    }
  }
}

// A packet leaves its node: the judges and the digest see it, then the network has it.
void Cluster::leave(SlotId slot) {
  Slot& s = queue_[slot];
  const ByteView bytes = queue_.payload(s);
  if (s.node == 0 || s.node > host_count()) {
    queue_.drop(slot);  // a student's node may name anybody
    return;
  }
  s.id = network_.next_ordinal(s.peer, s.node, s.message);
  Record sent = fact(WorldFact::packet_sent, s.peer, s.cause, s.node, s.message, s.id, s.size);
  if (keep_trace_) [[unlikely]]
    sent.c = trace_.keep(bytes);
  s.cause = emit(sent);
  if (!judged_at_send_) [[likely]]
    judges_.packet_sent(now_.ns, s.cause, {s.peer}, {s.node}, s.message, bytes);
  saw(Seen::packet, s.message, s.peer, static_cast<std::uint64_t>(s.node) << 32 | s.size, bytes);
  if (network_.plain() && named_.empty()) [[likely]] {
    queue_.schedule(now_.ns + network_.plain_flight(s.peer, s.node, s.message, s.id).ns, slot);
  } else {
    leave_slowly(slot, network_.base(s.peer, s.node, s.message, s.id));
  }
}

void Cluster::leave_slowly(SlotId slot, std::uint64_t base) {
  if (!named_.empty() && by_hand(slot, base)) return;
  const std::uint32_t source = queue_[slot].peer, target = queue_[slot].node;
  const std::uint32_t size = queue_[slot].size;
  if (!network_.connected(source, target)) return drop_packet(slot, WorldReason::partitioned);
  const Network::Fate fate = network_.fate(now_, source, target, base, size);
  if (fate.lost) return drop_packet(slot, WorldReason::lost);
  if (fate.duplicate) {
    const SlotId second = queue_.clone(slot);
    Slot& s = queue_[second];
    s.cause = emit(fact(WorldFact::packet_duplicated, source, s.cause, target, s.message, s.id));
    queue_.schedule(fate.second_arrival.ns, second);
  }
  Slot& s = queue_[slot];
  if (fate.corrupt) {
    queue_.mutable_payload(s)[fate.corrupt_byte] ^=
        static_cast<std::uint8_t>(1u << fate.corrupt_bit);
    s.cause = emit(fact(WorldFact::packet_corrupted, source, s.cause, target, s.message, s.id,
                        fate.corrupt_byte, fate.corrupt_bit));
  }
  queue_.schedule(fate.arrival.ns, slot);
}

// Acts that named this very packet; true when nothing is left to do for it.
bool Cluster::by_hand(SlotId slot, std::uint64_t base) {
  const Slot& s = queue_[slot];
  const auto named = std::find_if(named_.begin(), named_.end(), [&](const NamedPacket& n) {
    return n.source == s.peer && n.target == s.node && n.kind == s.message && n.ordinal == s.id;
  });
  if (named == named_.end()) return false;
  const NamedPacket what = *named;
  named_.erase(named);
  if (what.verb == Verb::drop_message) {
    drop_packet(slot, WorldReason::dropped_by_hand);
    return true;
  }
  if (!network_.connected(s.peer, s.node)) return false;
  const Instant arrival = network_.fate(now_, s.peer, s.node, base, s.size).arrival + what.delay;
  if (what.verb == Verb::delay_message) {
    queue_.schedule(arrival.ns, slot);
    return true;
  }
  const SlotId second = queue_.clone(slot);
  Slot& copy = queue_[second];
  copy.cause = emit(
      fact(WorldFact::packet_duplicated, copy.peer, copy.cause, copy.node, copy.message, copy.id));
  queue_.schedule(arrival.ns + 1, second);
  return false;
}

// Held packets and stream segments whose way is open again, in the order in which they came.
void Cluster::release_held() {
  const auto release = [&](std::vector<SlotId>& held, auto&& blocked) {
    std::size_t kept = 0;
    for (const SlotId slot : held) {
      const Slot& s = queue_[slot];
      if (blocked(s.peer, s.node)) {
        held[kept++] = slot;
      } else {
        queue_.schedule(now_.ns, slot);
      }
    }
    held.resize(kept);
  };
  release(held_packets_, [&](auto s, auto t) { return network_.clogged(s, t); });
  release(held_streams_,
          [&](auto s, auto t) { return network_.clogged(s, t) || !network_.connected(s, t); });
}

// The node's next deadline. The entry in the queue is moved only if the new one comes earlier; a
// later one is put back when it is popped too early.
inline void Cluster::arm(Process& p, RecordId cause) {
  if (effects_.wake_at == p.wake_at) return;
  p.wake_at = effects_.wake_at;
  p.wake_cause = cause;
  p.due_ns = p.clock.when(p.wake_at).ns;
  // At least a nanosecond passes, so that a node that always wants to be woken cannot stop time.
  if (p.due_ns <= now_.ns) p.due_ns = now_.ns + 1;
  if (p.due_ns < p.queued_ns) queue_wake(p);
}

void Cluster::settle_agents() {
  std::vector<gossip::Engine::Self> all;
  for (std::uint32_t i = 0; i < servers_; ++i) {
    const Process& p = processes_[i];
    if (p.up()) all.push_back(std::get<Node>(p.node).gossip().self());
  }
  for (std::uint32_t i = 0; i < servers_; ++i) {
    Process& p = processes_[i];
    if (!p.up()) continue;
    effects_.clear();
    effects_.names = &names_;
    std::get<Node>(p.node).settle(p.clock.now(now_), all, effects_);
    arm(p, 0);
  }
}

void Cluster::queue_wake(Process& p) {
  const SlotId slot = queue_.take(Slot::Kind::wake, p.id.value, 0);
  queue_[slot].generation = ++p.wake_generation;
  queue_.schedule(p.due_ns, slot);
  p.queued_ns = p.due_ns;
}

void Cluster::on_wake(SlotId slot) {
  Process& p = at(queue_[slot].node);
  if (queue_[slot].generation != p.wake_generation) return queue_.drop(slot);
  const bool wakes = p.state == Process::State::running || p.state == Process::State::blocked;
  if (wakes && p.due_ns > now_.ns && p.due_ns != kNever.ns) {
    p.queued_ns = p.due_ns;
    queue_.schedule(p.due_ns, slot);
    return;
  }
  queue_.drop(slot);
  p.queued_ns = kNever.ns;
  if (!wakes || p.due_ns == kNever.ns) return;
  const RecordId cause = p.wake_cause;
  p.wake_at = kNever;
  p.due_ns = kNever.ns;
  Event event;
  event.kind = Event::Kind::deadline_reached;
  ++events_;
  step(p, event, cause);
}

}  // namespace quorumlab::world
