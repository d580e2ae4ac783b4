// One server: engines and state machine behind the seam of event.h. Both worlds drive exactly this.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/random.h"
#include "core/node/event.h"
#include "core/node/request.h"
#include "core/node/state_machine.h"
#include "core/raft/engine.h"

namespace quorumlab {

struct NodeConfig {
  raft::Config raft;
  // A snapshot is taken every so many applied entries; 0: never.
  std::uint64_t snapshot_every = 10'000;
  // Entries kept in the log behind a snapshot, for followers that lag a little.
  std::uint64_t snapshot_keep = 1'000;
};

class Node {
 public:
  Node() = default;
  // The process exists but has not started; the first event must be Event::Kind::started.
  Node(NodeConfig config, Random random) : config_(std::move(config)), random_(random) {}

  void step(Now now, const Event& event, Effects& out);

  const raft::Status& status() const { return engine_.status(); }
  const raft::Engine& raft() const { return engine_; }
  const StateMachine& state() const { return state_; }
  void set_rule(raft::Rule rule, bool on);

 private:
  // (filled in with the implementation)
  NodeConfig config_;
  Random random_;
  raft::Engine engine_;
  StateMachine state_;
};

}  // namespace quorumlab
