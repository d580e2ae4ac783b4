// Raft messages in words, read from the very bytes that travelled.
#include <fmt/format.h>

#include "core/gossip/message.h"
#include "core/raft/message.h"
#include "sim/trace/own_message.h"
#include "sim/trace/words.h"

namespace quorumlab::trace {

using raft::MessageType;

namespace {
// The bit of a packet's kind that says that it went to the gossip engine's port.
constexpr std::uint32_t kGossipPort = 128;

// The paper writes AppendEntries where the code says append_entries.
std::string camel(std::string_view name) {
  std::string text;
  bool upper = true;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
    } else {
      text += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
      upper = false;
    }
  }
  return text;
}
}  // namespace

std::string message_name(std::uint32_t kind) {
  if (kind == kOwnMessage) return "message";
  if ((kind & kGossipPort) != 0 && kind < 2 * kGossipPort) {
    const std::uint32_t type = kind & (kGossipPort - 1);
    constexpr std::uint32_t kLabel = static_cast<std::uint32_t>(gossip::MessageType::has_label);
    if (type == (kLabel & (kGossipPort - 1))) return "a labelled packet";
    return camel(gossip::message_type_name(static_cast<gossip::MessageType>(type)));
  }
  if (kind == 0 || kind >= static_cast<std::uint32_t>(raft::kMessageTypeCount)) {
    return fmt::format("packet of kind {}", kind);
  }
  return camel(raft::message_type_name(static_cast<MessageType>(kind)));
}

std::string message_words(std::uint32_t kind, ByteView bytes, const Context& context) {
  if (kind == kOwnMessage) return own_message_words(bytes);
  const bool gossips = (kind & kGossipPort) != 0;
  const auto message = bytes.empty() || gossips ? std::nullopt : raft::peek(bytes);
  if (!message) return message_name(kind);
  const raft::Message& m = *message;
  const std::string name = camel(raft::message_type_name(m.type));
  const std::uint64_t term = m.term.value;
  switch (m.type) {
    case MessageType::request_vote:
      return fmt::format("{} term {}, its log ends at {} of term {}{}", name, term, m.index.value,
                         m.log_term.value, m.flag ? ", by transfer" : "");
    case MessageType::request_pre_vote:
      return fmt::format("{} for term {}, its log ends at {} of term {}", name, term, m.index.value,
                         m.log_term.value);
    case MessageType::request_vote_response:
    case MessageType::request_pre_vote_response:
      return fmt::format("{} term {}: {}", name, term,
                         !m.reject ? "granted" : m.flag ? "refused what was asked in an older term" : "refused");
    case MessageType::append_entries:
      if (m.entry_count == 0) {
        return fmt::format("{} term {}, no entries after {}, commit {}", name, term, m.index.value,
                           m.commit.value);
      }
      if (m.entry_count == 1) {
        return fmt::format("{} term {}, entry {}, commit {}", name, term, m.index.value + 1,
                           m.commit.value);
      }
      return fmt::format("{} term {}, entries {}-{}, commit {}", name, term, m.index.value + 1,
                         m.index.value + m.entry_count, m.commit.value);
    case MessageType::append_entries_response:
      if (m.reject) {
        return fmt::format("{} term {}: no match at {}, try {}", name, term, m.index.value,
                           m.commit.value);
      }
      return fmt::format("{} term {}: has everything up to {}", name, term, m.index.value);
    case MessageType::heartbeat:
      return fmt::format("{} term {}, commit {}", name, term, m.commit.value);
    case MessageType::install_snapshot:
      return fmt::format("{} term {}, snapshot of {}, {} bytes from {}{}", name, term,
                         m.index.value, m.body.size(), m.context, m.flag ? ", the last" : "");
    case MessageType::install_snapshot_response:
      return fmt::format("{} term {}: {}", name, term,
                         m.reject ? "refused" : fmt::format("has {} bytes", m.context));
    case MessageType::propose:
      return fmt::format("{} request {}, {} bytes", name, m.context2, m.body.size());
    case MessageType::propose_response:
      return m.flag ? fmt::format("{} request {}: dropped", name, m.context2)
                    : fmt::format("{} request {}: at {}", name, m.context2, m.index.value);
    case MessageType::read_index:
      return fmt::format("{} number {}", name, m.context);
    case MessageType::read_index_response:
      return m.flag ? fmt::format("{} number {}: dropped", name, m.context)
                    : fmt::format("{} number {}: index {}", name, m.context, m.index.value);
    case MessageType::heartbeat_response:
    case MessageType::timeout_now:
    case MessageType::transfer_leader:
      return fmt::format("{} term {}", name, term);
  }
  (void)context;
  return name;
}

}  // namespace quorumlab::trace
