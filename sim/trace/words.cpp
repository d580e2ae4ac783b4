// Facts of nodes in words, names of kinds and reasons, and chains of causes.
#include "sim/trace/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/gossip/address.h"
#include "sim/trace/words_gossip.h"
#include "sim/trace/words_world.h"

namespace quorumlab::trace {
namespace {

constexpr std::uint16_t kKinds[] = {
#define X(name, number, meaning) number,
    QUORUMLAB_CORE_FACTS(X) QUORUMLAB_WORLD_FACTS(X)
#undef X
};
constexpr std::uint16_t kReasons[] = {
#define X(name, number, text) number,
    QUORUMLAB_REASONS(X) QUORUMLAB_WORLD_REASONS(X)
#undef X
};

std::string_view reason_template(std::uint16_t reason) {
  switch (reason) {
#define X(name, number, text) \
  case number:                \
    return text;
    QUORUMLAB_REASONS(X)
    QUORUMLAB_WORLD_REASONS(X)
#undef X
    default:
      return "for a reason this version does not know";
  }
}

const char* plural(std::uint64_t n) { return n == 1 ? "" : "s"; }

std::string span_words(std::uint64_t first, std::uint64_t last) {
  return first == last ? fmt::format("entry {}", first) : fmt::format("entries {}-{}", first, last);
}

const char* change_words(std::uint64_t kind) {
  switch (kind) {
    case 0:
      return "add voter";
    case 1:
      return "add learner";
    case 2:
      return "remove";
    default:
      return "change";
  }
}

const char* status_words(std::uint64_t status) {
  switch (status) {
    case 1:
      return "ok";
    case 2:
      return "not found";
    case 3:
      return "dropped, surely not applied";
    case 4:
      return "unknown";
    case 5:
      return "bad request";
    default:
      return "an unknown status";
  }
}

const char* request_words(std::uint64_t kind) {
  switch (kind) {
    case 1:
      return "write";
    case 2:
      return "read";
    case 3:
      return "stale read";
    case 4:
      return "membership change";
    case 5:
      return "transfer";
    case 6:
      return "erase";
    default:
      return "request";
  }
}

const char* progress_words(std::uint64_t state) {
  switch (state) {
    case 0:
      return "probes";
    case 1:
      return "streams entries to";
    case 2:
      return "sends a snapshot to";
    default:
      return "treats anew";
  }
}

// The hosts whose bits are set, "n1, n2 and n3".
std::string host_set(std::uint64_t bits, const Context& context) {
  std::string text;
  for (std::uint32_t i = 0; i < 64; ++i) {
    if ((bits >> i & 1) == 0) continue;
    if (!text.empty()) text += (bits >> i) == 1 ? " and " : ", ";
    text += host_name(i + 1, context);
  }
  return text.empty() ? "nobody" : text;
}

// ": reason", or nothing.
std::string because(const Record& r, const Context& context) {
  const std::string reason = reason_words(r, context);
  return reason.empty() ? reason : ": " + reason;
}

std::string core_words(const Record& r, const Context& context) {
  const std::string node = host_name(r.node, context);
  const std::string peer = host_name(r.peer, context);
  const std::string why = because(r, context);
  const auto a = r.a, b = r.b, c = r.c;
  const auto reason = static_cast<Reason>(r.reason);
  switch (static_cast<Fact>(r.kind)) {
    case Fact::started:
      return fmt::format("{} came up in term {}: its log ends at {}, committed up to {}{}", node, a,
                         b, c,
                         reason == Reason::torn_tail ? ", a torn record at the end was cut" : "");
    case Fact::refused_to_start:
      return fmt::format("{} refused to start at byte {}{}", node, a, why);
    case Fact::stopped_itself:
      return fmt::format("{} stopped itself after write {}{}", node, a, why);
    case Fact::became_follower:
      if (r.peer != 0) return fmt::format("{} follows {} in term {}{}", node, peer, a, why);
      return fmt::format("{} is a follower in term {}{}", node, a, why);
    case Fact::became_pre_candidate:
      if (reason == Reason::election_timeout || reason == Reason::none) {
        return fmt::format("{}'s election timer ran out: it asks whether it could win term {}",
                           node, a);
      }
      return fmt::format("{} asks whether it could win term {}{}", node, a, why);
    case Fact::became_candidate:
      if (reason == Reason::election_timeout) {
        return fmt::format("{}'s election timer ran out: it asks for votes in term {}", node, a);
      }
      if (reason == Reason::won) {
        return fmt::format("{} would be welcome: it asks for votes in term {}", node, a);
      }
      return fmt::format("{} asks for votes in term {}{}", node, a, why);
    case Fact::became_leader:
      return fmt::format("{} leads in term {} with {} vote{}; its log ends at {}", node, a, c,
                         plural(c), b);
    case Fact::leader_known:
      return fmt::format("{} now knows {} as the leader of term {}", node, peer, a);
    case Fact::leader_lost:
      return fmt::format("{} believes no longer in {} of term {}{}", node, peer, a, why);
    case Fact::term_advanced:
      if (r.peer == 0) return fmt::format("{} moved from term {} to term {}{}", node, b, a, why);
      return fmt::format("{} heard of term {} from {} and left term {}{}", node, a, peer, b, why);
    case Fact::vote_granted:
      return b == 1 ? fmt::format("{} would vote for {} in term {}", node, peer, a)
                    : fmt::format("{} voted for {} in term {}", node, peer, a);
    case Fact::vote_refused: {
      const std::string what = b == 1 ? fmt::format("{} would not vote for {}", node, peer)
                                      : fmt::format("{} refused {} its vote", node, peer);
      return fmt::format("{}{} in term {}", what, why, a);
    }
    case Fact::vote_counted:
      return b == 0 ? fmt::format("{} was refused by {} in term {}; {} grant{} so far", node, peer,
                                  a, c, plural(c))
                    : fmt::format("{} got the vote of {} in term {}; {} grant{} so far", node, peer,
                                  a, c, plural(c));
    case Fact::campaign_lost:
      return fmt::format("{} did not win term {}{}", node, a, why);
    case Fact::campaign_put_off:
      return fmt::format("{} may not campaign now, in term {}{}", node, a, why);
    case Fact::message_ignored:
      return fmt::format("{} ignored {} of term {} from {}{}", node,
                         message_name(static_cast<std::uint32_t>(b)), a, peer, why);
    case Fact::packet_corrupt:
      return fmt::format("{} threw away {} damaged bytes from {}{}", node, a, peer, why);
    case Fact::appended:
      if (r.peer == 0 || r.peer == r.node) {
        return fmt::format("{} appended {} of term {} to its log", node, span_words(a, b), c);
      }
      return fmt::format("{} took {} of term {} from {}", node, span_words(a, b), c, peer);
    case Fact::truncated:
      return fmt::format("{} removed {} (the last of term {}) to agree with {}", node,
                         span_words(a, b), c, peer);
    case Fact::append_refused:
      return fmt::format("{} refused entries of {}: it has no entry {} of term {}; it asks for {}",
                         node, peer, a, b, c);
    case Fact::commit_advanced:
      if (r.peer != 0 && r.peer != r.node) {
        return fmt::format("{} learned from {} that everything up to {} is committed", node, peer,
                           a);
      }
      return fmt::format("{} knows that everything up to {} is committed", node, a);
    case Fact::applied:
      return fmt::format("{} applied entry {} of term {}", node, a, b);
    case Fact::progress_changed:
      return fmt::format("leader {} {} {} from {} on; it has everything up to {}", node,
                         progress_words(a), peer, c, b);
    case Fact::proposal_accepted:
      return fmt::format("leader {} took request {} as entry {} of term {}", node, c, a, b);
    case Fact::proposal_dropped:
      return fmt::format("{} dropped request {}{}", node, a, why);
    case Fact::proposal_forwarded:
      return fmt::format("{} handed request {} to {}", node, a, peer);
    case Fact::log_compacted:
      return fmt::format("{} let go of its log up to entry {} of term {}", node, a, b);
    case Fact::snapshot_taken:
      return fmt::format("{} took a snapshot at entry {} of term {}: {} bytes", node, a, b, c);
    case Fact::snapshot_send_started:
      return fmt::format("leader {} sends {} the snapshot of {}, {} bytes from byte {}", node, peer,
                         a, c, b);
    case Fact::snapshot_chunk_received:
      return fmt::format("{} got {} bytes of the snapshot of {} at byte {} from {}", node, c, a, b,
                         peer);
    case Fact::snapshot_installed:
      return fmt::format("{} installed the snapshot of {}, term {}, from {}: {} bytes", node, a, b,
                         peer, c);
    case Fact::snapshot_ignored:
      return fmt::format("{} did not want the snapshot of {} from {}{}", node, a, peer, why);
    case Fact::config_proposed:
      if (c == 0) return fmt::format("leader {} proposed a membership change as entry {}", node, a);
      return fmt::format("leader {} proposed as entry {}: {} {}", node, a, change_words(b),
                         host_name(static_cast<std::uint32_t>(c), context));
    case Fact::config_applied:
      if (c != 0) {
        return fmt::format("{} is in a joint configuration since entry {}: {} and, still, {}", node,
                           a, host_set(b, context), host_set(c, context));
      }
      return fmt::format("{} counts these voters since entry {}: {}", node, a,
                         host_set(b, context));
    case Fact::config_refused:
      if (b == 0) return fmt::format("{} refused a membership change{}", node, why);
      return fmt::format("{} refused to {} {}{}", node, change_words(a),
                         host_name(static_cast<std::uint32_t>(b), context), why);
    case Fact::transfer_started:
      return fmt::format("leader {} hands leadership of term {} to {}", node, a, peer);
    case Fact::transfer_ended:
      return fmt::format("{}'s transfer to {} in term {} is over{}", node, peer, a, why);
    case Fact::read_started:
      return c == 1 ? fmt::format("{} serves read {} at index {} under its lease", node, a, b)
                    : fmt::format("{} asks a quorum whether read {} may be served at index {}",
                                  node, a, b);
    case Fact::read_confirmed:
      return fmt::format("{} may serve read {} at index {}{}", node, a, b,
                         c == 1 ? ", by its lease" : "");
    case Fact::read_dropped:
      return fmt::format("{} gave up read {}{}", node, a, why);
    case Fact::quorum_checked:
      return fmt::format("leader {} of term {} heard {} of its voters lately and needs {}", node, a,
                         b, c);
    case Fact::request_received:
      return fmt::format("{} got request {}: {}", node, a, request_words(b));
    case Fact::request_answered:
      if (b == 1 && c != 0) {
        return fmt::format("{} answered request {}: ok, at entry {}", node, a, c);
      }
      return fmt::format("{} answered request {}: {}{}", node, a, status_words(b), why);
    case Fact::duplicate_request:
      return fmt::format("{} had applied request {} before and answered from the session", node, a);
    case Fact::holds:
      return fmt::format("{} holds the key now, with fencing token {}", node, a);
    case Fact::lets_go:
      return fmt::format("{} no longer holds the key (token {}){}", node, a, why);
    case Fact::follows:
      return r.peer == 0 ? fmt::format("{} knows of no master", node)
                         : fmt::format("{} goes to {}: it is the master", node, peer);
    case Fact::works:
      return fmt::format("{} writes to {} with token {}", node, peer, a);
    case Fact::work_done:
      return fmt::format("{} takes what {} wrote with token {}", node, peer, a);
    case Fact::work_refused:
      return fmt::format("{} refuses what {} wrote with token {}: it has seen {}", node, peer, a, c);
    case Fact::store_changed:
      return fmt::format("{} changed its store: index {}", node, a);
    case Fact::session_applied:
      return fmt::format("{} applied request {} of session {} at entry {}", node, b, a, c);
    case Fact::watch_began:
      return fmt::format("{} has a watch from index {} (request {})", node, b, a);
    case Fact::watch_told:
      return fmt::format("{} told request {} of the event {}", node, a, b);
    case Fact::watch_ended:
      return fmt::format("{} has nobody waiting for request {} any more", node, a);
    case Fact::key_expired:
      return fmt::format("{} let a key expire: index {}", node, a);
    case Fact::expiry_proposed:
      return fmt::format("{} says what time it is, so that keys expire", node);
    case Fact::expiry_applied:
      return fmt::format("{} let expire what was due", node);
    case Fact::autopilot_removes:
      return fmt::format("{} has {} removed: serf called it failed {} s ago; it hears {} of {} voters", node, peer,
                         a / 1'000'000'000, b, c);
    case Fact::autopilot_keeps:
      return fmt::format("{} keeps {}, which serf called failed {} s ago{}", node, peer,
                         a / 1'000'000'000, why);
    case Fact::autopilot_adds:
      return fmt::format("{} has {} added: serf calls it alive", node, peer);
    case Fact::toy:
      return fmt::format("{} says {}, {}, {}", node, a, b, c);
    default:
      return gossip_words(r, context);
  }
}

}  // namespace

std::string host_name(std::uint32_t id, const Context& context) {
  if (id == 0) return "nobody";
  if (id <= context.names.size() && !context.names[id - 1].empty()) return context.names[id - 1];
  return fmt::format("n{}", id);
}

std::string agent_name(std::uint32_t host, const Context& context) {
  const std::string_view own = context.trace != nullptr ? context.trace->agent_name(host) : std::string_view{};
  return own.empty() ? host_name(host, context) : std::string(own);
}

std::string agent_address(std::uint32_t host) {
  return host == 0 ? "an unknown address" : gossip::AddressPlan{}.address({host}).text();
}

std::string_view short_name(std::uint16_t kind) {
  switch (kind) {
#define X(name, number, meaning) \
  case number:                   \
    return #name;
    QUORUMLAB_CORE_FACTS(X)
    QUORUMLAB_WORLD_FACTS(X)
#undef X
    default:
      return "unknown";
  }
}

std::uint16_t find_kind(std::string_view name) {
  for (const std::uint16_t kind : kKinds) {
    if (short_name(kind) == name) return kind;
  }
  return 0;
}

std::string_view reason_name(std::uint16_t reason) {
  switch (reason) {
#define X(name, number, text) \
  case number:                \
    return #name;
    QUORUMLAB_REASONS(X)
    QUORUMLAB_WORLD_REASONS(X)
#undef X
    default:
      return "unknown";
  }
}

std::span<const std::uint16_t> all_kinds() { return kKinds; }
std::span<const std::uint16_t> all_reasons() { return kReasons; }

std::string reason_words(const Record& record, const Context& context) {
  std::string text(reason_template(record.reason));
  const auto fill = [&text](std::string_view place, const std::string& by) {
    const auto at = text.find(place);
    if (at != std::string::npos) text.replace(at, place.size(), by);
  };
  fill("{vote}", host_name(static_cast<std::uint32_t>(record.c), context));
  fill("{peer}", host_name(record.peer, context));
  fill("{a}", std::to_string(record.a));
  fill("{b}", std::to_string(record.b));
  fill("{c}", std::to_string(record.c));
  return text;
}

std::string words(const Record& record, const Context& context) {
  return printable(record.kind < 256 ? core_words(record, context) : world_words(record, context), true);
}

std::string printable(std::string_view text, bool lines) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if (c == '\n' || c == '\t') {
      out += lines ? std::string(1, text[i]) : c == '\n' ? "\\n" : "\\t";
    } else if (c < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", c);
    } else if (c == 0xc2 && next >= 0x80 && next < 0xa0) {  // U+0080 to U+009F steer, too
      out += fmt::format("\\u{:04x}", next);
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<RecordId> why(const Trace& trace, RecordId id) {
  std::vector<RecordId> chain;
  // A cause always came before its effect; anything else ends the walk instead of circling.
  while (id >= 1 && id <= trace.size()) {
    chain.push_back(id);
    const RecordId cause = trace[id].cause;
    if (cause >= id) break;
    id = cause;
  }
  return chain;
}

}  // namespace quorumlab::trace
