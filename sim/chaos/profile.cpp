// The draws behind a profile. Limits are small where rare paths hide behind them: snapshots every
// few entries, chunks of a few bytes, one message in flight.
#include "sim/chaos/profile.h"

#include <algorithm>
#include <string>

#include "sim/chaos/lots.h"

namespace quorumlab::chaos {
namespace {

// Purposes of draws; a new one goes to the end.
enum Purpose : std::uint64_t { kCluster = 1, kNetwork, kDisk, kFaults, kWork, kDrift };

Duration part(Duration whole, std::int64_t divisor) {
  return {std::max<std::int64_t>(whole.ns / divisor, 1000)};
}

world::Latency draw_latency(Lots& lots, Duration typical) {
  using Kind = world::Latency::Kind;
  switch (lots.below(5)) {
    case 0:
      return {Kind::constant, typical, typical, 0};
    case 1:
      return {Kind::exponential, part(typical, 4), typical, 0};
    case 2:
      return {Kind::heavy_tail, part(typical, 2), typical, 0};
    default:
      return {Kind::uniform, part(typical, 2), typical * 2, 0};
  }
}

void draw_raft(Lots& lots, world::ClusterConfig& cluster, Duration& election_max) {
  NodeConfig& node = cluster.node;
  raft::Config& raft = node.raft;
  raft::TimeoutPolicy& timeouts = raft.timeouts;
  timeouts.election_min = milliseconds(static_cast<std::int64_t>(lots.scale(50, 400)));
  timeouts.election_max =
      timeouts.election_min +
      part(timeouts.election_min * static_cast<std::int64_t>(lots.from(2, 20)), 10);
  timeouts.heartbeat = part(timeouts.election_min, static_cast<std::int64_t>(lots.from(3, 8)));
  if (lots.percent(25)) {
    timeouts.kind = raft::TimeoutPolicy::Kind::ticks;
    timeouts.period = part(timeouts.election_min, 10);
    timeouts.election_ticks = 10;
    timeouts.heartbeat_ticks = static_cast<std::uint32_t>(lots.from(1, 3));
    timeouts.advance_first_timeout = lots.percent(30);
    election_max = timeouts.period * 20;
  } else {
    election_max = timeouts.election_max;
  }
  raft.pre_vote = lots.percent(50);
  raft.check_quorum = lots.percent(65);
  if (raft.check_quorum && lots.percent(45)) raft.read_mode = raft::ReadMode::lease;
  raft.forward_proposals = lots.percent(70);
  raft.batch_while_writing = lots.percent(30);
  constexpr std::uint32_t kAppendBytes[] = {1, 64, 300, 4096, 1 << 20};
  raft.max_append_bytes = lots.one_of(kAppendBytes);
  constexpr std::uint32_t kInflight[] = {1, 2, 4, 256};
  raft.max_inflight_messages = lots.one_of(kInflight);
  if (lots.percent(25)) raft.max_inflight_bytes = raft.max_append_bytes * lots.from(1, 4);
  if (lots.percent(20)) raft.max_uncommitted_bytes = lots.scale(200, 4000);
  // With an entry a message, a backlog of thousands would take minutes that prove nothing.
  if (raft.max_append_bytes < 300) {
    raft.max_uncommitted_bytes = std::min<std::uint64_t>(raft.max_uncommitted_bytes, 4000);
  }
  constexpr std::uint64_t kSnapshotEvery[] = {0, 2, 5, 10, 30, 100};
  node.snapshot_every = lots.one_of(kSnapshotEvery);
  constexpr std::uint64_t kSnapshotKeep[] = {0, 1, 5, 20};
  node.snapshot_keep = lots.one_of(kSnapshotKeep);
  constexpr std::uint32_t kChunk[] = {32, 100, 500, 64 << 10};
  raft.snapshot_chunk_bytes = lots.one_of(kChunk);
}

}  // namespace

std::string_view fault_name(FaultKind kind) {
  switch (kind) {
#define X(name, beyond, what) \
  case FaultKind::name:       \
    return #name;
    QUORUMLAB_FAULTS(X)
#undef X
  }
  return "unknown";
}

std::optional<FaultKind> find_fault(std::string_view name) {
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '-', '_');
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (fault_name(static_cast<FaultKind>(i)) == plain) return static_cast<FaultKind>(i);
  }
  return std::nullopt;
}

bool is_beyond_model(FaultKind kind) {
  switch (kind) {
#define X(name, beyond, what) \
  case FaultKind::name:       \
    return beyond;
    QUORUMLAB_FAULTS(X)
#undef X
  }
  return false;
}

