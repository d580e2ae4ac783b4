// The digest as people see it.
#include "sim/trace/digest.h"

namespace quorumlab::trace {

std::string Digest::text() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (int i = 0; i < 16; ++i) text[i] = kDigits[(state_ >> (60 - 4 * i)) & 15];
  return text;
}

}  // namespace quorumlab::trace
