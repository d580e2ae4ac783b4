// Streams between nodes. A lost segment only comes later, a cut holds segments back until it heals,
// a killed process closes, and a host without power says nothing.
#include <algorithm>

#include "sim/world/cluster.h"

namespace quorumlab::world {

// `to_end` is the end it arrives at; segments to one end never overtake each other.
void Cluster::send_on_stream(std::uint32_t index, std::uint32_t to_end, Slot::Kind kind,
                             ByteView bytes, RecordId cause) {
  Stream& s = streams_[index];
  Stream::End& to = s.ends[to_end];
  const std::uint32_t from_host = s.ends[1 - to_end].host;
  const std::int64_t arrival = std::max(
      reliable(from_host, to.host, Network::stream, static_cast<std::uint32_t>(bytes.size())),
      to.last_arrival_ns);
  to.last_arrival_ns = arrival;
  const SlotId slot = queue_.take(kind, to.host, from_host);
  queue_.fill(slot, bytes);
  Slot& segment = queue_[slot];
  segment.id = index;
  segment.flags = static_cast<std::uint8_t>(to_end);
  segment.generation = s.serial;
  segment.cause = cause;
  queue_.schedule(arrival, slot);
}

void Cluster::carry_out_streams(Process& p, RecordId cause) {
  for (const Effects::Stream& op : effects_.streams) {
    if (op.op == Effects::Stream::Op::open) {
      const std::uint32_t target = op.target.value;
      if ((op.id & StreamTable::kAcceptorBit) != 0 || !is_server(target)) continue;
      const RecordId record =
          emit(fact(WorldFact::stream_opened, p.id.value, cause, target, 0, op.id));
      saw(Seen::stream, 1, p.id.value, op.id);
      const std::uint32_t index = streams_.open(p.id.value, p.life, op.id, target);
      send_on_stream(index, 1, Slot::Kind::stream_open, {}, record);
      continue;
    }
    std::uint32_t end = 0;
    const int index = streams_.find(p.id.value, p.life, op.id, end);
    if (index < 0) continue;  // the other end closed it meanwhile
    const std::uint32_t i = static_cast<std::uint32_t>(index);
    const std::uint32_t peer = streams_[i].ends[1 - end].host;
    if (op.op == Effects::Stream::Op::send) {
      const ByteView bytes = effects_.view(op.bytes);
      const RecordId record =
          emit(fact(WorldFact::stream_sent, p.id.value, cause, peer, 0, op.id, bytes.size()));
      saw(Seen::stream, 2, p.id.value, op.id, bytes);
      send_on_stream(i, 1 - end, Slot::Kind::stream_bytes, bytes, record);
    } else {
      const RecordId record =
          emit(fact(WorldFact::stream_closed, p.id.value, cause, peer, 0, op.id));
      saw(Seen::stream, 3, p.id.value, op.id);
      streams_.shut(i, end);
      send_on_stream(i, 1 - end, Slot::Kind::stream_closed, {}, record);
    }
  }
}

void Cluster::on_stream(SlotId slot) {
  const Slot::Kind kind = queue_[slot].kind;
  const std::uint32_t host = queue_[slot].node, source = queue_[slot].peer;
  const std::uint32_t index = static_cast<std::uint32_t>(queue_[slot].id);
  const std::uint32_t to_end = queue_[slot].flags;
  if (!network_.connected(source, host) || network_.clogged(source, host)) {
    held_streams_.push_back(slot);
    return;
  }
  if (!streams_.is(index, queue_[slot].generation)) return queue_.drop(slot);
  Process& p = at(host);
  const RecordId cause = queue_[slot].cause;
  if (p.deaf()) {
    p.waiting.push_back(slot);
    return;
  }
  Stream& s = streams_[index];
  const bool known = s.ends[to_end].open && s.ends[to_end].life == p.life;
  const bool opening = kind == Slot::Kind::stream_open;
  if (p.state == Process::State::crashed) return queue_.drop(slot);  // silence
  if (p.state != Process::State::running || (!known && !opening)) {
    // The host is up, but nobody holds this end: it says so.
    queue_.drop(slot);
    if (opening) {
      emit(fact(WorldFact::stream_refused, host, cause, source, 0, s.ends[0].id));
      send_on_stream(index, 0, Slot::Kind::stream_refused, {}, cause);
    } else if (kind == Slot::Kind::stream_bytes && s.ends[1 - to_end].open) {
      send_on_stream(index, 1 - to_end, Slot::Kind::stream_closed, {}, cause);
    } else if (!s.ends[0].open && !s.ends[1].open) {
      streams_.release(index);
    }
    return;
  }
  Event event;
  event.port = Port::gossip;  // Raft speaks in datagrams
  event.peer = {source};
  RecordId record = cause;
  switch (kind) {
    case Slot::Kind::stream_open:
      event.kind = Event::Kind::stream_opened;
      event.id = streams_.accept(index, p.life);
      record = emit(fact(WorldFact::stream_opened, host, cause, source, 0, event.id));
      send_on_stream(index, 0, Slot::Kind::stream_opened, {}, record);
      break;
    case Slot::Kind::stream_opened:
      event.kind = Event::Kind::stream_opened;
      event.id = s.ends[0].id;
      break;
    case Slot::Kind::stream_refused:
      event.kind = Event::Kind::stream_refused;
      event.id = s.ends[0].id;
      streams_.release(index);
      break;
    case Slot::Kind::stream_bytes:
      event.kind = Event::Kind::stream_bytes;
      event.id = s.ends[to_end].id;
      record = emit(
          fact(WorldFact::stream_delivered, host, cause, source, 0, event.id, queue_[slot].size));
      event.bytes = queue_.payload(queue_[slot]);
      break;
    default:
      event.kind = Event::Kind::stream_closed;
      event.id = s.ends[to_end].id;
      streams_.shut(index, to_end);
      if (!s.ends[1 - to_end].open) streams_.release(index);
      break;
  }
  ++events_;
  step_with(p, event, slot, record);
}

// The process that held these ends is gone. The kernel of a host that is still up tells the others.
void Cluster::break_streams(Process& p, bool tell, RecordId cause) {
  if (streams_.empty()) return;
  for (std::uint32_t i = 0; i < streams_.size(); ++i) {
    if (!streams_[i].used) continue;
    for (std::uint32_t end = 0; end < 2; ++end) {
      Stream::End& mine = streams_[i].ends[end];
      if (!mine.open || mine.host != p.id.value || mine.life != p.life) continue;
      streams_.shut(i, end);
      if (tell && (streams_[i].ends[1 - end].open || end == 0)) {
        send_on_stream(i, 1 - end, Slot::Kind::stream_closed, {}, cause);
      }
    }
    if (!streams_[i].ends[0].open && !streams_[i].ends[1].open && !tell) streams_.release(i);
  }
}

}  // namespace quorumlab::world
