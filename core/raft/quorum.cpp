// The arithmetic of majorities.
#include "core/raft/quorum.h"

namespace quorumlab::raft {

std::uint64_t majority_value(std::span<std::uint64_t> values) {
  if (values.empty()) return UINT64_MAX;
  // A handful of voters: insertion sort, descending; the majority-th from the top is what counts.
  for (std::size_t i = 1; i < values.size(); ++i) {
    const std::uint64_t v = values[i];
    std::size_t at = i;
    for (; at > 0 && values[at - 1] < v; --at) values[at] = values[at - 1];
    values[at] = v;
  }
  return values[majority(values.size()) - 1];
}

VoteResult count_votes(std::size_t voters, std::size_t granted, std::size_t refused) {
  if (voters == 0 || granted >= majority(voters)) return VoteResult::won;
  if (granted + (voters - granted - refused) >= majority(voters)) return VoteResult::pending;
  return VoteResult::lost;
}

VoteResult both(VoteResult incoming, VoteResult outgoing) {
  if (incoming == outgoing) return incoming;
  if (incoming == VoteResult::lost || outgoing == VoteResult::lost) return VoteResult::lost;
  return VoteResult::pending;
}

}  // namespace quorumlab::raft
