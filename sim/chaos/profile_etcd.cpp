// What a seed draws for a cluster of etcd servers: the store's settings, and groups of programs that
// want the same key.
#include <algorithm>
#include <string>

#include "sim/chaos/lots.h"
#include "sim/chaos/profile.h"
#include "sim/world/etcd_setup.h"

namespace quorumlab::chaos {
namespace {

// Purposes of draws, beside those of profile.cpp.
enum Purpose : std::uint64_t { kStore = 20, kPrograms, kClocks };

using Kind = recipes::AppConfig::Kind;

world::AppHost draw_program(Lots& lots, Kind kind, std::string name, const std::string& key) {
  world::AppHost host;
  recipes::AppConfig& app = host.app;
  app.kind = kind;
  app.name = std::move(name);
  app.key = key;
  app.ttl = seconds(static_cast<std::int64_t>(lots.from(1, 6)));
  if (lots.percent(30)) app.refresh_every = lots.scale(milliseconds(100), seconds(2));
  app.timeout = lots.scale(milliseconds(200), seconds(8));
  // A connection that fell silent is found out only by trying again.
  app.renew_wait = lots.scale(seconds(1), seconds(8));
  app.retry = lots.scale(milliseconds(50), seconds(1));
  app.quorum_reads = lots.percent(30);
  if (kind == Kind::lock) {
    app.hold = lots.scale(milliseconds(100), seconds(5));
    app.rest = lots.scale(milliseconds(50), seconds(2));
  }
  if (kind == Kind::elastic_ip) app.address = "10.0.0.100";
  if (lots.percent(20)) host.starts = Instant{} + lots.between({1}, seconds(5));
  return host;
}

void draw_programs(Lots& lots, world::ClusterConfig& cluster) {
  const std::uint64_t groups = lots.percent(25) ? 0 : lots.from(1, 2);
  for (std::uint64_t group = 1; group <= groups; ++group) {
    const std::string number = std::to_string(group), key = "/held/" + number;
    constexpr Kind kKinds[] = {Kind::election, Kind::election, Kind::lock, Kind::elastic_ip};
    const Kind kind = lots.one_of(kKinds);
    const bool works = lots.percent(50);
    const std::uint64_t rivals = lots.from(1, 3);
    const std::size_t first = cluster.apps.size();
    for (std::uint64_t i = 1; i <= rivals; ++i) {
      cluster.apps.push_back(draw_program(lots, kind, "p" + number + std::to_string(i), key));
    }
    if (lots.percent(40)) {
      cluster.apps.push_back(draw_program(lots, Kind::follower, "f" + number, key));
    }
    if (!works) continue;
    // The resource comes last; its number follows from all before it.
    const NodeId resource{static_cast<std::uint32_t>(cluster.host_count() + 1)};
    cluster.apps.push_back(draw_program(lots, Kind::resource, "r" + number, key));
    cluster.apps.back().app.fencing = true;
    for (std::size_t i = first; i < first + rivals; ++i) {
      recipes::AppConfig& app = cluster.apps[i].app;
      app.resource = resource;
      app.work_every = lots.scale(milliseconds(50), seconds(1));
      if (lots.percent(40)) app.work_takes = lots.scale(milliseconds(1), milliseconds(300));
      app.rechecks = lots.percent(50);
    }
  }
}

}  // namespace

void draw_etcd(std::uint64_t seed, const Options& options, Profile& profile) {
  world::ClusterConfig& cluster = profile.cluster;
  profile.membership = 0;
  Lots store(seed, kStore);
  profile.requests = store.from(20, 80);
  // Leases count in seconds, whatever Raft's own pace is.
  profile.chaos = std::max(profile.chaos, seconds(4) + store.scale(seconds(1), seconds(16)));
  profile.operation_every = std::max(profile.operation_every, profile.chaos / 400);
  if (!options.base) {
    cluster.node.raft.forward_proposals = true;  // as etcd always does
    // A store's commands have a hundred bytes, and its snapshot has a history of a thousand events in it:
    // in pieces of a few bytes they come in faster than they go out, and a snapshot never arrives before
    // the next one is due.
    raft::Config& raft = cluster.node.raft;
    raft.max_append_bytes = std::max<std::uint32_t>(raft.max_append_bytes, 512);
    raft.max_inflight_messages = std::max<std::uint32_t>(raft.max_inflight_messages, 8);
    if (raft.max_inflight_bytes != 0) {
      raft.max_inflight_bytes = std::max<std::uint64_t>(raft.max_inflight_bytes, 4096);
    }
    raft.snapshot_chunk_bytes = std::max<std::uint32_t>(raft.snapshot_chunk_bytes, 4096);
    // An answer must be able to come before the client gives up this request and sends another.
    cluster.client_retry = std::max(cluster.client_retry, profile.settle / 20);
    world::set_up_etcd(cluster);
    if (store.percent(10)) {
      cluster.node.kv.server.redirect = kv::ServerConfig::Redirect::v0_4;
    }
    Lots programs(seed, kPrograms);
    draw_programs(programs, cluster);
    world::set_up_apps(cluster);
  }
  for (const kv::Rule rule : options.kv_rules_off) {
    cluster.node.kv.server.rules.set(rule, false);
  }
  // Leases are kept apart by clocks alone: where those run apart or jump, two programs may hold a key
  // (scenarios/etcd shows it), and nobody can be blamed.
  Profile::Fault& jumps = profile.faults[static_cast<std::size_t>(FaultKind::wall_clock)];
  Profile::Fault& drifts = profile.faults[static_cast<std::size_t>(FaultKind::drift)];
  Lots clocks(seed, kClocks);
  if (clocks.percent(60)) jumps.on = drifts.on = false;
  if (jumps.on || drifts.on || profile.asks_beyond) {
    cluster.ignored_checkers |= 1u << static_cast<unsigned>(judge::Checker::mutual_exclusion);
  }
}

}  // namespace quorumlab::chaos