Profile draw_profile(std::uint64_t seed, const Options& options) {
  Profile profile;
  profile.system = options.system;
  world::ClusterConfig& cluster = profile.cluster;
  Lots lots(seed, kCluster);
  Duration election_max;
  if (options.base) {
    cluster = *options.base;
    const raft::TimeoutPolicy& timeouts = cluster.node.raft.timeouts;
    election_max = timeouts.kind == raft::TimeoutPolicy::Kind::ticks
                       ? timeouts.period * (2 * static_cast<std::int64_t>(timeouts.election_ticks))
                       : timeouts.election_max;
  } else {
    constexpr std::uint32_t kNodes[] = {1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7};
    std::uint32_t members = lots.one_of(kNodes);
    cluster.spare_nodes = lots.percent(40) ? static_cast<std::uint32_t>(lots.from(1, 3)) : 0;
    if (options.system == System::etcd) {
      members = std::min(members, 5u);
      cluster.spare_nodes = 0;
    }
    for (std::uint32_t i = 1; i <= members + cluster.spare_nodes; ++i) {
      cluster.names.push_back("n" + std::to_string(i));
    }
    cluster.clients = static_cast<std::uint32_t>(lots.from(1, 4));
    draw_raft(lots, cluster, election_max);
    const Duration unit = cluster.node.raft.timeouts.election_min;
    Lots network(seed, kNetwork);
    cluster.link.latency = draw_latency(network, network.scale(part(unit, 200), part(unit, 15)));
    Lots disk(seed, kDisk);
    cluster.disk.latency = draw_latency(disk, disk.scale(part(unit, 400), part(unit, 20)));
    cluster.disk.torn = disk.percent(70);
    constexpr std::uint32_t kBounds[] = {10'000, 100'000, 300'000};
    Lots drift(seed, kDrift);
    cluster.node.raft.clock_drift_ppm = drift.one_of(kBounds);
    cluster.client_timeout = lots.scale(unit * 2, unit * 20);
    cluster.client_retry = lots.scale(part(unit, 4), unit * 3);
  }
  for (const raft::Rule rule : options.rules_off) cluster.node.raft.rules.set(rule, false);
  cluster.ignored_checkers |= options.ignored_checkers;

  // Durations follow the cluster's own pace: its election timeout.
  const Duration pace = election_max;
  Lots faults(seed, kFaults);
  profile.chaos = faults.scale(pace * 10, pace * 60);
  profile.settle = pace * 20;
  profile.bound = pace * 200 + seconds(10);
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    Profile::Fault& fault = profile.faults[i];
    const auto kind = static_cast<FaultKind>(i);
    // All draws are made for every kind, wanted or not, so that nobody's lot depends on another's.
    fault.on = faults.percent(45);
    fault.every = faults.scale(pace, pace * 16);
    fault.least = part(pace, 8);
    fault.most = faults.scale(pace, pace * 8);
    if (is_beyond_model(kind)) {
      fault.on =
          std::find(options.beyond.begin(), options.beyond.end(), kind) != options.beyond.end();
      profile.asks_beyond = profile.asks_beyond || fault.on;
    }
  }
  // Clocks endanger reads by lease, and nothing else.
  if (profile.faults[static_cast<std::size_t>(FaultKind::wild_clock)].on && !options.base) {
    cluster.node.raft.check_quorum = true;
    cluster.node.raft.read_mode = raft::ReadMode::lease;
  }
  // A lie shows only when the power fails.
  if (profile.faults[static_cast<std::size_t>(FaultKind::lying_disk)].on) {
    profile.faults[static_cast<std::size_t>(FaultKind::crash)].on = true;
  }
  Lots work(seed, kWork);
  profile.operation_every = work.scale(part(pace, 40), part(pace, 2));
  if (cluster.node.raft.max_append_bytes < 300) {
    profile.operation_every = std::max(profile.operation_every, part(pace, 6));
  }
  const bool changes = work.percent(45) && cluster.names.size() > 1;
  const std::uint64_t share = work.scale(3, 50);
  profile.membership = changes ? share : 0;
  profile.transfers = work.percent(40);
  profile.keys = work.from(1, 5);
  if (options.system == System::etcd) draw_etcd(seed, options, profile);
  if (options.system == System::serf) draw_serf(seed, options, profile);
  if (options.system == System::own) draw_own(seed, options, profile);
  return profile;
}

}  // namespace quorumlab::chaos
