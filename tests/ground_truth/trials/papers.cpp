// Trials beside the papers: SWIM's bounds and Lifeguard's false positives.
#include <algorithm>

#include "tests/ground_truth/trials/trials.h"

namespace quorumlab::truth {

// SWIM 3.1: how many protocol periods pass from a crash to the first that accuses the dead member,
// and how long it takes; packets sent for each member and period before.
void swim(world::Simulation& sim, const Options& options, std::uint64_t seed, Row& row) {
  // One settled cluster serves many crashes: a fork is the same world up to the crash.
  static thread_local world::Simulation settled;
  static thread_local std::uint64_t settled_seed = UINT64_MAX;
  constexpr std::uint64_t kForks = 50;
  row.assign(3, kNone);
  if (settled_seed != seed / kForks) {
    world::ClusterConfig config = cluster(options);
    config.node.gossip.lifeguard = gossip::Lifeguard::off;
    settled.reset(config, seed / kForks);
    settled_seed = seed / kForks;
    if (!converge(settled, options.nodes)) return;
    settled.run_for(seconds(10));
    settled.run_until(Instant{(settled.now().ns / seconds(1).ns + 1) * seconds(1).ns});
  }
  sim = settled;
  const std::uint64_t packets = sim.count(trace::WorldFact::packet_sent);
  constexpr std::int64_t kPeriods = 2;
  sim.run_for(seconds(kPeriods));
  row[2] = static_cast<std::int64_t>(sim.count(trace::WorldFact::packet_sent) - packets) * 1000 /
           (kPeriods * options.nodes);
  sim.run_for(seconds(static_cast<std::int64_t>(below(lot(seed, Lot::pause), 6))));
  // Within a period, so that the next tick of everybody is the first that counts.
  sim.run_for(uniform(lot(seed, Lot::moment), milliseconds(5), milliseconds(995)));
  const Instant killed = sim.now();
  const std::uint64_t probes = sim.count(Fact::probe_failed);
  sim.inject(kill({1 + static_cast<std::uint32_t>(below(lot(seed, Lot::victim), options.nodes))}));
  if (watch(sim, Fact::probe_failed, killed + seconds(400),
            [&] { return sim.count(Fact::probe_failed) != probes; })) {
    row[0] = (sim.now() - killed).ns;
    // A probe's verdict comes one period after its tick.
    row[1] = (sim.now().ns / seconds(1).ns) - (killed.ns / seconds(1).ns) - 1;
  }
}

// SWIM 4.3: the longest time between two probes of the same member by the same prober.
void round_robin(world::Simulation& sim, const Options& options, std::uint64_t seed, Row& row) {
  world::ClusterConfig config = cluster(options);
  config.node.gossip.lifeguard = gossip::Lifeguard::off;
  sim.reset({}, seed);
  sim.keep_trace(true);
  sim.reset(config, seed);
  row.assign(2, kNone);
  if (!converge(sim, options.nodes)) return;
  const std::int64_t from = sim.now().ns;
  sim.run_for(seconds(100));
  std::vector<std::int64_t> last(std::size_t{options.nodes + 1} * (options.nodes + 1), kNone);
  std::int64_t sum = 0, gaps = 0;
  for (std::size_t i = 1; i <= sim.trace().size(); ++i) {
    const trace::Record& r = sim.trace()[i];
    if (r.kind != static_cast<std::uint16_t>(Fact::probe_started) || r.time_ns < from) continue;
    std::int64_t& at = last[r.node * std::size_t{options.nodes + 1} + r.peer];
    if (at != kNone) {
      row[0] = std::max(row[0], r.time_ns - at);
      sum += r.time_ns - at;
      ++gaps;
    }
    at = r.time_ns;
  }
  row[1] = gaps > 0 ? sum / gaps : kNone;
}

// Lifeguard V: C members block for D, run for I, and so on for two minutes; how often somebody
// declared a member failed that never blocked: anybody, or one of those that never blocked.
void lifeguard(world::Simulation& sim, const Options& options, std::uint64_t seed, Row& row) {
  static thread_local world::Simulation settled;
  static thread_local std::string settled_for;
  const std::string wanted = options.variant + std::to_string(seed / 1000);
  if (settled_for != wanted) {
    world::ClusterConfig config = cluster(options);
    gossip::Config& g = config.node.gossip;
    g.suspicion_mult = 5;
    g.suspicion_max_timeout_mult = 6;
    g.lifeguard = gossip::Lifeguard::paper;
    const auto only = [&](bool probe, bool suspicion, bool buddy) {
      g.rules.set(gossip::Rule::awareness_scales_probe, probe);
      g.rules.set(gossip::Rule::nack, probe);
      g.rules.set(gossip::Rule::suspicion_timeout_shrinks, suspicion);
      g.rules.set(gossip::Rule::buddy_system, buddy);
    };
    if (options.variant == "swim") only(false, false, false);
    if (options.variant == "lha-probe") only(true, false, false);
    if (options.variant == "lha-suspicion") only(false, true, false);
    if (options.variant == "buddy") only(false, false, true);
    settled.reset({}, 0);
    settled.keep_trace(true);
    settled.reset(config, seed / 1000);
    settled_for = wanted;
    if (!converge(settled, options.nodes)) settled_for.clear();
    settled.run_for(seconds(10));
  }
  sim = settled;
  const std::size_t records = sim.trace().size();
  std::vector<NodeId> members, blocked;
  for (std::uint32_t i = 1; i <= options.nodes; ++i) members.push_back({i});
  std::vector<bool> anomalous(options.nodes + 1, false);
  for (std::uint32_t i = 0; i < options.blocked; ++i) {
    const std::size_t j = i + below(lot(seed, Lot::blocked, i), members.size() - i);
    std::swap(members[i], members[j]);
    blocked.push_back(members[i]);
    anomalous[members[i].value] = true;
  }
  const std::vector<NodeId> others(members.begin() + options.blocked, members.end());
  sim.run_for(uniform(lot(seed, Lot::pause), Duration{}, seconds(5)));
  const Instant end = sim.now() + seconds(120);
  const auto block = [&](bool on) {
    world::Action action;
    if (!options.clog) {
      action.verb = on ? world::Verb::pause : world::Verb::resume;
      action.nodes = blocked;
      sim.inject(action);
      return;
    }
    action.verb = on ? world::Verb::clog : world::Verb::unclog;
    std::vector<NodeId> all = others;
    all.insert(all.end(), blocked.begin(), blocked.end());
    action.groups = {blocked, all};
    sim.inject(action);
    action.groups = {others, blocked};
    sim.inject(action);
  };
  while (sim.now() < end) {
    block(true);
    sim.run_for(options.block);
    block(false);
    sim.run_for(options.free);
  }
  row.assign(4, 0);
  for (std::size_t i = records + 1; i <= sim.trace().size(); ++i) {
    const trace::Record& r = sim.trace()[i];
    if (r.kind != static_cast<std::uint16_t>(Fact::member_dead)) continue;
    const bool about_healthy = !anomalous[r.peer];
    const bool at_healthy = !anomalous[r.node];
    row[0] += about_healthy ? 1 : 0;
    row[1] += about_healthy && at_healthy ? 1 : 0;
    row[2] += about_healthy ? 0 : 1;
  }
  row[3] = static_cast<std::int64_t>(sim.count(trace::WorldFact::packet_sent));
}

}  // namespace quorumlab::truth
