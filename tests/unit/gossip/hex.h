// Bytes as hexadecimal text, for vectors and for messages of tests that fail; and files as bytes.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "core/base/bytes.h"

namespace quorumlab {

// Blanks are ignored.
inline Bytes from_hex(std::string_view text) {
  Bytes out;
  int high = -1;
  for (const char c : text) {
    if (c == ' ' || c == '\n') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  return out;
}

inline std::string to_hex(ByteView bytes) {
  std::string out;
  for (const std::uint8_t b : bytes) {
    out += "0123456789abcdef"[b >> 4];
    out += "0123456789abcdef"[b & 15];
  }
  return out;
}

// A file of tests/data/serf.
inline Bytes captured(const std::string& name) {
  std::ifstream file(std::string(QUORUMLAB_SOURCE_DIR) + "/tests/data/serf/" + name,
                     std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace quorumlab
