// What a seed draws for a cluster of serf agents: their settings, within what a scenario can say, and
// faults at the pace of gossip.
#include <algorithm>
#include <string>

#include "sim/chaos/lots.h"
#include "sim/chaos/profile.h"

namespace quorumlab::chaos {
namespace {

// Purposes of draws, beside those of profile.cpp and profile_etcd.cpp.
enum Purpose : std::uint64_t { kAgents = 30, kPace };

gossip::Config draw_agent(Lots& lots, std::uint32_t nodes) {
  gossip::Config agent = lots.percent(60) ? gossip::Config::lan() : gossip::Config::local();
  constexpr gossip::Lifeguard kLifeguard[] = {gossip::Lifeguard::memberlist,
                                              gossip::Lifeguard::memberlist,
                                              gossip::Lifeguard::paper, gossip::Lifeguard::off};
  agent.lifeguard = lots.one_of(kLifeguard);
  agent.phases = lots.percent(30) ? gossip::Phases::staggered : gossip::Phases::start_time;
  agent.indirect_checks = static_cast<std::uint32_t>(lots.from(0, 3));
  agent.gossip_nodes = static_cast<std::uint32_t>(lots.from(2, 4));
  agent.suspicion_mult = static_cast<std::uint32_t>(lots.from(3, 6));
  agent.suspicion_max_timeout_mult = static_cast<std::uint32_t>(lots.from(1, 6));
  agent.awareness_max_multiplier = static_cast<std::uint32_t>(lots.from(2, 8));
  agent.tcp_pings = lots.percent(70);
  agent.compression = lots.percent(50);
  agent.later_memberlist = lots.percent(50);
  agent.snapshot = lots.percent(40);
  agent.replay_on_join = lots.percent(30);
  agent.push_pull_interval = lots.between(seconds(5), seconds(30));
  agent.reconnect_interval = lots.between(seconds(2), seconds(10));
  if (lots.percent(30)) agent.handling_delay = lots.scale(microseconds(10), milliseconds(20));
  if (lots.percent(50)) agent.coalesce_period = agent.user_coalesce_period = {};
  agent.start_join = {NodeId{1}};
  if (nodes > 2 && lots.percent(60)) agent.start_join.push_back({nodes});
  return agent;
}

}  // namespace

void draw_serf(std::uint64_t seed, const Options& options, Profile& profile) {
  world::ClusterConfig& cluster = profile.cluster;
  profile.membership = 0;
  profile.transfers = false;
  Lots lots(seed, kAgents);
  if (!options.base) {
    const auto nodes = static_cast<std::uint32_t>(lots.from(2, 8));
    cluster.names.clear();
    for (std::uint32_t i = 1; i <= nodes; ++i) cluster.names.push_back("n" + std::to_string(i));
    cluster.spare_nodes = 0;
    cluster.node = NodeConfig{};
    cluster.node.run_raft = false;
    cluster.node.run_gossip = true;
    cluster.node.gossip = draw_agent(lots, nodes);
    cluster.start_within = lots.percent(70) ? lots.scale(milliseconds(10), seconds(4)) : Duration{};
  }
  gossip::Config& agent = cluster.node.gossip;
  for (const gossip::Rule rule : options.gossip_rules_off) agent.rules.set(rule, false);

  Lots pace(seed, kPace);
  profile.chaos = pace.scale(seconds(20), seconds(120));
  profile.settle = seconds(1);
  for (Profile::Fault& fault : profile.faults) {
    fault.every = pace.scale(seconds(4), seconds(60));
    fault.least = milliseconds(200);
    fault.most = pace.scale(seconds(1), seconds(40));
  }
  profile.operation_every = pace.scale(milliseconds(300), seconds(10));
  // After this every promise of the checkers is due.
  const auto count = static_cast<std::uint32_t>(cluster.names.size());
  const judge::GossipBounds bounds = judge::GossipBounds::of(agent, count);
  const auto slowest = static_cast<std::int64_t>(bounds.walk * (agent.awareness_max_multiplier + 1));
  profile.bound = bounds.walk_step * slowest + bounds.suspicion_maximum + bounds.dissemination * 2 +
                  bounds.exchanges + bounds.reconnects + seconds(10);
}

}  // namespace quorumlab::chaos
