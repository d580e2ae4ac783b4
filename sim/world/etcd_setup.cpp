// URLs as etcd's own examples have them: http://NAME:PORT.
#include "sim/world/etcd_setup.h"

#include <algorithm>

namespace quorumlab::world {
namespace {

std::string url(const std::string& host, std::uint32_t port) {
  return "http://" + host + ":" + std::to_string(port);
}

std::size_t founders(const ClusterConfig& config) {
  return config.names.size() - std::min<std::size_t>(config.names.size(), config.spare_nodes);
}

}  // namespace

void set_up_etcd(ClusterConfig& config, EtcdPorts ports) {
  NodeConfig& node = config.node;
  node.run_kv = true;
  kv::ServerConfig& server = node.kv.server;
  server.members.clear();
  node.kv.joining.clear();
  for (std::size_t i = 0; i < config.names.size(); ++i) {
    const NodeId id{static_cast<std::uint32_t>(i + 1)};
    const std::string peer = url(config.names[i], ports.peer);
    if (i >= founders(config)) {
      node.kv.joining.emplace_back(peer, id);
      continue;
    }
    kv::Member& member = server.members.emplace_back();
    member.node = id;
    member.name = config.names[i];
    member.peer_urls = {peer};
    member.client_urls = {url(config.names[i], ports.client)};
  }
  // What etcd calls its election timeout: the least that a follower waits.
  const raft::TimeoutPolicy& timeouts = node.raft.timeouts;
  server.election_timeout =
      timeouts.kind == raft::TimeoutPolicy::Kind::ticks
          ? timeouts.period * static_cast<std::int64_t>(timeouts.election_ticks)
          : timeouts.election_min;
}

void set_up_apps(ClusterConfig& config, EtcdPorts ports) {
  std::vector<recipes::Host> known;
  for (std::size_t i = 0; i < config.names.size(); ++i) {
    known.push_back({config.names[i], NodeId{static_cast<std::uint32_t>(i + 1)}, {},
                     url(config.names[i], ports.client)});
  }
  const auto first = static_cast<std::uint32_t>(config.names.size() + config.clients + 1);
  for (std::size_t i = 0; i < config.apps.size(); ++i) {
    recipes::AppConfig& app = config.apps[i].app;
    app.id = NodeId{first + static_cast<std::uint32_t>(i)};
    known.push_back({app.name, app.id, app.title, {}});
    if (!app.servers.empty()) continue;
    for (std::size_t k = 0; k < founders(config); ++k) {
      app.servers.push_back(NodeId{static_cast<std::uint32_t>((i + k) % founders(config) + 1)});
    }
  }
  for (AppHost& host : config.apps) host.app.hosts = known;
}

}  // namespace quorumlab::world
