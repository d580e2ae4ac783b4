// A cluster of etcd servers and the programs that use it, from names alone: what scenario files,
// campaigns and tests would otherwise each spell out.
#pragma once

#include <cstdint>

#include "sim/world/config.h"

namespace quorumlab::world {

struct EtcdPorts {
  std::uint32_t client = 2379, peer = 2380;
};

// Every node runs the store: founders as its members, spares by the URLs under which they may join.
// Names, spare_nodes and timeouts stand in `config` already.
void set_up_etcd(ClusterConfig& config, EtcdPorts ports = {});
// Gives each program its number and everybody's names, and those that name no server all founders, a
// different one first for each. Names, clients and the programs' own settings stand in `config`.
void set_up_apps(ClusterConfig& config, EtcdPorts ports = {});

}  // namespace quorumlab::world
