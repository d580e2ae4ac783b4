// Of a history of one key without an order: when that first shows, and a small part of it that shows
// it. Leaving a write out of a history can make a good one bad, since a read may have seen it; so a
// write is only ever weakened to one whose outcome nobody knows, which can but explain more, and is
// left out once no remaining answer could need it. What remains without an order proves that the
// whole has none.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/judge/linearizability/check.h"
#include "sim/judge/linearizability/search.h"

namespace quorumlab::linearizability {

// The earliest return after which what had been asked and answered by then has no order.
struct Shown {
  Instant at;
  std::uint32_t place = 0;  // in the history: what returned
};
Shown first_shown(std::span<const Operation> history, std::span<const std::uint32_t> places,
                  Search& search, std::uint64_t most_nodes);

// REQUIRES: `shown` is first_shown() of the same.
std::vector<Culprit> minimise(std::span<const Operation> history,
                              std::span<const std::uint32_t> places, const Shown& shown,
                              Search& search, std::uint64_t most_nodes, bool& by_index);

}  // namespace quorumlab::linearizability
