// A toy protocol that uses all of the seam in core/node/event.h: packets, streams, writes,
// deadlines and clients. Tests compile it once and drive the same object code in both worlds, the
// simulation and the real runtime, to show that the seam is enough and means the same in both.
//
// The nodes stand in a ring. Each pings its successor until kPings of its pings were acknowledged;
// a ping is acknowledged only once it is durable at the receiver. Once a node also has all pings of
// its predecessor, it sends its whole file to its successor over a stream. Clients add numbers,
// which are answered once durable, and ask for a report.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/node/event.h"
#include "core/node/request.h"

namespace quorumlab::toy {

class ToyNode {
 public:
  static constexpr std::uint64_t kPings = 10;
  static constexpr Duration kInterval = milliseconds(10);

  ToyNode() = default;
  ToyNode(NodeId id, std::uint32_t ring_size) : id_(id), ring_size_(ring_size) {}

  void step(Now now, const Event& event, Effects& out);

  // What a client that reads is told: "pings P sum S copied C". When all is quiet, P and C
  // are kPings at every node and S is the sum of what clients added there, in whatever world.
  std::string report() const;

 private:
  enum class PacketKind : std::uint8_t { ping = 1, acknowledgement = 2 };
  enum class RecordKind : std::uint8_t { ping = 1, add = 2 };
  struct Pending {  // a client that waits for a write
    std::uint64_t write = 0;
    std::uint64_t request = 0;
  };
  struct Incoming {  // a file on its way here
    std::uint64_t stream = 0;
    Bytes bytes;
  };
  struct Counts {
    std::uint64_t pings = 0, sum = 0;
  };

  // Counts whole records and answers how many bytes they take: less than all if the last is torn.
  static std::size_t count(ByteView file, Counts& counts);
  void start(ByteView file, Effects& out);
  void on_packet(NodeId source, ByteView bytes, Effects& out);
  void on_request(const Event& event, Effects& out);
  static void answer(std::uint64_t request, Response::Status status, std::string_view text,
                     Effects& out);
  void on_durable(std::uint64_t write, Effects& out);
  void on_stream_end(std::uint64_t stream);
  void on_deadline(Effects& out);
  void transfer(Effects& out);
  void write(Effects::Write::Mode mode, Slice bytes, Effects& out);
  std::uint64_t persist(RecordKind kind, std::uint64_t value, Effects& out);
  void send(PacketKind kind, NodeId target, std::uint64_t number, std::uint64_t after,
            Effects& out) const;
  NodeId successor() const { return {id_.value % ring_size_ + 1}; }

  NodeId id_;
  std::uint32_t ring_size_ = 0;
  std::uint64_t acknowledged_ = 0;  // of this node's own pings; not kept over a restart
  Counts counts_;                   // what the file holds or soon will
  std::uint64_t copied_ = 0;        // pings counted in the predecessor's file
  std::uint64_t last_write_ = 0, durable_write_ = 0;
  std::uint64_t streams_ = 0;   // opened so far
  std::uint64_t outgoing_ = 0;  // the stream that is up or on its way, or 0
  bool transferred_ = false;
  Bytes file_;  // what this node's file holds
  std::vector<Pending> pending_;
  std::vector<Incoming> incoming_;
  Instant next_ping_ = kNever;
};

}  // namespace quorumlab::toy
