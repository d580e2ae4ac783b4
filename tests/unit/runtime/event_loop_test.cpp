// The real event loop, driven by toys over loopback sockets: what the simulation promises of
// packets, streams, writes, deadlines and clients also holds on a real machine.
#include "core/runtime/event_loop.h"

#include <boost/asio.hpp>
#include <fstream>

#include "tests/catch.h"
#include "tests/toy/loopback.h"

using namespace quorumlab;
using namespace quorumlab::toy;

namespace asio = boost::asio;

TEST_CASE("three toys over loopback ping, transfer their files and answer clients") {
  const TemporaryFolder folder;
  Loopback ring(folder, 3);
  CHECK(ring.add({1}, "5") == "added");
  CHECK(ring.add({3}, "30") == "added");
  CHECK(ring.add({3}, "4") == "added");
  CHECK(ring.add({2}, "nonsense").empty());
  const std::vector<std::string> expected{"pings 10 sum 5 copied 10", "pings 10 sum 0 copied 10",
                                          "pings 10 sum 34 copied 10"};
  CHECK(ring.wait_for_reports(expected) == expected);
  ring.on_loop([&] {
    CHECK(ring.loop({1}).counters().packets_unknown == 0);
    CHECK(ring.loop({1}).counters().packets_received >= 2 * ToyNode::kPings);
  });
}

TEST_CASE("what was answered is in the file, and is there after a restart") {
  const TemporaryFolder folder;
  {
    Loopback alone(folder, 1);
    REQUIRE(alone.add({1}, "7") == "added");
    std::ifstream file(folder.path("n1/toy"), std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(file)), {});
    CHECK(content.find("\x02\x07") != std::string::npos);
  }
  Loopback alone(folder, 1);
  CHECK(alone.wait_for_reports({"pings 10 sum 7 copied 10"})[0] == "pings 10 sum 7 copied 10");
}

TEST_CASE("a torn tail is cut, and the file is whole from then on") {
  const TemporaryFolder folder;
  {
    Loopback alone(folder, 1);
    REQUIRE(alone.add({1}, "7") == "added");
  }
  std::ofstream(folder.path("n1/toy"), std::ios::binary | std::ios::app) << '\x02';
  for (int restart = 0; restart < 2; ++restart) {
    Loopback alone(folder, 1);
    CHECK(alone.wait_for_reports({"pings 10 sum 7 copied 10"})[0] == "pings 10 sum 7 copied 10");
  }
}

TEST_CASE("what a node sends before its stream is up arrives, even if it closed it at once") {
  const TemporaryFolder folder;
  asio::io_context io(1);
  std::string received;
  bool closed = false;
  std::vector<std::unique_ptr<runtime::EventLoop>> loops;
  for (std::uint32_t id = 1; id <= 2; ++id) {
    runtime::Options options;
    options.id = {id};
    options.directory = folder.path("n" + std::to_string(id));
    auto loop =
        runtime::EventLoop::open(io, options, [&, id](Now, const Event& event, Effects& out) {
          if (id == 1 && event.kind == Event::Kind::started) {
            out.streams.push_back({Effects::Stream::Op::open, 1, {2}, {}});
            ByteWriter(out.bytes).raw(as_bytes("early"));
            out.streams.push_back({Effects::Stream::Op::send, 1, {}, {0, 5}});
            out.streams.push_back({Effects::Stream::Op::close, 1, {}, {}});
          }
          if (id == 2 && event.kind == Event::Kind::stream_bytes) received += as_text(event.bytes);
          if (id == 2 && event.kind == Event::Kind::stream_closed) closed = true;
        });
    REQUIRE(loop.has_value());
    loops.push_back(std::move(*loop));
  }
  const std::vector<runtime::Peer> peers{
      {{1}, "127.0.0.1", loops[0]->packet_port(), loops[0]->stream_port()},
      {{2}, "127.0.0.1", loops[1]->packet_port(), loops[1]->stream_port()}};
  for (auto& loop : loops) loop->start(peers);
  for (int i = 0; i < 500 && !closed; ++i) io.run_for(std::chrono::milliseconds(10));
  CHECK(received == "early");
  CHECK(closed);
}

