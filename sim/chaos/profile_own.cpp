// What a seed draws for a protocol of the user's own, of which nothing is known but its pace: links, disks, clients
// and faults around that.
#include <algorithm>

#include "sim/chaos/lots.h"
#include "sim/chaos/profile.h"

namespace quorumlab::chaos {
namespace {

// Purposes of draws, beside those of the other profiles.
enum Purpose : std::uint64_t { kWorld = 50, kOwnFaults, kOwnWork };

Duration part(Duration whole, std::int64_t divisor) { return {std::max<std::int64_t>(whole.ns / divisor, 1000)}; }

world::Latency latency(Lots& lots, Duration typical) {
  using Kind = world::Latency::Kind;
  if (lots.percent(20)) return {Kind::constant, typical, typical, 0};
  if (lots.percent(30)) return {Kind::exponential, part(typical, 4), typical, 0};
  return {Kind::uniform, part(typical, 2), typical * 2, 0};
}

}  // namespace

void draw_own(std::uint64_t seed, const Options& options, Profile& profile) {
  world::ClusterConfig& cluster = profile.cluster;
  const Duration pace = options.own.pace;
  if (options.own.draws) {
    Lots lots(seed, kWorld);
    cluster.clients = static_cast<std::uint32_t>(lots.from(2, 4));
    cluster.link.latency = latency(lots, lots.scale(part(pace, 200), part(pace, 20)));
    cluster.disk.latency = latency(lots, lots.scale(part(pace, 400), part(pace, 20)));
    cluster.disk.torn = lots.percent(70);
    cluster.client_timeout = lots.scale(pace * 2, pace * 16);
    cluster.client_retry = options.own.retries ? lots.scale(part(pace, 4), pace * 3) : cluster.client_timeout;
  }
  Lots faults(seed, kOwnFaults);
  profile.chaos = faults.scale(pace * 8, pace * 40);
  profile.settle = pace * 10;
  profile.bound = pace * 100;
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    Profile::Fault& fault = profile.faults[i];
    const auto kind = static_cast<FaultKind>(i);
    // All draws are made for every kind, wanted or not, so that nobody's lot depends on another's.
    const bool on = faults.percent(45);
    const auto& only = options.own.only;
    const bool wanted = only.empty() || std::find(only.begin(), only.end(), kind) != only.end();
    if (!is_beyond_model(kind)) fault.on = wanted && (on || !only.empty());
    fault.every = faults.scale(pace, pace * 16);
    fault.least = part(pace, 8);
    fault.most = faults.scale(pace, pace * 8);
  }
  Lots work(seed, kOwnWork);
  profile.operation_every = work.scale(part(pace, 20), pace);
  profile.membership = 0;
  profile.transfers = false;
  profile.keys = work.from(1, 3);
}

}  // namespace quorumlab::chaos
