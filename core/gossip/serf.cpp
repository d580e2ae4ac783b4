// serf's half of the engine: birth, its clocks, its messages by type, joins, and those who wait for a
// broadcast to be sent.
#include <algorithm>

#include "core/gossip/codec.h"
#include "core/gossip/engine.h"
#include "core/gossip/text.h"

namespace quorumlab::gossip {
namespace {

// A clock that moves further than any buffer remembers was poisoned, or the node was away for long.
constexpr std::uint64_t kJump = 512;

// How long `serf agent -retry-join` waits.
constexpr Duration kRetryJoin = seconds(30);

}  // namespace

void Engine::serf_reset() {
  serf_.phase = SerfState::Phase::alive;
  // From 1 on, so that the time 0 of a member without intents is older than any intent.
  for (LamportClock* clock : {&serf_.clock, &serf_.event_clock, &serf_.query_clock}) {
    *clock = {};
    clock->increment(config_.rules);
  }
  serf_.events.reset(config_.event_buffer);
  serf_.queries.reset(config_.query_buffer);
  serf_.intents.clear();
  serf_.failed.clear();
  serf_.left.clear();
  serf_.members = 0;
  serf_.status_ltimes.clear();
  serf_.tags = config_.tags;
  serf_.keys.reset(config_.keys);
  serf_.coordinates.reset();
  serf_.member_events.clear();
  serf_.user_events.clear();
  serf_.member_timer.stop();
  serf_.user_timer.stop();
  serf_.member_flush_armed = serf_.user_flush_armed = false;
  for (SerfState::Running& query : serf_.running) query.active = false;
  serf_.delivered.clear();
  serf_.last_handle = 0;
  serf_.waiting.clear();
  serf_.last_token = 0;
  serf_.leave_request = 0;
  serf_.joins.clear();
  serf_.started = serf_.reconnect_base = {};
  serf_.reap_armed = serf_.reconnect_armed = serf_.reconnecting = false;
  serf_.queue_check_armed = false;
  serf_.snapshot.leaving = serf_.snapshot.tick_armed = serf_.snapshot.rejoining = false;
  serf_.snapshot.clock = serf_.snapshot.event_clock = serf_.snapshot.query_clock = 0;
  serf_.snapshot.flushed = {INT64_MIN / 2};
  serf_.snapshot.size = 0;
  serf_.snapshot.alive = 0;
  serf_.snapshot.address.clear();
  serf_.snapshot.buffer.clear();
  serf_.snapshot.rejoin.clear();
}

void Engine::serf_started(const Turn& turn, ByteView snapshot) {
  serf_.started = serf_.reconnect_base = turn.now.monotonic;
  if (config_.snapshot) replay_snapshot(turn, snapshot);
  arm_periodic(turn);
  contact_start_nodes(turn);
  rejoin_next(turn);
}

void Engine::contact_start_nodes(const Turn& turn) {
  if (config_.start_join.empty() || serf_.phase != SerfState::Phase::alive) return;
  join(turn, kStartRequest, config_.start_join, config_.replay_on_join);
}

void Engine::serf_timer(const Turn& turn, const Timer& timer) {
  if (serf_.phase == SerfState::Phase::stopped) return;
  switch (timer.kind) {
    case TimerKind::member_flush:
      return flush_members(turn);
    case TimerKind::user_flush:
      return flush_users(turn);
    case TimerKind::reap:
      return reap(turn);
    case TimerKind::reconnect:
      return reconnect(turn);
    case TimerKind::queue_check:
      return check_queues(turn);
    case TimerKind::query_end:
      return query_timer(turn, timer);
    case TimerKind::broadcast_wait:
      return wait_ended(turn, timer.a, false);
    case TimerKind::leave_delay:
      return leave_ended(turn, Reason::none, {});
    case TimerKind::prune: {
      const PeerId id{timer.a};
      // Whatever it said meanwhile: serf would hear of that only now (serf.md 2.2: sleep, then erase).
      if (in_serf(id)) erase_member(turn, id, Reason::pruned);
      return;
    }
    case TimerKind::snapshot_clock:
      serf_.snapshot.tick_armed = false;
      return snapshot_clock(turn);
    case TimerKind::start_join:
      return contact_start_nodes(turn);
    default:
      return;
  }
}

void Engine::witness(const Turn& turn, LamportClock& clock, std::uint64_t heard) {
  const std::uint64_t before = clock.time();
  if (!clock.witness(heard, config_.rules)) return;
  if (&clock == &serf_.clock) watch_clock(turn);
  if (clock.time() - before > kJump) {
    const std::uint64_t which = &clock == &serf_.clock ? 0 : &clock == &serf_.event_clock ? 1 : 2;
    note(turn, Fact::lamport_jump, kNobody, which, clock.time(), before);
  }
}

// A serf message that came by gossip: news are passed on with the same bytes.
void Engine::notify_message(const Turn& turn, ByteView message) {
  if (message.empty() || serf_.phase == SerfState::Phase::stopped) return;
  const ByteView body = message.subspan(1);
  const auto news = [&](bool is_news, Queue which) {
    if (is_news || !on(Rule::rebroadcast_only_news)) broadcast(turn, which, message);
  };
  WireError error = WireError::none;
  switch (static_cast<SerfType>(message[0])) {
    case SerfType::leave: {
      LeaveIntent intent;
      if ((error = decode(body, intent)) != WireError::none) break;
      return news(handle_leave_intent(turn, intent), Queue::intents);
    }
    case SerfType::join: {
      JoinIntent intent;
      if ((error = decode(body, intent)) != WireError::none) break;
      return news(handle_join_intent(turn, intent), Queue::intents);
    }
    case SerfType::user_event: {
      UserEvent event;
      if ((error = decode(body, event)) != WireError::none) break;
      return news(handle_user_event(turn, event), Queue::events);
    }
    case SerfType::query: {
      // Moved out, since an answer to it may be handled meanwhile.
      Query query = std::move(scratch(turn).query);
      error = decode(body, query);
      const bool fresh = error == WireError::none && handle_query(turn, query);
      scratch(turn).query = std::move(query);
      if (error != WireError::none) break;
      if (fresh) broadcast(turn, Queue::queries, message);
      return;
    }
    case SerfType::query_response: {
      QueryResponse response;
      if ((error = decode(body, response)) != WireError::none) break;
      return handle_response(turn, response);
    }
    case SerfType::relay: {
      Relay relay;
      if ((error = decode(body, relay)) != WireError::none) break;
      return handle_relay(turn, relay);
    }
    default:
      error = WireError::unsupported_type;
  }
  note(turn, Fact::gossip_dropped, kNobody, static_cast<std::uint64_t>(error), message.size());
}

// --- joins ----------------------------------------------------------------------------------------

void Engine::join(const Turn& turn, std::uint64_t request, std::span<const NodeId> hosts,
                  bool replay) {
  if (serf_.phase != SerfState::Phase::alive) {
    return refuse(turn, request, Reason::has_left, "Serf can't Join after Leave or Shutdown");
  }
  std::vector<Address> targets;  // a join is rare
  targets.reserve(hosts.size());
  for (const NodeId host : hosts) targets.push_back(config_.addresses.address(host));
  serf_.joins.push_back({request, replay});
  std::uint64_t bits = 0;
  for (const NodeId host : hosts) bits |= host.value >= 1 && host.value <= 64 ? 1ull << (host.value - 1) : 0;
  note(turn, Fact::join_began, hosts.empty() ? kNobody : hosts.front(), bits, replay ? 1 : 0, hosts.size());
  begin_join(turn, targets, request, replay);
}

void Engine::join_finished(const Turn& turn, std::uint64_t request, std::uint32_t contacted,
                           std::string_view errors) {
  if (request == kReconnectRequest) {
    serf_.reconnecting = false;
    serf_.reconnect_base = turn.now.monotonic;
    return arm_periodic(turn);
  }
  if (request == kRejoinRequest) {
    note(turn, Fact::join_ended, serf_.snapshot.rejoined, contacted, 1, 0);
    if (contacted > 0) serf_.snapshot.rejoin.clear();
    serf_.snapshot.rejoining = false;
    return rejoin_next(turn);
  }
  const auto found = std::find_if(serf_.joins.begin(), serf_.joins.end(),
                                  [&](const auto& j) { return j.request == request; });
  const bool replay = found != serf_.joins.end() && found->replay;
  if (found != serf_.joins.end()) serf_.joins.erase(found);
  note(turn, Fact::join_ended, kNobody, contacted, replay ? 1 : 0, 1,
       contacted == 0 ? Reason::no_target_reached : Reason::none);
  if (contacted > 0) broadcast_join(turn);
  if (request == kStartRequest) {
    if (contacted == 0) arm(turn.now.monotonic + kRetryJoin, TimerKind::start_join);
    return;
  }
  if (contacted == 0) return refuse(turn, request, Reason::no_target_reached, errors);
  answer(turn, request).count = contacted;
}

// Says with the present Lamport time that this node is in.
void Engine::broadcast_join(const Turn& turn) {
  const JoinIntent intent{serf_.clock.time(), config_.name};
  handle_join_intent(turn, intent);
  scratch(turn).message.clear();
  encode(intent, scratch(turn).message);
  broadcast(turn, Queue::intents, scratch(turn).message);
}

// --- answers to commands --------------------------------------------------------------------------

Ready::Answer& Engine::answer(const Turn& turn, std::uint64_t request) {
  Ready::Answer& result = turn.out.answers.emplace_back();
  result.request = request;
  return result;
}

void Engine::refuse(const Turn& turn, std::uint64_t request, Reason reason,
                    std::string_view text) {
  const std::uint32_t begin = turn.out.begin();
  append_text(text, turn.out.bytes);
  Ready::Answer& result = answer(turn, request);
  result.reason = reason;
  result.bytes = turn.out.end(begin);
}

void Engine::forget_request(std::uint64_t request) {
  for (SerfState::Running& query : serf_.running) {
    if (query.request == request) query.request = 0;
  }
}

// --- waiting for broadcasts -----------------------------------------------------------------------

std::uint32_t Engine::wait_for_broadcast(const Turn& turn, SerfState::Waiting::For what,
                                         std::uint64_t request) {
  if (++serf_.last_token == 0) ++serf_.last_token;
  serf_.waiting.push_back({serf_.last_token, what, request});
  arm(turn.now.monotonic + config_.broadcast_timeout, TimerKind::broadcast_wait,
      serf_.last_token);
  return serf_.last_token;
}

void Engine::broadcast_finished(const Turn& turn, std::uint32_t token) {
  wait_ended(turn, token, true);
}

void Engine::wait_ended(const Turn& turn, std::uint32_t token, bool in_time) {
  const auto found = std::find_if(serf_.waiting.begin(), serf_.waiting.end(),
                                  [&](const auto& w) { return w.token == token; });
  if (found == serf_.waiting.end()) return;
  const SerfState::Waiting waiting = *found;
  serf_.waiting.erase(found);
  using For = SerfState::Waiting::For;
  switch (waiting.what) {
    case For::leave_intent:
      if (in_time) return leave_memberlist(turn);
      return leave_ended(turn, Reason::timed_out, "timeout while waiting for graceful leave");
    case For::memberlist_leave:
      if (!in_time) {
        return leave_ended(turn, Reason::timed_out, "timeout waiting for leave broadcast");
      }
      return arm(turn.now.monotonic + config_.leave_propagate_delay, TimerKind::leave_delay);
    case For::force_leave:
      if (in_time) {
        answer(turn, waiting.request);
        return;
      }
      return refuse(turn, waiting.request, Reason::timed_out,
                    "timed out broadcasting node removal");
    case For::tags:
      if (in_time) {
        answer(turn, waiting.request);
        return;
      }
      return refuse(turn, waiting.request, Reason::timed_out,
                    "timeout waiting for update broadcast");
  }
}

}  // namespace quorumlab::gossip
