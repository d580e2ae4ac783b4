// The face of the world. Everything behind it is cluster.h.
#include "sim/world/simulation.h"

#include <algorithm>

namespace quorumlab::world {

void Simulation::reset(const ClusterConfig& config, std::uint64_t seed) {
  cluster_.reset(config, seed);
}

void Simulation::keep_trace(bool on) { cluster_.keep_trace(on); }

Instant Simulation::now() const { return cluster_.now_; }

bool Simulation::step() { return cluster_.handle_next(); }

void Simulation::run_until(Instant until) { cluster_.run_until(until.ns); }

Instant Simulation::next_event() const { return {cluster_.next_time()}; }

std::uint64_t Simulation::inject(const Action& action) { return cluster_.inject(action); }

void Simulation::remark(trace::WorldFact kind, std::uint64_t a, std::string_view text,
                        NodeId peer) {
  cluster_.remark(kind, a, text, peer);
}

std::uint32_t Simulation::node_count() const { return cluster_.node_count(); }

bool Simulation::is_running(NodeId node) const {
  return cluster_.has_process(node) && cluster_.process(node).up();
}

bool Simulation::is_paused(NodeId node) const {
  return cluster_.has_process(node) && cluster_.process(node).state == Process::State::paused;
}

bool Simulation::is_blocked(NodeId node) const {
  return cluster_.has_process(node) && cluster_.process(node).state == Process::State::blocked;
}

const Node& Simulation::node(NodeId node) const {
  ASSERT(is_running(node), "only a running process has a node to look at");
  const Node* n = std::get_if<Node>(&cluster_.process(node).node);
  if (n != nullptr) return *n;
  // Somebody else's protocol runs here; of ours it knows nothing.
  static const Node kIdle{};
  return kIdle;
}

const recipes::App* Simulation::app(NodeId host) const {
  return cluster_.has_process(host) ? std::get_if<recipes::App>(&cluster_.process(host).node) : nullptr;
}

bool Simulation::said(NodeId host, std::string_view text) const {
  if (app(host) == nullptr) return false;
  const std::vector<std::string>& all = cluster_.process(host).said;
  return std::find(all.begin(), all.end(), text) != all.end();
}

const ForeignBehaviour* Simulation::foreign(NodeId node) const {
  if (!cluster_.has_process(node)) return nullptr;
  const ForeignNode* n = std::get_if<ForeignNode>(&cluster_.process(node).node);
  return n == nullptr ? nullptr : n->behaviour();
}

Now Simulation::clock(NodeId node) const {
  ASSERT(cluster_.has_process(node));
  return cluster_.process(node).clock.now(cluster_.now_);
}

ByteView Simulation::file(NodeId node, FileId file) const {
  ASSERT(cluster_.has_process(node));
  return cluster_.process(node).disk.content(file);
}

bool Simulation::connected(NodeId source, NodeId target) const {
  return cluster_.network_.connected(source.value, target.value);
}

const Operation& Simulation::operation(std::uint64_t id) const {
  return cluster_.operations_[cluster_.operation_place(id)];
}

const std::vector<Operation>& Simulation::operations() const { return cluster_.operations_; }

std::optional<judge::Violation> Simulation::violation() const {
  return cluster_.judges_.violation();
}

std::uint64_t Simulation::checks(judge::Checker checker) const {
  return cluster_.judges_.checks()[static_cast<std::size_t>(checker)];
}

const trace::Digest& Simulation::digest() const { return cluster_.digest_; }
const trace::Trace& Simulation::trace() const { return cluster_.trace_; }
std::uint64_t Simulation::events() const { return cluster_.events_; }
std::uint64_t Simulation::records() const { return cluster_.records_; }

std::uint64_t Simulation::count(Fact fact, NodeId node) const {
  return cluster_.counts_.get(static_cast<std::uint16_t>(fact), node.value);
}
std::uint64_t Simulation::count(trace::WorldFact fact, NodeId node) const {
  return cluster_.counts_.get(static_cast<std::uint16_t>(fact), node.value);
}

std::uint64_t Simulation::seed() const { return cluster_.seed_; }
const ClusterConfig& Simulation::config() const { return cluster_.config_; }

}  // namespace quorumlab::world
