// Three toys in the real world: real sockets on the loopback interface, real files in a temporary
// folder, one thread that runs their steps. The thread of the test is their client.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/runtime/event_loop.h"
#include "tests/toy/toy_node.h"

namespace quorumlab::toy {

// A folder of its own that goes away with it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string path(const std::string& name) const { return (root_ / name).string(); }

 private:
  std::filesystem::path root_;
};

class Loopback {
 public:
  // Starts `size` nodes that keep their files in folder/n1, folder/n2, ...
  Loopback(const TemporaryFolder& folder, std::uint32_t size);
  ~Loopback();

  // What the toy says to "add" or "read" (its response's text); empty when it refused, when the
  // connection ended or when nothing came within five seconds.
  std::string add(NodeId node, const std::string& number) const;
  std::string read(NodeId node) const;
  // Asks each node for its report until it is as expected, for at most ten seconds.
  std::vector<std::string> wait_for_reports(const std::vector<std::string>& expected) const;
  // Runs a function on the thread of the nodes and waits for it.
  void on_loop(const std::function<void()>& function) const;
  runtime::EventLoop& loop(NodeId node) { return *loops_[node.value - 1]; }
  std::uint16_t client_port(NodeId node) const { return ports_[node.value - 1]; }
  std::uint16_t packet_port(NodeId node) const { return packet_ports_[node.value - 1]; }

 private:
  std::string ask(NodeId node, const Request& request) const;

  std::unique_ptr<boost::asio::io_context> io_;
  std::vector<std::unique_ptr<ToyNode>> nodes_;
  std::vector<std::unique_ptr<runtime::EventLoop>> loops_;
  std::vector<std::uint16_t> ports_, packet_ports_;
  std::thread thread_;
};

}  // namespace quorumlab::toy
