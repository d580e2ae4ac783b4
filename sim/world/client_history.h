// What clients asked and were told in a run, as a history that can be judged as a whole at its end
// (sim/judge/linearizability).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/judge/linearizability/check.h"
#include "sim/judge/linearizability/sequential.h"
#include "sim/world/config.h"

namespace quorumlab::world {

struct ClientVerdict {
  bool judged = false;
  linearizability::Outcome linear;
  linearizability::SequentialOutcome sequential;
  // Neither held nor violated: the search gave up.
  bool undecided() const { return linear.verdict == linearizability::Verdict::undecided; }
};

// Writes, erasures and reads of keys; `id` is the operation's. What was refused or has no answer is
// of unknown outcome: an earlier attempt may have been taken.
std::vector<linearizability::Operation> client_history(std::span<const Operation> operations);

// The same where clients speak to etcd, each key by its path in the store; etcd_history.cpp says what has
// no place in it.
struct EtcdHistory {
  std::vector<linearizability::Operation> operations;
  std::vector<std::string> keys_left_out;  // undecidable: what touches them is not all known
};
EtcdHistory etcd_history(std::span<const Operation> operations, std::span<const AppHost> apps);

// Whichever is right in such a world.
std::vector<linearizability::Operation> client_history(std::span<const Operation> operations,
                                                       const ClusterConfig& config);

}  // namespace quorumlab::world
