// Facts of the world in words: packets, disks, processes, clocks, clients, and what the script
// said.
#include "sim/trace/words_world.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/gossip/rules.h"
#include "core/kv/http.h"
#include "core/kv/rules.h"
#include "core/raft/rules.h"
#include "sim/trace/checkers.h"
#include "sim/trace/own_message.h"

namespace quorumlab::trace {
namespace {

const char* file_name(std::uint32_t file) {
  switch (file) {
    case 0:
      return "log";
    case 1:
      return "snapshot";
    case 2:
      return "session file";
    case 4:
      return "serf snapshot";
    case 5:
      return "keyring file";
    default:
      return "file";
  }
}

// Nanoseconds as people read them: "1.5 ms".
std::string span_of_time(std::int64_t ns) {
  const std::int64_t size = ns < 0 ? -ns : ns;
  if (size < 1'000) return fmt::format("{} ns", ns);
  if (size < 1'000'000) return fmt::format("{:g} us", static_cast<double>(ns) / 1e3);
  if (size < 1'000'000'000) return fmt::format("{:g} ms", static_cast<double>(ns) / 1e6);
  return fmt::format("{:g} s", static_cast<double>(ns) / 1e9);
}

const char* outcome_words(std::uint64_t status) {
  switch (status) {
    case 1:
      return "ok";
    case 2:
      return "there is no such key";
    case 3:
      return "refused, surely not applied";
    case 4:
      return "nobody knows whether it was applied";
    case 5:
      return "a bad request";
    default:
      return "an answer without a meaning";
  }
}

struct CheckerWords {
  std::string_view name, promise;
};
constexpr CheckerWords kCheckers[] = {
#define X(name, promise, source) {#name, promise},
    QUORUMLAB_CHECKERS(X)
#undef X
};

std::string text_or(const Record& r, const Context& context, std::uint64_t number,
                    std::string_view otherwise) {
  if (context.trace != nullptr) {
    const std::string_view text = context.trace->text_at(number);
    if (!text.empty()) return std::string(text);
  }
  (void)r;
  return std::string(otherwise);
}

// Whose rule it is: Raft's, the gossip engine's or the store's.
std::string rule_words(std::uint64_t rule, std::uint32_t of) {
  constexpr std::uint32_t kGossip = 1, kStore = 2;
  if (of == kGossip && rule < gossip::kRuleCount) {
    return std::string(gossip::rule_name(static_cast<gossip::Rule>(rule)));
  }
  if (of == kStore && rule < kv::kRuleCount) {
    return std::string(kv::rule_name(static_cast<kv::Rule>(rule)));
  }
  if (of == 0 && rule < raft::kRuleCount) {
    return std::string(raft::rule_name(static_cast<raft::Rule>(rule)));
  }
  return fmt::format("number {}", rule);
}

constexpr std::size_t kMostShown = 120;

std::string shortened(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  if (text.size() <= kMostShown) return std::string(text);
  return std::string(text.substr(0, kMostShown)) + "...";
}

// A request over HTTP as one line.
std::string request_text(const Record& r, const Context& context) {
  const ByteView bytes = context.trace != nullptr ? context.trace->kept(r.c) : ByteView{};
  const auto http = kv::decode_http_request(bytes);
  if (!http) return fmt::format("{} bytes", r.b);
  const std::string line = fmt::format("{} {}", http->method, http->target);
  return http->body.empty() ? line : line + " " + shortened(http->body);
}

std::string answer_text(const Record& r, const Context& context) {
  const ByteView bytes = context.trace != nullptr ? context.trace->kept(r.c) : ByteView{};
  if (const auto chunk = kv::chunk_of(bytes)) {
    return chunk->empty() ? std::string("the end of the answer") : shortened(*chunk);
  }
  kv::HttpResponse response;
  if (!kv::add_part(bytes, response)) return fmt::format("{} bytes", r.b);
  return shortened(fmt::format("{} {}", response.status, response.body.empty()
                                                             ? std::string(kv::reason_phrase(response.status))
                                                             : response.body));
}

// What a packet is called; names of a protocol of one's own stand in the bytes, which its sending kept.
std::string packet_name(const Record& r, const Context& context) {
  if (r.extra != kOwnMessage || context.trace == nullptr) return message_name(r.extra);
  const Record* at = &r;
  for (int steps = 0; steps < 8 && !at->is(WorldFact::packet_sent); ++steps) {
    if (at->cause == 0 || at->cause > context.trace->size()) return message_name(r.extra);
    at = &(*context.trace)[at->cause];
  }
  return own_message_name(context.trace->kept(at->c));
}

}  // namespace

std::string world_words(const Record& r, const Context& context) {
  const std::string node = host_name(r.node, context);
  const std::string peer = host_name(r.peer, context);
  const auto a = r.a, b = r.b, c = r.c;
  const std::string reason = reason_words(r, context);
  const std::string because = reason.empty() ? reason : ": " + reason;
  switch (static_cast<WorldFact>(r.kind)) {
    case WorldFact::packet_sent: {
      const ByteView bytes = context.trace != nullptr ? context.trace->kept(c) : ByteView{};
      return fmt::format("{} sends {} {}", node, peer, message_words(r.extra, bytes, context));
    }
    case WorldFact::packet_delivered:
      return fmt::format("{} gets {} of {}", node, packet_name(r, context), peer);
    case WorldFact::packet_dropped:
      return fmt::format("{}'s {} to {} is lost{}", node, packet_name(r, context), peer, because);
    case WorldFact::packet_duplicated:
      return fmt::format("{}'s {} to {} travels twice", node, packet_name(r, context), peer);
    case WorldFact::packet_corrupted:
      return fmt::format("{}'s {} to {} is damaged at byte {}", node, packet_name(r, context), peer,
                         b);
    case WorldFact::packet_held:
      return fmt::format("{}'s {} to {} is held in a clogged link", node, packet_name(r, context),
                         peer);
    case WorldFact::write_submitted:
      return fmt::format("{} begins to {} {} bytes {} its {} (write {})", node,
                         c == 1 ? "write" : "append", b, c == 1 ? "as" : "to", file_name(r.extra),
                         a);
    case WorldFact::write_durable:
      return fmt::format("{}'s write {} to its {} is on disk", node, a, file_name(r.extra));
    case WorldFact::write_failed:
      return fmt::format("{}'s write {} to its {} failed{}", node, a, file_name(r.extra), because);
    case WorldFact::writes_lost:
      return fmt::format("{} lost {} bytes of its {} that were not on disk yet{}", node, b,
                         file_name(r.extra),
                         c == 0 ? std::string() : fmt::format("; {} torn bytes remain", c));
    case WorldFact::disk_changed:
      return fmt::format("{}'s disk behaves differently from now on", node);
    case WorldFact::process_started:
      return a == 0 ? fmt::format("{} starts", node)
                    : fmt::format("{} starts again (start {})", node, a + 1);
    case WorldFact::process_killed:
      return fmt::format("{} is killed", node);
    case WorldFact::process_crashed:
      return fmt::format("{} loses power", node);
    case WorldFact::process_paused:
      return fmt::format("{} is paused", node);
    case WorldFact::process_resumed:
      return fmt::format("{} goes on; {} event{} waited", node, a, a == 1 ? "" : "s");
    case WorldFact::process_blocked:
      return fmt::format("{} hangs in its sends", node);
    case WorldFact::process_unblocked:
      return fmt::format("{} sends again; {} event{} waited, {} packet{} hung", node, a,
                         a == 1 ? "" : "s", b, b == 1 ? "" : "s");
    case WorldFact::process_wiped:
      return fmt::format("{}'s disk is wiped", node);
    case WorldFact::process_stopped:
      return fmt::format("{} ended itself", node);
    case WorldFact::clock_changed:
      return fmt::format("{}'s clock: offset {}, drift {} ppb{}", node,
                         span_of_time(static_cast<std::int64_t>(a)), static_cast<std::int64_t>(b),
                         c == 1 ? ", frozen" : "");
    case WorldFact::network_changed:
      if (a == 0) return "the network is whole";
      return fmt::format("the network is cut in {} place{}", a, a == 1 ? "" : "s");
    case WorldFact::link_changed:
      if (r.node == 0) return "every link behaves differently from now on";
      return r.peer == 0
                 ? fmt::format("{}'s links behave differently from now on", node)
                 : fmt::format("the link {} to {} behaves differently from now on", node, peer);
    case WorldFact::rule_switched:
      return fmt::format("rule {} is switched {} for {}", rule_words(a, r.extra), b == 1 ? "on" : "off",
                         r.node == 0 ? "all" : node);
    case WorldFact::act:
      return text_or(r, context, c, fmt::format("act {}", a));
    case WorldFact::stream_opened:
      return fmt::format("{} has a stream with {}", node, peer);
    case WorldFact::stream_refused:
      return fmt::format("{} gets no stream to {}: nobody listens there", node, peer);
    case WorldFact::stream_sent:
      return fmt::format("{} sends {} {} bytes on a stream", node, peer, b);
    case WorldFact::stream_delivered:
      return fmt::format("{} gets {} bytes from {} on a stream", node, b, peer);
    case WorldFact::stream_closed:
      return fmt::format("{}'s stream with {} is closed", node, peer);
    case WorldFact::client_invoked:
      return c > 1 ? fmt::format("{} asks {} again, attempt {} of operation {}", node, peer, c, a)
                   : fmt::format("{} asks {}: operation {}", node, peer, a);
    case WorldFact::client_answered:
      if (r.extra == 1) return fmt::format("{} hears from {} about operation {}: HTTP {}, more follows", node, peer, a, b);
      if (r.extra == 2) return fmt::format("{} hears from {} about operation {}: HTTP {}", node, peer, a, b);
      if (r.extra == 3) return fmt::format("{} hears from {} about operation {}: {}, more follows", node, peer, a, b == 1 ? "an answer" : "no" + because);
      if (r.extra == 4) return fmt::format("{} hears from {} about operation {}: {}", node, peer, a, b == 1 ? "done" : "no" + because);
      if (b == 1 && c != 0) {
        return fmt::format("{} hears from {} about operation {}: ok, at entry {}", node, peer, a,
                           c);
      }
      return fmt::format("{} hears from {} about operation {}: {}", node, peer, a,
                         outcome_words(b));
    case WorldFact::client_timed_out:
      return fmt::format("{} gave up operation {}: no answer in time", node, a);
    case WorldFact::client_refused:
      return fmt::format("{} finds nobody at {} for operation {}", node, peer, a);
    case WorldFact::event_delivered:
      return fmt::format("{}: [INFO] agent: Received event: {}", node,
                         text_or(r, context, b, fmt::format("event {}", r.extra)));
    case WorldFact::command_printed:
      return fmt::format("{} prints: {}", peer, text_or(r, context, b, "something"));
    case WorldFact::members_listed:
      return fmt::format("serf members on {}: {}", peer, text_or(r, context, b, "a list"));
    case WorldFact::asked:
      return fmt::format("{} asks {}: {}", node, peer, request_text(r, context));
    case WorldFact::answered:
      return fmt::format("{} hears from {}: {}", node, peer, answer_text(r, context));
    case WorldFact::ask_refused:
      return fmt::format("{} finds nobody at {}", node, peer);
    case WorldFact::noted:
      return fmt::format("{}: {}", node, text_or(r, context, b, "..."));
    case WorldFact::state_told:
      return fmt::format("{} is {} now", node, text_or(r, context, b, "something else"));
    case WorldFact::said:
      return fmt::format("{}: \"{}\"", node, text_or(r, context, b, "..."));
    case WorldFact::step_begun:
      return text_or(r, context, b, fmt::format("step {} begins", a));
    case WorldFact::caption:
      return text_or(r, context, b, fmt::format("the caption of step {}", a));
    case WorldFact::bookmark:
      return fmt::format("bookmark: {}", text_or(r, context, b, fmt::format("at step {}", a)));
    case WorldFact::question: {
      const std::string text = text_or(r, context, b, fmt::format("that of step {}", a));
      return fmt::format("question: {}", text.substr(0, text.find('\n')));
    }
    case WorldFact::expectation_held:
      return fmt::format("as expected: {}", text_or(r, context, b, fmt::format("step {}", a)));
    case WorldFact::expectation_failed:
      return fmt::format("NOT as expected: {}", text_or(r, context, b, fmt::format("step {}", a)));
    case WorldFact::quorum_available:
      return fmt::format("quorum available: {} voters can reach each other, {} are needed", a, b);
    case WorldFact::quorum_unavailable:
      return fmt::format(
          "quorum unavailable: at most {} voters can reach each other, {} are needed", a, b);
    case WorldFact::violation: {
      constexpr std::size_t kCount = sizeof kCheckers / sizeof kCheckers[0];
      if (a >= kCount) return fmt::format("violation of checker {}", a);
      // As scenario files name it.
      std::string name(kCheckers[a].name);
      std::replace(name.begin(), name.end(), '_', '-');
      return fmt::format("violation of {} ({}) by {}{}", name, kCheckers[a].promise,
                         node, r.peer == 0 ? std::string() : " and " + peer);
    }
  }
  return fmt::format("something of kind {} happened to {}", r.kind, node);
}

}  // namespace quorumlab::trace
