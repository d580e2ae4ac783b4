// Facts of the gossip engine in words.
#include "sim/trace/words_gossip.h"

#include <fmt/format.h>

namespace quorumlab::trace {
namespace {

const char* plural(std::uint64_t n) { return n == 1 ? "" : "s"; }

const char* state_words(std::uint64_t state) {
  switch (state) {
    case 0:
      return "alive";
    case 1:
      return "suspect";
    case 2:
      return "dead";
    case 3:
      return "left";
    default:
      return "unknown";
  }
}

constexpr std::uint64_t kAlive = 4;

const char* message_words(std::uint64_t type) {
  switch (type) {
    case 3:
      return "a suspect";
    case 4:
      return "an alive";
    case 5:
      return "a dead";
    case 8:
      return "a user";
    default:
      return "another";
  }
}

std::string milliseconds_of(std::uint64_t ns) {
  return fmt::format("{}.{:03} ms", ns / 1'000'000, ns / 1'000 % 1'000);
}

// " meta:(...), vsn:(...)", if the trace has it.
std::string claim_words(std::uint64_t text, const Context& context) {
  const std::string_view claim = context.trace != nullptr ? context.trace->text_at(text) : std::string_view{};
  return claim.empty() ? std::string{} : " " + std::string(claim);
}

std::string ip_of(const std::string& address) { return address.substr(0, address.rfind(':')); }

}  // namespace

std::string gossip_words(const Record& r, const Context& context) {
  const std::string node = host_name(r.node, context);
  const std::string peer = host_name(r.peer, context), agent = agent_name(r.peer, context);
  const std::string reason = reason_words(r, context);
  const std::string why = reason.empty() ? reason : ": " + reason;
  const auto a = r.a, b = r.b, c = r.c;
  const auto host_b = [&] { return host_name(static_cast<std::uint32_t>(b), context); };
  switch (static_cast<Fact>(r.kind)) {
    case Fact::probe_started:
      return fmt::format("{} pings {}{} (probe {}, health score {})", node, peer,
                         b != 0 ? ", whom it suspects" : "", a, c);
    case Fact::probe_acked:
      if (c == 2) {
        return fmt::format(
            "{}: [WARN] memberlist: Was able to connect to {} over TCP but UDP probes failed, network may be "
            "misconfigured",
            node, agent);
      }
      return fmt::format("{} got an ack of {} {} after {} (probe {})", node, peer,
                         c == 0 ? "itself" : "in the end", milliseconds_of(b), a);
    case Fact::probe_indirect:
      return fmt::format("{}: [DEBUG] memberlist: Failed ping: {} (timeout reached) [it asks {} other{}{}]", node, agent,
                         b, plural(b), c != 0 ? " and tries a stream" : "");
    case Fact::probe_failed:
      return fmt::format("{}: [INFO] memberlist: Suspect {} has failed, no acks received", node, agent);
    case Fact::member_alive:
      return fmt::format("{} believes {} alive at incarnation {} (was {})", node, peer, a,
                         state_words(b));
    case Fact::member_suspect:
      return fmt::format("{} suspects {} at incarnation {}, accused by {}: {} s at most", node,
                         peer, a, host_b(), c / 1'000'000'000);
    case Fact::member_dead:
      return c != 0 ? fmt::format("{} knows that {} left, at incarnation {}", node, peer, a)
                    : fmt::format("{} believes {} dead at incarnation {}, on the word of {}", node,
                                  peer, a, host_b());
    case Fact::suspicion_confirmed:
      return fmt::format("{} suspects {} more: {} agrees (confirmation {})", node, peer, host_b(),
                         c);
    case Fact::suspicion_timed_out:
      return fmt::format(
          "{}: [INFO] memberlist: Marking {} as failed, suspect timeout reached ({} peer confirmations)", node, agent,
          b);
    case Fact::refuted:
      if ((c & 255) == kAlive) {
        return fmt::format("{}: [WARN] memberlist: Refuting an alive message for '{}' ({}){} [its incarnation is now {}]",
                           node, agent_name(r.node, context), agent_address(r.node), claim_words(c >> 8, context), a);
      }
      return fmt::format("{}: [WARN] memberlist: Refuting {} message (from: {}) [its incarnation is now {}]", node,
                         message_words(c & 255), agent, a);
    case Fact::health_changed:
      return fmt::format("{} finds its own health at {}, after {} (0 is well)", node, a, b);
    case Fact::address_conflict:
      return fmt::format("{}: [ERR] memberlist: Conflicting address for {}. Mine: {} Theirs: {} Old state: {}", node,
                         agent, agent_address(r.peer), agent_address(static_cast<std::uint32_t>(a)), b);
    case Fact::push_pull_done:
      return fmt::format("{} {} states with {}, which told of {} member{}{}", node,
                         c != 0 ? "exchanged" : "was asked to exchange", peer, a, plural(a),
                         b != 0 ? ", to join" : "");
    case Fact::push_pull_failed:
      if (b != 0) {
        return fmt::format("{}: [DEBUG] memberlist: Failed to join {}{}", node, ip_of(agent_address(r.peer)), why);
      }
      return fmt::format("{}: [ERR] memberlist: Push/Pull with {} failed{}", node, agent, why);
    case Fact::gossip_dropped:
      return fmt::format("{} dropped {} bytes of {}: wire error {}", node, b, peer, a);
    case Fact::queue_overflow:
      return fmt::format("{}: [WARN] memberlist: handler queue full [{} wait], dropping {} message [of {}]", node, b,
                         message_words(a), agent);
    case Fact::member_forgotten:
      return fmt::format("{} drops {}, incarnation {}, from its list", node, peer, a);
    case Fact::name_reclaimed:
      return fmt::format("{} takes {} for {}, whose name it bears and who is {}", node, peer,
                         host_name(static_cast<std::uint32_t>(a), context), state_words(b));
    case Fact::ping_for_another:
      return fmt::format("{} ignores a ping of {} that is meant for another name", node, peer);
    default:
      return serf_words(r, context);
  }
}

}  // namespace quorumlab::trace
