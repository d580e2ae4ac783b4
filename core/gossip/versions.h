// Which versions of memberlist's and serf's protocols members understand and speak. Everybody alive
// on either side of a push/pull says which ones it understands; everybody's own must lie in what
// they have in common (memberlist verifyProtocol).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace quorumlab::gossip {

struct VersionRange {
  std::uint8_t low = 0, high = UINT8_MAX;        // understood by all
  std::uint8_t least = UINT8_MAX, greatest = 0;  // in use

  bool holds(std::uint8_t current) const { return current >= low && current <= high; }
  bool holds_all() const { return least >= low && greatest <= high; }
  void understand(std::uint8_t from, std::uint8_t to) {
    low = std::max(low, from);
    high = std::min(high, to);
  }
  void use(std::uint8_t current) {
    least = std::min(least, current);
    greatest = std::max(greatest, current);
  }
  void add(const VersionRange& other) {
    understand(other.low, other.high);
    least = std::min(least, other.least);
    greatest = std::max(greatest, other.greatest);
  }
};

struct Versions {
  VersionRange protocol, delegate;

  void add(const std::array<std::uint8_t, 6>& v, bool alive) {
    if (alive) {
      protocol.understand(v[0], v[1]);
      delegate.understand(v[3], v[4]);
    }
    protocol.use(v[2]);
    delegate.use(v[5]);
  }
  void add(const Versions& other) {
    protocol.add(other.protocol);
    delegate.add(other.delegate);
  }
  bool hold_all() const { return protocol.holds_all() && delegate.holds_all(); }
  // memberlist's words for this member, empty if it fits.
  std::string misfit(std::string_view name, const std::array<std::uint8_t, 6>& v) const {
    if (protocol.holds(v[2]) && delegate.holds(v[5])) return {};
    const bool first = !protocol.holds(v[2]);
    const VersionRange& range = first ? protocol : delegate;
    return "Node '" + std::string(name) + (first ? "' protocol" : "' delegate protocol") +
           " version (" + std::to_string(first ? v[2] : v[5]) + ") is incompatible: [" +
           std::to_string(range.low) + ", " + std::to_string(range.high) + "]";
  }
};

}  // namespace quorumlab::gossip
