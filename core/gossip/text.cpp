// Texts, and addresses as texts, the way Go's net package writes them.
#include "core/gossip/text.h"

namespace quorumlab::gossip {
namespace {

unsigned part(const Address& address, unsigned i) {
  return static_cast<unsigned>(address.ip[2 * i]) << 8 | address.ip[2 * i + 1];
}

// The longest run of zeros, of two at least, becomes "::" (RFC 5952).
void append_v6(const Address& address, Bytes& out) {
  unsigned gap = 8, gap_size = 1;
  for (unsigned i = 0; i < 8; ++i) {
    unsigned end = i;
    while (end < 8 && part(address, end) == 0) ++end;
    if (end - i > gap_size) {
      gap = i;
      gap_size = end - i;
    }
  }
  for (unsigned i = 0; i < 8; ++i) {
    if (i == gap) {
      append_text("::", out);
      i += gap_size - 1;
      continue;
    }
    if (i != 0 && i != gap + gap_size) append_text(":", out);
    char digits[4];
    const auto end = std::to_chars(digits, digits + sizeof digits, part(address, i), 16).ptr;
    append_text({digits, static_cast<std::size_t>(end - digits)}, out);
  }
}

}  // namespace

void append_text(std::string_view text, Bytes& out) {
  out.insert(out.end(), text.begin(), text.end());
}

void append_ip(const Address& address, Bytes& out) {
  if (address.size == 16) return append_v6(address, out);
  if (address.size == 0) return append_text("<nil>", out);
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != 0) append_text(".", out);
    append_number(address.ip[i], out);
  }
}

void append_address(const Address& address, Bytes& out) {
  if (address.size == 16) append_text("[", out);
  append_ip(address, out);
  append_text(address.size == 16 ? "]:" : ":", out);
  append_number(address.port, out);
}

}  // namespace quorumlab::gossip
