// The toys' harness on real sockets.
#include "tests/toy/loopback.h"

#include <stdlib.h>
#include <sys/socket.h>

#include <boost/asio.hpp>
#include <chrono>
#include <future>
#include <optional>
#include <stdexcept>

namespace quorumlab::toy {

namespace asio = boost::asio;
using asio::ip::tcp;

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "quorumlab-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
  root_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

Loopback::Loopback(const TemporaryFolder& folder, std::uint32_t size)
    : io_(std::make_unique<asio::io_context>(1)) {
  std::vector<runtime::Peer> peers;
  for (std::uint32_t id = 1; id <= size; ++id) {
    nodes_.push_back(std::make_unique<ToyNode>(NodeId{id}, size));
    runtime::Options options;
    options.id = {id};
    options.directory = folder.path("n" + std::to_string(id));
    auto loop = runtime::EventLoop::open(
        *io_, options, [node = nodes_.back().get()](Now now, const Event& event, Effects& out) {
          node->step(now, event, out);
        });
    if (!loop) throw std::runtime_error(loop.error().text());
    loops_.push_back(std::move(*loop));
    const runtime::EventLoop& opened = *loops_.back();
    peers.push_back({{id}, "127.0.0.1", opened.packet_port(), opened.stream_port()});
    ports_.push_back(opened.client_port());
    packet_ports_.push_back(opened.packet_port());
  }
  for (auto& loop : loops_) loop->start(peers);
  thread_ = std::thread([this] {
    const auto guard = asio::make_work_guard(*io_);
    io_->run();
  });
}

Loopback::~Loopback() {
  on_loop([this] {
    for (auto& loop : loops_) loop->stop();
  });
  io_->stop();
  thread_.join();
  loops_.clear();
}

void Loopback::on_loop(const std::function<void()>& function) const {
  std::promise<void> done;
  asio::post(*io_, [&] {
    function();
    done.set_value();
  });
  done.get_future().wait();
}

std::string Loopback::add(NodeId node, const std::string& number) const {
  Request request;
  request.kind = Request::Kind::write;
  request.key = as_bytes("add");
  request.value = as_bytes(number);
  return ask(node, request);
}

std::string Loopback::read(NodeId node) const {
  Request request;
  request.kind = Request::Kind::read;
  return ask(node, request);
}

std::string Loopback::ask(NodeId node, const Request& request) const {
  constexpr std::uint64_t kNumber = 77;
  asio::io_context io;
  tcp::socket socket(io);
  boost::system::error_code failure;
  socket.connect({asio::ip::address_v4::loopback(), client_port(node)}, failure);
  if (failure) return {};
  const timeval patience{5, 0};
  ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  Bytes body, frame, answer;
  encode(request, body);
  ByteWriter writer(frame);
  writer.u32(static_cast<std::uint32_t>(body.size()));
  writer.u64(kNumber);
  writer.raw(body);
  asio::write(socket, asio::buffer(frame), failure);
  for (bool last = false; !last;) {
    Bytes header(13);
    asio::read(socket, asio::buffer(header), failure);
    if (failure) return {};
    ByteReader reader(header);
    Bytes piece(reader.u32());
    if (reader.u64() != kNumber) return {};
    last = reader.u8() != 0;
    asio::read(socket, asio::buffer(piece), failure);
    if (failure) return {};
    ByteWriter(answer).raw(piece);
  }
  const std::optional<Response> response = decode_response(answer);
  if (!response || response->status != Response::Status::ok) return {};
  return std::string(as_text(response->value));
}

std::vector<std::string> Loopback::wait_for_reports(
    const std::vector<std::string>& expected) const {
  std::vector<std::string> reports(expected.size());
  for (int tries = 0; tries < 1'000 && reports != expected; ++tries) {
    for (std::uint32_t i = 0; i < expected.size(); ++i) {
      if (reports[i] != expected[i]) reports[i] = read({i + 1});
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return reports;
}

}  // namespace quorumlab::toy
