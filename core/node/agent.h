// What the serf agent of a node is told over its RPC port, and what it answers: the commands of
// `serf join`, `leave`, `force-leave`, `tags`, `event`, `query`, `keys` (serf.md section 5), as data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/fact.h"
#include "core/base/types.h"

namespace quorumlab {

struct AgentCommand {
  enum class Kind : std::uint8_t {
    join = 1,         // hosts; flag: replay old events
    leave = 2,        // the agent ends once everybody was told
    force_leave = 3,  // name; flag: prune
    set_tags = 4,     // tags to set, names to erase
    event = 5,        // name, payload; flag: coalesce
    query = 6,        // name, payload; names: of nodes that answer; tags: regular expressions;
                      // flag: acks; number: relay factor; timeout
    key = 7,          // payload; number: 0 install, 1 use, 2 remove, 3 list
    on_query = 8,     // name, payload: what this node's handler answers to queries of that name
    members = 9       // answered with a line "NAME STATUS" for each member, in no order
  };
  Kind kind = Kind::join;
  bool flag = false;
  std::uint8_t number = 0;
  Duration timeout;
  std::vector<NodeId> hosts;
  std::string name;
  std::string payload;
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<std::string> names;
  bool operator==(const AgentCommand&) const = default;
};
void encode(const AgentCommand& command, Bytes& out);
std::optional<AgentCommand> decode_agent_command(ByteView bytes);

struct AgentAnswer {
  enum class Kind : std::uint8_t { done = 0, ack = 1, response = 2 };
  Kind kind = Kind::done;
  Reason reason = Reason::none;  // of a failure
  NodeId from;                   // ack, response
  std::uint64_t count = 0;       // done: nodes contacted, responses, nodes that took the key
  ByteView text;                 // a response's payload, the members, an error in serf's words
};
void encode(const AgentAnswer& answer, Bytes& out);
std::optional<AgentAnswer> decode_agent_answer(ByteView bytes);

}  // namespace quorumlab
