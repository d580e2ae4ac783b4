// Where a member is reached. The bytes on the wire carry addresses, the world moves packets between
// hosts: an AddressPlan is the arithmetic between the two.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "core/base/bytes.h"
#include "core/base/types.h"

namespace quorumlab::gossip {

// An IPv4 (size 4) or IPv6 (size 16) address and a port; size 0: none.
struct Address {
  std::array<std::uint8_t, 16> ip{};
  std::uint8_t size = 0;
  std::uint16_t port = 0;

  constexpr auto operator<=>(const Address&) const = default;
  static constexpr Address v4(std::uint32_t host_order, std::uint16_t port) {
    Address a;
    a.size = 4;
    a.port = port;
    for (unsigned i = 0; i < 4; ++i) {
      a.ip[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
    }
    return a;
  }
  // From the wire: 4 bytes, or 16, of which v4-mapped ones become 4. Anything else: size 0.
  static Address from_bytes(ByteView ip, std::uint16_t port);
  constexpr std::uint32_t v4_value() const {
    return static_cast<std::uint32_t>(ip[0]) << 24 | static_cast<std::uint32_t>(ip[1]) << 16 |
           static_cast<std::uint32_t>(ip[2]) << 8 | ip[3];
  }
  ByteView ip_bytes() const { return {ip.data(), size}; }
  // "10.0.0.1" or "::1"; without the port.
  std::string ip_text() const;
  // "10.0.0.1:7946" or "[::1]:7946".
  std::string text() const;
};

// Host n lives at `first + n` on `port` (a network of its own), or at `first` on `port + n` (many
// agents on one machine).
struct AddressPlan {
  std::uint32_t first = 10u << 24;  // 10.0.0.0
  std::uint16_t port = 7946;
  bool by_port = false;

  constexpr Address address(NodeId host) const {
    return by_port ? Address::v4(first, static_cast<std::uint16_t>(port + host.value))
                   : Address::v4(first + host.value, port);
  }
  // Nobody, if the address is outside the plan.
  constexpr NodeId host(const Address& a) const {
    if (a.size != 4) return kNobody;
    if (by_port) {
      return a.v4_value() == first && a.port > port ? NodeId{static_cast<std::uint32_t>(a.port - port)}
                                                    : kNobody;
    }
    const std::uint32_t value = a.v4_value();
    return value > first && a.port == port ? NodeId{value - first} : kNobody;
  }
  constexpr bool operator==(const AddressPlan&) const = default;
};

}  // namespace quorumlab::gossip
