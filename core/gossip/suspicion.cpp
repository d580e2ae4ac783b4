// Suspicion: who agreed, and how long it lasts.
#include "core/gossip/suspicion.h"

#include <algorithm>

#include "core/base/fixed_log.h"

namespace quorumlab::gossip {

std::uint64_t node_scale_permille(std::uint64_t nodes) {
  if (nodes <= 10) return 1000;
  // Powers of ten are exact, and what is not one lies far enough from the next whole thousandth.
  std::uint64_t power = 10, exact = 1000;
  while (power <= nodes / 10) power *= 10, exact += 1000;
  if (power == nodes) return exact;
  const Uint128 scaled = static_cast<Uint128>(log2_q32(nodes)) * 1000;
  return static_cast<std::uint64_t>(scaled / log2_q32(10));
}

Duration suspicion_minimum(std::uint32_t suspicion_mult, std::uint64_t nodes,
                           Duration probe_interval) {
  const auto scale = static_cast<std::int64_t>(node_scale_permille(nodes));
  return probe_interval * (static_cast<std::int64_t>(suspicion_mult) * scale) / 1000;
}

Duration suspicion_timeout(std::uint32_t confirmed, std::uint32_t wanted, Duration minimum,
                           Duration maximum) {
  if (confirmed >= wanted) return minimum;
  if (confirmed == 0) {
    return std::max(minimum, milliseconds(maximum.ns / 1'000'000));
  }
  // max - ln(c + 1) / ln(k + 1) * (max - min), down to a millisecond.
  const auto spread = static_cast<std::uint64_t>(maximum.ns - minimum.ns);
  const Uint128 shrunk =
      static_cast<Uint128>(spread) * log2_q32(confirmed + 1) / log2_q32(wanted + 1);
  const std::int64_t left = maximum.ns - static_cast<std::int64_t>(shrunk);
  return std::max(minimum, milliseconds(left / 1'000'000));
}

Suspicion::Suspicion(PeerId from, Instant start, std::uint32_t wanted, Duration minimum,
                     Duration maximum)
    : start_(start),
      minimum_(minimum),
      maximum_(maximum),
      wanted_(static_cast<std::uint8_t>(wanted)) {
  accusers_[0] = from;
}

bool Suspicion::confirm(PeerId from, bool must_differ) {
  if (confirmed_ >= wanted_) return false;
  const auto end = accusers_.begin() + 1 + confirmed_;
  if (must_differ && std::find(accusers_.begin(), end, from) != end) return false;
  accusers_[++confirmed_] = from;
  return true;
}

Instant Suspicion::deadline() const {
  // Nobody to wait for: the minimum. Nobody heard yet: the maximum, as it stands (memberlist starts
  // its first timer without rounding).
  if (wanted_ == 0) return start_ + minimum_;
  if (confirmed_ == 0) return start_ + maximum_;
  return start_ + suspicion_timeout(confirmed_, wanted_, minimum_, maximum_);
}

}  // namespace quorumlab::gossip
