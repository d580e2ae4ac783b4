// Birth, time, and what comes in: dispatch of packets to their handlers, of deadlines to the work
// that waits for them.
#include "core/gossip/engine.h"

#include <algorithm>

#include "core/gossip/codec.h"

namespace quorumlab::gossip {

const char* state_name(State state) {
  switch (state) {
    case State::alive:
      return "alive";
    case State::suspect:
      return "suspect";
    case State::dead:
      return "dead";
    case State::left:
      return "left";
    case State::unknown:
      break;
  }
  return "unknown";
}

const char* status_name(Status status) {
  switch (status) {
    case Status::alive:
      return "alive";
    case Status::leaving:
      return "leaving";
    case Status::left:
      return "left";
    case Status::failed:
      return "failed";
    case Status::none:
      break;
  }
  return "none";
}

const char* event_name(EventKind kind) {
  switch (kind) {
    case EventKind::member_join:
      return "member-join";
    case EventKind::member_leave:
      return "member-leave";
    case EventKind::member_failed:
      return "member-failed";
    case EventKind::member_update:
      return "member-update";
    case EventKind::member_reap:
      return "member-reap";
    case EventKind::user:
      return "user";
    case EventKind::query:
      break;
  }
  return "query";
}

void Engine::reset(const Config& config, const Random& random) {
  config_ = config;
  random_ = random;
  draws_.fill(0);
  self_ = kNoPeer;
  table_.clear();
  order_.clear();
  probe_index_ = 0;
  next_target_ = kNoPeer;
  live_ = 0;
  // The paper's score ends at its multiplier, memberlist's one below.
  awareness_ = {0, config.lifeguard == Lifeguard::paper ? config.awareness_max_multiplier
                                                        : config.awareness_max_multiplier - 1};
  incarnation_ = 0;
  seq_no_ = 0;
  push_pull_begun_ = false;
  started_ = leaving_ = maybe_queued_ = versions_fresh_ = false;
  suspicions_.clear();
  timers_.clear();
  probe_ = {};
  probe_tick_ = gossip_tick_ = push_pull_at_ = handle_at_ = kNever;
  helping_.clear();
  streams_.clear();
  last_stream_ = 0;
  joins_.clear();
  last_join_ = 0;
  for (BroadcastQueue& queue : queues_) queue.clear();
  handoff_.clear();
  sends_blocked_ = gossip_stands_ = false;
  helpers_left_.clear();
  gossip_left_.clear();
  serf_reset();
}

void Engine::start(const Turn& turn, ByteView snapshot, ByteView keyring) {
  if (!open_keyring(turn, keyring)) return;
  started_ = true;
  self_ = turn.names.intern(config_.name);
  const Instant now = turn.now.monotonic;
  // F3: the tickers begin now. The staggered first round is what memberlist's comments promise.
  const bool staggered = config_.phases == Phases::staggered;
  const auto phase = [&](Draw purpose, Duration interval) {
    return staggered ? now + uniform(draw(purpose), {}, interval) : now + interval;
  };
  probe_tick_ = phase(Draw::probe_phase, config_.probe_interval);
  gossip_tick_ = phase(Draw::gossip_phase, config_.gossip_interval);
  if (config_.push_pull_interval.ns > 0) {
    push_pull_at_ = now + uniform(draw(Draw::push_pull_phase), {}, config_.push_pull_interval);
  }
  update_node(turn);
  serf_started(turn, snapshot);
}

const Member& Engine::member(PeerId id) const {
  static constexpr Member kStranger{};
  return id.value < table_.size() ? table_[id.value] : kStranger;
}

Member& Engine::entry(const Turn& turn, PeerId id) {
  if (id.value >= table_.size()) {
    // The directory knows how many there may come to be. Growing by an eighth keeps the tables of
    // thousands of nodes small where it does not.
    const std::size_t wanted = std::max<std::size_t>(turn.names.size(), id.value + 1);
    if (wanted > table_.capacity()) {
      table_.reserve(std::max(wanted, table_.capacity() + table_.capacity() / 8));
    }
    table_.resize(wanted);
  }
  return table_[id.value];
}

NodeId Engine::host_named(const Turn& turn, std::string_view name) const {
  const PeerId id = turn.names.find(name);
  return known(id) ? host_of(turn, id) : kNobody;
}

WireSettings Engine::wire() const {
  WireSettings settings;
  settings.label = config_.label;
  settings.keys = sealing_keys();
  settings.compress = config_.compression;
  settings.verify_incoming = on(Rule::verify_gossip);
  return settings;
}

Nonce Engine::draw_nonce() {
  Nonce nonce{};
  if (sealing_keys().empty()) return nonce;
  const std::uint64_t low = draw(Draw::nonce), high = draw(Draw::nonce);
  for (std::size_t i = 0; i < nonce.size(); ++i) {
    nonce[i] = static_cast<std::uint8_t>(i < 8 ? low >> (8 * i) : high >> (8 * (i - 8)));
  }
  return nonce;
}

// --- packets ------------------------------------------------------------------------------------

void Engine::on_packet(const Turn& turn, NodeId source, ByteView bytes) {
  Scratch& scratch = turn.out.scratch;
  if (!started_) return;
  for (const Part& part : scratch.reader.read(bytes, wire())) handle_part(turn, source, part);
  if (scratch.reader.error() != WireError::none) {
    drop_packet(turn, source, scratch.reader.error(), bytes.size());
  }
  if (!handoff_.empty()) {
    if (config_.handling_delay.ns == 0) {
      handle_waiting(turn);
    } else if (handle_at_ == kNever) {
      handle_at_ = turn.now.monotonic + config_.handling_delay;
    }
  }
  collect_finished(turn);
}

void Engine::drop_packet(const Turn& turn, NodeId source, WireError error, std::size_t size) {
  note(turn, Fact::gossip_dropped, source, static_cast<std::uint64_t>(error), size);
}

// What belongs to a probe is handled at once, gossip waits for the worker.
void Engine::handle_part(const Turn& turn, NodeId source, const Part& part) {
  WireError error = WireError::none;
  switch (part.type) {
    case MessageType::ping: {
      Ping ping;
      error = decode(part.body(), ping);
      if (error == WireError::none) handle_ping(turn, source, ping);
      break;
    }
    case MessageType::indirect_ping: {
      IndirectPing ping;
      error = decode(part.body(), ping);
      if (error == WireError::none) handle_indirect_ping(turn, source, ping);
      break;
    }
    case MessageType::ack: {
      Ack ack;
      error = decode(part.body(), ack);
      if (error == WireError::none) handle_ack(turn, ack);
      break;
    }
    case MessageType::nack: {
      Nack nack;
      error = decode(part.body(), nack);
      if (error == WireError::none) handle_nack(turn, nack);
      break;
    }
    case MessageType::suspect:
    case MessageType::alive:
    case MessageType::dead:
    case MessageType::user:
      hand_off(turn, source, part);
      break;
    default:
      error = WireError::unsupported_type;
  }
  if (error != WireError::none) drop_packet(turn, source, error, part.bytes.size());
}

// --- time ---------------------------------------------------------------------------------------

Instant Engine::deadline() const {
  if (!started_) return kNever;
  return std::min({probe_deadline(), gossip_deadline(), push_pull_at_, handle_at_, timers_.next()});
}

// Late deadlines are served in their own order, all at the time that it is now. Of several at one
// moment: what waits to be handled, single timers, the probe, gossip, push/pull.
void Engine::on_deadline(const Turn& turn) {
  if (!started_) return;
  const Instant now = turn.now.monotonic;
  for (;;) {
    const Instant next = deadline();
    if (next > now || next == kNever) break;
    if (handle_at_ == next) {
      handle_waiting(turn);
    } else if (timers_.next() == next) {
      fire(turn, timers_.pop());
    } else if (probe_deadline() == next) {
      probe_due(turn);
    } else if (gossip_deadline() == next) {
      gossip_due(turn);
    } else {
      push_pull_due(turn);
    }
  }
  collect_finished(turn);
}

// The works that stood in a send go on where they were: what is late comes at once, a ticker remembers
// one tick (F3).
void Engine::on_sends_unblocked(const Turn& turn) {
  if (!sends_blocked_) return;
  sends_blocked_ = false;
  if (!started_) return;
  if (probe_.standing) {
    probe_.standing = false;
    if (probe_.stage == Probe::Stage::direct) {
      // The wait for the ack begins when the ping has left; the probe's end was fixed before.
      probe_.sent = turn.now.monotonic;
      probe_.timeout = probe_.sent + probe_.patience;
    } else {
      go_on_asking(turn);
    }
  }
  if (gossip_stands_) {
    gossip_stands_ = false;
    chosen_.assign(gossip_left_.begin(), gossip_left_.end());
    gossip_to_chosen(turn);
  }
  on_deadline(turn);
}

void Engine::fire(const Turn& turn, const Timer& timer) {
  switch (timer.kind) {
    case TimerKind::suspicion:
      return suspicion_fires(turn, timer);
    case TimerKind::helper:
      return helper_fires(turn, timer);
    case TimerKind::stream:
      return stream_timer(turn, timer);
    default:
      return serf_timer(turn, timer);
  }
}

}  // namespace quorumlab::gossip
