// How well this node itself seems to be (Lifeguard's local health multiplier): 0 is healthy. What
// it scales, and what moves it, differs between the paper and memberlist; see probe.cpp.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/types.h"

namespace quorumlab::gossip {

struct Awareness {
  std::uint32_t score = 0;
  std::uint32_t max = 7;  // the highest score: memberlist's awareness_max_multiplier - 1

  // Whether the score changed.
  bool apply(std::int64_t delta) {
    const std::int64_t moved =
        std::clamp<std::int64_t>(static_cast<std::int64_t>(score) + delta, 0, max);
    const bool changed = static_cast<std::uint32_t>(moved) != score;
    score = static_cast<std::uint32_t>(moved);
    return changed;
  }
  Duration scale(Duration d) const { return d * (static_cast<std::int64_t>(score) + 1); }
};

}  // namespace quorumlab::gossip
