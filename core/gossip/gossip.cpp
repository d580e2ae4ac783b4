// What leaves in packets: rumours and users' messages from the queues, on their own every gossip
// interval and on the back of probes; packing, and the layers around (serf.md 1.4, 1.5, 4.2).
#include <algorithm>

#include "core/gossip/codec.h"
#include "core/gossip/engine.h"

namespace quorumlab::gossip {
namespace {

constexpr std::uint8_t kCrc = 5;              // protocol_max of peers that understand checksums
constexpr std::uint32_t kCompoundHeader = 2;  // bytes
constexpr std::uint32_t kCompoundPart = 2;    // bytes more for each message
constexpr std::uint32_t kUserMessage = 1;     // byte in front of a serf message
// memberlist 0.2.2 computes with the number of parts in eight bits, twice that number included.
constexpr std::uint32_t kMostParts = 127;

// Of a message, or of the first one in a compound.
std::uint8_t first_type(ByteView message) {
  if (message[0] != static_cast<std::uint8_t>(MessageType::compound)) return message[0];
  return message[2 + 2u * message[1]];
}

}  // namespace

// --- when ---------------------------------------------------------------------------------------

bool Engine::nothing_queued() const {
  return !maybe_queued_ ||
         (queues_[0].empty() && queues_[1].empty() && queues_[2].empty() && queues_[3].empty());
}

// Ticks of a node that has nothing to say are not worth waking it: the moment at which it came to
// have something has moved gossip_tick_ on.
Instant Engine::gossip_deadline() const {
  return nothing_queued() || config_.gossip_nodes == 0 || gossip_stands_ ? kNever : gossip_tick_;
}

// REQUIRES: called before something is queued. The tick of this very moment has passed.
void Engine::wake_gossip(const Turn& turn) {
  if (!nothing_queued()) return;
  maybe_queued_ = true;
  const std::int64_t behind = (turn.now.monotonic - gossip_tick_).ns;
  if (behind >= 0) {
    gossip_tick_ =
        gossip_tick_ + config_.gossip_interval * (behind / config_.gossip_interval.ns + 1);
  }
}

void Engine::gossip_due(const Turn& turn) {
  const Instant now = turn.now.monotonic;
  const std::int64_t behind = (now - gossip_tick_).ns / config_.gossip_interval.ns;
  gossip_tick_ = gossip_tick_ + config_.gossip_interval * (behind + 1);
  chosen_.clear();
  choose_members(Draw::gossip_targets, config_.gossip_nodes, [&](PeerId id) {
    const Member& member = table_[id.value];
    if (id == self_) return false;
    if (member.state == State::alive || member.state == State::suspect) return true;
    return member.state == State::dead && on(Rule::gossip_to_the_dead) &&
           now.ns - member.state_change_ns <= config_.gossip_to_the_dead_time.ns;
  });
  gossip_to_chosen(turn);
}

void Engine::gossip_to_chosen(const Turn& turn) {
  Scratch& scratch = turn.out.scratch;
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    scratch.parts.clear();
    scratch.part_bytes.clear();
    take_broadcasts(turn, packet_room());
    if (scratch.parts.empty()) return;
    const PeerRecord& target = turn.names.record(table_[chosen_[i].value].record);
    make_compound_of_parts(turn);
    send_message(turn, target.address, target.vsn[1] >= kCrc);
    // Who waits for a broadcast goes on at once, as memberlist's Finished() wakes another thread while
    // this one still compresses and sends: what it queues leaves with the next packet of this tick.
    collect_finished(turn);
    if (sends_blocked_) {
      gossip_stands_ = true;
      gossip_left_.assign(chosen_.begin() + static_cast<std::ptrdiff_t>(i) + 1, chosen_.end());
      return;
    }
  }
}

// --- what ---------------------------------------------------------------------------------------

std::uint32_t Engine::packet_room() const {
  return config_.udp_buffer_size - kCompoundHeader -
         static_cast<std::uint32_t>(packet_overhead(wire(), false));
}

void Engine::take_broadcasts(const Turn& turn, std::uint32_t bytes) {
  Scratch& scratch = turn.out.scratch;
  const auto limit = [&](std::uint64_t nodes) {
    return on(Rule::retransmit_limit) ? retransmit_limit(config_.retransmit_mult, nodes)
                                      : UINT32_MAX;
  };
  const auto begin_part = [&] { return static_cast<std::uint32_t>(scratch.part_bytes.size()); };
  const auto end_part = [&](std::uint32_t begin) {
    scratch.parts.push_back({begin, static_cast<std::uint32_t>(scratch.part_bytes.size()) - begin});
  };
  BroadcastQueue::Budget budget;
  budget.bytes = bytes;
  budget.parts = (on(Rule::compound_fits_its_count) ? kMostParts : UINT16_MAX) -
                 static_cast<std::uint32_t>(scratch.parts.size());
  budget.fewest_first = on(Rule::fewest_transmits_first);
  budget.overhead = kCompoundPart;
  budget.transmit_limit = limit(order_.size());
  queues_[0].take(budget, [&](const BroadcastQueue::Item& item, ByteView) {
    const std::uint32_t begin = begin_part();
    encode_rumour(turn, item.rumour, scratch.part_bytes);
    end_part(begin);
  });
  budget.overhead = kCompoundPart + kUserMessage;
  budget.transmit_limit = limit(serf_members());
  for (std::size_t i = 1; i < kQueues; ++i) {
    queues_[i].take(budget, [&](const BroadcastQueue::Item&, ByteView message) {
      const std::uint32_t begin = begin_part();
      begin_user_message(scratch.part_bytes);
      scratch.part_bytes.insert(scratch.part_bytes.end(), message.begin(), message.end());
      end_part(begin);
    });
  }
}

