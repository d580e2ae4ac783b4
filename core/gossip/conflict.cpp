// Two nodes of one name: the one that learns it is accused asks everybody whom they know under the
// name, and ends itself if the majority knows the other (serf.md 3.5). Also the dispatch of serf's own
// queries.
#include <algorithm>

#include "core/gossip/codec.h"
#include "core/gossip/engine.h"

namespace quorumlab::gossip {

void Engine::handle_internal_query(const Turn& turn, const SerfState::Delivered& from,
                                   std::string_view name, ByteView payload) {
  if (name == "ping") return;  // the ack was the answer
  if (name == "conflict") return answer_conflict_query(turn, from, as_text(payload));
  if (name == "install-key") return answer_key_query(turn, from, KeyOp::install, payload);
  if (name == "use-key") return answer_key_query(turn, from, KeyOp::use, payload);
  if (name == "remove-key") return answer_key_query(turn, from, KeyOp::remove, payload);
  if (name == "list-keys") return answer_key_query(turn, from, KeyOp::list, payload);
  // One that this version does not know is passed on and not answered.
}

void Engine::notify_conflict(const Turn& turn, PeerId existing, const Alive& other) {
  const NodeId claimant = config_.addresses.host(other.address);
  const bool own_name = existing == self_;
  note(turn, Fact::name_conflict, host_of(turn, existing), claimant.value,
       !own_name ? 0 : config_.resolve_name_conflicts ? 1 : 2);
  if (!own_name || !config_.resolve_name_conflicts) return;
  if (serf_.phase != SerfState::Phase::alive) return;
  // Each further claim would ask again; the answers would be the same.
  const bool asking = std::any_of(serf_.running.begin(), serf_.running.end(), [](const auto& q) {
    return q.active && q.purpose == SerfState::Running::Purpose::name_conflict;
  });
  if (asking) return;
  QueryParams params;
  params.name = "_serf_conflict";
  params.payload = as_bytes(config_.name);
  start_query(turn, params, SerfState::Running::Purpose::name_conflict, 0);
}

void Engine::answer_conflict_query(const Turn& turn, const SerfState::Delivered& from,
                                   std::string_view name) {
  if (name == config_.name) return;  // who is accused has no vote
  ConflictResponse response;         // conflicts are rare
  const PeerId id = turn.names.find(name);
  if (in_serf(id)) {
    const Member& member = table_[id.value];
    const PeerRecord& record = turn.names.record(member.record);
    MemberRecord& out = response.member.emplace();
    out.name = name;
    out.address = record.address;
    if (decode_tags(record.meta, out.tags) != WireError::none) out.tags.clear();
    out.status = static_cast<std::uint8_t>(member.status);
    out.vsn.bytes = record.vsn;
  }
  scratch(turn).payload.clear();
  encode(response, scratch(turn).payload);
  send_response(turn, from, 0, scratch(turn).payload);
}

void Engine::count_conflict_answer(const Turn& turn, SerfState::Running& query,
                                   ByteView payload) {
  ConflictResponse response;
  if (payload.empty() || payload[0] != static_cast<std::uint8_t>(SerfType::conflict_response) ||
      decode(payload.subspan(1), response) != WireError::none) {
    return;
  }
  ++query.nodes;
  if (response.member && response.member->address == address_of(turn, self_)) ++query.matching;
}

void Engine::end_conflict_query(const Turn& turn, SerfState::Running& query) {
  const std::uint32_t majority = query.nodes / 2 + 1;
  const bool keeps = query.matching >= majority || !on(Rule::conflict_needs_majority);
  note(turn, Fact::conflict_resolved, kNobody, query.matching, query.nodes, keeps ? 1 : 0,
       keeps ? Reason::none : Reason::name_lost);
  if (keeps || serf_.phase == SerfState::Phase::stopped) return;
  note(turn, Fact::serf_left, kNobody, 0, 0, 0, Reason::name_lost);
  stop_serf(turn, SerfState::Phase::stopped);
}

}  // namespace quorumlab::gossip
