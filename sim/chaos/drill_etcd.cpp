// The calm drill of etcd clusters: every member makes the same store of the same log, the store can be
// asked through any server, and programs find out who holds their key.
#include <fmt/format.h>

#include <algorithm>

#include "sim/chaos/seed_run.h"

namespace quorumlab::chaos {

using world::Action;

namespace {

constexpr std::uint64_t kDrill = 3200;  // purpose of draws

bool wants_to_hold(const recipes::AppConfig& app) {
  using Kind = recipes::AppConfig::Kind;
  return app.kind == Kind::election || app.kind == Kind::lock || app.kind == Kind::elastic_ip;
}

}  // namespace

bool is_drilled(Drill drill, System system) {
  switch (drill) {
    case Drill::same_store:
    case Drill::holder:
    case Drill::follower:
      return system == System::etcd;
    case Drill::catching_up:
    case Drill::read_elsewhere:
    case Drill::write_elsewhere:
    case Drill::convergence:
      return system != System::serf && system != System::own;
    default:
      return system == System::raft;
  }
}

// Whoever has applied as much as another has the same store.
bool SeedRun::same_stores() {
  for (std::uint32_t a = 1; a <= sim_->node_count(); ++a) {
    if (!sim_->is_running({a})) continue;
    const kv::Server* one = sim_->node({a}).kv();
    for (std::uint32_t b = a + 1; one != nullptr && b <= sim_->node_count(); ++b) {
      if (!sim_->is_running({b})) continue;
      const kv::Server* other = sim_->node({b}).kv();
      if (other == nullptr || one->applied() != other->applied()) continue;
      if (one->same_state(*other)) continue;
      const std::vector<std::string>& names = profile_.cluster.names;
      fail(SeedResult::Verdict::violated,
           fmt::format("{}: {} and {}, both at entry {}", drill_words(Drill::same_store),
                       names[a - 1], names[b - 1], one->applied().value));
      return false;
    }
  }
  ++result_->drills[static_cast<std::size_t>(Drill::same_store)];
  return true;
}

void SeedRun::drill_etcd() {
  Lots lots(result_->seed, kDrill);
  // Programs never rest: who has all that the leader had when the question was put has caught up.
  const auto caught_up = [&](Drill drill) {
    const Instant end = sim_->now() + profile_.bound;
    if (!wait(end, [&] { return followed_leader(*sim_).value != 0; })) return drilled(drill, false);
    const LogIndex goal = sim_->node(followed_leader(*sim_)).status().last_index;
    return drilled(drill, wait(end, [&] {
                     for (std::uint32_t id = 1; id <= sim_->node_count(); ++id) {
                       if (sim_->is_running({id}) && sim_->node({id}).status().applied < goal) {
                         return false;
                       }
                     }
                     return true;
                   }));
  };
  if (!caught_up(Drill::catching_up)) return;
  if (!same_stores()) return;
  const raft::ConfState* conf = conf_in_force();
  if (conf == nullptr) return;
  const world::ClusterConfig& cluster = profile_.cluster;
  std::vector<NodeId> others = conf->voters;
  std::erase_if(others, [&](NodeId n) { return n == followed_leader(*sim_) || !sim_->is_running(n); });
  // A client of ours does not go where it is redirected to, and one without patience hears nothing.
  const bool patient = cluster.client_retry >= cluster.node.raft.timeouts.election_min;
  if (patient && !others.empty() &&
      cluster.node.kv.server.redirect == kv::ServerConfig::Redirect::off) {
    const NodeId other = others[static_cast<std::size_t>(lots.below(others.size()))];
    const auto always = [] { return true; };
    const auto ask = [&](Drill drill, bool write) {
      return insist(
          drill,
          [&] {
            Action action = write ? workload_.final_write({}) : workload_.final_read({});
            action.to = other;
            return action;
          },
          always, true);
    };
    if (!ask(Drill::read_elsewhere, false) || !ask(Drill::write_elsewhere, true)) return;
  }
  const auto first = static_cast<std::uint32_t>(cluster.host_count() - cluster.apps.size() + 1);
  const auto holder_of = [&](const std::string& key) -> NodeId {
    for (std::size_t i = 0; i < cluster.apps.size(); ++i) {
      const NodeId host{first + static_cast<std::uint32_t>(i)};
      const recipes::App* app = sim_->app(host);
      if (app != nullptr && sim_->is_running(host) && cluster.apps[i].app.key == key &&
          app->holds()) {
        return host;
      }
    }
    return kNobody;
  };
  for (std::size_t i = 0; i < cluster.apps.size(); ++i) {
    const recipes::AppConfig& app = cluster.apps[i].app;
    const NodeId host{first + static_cast<std::uint32_t>(i)};
    const Instant end = sim_->now() + profile_.bound;
    if (wants_to_hold(app)) {
      if (!drilled(Drill::holder, wait(end, [&] { return holder_of(app.key).value != 0; }))) return;
    } else if (app.kind == recipes::AppConfig::Kind::follower) {
      const auto found = [&] {
        const NodeId holder = holder_of(app.key);
        return holder && sim_->app(host)->follows() == holder;
      };
      if (!drilled(Drill::follower, wait(end, found))) return;
    }
  }
  if (caught_up(Drill::convergence)) same_stores();
}

}  // namespace quorumlab::chaos
