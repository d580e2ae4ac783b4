// From serf to the handlers: every event passes the snapshot, then the coalescers, and becomes what a
// handler script reads on its standard input (serf.md 3.2, 3.8).
#include <algorithm>

#include "core/gossip/codec.h"
#include "core/gossip/engine.h"
#include "core/gossip/text.h"

namespace quorumlab::gossip {
namespace {

// A line of its own per member, and fields between tabs: what is in the fields must not break them.
void append_clean(std::string_view text, Bytes& out) {
  for (const char c : text) {
    if (c == '\t') {
      append_text("\\t", out);
    } else if (c == '\n') {
      append_text("\\n", out);
    } else {
      out.push_back(static_cast<std::uint8_t>(c));
    }
  }
}

// name, address, role and all tags. The port is not there, as in the real one; the order of its tags
// is random, here they are sorted.
void append_member_line(std::string_view name, const Address& address, std::vector<Tag>& tags,
                        Bytes& out) {
  std::sort(tags.begin(), tags.end(), [](const Tag& a, const Tag& b) { return a.name < b.name; });
  const auto role = std::find_if(tags.begin(), tags.end(),
                                 [](const Tag& tag) { return tag.name == "role"; });
  append_clean(name, out);
  append_text("\t", out);
  append_ip(address, out);
  append_text("\t", out);
  if (role != tags.end()) append_clean(role->value, out);
  append_text("\t", out);
  for (std::size_t i = 0; i < tags.size(); ++i) {
    if (i != 0) append_text(",", out);
    append_clean(tags[i].name, out);
    append_text("=", out);
    append_clean(tags[i].value, out);
  }
  append_text("\n", out);
}

}  // namespace

void Engine::emit_member(const Turn& turn, EventKind kind, PeerId id, Status before,
                         Reason reason) {
  const Member& member = table_[id.value];
  const Address& address = address_of(turn, id);
  const std::uint64_t ip = address.size == 4 ? address.v4_value() : 0;
  note(turn, Fact::serf_member_event, host_of(turn, id), static_cast<std::uint64_t>(kind),
       static_cast<std::uint64_t>(before), static_cast<std::uint64_t>(member.status) | ip << 8,
       reason);
  snapshot_member(turn, kind, id);
  const MemberCoalescer::Event event{kind, id, member.record};
  if (config_.coalesce_period.ns <= 0) {
    Ready::Delivery delivery;
    std::uint64_t members = 0;
    deliver_member(turn, event, delivery, members);
    return end_delivery(turn, delivery, members);
  }
  serf_.member_events.add(event);
  serf_.member_timer.touch(turn.now.monotonic, config_.coalesce_period, config_.quiescent_period);
  if (!serf_.member_flush_armed) {
    serf_.member_flush_armed = true;
    arm(serf_.member_timer.deadline(), TimerKind::member_flush);
  }
}

// Its timer stands where the first deadline was; the true one may have moved on.
void Engine::flush_members(const Turn& turn) {
  if (serf_.member_timer.deadline() > turn.now.monotonic) {
    return arm(serf_.member_timer.deadline(), TimerKind::member_flush);
  }
  serf_.member_flush_armed = false;
  serf_.member_timer.stop();
  Ready::Delivery delivery;
  std::uint64_t members = 0;
  serf_.member_events.flush([&](const MemberCoalescer::Event& event) {
    if (members != 0 && delivery.kind != event.kind) end_delivery(turn, delivery, members);
    deliver_member(turn, event, delivery, members);
  });
  if (members != 0) end_delivery(turn, delivery, members);
}

void Engine::deliver_member(const Turn& turn, const MemberCoalescer::Event& event,
                            Ready::Delivery& delivery, std::uint64_t& members) {
  if (members++ == 0) {
    delivery.kind = event.kind;
    delivery.payload.offset = turn.out.begin();
  }
  const PeerRecord& record = turn.names.record(event.record);
  std::vector<Tag>& tags = scratch(turn).tags;
  // A meta that makes no sense has no tags.
  if (decode_tags(record.meta, tags) != WireError::none) tags.clear();
  append_member_line(turn.names.name(event.peer), record.address, tags, turn.out.bytes);
}

void Engine::end_delivery(const Turn& turn, Ready::Delivery& delivery, std::uint64_t& members) {
  delivery.payload = turn.out.end(delivery.payload.offset);
  turn.out.deliveries.push_back(delivery);
  note(turn, Fact::delivery, kNobody, static_cast<std::uint64_t>(delivery.kind), 0, members);
  members = 0;
}

void Engine::emit_user(const Turn& turn, const UserEvent& event) {
  snapshot_event(turn, event.ltime);
  if (!event.cc || config_.user_coalesce_period.ns <= 0) {
    return deliver_user(turn, EventKind::user, event.ltime, 0, event.name, event.payload, event.cc);
  }
  serf_.user_events.add({event.ltime, event.name, event.payload});
  serf_.user_timer.touch(turn.now.monotonic, config_.user_coalesce_period,
                         config_.user_quiescent_period);
  if (!serf_.user_flush_armed) {
    serf_.user_flush_armed = true;
    arm(serf_.user_timer.deadline(), TimerKind::user_flush);
  }
}

void Engine::flush_users(const Turn& turn) {
  if (serf_.user_timer.deadline() > turn.now.monotonic) {
    return arm(serf_.user_timer.deadline(), TimerKind::user_flush);
  }
  serf_.user_flush_armed = false;
  serf_.user_timer.stop();
  serf_.user_events.flush([&](const UserCoalescer::Event& event) {
    deliver_user(turn, EventKind::user, event.ltime, 0, event.name, event.payload, true);
  });
}

void Engine::deliver_user(const Turn& turn, EventKind kind, std::uint64_t ltime,
                          std::uint64_t handle, std::string_view name, ByteView payload,
                          bool coalesced) {
  Ready::Delivery delivery;
  delivery.kind = kind;
  delivery.ltime = ltime;
  delivery.query_id = handle;
  delivery.coalesced = coalesced;
  std::uint32_t begin = turn.out.begin();
  append_text(name, turn.out.bytes);
  delivery.name = turn.out.end(begin);
  begin = turn.out.begin();
  append_text(as_text(payload), turn.out.bytes);
  // Scripts read lines.
  if (!payload.empty() && payload.back() != '\n') {
    turn.out.bytes.push_back('\n');
    delivery.newline_added = true;
  }
  delivery.payload = turn.out.end(begin);
  turn.out.deliveries.push_back(delivery);
  note(turn, Fact::delivery, kNobody, static_cast<std::uint64_t>(kind), ltime,
       mix(hash_bytes(as_bytes(name)), hash_bytes(payload)));
}

}  // namespace quorumlab::gossip
