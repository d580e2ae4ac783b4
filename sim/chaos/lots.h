// Draws for chaos: keyed by seed, purpose and a counter of its own, so that one kind of fault that
// is left out moves nobody else's lot. Integers only.
#pragma once

#include <cstdint>

#include "core/base/random.h"

namespace quorumlab::chaos {

class Lots {
 public:
  Lots() = default;
  Lots(std::uint64_t seed, std::uint64_t purpose)
      : random_(mix(seed, 0x0c4a05)), purpose_(purpose) {}

  std::uint64_t draw() { return random_.draw(purpose_, counter_++); }
  // Uniform on [0, bound). REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound) { return quorumlab::below(draw(), bound); }
  // Uniform on [low, high].
  std::uint64_t from(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }
  bool percent(std::uint64_t chance) { return below(100) < chance; }
  Duration between(Duration low, Duration high) { return uniform(draw(), low, high); }
  // Every doubling is as likely as the next one, so that small and large ones both come up.
  // At least 1; `low` where the bounds are the wrong way round.
  std::uint64_t scale(std::uint64_t low, std::uint64_t high) {
    if (low == 0) low = 1;
    if (low >= high) return low;
    std::uint64_t doublings = 0;
    while (low << (doublings + 1) <= high) ++doublings;
    const std::uint64_t floor = low << below(doublings + 1);
    const std::uint64_t ceiling = floor * 2 - 1;
    return from(floor, ceiling < high ? ceiling : high);
  }
  Duration scale(Duration low, Duration high) {
    return {static_cast<std::int64_t>(
        scale(static_cast<std::uint64_t>(low.ns), static_cast<std::uint64_t>(high.ns)))};
  }
  template <class T, std::size_t N>
  T one_of(const T (&choices)[N]) {
    return choices[below(N)];
  }

 private:
  Random random_;
  std::uint64_t purpose_ = 0;
  std::uint64_t counter_ = 0;
};

}  // namespace quorumlab::chaos
