// Addresses as text, and from the wire's bytes.
#include "core/gossip/address.h"

#include <algorithm>

namespace quorumlab::gossip {
namespace {

constexpr std::array<std::uint8_t, 12> kV4Mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

void append_hex(std::uint32_t value, std::string& out) {
  bool begun = false;
  for (int shift = 12; shift >= 0; shift -= 4) {
    const std::uint32_t digit = value >> shift & 15;
    if (digit != 0 || begun || shift == 0) {
      out += "0123456789abcdef"[digit];
      begun = true;
    }
  }
}

}  // namespace

Address Address::from_bytes(ByteView ip, std::uint16_t port) {
  Address a;
  a.port = port;
  if (ip.size() == 16 && std::equal(kV4Mapped.begin(), kV4Mapped.end(), ip.begin())) {
    ip = ip.subspan(12);
  }
  if (ip.size() != 4 && ip.size() != 16) return a;
  a.size = static_cast<std::uint8_t>(ip.size());
  std::copy(ip.begin(), ip.end(), a.ip.begin());
  return a;
}

std::string Address::ip_text() const {
  std::string text;
  if (size == 4) {
    for (int i = 0; i < 4; ++i) {
      if (i != 0) text += '.';
      text += std::to_string(ip[static_cast<std::size_t>(i)]);
    }
    return text;
  }
  if (size != 16) return text;
  // The longest run of at least two zero groups becomes "::" (RFC 5952).
  std::array<std::uint32_t, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = ip[2 * i] * 256u + ip[2 * i + 1];
  std::size_t best = 8, best_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t length = 0;
    while (i + length < 8 && groups[i + length] == 0) ++length;
    if (length > best_length) best = i, best_length = length;
  }
  for (std::size_t i = 0; i < 8;) {
    if (i == best) {
      text += "::";
      i += best_length;
      continue;
    }
    if (i != 0 && i != best + best_length) text += ':';
    append_hex(groups[i], text);
    ++i;
  }
  return text;
}

std::string Address::text() const {
  const std::string host = size == 16 ? "[" + ip_text() + "]" : ip_text();
  return host + ":" + std::to_string(port);
}

}  // namespace quorumlab::gossip
