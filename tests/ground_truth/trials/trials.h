// Trials of serf agents and of etcd servers in the virtual world, for comparison with what the real
// ones did. A trial is one seed: it drives a simulation to one moment of
// interest and answers one row of numbers. Nothing is set but what the recording's method states.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/world/simulation.h"

namespace quorumlab::truth {

struct Options {
  std::string experiment, profile = "lan", variant = "lifeguard";
  std::uint32_t nodes = 5;
  // lifeguard: how many members block, for how long, with which pauses: a grid of all combinations.
  std::vector<std::uint64_t> blocked = {8}, block_ms = {16384}, free_ms = {64};
  // lifeguard: what handling one of the messages takes that waited while a member was blocked.
  Duration handling;
  // When the agents start: all at once; one after the other within five seconds, so that every
  // phase is as likely; or in a row, as a shell loop does it and as the recordings had it.
  enum class Starts : std::uint8_t { together, uniform, in_a_row } starts = Starts::in_a_row;
};

inline constexpr std::int64_t kNone = -1;
using Row = std::vector<std::int64_t>;  // times in ns, or counts; kNone where there is no value

struct Experiment {
  const char* name;
  const char* columns;  // separated by commas
  void (*run)(world::Simulation& sim, const Options& options, std::uint64_t seed, Row& row);
};
const std::vector<Experiment>& experiments();

// --- What the trials share (drive.cpp) -----------------------------------------------------------

// What a trial decides by lot, apart from the world's own draws.
enum class Lot : std::uint64_t { pause = 1, victim = 2, who = 3, moment = 4, blocked = 5 };
std::uint64_t lot(std::uint64_t seed, Lot purpose, std::uint64_t i = 0);

// Agents of that profile on one machine, with loopback's latency. `join`: they join the first one
// as they start.
world::ClusterConfig cluster(const Options& options, bool join = true);
gossip::Status believes(const world::Simulation& sim, NodeId observer, NodeId member);
// Whether the first `members` know each other as alive.
bool converged(const world::Simulation& sim, std::uint32_t members);
// Runs until then; false when it takes longer than five minutes.
bool converge(world::Simulation& sim, std::uint32_t members);
world::Action kill(NodeId node);
world::Action command(NodeId node, AgentCommand::Kind kind);

// Handles events up to `until`, or until `stop` says so: it is asked after each event that emitted
// one of these facts.
template <class Stop>
bool watch(world::Simulation& sim, Fact fact, Instant until, Stop&& stop) {
  std::uint64_t seen = sim.count(fact);
  while (sim.next_event() <= until && sim.step()) {
    if (const std::uint64_t now = sim.count(fact); now != seen) {
      seen = now;
      if (stop()) return true;
    }
  }
  sim.run_until(until);
  return false;
}

}  // namespace quorumlab::truth
