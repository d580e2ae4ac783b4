// LZW with codes of 9 to 12 bits, least significant bit first: 256 clears the table, 257 ends, and
// when the codes are used up the encoder clears and begins anew. The width grows one code earlier
// for the encoder than for the decoder, whose table lags behind by one entry.
#include "core/gossip/lzw.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace quorumlab::gossip {
namespace {

constexpr std::uint32_t kClear = 256;
constexpr std::uint32_t kEnd = 257;
constexpr int kFirstWidth = 9;
constexpr int kLastWidth = 12;
constexpr std::uint32_t kCodes = 1u << kLastWidth;

class BitWriter {
 public:
  explicit BitWriter(std::uint8_t* at) : at_(at) {}
  void put(std::uint32_t code, int width) {
    bits_ |= static_cast<std::uint64_t>(code) << count_;
    count_ += width;
    while (count_ >= 8) {
      *at_++ = static_cast<std::uint8_t>(bits_);
      bits_ >>= 8;
      count_ -= 8;
    }
  }
  std::uint8_t* finish() {
    if (count_ > 0) *at_++ = static_cast<std::uint8_t>(bits_);
    return at_;
  }

 private:
  std::uint8_t* at_;
  std::uint64_t bits_ = 0;
  int count_ = 0;
};

// (code, next byte) -> code. Open addressing on the stack, as large as the data can need and no
// larger, since it must be cleared for every packet. An entry is key << 12 | code; 0 is free,
// because no code below 258 is ever stored.
class Table {
 public:
  // `data_bytes` bounds the entries.
  explicit Table(std::size_t data_bytes)
      : size_(std::bit_ceil(std::min<std::size_t>(2 * data_bytes + 2, kPlaces))),
        shift_(32 - std::countr_zero(size_)) {
    clear();
  }
  void clear() { std::memset(places_.data(), 0, size_ * sizeof places_[0]); }
  // The code of `key`, or 0, and then `key` gets `fresh`, if that is not 0.
  std::uint32_t find_or_add(std::uint32_t key, std::uint32_t fresh) {
    std::size_t at = (key * 0x9e3779b1u) >> shift_;
    while (places_[at] != 0) {
      if (places_[at] >> kLastWidth == key) return places_[at] & (kCodes - 1);
      at = (at + 1) & (size_ - 1);
    }
    if (fresh != 0) places_[at] = key << kLastWidth | fresh;
    return 0;
  }

 private:
  static constexpr std::size_t kPlaces = 2 * kCodes;
  std::array<std::uint32_t, kPlaces> places_;  // only the first size_ are in use
  std::size_t size_;
  int shift_;
};

}  // namespace

void lzw_compress(ByteView data, Bytes& out) {
  const std::size_t begin = out.size();
  // A code of at most 12 bits for each byte, a clear for each 3837 codes, first and last codes.
  out.resize(begin + data.size() + data.size() / 2 + data.size() / 1024 + 16);
  BitWriter bits(out.data() + begin);
  bits.put(kClear, kFirstWidth);
  std::uint32_t last = kEnd;  // the newest code
  int width = kFirstWidth;
  if (!data.empty()) {
    Table table(data.size());
    // Counts a code that was written. After the last one the table begins anew.
    const auto advance = [&] {
      ++last;
      if (last == 1u << width) ++width;
      if (last < kCodes - 1) return;
      bits.put(kClear, kLastWidth);
      table.clear();
      last = kEnd;
      width = kFirstWidth;
    };
    std::uint32_t code = data[0];
    for (const std::uint8_t byte : data.subspan(1)) {
      const std::uint32_t key = code << 8 | byte;
      // The last code of a table is spent on no entry.
      const std::uint32_t fresh = last + 1 < kCodes - 1 ? last + 1 : 0;
      const std::uint32_t known = table.find_or_add(key, fresh);
      if (known != 0) {
        code = known;
        continue;
      }
      bits.put(code, width);
      code = byte;
      advance();
    }
    bits.put(code, width);
    advance();
  }
  bits.put(kEnd, width);
  out.resize(static_cast<std::size_t>(bits.finish() - out.data()));
}

