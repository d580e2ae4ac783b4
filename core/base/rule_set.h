// Which rules of an engine are on: a bitset with one bit for each name of its list (rules.h of the
// engine). All are on unless somebody says otherwise, and only the simulation may.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace quorumlab {

template <class Rule, std::size_t kCount>
class RuleSet {
 public:
  constexpr bool operator[](Rule rule) const {
    return (off_[static_cast<std::size_t>(rule) / 64] >> (static_cast<std::size_t>(rule) % 64) &
            1) == 0;
  }
  constexpr void set(Rule rule, bool on) {
    const std::uint64_t bit = std::uint64_t{1} << (static_cast<std::size_t>(rule) % 64);
    std::uint64_t& word = off_[static_cast<std::size_t>(rule) / 64];
    word = on ? word & ~bit : word | bit;
  }
  constexpr bool all_on() const {
    for (const std::uint64_t word : off_) {
      if (word != 0) return false;
    }
    return true;
  }
  constexpr bool operator==(const RuleSet&) const = default;

 private:
  std::array<std::uint64_t, (kCount + 63) / 64> off_{};
};

}  // namespace quorumlab
