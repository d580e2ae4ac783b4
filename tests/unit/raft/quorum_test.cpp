// The arithmetic of majorities, against a brute force that asks every possible majority.
#include "core/raft/quorum.h"

#include <vector>

#include "tests/catch.h"

using namespace quorumlab::raft;

namespace {

int ones(unsigned bits) { return __builtin_popcount(bits); }

// By definition: the largest value that some majority has wholly reached.
std::uint64_t by_definition(const std::vector<std::uint64_t>& values) {
  const unsigned n = static_cast<unsigned>(values.size());
  if (n == 0) return UINT64_MAX;
  std::uint64_t best = 0;
  for (unsigned set = 0; set < (1u << n); ++set) {
    if (2 * ones(set) <= static_cast<int>(n)) continue;
    std::uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < n; ++i) {
      if (set >> i & 1) least = std::min(least, values[i]);
    }
    best = std::max(best, least);
  }
  return best;
}

// By definition: won once a majority granted, lost once no majority can.
VoteResult vote_by_definition(unsigned n, unsigned granted, unsigned refused) {
  if (n == 0) return VoteResult::won;
  bool won = false, possible = false;
  for (unsigned set = 0; set < (1u << n); ++set) {
    if (2 * ones(set) <= static_cast<int>(n)) continue;
    won |= (set & ~granted) == 0;
    possible |= (set & refused) == 0;
  }
  return won ? VoteResult::won : possible ? VoteResult::pending : VoteResult::lost;
}

}  // namespace

TEST_CASE("any two majorities share a voter") {
  for (unsigned n = 1; n <= 10; ++n) {
    CHECK(2 * majority(n) > n);
    CHECK(2 * (majority(n) - 1) <= n);
  }
}

TEST_CASE("the value of a majority is what the definition says, for all values of up to 5 voters") {
  for (unsigned n = 0; n <= 5; ++n) {
    std::size_t cases = 1;
    for (unsigned i = 0; i < n; ++i) cases *= 5;
    for (std::size_t c = 0; c < cases; ++c) {
      std::vector<std::uint64_t> values;
      for (std::size_t rest = c, i = 0; i < n; ++i, rest /= 5) values.push_back(rest % 5);
      const std::uint64_t expected = by_definition(values);
      REQUIRE(majority_value(values) == expected);
    }
  }
}

TEST_CASE("votes are counted as the definition says, for both halves of up to 5 voters each") {
  // Every state of every voter: silent, granted, refused. The halves are counted alone and together.
  std::vector<VoteResult> seen[6];
  for (unsigned n = 0; n <= 5; ++n) {
    for (unsigned granted = 0; granted < (1u << n); ++granted) {
      for (unsigned refused = 0; refused < (1u << n); ++refused) {
        if ((granted & refused) != 0) continue;
        const VoteResult expected = vote_by_definition(n, granted, refused);
        REQUIRE(count_votes(n, static_cast<std::size_t>(ones(granted)),
                            static_cast<std::size_t>(ones(refused))) == expected);
        seen[n].push_back(expected);
      }
    }
  }
  for (const auto& incoming : seen) {
    for (const auto& outgoing : seen) {
      for (const VoteResult a : incoming) {
        for (const VoteResult b : outgoing) {
          const VoteResult expected = a == VoteResult::lost || b == VoteResult::lost
                                          ? VoteResult::lost
                                      : a == VoteResult::won && b == VoteResult::won
                                          ? VoteResult::won
                                          : VoteResult::pending;
          if (both(a, b) != expected) FAIL("a joint result is wrong");
        }
      }
    }
  }
}

TEST_CASE("a joint commit is what both halves have reached, for overlapping halves of 5 and 5") {
  // Eight nodes; the halves share two. Every node has one of three values.
  for (unsigned c = 0; c < 6561; ++c) {
    std::uint64_t value[8];
    for (unsigned rest = c, i = 0; i < 8; ++i, rest /= 3) value[i] = rest % 3;
    std::vector<std::uint64_t> incoming(value, value + 5), outgoing(value + 3, value + 8);
    const std::uint64_t expected = std::min(by_definition(incoming), by_definition(outgoing));
    REQUIRE(std::min(majority_value(incoming), majority_value(outgoing)) == expected);
  }
}
