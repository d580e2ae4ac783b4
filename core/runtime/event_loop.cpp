// Steps, packets, deadlines and writes. A step never runs inside another: whatever an effect leads
// to comes back through the io_context. Streams and clients are in connections.cpp.
#include "core/runtime/event_loop.h"

#include <unistd.h>

#include "core/runtime/loop_state.h"

namespace quorumlab::runtime {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using Failure = boost::system::error_code;

namespace {

// A datagram begins with who sends it; the address it came from must agree.
constexpr std::size_t kPacketHeader = 4;

template <class Socket, class Endpoint>
Result<void> bind(Socket& socket, const Endpoint& endpoint, const char* what) {
  Failure failure;
  socket.open(endpoint.protocol(), failure);
  if constexpr (std::is_same_v<Socket, tcp::acceptor>) {
    if (!failure) socket.set_option(tcp::acceptor::reuse_address(true), failure);
  }
  if (!failure) socket.bind(endpoint, failure);
  if constexpr (std::is_same_v<Socket, tcp::acceptor>) {
    if (!failure) socket.listen(asio::socket_base::max_listen_connections, failure);
  }
  if (!failure) socket.non_blocking(true, failure);
  if (failure) {
    return error(endpoint.address().to_string() + ":" + std::to_string(endpoint.port()),
                 std::string("cannot listen for ") + what + ": " + failure.message());
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::open(asio::io_context& io, Options options,
                                                   Step step) {
  Failure failure;
  const auto address = asio::ip::make_address(options.address, failure);
  if (failure) return error(options.address, "expected an IP address to listen on");
  auto disk = Disk::open(options.directory);
  if (!disk) return tl::unexpected(disk.error());
  const udp::endpoint packets(address, options.packet_port);
  const tcp::endpoint streams(address, options.stream_port), clients(address, options.client_port);
  auto state = std::make_shared<State>(io, std::move(options), std::move(step), std::move(*disk));
  for (const auto& bound :
       {bind(state->packets, packets, "packets"), bind(state->stream_door, streams, "streams"),
        bind(state->client_door, clients, "clients")}) {
    if (!bound) return tl::unexpected(bound.error());
  }
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(state)));
}

EventLoop::EventLoop(std::shared_ptr<State> state) : state_(std::move(state)) {}

EventLoop::~EventLoop() {
  stop();
  state_->disk_thread.join();
}

std::uint16_t EventLoop::packet_port() const { return state_->packets.local_endpoint().port(); }
std::uint16_t EventLoop::stream_port() const { return state_->stream_door.local_endpoint().port(); }
std::uint16_t EventLoop::client_port() const { return state_->client_door.local_endpoint().port(); }
void EventLoop::start(std::vector<Peer> peers) { state_->start(std::move(peers)); }
void EventLoop::stop() { state_->stop(); }
bool EventLoop::stopped() const { return state_->stopped; }
const Counters& EventLoop::counters() const { return state_->counters; }

void EventLoop::State::start(std::vector<Peer> list) {
  peers = std::move(list);
  std::vector<Bytes> contents;
  std::vector<FileContent> files;
  for (int i = 0; i < kFileCount; ++i) {
    auto content = disk.read(static_cast<FileId>(i));
    // A disk that cannot be read is not an empty one: the node must not run on it.
    if (!content) return stop();
    contents.push_back(std::move(*content));
  }
  for (int i = 0; i < kFileCount; ++i) {
    const Bytes& content = contents[static_cast<std::size_t>(i)];
    if (!content.empty()) files.push_back({static_cast<FileId>(i), content});
  }
  handle({.kind = Event::Kind::started, .files = files});
  if (stopped) return;
  receive();
  accept_streams();
  accept_clients();
}

void EventLoop::State::stop() {
  if (stopped) return;
  stopped = true;
  Failure ignored;
  timer.cancel();
  pause.cancel();
  packets.close(ignored);
  stream_door.close(ignored);
  client_door.close(ignored);
  for (auto& [id, stream] : streams) stream.wire->abort();
  for (auto& [id, client] : clients) client.wire->abort();
  streams.clear();
  clients.clear();
  held.clear();
}

void EventLoop::State::handle(const Event& event) {
  if (stopped) return;
  ++counters.steps;
  effects.clear();
  const auto since_epoch = [](auto time) {
    return Instant{
        std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count()};
  };
  step({since_epoch(std::chrono::steady_clock::now()),
        since_epoch(std::chrono::system_clock::now())},
       event, effects);
  // A node that ends itself, as after a failed write, must not promise anything any more.
  if (effects.stop) return stop();
  for (const Effects::Write& write : effects.writes) submit(write);
  for (const Effects::Packet& packet : effects.packets) {
    if (packet.after_write == 0 || (!pending_writes.contains(packet.after_write) &&
                                    !failed_writes.contains(packet.after_write))) {
      send(packet.target, effects.view(packet.bytes));
    } else if (pending_writes.contains(packet.after_write)) {
      const ByteView bytes = effects.view(packet.bytes);
      held.push_back({packet.after_write, packet.target, Bytes(bytes.begin(), bytes.end())});
    }
  }
  for (const Effects::Stream& act : effects.streams) carry_out(act);
  for (const Effects::Reply& reply : effects.replies) answer(reply);
  arm(effects.wake_at);
}

void EventLoop::State::arm(Instant wake_at) {
  if (wake_at == armed) return;
  armed = wake_at;
  if (wake_at == kNever) {
    timer.cancel();
    return;
  }
  timer.expires_at(std::chrono::steady_clock::time_point(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(
          std::chrono::nanoseconds(wake_at.ns))));
  timer.async_wait([self = shared_from_this(), wake_at](Failure cancelled) {
    // A wait that was replaced may already have been on its way.
    if (cancelled || self->armed != wake_at) return;
    self->armed = kNever;
    self->handle({.kind = Event::Kind::deadline_reached});
  });
}

void EventLoop::State::submit(const Effects::Write& write) {
  ++counters.writes;
  pending_writes.insert(write.id);
  const ByteView view = effects.view(write.bytes);
  asio::post(disk_thread, [self = shared_from_this(), id = write.id, file = write.file,
                           mode = write.mode, bytes = Bytes(view.begin(), view.end())] {
    const bool ok = (mode == Effects::Write::Mode::append ? self->disk.append(file, bytes)
                                                          : self->disk.replace(file, bytes))
                        .has_value();
    asio::post(self->io, [self, id, ok] { self->on_written(id, ok); });
  });
}

void EventLoop::State::on_written(std::uint64_t id, bool ok) {
  if (stopped) return;
  pending_writes.erase(id);
  if (!ok) {
    ++counters.writes_failed;
    failed_writes.insert(id);
  }
  std::erase_if(held, [&](const Held& packet) {
    if (packet.write != id) return false;
    if (ok) send(packet.target, packet.bytes);
    return true;
  });
  handle({.kind = ok ? Event::Kind::write_durable : Event::Kind::write_failed, .id = id});
}

const Peer* EventLoop::State::find_peer(NodeId id) const {
  for (const Peer& peer : peers) {
    if (peer.id == id) return &peer;
  }
  return nullptr;
}

void EventLoop::State::send(NodeId target, ByteView bytes) {
  const Peer* peer = find_peer(target);
  Failure failure;
  if (peer == nullptr) return;
  if (bytes.size() > kMaxPacketBytes) {
    ++counters.packets_too_large;
    return;
  }
  Bytes header;
  ByteWriter(header).u32(options.id.value);
  const std::array<asio::const_buffer, 2> parts{asio::buffer(header),
                                                asio::buffer(bytes.data(), bytes.size())};
  // The socket does not block: a full buffer loses the packet, as any network may.
  packets.send_to(parts, {asio::ip::make_address(peer->address, failure), peer->packet_port}, 0,
                  failure);
  ++(failure ? counters.packets_failed : counters.packets_sent);
}

void EventLoop::State::receive() {
  packets.async_receive_from(asio::buffer(datagram), sender,
                             [self = shared_from_this()](Failure failure, std::size_t n) {
                               if (self->stopped) return;
                               // An earlier packet may have met a closed port; that is no reason to
                               // stop listening.
                               if (failure && failure != asio::error::connection_refused) {
                                 return self->after_pause([self] { self->receive(); });
                               }
                               if (!failure) self->on_datagram(ByteView(self->datagram.data(), n));
                               if (!self->stopped) self->receive();
                             });
}

void EventLoop::State::on_datagram(ByteView bytes) {
  ByteReader reader(bytes);
  const NodeId source{reader.u32()};
  const Peer* peer = find_peer(source);
  if (!reader.ok() || peer == nullptr || peer->packet_port != sender.port() ||
      peer->address != sender.address().to_string()) {
    ++counters.packets_unknown;
    return;
  }
  ++counters.packets_received;
  handle({.kind = Event::Kind::packet, .peer = source, .bytes = bytes.subspan(kPacketHeader)});
}

void EventLoop::State::after_pause(std::function<void()> again) {
  pause.expires_after(std::chrono::milliseconds(100));
  pause.async_wait([self = shared_from_this(), again = std::move(again)](Failure cancelled) {
    if (!cancelled && !self->stopped) again();
  });
}

}  // namespace quorumlab::runtime
