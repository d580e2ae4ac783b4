// The one who breaks things: draws faults as acts of the world, each kind by its own clock and
// lots, and undoes each after a while.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/chaos/lots.h"
#include "sim/chaos/profile.h"
#include "sim/world/simulation.h"

namespace quorumlab::chaos {

class Nemesis {
 public:
  void reset(const Profile& profile, std::uint64_t seed);
  // When it wants to act next; kNever if nothing is on.
  Instant next() const;
  // What it does now, at next(); appended to `out`, in order. May be nothing.
  void act(const world::Simulation& sim, std::vector<world::Action>& out);
  // How often each kind was fired.
  const std::array<std::uint64_t, kFaultCount>& fired() const { return fired_; }
  // Appends what ends every fault but the deaths of processes.
  void heal(const world::Simulation& sim, std::vector<world::Action>& out) const;

 private:
  struct Undo {
    Instant at;
    world::Action action;
  };
  void begin(FaultKind kind, const world::Simulation& sim, std::vector<world::Action>& out);
  void later(Duration after, world::Action action);
  NodeId pick(Lots& lots, const world::Simulation& sim);
  // Whom a death, a pause or a wrong clock may hit: programs as well.
  NodeId victim(Lots& lots, const world::Simulation& sim);
  std::vector<NodeId> pick_some(Lots& lots, std::size_t least, std::size_t most);
  void partition(Lots& lots, const world::Simulation& sim, std::vector<world::Action>& out);
  world::Action links(Lots& lots, world::LinkSettings settings) const;
  world::Action clock(NodeId node, Duration offset, Duration step, std::int64_t drift, bool frozen);

  const Profile* profile_ = nullptr;
  Instant now_;
  std::array<Instant, kFaultCount> next_;
  std::array<Lots, kFaultCount> lots_;
  std::array<std::uint64_t, kFaultCount> fired_{};
  std::vector<Undo> undo_;           // by time, the earliest last
  std::vector<std::int64_t> drift_;  // of each node, by id
};

}  // namespace quorumlab::chaos
