// msgpack as the Go codec under memberlist and serf speaks it: strings and bytes alike go out in
// the "raw" family (fixraw, raw16, raw32), never as str8 or bin, nil stands for an absent list, and
// an integer takes its smallest unsigned form. Both that dialect and today's come in; serf's RPC has
// today's go out, too.
//
// Why not Debian's msgpack-cxx 4.1: it can write that dialect only through pack_v4raw, called by
// hand for each text, since what it does with strings by itself is str8; so its adaptors are of no
// use here. Its reader builds a tree of objects in a zone for each message, or calls a visitor for
// each value; we read fields in one pass, point into the packet and allocate nothing, millions of
// times a second. What would remain of the library is the table of head bytes, which is what this
// file is.
#pragma once

#include <cstring>
#include <string_view>

#include "core/base/bytes.h"
#include "core/gossip/wire_error.h"

namespace quorumlab::gossip::msgpack {

// Bytes that a value takes at most.
inline constexpr std::size_t kIntegerBound = 9;
inline constexpr std::size_t kHeadBound = 5;  // of a map, an array or a text
inline std::size_t bound(ByteView bytes) { return kHeadBound + bytes.size(); }
inline std::size_t bound(std::string_view text) { return kHeadBound + text.size(); }

// Numbers with their highest byte first.
inline std::uint64_t load_be64(const std::uint8_t* at) {
  std::uint64_t v = 0;
  for (int i = 0; i < 8; ++i) v = v << 8 | at[i];
  return v;
}
inline std::uint8_t* put_be64(std::uint8_t* at, std::uint64_t v) {
  for (int i = 0; i < 8; ++i) at[i] = static_cast<std::uint8_t>(v >> (56 - 8 * i));
  return at + 8;
}
// The `bytes` low bytes of `v`; answers where they end.
inline std::uint8_t* put_big_endian(std::uint8_t* at, std::uint64_t v, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) *at++ = static_cast<std::uint8_t>(v >> (8 * i));
  return at;
}
// An integer in its smallest unsigned form, at most kIntegerBound bytes.
inline std::uint8_t* put_integer(std::uint8_t* at, std::uint64_t v) {
  if (v < 0x80) return *at = static_cast<std::uint8_t>(v), at + 1;
  const int width = v <= 0xff ? 0 : v <= 0xffff ? 1 : v <= 0xffffffff ? 2 : 3;
  *at = static_cast<std::uint8_t>(0xcc + width);
  return put_big_endian(at + 1, v, 1 << width);
}

