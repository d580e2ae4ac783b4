// Lives of agents, groups that know each other, and bounds from parameters.
#include "sim/judge/agents.h"

#include <algorithm>

#include "core/gossip/broadcast_queue.h"
#include "core/gossip/suspicion.h"

namespace quorumlab::judge {

GossipBounds GossipBounds::of(const gossip::Config& config, std::uint32_t agents) {
  GossipBounds b;
  const std::int64_t n = agents;
  b.walk_step = config.probe_interval;
  b.walk = 2 * agents + 1;
  b.suspicion_minimum =
      gossip::suspicion_minimum(config.suspicion_mult, 1, config.probe_interval);
  b.suspicion_maximum =
      gossip::suspicion_minimum(config.suspicion_mult, agents, config.probe_interval) *
      std::max<std::int64_t>(config.suspicion_max_timeout_mult, 1);
  b.limit = gossip::retransmit_limit(config.retransmit_mult, agents);
  // Whoever hears of it last passes it on as often again; logarithmically many generations of it.
  std::int64_t generations = 4;
  for (std::uint32_t i = agents; i > 1; i /= 2) ++generations;
  b.dissemination = config.gossip_interval * (b.limit * generations);
  if (config.push_pull_interval.ns > 0) {
    b.exchanges = gossip::push_pull_period(config.push_pull_interval, agents) * generations;
  }
  // In each interval somebody contacts one of f failed members with a probability of at least
  // 1 - 1/e; 25 intervals in vain are one case in 10^10.
  b.reconnects = config.reconnect_interval * 25;

  const auto in_a_second = [](Duration interval) {
    return interval.ns > 0 ? 1'000'000'000 / interval.ns + 2 : 0;
  };
  const std::int64_t probes = in_a_second(config.probe_interval);
  b.packets = static_cast<std::uint32_t>(
      probes * (1 + config.indirect_checks) +                           // own probes
      probes * (n - 1) * 3 +                                            // acks, and helping
      config.gossip_nodes * in_a_second(config.gossip_interval));       // gossip
  b.packet_bytes =
      std::max({config.udp_buffer_size, config.query_response_size_limit, config.query_size_limit,
                config.user_event_size_limit}) +
      512;
  b.event_buffer = config.event_buffer;
  return b;
}

void Agents::reset(const gossip::Config& config, std::uint32_t count, bool links_calm) {
  count_ = count;
  bounds_ = GossipBounds::of(config, count);
  agents_.assign(count + 1, Agent{});
  beliefs_.assign(pairs() ? std::size_t{count} * count : 0, Belief{});
  groups_ = faulty_clocks_ = worst_health_ = 0;
  cuts_ = 0;
  clocks_true_ns_ = 0;
  links_calm_ = links_calm;
  confused_ = false;
  disturbed_ns_ = changed_ns_ = 0;
  version_ = 0;
}

void Agents::started(NodeId id, std::int64_t now_ns) {
  Agent& agent = agents_[id.value];
  agent.life = Agent::Life::running;
  agent.leaving = false;
  ++agent.starts;
  agent.probes = 0;
  agent.told_to_leave = 0;
  agent.group = ++groups_;
  agent.up_ns = agent.grouped_ns = now_ns;
  changed(now_ns);
  if (!pairs()) return;
  for (std::uint32_t other = 1; other <= count_; ++other) belief(id, {other}) = {};
}

void Agents::down(NodeId id, std::int64_t now_ns) {
  Agent& agent = agents_[id.value];
  if (agent.life == Agent::Life::running || agent.life == Agent::Life::paused) {
    agent.down_ns = now_ns;
  }
  agent.life = Agent::Life::down;
  changed(now_ns);
}

void Agents::paused(NodeId id, std::int64_t now_ns) {
  agents_[id.value].life = Agent::Life::paused;
  changed(now_ns);
}

void Agents::resumed(NodeId id, std::int64_t now_ns) {
  agents_[id.value].life = Agent::Life::running;
  agents_[id.value].up_ns = now_ns;
  changed(now_ns);
}

void Agents::cuts(std::int64_t now_ns, std::uint64_t in_force) {
  cuts_ = in_force;
  disturbed(now_ns);
}

void Agents::links(std::int64_t now_ns, bool calm) {
  links_calm_ = calm;
  disturbed(now_ns);
}

void Agents::clock(NodeId id, std::int64_t now_ns, bool faulty) {
  Agent& agent = agents_[id.value];
  if (faulty || agent.slow_or_fast) clocks_true_ns_ = now_ns;
  faulty_clocks_ += faulty ? 1u : 0u;
  faulty_clocks_ -= agent.slow_or_fast ? 1u : 0u;
  agent.slow_or_fast = faulty;
  disturbed(now_ns);
}

void Agents::exchanged(NodeId a, NodeId b, std::int64_t now_ns) {
  const std::uint32_t kept = agents_[a.value].group, gone = agents_[b.value].group;
  if (kept == gone) return;
  changed(now_ns);
  for (std::uint32_t id = 1; id <= count_; ++id) {
    Agent& agent = agents_[id];
    if (agent.group != kept && agent.group != gone) continue;
    agent.group = kept;
    agent.grouped_ns = now_ns;
  }
}

}  // namespace quorumlab::judge
