// Failure detection: one probe at a time, directly, then by way of others and over a stream; and
// what a node does for the probes of others (SWIM 3.1 and 4.3, Lifeguard IV.A and IV.C,
// serf.md 1.4).
//
// memberlist and the paper that describes it differ. memberlist: a poor health score moves a
// probe's deadline only, a failed probe costs the nacks that did not come, and these leave after
// the whole probe timeout, mostly too late (serf.md F2). Paper: timeout and period are scaled too,
// a failed probe costs one and each missed nack one more, nacks leave after 80 % of the timeout.
#include <algorithm>

#include "core/gossip/codec.h"
#include "core/gossip/engine.h"

namespace quorumlab::gossip {
namespace {

// What a peer's protocol_max says it can do (serf.md 2.4).
constexpr std::uint8_t kTcpPings = 3, kNacks = 4, kCrc = 5;

}  // namespace

Instant Engine::probe_deadline() const {
  if (probe_.standing) return kNever;
  switch (probe_.stage) {
    case Probe::Stage::idle:
      return probe_tick_;
    case Probe::Stage::direct:
      return std::min(probe_.timeout, probe_.deadline);
    case Probe::Stage::indirect:
      break;
  }
  return probe_.deadline;
}

void Engine::probe_due(const Turn& turn) {
  switch (probe_.stage) {
    case Probe::Stage::idle:
      return probe_tick(turn);
    case Probe::Stage::direct:
      // Also when the deadline comes first, since the ping left late: they are asked in vain.
      return ask_helpers(turn);
    case Probe::Stage::indirect:
      if (probe_.stream_answered) return probe_succeeded(turn, 2);
      return probe_failed(turn);
  }
}

// The ticker runs on while a probe lasts, and remembers one tick (F3): a probe that ended late is
// followed by the next at once, and all further ticks that it covered are lost.
void Engine::probe_tick(const Turn& turn) {
  const Instant now = turn.now.monotonic;
  const std::int64_t passed = (now - probe_tick_).ns / config_.probe_interval.ns;
  probe_tick_ = probe_tick_ + config_.probe_interval * (passed + 1);
  PeerId target;
  if (next_probe_target(turn, target)) start_probe(turn, target);
}

// Walks the list from where the last probe left off. Turning round at its end and each member
// passed over count as tries, of which there are as many as members: in clusters of two or three
// some ticks probe nobody (F8).
bool Engine::next_probe_target(const Turn& turn, PeerId& target) {
  const auto skipped = [&](PeerId id) {
    const State state = table_[id.value].state;
    return id == self_ || (state != State::alive && state != State::suspect);
  };
  if (!on(Rule::probe_round_robin)) {
    forget_members(turn);
    target = order_[below(draw(Draw::probe_target), order_.size())];
    return !skipped(target);
  }
  std::size_t tries = 0;
  while (tries < order_.size()) {
    if (probe_index_ >= order_.size()) {
      forget_members(turn);
      probe_index_ = 0;
      ++tries;
      continue;
    }
    target = order_[probe_index_++];
    if (!skipped(target)) {
      next_target_ = probe_index_ < order_.size() ? order_[probe_index_] : kNoPeer;
      return true;
    }
    ++tries;
  }
  return false;
}

void Engine::start_probe(const Turn& turn, PeerId target) {
  Scratch& scratch = turn.out.scratch;
  const Member& member = table_[target.value];
  const PeerRecord& record = turn.names.record(member.record);
  const Instant now = turn.now.monotonic;
  const bool scaled = lifeguard(Rule::awareness_scales_probe);
  const bool paper = config_.lifeguard == Lifeguard::paper;
  const Duration interval =
      scaled ? awareness_.scale(config_.probe_interval) : config_.probe_interval;
  const Duration timeout =
      scaled && paper ? awareness_.scale(config_.probe_timeout) : config_.probe_timeout;

  probe_ = {};
  probe_.stage = Probe::Stage::direct;
  probe_.target = target;
  probe_.incarnation = member.incarnation;
  probe_.seq_no = ++seq_no_;
  probe_.sent = now;
  probe_.patience = timeout;
  probe_.timeout = now + timeout;
  probe_.deadline = now + interval;
  probe_.standing = sends_blocked_;
  // The paper's period is scaled, a probe's success or not; unscaled, the ticker's grid holds.
  if (paper && awareness_.score > 0 && scaled) probe_tick_ = now + interval;

  const bool suspected = member.state != State::alive;
  note(turn, Fact::probe_started, config_.addresses.host(record.address), probe_.seq_no,
       suspected ? 1 : 0, awareness_.score);
  Ping ping;
  ping.seq_no = probe_.seq_no;
  ping.node = turn.names.name(target);
  ping.source = config_.addresses.address(config_.id);
  ping.source_node = config_.name;
  if (!suspected || !lifeguard(Rule::buddy_system)) {
    write_message(turn, ping);
    send_with_piggyback(turn, record.address);
    serf_.coordinates.prefetch(target);
    return;
  }
  // A suspect is told of the suspicion with the ping, whatever else waits, so that it can refute.
  scratch.parts.clear();
  scratch.part_bytes.clear();
  encode(ping, scratch.part_bytes);
  const auto ping_size = static_cast<std::uint32_t>(scratch.part_bytes.size());
  scratch.parts.push_back({0, ping_size});
  encode(Suspect{member.incarnation, ping.node, config_.name}, scratch.part_bytes);
  scratch.parts.push_back(
      {ping_size, static_cast<std::uint32_t>(scratch.part_bytes.size()) - ping_size});
  make_compound_of_parts(turn);
  send_message(turn, record.address, record.vsn[1] >= kCrc);
}

// The probe timeout is over: others are asked to try, and a stream is tried, for as long as the
// probe may last.
void Engine::ask_helpers(const Turn& turn) {
  probe_.stage = Probe::Stage::indirect;
  const PeerRecord& record = turn.names.record(table_[probe_.target.value].record);
  const Address target = record.address;
  chosen_.clear();
  if (on(Rule::indirect_probe)) {
    choose_members(Draw::helpers, config_.indirect_checks, [&](PeerId id) {
      return id != self_ && id != probe_.target && table_[id.value].state == State::alive;
    });
  }
  const bool stream =
      config_.tcp_pings && on(Rule::tcp_fallback_probe) && record.vsn[1] >= kTcpPings;
  note(turn, Fact::probe_indirect, config_.addresses.host(target), probe_.seq_no, chosen_.size(),
       stream ? 1 : 0);
  helpers_left_.assign(chosen_.rbegin(), chosen_.rend());
  go_on_asking(turn);
}

void Engine::go_on_asking(const Turn& turn) {
  const PeerRecord& record = turn.names.record(table_[probe_.target.value].record);
  const Address target = record.address;
  const bool stream =
      config_.tcp_pings && on(Rule::tcp_fallback_probe) && record.vsn[1] >= kTcpPings;
  while (!helpers_left_.empty()) {
    const PeerRecord& helper = turn.names.record(table_[helpers_left_.back().value].record);
    helpers_left_.pop_back();
    IndirectPing ping;
    ping.seq_no = probe_.seq_no;
    ping.target = target;
    ping.node = turn.names.name(probe_.target);
    ping.nack = lifeguard(Rule::nack) && helper.vsn[1] >= kNacks;
    ping.source = config_.addresses.address(config_.id);
    ping.source_node = config_.name;
    if (ping.nack) ++probe_.helpers;
    write_message(turn, ping);
    send_with_piggyback(turn, helper.address);
    if (sends_blocked_) {
      probe_.standing = true;
      return;
    }
  }
  if (stream) {
    probe_.stream = open_stream(turn, Stream::Use::ping, target);
    if (Stream* opened = find_stream(probe_.stream)) {
      opened->seq_no = probe_.seq_no;
      opened->expires = probe_.deadline;
      arm(probe_.deadline, TimerKind::stream, 0, opened->id);
    }
  }
}

void Engine::probe_succeeded(const Turn& turn, std::uint64_t how) {
  note(turn, Fact::probe_acked, host_of(turn, probe_.target), probe_.seq_no,
       static_cast<std::uint64_t>((turn.now.monotonic - probe_.sent).ns), how);
  health_changed(turn, -1);
  end_probe(turn);
}

void Engine::probe_failed(const Turn& turn) {
  Scratch& scratch = turn.out.scratch;
  const std::uint32_t missed = probe_.helpers > probe_.nacks ? probe_.helpers - probe_.nacks : 0;
  note(turn, Fact::probe_failed, host_of(turn, probe_.target), probe_.seq_no, probe_.helpers,
       probe_.nacks);
  if (config_.lifeguard == Lifeguard::paper) {
    health_changed(turn, 1 + static_cast<std::int64_t>(missed));
  } else {
    // Helpers that answered vouch for our own connection; without any, a failure is ours as well.
    health_changed(turn, probe_.helpers > 0 ? missed : 1);
  }
  const PeerId target = probe_.target;
  const std::uint32_t incarnation = probe_.incarnation;
  end_probe(turn);
  // A copy, since the directory may grow on the way.
  scratch.payload.assign(turn.names.name(target).begin(), turn.names.name(target).end());
  if (on(Rule::suspect_before_dead)) {
    handle_suspect(turn, {incarnation, as_text(scratch.payload), config_.name});
  } else {
    handle_dead(turn, {incarnation, as_text(scratch.payload), config_.name});
  }
}

void Engine::end_probe(const Turn& turn) {
  probe_.stage = Probe::Stage::idle;
  probe_.standing = false;
  helpers_left_.clear();
  if (probe_.stream != 0) {
    if (find_stream(probe_.stream) != nullptr) close_stream(turn, probe_.stream);
    probe_.stream = 0;
  }
}

void Engine::handle_ping(const Turn& turn, NodeId source, const Ping& ping) {
  Scratch& scratch = turn.out.scratch;
  // Protects whoever restarts under another name at an address that others still probe.
  if (!ping.node.empty() && ping.node != config_.name && on(Rule::ping_only_for_own_name)) {
    note(turn, Fact::ping_for_another, source);
    return;
  }
  scratch.payload.clear();
  append_ack_payload(scratch.payload);
  Ack ack;
  ack.seq_no = ping.seq_no;
  if (!scratch.payload.empty()) ack.payload = scratch.payload;
  const bool told = ping.source.size != 0 && ping.source.port != 0;
  const Address to = told ? ping.source : config_.addresses.address(source);
  write_message(turn, ack);
  send_with_piggyback(turn, to);
}

void Engine::handle_indirect_ping(const Turn& turn, NodeId source, const IndirectPing& ping) {
  Address target = ping.target;
  if (target.port == 0) target.port = config_.addresses.address(config_.id).port;
  const bool told = ping.source.size != 0 && ping.source.port != 0;
  Helping helping;
  helping.seq_no = ++seq_no_;
  helping.requester_seq_no = ping.seq_no;
  helping.nack = ping.nack && lifeguard(Rule::nack);
  helping.requester = told ? ping.source : config_.addresses.address(source);
  helping.ack_until = turn.now.monotonic + config_.probe_timeout;
  helping.nack_at = config_.lifeguard == Lifeguard::paper
                        ? turn.now.monotonic + config_.probe_timeout * 8 / 10
                        : helping.ack_until;
  helping_.push_back(helping);
  if (helping.nack && helping.nack_at != helping.ack_until) {
    arm(helping.nack_at, TimerKind::helper, helping.seq_no);
  }
  arm(helping.ack_until, TimerKind::helper, helping.seq_no);

  Ping on_behalf;
  on_behalf.seq_no = helping.seq_no;
  on_behalf.node = ping.node;
  on_behalf.source = config_.addresses.address(config_.id);
  on_behalf.source_node = config_.name;
  write_message(turn, on_behalf);
  send_with_piggyback(turn, target);
}

void Engine::helper_fires(const Turn& turn, const Timer& timer) {
  const auto at = std::ranges::find(helping_, timer.a, &Helping::seq_no);
  if (at == helping_.end()) return;
  const Address requester = at->requester;
  const std::uint32_t seq_no = at->requester_seq_no;
  const bool nack = at->nack && turn.now.monotonic >= at->nack_at;
  at->nack = at->nack && !nack;
  if (turn.now.monotonic >= at->ack_until) helping_.erase(at);
  if (!nack) return;
  write_message(turn, Nack{seq_no});
  send_with_piggyback(turn, requester);
}

void Engine::handle_ack(const Turn& turn, const Ack& ack) {
  if (probe_.stage != Probe::Stage::idle && ack.seq_no == probe_.seq_no) {
    const bool direct = probe_.stage == Probe::Stage::direct;
    if (direct) {
      notify_ping_complete(turn, probe_.target, turn.now.monotonic - probe_.sent, ack.payload);
    }
    return probe_succeeded(turn, direct ? 0 : 1);
  }
  const auto at = std::ranges::find(helping_, ack.seq_no, &Helping::seq_no);
  if (at == helping_.end()) return;
  const Address requester = at->requester;
  const std::uint32_t seq_no = at->requester_seq_no;
  helping_.erase(at);
  write_message(turn, Ack{seq_no, {}});
  send_with_piggyback(turn, requester);
}

void Engine::handle_nack(const Turn&, const Nack& nack) {
  if (probe_.stage == Probe::Stage::indirect && nack.seq_no == probe_.seq_no) ++probe_.nacks;
}

}  // namespace quorumlab::gossip