// Appends values to `out`. It grows `out` once, by what the caller says it will need at most, and
// gives the rest back at the end.
class Writer {
 public:
  Writer(Bytes& out, std::size_t bound) : out_(out) {
    const std::size_t begin = out.size();
    out.resize(begin + bound);
    at_ = out.data() + begin;
  }
  ~Writer() { out_.resize(static_cast<std::size_t>(at_ - out_.data())); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void byte(std::uint8_t v) { *at_++ = v; }
  void nil() { byte(0xc0); }
  void nils(std::size_t count) {
    std::memset(at_, 0xc0, count);
    at_ += count;
  }
  void boolean(bool v) { byte(v ? 0xc3 : 0xc2); }
  void map(std::size_t pairs) { head(0x80, 16, 0xde, pairs); }
  void array(std::size_t items) { head(0x90, 16, 0xdc, items); }
  // A field's name: a literal of 1 to 31 bytes.
  template <std::size_t N>
  void key(const char (&name)[N]) {
    static_assert(N >= 2 && N <= 32);
    *at_ = static_cast<std::uint8_t>(0xa0 | (N - 1));
    std::memcpy(at_ + 1, name, N - 1);
    at_ += N;
  }
  void integer(std::uint64_t v) { at_ = put_integer(at_, v); }
  // Not negative: as unsigned, the way of the codec in serf 0.9.4.
  void signed_integer(std::int64_t v) {
    if (v >= 0) return integer(static_cast<std::uint64_t>(v));
    const auto bits = static_cast<std::uint64_t>(v);
    if (v >= -32) return byte(static_cast<std::uint8_t>(bits));
    if (v >= INT8_MIN) return byte(0xd0), big_endian(bits, 1);
    if (v >= INT16_MIN) return byte(0xd1), big_endian(bits, 2);
    if (v >= INT32_MIN) return byte(0xd2), big_endian(bits, 4);
    byte(0xd3), big_endian(bits, 8);
  }
  // The eight bytes of a real number, as its bits.
  void float64(std::uint64_t bits) { byte(0xcb), at_ = put_be64(at_, bits); }
  void text(std::string_view v) {
    head(0xa0, 32, 0xda, v.size());
    copy(v.data(), v.size());
  }
  // nil when data() is null.
  void raw(ByteView v) {
    if (v.data() == nullptr) return nil();
    head(0xa0, 32, 0xda, v.size());
    copy(v.data(), v.size());
  }
  // The same in today's dialect, which serf's RPC speaks: str8 for texts, bin for bytes.
  void str(std::string_view v) {
    if (v.size() < 32 || v.size() > 0xff) return text(v);
    byte(0xd9), big_endian(v.size(), 1);
    copy(v.data(), v.size());
  }
  void bin(ByteView v) {
    if (v.data() == nullptr) return nil();
    const int width = v.size() <= 0xff ? 0 : v.size() <= 0xffff ? 1 : 2;
    byte(static_cast<std::uint8_t>(0xc4 + width)), big_endian(v.size(), 1 << width);
    copy(v.data(), v.size());
  }
  // Bytes that are no value: those of an inner message.
  void copy(const void* data, std::size_t size) {
    if (size != 0) std::memcpy(at_, data, size);
    at_ += size;
  }

 private:
  void big_endian(std::uint64_t v, int bytes) { at_ = put_big_endian(at_, v, bytes); }
  void head(std::uint8_t fix, std::size_t fix_limit, std::uint8_t tag16, std::size_t n) {
    if (n < fix_limit) return byte(static_cast<std::uint8_t>(fix | n));
    if (n <= 0xffff) return byte(tag16), big_endian(n, 2);
    byte(static_cast<std::uint8_t>(tag16 + 1)), big_endian(n, 4);
  }
  Bytes& out_;
  std::uint8_t* at_;
};

// Finds the end of one value without building it; may be given its bytes piece by piece. Counts
// what is still to come instead of nesting, so that depth costs nothing.
class Scanner {
 public:
  enum class Progress : std::uint8_t { need_more, done, bad };
  // Looks at `bytes`, which follow what was consumed before, and says in `consumed` how many of
  // them belong to the value. With need_more, bytes not consumed must be given again with more
  // behind them.
  Progress scan(ByteView bytes, std::size_t& consumed);
  // Whether a part of the value was looked at.
  bool begun() const { return values_ != 1 || skip_ != 0; }

 private:
  std::uint64_t values_ = 1;  // still to come
  std::uint64_t skip_ = 0;    // bytes of the last one still to come
};

// Reads values one after the other. Never throws and never reads past the end: after the first
// error everything reads as zero or empty. A nil reads as zero or empty, too.
class Reader {
 public:
  explicit Reader(ByteView bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return error_ == WireError::none; }
  WireError error() const { return error_; }
  // What was not read yet.
  ByteView rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }
  void fail(WireError error) {
    if (error_ == WireError::none) error_ = error;
    at_ = end_;
  }

