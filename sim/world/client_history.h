// What clients asked and were told in a run, as a history that can be judged as a whole at its end
// (sim/judge/linearizability).
#pragma once

#include <span>
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

}  // namespace quorumlab::world
