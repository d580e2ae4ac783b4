// The snapshot: who is alive and what the clocks show, written line by line, read when the node
// starts again; then those known to have been alive are contacted until one answers (serf.md 3.9).
// Lines are buffered as in the real one: they go out when another is added half a second after the
// last went out, so that a kill loses the latest.
#include <algorithm>

#include "core/gossip/engine.h"
#include "core/gossip/snapshot_file.h"

namespace quorumlab::gossip {
namespace {

constexpr Duration kFlushInterval = milliseconds(500);
constexpr Duration kClockInterval = milliseconds(500);
constexpr std::size_t kBufferSize = 4096;  // of Go's bufio

}  // namespace

bool Engine::snapshot_alive(PeerId id) const {
  return id && id.value < serf_.snapshot.address.size() &&
         static_cast<bool>(serf_.snapshot.address[id.value]);
}

void Engine::set_snapshot_address(PeerId id, RecordId record) {
  SerfState::Snapshot& snapshot = serf_.snapshot;
  if (!record && !snapshot_alive(id)) return;
  if (id.value >= snapshot.address.size()) snapshot.address.resize(id.value + 1);
  snapshot.alive += record ? 1u : 0u;
  snapshot.alive -= snapshot_alive(id) ? 1u : 0u;
  snapshot.address[id.value] = record;
}

// --- writing --------------------------------------------------------------------------------------

void Engine::snapshot_member(const Turn& turn, EventKind kind, PeerId id) {
  if (!config_.snapshot || serf_.snapshot.leaving) return;
  const std::size_t begin = serf_.snapshot.buffer.size();
  if (kind == EventKind::member_join) {
    set_snapshot_address(id, table_[id.value].record);
    snapshot::append_alive(turn.names.name(id), address_of(turn, id), serf_.snapshot.buffer);
    snapshot_line_added(turn, begin);
  } else if (kind == EventKind::member_leave || kind == EventKind::member_failed) {
    set_snapshot_address(id, {});
    snapshot::append_not_alive(turn.names.name(id), serf_.snapshot.buffer);
    snapshot_line_added(turn, begin);
  }
  snapshot_clock(turn);
}

// The clock is looked at twice a second; here only when it has moved.
void Engine::watch_clock(const Turn& turn) {
  if (!config_.snapshot || serf_.snapshot.tick_armed) return;
  serf_.snapshot.tick_armed = true;
  arm(next_tick(turn, serf_.started, kClockInterval), TimerKind::snapshot_clock);
}

void Engine::snapshot_clock(const Turn& turn) {
  const std::uint64_t last_seen = serf_.clock.time() - 1;
  if (last_seen <= serf_.snapshot.clock || last_seen == UINT64_MAX) return;
  serf_.snapshot.clock = last_seen;
  const std::size_t begin = serf_.snapshot.buffer.size();
  snapshot::append_clock(last_seen, serf_.snapshot.buffer);
  snapshot_line_added(turn, begin);
}

void Engine::snapshot_event(const Turn& turn, std::uint64_t ltime) {
  SerfState::Snapshot& s = serf_.snapshot;
  if (!config_.snapshot || s.leaving || ltime <= s.event_clock) return;
  s.event_clock = ltime;
  const std::size_t begin = s.buffer.size();
  snapshot::append_event_clock(ltime, s.buffer);
  snapshot_line_added(turn, begin);
}

void Engine::snapshot_query(const Turn& turn, std::uint64_t ltime) {
  SerfState::Snapshot& s = serf_.snapshot;
  if (!config_.snapshot || s.leaving || ltime <= s.query_clock) return;
  s.query_clock = ltime;
  const std::size_t begin = s.buffer.size();
  snapshot::append_query_clock(ltime, s.buffer);
  snapshot_line_added(turn, begin);
}

void Engine::snapshot_leave(const Turn& turn) {
  SerfState::Snapshot& s = serf_.snapshot;
  if (!config_.snapshot || s.leaving) return;
  s.leaving = true;
  if (!config_.rejoin_after_leave) {
    s.address.clear();
    s.alive = 0;
  }
  const std::size_t begin = s.buffer.size();
  snapshot::append_leave(s.buffer);
  s.size += s.buffer.size() - begin;
  flush_snapshot(turn);
}

void Engine::snapshot_line_added(const Turn& turn, std::size_t begin) {
  SerfState::Snapshot& s = serf_.snapshot;
  s.size += s.buffer.size() - begin;
  if (turn.now.monotonic - s.flushed > kFlushInterval || s.buffer.size() >= kBufferSize) {
    s.flushed = turn.now.monotonic;
    flush_snapshot(turn);
  }
  if (s.size > snapshot::max_size(s.alive)) compact_snapshot(turn);
}

void Engine::flush_snapshot(const Turn& turn) {
  Bytes& buffer = serf_.snapshot.buffer;
  if (buffer.empty()) return;
  const std::uint32_t begin = turn.out.begin();
  turn.out.bytes.insert(turn.out.bytes.end(), buffer.begin(), buffer.end());
  turn.out.writes.push_back({Ready::Write::File::snapshot, false, turn.out.end(begin)});
  buffer.clear();
}

// The file anew, with what its lines amount to.
void Engine::compact_snapshot(const Turn& turn) {
  SerfState::Snapshot& s = serf_.snapshot;
  std::vector<PeerId> alive;  // compaction is rare
  alive.reserve(s.alive);
  for (std::uint32_t i = 0; i < s.address.size(); ++i) {
    if (s.address[i]) alive.push_back({i});
  }
  // By name, so that no number of the directory shows.
  std::sort(alive.begin(), alive.end(),
            [&](PeerId a, PeerId b) { return turn.names.name(a) < turn.names.name(b); });
  const std::uint32_t begin = turn.out.begin();
  for (const PeerId id : alive) {
    snapshot::append_alive(turn.names.name(id), turn.names.record(s.address[id.value]).address,
                           turn.out.bytes);
  }
  snapshot::append_clock(s.clock, turn.out.bytes);
  snapshot::append_event_clock(s.event_clock, turn.out.bytes);
  snapshot::append_query_clock(s.query_clock, turn.out.bytes);
  const Slice file = turn.out.end(begin);
  turn.out.writes.push_back({Ready::Write::File::snapshot, true, file});
  note(turn, Fact::snapshot_compacted, kNobody, file.size, s.size, s.alive);
  s.buffer.clear();
  s.size = file.size;
  s.flushed = turn.now.monotonic;
}

// --- reading --------------------------------------------------------------------------------------

void Engine::replay_snapshot(const Turn& turn, ByteView file) {
  SerfState::Snapshot& s = serf_.snapshot;
  const bool torn = !file.empty() && file.back() != '\n';
  const std::size_t size = file.size();
  const RecordId own_record = snapshot_alive(self_) ? s.address[self_.value] : RecordId{};
  std::uint64_t clock = 0, event_clock = 0, query_clock = 0;
  std::vector<PeerId> met;  // in the order of the file
  using Kind = snapshot::Line::Kind;
  for (snapshot::Line line; snapshot::next_line(file, line);) {
    switch (line.kind) {
      case Kind::alive: {
        const PeerId id = turn.names.intern(line.name);
        set_snapshot_address(id, turn.names.intern(id, line.address, {}, {}));
        met.push_back(id);
        break;
      }
      case Kind::not_alive:
        set_snapshot_address(turn.names.find(line.name), {});
        break;
      case Kind::clock:
        clock = line.time;
        break;
      case Kind::event_clock:
        event_clock = line.time;
        break;
      case Kind::query_clock:
        query_clock = line.time;
        break;
      case Kind::leave:
        if (config_.rejoin_after_leave) break;
        s.address.clear();
        s.alive = 0;
        clock = event_clock = query_clock = 0;
        break;
      case Kind::ignored:
      case Kind::unknown:
        break;
    }
  }
  // This node is alive whatever the file says.
  if (own_record) set_snapshot_address(self_, own_record);
  s.size += size;
  if (on(Rule::clocks_survive_restart)) {
    s.clock = std::max(s.clock, clock);
    s.event_clock = event_clock;
    s.query_clock = query_clock;
    witness(turn, serf_.clock, clock);
    witness(turn, serf_.event_clock, event_clock);
    witness(turn, serf_.query_clock, query_clock);
    serf_.events.raise_min_time(event_clock == UINT64_MAX ? event_clock : event_clock + 1);
    serf_.queries.raise_min_time(query_clock == UINT64_MAX ? query_clock : query_clock + 1);
  }
  for (const PeerId id : met) {
    const bool again = std::find(s.rejoin.begin(), s.rejoin.end(), id) != s.rejoin.end();
    if (id != self_ && snapshot_alive(id) && !again) s.rejoin.push_back(id);
  }
  for (std::size_t i = s.rejoin.size(); i > 1; --i) {
    std::swap(s.rejoin[i - 1], s.rejoin[below(draw(Draw::rejoin_order), i)]);
  }
  note(turn, Fact::snapshot_replayed, kNobody, s.rejoin.size(), clock, event_clock);
  // What was cut off would swallow the next line.
  if (torn) compact_snapshot(turn);
}

// One after the other until one answers.
void Engine::rejoin_next(const Turn& turn) {
  SerfState::Snapshot& s = serf_.snapshot;
  if (s.rejoin.empty() || s.rejoining || serf_.phase != SerfState::Phase::alive) return;
  const PeerId id = s.rejoin.back();
  s.rejoin.pop_back();
  // Snapshots of old lives may name those that are long forgotten.
  const Address target = snapshot_alive(id) ? turn.names.record(s.address[id.value]).address
                                            : Address{};
  s.rejoined = config_.addresses.host(target);
  note(turn, Fact::rejoin_attempted, s.rejoined, s.rejoin.size());
  s.rejoining = true;
  begin_join(turn, {&target, 1}, kRejoinRequest, true);
}

}  // namespace quorumlab::gossip