  std::uint32_t map() {
    if (at_ != end_ && (*at_ & 0xf0) == 0x80) return *at_++ & 0x0f;
    return long_count(0xde);
  }
  std::uint32_t array() {
    if (at_ != end_ && (*at_ & 0xf0) == 0x90) return *at_++ & 0x0f;
    return long_count(0xdc);
  }
  bool boolean();
  ByteView raw() {
    if (at_ != end_ && (*at_ & 0xe0) == 0xa0) {
      const std::size_t size = *at_ & 0x1f;
      if (size < static_cast<std::size_t>(end_ - at_)) {
        const ByteView view(at_ + 1, size);
        at_ += 1 + size;
        return view;
      }
    }
    return long_raw();
  }
  std::string_view text() { return as_text(raw()); }
  // From 0 to `max`; anything else is out_of_range.
  std::uint64_t integer(std::uint64_t max) {
    if (at_ != end_ && *at_ < 0x80 && *at_ <= max) return *at_++;
    return long_integer(max);
  }
  std::uint8_t u8() { return static_cast<std::uint8_t>(integer(UINT8_MAX)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer(UINT16_MAX)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(integer(UINT32_MAX)); }
  std::uint64_t u64() { return integer(UINT64_MAX); }
  std::int64_t i64();
  // True when a nil was there, which is then read.
  bool nil() {
    if (at_ == end_ || *at_ != 0xc0) return false;
    ++at_;
    return true;
  }
  // The first byte of the next value; 0xc1, which none begins with, at the end.
  std::uint8_t peek() const { return at_ == end_ ? 0xc1 : *at_; }
  // The eight bytes behind a float64's tag. REQUIRES: peek() said 0xcb.
  std::uint64_t float64_bits();
  std::uint32_t float32_bits();  // REQUIRES: peek() said 0xca
  // Reads over one value of any kind.
  void skip();

 private:
  struct Integer {
    std::uint64_t bits = 0;
    bool negative = false;
  };
  Integer any_integer();
  std::uint32_t long_count(std::uint8_t tag16);
  ByteView long_raw();
  std::uint64_t long_integer(std::uint64_t max);
  std::uint64_t big_endian(std::size_t bytes);

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  WireError error_ = WireError::none;
};

// Reads a message in the one form in which it nearly always comes, by comparing the names of its
// fields where they must stand. Never reads past the end. After the first thing that is otherwise
// ok() is false and nothing else means anything: then the message is to be read by a Reader.
class UsualReader {
 public:
  explicit UsualReader(ByteView bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  bool ok() const { return ok_; }
  template <std::size_t N>
  UsualReader& literal(const char (&text)[N]) {
    if (!has(N - 1) || std::memcmp(at_, text, N - 1) != 0) return fail();
    at_ += N - 1;
    return *this;
  }
  UsualReader& integer(std::uint32_t& v) {
    if (!has(1)) return fail();
    const std::uint8_t tag = *at_++;
    v = tag;
    if (tag < 0x80) return *this;
    const int width = tag == 0xcc ? 1 : tag == 0xcd ? 2 : tag == 0xce ? 4 : 0;
    if (width == 0 || !has(static_cast<std::size_t>(width))) return fail();
    v = 0;
    for (int i = 0; i < width; ++i) v = v << 8 | *at_++;
    return *this;
  }
  UsualReader& raw(ByteView& v) {
    if (!has(1)) return fail();
    std::size_t size = *at_++;
    if ((size & 0xe0) == 0xa0) {
      size &= 0x1f;
    } else if (size == 0xda && has(2)) {
      size = static_cast<std::size_t>(at_[0]) << 8 | at_[1];
      at_ += 2;
    } else {
      return fail();
    }
    return bytes(size, v);
  }
  UsualReader& bytes(std::size_t size, ByteView& v) {
    if (!has(size)) return fail();
    v = {at_, size};
    at_ += size;
    return *this;
  }

 private:
  bool has(std::size_t bytes) const { return ok_ && static_cast<std::size_t>(end_ - at_) >= bytes; }
  UsualReader& fail() {
    ok_ = false;
    return *this;
  }
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool ok_ = true;
};

// True when `key` is the literal; with its length known, the comparison is a few instructions.
template <std::size_t N>
bool is(std::string_view key, const char (&name)[N]) {
  return key.size() == N - 1 && std::memcmp(key.data(), name, N - 1) == 0;
}

// Reads a map whose keys are texts: `field(key)` reads the value of a key that it knows and returns
// true; values of other keys are skipped.
template <class Field>
void read_map(Reader& in, Field&& field) {
  for (std::uint32_t left = in.map(); left != 0 && in.ok(); --left) {
    const std::string_view key = in.text();
    if (!field(key)) in.skip();
  }
}

}  // namespace quorumlab::gossip::msgpack
