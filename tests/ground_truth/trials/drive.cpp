// What the trials share: a cluster as the recordings had it, and when it is ready.
#include "tests/ground_truth/trials/trials.h"

namespace quorumlab::truth {

std::uint64_t lot(std::uint64_t seed, Lot purpose, std::uint64_t i) {
  constexpr std::uint64_t kTrials = 0x7472'6961'6c73;  // apart from the world's keys
  return mix(mix(seed, kTrials), static_cast<std::uint64_t>(purpose), i);
}

world::ClusterConfig cluster(const Options& options, bool join) {
  world::ClusterConfig config;
  for (std::uint32_t i = 1; i <= options.nodes; ++i)
    config.names.push_back("n" + std::to_string(i));
  config.clients = 1;  // who gives the commands
  config.node.run_raft = false;
  config.node.run_gossip = true;
  config.node.gossip = options.profile == "wan"     ? gossip::Config::wan()
                       : options.profile == "local" ? gossip::Config::local()
                                                    : gossip::Config::lan();
  if (join) config.node.gossip.start_join = {NodeId{1}};
  // Ticks come at start + k * interval for ever (F3), so when agents start decides much. The phases
  // of the recorded accusations show the real ones 10 ms apart on average (fd_lan5*.jsonl: median
  // of 8.6, half between 6.6 and 11.1).
  constexpr Duration kApart = milliseconds(10);
  switch (options.starts) {
    case Options::Starts::together:
      break;
    case Options::Starts::uniform:
      config.start_within = seconds(5);
      break;
    case Options::Starts::in_a_row:
      config.start_within = kApart * static_cast<std::int64_t>(options.nodes + 1);
      break;
  }
  config.link.latency = {world::Latency::Kind::uniform, microseconds(50), microseconds(300), 0};
  config.keep_deliveries = false;
  return config;
}

gossip::Status believes(const world::Simulation& sim, NodeId observer, NodeId member) {
  const gossip::PeerId id = sim.names().find("n" + std::to_string(member.value));
  return id ? sim.node(observer).gossip().member(id).status : gossip::Status::none;
}

bool converged(const world::Simulation& sim, std::uint32_t members) {
  for (std::uint32_t i = 1; i <= members; ++i) {
    if (!sim.is_running({i})) return false;
    const gossip::Engine& engine = sim.node({i}).gossip();
    std::uint32_t alive = 0;
    for (const gossip::PeerId id : engine.members()) {
      alive += engine.member(id).status == gossip::Status::alive ? 1 : 0;
    }
    if (alive < members) return false;
  }
  return true;
}

bool converge(world::Simulation& sim, std::uint32_t members) {
  // Everybody heard of everybody else at least once.
  const std::uint64_t least = std::uint64_t{members} * (members - 1);
  return converged(sim, members) ||
         watch(sim, Fact::serf_member_event, sim.now() + seconds(300), [&] {
           return sim.count(Fact::serf_member_event) >= least && converged(sim, members);
         });
}

world::Action kill(NodeId node) {
  world::Action action;
  action.verb = world::Verb::kill;
  action.nodes = {node};
  return action;
}

world::Action command(NodeId node, AgentCommand::Kind kind) {
  world::Action action;
  action.verb = world::Verb::agent;
  action.nodes = {node};
  action.agent.kind = kind;
  return action;
}

}  // namespace quorumlab::truth
