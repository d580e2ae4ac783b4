// The seam between a node and the world it lives in. The simulation and the real runtime both speak
// exactly this: an event goes in, effects come out, and nothing else passes. A node never asks for
// the time, never opens a file or a socket, and cannot tell which of the two worlds it is in.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/fact.h"
#include "core/base/types.h"
#include "core/gossip/directory.h"
#include "core/gossip/ready.h"

namespace quorumlab {

// Which of a node's two sockets: each engine has its own, as etcd and serf on one host do.
enum class Port : std::uint8_t { raft = 0, gossip = 1 };

// A named file of one node. Within a file, writes become durable in the order they were submitted;
// across files there is no order.
enum class FileId : std::uint8_t { log = 0, snapshot = 1, session = 2, toy = 3, members = 4, keyring = 5 };
inline constexpr int kFileCount = 6;

struct FileContent {
  FileId file;
  ByteView bytes;  // all that survived, in order
};

struct Event {
  enum class Kind : std::uint8_t {
    started,           // first event of a process; `files` holds what the disk kept
    packet,            // `bytes` came from `peer`; may be damaged, doubled, late
    deadline_reached,  // the monotonic clock passed the `wake_at` of the last step
    write_durable,     // write `id` and all earlier ones of its file survive a crash from now on
    write_failed,      // write `id` may or may not have reached the disk; no later one of its file did
    stream_opened,     // stream `id` to or from `peer` is up
    stream_refused,    // stream `id` to `peer`: nobody listens there
    stream_bytes,      // `bytes` arrived on stream `id`, in order
    stream_closed,     // the other end closed stream `id`, or it broke
    client_request,    // `bytes` is a request numbered `id` from client `peer`
    client_gone,       // the client of request `id` no longer waits
    answered,          // `bytes` is a part of the answer to the request `id` that this host made
    ask_failed,        // nobody listens where it was sent, or the connection broke before the end
    sends_blocked,     // whoever sends from now on waits in its call; what comes in waits as well
    sends_unblocked    // those calls have returned
  };
  Kind kind = Kind::started;
  Port port = Port::raft;  // of packets and streams
  NodeId peer;
  std::uint64_t id = 0;
  ByteView bytes;  // valid during the step only
  std::span<const FileContent> files;
  bool last = true;  // of answered: no further part follows
};

// All that a step wants done. The caller owns it, clears it before each step and reuses it, so that
// a warm step allocates nothing.
struct Effects {
  struct Write {
    enum class Mode : std::uint8_t {
      append,  // after what the file holds
      replace  // the file holds exactly this afterwards, or what it held before: never a mixture
    };
    std::uint64_t id = 0;  // counts up for each node, never 0, never repeats within a process's life
    FileId file = FileId::log;
    Mode mode = Mode::append;
    Slice bytes;
  };
  struct Packet {
    NodeId target;
    std::uint8_t kind = 0;          // the message's type, for naming it; the world reads no more
    std::uint64_t after_write = 0;  // leaves once this write is durable, or never; 0: at once
    Slice bytes;
    Port port = Port::raft;
  };
  struct Stream {
    enum class Op : std::uint8_t { open, send, close };
    Op op = Op::open;
    std::uint64_t id = 0;  // chosen by the opener with its top bit clear; the acceptor's has it set
    NodeId target;         // for open; streams are the gossip engine's
    Slice bytes;           // for send
  };
  struct Reply {
    std::uint64_t request = 0;
    bool last = true;  // false: more chunks of the same answer follow
    Slice bytes;
  };
  // A request to a server, as clients make them; `id` is the asker's own and never repeats.
  struct Ask {
    NodeId target;
    std::uint64_t id = 0;
    bool hang_up = false;  // the answer to `id` is no longer awaited; nothing else counts then
    Slice bytes;
  };
  // What a program says to whoever looks on: a speech bubble, no more.
  struct Speech {
    enum class Kind : std::uint8_t {
      aloud,
      note,   // a line in its log
      state,  // what it is from now on: "primary"
      lead    // the same, and it says that it leads
    };
    NodeId as;  // who is made to say it: nobody: the program itself; else the server it talks to
    Slice text;
    Kind kind = Kind::aloud;
  };
  // What the agent tells its event handlers. It leaves the node and never comes back.
  struct Delivery {
    gossip::EventKind kind = gossip::EventKind::user;
    std::uint64_t ltime = 0;
    Slice name;     // user events and queries
    Slice payload;  // what a handler script reads on its standard input
  };

  Bytes bytes;
  std::vector<Write> writes;
  std::vector<Packet> packets;
  std::vector<Stream> streams;
  std::vector<Reply> replies;
  std::vector<Delivery> deliveries;
  std::vector<Ask> asks;
  std::vector<Speech> speeches;
  std::vector<Note> notes;
  Instant wake_at = kNever;  // on this node's monotonic clock; may lie in the past: then at once
  bool stop = false;         // the process ends itself, as after a failed write

  // Lent by the owner: room that the gossip engine works in, and names that the owner's nodes share
  // (null: the node keeps its own).
  gossip::Ready gossip;
  gossip::Directory* names = nullptr;

  void clear() {
    bytes.clear();
    writes.clear();
    packets.clear();
    streams.clear();
    replies.clear();
    deliveries.clear();
    asks.clear();
    speeches.clear();
    notes.clear();
    wake_at = kNever;
    stop = false;
  }
  ByteView view(Slice s) const { return {bytes.data() + s.offset, s.size}; }
  // Opens a slice at the end of `bytes`; close it with end() once everything is written.
  std::uint32_t begin() const { return static_cast<std::uint32_t>(bytes.size()); }
  Slice end(std::uint32_t begin) const {
    return {begin, static_cast<std::uint32_t>(bytes.size()) - begin};
  }
};

}  // namespace quorumlab
