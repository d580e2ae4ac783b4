// Texts written into byte buffers: what the snapshot, the handlers and the answers consist of. No
// step allocates for them.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"
#include "core/gossip/address.h"

namespace quorumlab::gossip {

void append_text(std::string_view text, Bytes& out);
inline void append_number(std::uint64_t n, Bytes& out) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, n).ptr;
  append_text({digits, static_cast<std::size_t>(end - digits)}, out);
}
// "10.0.0.1" or "::1".
void append_ip(const Address& address, Bytes& out);
// "10.0.0.1:7946" or "[::1]:7946".
void append_address(const Address& address, Bytes& out);

}  // namespace quorumlab::gossip
