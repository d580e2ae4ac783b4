// Where memberlist meets serf, for as long as serf's own files do not have these: a member without
// intents, events and queries, whose tags are all it says of itself.
#include "core/gossip/codec.h"
#include "core/gossip/engine.h"

namespace quorumlab::gossip {

void Engine::serf_reset() { serf_ = SerfState{}; }
void Engine::serf_started(const Turn&, ByteView) {}
void Engine::serf_timer(const Turn&, const Timer&) {}
void Engine::notify_join(const Turn&, PeerId id) { table_[id.value].status = Status::alive; }
void Engine::notify_leave(const Turn&, PeerId id) {
  Member& member = table_[id.value];
  member.status = member.state == State::left ? Status::left : Status::failed;
}
void Engine::notify_update(const Turn&, PeerId) {}
void Engine::notify_conflict(const Turn&, PeerId, const Alive&) {}
void Engine::notify_message(const Turn&, ByteView) {}
void Engine::append_user_state(const Turn&, bool, Bytes&) {}
void Engine::merge_user_state(const Turn&, ByteView, bool) {}
void Engine::append_ack_payload(Bytes&) {}
void Engine::notify_ping_complete(const Turn&, PeerId, Duration, ByteView) {}
void Engine::append_meta(Bytes& out) const {
  std::vector<Tag> tags;
  for (const auto& [name, value] : config_.tags) tags.push_back({name, value});
  encode_tags(tags, out);
}
void Engine::broadcast_finished(const Turn&, std::uint32_t) {}
void Engine::join_finished(const Turn& turn, std::uint64_t request, std::uint32_t contacted,
                           std::string_view errors) {
  const std::uint32_t begin = turn.out.begin();
  turn.out.bytes.insert(turn.out.bytes.end(), errors.begin(), errors.end());
  Ready::Answer answer;
  answer.request = request;
  answer.count = contacted;
  answer.reason = contacted == 0 ? Reason::no_target_reached : Reason::none;
  answer.bytes = turn.out.end(begin);
  turn.out.answers.push_back(answer);
}
std::uint32_t Engine::serf_members() const { return static_cast<std::uint32_t>(order_.size()); }
std::span<const Bytes> Engine::sealing_keys() const { return config_.keys; }

void Engine::join(const Turn& turn, std::uint64_t request, std::span<const NodeId> hosts,
                  bool replay) {
  std::vector<Address> targets;
  for (const NodeId host : hosts) targets.push_back(config_.addresses.address(host));
  begin_join(turn, targets, request, replay);
}
void Engine::leave(const Turn& turn, std::uint64_t request) {
  memberlist_leave(turn);
  turn.out.answers.push_back({.request = request});
}
void Engine::force_leave(const Turn&, std::uint64_t, std::string_view, bool) {}
void Engine::set_tags(const Turn&, std::uint64_t, const Tags&, std::span<const std::string>) {}
void Engine::user_event(const Turn&, std::uint64_t, std::string_view, ByteView, bool) {}
void Engine::query(const Turn&, std::uint64_t, const QueryParams&) {}
void Engine::respond(const Turn&, std::uint64_t, ByteView) {}
void Engine::key(const Turn&, std::uint64_t, KeyOp, ByteView) {}
void Engine::forget_request(std::uint64_t) {}

}  // namespace quorumlab::gossip