void Engine::make_compound_of_parts(const Turn& turn) {
  Scratch& scratch = turn.out.scratch;
  scratch.views.clear();
  for (const Slice part : scratch.parts) {
    scratch.views.push_back(ByteView(scratch.part_bytes).subspan(part.offset, part.size));
  }
  scratch.message.clear();
  if (scratch.views.size() == 1) {
    scratch.message.assign(scratch.views[0].begin(), scratch.views[0].end());
  } else if (scratch.views.size() > kMaxCompoundParts) {
    // As memberlist 0.2.2 wrote it: the count wraps, and what follows is read as something else.
    ByteWriter out(scratch.message);
    out.u8(static_cast<std::uint8_t>(MessageType::compound));
    out.u8(static_cast<std::uint8_t>(scratch.views.size()));
    for (const ByteView view : scratch.views) {
      out.u8(static_cast<std::uint8_t>(view.size() >> 8));
      out.u8(static_cast<std::uint8_t>(view.size()));
    }
    for (const ByteView view : scratch.views) out.raw(view);
  } else {
    make_compound(scratch.views, scratch.message);
  }
}

void Engine::encode_rumour(const Turn& turn, const Rumour& rumour, Bytes& out) const {
  const std::string_view node = turn.names.name(rumour.node);
  switch (static_cast<MessageType>(rumour.type)) {
    case MessageType::alive: {
      const PeerRecord& record = turn.names.record(RecordId{rumour.about});
      Alive alive;
      alive.incarnation = rumour.incarnation;
      alive.node = node;
      alive.address = record.address;
      alive.meta = record.meta;
      alive.vsn.bytes = record.vsn;
      return encode(alive, out);
    }
    case MessageType::suspect:
      return encode(Suspect{rumour.incarnation, node, turn.names.name(PeerId{rumour.about})}, out);
    default:
      return encode(Dead{rumour.incarnation, node, turn.names.name(PeerId{rumour.about})}, out);
  }
}

// --- into the queues ----------------------------------------------------------------------------

void Engine::queue_rumour(const Turn& turn, const Rumour& rumour, std::uint32_t name,
                          std::uint32_t token) {
  Scratch& scratch = turn.out.scratch;
  wake_gossip(turn);
  scratch.rumour.clear();
  encode_rumour(turn, rumour, scratch.rumour);
  queues_[0].queue(rumour, on(Rule::newer_message_replaces_older) ? name : BroadcastQueue::kUnnamed,
                   static_cast<std::uint16_t>(scratch.rumour.size()), token);
}

void Engine::queue_user(const Turn& turn, Queue which, ByteView message, std::uint32_t token) {
  wake_gossip(turn);
  queue(which).queue(message, token);
}

// Tokens whose messages are done with. What serf does about one may finish others.
void Engine::collect_finished(const Turn& turn) {
  if (!maybe_queued_) return;
  Scratch& scratch = turn.out.scratch;
  for (std::size_t i = 0; i < kQueues; ++i) {
    while (!queues_[i].finished().empty()) {
      scratch.finished.assign(queues_[i].finished().begin(), queues_[i].finished().end());
      queues_[i].clear_finished();
      for (const std::uint32_t token : scratch.finished) broadcast_finished(turn, token);
    }
  }
  maybe_queued_ = !nothing_queued();
}

// --- out ----------------------------------------------------------------------------------------

void Engine::send_message(const Turn& turn, const Address& target, bool crc) {
  Scratch& scratch = turn.out.scratch;
  const std::uint32_t begin = turn.out.begin();
  make_packet(scratch.message, wire(), crc, draw_nonce(), turn.out.bytes);
  turn.out.packets.push_back(
      {config_.addresses.host(target), first_type(scratch.message), turn.out.end(begin)});
}

// memberlist has no record at hand for these, and so leaves the checksum out.
void Engine::send_with_piggyback(const Turn& turn, const Address& target) {
  Scratch& scratch = turn.out.scratch;
  if (nothing_queued() || !on(Rule::piggyback)) return send_message(turn, target, false);
  const std::uint32_t room = packet_room();
  const auto size = static_cast<std::uint32_t>(scratch.message.size());
  scratch.parts.clear();
  scratch.part_bytes.assign(scratch.message.begin(), scratch.message.end());
  scratch.parts.push_back({0, size});
  if (room > size) take_broadcasts(turn, room - size);
  make_compound_of_parts(turn);
  send_message(turn, target, false);
}

void Engine::send_user(const Turn& turn, PeerId target, ByteView message) {
  send_user(turn, Address(address_of(turn, target)), message);
}

void Engine::send_user(const Turn& turn, const Address& target, ByteView message) {
  Scratch& scratch = turn.out.scratch;
  scratch.message.clear();
  begin_user_message(scratch.message);
  scratch.message.insert(scratch.message.end(), message.begin(), message.end());
  send_message(turn, target, false);
}

}  // namespace quorumlab::gossip
