// How long a suspect has to refute, as a value: Lifeguard's timeout, which begins at its maximum
// and shrinks with each independent accuser (arXiv 1707.00788, section IV.B; memberlist
// suspicion.go).
#pragma once

#include <array>
#include <cstdint>

#include "core/base/types.h"
#include "core/gossip/directory.h"

namespace quorumlab::gossip {

// trunc(1000 * max(1, log10(n))): memberlist's scale of the suspicion timeout, in thousandths.
std::uint64_t node_scale_permille(std::uint64_t nodes);
// suspicion_mult * that * probe_interval: the shortest timeout among `nodes` nodes.
Duration suspicion_minimum(std::uint32_t suspicion_mult, std::uint64_t nodes,
                           Duration probe_interval);
// How long a suspicion lasts in all with `confirmed` of `wanted` confirmations, down to a whole
// millisecond but never below `minimum`. REQUIRES: confirmed <= wanted, minimum <= maximum.
Duration suspicion_timeout(std::uint32_t confirmed, std::uint32_t wanted, Duration minimum,
                           Duration maximum);

class Suspicion {
 public:
  static constexpr std::uint32_t kMaxWanted = 15;

  Suspicion() = default;
  // `from`, the first accuser, is no confirmation. Wanting none, the timeout is the minimum at
  // once. REQUIRES: wanted <= kMaxWanted.
  Suspicion(PeerId from, Instant start, std::uint32_t wanted, Duration minimum, Duration maximum);

  // Another accusation. False if it is not news: enough were heard, or this accuser was counted
  // (unless `must_differ` is off).
  bool confirm(PeerId from, bool must_differ);
  // When it ends. May lie in the past: then at once.
  Instant deadline() const;
  std::uint32_t confirmations() const { return confirmed_; }
  Instant start() const { return start_; }

 private:
  Instant start_;
  Duration minimum_, maximum_;
  std::array<PeerId, kMaxWanted + 1> accusers_{};  // the first one, then those who confirmed
  std::uint8_t wanted_ = 0, confirmed_ = 0;
};

}  // namespace quorumlab::gossip