namespace {

// The output while it grows: written through a pointer, with some bytes behind the end so that runs
// may be copied eight at a time.
class Output {
 public:
  Output(Bytes& out, std::size_t limit) : out_(out), begin_(out.size()), limit_(limit) {}
  ~Output() { out_.resize(begin_ + size_); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  std::uint32_t size() const { return size_; }
  // False when `more` bytes are above the limit.
  bool make_room(std::uint32_t more, std::size_t guess) {
    if (more <= room_ - size_) [[likely]]
      return true;
    if (more > limit_ - size_) return false;
    const std::size_t wanted = std::max({std::size_t{2} * room_, std::size_t{size_} + more, guess});
    room_ = static_cast<std::uint32_t>(std::min(wanted, limit_));
    out_.resize(begin_ + room_ + kSlack);
    base_ = out_.data() + begin_;
    return true;
  }
  void put(std::uint8_t byte) { base_[size_++] = byte; }
  // The run may reach into what it makes.
  void repeat(std::uint32_t offset, std::uint32_t size) {
    const std::uint8_t* from = base_ + offset;
    std::uint8_t* to = base_ + size_;
    size_ += size;
    std::uint8_t* const end = base_ + size_;
    if (to - from >= static_cast<std::ptrdiff_t>(kSlack)) {
      for (; to < end; to += kSlack, from += kSlack) std::memcpy(to, from, kSlack);
    } else {
      while (to < end) *to++ = *from++;
    }
  }

 private:
  static constexpr std::size_t kSlack = 8;
  Bytes& out_;
  std::uint8_t* base_ = nullptr;
  std::size_t begin_;
  std::size_t limit_;
  std::uint32_t size_ = 0;
  std::uint32_t room_ = 0;
};

}  // namespace

WireError lzw_decompress(ByteView data, std::size_t limit, Bytes& out) {
  // What a code stands for is always a run of the output so far: the run of the code before it, and
  // one byte more.
  struct Run {
    std::uint32_t offset;  // from where the output begins
    std::uint32_t size;
  };
  std::array<Run, kCodes> runs;  // from 258 to `next` in use
  Output output(out, std::min<std::size_t>(limit, INT32_MAX));
  std::uint32_t next = kEnd + 1;
  int width = kFirstWidth;
  bool fresh = true;  // no code since the table was cleared: nothing to extend
  Run last{0, 0};
  std::uint64_t bits = 0;
  int count = 0;
  std::size_t at = 0;
  for (;;) {
    if (count < width) {
      if (data.size() - at >= 8) [[likely]] {
        bits |= load_le64(data.data() + at) << count;
        at += static_cast<std::size_t>((63 - count) / 8);
        count |= 56;  // what of the eight bytes was not used is loaded again
      }
      while (count < width) {
        if (at == data.size()) return WireError::bad_compression;  // there was no end code
        bits |= static_cast<std::uint64_t>(data[at++]) << count;
        count += 8;
      }
    }
    const std::uint32_t code = static_cast<std::uint32_t>(bits) & ((1u << width) - 1);
    bits >>= width;
    count -= width;
    if (code == kEnd) return WireError::none;
    if (code == kClear) {
      next = kEnd + 1;
      width = kFirstWidth;
      fresh = true;
      continue;
    }
    // The code that is just being defined stands for the run before it and that run's first byte.
    if (!fresh && next < kCodes) runs[next] = {last.offset, last.size + 1};
    const std::uint32_t known = fresh ? next : next + 1;
    if (code > kEnd && code >= known) return WireError::bad_compression;
    const Run run = code < kClear ? Run{0, 1} : runs[code];
    if (!output.make_room(run.size, 4 * data.size())) return WireError::too_large;
    last = {output.size(), run.size};
    if (code < kClear) {
      output.put(static_cast<std::uint8_t>(code));
    } else {
      output.repeat(run.offset, run.size);
    }
    if (fresh) {
      fresh = false;
    } else if (next < kCodes) {
      ++next;
    }
    if (next >= 1u << width && width < kLastWidth) ++width;
  }
}

}  // namespace quorumlab::gossip
