// What serf does now and then: it forgets who has been gone for long, contacts who failed, and cuts
// queues that grew too long (serf.md 3.6). Its tickers tick at start + k * interval; here only the
// ticks that find something to do are waited for.
#include <algorithm>

#include "core/gossip/engine.h"

namespace quorumlab::gossip {

// The first tick after now.
Instant Engine::next_tick(const Turn& turn, Instant base, Duration interval) const {
  const std::int64_t passed = (turn.now.monotonic - base).ns / interval.ns;
  return base + interval * (passed + 1);
}

void Engine::arm_periodic(const Turn& turn) {
  const bool to_reap = !serf_.failed.empty() || !serf_.left.empty() || !serf_.intents.empty();
  if (to_reap && !serf_.reap_armed && config_.reap_interval.ns > 0) {
    serf_.reap_armed = true;
    arm(next_tick(turn, serf_.started, config_.reap_interval), TimerKind::reap);
  }
  if (!serf_.failed.empty() && !serf_.reconnect_armed && !serf_.reconnecting &&
      config_.reconnect_interval.ns > 0) {
    serf_.reconnect_armed = true;
    arm(next_tick(turn, serf_.reconnect_base, config_.reconnect_interval), TimerKind::reconnect);
  }
}

void Engine::reap(const Turn& turn) {
  serf_.reap_armed = false;
  if (on(Rule::reap_failed)) reap_list(turn, serf_.failed, config_.reconnect_timeout);
  if (on(Rule::reap_left)) reap_list(turn, serf_.left, config_.tombstone_timeout);
  serf_.intents.expire(turn.now.monotonic, config_.recent_intent_timeout);
  arm_periodic(turn);
}

void Engine::reap_list(const Turn& turn, std::vector<SerfState::Gone>& list, Duration timeout) {
  for (std::size_t i = 0; i < list.size();) {
    if (turn.now.monotonic - list[i].since > timeout) {
      erase_member(turn, list[i].peer, Reason::none);  // also from this list
    } else {
      ++i;
    }
  }
}

// Each failed member is contacted about once an interval by somebody in the cluster.
void Engine::reconnect(const Turn& turn) {
  serf_.reconnect_armed = false;
  const std::uint64_t failed = serf_.failed.size();
  if (failed == 0 || serf_.phase != SerfState::Phase::alive) return;
  const std::uint64_t gone = failed + serf_.left.size();
  const std::uint64_t alive = serf_.members > gone ? serf_.members - gone : 1;
  const bool chosen = below(draw(Draw::reconnect), alive) < failed;
  const std::uint64_t which = below(draw(Draw::reconnect), failed);
  if (!on(Rule::reconnect_failed)) return;
  if (!chosen) {
    note(turn, Fact::reconnect_forgone, kNobody, failed, alive);
    return arm_periodic(turn);
  }
  const PeerId id = serf_.failed[which].peer;
  note(turn, Fact::reconnect_attempted, host_of(turn, id), failed);
  serf_.reconnecting = true;
  const Address target = address_of(turn, id);
  begin_join(turn, {&target, 1}, kReconnectRequest, false);
}

// --- queues ---------------------------------------------------------------------------------------

std::size_t Engine::queue_limit() const {
  if (config_.min_queue_depth == 0) return config_.max_queue_depth;
  return std::max<std::size_t>(config_.min_queue_depth, 2u * serf_.members);
}

void Engine::broadcast(const Turn& turn, Queue which, ByteView message, std::uint32_t token) {
  queue_user(turn, which, message, token);
  if (!serf_.queue_check_armed && queue(which).size() > queue_limit() &&
      config_.queue_check_interval.ns > 0) {
    serf_.queue_check_armed = true;
    arm(next_tick(turn, serf_.started, config_.queue_check_interval), TimerKind::queue_check);
  }
}

void Engine::check_queues(const Turn& turn) {
  serf_.queue_check_armed = false;
  if (!on(Rule::bounded_queues)) return;
  const std::size_t limit = queue_limit();
  for (const Queue which : {Queue::intents, Queue::queries, Queue::events}) {
    if (queue(which).size() <= limit) continue;
    const std::size_t dropped = queue(which).prune(limit);
    note(turn, Fact::queue_pruned, kNobody, static_cast<std::uint64_t>(which), dropped, limit);
  }
}

}  // namespace quorumlab::gossip
