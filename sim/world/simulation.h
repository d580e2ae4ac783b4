// The simulation: a world of nodes, clients, network, disks and clocks that one seed decides
// completely, as one value. Copying it forks it: the copy goes on with the same digest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/node/node.h"
#include "sim/judge/judges.h"
#include "sim/trace/digest.h"
#include "sim/trace/trace.h"
#include "sim/world/action.h"
#include "sim/world/cluster.h"
#include "sim/world/config.h"

namespace quorumlab::world {

class Simulation {
 public:
  Simulation() = default;
  Simulation(const ClusterConfig& config, std::uint64_t seed) { reset(config, seed); }
  // Starts over, keeping every buffer: what a campaign does from seed to seed.
  void reset(const ClusterConfig& config, std::uint64_t seed);

  // Whether records are kept. Off by default; digest, checkers and causes are the same either way.
  void keep_trace(bool on);
  // Benchmarks only: leaves the digest out, to know what it costs.
  void measure_without_digest(bool on) { cluster_.without_digest_ = on; }

  // Benchmarks only: all agents that run know each other from now on, as after a long life together.
  // A cluster of ten thousand need not join first. REQUIRES: no Raft engines.
  void settle_agents() { cluster_.settle_agents(); }

  Instant now() const;
  // Handles the next event; false when nothing will ever happen again.
  bool step();
  // Handles events up to and including `until`; time is `until` afterwards.
  void run_until(Instant until);
  void run_for(Duration d) { run_until(now() + d); }
  // The time of the next event; kNever if there is none.
  Instant next_event() const;

  // The one door: takes effect 1 ns after now, before that instant's events. Answers the number of
  // the act; for operations of clients that is the operation's id.
  std::uint64_t inject(const Action& action);

  // Puts a word of whoever drives the world into the trace (step_begun, caption, bookmark,
  // expectation_*): it changes neither the world nor the digest. With a text, Record::b is the
  // text's number in the trace (0 while no trace is kept).
  void remark(trace::WorldFact kind, std::uint64_t a, std::string_view text = {}, NodeId peer = {});

  // Live views; reading changes nothing.
  std::uint32_t node_count() const;    // servers, without clients
  bool is_running(NodeId node) const;  // the process lives (it may be paused)
  bool is_paused(NodeId node) const;
  bool is_blocked(NodeId node) const;  // it lives, sends nothing and hears nothing
  // Of somebody else's protocol: a node that has never heard of anything. REQUIRES: is_running(node)
  const Node& node(NodeId node) const;
  // The program on this host; null if the host runs none.
  const recipes::App* app(NodeId host) const;
  // Whether the program said this since its start, or was told it.
  bool said(NodeId host, std::string_view text) const;
  Now clock(NodeId node) const;
  bool connected(NodeId source, NodeId target) const;  // nothing cuts the way
  const Operation& operation(std::uint64_t id) const;
  const std::vector<Operation>& operations() const;
  // What the agents told their event handlers so far, in order (ClusterConfig::keep_deliveries).
  const std::vector<Delivered>& delivered() const { return cluster_.delivered_; }
  // The names that the gossip engines' numbers stand for.
  const gossip::Directory& names() const { return cluster_.names(); }
  // Judges all that clients asked and were told so far (checkers linearizability, sequential_reads),
  // unless neither is enabled. Whoever drives a run asks for it at the end: the search looks at the
  // whole history. A violation is kept and told as any other.
  void judge_clients() { cluster_.judge_clients(); }
  const ClientVerdict& client_verdict() const { return cluster_.client_verdict_; }
  std::uint64_t operations_finished() const { return cluster_.operations_finished_; }
  // Whether a majority of the voters can reach each other: arithmetic, not what the engine
  // believes.
  const QuorumState& quorum() const { return cluster_.quorum(); }
  // What the node's disk holds in this file, lies included.
  ByteView file(NodeId node, FileId file) const;
  // The behaviour in Node's place, if the configuration brought its own; null if not started.
  const ForeignBehaviour* foreign(NodeId node) const;
  // The first violation of a checker that is not in ClusterConfig::ignored_checkers.
  std::optional<judge::Violation> violation() const;
  // What a run came by, as the judges saw it.
  judge::Reached reached() const { return cluster_.judges_.reached(); }
  // How many checks each checker has made.
  std::uint64_t checks(judge::Checker checker) const;
  const trace::Digest& digest() const;
  const trace::Trace& trace() const;
  std::uint64_t events() const;   // handled so far
  std::uint64_t records() const;  // facts emitted so far, kept or not
  // How often a fact was emitted since the start, by this node or (nobody) by all.
  std::uint64_t count(Fact fact, NodeId node = kNobody) const;
  std::uint64_t count(trace::WorldFact fact, NodeId node = kNobody) const;
  std::uint64_t seed() const;
  const ClusterConfig& config() const;

 private:
  Cluster cluster_;
};

}  // namespace quorumlab::world
