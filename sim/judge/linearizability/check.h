// Whether a history is linearizable (Herlihy and Wing, "Linearizability: A Correctness Condition for
// Concurrent Objects", 1990): there is one order of all operations that explains every answer, and
// in which whatever returned before another was invoked stands before it. A history is linearizable
// if each key's part of it is (ibid., locality), so keys are judged one by one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/judge/linearizability/history.h"
#include "sim/judge/linearizability/search.h"

namespace quorumlab::linearizability {

struct Options {
  std::uint64_t most_nodes = 2'000'000;  // that the search may look at, for each key
  bool minimise = true;                  // look for a smallest sub-history that shows the fault
};

// An operation of a sub-history that no order explains.
struct Culprit {
  std::uint32_t place = 0;  // in the history
  // The fault shows even if its answer is forgotten and it may have taken effect at any time from
  // its invocation on, or never.
  bool answer_needless = false;
};

struct Outcome {
  Verdict verdict = Verdict::linearizable;
  std::string key;  // that has no order; undecided: the first one
  // The fault shows once this operation is answered: its place in the history, and when.
  std::uint32_t shown_by = 0;
  Instant shown;
  // In the order of their invocations. Sound: if these have no order, the whole history has none.
  std::vector<Culprit> minimal;
  bool by_index = false;  // the fault shows only by the indexes that answers tell, not by values
  std::uint64_t operations = 0, keys = 0, undecided_keys = 0;  // looked at; stale gets are not
  std::uint64_t nodes = 0;                                     // of the first search of each key
};

// The result depends on the history alone, order of its elements included.
Outcome check(std::span<const Operation> history, const Options& options = {});

}  // namespace quorumlab::linearizability
