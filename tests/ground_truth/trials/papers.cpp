// Trials beside the papers: SWIM's bounds and Lifeguard's false positives.
#include <algorithm>

#include "tests/ground_truth/trials/trials.h"

namespace quorumlab::truth {
namespace {

// The paper's rows: what of Lifeguard is in use (section IV).
void choose_components(gossip::Config& config, const std::string& variant) {
  config.lifeguard = gossip::Lifeguard::paper;
  const bool all = variant == "lifeguard";
  const auto use = [&](gossip::Rule rule, const char* row) {
    config.rules.set(rule, all || variant == row);
  };
  use(gossip::Rule::awareness_scales_probe, "lha-probe");
  use(gossip::Rule::nack, "lha-probe");
  use(gossip::Rule::suspicion_timeout_shrinks, "lha-suspicion");
  use(gossip::Rule::buddy_system, "buddy");
}

}  // namespace

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

// Lifeguard V.C: C members block at once for D, run for I, and so on for two minutes; how often somebody
// declared a member failed that never blocked: anybody, or one of those that never blocked. One seed
// is one point of the grid; the points come round again with every repetition.
void lifeguard(world::Simulation& sim, const Options& options, std::uint64_t seed, Row& row) {
  const std::uint64_t points = options.blocked.size() * options.block_ms.size() * options.free_ms.size();
  const std::uint64_t point = (seed - 1) % points, repetition = (seed - 1) / points;
  const std::uint64_t pairs = options.block_ms.size() * options.free_ms.size();
  const std::uint64_t concurrent = options.blocked[point / pairs];
  const std::uint64_t block_ms = options.block_ms[point % pairs / options.free_ms.size()];
  const std::uint64_t free_ms = options.free_ms[point % options.free_ms.size()];

  // A cluster that has been up for a while serves all points of a repetition: each forks it.
  static thread_local world::Simulation settled;
  static thread_local std::string settled_for;
  const std::string wanted = options.variant + std::to_string(repetition);
  if (settled_for != wanted) {
    world::ClusterConfig config = cluster(options);
    config.handling_time = options.handling;
    config.node.gossip.suspicion_mult = 5;
    config.node.gossip.suspicion_max_timeout_mult = 6;
    choose_components(config.node.gossip, options.variant);
    settled.reset({}, 0);
    settled.keep_trace(true);
    settled.reset(config, repetition);
    settled_for = wanted;
    if (!converge(settled, options.nodes)) settled_for.clear();
    settled.run_for(seconds(10));
  }
  sim = settled;
  const std::size_t records = sim.trace().size();
  std::vector<NodeId> members, blocked;
  for (std::uint32_t i = 1; i <= options.nodes; ++i) members.push_back({i});
  std::vector<bool> anomalous(options.nodes + 1, false);
  for (std::uint32_t i = 0; i < concurrent; ++i) {
    const std::size_t j = i + below(lot(seed, Lot::blocked, i), members.size() - i);
    std::swap(members[i], members[j]);
    blocked.push_back(members[i]);
    anomalous[members[i].value] = true;
  }
  sim.run_for(uniform(lot(seed, Lot::pause), Duration{}, seconds(5)));
  const Instant end = sim.now() + seconds(120);
  const auto block = [&](bool on) {
    world::Action action;
    action.verb = on ? world::Verb::block : world::Verb::unblock;
    action.nodes = blocked;
    sim.inject(action);
  };
  while (sim.now() < end) {
    block(true);
    sim.run_for(milliseconds(static_cast<std::int64_t>(block_ms)));
    block(false);
    sim.run_for(milliseconds(static_cast<std::int64_t>(free_ms)));
  }
  enum { c, d, i, false_positives, at_healthy, true_positives, packets, bytes, columns };
  row.assign(columns, 0);
  row[c] = static_cast<std::int64_t>(concurrent);
  row[d] = static_cast<std::int64_t>(block_ms);
  row[i] = static_cast<std::int64_t>(free_ms);
  for (std::size_t at = records + 1; at <= sim.trace().size(); ++at) {
    const trace::Record& r = sim.trace()[at];
    if (r.is(trace::WorldFact::packet_sent)) {
      ++row[packets];
      row[bytes] += static_cast<std::int64_t>(r.b);
    }
    if (!r.is(Fact::member_dead)) continue;
    const bool about_healthy = !anomalous[r.peer];
    row[false_positives] += about_healthy ? 1 : 0;
    row[at_healthy] += about_healthy && !anomalous[r.node] ? 1 : 0;
    row[true_positives] += about_healthy ? 0 : 1;
  }
}

}  // namespace quorumlab::truth
