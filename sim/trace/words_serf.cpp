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

// "[10.0.0.1:7946 10.0.0.2:7946] replay: false", the first one as it was given.
std::string targets_words(const Record& r) {
  std::string out = "[" + agent_address(r.peer);
  std::uint64_t told = 1;
  for (std::uint32_t host = 1; host <= 64; ++host) {
    if (host == r.peer || (r.a >> (host - 1) & 1) == 0) continue;
    out += " " + agent_address(host);
    ++told;
  }
  return out + fmt::format("] replay: {}{}", r.b != 0, told < r.c ? fmt::format(" [and {} more]", r.c - told) : "");
}

std::string seconds_of(std::uint64_t ns) {
  return fmt::format("{}.{} s", ns / 1'000'000'000, ns / 100'000'000 % 10);
}

}  // namespace

std::string serf_words(const Record& r, const Context& context) {
  const std::string node = host_name(r.node, context);
  const std::string peer = host_name(r.peer, context), agent = agent_name(r.peer, context);
  const std::string reason = reason_words(r, context);
  const std::string why = reason.empty() ? reason : ": " + reason;
  // What serf's own line does not say stands behind it in brackets.
  const std::string beside = reason.empty() ? reason : " [" + reason + "]";
  const auto a = r.a, b = r.b, c = r.c;
  const auto address_a = [&] { return agent_address(static_cast<std::uint32_t>(a)); };
  constexpr std::uint64_t kLeave = 1;
  const bool forced = a == kLeave && r.reason == static_cast<std::uint16_t>(Reason::forced);
  const std::string about = r.peer == 0 ? "somebody it has not met" : peer;
  switch (static_cast<Fact>(r.kind)) {
    case Fact::serf_member_event:
      return fmt::format("{}: [INFO] serf: {}{}: {}{}", node, event_words(a), forced ? " (forced)" : "",
                         agent, a >= 3 ? std::string{} : ip_words(c >> 8));
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
      return a != 0 ? fmt::format("{} passes a response on to {}", node, peer)
                    : fmt::format("{} sends its response by way of {}, too", node, peer);
    case Fact::query_ended:
      return fmt::format("{}'s query of time {} is over. Total Acks: {}, Total Responses: {}", node,
                         a, c, b);
    case Fact::lamport_jump:
      return fmt::format("{}'s {} clock jumps from {} to {}", node, clock_words(a), c, b);
    case Fact::coordinate_refused:
      return fmt::format("{} refuses the coordinate of {}{}", node, peer, why);
    case Fact::coordinate_reset:
      return fmt::format("{} begins at the origin again after a sample of {}; resets: {}", node,
                         peer, a);
    case Fact::delivery:
      if (a == 5 || a == 6) {
        return fmt::format("{} tells its handlers of the {} {:08x} of time {}", node, delivery_words(a),
                           c & 0xffffffffu, b);
      }
      return fmt::format("{} tells its handlers {} of {} member{}", node, delivery_words(a), c, plural(c));
    case Fact::key_changed:
      return fmt::format("{} does the {} of {}; keys now: {}{}", node, key_words(a), peer, c, why);
    case Fact::key_request_ended:
      return fmt::format("{}'s {} request is over: {}/{} nodes reported success", node,
                         key_words(a), b, c);
    case Fact::name_conflict:
      return b != 0 ? fmt::format("{}: [ERR] serf: Node name conflicts with another node at {}. Names "
                                  "must be unique! (Resolution enabled: {})",
                                  node, address_a(), b == 1)
                    : fmt::format("{}: [WARN] serf: Name conflict for '{}' both {} and {} are claiming", node, agent,
                                  agent_address(r.peer), address_a());
    case Fact::conflict_resolved:
      return fmt::format("{}: [{}] serf: {} in name conflict resolution{} [{} / {}]", node,
                         c != 0 ? "INFO" : "WARN", c != 0 ? "majority" : "minority", c != 0 ? "" : ", quitting", a, b);
    case Fact::leave_started:
      return fmt::format("{}: [INFO] agent: requesting graceful leave from Serf", node);
    case Fact::serf_left:
      return a != 0 ? fmt::format("{}: [INFO] agent: shutdown complete", node)
                    : fmt::format("{}: [WARN] serf: Shutdown without a Leave{}", node, beside);
    case Fact::reconnect_attempted:
      return fmt::format("{}: [INFO] serf: attempting reconnect to {} {}{}", node, agent,
                         agent_address(r.peer), a > 1 ? fmt::format(" [one of {} failed]", a) : "");
    case Fact::reconnect_forgone:
      return fmt::format("{}: [DEBUG] serf: forgoing reconnect for random throttling [{} failed, {} alive]",
                         node, a, b);
    case Fact::rejoin_attempted:
      return fmt::format("{}: [INFO] serf: Attempting re-join to previously known node: {}: {}", node, agent,
                         agent_address(r.peer));
    case Fact::join_began:
      return fmt::format("{}: [INFO] agent: joining: {}", node, targets_words(r));
    case Fact::join_ended:
      if (c == 0) {
        return a != 0 ? fmt::format("{}: [INFO] serf: Re-joined to previously known node: {}: {}", node, agent,
                                    agent_address(r.peer))
                      : fmt::format("{} could not re-join {}", node, agent);
      }
      if (a == 0) return fmt::format("{}: [WARN] agent: error joining{}", node, beside);
      return fmt::format("{}: [INFO] agent: joined: {} nodes", node, a);
    case Fact::snapshot_replayed:
      return fmt::format("{} reads its snapshot: {} node{} alive, member clock {}, event clock {}",
                         node, a, plural(a), b, c);
    case Fact::snapshot_compacted:
      return fmt::format("{} rewrites its snapshot: {} bytes after {}, {} node{} alive", node, a, b,
                         c, plural(c));
    case Fact::queue_pruned:
      return fmt::format("{}: [WARN] serf: {} queue depth ({}) exceeds limit ({}), dropping messages!", node,
                         queue_words(a), b + c, c);
    case Fact::tags_changed:
      return fmt::format("{} changes its tags: {} now, {} bytes", node, a, b);
    default:
      return fmt::format("{} did something of kind {}", node, r.kind);
  }
}

}  // namespace quorumlab::trace
