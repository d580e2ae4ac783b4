// The index over a trace, and looking a moment up in it.
#include "viz/model/timeline.h"

#include <algorithm>

#include "core/raft/message.h"

namespace quorumlab::viz {
namespace {
using trace::Record;
using trace::RecordId;
using trace::WorldFact;

constexpr std::uint64_t kDistance = 4096;
constexpr std::size_t kMostObservers = 128;  // a matrix of more has no cells that can be seen
constexpr std::uint32_t kNoFlight = UINT32_MAX;
// A packet whose end the trace does not show is taken for lost after so long.
constexpr std::int64_t kLostAfter = 1'000'000'000;
constexpr std::int64_t kUsualWay = 20'000'000;

bool departs(const Record& r) {
  return r.is(WorldFact::packet_sent) || r.is(WorldFact::packet_duplicated);
}
bool arrives(const Record& r) {
  return r.is(WorldFact::packet_delivered) || r.is(WorldFact::packet_dropped);
}
bool serves(const Record& r) {
  return r.is(Fact::started) || r.is(Fact::member_alive) || r.is(Fact::probe_started);
}

// Programs ask; clients have an act behind each operation.
bool runs_programs(const Recording& recording) {
  if (std::find(recording.kinds.begin(), recording.kinds.end(), Host::Kind::program) != recording.kinds.end()) return true;
  for (RecordId id = 1; id <= recording.trace.size(); ++id) {
    if (recording.trace[id].is(WorldFact::asked)) return true;
  }
  return false;
}
}  // namespace

Timeline::Timeline(const Recording& recording)
    : recording_(recording), story_(runs_programs(recording)), spreads_(recording.names.size()) {
  // Of a cluster of ten thousand each checkpoint is large.
  distance_ = std::max<std::uint64_t>(kDistance, 16 * recording.names.size());
  learn_kinds();
  seen_.hosts.resize(recording.names.size());
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    seen_.hosts[i].kind = kinds_[i];
    if (kinds_[i] == Host::Kind::client) seen_.hosts[i].process = Host::Process::up;
  }
  if (!has_raft_ && seen_.hosts.size() <= kMostObservers) {
    seen_.beliefs.assign(seen_.hosts.size() * seen_.hosts.size(), Belief::unknown);
  }
  checkpoints_.push_back(seen_);
  quorum_.push_back({});
  leaders_.push_back({});
  extend();
}

// What a host is shows in what it does: the trace does not say it.
void Timeline::learn_kinds() {
  busy_.assign(recording_.names.size(), false);
  if (!recording_.kinds.empty()) {
    kinds_ = recording_.kinds;
    has_raft_ = recording_.raft;
    return;
  }
  kinds_.assign(recording_.names.size(), Host::Kind::client);
  std::vector<bool> server(kinds_.size(), false), process(kinds_.size(), false);
  for (RecordId id = 1; id <= recording_.trace.size(); ++id) {
    const Record& r = recording_.trace[id];
    if (r.node == 0 || r.node > kinds_.size()) continue;
    if (serves(r)) server[r.node - 1] = true;
    if (r.is(Fact::started) || r.is(Fact::became_leader)) has_raft_ = true;
    if (r.is(WorldFact::process_started)) process[r.node - 1] = true;
  }
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    if (server[i]) kinds_[i] = Host::Kind::server;
    else if (process[i]) kinds_[i] = Host::Kind::program;
  }
}

void Timeline::extend() {
  const RecordId last = recording_.trace.size();
  for (RecordId id = seen_.record + 1; id <= last; ++id) take_in(id);
}