TEST_CASE("datagrams from strangers never reach the node") {
  const TemporaryFolder folder;
  Loopback ring(folder, 2);
  asio::io_context io;
  asio::ip::udp::socket stranger(io, {asio::ip::address_v4::loopback(), 0});
  const asio::ip::udp::endpoint target(asio::ip::address_v4::loopback(), ring.packet_port({1}));
  const Bytes claims_to_be_2{2, 0, 0, 0, 1, 9}, too_short{2};
  stranger.send_to(asio::buffer(claims_to_be_2), target);
  stranger.send_to(asio::buffer(too_short), target);
  stranger.send_to(asio::buffer(Bytes{}), target);
  const std::vector<std::string> expected(2, "pings 10 sum 0 copied 10");
  CHECK(ring.wait_for_reports(expected) == expected);
  ring.on_loop([&] { CHECK(ring.loop({1}).counters().packets_unknown == 3); });
}

TEST_CASE("a client that breaks the protocol or goes away harms nobody") {
  const TemporaryFolder folder;
  Loopback alone(folder, 1);
  asio::io_context io;
  {
    asio::ip::tcp::socket client(io);
    client.connect({asio::ip::address_v4::loopback(), alone.client_port({1})});
    const Bytes endless(12, 0xff);  // announces four gigabytes
    asio::write(client, asio::buffer(endless));
    std::uint8_t byte;
    boost::system::error_code failure;
    asio::read(client, asio::buffer(&byte, 1), failure);
    CHECK(failure);  // it was hung up on
  }
  {
    asio::ip::tcp::socket client(io);
    client.connect({asio::ip::address_v4::loopback(), alone.client_port({1})});
    Request add_1;
    add_1.value = as_bytes("1");
    Bytes request, frame;
    encode(add_1, request);
    ByteWriter(frame).u32(static_cast<std::uint32_t>(request.size()));
    ByteWriter(frame).u64(1);
    ByteWriter(frame).raw(request);
    asio::write(client, asio::buffer(frame));
  }  // gone before its answer
  CHECK(alone.add({1}, "2") == "added");
  CHECK(alone.wait_for_reports({"pings 10 sum 3 copied 10"})[0] == "pings 10 sum 3 copied 10");
}

TEST_CASE("a stream to nobody is refused, and a node that stops itself is silent from then on") {
  const TemporaryFolder folder;
  asio::io_context io(1);
  std::vector<Event::Kind> seen;
  runtime::Options options;
  options.id = {1};
  options.directory = folder.path("n1");
  auto loop = runtime::EventLoop::open(io, options, [&](Now now, const Event& event, Effects& out) {
    seen.push_back(event.kind);
    if (event.kind == Event::Kind::started) {
      out.streams.push_back({Effects::Stream::Op::open, 1, {2}, {}});  // nothing listens there
      out.streams.push_back({Effects::Stream::Op::open, 2, {9}, {}});  // no such peer
    }
    if (seen.size() == 3) out.wake_at = now.monotonic - seconds(1);  // in the past: at once
    if (event.kind == Event::Kind::deadline_reached) {
      out.stop = true;
      out.wake_at = now.monotonic;
    }
  });
  REQUIRE(loop.has_value());
  std::uint16_t free_port = 0;
  {
    asio::ip::tcp::acceptor closed(io, {asio::ip::address_v4::loopback(), 0});
    free_port = closed.local_endpoint().port();
  }
  (*loop)->start({{{2}, "127.0.0.1", 1, free_port}});
  io.run_for(std::chrono::seconds(5));
  CHECK((*loop)->stopped());
  CHECK(seen == std::vector{Event::Kind::started, Event::Kind::stream_refused,
                            Event::Kind::stream_refused, Event::Kind::deadline_reached});
}

TEST_CASE("an address that cannot be used is an error that names it") {
  const TemporaryFolder folder;
  asio::io_context io(1);
  runtime::Options options;
  options.directory = folder.path("n1");
  options.address = "not an address";
  const auto step = [](Now, const Event&, Effects&) {};
  auto loop = runtime::EventLoop::open(io, options, step);
  REQUIRE_FALSE(loop.has_value());
  CHECK(loop.error().where == "not an address");
  options.address = "127.0.0.1";
  options.directory = folder.path("missing/n1");
  loop = runtime::EventLoop::open(io, options, step);
  REQUIRE_FALSE(loop.has_value());
  CHECK(loop.error().where == options.directory);
}
