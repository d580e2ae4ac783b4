// The real world behind the seam of core/node/event.h: packets are UDP datagrams, streams are TCP
// connections, files are files, deadlines are timers, and clients come over TCP. It drives anything
// with a step(Now, const Event&, Effects&), the same object code that the simulation drives.
//
// All steps run on the thread that runs the io_context; writes run on one thread of their own, so
// that a slow disk delays promises and not heartbeats. Nothing polls.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/node/event.h"

namespace boost::asio {
class io_context;
}

namespace quorumlab::runtime {

// Where another server of the cluster is found.
struct Peer {
  NodeId id;
  std::string address = "127.0.0.1";
  std::uint16_t packet_port = 0;  // UDP
  std::uint16_t stream_port = 0;  // TCP
};

struct Options {
  NodeId id;
  std::string directory;              // its files; made if it is not there
  std::string address = "127.0.0.1";  // to listen on
  std::uint16_t packet_port = 0;      // 0: the system chooses
  std::uint16_t stream_port = 0;
  std::uint16_t client_port = 0;
  std::uint32_t max_request_bytes = 4 << 20;    // of one client request
  std::uint32_t max_stream_backlog = 64 << 20;  // sent and not yet taken by the other end
};

// A datagram of UDP carries no more (65,507 bytes less our header); larger packets are dropped and
// counted, as a network with a small MTU would.
inline constexpr std::size_t kMaxPacketBytes = 65'000;

struct Counters {
  std::uint64_t steps = 0, packets_sent = 0, packets_received = 0;
  std::uint64_t packets_unknown = 0;  // from nobody we know
  std::uint64_t packets_too_large = 0;
  std::uint64_t packets_failed = 0;  // the system refused to send them
  std::uint64_t writes = 0, writes_failed = 0;
};

class EventLoop {
 public:
  using Step = std::function<void(Now, const Event&, Effects&)>;

  // Opens sockets and files. `io` must outlive the loop. On failure the error says which.
  static Result<std::unique_ptr<EventLoop>> open(boost::asio::io_context& io, Options options,
                                                 Step step);
  // Closes all of it; waits for a write that is under way. REQUIRES: io is not running, or this is
  // its thread outside any step of this loop.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // The ports that were bound.
  std::uint16_t packet_port() const;
  std::uint16_t stream_port() const;
  std::uint16_t client_port() const;

  // Hands the node its first event and begins to listen. Call once. `peers` may name itself.
  void start(std::vector<Peer> peers);
  // Ends the process as `kill` does: nothing more is sent, read or written.
  void stop();
  bool stopped() const;
  const Counters& counters() const;

 private:
  struct State;
  explicit EventLoop(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace quorumlab::runtime
