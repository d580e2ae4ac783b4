// What a read promises that is answered from one server's own copy, however old: it shows a value
// that somebody wrote, and in its own order a client never sees a key go backwards on one server in
// one life of it. (Sequential consistency, Lamport 1979, as far as such a read can promise it.)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/judge/linearizability/history.h"

namespace quorumlab::linearizability {

struct SequentialOutcome {
  enum class Fault : std::uint8_t {
    none,
    never_written,  // `read` shows what nobody had written by then
    went_back       // `read` shows an older version than `earlier` did
  };
  Fault fault = Fault::none;
  std::uint32_t read = 0, earlier = 0;  // places in the history
  std::uint64_t compared = 0;           // stale gets looked at
  bool holds() const { return fault == Fault::none; }
};

// Judges the stale gets of the history against each other and against its writes. Which of two
// versions is older is known by their indexes, or else by one's writer having returned before the
// other's was invoked; where neither is known, nothing is claimed.
SequentialOutcome check_sequential(std::span<const Operation> history);

}  // namespace quorumlab::linearizability
