// What serf believes of each member, beside memberlist: alive, leaving, left or failed, moved by
// memberlist's news and by intents with Lamport times (serf.md 2.2).
#include <algorithm>

#include "core/gossip/codec.h"
#include "core/gossip/engine.h"

namespace quorumlab::gossip {
namespace {

void forget(std::vector<SerfState::Gone>& list, PeerId id) {
  std::erase_if(list, [&](const SerfState::Gone& gone) { return gone.peer == id; });
}

constexpr std::uint64_t kLeave = 0, kJoin = 1, kPrune = 2;  // in facts

}  // namespace

// --- the members ----------------------------------------------------------------------------------

std::uint32_t Engine::serf_members() const { return serf_.members; }

void Engine::list_members(std::vector<PeerId>& out) const {
  out.clear();
  for_each_member([&](PeerId id) { out.push_back(id); });
}

bool Engine::has_alive_members() const {
  return std::any_of(order_.begin(), order_.end(), [&](PeerId id) {
    return id != self_ && table_[id.value].status == Status::alive;
  });
}

std::uint64_t Engine::status_ltime(PeerId id) const {
  const std::uint32_t ltime = table_[id.value].status_ltime;
  if (ltime != UINT32_MAX) return ltime;
  const std::uint64_t* late = serf_.status_ltimes.find(id.value);
  return late != nullptr ? *late : ltime;
}

void Engine::set_status_ltime(PeerId id, std::uint64_t ltime) {
  std::uint32_t& place = table_[id.value].status_ltime;
  if (place == UINT32_MAX && ltime < UINT32_MAX) serf_.status_ltimes.erase(id.value);
  place = static_cast<std::uint32_t>(std::min<std::uint64_t>(ltime, UINT32_MAX));
  if (place == UINT32_MAX) serf_.status_ltimes.insert(id.value) = ltime;
}

void Engine::erase_member(const Turn& turn, PeerId id, Reason why) {
  const Status before = table_[id.value].status;
  forget(serf_.failed, id);
  forget(serf_.left, id);
  set_status_ltime(id, 0);
  table_[id.value].status = Status::none;
  --serf_.members;
  serf_.coordinates.forget(id);
  emit_member(turn, EventKind::member_reap, id, before, why);
}

// --- news from memberlist -------------------------------------------------------------------------

void Engine::notify_join(const Turn& turn, PeerId id) {
  Member& member = table_[id.value];
  const Status before = member.status;
  member.status = Status::alive;
  if (before == Status::none) {
    ++serf_.members;
    set_status_ltime(id, 0);
    // An intent may have come before its member.
    if (const auto* intent = serf_.intents.find(turn.names.name(id))) {
      set_status_ltime(id, intent->ltime);
      if (intent->kind == RecentIntents::Kind::leave) member.status = Status::leaving;
    }
  } else if (before == Status::failed || before == Status::left) {
    forget(serf_.failed, id);
    forget(serf_.left, id);
  }
  emit_member(turn, EventKind::member_join, id, before);
}

void Engine::notify_leave(const Turn& turn, PeerId id) {
  Member& member = table_[id.value];
  const Status before = member.status;
  if (before == Status::leaving) {
    member.status = Status::left;
    serf_.left.push_back({id, turn.now.monotonic});
    emit_member(turn, EventKind::member_leave, id, before);
  } else if (before == Status::alive) {
    member.status = Status::failed;
    serf_.failed.push_back({id, turn.now.monotonic});
    emit_member(turn, EventKind::member_failed, id, before);
  } else {
    return;  // left by force, or erased, before memberlist noticed
  }
  arm_periodic(turn);
}

void Engine::notify_update(const Turn& turn, PeerId id) {
  const Status status = table_[id.value].status;
  if (status != Status::none) emit_member(turn, EventKind::member_update, id, status);
}

// --- intents --------------------------------------------------------------------------------------

bool Engine::upsert_intent(const Turn& turn, std::string_view name, RecentIntents::Kind kind,
                           std::uint64_t ltime, std::uint64_t code) {
  // Where intents about strangers are not kept nobody can tell a repeated one from a new one.
  if (!on(Rule::remember_recent_intents)) return false;
  const bool news = serf_.intents.upsert(name, kind, ltime, turn.now.monotonic,
                                         on(Rule::intents_need_newer_time));
  note(turn, news ? Fact::intent_accepted : Fact::intent_ignored, kNobody, ltime, code, 0,
       news ? Reason::none : Reason::not_newer);
  if (news) arm_periodic(turn);
  return news;
}

bool Engine::handle_leave_intent(const Turn& turn, const LeaveIntent& intent) {
  witness(turn, serf_.clock, intent.ltime);
  const std::uint64_t code = intent.prune ? kPrune : kLeave;
  const PeerId id = turn.names.find(intent.node);
  if (!in_serf(id)) {
    return upsert_intent(turn, intent.node, RecentIntents::Kind::leave, intent.ltime, code);
  }
  Member& member = table_[id.value];
  const NodeId host = host_of(turn, id);
  const auto ignore = [&](Reason why) {
    note(turn, Fact::intent_ignored, host, intent.ltime, code, 0, why);
    return false;
  };
  if (intent.ltime <= status_ltime(id) && on(Rule::intents_need_newer_time)) {
    return ignore(Reason::not_newer);
  }
  if (id == self_ && serf_.phase == SerfState::Phase::alive && on(Rule::refute_leave_intent)) {
    // An older life of this node left, or somebody wants it gone.
    ignore(Reason::about_itself);
    broadcast_join(turn);
    return false;
  }
  const Status before = member.status;
  const bool moves = before == Status::alive || before == Status::failed;
  if (moves || on(Rule::intent_time_always_kept)) set_status_ltime(id, intent.ltime);
  if (before == Status::alive) {
    member.status = Status::leaving;
  } else if (before == Status::failed) {
    // From now on it counts as left: it is not contacted again, and push/pull says so.
    const auto gone = std::find_if(serf_.failed.begin(), serf_.failed.end(),
                                   [&](const auto& g) { return g.peer == id; });
    const Instant since = gone != serf_.failed.end() ? gone->since : turn.now.monotonic;
    forget(serf_.failed, id);
    serf_.left.push_back({id, since});
    member.status = Status::left;
  }
  note(turn, Fact::intent_accepted, host, intent.ltime, code,
       static_cast<std::uint64_t>(member.status));
  if (before == Status::failed) {
    emit_member(turn, EventKind::member_leave, id, before, Reason::forced);
  }
  if (intent.prune) prune_member(turn, id);
  return true;
}

// Forgets a member at once, or, when it may still have to be told that it leaves, later. (serf sleeps
// in between and handles nothing else; here the rest goes on, and it is erased all the same.)
void Engine::prune_member(const Turn& turn, PeerId id) {
  if (table_[id.value].status != Status::leaving) return erase_member(turn, id, Reason::pruned);
  arm(turn.now.monotonic + config_.broadcast_timeout + config_.leave_propagate_delay,
      TimerKind::prune, id.value);
}

bool Engine::handle_join_intent(const Turn& turn, const JoinIntent& intent) {
  witness(turn, serf_.clock, intent.ltime);
  const PeerId id = turn.names.find(intent.node);
  if (!in_serf(id)) {
    return upsert_intent(turn, intent.node, RecentIntents::Kind::join, intent.ltime, kJoin);
  }
  if (intent.ltime <= status_ltime(id) && on(Rule::intents_need_newer_time)) {
    note(turn, Fact::intent_ignored, host_of(turn, id), intent.ltime, kJoin, 0,
         Reason::not_newer);
    return false;
  }
  set_status_ltime(id, intent.ltime);
  Member& member = table_[id.value];
  if (member.status == Status::leaving && on(Rule::rejoin_clears_leaving)) {
    member.status = Status::alive;  // the leave intent was about an earlier time
  }
  note(turn, Fact::intent_accepted, host_of(turn, id), intent.ltime, kJoin,
       static_cast<std::uint64_t>(member.status));
  return true;
}

}  // namespace quorumlab::gossip
