// What an EventLoop holds. For the .cpp files of this folder only: it brings in Asio.
#pragma once

#include <array>
#include <boost/asio.hpp>
#include <map>
#include <set>
#include <vector>

#include "core/runtime/disk.h"
#include "core/runtime/event_loop.h"
#include "core/runtime/wire.h"

namespace quorumlab::runtime {

struct EventLoop::State : std::enable_shared_from_this<EventLoop::State> {
  State(boost::asio::io_context& context, Options chosen, Step function, Disk opened)
      : io(context),
        options(std::move(chosen)),
        step(std::move(function)),
        disk(std::move(opened)) {}

  struct Held {  // a packet that waits for a write
    std::uint64_t write;
    NodeId target;
    Bytes bytes;
  };
  struct Stream {
    std::shared_ptr<Wire> wire;
  };
  struct Client {
    std::shared_ptr<Wire> wire;
    std::map<std::uint64_t, std::uint64_t> requests;  // ours -> the client's own number
    bool reading = false;
  };

  // event_loop.cpp
  void start(std::vector<Peer> list);
  void stop();
  void handle(const Event& event);
  void arm(Instant wake_at);
  void submit(const Effects::Write& write);
  void on_written(std::uint64_t id, bool ok);
  const Peer* find_peer(NodeId id) const;
  void send(NodeId target, ByteView bytes);
  void receive();
  void on_datagram(ByteView bytes);
  // Tries again a little later, when the system is out of something (file handles, memory).
  void after_pause(std::function<void()> again);

  // connections.cpp
  void carry_out(const Effects::Stream& act);
  void connect(std::uint64_t id, NodeId target);
  void accept_streams();
  void greet(std::shared_ptr<Wire> wire);
  void read_stream(const std::shared_ptr<Wire>& wire, std::uint64_t id, NodeId peer);
  void end_stream(std::uint64_t id, NodeId peer, Event::Kind how);
  void accept_clients();
  void read_request(std::uint32_t id);
  void answer(const Effects::Reply& reply);
  void end_client(std::uint32_t id);

  boost::asio::io_context& io;
  Options options;
  Step step;
  Disk disk;  // of the disk thread, once started
  Counters counters;
  std::vector<Peer> peers;
  Effects effects;
  bool stopped = false;

  boost::asio::ip::udp::socket packets{io};
  boost::asio::ip::tcp::acceptor stream_door{io}, client_door{io};
  boost::asio::steady_timer timer{io}, pause{io};
  Instant armed = kNever;
  std::array<std::uint8_t, 65'536> datagram;
  boost::asio::ip::udp::endpoint sender;

  std::set<std::uint64_t> pending_writes, failed_writes;
  std::vector<Held> held;

  std::map<std::uint64_t, Stream> streams;
  std::uint64_t accepted_streams = 0;
  std::map<std::uint32_t, Client> clients;
  std::uint32_t accepted_clients = 0;
  std::uint64_t requests = 0;
  std::map<std::uint64_t, std::uint32_t> asked_by;  // request -> client

  // Last, so that it is joined before anything that it uses goes away.
  boost::asio::thread_pool disk_thread{1};
};

}  // namespace quorumlab::runtime
