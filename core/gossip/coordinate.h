// Network coordinates as serf keeps them: Vivaldi with a height, an adjustment term and gravity
// (Dabek et al. 2004; Ledlie et al. 2007; Chen et al. 2009; serf.md 3.11). The only place of the
// project where real numbers decide anything, and they decide coordinates only: + - * / and the
// square root, which IEEE 754 rounds in one way, in a fixed order.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/prefetch.h"
#include "core/base/random.h"
#include "core/base/types.h"
#include "core/gossip/directory.h"
#include "core/gossip/message.h"
#include "core/gossip/rules.h"

namespace quorumlab::gossip {

// Whether every part of it is a number.
bool is_finite(const Coordinate& c);
// The round trip that two coordinates promise, truncated to nanoseconds.
Duration estimated_rtt(const Coordinate& a, const Coordinate& b);

enum class CoordinateResult : std::uint8_t {
  updated,
  reset,           // it was no number any more, and began anew at the origin
  wrong_rtt,       // outside [0, 10 s]
  not_finite,      // the other's is no number
  wrong_dimensions
};

class CoordinateClient {
 public:
  void reset();
  const Coordinate& own() const { return own_; }
  // Moves this node's coordinate after a round trip to `peer`, which says that it is at `other`.
  CoordinateResult update(PeerId peer, const Coordinate& other, Duration rtt, const Random& random,
                          const Rules& rules);
  // Where the peer was when last heard of; null if never.
  const Coordinate* known(PeerId peer) const;
  void forget(PeerId peer);
  // Says that prefetch() for this peer comes soon.
  void prefetch_place(PeerId peer) const {
    if (peer.value < places_.size()) prefetch_line(&places_[peer.value]);
  }
  // Says that update() for this peer comes soon.
  void prefetch(PeerId peer) const {
    const std::uint32_t place = peer.value < places_.size() ? places_[peer.value] : 0;
    if (place != 0) {
      prefetch_lines(&at(place), &at(place) + 1);
    } else if (used_ % kChunk != 0) {  // where it will be
      const Peer* next = chunks_.back().data() + used_ % kChunk;
      prefetch_lines(next, next + 1);
    }
  }
  // That it holds for what it knows of others.
  std::size_t bytes() const {
    return places_.capacity() * sizeof(std::uint32_t) + chunks_.size() * kChunk * sizeof(Peer);
  }
  std::uint64_t resets() const { return resets_; }

 private:
  static constexpr std::size_t kFilterSize = 3, kWindow = 20;
  // Two lines of the cache, which are mostly not in it when a probe ends.
  struct alignas(64) Peer {
    Coordinate coordinate;
    std::array<double, kFilterSize> latency{};  // the last ones, in seconds
    std::uint8_t samples = 0;
  };
  Peer& entry(PeerId peer);
  const Peer& at(std::uint32_t place) const {
    return chunks_[(place - 1) / kChunk][(place - 1) % kChunk];
  }
  double filtered(Peer& peer, double rtt) const;
  void vivaldi(const Coordinate& other, double rtt, const Random& random);
  void adjust(const Coordinate& other, double rtt);
  void gravity(const Random& random);
  void apply_force(double force, const Coordinate& other, const Random& random);

  Coordinate own_;
  std::array<double, kWindow> window_{};
  std::uint32_t window_at_ = 0;
  // A peer more every second: a vector that grows would copy all of them again and again.
  static constexpr std::size_t kChunk = 32;
  std::vector<std::uint32_t> places_;  // by PeerId: position in all chunks + 1
  std::vector<std::vector<Peer>> chunks_;
  std::uint32_t used_ = 0;  // positions
  std::vector<std::uint32_t> free_;
  std::uint64_t resets_ = 0;
  std::uint64_t draws_ = 0;
};

}  // namespace quorumlab::gossip
