// Facts of serf's half of the gossip engine in words: where serf's agent logs a line, its text is
// used (serf.md 8.1).
#include <fmt/format.h>

#include "sim/trace/words_gossip.h"

namespace quorumlab::trace {
namespace {

const char* plural(std::uint64_t n) { return n == 1 ? "" : "s"; }

const char* event_words(std::uint64_t kind) {
  switch (kind) {
    case 0:
      return "EventMemberJoin";
    case 1:
      return "EventMemberLeave";
    case 2:
      return "EventMemberFailed";
    case 3:
      return "EventMemberUpdate";
    default:
      return "EventMemberReap";
  }
}

const char* delivery_words(std::uint64_t kind) {
  switch (kind) {
    case 0:
      return "member-join";
    case 1:
      return "member-leave";
    case 2:
      return "member-failed";
    case 3:
      return "member-update";
    case 4:
      return "member-reap";
    case 5:
      return "user-event";
    default:
      return "query";
  }
}

const char* clock_words(std::uint64_t clock) {
  return clock == 0 ? "member" : clock == 1 ? "event" : "query";
}

const char* intent_words(std::uint64_t code) {
  return code == 0 ? "leave" : code == 1 ? "join" : "leave-and-prune";
}

const char* status_words(std::uint64_t status) {
  switch (status) {
    case 1:
      return "alive";
    case 2:
      return "leaving";
    case 3:
      return "left";
    case 4:
      return "failed";
    default:
      return "not met yet";
  }
}

const char* key_words(std::uint64_t op) {
  switch (op) {
    case 0:
      return "install-key";
    case 1:
      return "use-key";
    case 2:
      return "remove-key";
    default:
      return "list-keys";
  }
}

const char* queue_words(std::uint64_t queue) {
  return queue == 1 ? "Intent" : queue == 2 ? "Query" : "Event";
}

// " 10.0.0.1", or nothing.
std::string ip_words(std::uint64_t ip) {
  if (ip == 0) return {};
  return fmt::format(" {}.{}.{}.{}", ip >> 24 & 255, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
}

std::string seconds_of(std::uint64_t ns) {
  return fmt::format("{}.{} s", ns / 1'000'000'000, ns / 100'000'000 % 10);
}

}  // namespace

std::string serf_words(const Record& r, const Context& context) {
  const std::string node = host_name(r.node, context);
  const std::string peer = host_name(r.peer, context);
  const std::string reason = reason_words(r, context);
  const std::string why = reason.empty() ? reason : ": " + reason;
  const auto a = r.a, b = r.b, c = r.c;
  const auto host_a = [&] { return host_name(static_cast<std::uint32_t>(a), context); };
  const bool forced = r.reason == static_cast<std::uint16_t>(Reason::forced) ||
                      r.reason == static_cast<std::uint16_t>(Reason::pruned);
  const std::string about = r.peer == 0 ? "somebody it has not met" : peer;
  switch (static_cast<Fact>(r.kind)) {
    case Fact::serf_member_event:
      return fmt::format("{}: [INFO] serf: {}{}: {}{}", node, event_words(a), forced ? " (forced)" : "",
                         peer, a == 4 ? std::string{} : ip_words(c >> 8));
    case Fact::intent_accepted:
      return fmt::format("{} takes a {} intent of time {} about {}, which is {}", node,
                         intent_words(b), a, about, status_words(c));
    case Fact::intent_ignored:
      return fmt::format("{} ignores a {} intent of time {} about {}{}", node, intent_words(b), a,
                         about, why);
    case Fact::user_event_accepted:
      return fmt::format("{} takes the user event {:08x} of time {}{}", node,
                         b & 0xffffffffu, a, c != 0 ? " (may be coalesced)" : "");
    case Fact::event_dropped:
      return fmt::format("{} drops the user event {:08x} of time {}{}", node, b & 0xffffffffu, a,
                         why);
    case Fact::query_started:
      return fmt::format("{} asks everybody query {} at time {}, for {}", node, b, a,
                         seconds_of(c));
    case Fact::query_received:
      return fmt::format("{} hears query {} of {} at time {}{}", node, b, peer, a,
                         c != 0 ? "" : ", which is not for it");
    case Fact::query_dropped:
      return fmt::format("{} drops query {} of {} at time {}{}", node, b, peer, a, why);
    case Fact::query_acked:
      return fmt::format("{} acks query {} of {} at time {}", node, b, peer, a);
    case Fact::query_responded:
      return fmt::format("{} answers query {} of {} at time {} with {} byte{}", node, b, peer, a, c,
                         plural(c));
    case Fact::response_refused:
      return fmt::format("{} does not answer query {} of {} at time {}{}", node, b, peer, a, why);
    case Fact::answer_counted:
      return fmt::format("{} got {} from '{}' to query {} at time {}", node,
                         c == 1 ? "an ack" : "a response", peer, b, a);
    case Fact::answer_dropped:
      return fmt::format("{} drops {} from '{}' to query {} at time {}{}", node,
                         c == 1 ? "an ack" : "a response", peer, b, a, why);
    case Fact::response_relayed:
      return a != 0 ? fmt::format("{}: [DEBUG] serf: Relaying response to {}", node, peer)
                    : fmt::format("{} sends its response by way of {}, too", node, peer);
    case Fact::query_ended:
      return fmt::format("{}'s query of time {} is over. Total Acks: {}, Total Responses: {}", node,
                         a, c, b);
    case Fact::lamport_jump:
      return fmt::format("{}'s {} clock jumps from {} to {}", node, clock_words(a), c, b);
    case Fact::coordinate_refused:
      return fmt::format("{}: [ERR] serf: Rejected coordinate from {}{}", node, peer, why);
    case Fact::coordinate_reset:
      return fmt::format("{} begins at the origin again after a sample of {}; resets: {}", node,
                         peer, a);
    case Fact::delivery:
      if (a == 5 || a == 6) {
        return fmt::format("{}: [INFO] agent: Received event: {}: {:08x} of time {}", node,
                           delivery_words(a), c & 0xffffffffu, b);
      }
      return fmt::format("{}: [INFO] agent: Received event: {} ({} member{})", node, delivery_words(a), c,
                         plural(c));
    case Fact::key_changed:
      return fmt::format("{}: [INFO] serf: Received {} query from {}; keys now: {}{}", node, key_words(a),
                         peer, c, why);
    case Fact::key_request_ended:
      return fmt::format("{}'s {} request is over: {}/{} nodes reported success", node,
                         key_words(a), b, c);
    case Fact::name_conflict:
      return b != 0 ? fmt::format("{}: [ERR] serf: Node name conflicts with another node at {}. Names "
                                  "must be unique!",
                                  node, host_a())
                    : fmt::format("{}: [WARN] serf: Name conflict: both {} and {} are claiming one name",
                                  node, peer, host_a());
    case Fact::conflict_resolved:
      return fmt::format("{}: [{}] serf: {} in name conflict resolution{} [{} / {}]", node,
                         c != 0 ? "INFO" : "WARN", c != 0 ? "majority" : "minority", c != 0 ? "" : ", quitting", a, b);
    case Fact::leave_started:
      return fmt::format("{}: [INFO] agent: requesting graceful leave from Serf, at time {}", node, a);
    case Fact::serf_left:
      return a != 0 ? fmt::format("{}: [INFO] agent: shutdown complete, after a leave", node)
                    : fmt::format("{}: [WARN] serf: Shutdown without a Leave{}", node, why);
    case Fact::reconnect_attempted:
      return fmt::format("{}: [INFO] serf: attempting reconnect to {}, one of {} failed", node, peer, a);
    case Fact::reconnect_forgone:
      return fmt::format("{}: [DEBUG] serf: forgoing reconnect for random throttling ({} failed, {} alive)",
                         node, a, b);
    case Fact::rejoin_attempted:
      return fmt::format("{}: [INFO] serf: Attempting re-join to previously known node: {}", node, peer);
    case Fact::join_ended:
      if (c == 0) {
        return a != 0 ? fmt::format("{}: [INFO] serf: Re-joined to previously known node", node)
                      : fmt::format("{}: [ERR] serf: Failed to re-join to previously known node", node);
      }
      return fmt::format("{}: [INFO] agent: joined: {} nodes{}{}", node, a, b != 0 ? " (with replay)" : "",
                         why);
    case Fact::snapshot_replayed:
      return fmt::format("{} reads its snapshot: {} node{} alive, member clock {}, event clock {}",
                         node, a, plural(a), b, c);
    case Fact::snapshot_compacted:
      return fmt::format("{} rewrites its snapshot: {} bytes after {}, {} node{} alive", node, a, b,
                         c, plural(c));
    case Fact::queue_pruned:
      return fmt::format("{}: [WARN] serf: {} queue depth exceeds limit ({}), dropping {} message{}", node,
                         queue_words(a), c, b, plural(b));
    case Fact::tags_changed:
      return fmt::format("{} changes its tags: {} now, {} bytes", node, a, b);
    default:
      return fmt::format("{} did something of kind {}", node, r.kind);
  }
}

}  // namespace quorumlab::trace
