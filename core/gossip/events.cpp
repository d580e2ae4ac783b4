// User events: each is taken once, within the window that the buffer remembers (serf.md 3.3).
#include "core/gossip/codec.h"
#include "core/gossip/engine.h"
#include "core/gossip/text.h"

namespace quorumlab::gossip {
namespace {

// What nobody may configure away.
constexpr std::size_t kUserEventHardLimit = 9 * 1024;

std::uint64_t hash_of(const UserEvent& event) {
  return mix(hash_bytes(as_bytes(event.name)), hash_bytes(event.payload));
}

Reason reason_of(RingVerdict verdict) {
  switch (verdict) {
    case RingVerdict::before_min_time:
      return Reason::before_min_time;
    case RingVerdict::outside_window:
      return Reason::outside_window;
    case RingVerdict::duplicate:
      return Reason::duplicate;
    case RingVerdict::full:
      return Reason::buffer_full;
    case RingVerdict::accepted:
      break;
  }
  return Reason::none;
}

}  // namespace

void Engine::user_event(const Turn& turn, std::uint64_t request, std::string_view name,
                        ByteView payload, bool coalesce) {
  const auto too_large = [&](std::string_view before, std::size_t limit, std::string_view after) {
    scratch(turn).text.clear();
    append_text(before, scratch(turn).text);
    append_number(limit, scratch(turn).text);
    append_text(after, scratch(turn).text);
    refuse(turn, request, Reason::event_too_large, as_text(scratch(turn).text));
  };
  const std::size_t size = name.size() + payload.size();
  const std::size_t limit = config_.user_event_size_limit;
  if (size > limit) {
    return too_large("user event exceeds configured limit of ", limit, " bytes before encoding");
  }
  if (size > kUserEventHardLimit) {
    return too_large("user event exceeds sane limit of ", kUserEventHardLimit,
                     " bytes before encoding");
  }
  UserEvent event;
  event.ltime = serf_.event_clock.time();
  event.name = name;
  if (!payload.empty()) event.payload = payload;
  event.cc = coalesce;
  scratch(turn).message.clear();
  encode(event, scratch(turn).message);
  if (scratch(turn).message.size() > limit) {
    return too_large("encoded user event exceeds configured limit of ", limit,
                     " bytes after encoding");
  }
  if (scratch(turn).message.size() > kUserEventHardLimit) {
    return too_large("encoded user event exceeds reasonable limit of ", kUserEventHardLimit,
                     " bytes after encoding");
  }
  serf_.event_clock.increment(config_.rules);
  handle_user_event(turn, event);
  broadcast(turn, Queue::events, scratch(turn).message);
  answer(turn, request);
}

bool Engine::handle_user_event(const Turn& turn, const UserEvent& event) {
  witness(turn, serf_.event_clock, event.ltime);
  const RingVerdict verdict =
      serf_.events.take(event.ltime, as_bytes(event.name), event.payload,
                        serf_.event_clock.time(), Rule::event_once, config_.rules);
  const std::uint64_t hash = hash_of(event);
  if (verdict != RingVerdict::accepted) {
    note(turn, Fact::event_dropped, kNobody, event.ltime, hash, 0, reason_of(verdict));
    return false;
  }
  note(turn, Fact::user_event_accepted, kNobody, event.ltime, hash, event.cc ? 1 : 0);
  emit_user(turn, event);
  return true;
}

}  // namespace quorumlab::gossip
