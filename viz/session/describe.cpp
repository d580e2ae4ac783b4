// Names, checkers and timeouts of a run.
#include "viz/session/describe.h"

#include "sim/report/text.h"

namespace quorumlab::viz {
namespace {

void take_timeouts(const raft::TimeoutPolicy& policy, Recording& out) {
  const bool ticks = policy.kind == raft::TimeoutPolicy::Kind::ticks;
  const std::int64_t least = policy.period.ns * policy.election_ticks;
  out.election_min_ns = ticks ? least : policy.election_min.ns;
  out.election_max_ns = ticks ? 2 * least - policy.period.ns : policy.election_max.ns;
}

}  // namespace

// People know programs by other names than the network does.
void describe(const script::Scenario& scenario, Recording& out) {
  out.checkers.clear();
  out.name = scenario.name;
  out.title = scenario.title.empty() ? scenario.name : scenario.title;
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
    if ((scenario.watched >> i & 1) != 0 && report::engine_runs(scenario, static_cast<judge::Checker>(i))) {
      out.checkers.push_back(static_cast<std::uint32_t>(i));
    }
  }
  take_timeouts(scenario.cluster.node.raft.timeouts, out);
  const auto& cluster = scenario.cluster;
  const std::size_t first = cluster.names.size() + cluster.clients;
  for (std::size_t i = 0; i < cluster.apps.size() && first + i < out.titles.size(); ++i) {
    if (!cluster.apps[i].app.title.empty()) out.titles[first + i] = cluster.apps[i].app.title;
  }
}

}  // namespace quorumlab::viz
