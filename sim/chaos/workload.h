// What clients ask for during a campaign: writes, reads, erasures, changes of membership,
// transfers.
#pragma once

#include <cstdint>

#include "sim/chaos/lots.h"
#include "sim/chaos/profile.h"
#include "sim/world/simulation.h"

namespace quorumlab::chaos {

class Workload {
 public:
  void reset(const Profile& profile, std::uint64_t seed);
  // When the next operation is asked.
  Instant next() const { return next_; }
  // The operation asked at next().
  world::Action ask(const world::Simulation& sim);
  // One that a healed cluster must accept.
  world::Action final_write(Duration timeout);
  world::Action final_read(Duration timeout);

 private:
  world::Action membership(const world::Simulation& sim);
  // To a serf agent (workload_serf.cpp).
  world::Action command(const world::Simulation& sim);
  // A single request over HTTP (workload_etcd.cpp).
  world::Action request(const world::Simulation& sim);
  NodeId any_node(const world::Simulation& sim) {
    return {static_cast<std::uint32_t>(lots_.from(1, sim.node_count()))};
  }
  const Profile* profile_ = nullptr;
  Lots lots_;
  Instant next_;
  std::uint64_t asked_ = 0;
};

}  // namespace quorumlab::chaos
