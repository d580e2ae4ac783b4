// Who is meant by "@leader" and its kin: resolved when a step is reached, by lot where there is a
// choice, with draws keyed by seed, step and place, so that an edit elsewhere moves no lot.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.h"
#include "sim/world/simulation.h"

namespace quorumlab::script {

struct Selector {
  enum class Kind : std::uint8_t {
    node, leader, follower, followers, candidate, random, minority, majority, all, others,
    last_crashed, crashed, paused, clients, spares, alias
  };
  Kind kind = Kind::node;
  NodeId node;               // of Kind::node; nobody: a name that could not be read
  std::uint32_t alias = 0;   // of Kind::alias: its number in Scenario::aliases
  bool operator==(const Selector&) const = default;
};
using Targets = std::vector<Selector>;

std::optional<Selector::Kind> find_selector(std::string_view word);  // without '@'

// What a runner knows beyond the world itself.
struct Memory {
  std::vector<std::vector<NodeId>> aliases;  // whom each "as" hit
  std::vector<NodeId> down;                  // in the order they went down; restarted ones are gone
};

// The leader of the highest term among the running nodes; nobody if there is none.
NodeId leading(const world::Simulation& sim);
// The configuration in force: of the leader, else of the running node that applied most; null if no
// node runs.
const raft::ConfState* configuration(const world::Simulation& sim);
// The voters of that configuration, of both halves of a joint one; with no node running, those of
// the start. By id.
std::vector<NodeId> voters(const world::Simulation& sim);

class Resolver {
 public:
  Resolver(const world::Simulation& sim, const Memory& memory, std::uint64_t step)
      : sim_(sim), memory_(memory), step_(step) {}
  // Adds whom the selectors mean to `out`; distinct from each other. False if one means nobody: then
  // `why` says so.
  bool resolve(const Targets& targets, std::vector<NodeId>& out, std::string& why);
  // All of them, in an order by lot.
  std::vector<NodeId> shuffled(std::vector<NodeId> nodes);
  // What @others leaves out.
  void name(const std::vector<NodeId>& nodes);

 private:
  bool one(const Selector& selector, std::vector<NodeId>& out, std::string& why);
  // `count` of `from` by lot, in order of their ids.
  void draw(std::vector<NodeId> from, std::size_t count, std::vector<NodeId>& out);

  const world::Simulation& sim_;
  const Memory& memory_;
  std::uint64_t step_;
  std::uint64_t place_ = 0;        // counts the lots of this step
  std::vector<NodeId> named_;
};

}  // namespace quorumlab::script
