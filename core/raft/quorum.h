// The arithmetic of majorities, pure: nothing here knows nodes, terms or messages. A joint
// configuration (Raft section 6) needs a majority of each half; an empty half agrees with everything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace quorumlab::raft {

// No cluster has more members than this (both halves of a joint configuration counted).
inline constexpr std::size_t kMaxMembers = 64;

// How many of n voters are a majority.
constexpr std::size_t majority(std::size_t n) { return n / 2 + 1; }

// The largest value that a majority has reached. Reorders `values`. No voters: the largest integer.
std::uint64_t majority_value(std::span<std::uint64_t> values);

enum class VoteResult : std::uint8_t { pending, won, lost };

// One majority: `voters` of them, of whom so many granted and refused.
VoteResult count_votes(std::size_t voters, std::size_t granted, std::size_t refused);

// Both halves must win; either half can lose it.
VoteResult both(VoteResult incoming, VoteResult outgoing);

}  // namespace quorumlab::raft
