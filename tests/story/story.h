// A cluster that reads aloud: tests say what happens to whom and what must hold, in the order in
// which it would be told. Behind it is the real engine in the virtual world, with all checkers on.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "sim/world/action_text.h"
#include "sim/world/simulation.h"
#include "tests/catch.h"

namespace quorumlab::story {

using namespace quorumlab::world;

inline constexpr NodeId n1{1}, n2{2}, n3{3}, n4{4}, n5{5};
using Nodes = std::vector<NodeId>;

class Story {
 public:
  explicit Story(std::uint32_t nodes, std::uint64_t seed = 1) : Story(cluster_of(nodes), seed) {}
  Story(const ClusterConfig& config, std::uint64_t seed) : world_(config, seed) {}
  // Every story ends with all its checkers content.
  ~Story() {
    const auto violation = world_.violation();
    if (violation) {
      UNSCOPED_INFO("violated: " << judge::checker_name(violation->checker) << " by n"
                                 << violation->node.value << " at " << violation->time_ns);
    }
    CHECK_FALSE(violation);
  }

  static ClusterConfig cluster_of(std::uint32_t nodes) {
    ClusterConfig config;
    for (std::uint32_t i = 1; i <= nodes; ++i) config.names.push_back("n" + std::to_string(i));
    return config;
  }

  Simulation& world() { return world_; }
  const raft::Status& status(NodeId node) const { return world_.node(node).status(); }

  // Time passes.
  void wait(Duration d) { world_.run_for(d); }
  template <class Condition>
  bool wait_until(Condition&& holds, Duration at_most = seconds(10)) {
    const Instant end = world_.now() + at_most;
    while (!holds()) {
      if (world_.next_event() > end) {
        world_.run_until(end);
        return holds();
      }
      world_.step();
    }
    return true;
  }

  // The running leader of the highest term; nobody if there is none.
  NodeId leader() const {
    NodeId best;
    for (const NodeId node : running()) {
      if (status(node).role != raft::Role::leader) continue;
      if (!best || status(node).term > status(best).term) best = node;
    }
    return best;
  }
  // A leader comes up among these (any, if none are named), and is told.
  NodeId elected(const Nodes& among = {}) {
    const auto found = [&] {
      const NodeId l = leader();
      return l && (among.empty() || std::find(among.begin(), among.end(), l) != among.end());
    };
    REQUIRE(wait_until(found));
    return leader();
  }
  // Makes `node` the leader by handing leadership over.
  void elect(NodeId node) {
    for (int tries = 0; tries < 10 && elected() != node; ++tries) {
      Action action = act(Verb::transfer, {node});
      action.to = leader();
      world_.inject(action);
      wait_until([&] { return leader() == node; }, seconds(2));
    }
    REQUIRE(leader() == node);
  }

  Nodes all() const {
    Nodes nodes;
    for (std::uint32_t i = 1; i <= world_.node_count(); ++i) nodes.push_back({i});
    return nodes;
  }
  Nodes running() const {
    Nodes nodes;
    for (const NodeId node : all()) {
      if (world_.is_running(node)) nodes.push_back(node);
    }
    return nodes;
  }
  Nodes others(const Nodes& but) const {
    Nodes nodes;
    for (const NodeId node : all()) {
      if (std::find(but.begin(), but.end(), node) == but.end()) nodes.push_back(node);
    }
    return nodes;
  }
  Nodes others(NodeId but) const { return others(Nodes{but}); }

  // Faults.
  void kill(NodeId node) { now(act(Verb::kill, {node})); }
  void crash(NodeId node) { now(act(Verb::crash, {node})); }
  void restart(NodeId node) { now(act(Verb::restart, {node})); }
  void pause(NodeId node) { now(act(Verb::pause, {node})); }
  void resume(NodeId node) { now(act(Verb::resume, {node})); }
  void partition(const Nodes& one, const Nodes& other) {
    now(act(Verb::partition, {}, {one, other}));
  }
  void cut(const Nodes& from, const Nodes& to) { now(act(Verb::cut, {}, {from, to})); }
  void heal() { now(act(Verb::heal)); }
  void now(const Action& action) {
    world_.inject(action);
    world_.run_for(nanoseconds(1));
  }

  // Clients.
  std::uint64_t begin_write(const std::string& key, const std::string& value, NodeId to = {}) {
    Action action = act(Verb::write);
    action.key = key;
    action.value = value;
    action.to = to;
    return world_.inject(action);
  }
  // What becomes of the operation.
  Operation::Outcome outcome(std::uint64_t id) {
    wait_until([&] { return world_.operation(id).outcome != Operation::Outcome::pending; });
    return world_.operation(id).outcome;
  }
  void write(const std::string& key, const std::string& value) {
    REQUIRE(outcome(begin_write(key, value)) == Operation::Outcome::accepted);
  }
  bool try_write(const std::string& key, const std::string& value, NodeId to = {}) {
    return outcome(begin_write(key, value, to)) == Operation::Outcome::accepted;
  }
  std::optional<std::string> read(const std::string& key, NodeId to = {}) {
    Action action = act(Verb::read);
    action.key = key;
    action.to = to;
    const std::uint64_t id = world_.inject(action);
    const Operation::Outcome what = outcome(id);
    if (what == Operation::Outcome::not_found) return std::nullopt;
    REQUIRE(what == Operation::Outcome::accepted);
    return world_.operation(id).value;
  }
  Operation::Outcome ask(const Action& action) { return outcome(world_.inject(action)); }

  // What a node's own state machine holds.
  std::optional<std::string> value_at(NodeId node, const std::string& key) const {
    const StateMachine::Item* item = world_.node(node).state().find(key);
    return item == nullptr ? std::nullopt : std::optional<std::string>(item->value);
  }
  // All running nodes come to hold this value.
  void agree(const std::string& key, const std::string& value) {
    CHECK(wait_until([&] {
      const Nodes nodes = running();
      return std::all_of(nodes.begin(), nodes.end(),
                         [&](NodeId n) { return value_at(n, key) == value; });
    }));
  }

  static Action act(Verb verb, Nodes nodes = {}, std::vector<Nodes> groups = {}) {
    Action action;
    action.verb = verb;
    action.nodes = std::move(nodes);
    action.groups = std::move(groups);
    return action;
  }

 private:
  Simulation world_;
};

}  // namespace quorumlab::story
