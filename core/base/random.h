// Randomness by key: a draw is a hash of (key, purpose, ids, counter), never the next number of a
// stored generator. Leaving out one draw therefore shifts nobody else's, and a copy of a state draws
// what the original draws.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/hash.h"
#include "core/base/types.h"

namespace quorumlab {

// Maps a 64-bit draw onto [0, bound); bias below bound / 2^64. REQUIRES: bound > 0.
constexpr std::uint64_t below(std::uint64_t draw, std::uint64_t bound) {
  return static_cast<std::uint64_t>((static_cast<Uint128>(draw) * bound) >> 64);
}

// Uniform duration in [low, high], both ends included. REQUIRES: low <= high.
constexpr Duration uniform(std::uint64_t draw, Duration low, Duration high) {
  return {low.ns + static_cast<std::int64_t>(
                       below(draw, static_cast<std::uint64_t>(high.ns - low.ns) + 1))};
}

// A probability in units of 2^-32, so that decisions need no floating point. 2^32 means always.
struct Probability {
  std::uint64_t parts = 0;
  constexpr auto operator<=>(const Probability&) const = default;
  static constexpr Probability of_million(std::uint64_t ppm) {
    return {(ppm << 32) / 1'000'000};
  }
  // Whether this draw falls inside.
  constexpr bool hit(std::uint64_t draw) const { return (draw >> 32) < parts; }
};

// One engine's own source: a key of 256 bits, which the simulation derives from its seed and the
// real runtime takes from the system.
class Random {
 public:
  constexpr Random() = default;
  constexpr explicit Random(std::uint64_t seed)
      : key_{mix(seed, 1), mix(seed, 2), mix(seed, 3), mix(seed, 4)} {}
  constexpr explicit Random(const std::array<std::uint64_t, 4>& key) : key_(key) {}

  // The draw numbered `counter` for this purpose.
  [[nodiscard]] constexpr std::uint64_t draw(std::uint64_t purpose, std::uint64_t counter) const {
    return mix(mix(key_[0], purpose, key_[1]), mix(key_[2], counter, key_[3]));
  }
  constexpr bool operator==(const Random&) const = default;

 private:
  std::array<std::uint64_t, 4> key_{};
};

}  // namespace quorumlab
