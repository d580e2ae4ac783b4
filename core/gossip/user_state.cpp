// serf's part of a push/pull (serf.md 4.5): clocks, the Lamport time of every member's status, who
// left, and all buffered events. Written and read in place, since ten thousand members would
// otherwise be ten thousand entries of scratch at each of ten thousand nodes. Also what travels in
// acks: coordinates.
#include <algorithm>

#include "core/gossip/codec.h"
#include "core/gossip/engine.h"
#include "core/gossip/msgpack.h"

namespace quorumlab::gossip {
namespace {

using msgpack::Reader;
using msgpack::Writer;

// The bytes of the value that comes next; read over.
ByteView value_bytes(Reader& in) {
  const ByteView before = in.rest();
  in.skip();
  return before.first(before.size() - in.rest().size());
}

// What stands where in the map.
struct RemoteState {
  std::uint64_t ltime = 0, event_ltime = 0, query_ltime = 0;
  ByteView status_ltimes, left_members, events;
};

WireError read_state(ByteView body, RemoteState& state) {
  Reader in(body);
  msgpack::read_map(in, [&](std::string_view key) {
    if (msgpack::is(key, "LTime")) return state.ltime = in.u64(), true;
    if (msgpack::is(key, "EventLTime")) return state.event_ltime = in.u64(), true;
    if (msgpack::is(key, "QueryLTime")) return state.query_ltime = in.u64(), true;
    if (msgpack::is(key, "StatusLTimes")) return state.status_ltimes = value_bytes(in), true;
    if (msgpack::is(key, "LeftMembers")) return state.left_members = value_bytes(in), true;
    if (msgpack::is(key, "Events")) return state.events = value_bytes(in), true;
    return false;
  });
  return in.error();
}

template <class Visit>
WireError read_status_ltimes(ByteView bytes, Visit&& visit) {
  if (bytes.empty()) return WireError::none;
  Reader in(bytes);
  for (std::uint32_t left = in.map(); left != 0 && in.ok(); --left) {
    const std::string_view name = in.text();
    const std::uint64_t ltime = in.u64();
    if (in.ok()) visit(name, ltime);
  }
  return in.error();
}

// Slot after slot, in the order of the array: so they may come out of the order of their Lamport
// times (serf #448).
template <class Visit>
WireError read_events(ByteView bytes, Visit&& visit) {
  if (bytes.empty()) return WireError::none;
  Reader in(bytes);
  for (std::uint32_t slots = in.array(); slots != 0 && in.ok(); --slots) {
    if (in.nil()) continue;
    std::uint64_t ltime = 0;
    ByteView list;
    msgpack::read_map(in, [&](std::string_view key) {
      if (msgpack::is(key, "LTime")) return ltime = in.u64(), true;
      if (msgpack::is(key, "Events")) return list = value_bytes(in), true;
      return false;
    });
    if (!in.ok() || list.empty()) continue;
    Reader items(list);
    for (std::uint32_t left = items.array(); left != 0 && items.ok(); --left) {
      UserEvent event;
      event.ltime = ltime;
      msgpack::read_map(items, [&](std::string_view key) {
        if (msgpack::is(key, "Name")) return event.name = items.text(), true;
        if (msgpack::is(key, "Payload")) return event.payload = items.raw(), true;
        return false;
      });
      if (items.ok()) visit(event);
    }
    if (!items.ok()) return items.error();
  }
  return in.error();
}

}  // namespace

void Engine::append_user_state(const Turn& turn, bool, Bytes& out) {
  std::size_t bound = 128 + 8 * std::size_t{serf_.events.slots()};
  std::size_t count = 0;
  for_each_member([&](PeerId id) {
    bound += msgpack::bound(turn.names.name(id)) + msgpack::kIntegerBound;
    ++count;
  });
  for (const SerfState::Gone& gone : serf_.left) {
    bound += msgpack::bound(turn.names.name(gone.peer));
  }
  EventRing::Position at;
  EventRing::Entry entry;
  while (serf_.events.next(at, entry)) {
    bound += 48 + msgpack::bound(entry.name) + msgpack::bound(entry.payload);
  }

  Writer w(out, bound);
  w.byte(static_cast<std::uint8_t>(SerfType::push_pull));
  w.map(6);
  w.key("EventLTime");
  w.integer(serf_.event_clock.time());
  w.key("Events");
  w.array(serf_.events.slots());
  std::uint32_t slot = 0;
  at = {};
  for (bool more = serf_.events.next(at, entry); more;) {
    w.nils(entry.slot - slot);
    slot = entry.slot;
    // How many there are has to come first.
    EventRing::Position ahead = at;
    EventRing::Entry other;
    std::size_t in_slot = 1;
    while (serf_.events.next(ahead, other) && other.slot == slot) ++in_slot;
    w.map(2);
    w.key("Events");
    w.array(in_slot);
    const std::uint64_t ltime = entry.ltime;
    for (; more && entry.slot == slot; more = serf_.events.next(at, entry)) {
      w.map(2);
      w.key("Name");
      w.text(as_text(entry.name));
      w.key("Payload");
      w.raw(entry.payload.empty() ? ByteView{} : entry.payload);
    }
    w.key("LTime");
    w.integer(ltime);
    ++slot;
  }
  w.nils(serf_.events.slots() - slot);
  w.key("LTime");
  w.integer(serf_.clock.time());
  w.key("LeftMembers");
  w.array(serf_.left.size());
  for (const SerfState::Gone& gone : serf_.left) w.text(turn.names.name(gone.peer));
  w.key("QueryLTime");
  w.integer(serf_.query_clock.time());
  w.key("StatusLTimes");
  w.map(count);
  for_each_member([&](PeerId id) {
    w.text(turn.names.name(id));
    w.integer(status_ltime(id));
  });
}

void Engine::merge_user_state(const Turn& turn, ByteView bytes, bool join) {
  if (serf_.phase == SerfState::Phase::stopped) return;
  RemoteState state;
  WireError error = WireError::unsupported_type;
  if (!bytes.empty() && bytes[0] == static_cast<std::uint8_t>(SerfType::push_pull)) {
    error = read_state(bytes.subspan(1), state);
  }
  if (error != WireError::none) {
    note(turn, Fact::gossip_dropped, kNobody, static_cast<std::uint64_t>(error), bytes.size());
    return;
  }
  // Nothing happened yet at the time that a clock shows.
  if (state.ltime > 0) witness(turn, serf_.clock, state.ltime - 1);
  if (state.event_ltime > 0) witness(turn, serf_.event_clock, state.event_ltime - 1);
  if (state.query_ltime > 0) witness(turn, serf_.query_clock, state.query_ltime - 1);

  // Who left, first: with a time above the other's, so that it counts here.
  std::vector<SerfScratch::LeftName>& left = scratch(turn).left_names;
  left.clear();
  if (!state.left_members.empty()) {
    Reader in(state.left_members);
    for (std::uint32_t n = in.array(); n != 0 && in.ok(); --n) left.push_back({in.text()});
    if (!in.ok()) left.clear();
  }
  const auto by_name = [](const auto& entry, std::string_view name) { return entry.name < name; };
  std::sort(left.begin(), left.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  const auto find_left = [&](std::string_view name) {
    const auto at = std::lower_bound(left.begin(), left.end(), name, by_name);
    return at != left.end() && at->name == name ? &*at : nullptr;
  };
  if (!left.empty()) {
    error = read_status_ltimes(state.status_ltimes, [&](std::string_view name,
                                                        std::uint64_t ltime) {
      SerfScratch::LeftName* entry = find_left(name);
      if (entry == nullptr || entry->met) return;
      entry->met = true;
      handle_leave_intent(turn, {ltime == UINT64_MAX ? ltime : ltime + 1, name, false});
    });
    for (const SerfScratch::LeftName& entry : left) {
      if (!entry.met) handle_leave_intent(turn, {1, entry.name, false});
    }
  }
  if (error == WireError::none) {
    // Mostly in the order of the states before them, and no news, of which nothing is noted.
    const std::vector<PushedState>& pushed = turn.out.scratch.pushed;
    std::size_t place = 0;
    error = read_status_ltimes(state.status_ltimes, [&](std::string_view name,
                                                        std::uint64_t ltime) {
      const PeerId guess = place < pushed.size() ? pushed[place++].peer : kNoPeer;
      if (!left.empty() && find_left(name) != nullptr) return;
      const PeerId id = turn.names.find(name, guess);
      if (in_serf(id) && ltime <= status_ltime(id) && on(Rule::intents_need_newer_time)) {
        if (ltime >= serf_.clock.time()) witness(turn, serf_.clock, ltime);
      } else {
        handle_join_intent(turn, {ltime, name});
      }
    });
  }
  left.clear();

  // A join that wants no old events draws the line here.
  const bool ignore_old = std::any_of(serf_.joins.begin(), serf_.joins.end(),
                                      [](const auto& j) { return !j.replay; });
  if (join && ignore_old) serf_.events.raise_min_time(state.event_ltime);
  const WireError events_error =
      read_events(state.events, [&](const UserEvent& event) { handle_user_event(turn, event); });
  if (error == WireError::none) error = events_error;
  if (error != WireError::none) {
    note(turn, Fact::gossip_dropped, kNobody, static_cast<std::uint64_t>(error), bytes.size());
  }
}

// --- coordinates ----------------------------------------------------------------------------------

void Engine::append_ack_payload(Bytes& out) {
  if (config_.coordinates) encode_ack_payload(serf_.coordinates.own(), out);
}

void Engine::notify_ping_complete(const Turn& turn, PeerId id, Duration rtt, ByteView payload) {
  if (!config_.coordinates || payload.empty()) return;
  Coordinate other;
  const NodeId host = host_of(turn, id);
  if (decode_ack_payload(payload, other) != WireError::none) {
    note(turn, Fact::coordinate_refused, host, 0, 0, 0, Reason::unreadable);
    return;
  }
  switch (serf_.coordinates.update(id, other, rtt, random_, config_.rules)) {
    case CoordinateResult::updated:
      return;  // every second: no fact
    case CoordinateResult::reset:
      return note(turn, Fact::coordinate_reset, host, serf_.coordinates.resets());
    case CoordinateResult::wrong_rtt:
      return note(turn, Fact::coordinate_refused, host, 0, 0, 0, Reason::rtt_out_of_range);
    case CoordinateResult::not_finite:
      return note(turn, Fact::coordinate_refused, host, 0, 0, 0, Reason::not_a_number);
    case CoordinateResult::wrong_dimensions:
      return note(turn, Fact::coordinate_refused, host, 0, 0, 0, Reason::unreadable);
  }
}

}  // namespace quorumlab::gossip
