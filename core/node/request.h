// What a client may ask of a server, and what it is told: the bytes of Event::client_request and of
// Effects::Reply. An encoded Request is also what stands in the log as a command.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/fact.h"
#include "core/base/types.h"

namespace quorumlab {

struct Request {
  enum class Kind : std::uint8_t {
    write = 1,          // key := value; exactly once within a session
    read = 2,           // linearizable
    read_stale = 3,     // from this node's own copy, however old
    change_config = 4,  // value: an encoded raft::ConfChange
    transfer = 5,       // node: the target
    erase = 6,          // key is removed; exactly once within a session
    agent = 7           // value: an encoded AgentCommand (agent.h); answered with AgentAnswers
  };
  Kind kind = Kind::write;
  std::uint64_t session = 0;   // 0: none, then a retry may apply twice (thesis 6.3)
  std::uint64_t sequence = 0;  // counts up within the session, from 1
  // The lowest sequence whose answer the client still waits for: the server may forget what it
  // answered to those before.
  std::uint64_t first_outstanding = 0;
  ByteView key;
  ByteView value;
  NodeId node;
};

struct Response {
  enum class Status : std::uint8_t {
    ok = 1,
    not_found = 2,      // read of a key that is not there
    dropped = 3,        // surely not applied: `reason` says why; try again
    unknown = 4,        // leadership or snapshot came between: applied or not, nobody knows
    bad_request = 5
  };
  Status status = Status::ok;
  Reason reason = Reason::none;
  LogIndex index;     // write: where it was applied; read: the index it reflects
  Term term;
  NodeId leader;      // who leads, as far as this node knows
  LogIndex modified;  // read: the index at which the key was last written
  ByteView value;
};

void encode(const Request& request, Bytes& out);
std::optional<Request> decode_request(ByteView bytes);
// Whether these bytes are an agent's request, without a look at the rest.
bool is_agent_request(ByteView bytes);
void encode(const Response& response, Bytes& out);
std::optional<Response> decode_response(ByteView bytes);

}  // namespace quorumlab
