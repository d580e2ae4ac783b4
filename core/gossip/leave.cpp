// Going: a graceful leave in its steps (serf.md 3.6), the removal of others by force, and the change
// of tags, all of which wait until gossip has carried the news away.
#include <algorithm>

#include "core/gossip/codec.h"
#include "core/gossip/engine.h"
#include "core/gossip/text.h"

namespace quorumlab::gossip {

// The intent first, so that the others know it for a leave when memberlist says that this node is
// gone; then memberlist; then some time in which others' probes still find somebody.
void Engine::leave(const Turn& turn, std::uint64_t request) {
  using Phase = SerfState::Phase;
  if (serf_.phase == Phase::leaving) {
    return refuse(turn, request, Reason::has_left, "Leave already in progress");
  }
  if (serf_.phase != Phase::alive) {
    answer(turn, request);
    return;
  }
  serf_.phase = Phase::leaving;
  serf_.leave_request = request;
  snapshot_leave(turn);
  const LeaveIntent intent{serf_.clock.time(), config_.name, false};
  note(turn, Fact::leave_started, kNobody, intent.ltime);
  serf_.clock.increment(config_.rules);
  if (!on(Rule::leave_says_so)) return leave_memberlist(turn);
  handle_leave_intent(turn, intent);
  if (!has_alive_members()) return leave_memberlist(turn);
  const std::uint32_t token =
      wait_for_broadcast(turn, SerfState::Waiting::For::leave_intent, request);
  scratch(turn).message.clear();
  encode(intent, scratch(turn).message);
  broadcast(turn, Queue::intents, scratch(turn).message, token);
}

void Engine::leave_memberlist(const Turn& turn) {
  using For = SerfState::Waiting::For;
  const std::uint32_t token = wait_for_broadcast(turn, For::memberlist_leave, serf_.leave_request);
  if (!memberlist_leave(turn, token)) wait_ended(turn, token, true);  // nobody to wait for
}

void Engine::leave_ended(const Turn& turn, Reason reason, std::string_view error) {
  note(turn, Fact::serf_left, kNobody, reason == Reason::none ? 1 : 0, 0, 0, reason);
  if (reason == Reason::none) {
    answer(turn, serf_.leave_request);
  } else {
    refuse(turn, serf_.leave_request, reason, error);
  }
  // The agent ends either way, as `serf leave` has it.
  stop_serf(turn, SerfState::Phase::left);
}

void Engine::stop_serf(const Turn& turn, SerfState::Phase phase) {
  flush_snapshot(turn);
  serf_.phase = phase;
  turn.out.stop = true;
}

void Engine::force_leave(const Turn& turn, std::uint64_t request, std::string_view name,
                         bool prune) {
  const LeaveIntent intent{serf_.clock.time(), name, prune};
  serf_.clock.increment(config_.rules);
  handle_leave_intent(turn, intent);
  if (!has_alive_members()) {
    answer(turn, request);
    return;
  }
  const std::uint32_t token =
      wait_for_broadcast(turn, SerfState::Waiting::For::force_leave, request);
  scratch(turn).message.clear();
  encode(intent, scratch(turn).message);
  broadcast(turn, Queue::intents, scratch(turn).message, token);
}

// --- tags -----------------------------------------------------------------------------------------

void Engine::append_meta(Bytes& out) const {
  std::vector<Tag> tags;
  tags.reserve(serf_.tags.size());
  for (const auto& [name, value] : serf_.tags) tags.push_back({name, value});
  encode_tags(tags, out);
}

void Engine::set_tags(const Turn& turn, std::uint64_t request, const Tags& set,
                      std::span<const std::string> erase) {
  Tags before = serf_.tags;  // a change of tags is rare
  for (const auto& [name, value] : set) {
    const auto at = std::lower_bound(
        serf_.tags.begin(), serf_.tags.end(), name,
        [](const auto& tag, const std::string& wanted) { return tag.first < wanted; });
    if (at != serf_.tags.end() && at->first == name) {
      at->second = value;
    } else {
      serf_.tags.insert(at, {name, value});
    }
  }
  for (const std::string& name : erase) {
    std::erase_if(serf_.tags, [&](const auto& tag) { return tag.first == name; });
  }
  scratch(turn).payload.clear();
  append_meta(scratch(turn).payload);
  if (scratch(turn).payload.size() > kMetaMaxBytes) {
    serf_.tags = std::move(before);
    return refuse(turn, request, Reason::tags_too_large,
                  "Encoded length of tags exceeds limit of 512 bytes");
  }
  note(turn, Fact::tags_changed, kNobody, serf_.tags.size(), scratch(turn).payload.size());
  if (!any_other_alive()) {
    update_node(turn);
    answer(turn, request);
    return;
  }
  update_node(turn, wait_for_broadcast(turn, SerfState::Waiting::For::tags, request));
}

}  // namespace quorumlab::gossip
