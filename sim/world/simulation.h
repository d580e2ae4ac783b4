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

namespace quorumlab::world {

struct ClusterConfig {
  std::vector<std::string> names;    // of the nodes, in the order of their ids (1, 2, ...)
  std::uint32_t spare_nodes = 0;     // further hosts that run but are no members until added;
                                     // their names follow in `names`
  std::uint32_t clients = 1;         // client hosts; their ids follow the nodes'
  NodeConfig node;                   // of every node; id and initial members are filled in
  LinkSettings link;                 // of every link
  DiskSettings disk;                 // of every node
  std::vector<ClockSettings> clocks; // by node; missing: true time
  std::vector<std::vector<Duration>> tables;  // quantiles for Latency::Kind::measured
  Instant epoch{1'388'534'400'000'000'000};   // wall time at the start: 2014-01-01
  Duration client_timeout = seconds(2);       // of an operation
  Duration client_retry = milliseconds(500);  // then the client asks another node
  std::uint32_t receive_buffer = 256 << 10;   // bytes that wait at a paused node
  std::uint32_t ignored_checkers = 0;         // bits of judge::Checker whose violations do not count
};

// A client's operation, from its invocation on.
struct Operation {
  enum class Outcome : std::uint8_t { pending, accepted, not_found, refused, timed_out };
  std::uint64_t id = 0;
  Verb verb = Verb::write;
  NodeId client;
  Instant invoked, completed;   // true time
  Outcome outcome = Outcome::pending;
  Reason reason = Reason::none; // of a refusal
  LogIndex index;               // as answered
  std::string key, value;       // read: the value found
};

class Simulation {
 public:
  Simulation() = default;
  Simulation(const ClusterConfig& config, std::uint64_t seed) { reset(config, seed); }
  // Starts over, keeping every buffer: what a campaign does from seed to seed.
  void reset(const ClusterConfig& config, std::uint64_t seed);

  // Whether records are kept. Off by default; digest, checkers and causes are the same either way.
  void keep_trace(bool on);

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
  void remark(trace::WorldFact kind, std::uint64_t a, std::string_view text = {});

  // Live views; reading changes nothing.
  std::uint32_t node_count() const;       // servers, without clients
  bool is_running(NodeId node) const;     // the process lives (it may be paused)
  bool is_paused(NodeId node) const;
  const Node& node(NodeId node) const;    // REQUIRES: is_running(node)
  Now clock(NodeId node) const;
  bool connected(NodeId source, NodeId target) const;   // nothing cuts the way
  const Operation& operation(std::uint64_t id) const;
  const std::vector<Operation>& operations() const;
  // The first violation of a checker that is not in ClusterConfig::ignored_checkers.
  std::optional<judge::Violation> violation() const;
  // How many checks each checker has made.
  std::uint64_t checks(judge::Checker checker) const;
  const trace::Digest& digest() const;
  const trace::Trace& trace() const;
  std::uint64_t events() const;           // handled so far
  std::uint64_t records() const;          // facts emitted so far, kept or not
  // How often a fact was emitted since the start, by this node or (nobody) by all.
  std::uint64_t count(Fact fact, NodeId node = kNobody) const;
  std::uint64_t count(trace::WorldFact fact, NodeId node = kNobody) const;
  std::uint64_t seed() const;
  const ClusterConfig& config() const;
};

}  // namespace quorumlab::world
