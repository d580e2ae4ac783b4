// Byte buffers, and the reader and writer that every codec of the project uses: little-endian fixed
// words and LEB128 variable-length integers. A reader never throws and never reads past its end:
// once it failed, everything reads as zero and ok() is false.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"

namespace quorumlab {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// A run of bytes inside a buffer that somebody else names, such as Effects::bytes.
struct Slice {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Appends to a buffer that somebody else owns.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  void u8(std::uint8_t v) { out_.push_back(v); }
  void u32(std::uint32_t v) {
    for (int shift = 0; shift < 32; shift += 8) u8(static_cast<std::uint8_t>(v >> shift));
  }
  void u64(std::uint64_t v) {
    for (int shift = 0; shift < 64; shift += 8) u8(static_cast<std::uint8_t>(v >> shift));
  }
  // 1 to 10 bytes, 7 bits each, least significant first.
  void varint(std::uint64_t v) {
    while (v >= 0x80) {
      u8(static_cast<std::uint8_t>(v | 0x80));
      v >>= 7;
    }
    u8(static_cast<std::uint8_t>(v));
  }
  void raw(ByteView v) { out_.insert(out_.end(), v.begin(), v.end()); }
  // Length first, then the bytes.
  void sized(ByteView v) {
    varint(v.size());
    raw(v);
  }
  void sized(std::string_view v) { sized(as_bytes(v)); }
  std::size_t position() const { return out_.size(); }

 private:
  Bytes& out_;
};

class ByteReader {
 public:
  explicit ByteReader(ByteView bytes)
      : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

  std::uint8_t u8() {
    if (at_ == end_) [[unlikely]] return fail();
    return *at_++;
  }
  std::uint32_t u32() {
    if (remaining() < 4) [[unlikely]] return fail();
    at_ += 4;
    return load_le32(at_ - 4);
  }
  std::uint64_t u64() {
    if (remaining() < 8) [[unlikely]] return fail();
    at_ += 8;
    return load_le64(at_ - 8);
  }
  // Fails on more than 64 bits and on a needlessly long form, so that a value has one encoding.
  std::uint64_t varint() {
    if (at_ != end_ && *at_ < 0x80) [[likely]] return *at_++;
    // By value, there and back, so that a reader can live in registers.
    const LongVarint read = long_varint(at_, end_);
    if (read.end == nullptr) [[unlikely]] return fail();
    at_ = read.end;
    return read.value;
  }
  ByteView raw(std::uint64_t n) {
    if (n > remaining()) [[unlikely]] {
      fail();
      return {};
    }
    at_ += n;
    return {at_ - n, static_cast<std::size_t>(n)};
  }
  ByteView sized() { return raw(varint()); }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  bool ok() const { return ok_; }
  // Everything was read and nothing was missing.
  bool finished() const { return ok_ && at_ == end_; }

 private:
  struct LongVarint {
    std::uint64_t value;
    const std::uint8_t* end;  // null: malformed
  };
  [[gnu::noinline]] static LongVarint long_varint(const std::uint8_t* at,
                                                  const std::uint8_t* end) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 70 && at != end; shift += 7) {
      const std::uint8_t byte = *at++;
      if (shift == 63 && byte > 1) break;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) {
        if (byte == 0 && shift > 0) break;
        return {value, at};
      }
    }
    return {0, nullptr};
  }
  std::uint8_t fail() {
    ok_ = false;
    at_ = end_;
    return 0;
  }
  const std::uint8_t* begin_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool ok_ = true;
};

}  // namespace quorumlab
