// What a step of the gossip engine wants done. The owner clears and reuses it; a warm step
// allocates nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/fact.h"
#include "core/base/types.h"
#include "core/gossip/scratch.h"

namespace quorumlab::gossip {

// What serf tells its handlers (serf.md 3.2); the order is part of the trace format.
enum class EventKind : std::uint8_t {
  member_join,
  member_leave,
  member_failed,
  member_update,
  member_reap,
  user,
  query
};
// "member-join" and so on, as in SERF_EVENT.
const char* event_name(EventKind kind);

struct Ready {
  struct Packet {
    NodeId target;          // by the address plan; nobody: an address that no host has
    std::uint8_t kind = 0;  // the first message's type byte, for naming it
    Slice bytes;
  };
  struct Stream {
    enum class Op : std::uint8_t { open, send, close };
    Op op = Op::open;
    std::uint64_t id = 0;  // counts up from 1 at the opener; an acceptor uses the id it was told
    NodeId target;         // for open
    Slice bytes;           // for send
  };
  // To the snapshot file (serf.md 3.9), or all of the keyring file (3.10).
  struct Write {
    enum class File : std::uint8_t { snapshot, keyring };
    File file = File::snapshot;
    bool replace = false;  // else appended
    Slice bytes;
  };
  // For the handlers, after coalescing.
  struct Delivery {
    EventKind kind = EventKind::user;
    std::uint64_t ltime = 0;     // user, query
    std::uint64_t query_id = 0;  // for Engine::respond
    Slice name;                  // user, query
    Slice payload;               // what a handler script reads on its standard input
    bool newline_added = false;  // the last byte of it is not the sender's
    bool coalesced = false;      // user: its sender let it be coalesced
  };
  // To whoever gave a command. A query's answers come as several, the last one marked.
  struct Answer {
    enum class Kind : std::uint8_t { done, ack, response };
    std::uint64_t request = 0;
    Kind kind = Kind::done;
    bool last = true;
    Reason reason = Reason::none;  // of a failure
    NodeId from;                   // ack, response
    std::uint64_t count = 0;  // join: nodes contacted; query: responses; keys: nodes that did it
    Slice bytes;              // response payload; error text
  };

  Bytes bytes;
  std::vector<Packet> packets;
  std::vector<Stream> streams;
  std::vector<Write> writes;
  std::vector<Delivery> deliveries;
  std::vector<Answer> answers;
  std::vector<Note> notes;
  bool stop = false;  // the agent ends: it left, or lost its name
  Scratch scratch;    // the engine's; best shared by all engines of a world

  void clear() {
    bytes.clear();
    packets.clear();
    streams.clear();
    writes.clear();
    deliveries.clear();
    answers.clear();
    notes.clear();
    stop = false;
  }
  ByteView view(Slice s) const { return {bytes.data() + s.offset, s.size}; }
  std::uint32_t begin() const { return static_cast<std::uint32_t>(bytes.size()); }
  Slice end(std::uint32_t begin) const {
    return {begin, static_cast<std::uint32_t>(bytes.size()) - begin};
  }
};

}  // namespace quorumlab::gossip
