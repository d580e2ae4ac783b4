// Encoding of agent commands and answers: a version, then variable-length integers and sized texts.
#include "core/node/agent.h"

namespace quorumlab {
namespace {

constexpr std::uint8_t kVersion = 1;
// Of any list in a command: more than a person would give.
constexpr std::uint64_t kMost = 100'000;

std::string text(ByteReader& r) { return std::string(as_text(r.sized())); }

// How many elements follow; none if they cannot all be there.
std::uint64_t count(ByteReader& r) {
  const std::uint64_t n = r.varint();
  return n > kMost || n > r.remaining() ? 0 : n;
}

}  // namespace

void encode(const AgentCommand& command, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(kVersion << 4 | static_cast<std::uint8_t>(command.kind)));
  w.u8(command.flag ? 1 : 0);
  w.u8(command.number);
  w.varint(static_cast<std::uint64_t>(command.timeout.ns));
  w.varint(command.hosts.size());
  for (const NodeId host : command.hosts) w.varint(host.value);
  w.sized(command.name);
  w.sized(command.payload);
  w.varint(command.tags.size());
  for (const auto& [key, value] : command.tags) {
    w.sized(key);
    w.sized(value);
  }
  w.varint(command.names.size());
  for (const std::string& name : command.names) w.sized(name);
}

std::optional<AgentCommand> decode_agent_command(ByteView bytes) {
  ByteReader r(bytes);
  const std::uint8_t head = r.u8();
  AgentCommand command;
  command.kind = static_cast<AgentCommand::Kind>(head & 0x0f);
  command.flag = r.u8() != 0;
  command.number = r.u8();
  command.timeout = {static_cast<std::int64_t>(r.varint())};
  for (std::uint64_t n = count(r); n > 0; --n) {
    command.hosts.push_back({static_cast<std::uint32_t>(r.varint())});
  }
  command.name = text(r);
  command.payload = text(r);
  for (std::uint64_t n = count(r); n > 0; --n) {
    std::string key = text(r);
    command.tags.emplace_back(std::move(key), text(r));
  }
  for (std::uint64_t n = count(r); n > 0; --n) command.names.push_back(text(r));
  const bool known =
      command.kind >= AgentCommand::Kind::join && command.kind <= AgentCommand::Kind::members;
  if (!r.finished() || head >> 4 != kVersion || !known) return std::nullopt;
  return command;
}

void encode(const AgentAnswer& answer, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(kVersion << 4 | static_cast<std::uint8_t>(answer.kind)));
  w.varint(static_cast<std::uint64_t>(answer.reason));
  w.varint(answer.from.value);
  w.varint(answer.count);
  w.sized(answer.text);
}

std::optional<AgentAnswer> decode_agent_answer(ByteView bytes) {
  ByteReader r(bytes);
  const std::uint8_t head = r.u8();
  AgentAnswer answer;
  answer.kind = static_cast<AgentAnswer::Kind>(head & 0x0f);
  answer.reason = static_cast<Reason>(r.varint());
  answer.from = {static_cast<std::uint32_t>(r.varint())};
  answer.count = r.varint();
  answer.text = r.sized();
  if (!r.finished() || head >> 4 != kVersion || answer.kind > AgentAnswer::Kind::response) {
    return std::nullopt;
  }
  return answer;
}

}  // namespace quorumlab
