// Streams between servers, and clients. A stream begins with a greeting that names both ends; after
// it come the node's own bytes. A client sends frames (u32 size, u64 number, request) and is sent
// frames (u32 size, u64 number, u8 last, piece of the answer), all little-endian.
#include <type_traits>

#include "core/runtime/loop_state.h"

namespace quorumlab::runtime {

namespace asio = boost::asio;
using asio::ip::tcp;
using Failure = boost::system::error_code;

namespace {

constexpr std::uint32_t kGreeting = 0x01534c51;  // "QLS", version 1
constexpr std::size_t kGreetingBytes = 12;
constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::uint64_t kAcceptorsBit = std::uint64_t{1} << 63;
constexpr std::chrono::milliseconds kLinger{2'000};
constexpr std::size_t kFrameHeader = 12;
// A client that has this many requests open is not read until one is answered.
constexpr std::size_t kMaxOpenRequests = 1'024;
// Clients get ids far from those of servers.
constexpr std::uint32_t kFirstClient = 1u << 31;

}  // namespace

void EventLoop::State::carry_out(const Effects::Stream& act) {
  if (act.op == Effects::Stream::Op::open) return connect(act.id, act.target);
  const auto found = streams.find(act.id);
  if (found == streams.end()) return;  // it broke; the node is told or was
  Stream& stream = found->second;
  if (act.op == Effects::Stream::Op::close) {
    // Reading on until the other end closes too: closing with unread bytes would reset the
    // connection and lose what is still on its way there.
    stream.wire->finish(kLinger);
    streams.erase(found);
    return;
  }
  const ByteView bytes = effects.view(act.bytes);
  if (!stream.wire->send(Bytes(bytes.begin(), bytes.end()))) stream.wire->abort();
}

void EventLoop::State::connect(std::uint64_t id, NodeId target) {
  const Peer* peer = find_peer(target);
  auto wire = std::make_shared<Wire>(tcp::socket(io), options.max_stream_backlog, false);
  streams[id].wire = wire;
  Failure failure;
  const auto address = asio::ip::make_address(peer ? peer->address : "", failure);
  if (failure) {
    asio::post(io, [self = shared_from_this(), id, target] {
      self->end_stream(id, target, Event::Kind::stream_refused);
    });
    return;
  }
  wire->socket().async_connect(
      {address, peer->stream_port}, [self = shared_from_this(), wire, id, target](Failure refused) {
        if (self->stopped) return wire->abort();
        if (refused) return self->end_stream(id, target, Event::Kind::stream_refused);
        wire->socket().set_option(tcp::no_delay(true), refused);
        Bytes greeting;
        ByteWriter writer(greeting);
        writer.u32(kGreeting);
        writer.u32(self->options.id.value);
        writer.u32(target.value);
        wire->start(std::move(greeting));
        // The node may have closed the stream meanwhile; what it sent before still goes out.
        self->read_stream(wire, id, target);
        if (!self->streams.contains(id)) return;
        self->handle({.kind = Event::Kind::stream_opened, .peer = target, .id = id});
      });
}

void EventLoop::State::accept_streams() {
  stream_door.async_accept([self = shared_from_this()](Failure failure, tcp::socket socket) {
    if (self->stopped) return;
    if (failure) return self->after_pause([self] { self->accept_streams(); });
    self->greet(std::make_shared<Wire>(std::move(socket), self->options.max_stream_backlog, true));
    self->accept_streams();
  });
}

void EventLoop::State::greet(std::shared_ptr<Wire> wire) {
  auto greeting = std::make_shared<Bytes>();
  auto patience = std::make_shared<asio::steady_timer>(io, kLinger);
  patience->async_wait([wire](Failure cancelled) {
    if (!cancelled) wire->abort();
  });
  wire->read(
      *greeting, kGreetingBytes, [self = shared_from_this(), wire, greeting, patience](bool ok) {
        patience->cancel();
        if (!ok || self->stopped) return wire->abort();
        ByteReader reader(*greeting);
        const bool ours = reader.u32() == kGreeting;
        const NodeId source{reader.u32()};
        if (!ours || self->find_peer(source) == nullptr || reader.u32() != self->options.id.value) {
          return wire->abort();
        }
        const std::uint64_t id = kAcceptorsBit | ++self->accepted_streams;
        self->streams[id].wire = wire;
        self->read_stream(wire, id, source);
        self->handle({.kind = Event::Kind::stream_opened, .peer = source, .id = id});
      });
}

void EventLoop::State::read_stream(const std::shared_ptr<Wire>& wire, std::uint64_t id,
                                   NodeId peer) {
  // The bytes live with the handler, since the node may close the stream while they are read.
  auto incoming = std::make_shared<Bytes>();
  auto next = [self = shared_from_this(), wire, incoming, id, peer](auto again, bool ok) -> void {
    const bool known = !self->stopped && self->streams.contains(id);
    if (!ok) {
      wire->abort();
      if (known) self->end_stream(id, peer, Event::Kind::stream_closed);
      return;
    }
    if (known) {
      self->handle({.kind = Event::Kind::stream_bytes, .peer = peer, .id = id, .bytes = *incoming});
    }
    wire->read_some(*incoming, kReadBytes, [again](bool more) { again(again, more); });
  };
  wire->read_some(*incoming, kReadBytes, [next](bool ok) { next(next, ok); });
}

void EventLoop::State::end_stream(std::uint64_t id, NodeId peer, Event::Kind how) {
  if (stopped || streams.erase(id) == 0) return;
  handle({.kind = how, .peer = peer, .id = id});
}

void EventLoop::State::accept_clients() {
  client_door.async_accept([self = shared_from_this()](Failure failure, tcp::socket socket) {
    if (self->stopped) return;
    if (failure) return self->after_pause([self] { self->accept_clients(); });
    socket.set_option(tcp::no_delay(true), failure);
    const std::uint32_t id = kFirstClient + ++self->accepted_clients;
    self->clients[id].wire =
        std::make_shared<Wire>(std::move(socket), self->options.max_stream_backlog, true);
    self->read_request(id);
    self->accept_clients();
  });
}

void EventLoop::State::read_request(std::uint32_t id) {
  const auto found = clients.find(id);
  if (found == clients.end() || found->second.reading) return;
  Client& client = found->second;
  if (client.requests.size() >= kMaxOpenRequests) return;  // answer() begins again
  client.reading = true;
  // The buffers live with the handlers, since the client may go away while they are read.
  auto header = std::make_shared<Bytes>();
  client.wire->read(*header, kFrameHeader, [self = shared_from_this(), header, id](bool ok) {
    const auto asking = self->clients.find(id);
    if (self->stopped || asking == self->clients.end()) return;
    ByteReader reader(*header);
    const std::uint32_t size = reader.u32();
    const std::uint64_t number = reader.u64();
    if (!ok || size > self->options.max_request_bytes) return self->end_client(id);
    auto body = std::make_shared<Bytes>();
    asking->second.wire->read(*body, size, [self, body, id, number](bool complete) {
      if (self->stopped || !self->clients.contains(id)) return;
      if (!complete) return self->end_client(id);
      const std::uint64_t request = ++self->requests;
      self->clients.at(id).reading = false;
      self->clients.at(id).requests[request] = number;
      self->asked_by[request] = id;
      self->handle(
          {.kind = Event::Kind::client_request, .peer = {id}, .id = request, .bytes = *body});
      if (!self->stopped) self->read_request(id);
    });
  });
}

void EventLoop::State::answer(const Effects::Reply& reply) {
  const auto asked = asked_by.find(reply.request);
  if (asked == asked_by.end()) return;  // the client went away
  const std::uint32_t id = asked->second;
  Client& client = clients.at(id);
  const ByteView bytes = effects.view(reply.bytes);
  Bytes frame;
  ByteWriter writer(frame);
  writer.u32(static_cast<std::uint32_t>(bytes.size()));
  writer.u64(client.requests.at(reply.request));
  writer.u8(reply.last ? 1 : 0);
  writer.raw(bytes);
  if (!client.wire->send(std::move(frame))) client.wire->abort();
  if (!reply.last) return;
  asked_by.erase(asked);
  client.requests.erase(reply.request);
  // Not from within a step.
  asio::post(io, [self = shared_from_this(), id] {
    if (!self->stopped) self->read_request(id);
  });
}

void EventLoop::State::end_client(std::uint32_t id) {
  const auto found = clients.find(id);
  if (found == clients.end()) return;
  found->second.wire->abort();
  const std::map<std::uint64_t, std::uint64_t> open = std::move(found->second.requests);
  clients.erase(found);
  for (const auto& [request, number] : open) asked_by.erase(request);
  for (const auto& [request, number] : open) {
    handle({.kind = Event::Kind::client_gone, .peer = {id}, .id = request});
  }
}

}  // namespace quorumlab::runtime
