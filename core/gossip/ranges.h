// What each parameter may be: one table for the engine's own check and for whoever reads settings.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/gossip/config.h"

namespace quorumlab::gossip {

struct CountRange {
  std::string_view field;
  std::uint32_t Config::* value;
  std::uint32_t low, high;
};
std::span<const CountRange> count_ranges();

// Each up to kLongest.
struct DurationRange {
  std::string_view field;
  Duration Config::* value;
  Duration low;
};
std::span<const DurationRange> duration_ranges();
inline constexpr Duration kLongest = seconds(366 * 24 * 3600);

// All that is wrong, in the order of the table; `where` is the field's name. Config::validate answers
// the first.
std::vector<Error> problems(const Config& config);

}  // namespace quorumlab::gossip