void Timeline::take_in(RecordId id) {
  const Record& r = recording_.trace[id];
  if (r.node >= 1 && r.node <= busy_.size() && !r.is(WorldFact::act)) busy_[r.node - 1] = true;
  if (departs(r)) {
    flights_.push_back({id, 0, r.time_ns, 0, r.node, r.peer, r.extra, false, false});
  } else if (arrives(r) || r.is(WorldFact::packet_held)) {
    if (const std::uint32_t n = flight_of(seen_, r.cause); n != kNoFlight) {
      if (arrives(r)) {
        flights_[n].ended = id;
        flights_[n].ended_ns = r.time_ns;
        flights_[n].dropped = r.is(WorldFact::packet_dropped);
      } else {
        flights_[n].held = true;
      }
    }
  }
  // A holder that renews its lease is no news.
  const bool renews = r.is(Fact::holds) && r.node >= 1 && r.node <= seen_.hosts.size() && seen_.hosts[r.node - 1].holds;
  fold(seen_, recording_.trace, id);
  follow_flight(seen_, id);

  story_.take(recording_.trace, id);
  weave_.take(recording_.trace, id, seen_);
  spreads_.take(recording_.trace, id);
  if (r.is(WorldFact::violation)) violations_.push_back(id);

  if (r.is(WorldFact::act) && is_write(recording_.trace.text_at(r.c))) has_writes_ = true;
  const Mark mark = renews ? Mark::nothing : mark_of(r);
  if (mark != Mark::nothing) marks_.push_back({r.time_ns, id, mark});
  if (r.is(Fact::commit_advanced) && r.a > committed_) {
    committed_ = r.a;
    commits_.push_back({r.time_ns, id, Mark::commit});
  }
  if (mark == Mark::bookmark) {
    bookmarks_.push_back({std::string(recording_.trace.text_at(r.b)), {r.time_ns + 1, id}});
    stops_.push_back({bookmarks_.back().text, bookmarks_.back().at, true});
  }
  // A bookmark's own caption follows it at once.
  if (r.is(WorldFact::caption) && (stops_.empty() || r.time_ns > stops_.back().at.time_ns)) {
    stops_.push_back({std::string(recording_.trace.text_at(r.b)), {r.time_ns + 1, id}, false});
  }
  // Its act takes effect a nanosecond later.
  if (!bookmarks_.empty() && r.time_ns <= bookmarks_.back().at.time_ns) bookmarks_.back().at.record = id;
  if (!stops_.empty() && r.time_ns <= stops_.back().at.time_ns) stops_.back().at.record = id;
  const std::uint64_t quorum = !seen_.quorum.known ? 0 : seen_.quorum.available ? 2 : 1;
  if (quorum != quorum_.back().value) quorum_.push_back({r.time_ns, quorum});
  if (r.kind <= static_cast<std::uint16_t>(Fact::leader_lost) ||
      (r.kind >= static_cast<std::uint16_t>(WorldFact::process_started) &&
       r.kind <= static_cast<std::uint16_t>(WorldFact::process_stopped))) {
    const std::uint32_t leader = leader_of(seen_.hosts);
    if (leader != leaders_.back().value) leaders_.push_back({r.time_ns, leader});
  }
  if (id % distance_ == 0) checkpoints_.push_back(seen_);
}

std::uint32_t Timeline::flight_of(const State& state, RecordId sent) const {
  for (const std::uint32_t n : state.flying) {
    if (flights_[n].sent == sent) return n;
  }
  return kNoFlight;
}

void Timeline::follow_flight(State& state, RecordId id) const {
  const Record& r = recording_.trace[id];
  if (departs(r)) {
    state.flying.push_back(state.flights++);
  } else if (arrives(r)) {
    const auto at = std::find_if(state.flying.begin(), state.flying.end(),
                                 [&](std::uint32_t n) { return flights_[n].sent == r.cause; });
    if (at != state.flying.end()) state.flying.erase(at);
  }
}

RecordId Timeline::record_by(std::int64_t time_ns) const {
  RecordId low = 0, high = size();  // low has happened by then, and nothing after high
  while (low < high) {
    const RecordId middle = low + (high - low + 1) / 2;
    if (recording_.trace[middle].time_ns <= time_ns) low = middle;
    else high = middle - 1;
  }
  return low;
}

void Timeline::look(const Cursor& at, Frame& frame) {
  const RecordId wanted = std::min<RecordId>(at.record, size());
  const State& checkpoint = checkpoints_[wanted / distance_];
  if (frame.hosts.empty() || frame.record > wanted || frame.record < checkpoint.record) {
    static_cast<State&>(frame) = checkpoint;
  }
  folded_ = 0;
  while (frame.record < wanted) {
    const RecordId id = frame.record + 1;
    fold(frame, recording_.trace, id);
    follow_flight(frame, id);
    ++folded_;
  }
  frame.time_ns = std::max(at.time_ns, frame.record == 0 ? 0 : recording_.trace[frame.record].time_ns);
  frame.leader = leader_of(frame.hosts);
  frame.leader_term = frame.leader == 0 ? 0 : frame.hosts[frame.leader - 1].term;
  frame.packets.clear();
  for (const std::uint32_t n : frame.flying) {
    const Flight& f = flights_[n];
    const bool open = f.ended == 0;
    if (open && !f.held && frame.time_ns - f.sent_ns > kLostAfter) continue;
    const std::int64_t ends = open ? f.sent_ns + kUsualWay : f.ended_ns;
    const std::int64_t way = std::max<std::int64_t>(ends - f.sent_ns, 1);
    const std::int64_t done = std::clamp<std::int64_t>(frame.time_ns - f.sent_ns, 0, way);
    // At most some microseconds of a way are lost, and nothing overflows in 2^63 ns / 1000.
    auto permille = static_cast<std::uint32_t>(way < 1'000 ? done * 1'000 / way : done / (way / 1'000));
    if (f.held || open) permille = std::min(permille, 500u);
    Packet& packet = frame.packets.emplace_back();
    packet = {.source = f.source, .target = f.target, .kind = f.kind, .dropped = f.dropped, .held = f.held,
              .permille = std::min(permille, 1'000u), .sent_ns = f.sent_ns, .ends_ns = ends, .sent = f.sent};
    if (f.kind >= raft::kMessageTypeCount) continue;
    const Record& sent = recording_.trace[f.sent];
    if (const auto message = raft::peek(recording_.trace.kept(sent.is(WorldFact::packet_sent) ? sent.c : 0))) {
      packet.refuses = message->reject;
      packet.entries = message->entry_count;
    }
  }
}

bool Timeline::has_kind(std::uint32_t host, Host::Kind kind) const { return kinds_[host - 1] == kind; }

}  // namespace quorumlab::viz
