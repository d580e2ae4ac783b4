// The rarer forms of msgpack's values, and the scanner that finds where one ends.
#include "core/gossip/msgpack.h"

namespace quorumlab::gossip::msgpack {
namespace {

std::uint64_t load_big_endian(const std::uint8_t* at, std::size_t bytes) {
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < bytes; ++i) v = v << 8 | at[i];
  return v;
}

// What follows a head byte: bytes of a length or count, then bytes of contents, then values.
struct Head {
  std::uint8_t length_bytes = 0;  // 1, 2 or 4: a big-endian number follows
  std::uint8_t body_bytes = 0;    // fixed contents, after the number
  std::uint8_t values_each = 0;   // a count of values: 1 (array) or 2 (map) for each; 0: of bytes
  bool bad = false;
};

Head head_of(std::uint8_t tag) {
  switch (tag) {
    case 0xc1:
      return {0, 0, 0, true};
    case 0xc4:
    case 0xd9:
      return {1, 0, 0, false};
    case 0xc5:
    case 0xda:
      return {2, 0, 0, false};
    case 0xc6:
    case 0xdb:
      return {4, 0, 0, false};
    case 0xc7:
      return {1, 1, 0, false};  // ext: a length, a type, the bytes
    case 0xc8:
      return {2, 1, 0, false};
    case 0xc9:
      return {4, 1, 0, false};
    case 0xca:
    case 0xce:
    case 0xd2:
      return {0, 4, 0, false};
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return {0, 8, 0, false};
    case 0xcc:
    case 0xd0:
      return {0, 1, 0, false};
    case 0xcd:
    case 0xd1:
      return {0, 2, 0, false};
    case 0xd4:
      return {0, 2, 0, false};  // fixext: a type, the bytes
    case 0xd5:
      return {0, 3, 0, false};
    case 0xd6:
      return {0, 5, 0, false};
    case 0xd7:
      return {0, 9, 0, false};
    case 0xd8:
      return {0, 17, 0, false};
    case 0xdc:
      return {2, 0, 1, false};
    case 0xdd:
      return {4, 0, 1, false};
    case 0xde:
      return {2, 0, 2, false};
    case 0xdf:
      return {4, 0, 2, false};
    default:
      return {};  // the fix forms, nil, booleans
  }
}

}  // namespace

Scanner::Progress Scanner::scan(ByteView bytes, std::size_t& consumed) {
  const std::uint8_t* at = bytes.data();
  const std::uint8_t* const end = at + bytes.size();
  const auto answer = [&](Progress progress) {
    consumed = static_cast<std::size_t>(at - bytes.data());
    return progress;
  };
  for (;;) {
    if (skip_ != 0) {
      const auto left = static_cast<std::uint64_t>(end - at);
      const std::uint64_t step = skip_ < left ? skip_ : left;
      at += step;
      skip_ -= step;
      if (skip_ != 0) return answer(Progress::need_more);
    }
    // Most values are small integers, nils and short texts that are all there.
    for (; values_ != 0 && at != end; --values_) {
      const std::size_t size = (*at & 0xe0) == 0xa0 ? 1 + (*at & 0x1f) : 1;
      const bool plain = *at < 0x80 || *at == 0xc0 || size != 1;
      if (!plain || static_cast<std::size_t>(end - at) < size) break;
      at += size;
    }
    if (values_ == 0) return answer(Progress::done);
    if (at == end) return answer(Progress::need_more);
    const std::uint8_t tag = *at;
    if (tag >= 0xa0 && tag < 0xc0) {
      skip_ = tag & 0x1f;
    } else if (tag >= 0x90 && tag < 0xa0) {
      values_ += tag & 0x0f;
    } else if (tag >= 0x80 && tag < 0x90) {
      values_ += 2 * (tag & 0x0f);
    } else if (tag >= 0xc0 && tag < 0xe0) {
      const Head head = head_of(tag);
      if (head.bad) return answer(Progress::bad);
      if (static_cast<std::size_t>(end - at) < std::size_t{1} + head.length_bytes) {
        return answer(Progress::need_more);
      }
      const std::uint64_t n = load_big_endian(at + 1, head.length_bytes);
      at += head.length_bytes;
      values_ += n * head.values_each;  // at most 2^33 for each five bytes: never overflows
      skip_ = head.body_bytes + (head.values_each == 0 ? n : 0);
    }
    ++at;
    --values_;
  }
}

bool Reader::boolean() {
  const std::uint8_t tag = peek();
  // The Go codec takes 0 and 1, too.
  if (tag == 0xc2 || tag == 0xc3 || tag == 0xc0 || tag <= 1) {
    ++at_;
    return tag == 0xc3 || tag == 1;
  }
  fail(at_ == end_ ? WireError::truncated : WireError::wrong_type);
  return false;
}

std::uint64_t Reader::big_endian(std::size_t bytes) {
  if (static_cast<std::size_t>(end_ - at_) < bytes) {
    fail(WireError::truncated);
    return 0;
  }
  at_ += bytes;
  return load_big_endian(at_ - bytes, bytes);
}

std::uint32_t Reader::long_count(std::uint8_t tag16) {
  if (at_ == end_) return fail(WireError::truncated), 0;
  const std::uint8_t tag = *at_;
  if (tag == 0xc0) {
    ++at_;
    return 0;
  }
  if (tag != tag16 && tag != tag16 + 1) return fail(WireError::wrong_type), 0;
  ++at_;
  const auto count = static_cast<std::uint32_t>(big_endian(tag == tag16 ? 2 : 4));
  // Each value takes a byte at least: a count beyond that is a lie, found before anything is
  // reserved.
  if (count > static_cast<std::size_t>(end_ - at_)) return fail(WireError::truncated), 0;
  return count;
}

ByteView Reader::long_raw() {
  const auto failed = [this](WireError error) {
    fail(error);
    return ByteView{};
  };
  if (at_ == end_) return failed(WireError::truncated);
  const std::uint8_t tag = *at_;
  std::uint64_t size = 0;
  if ((tag & 0xe0) == 0xa0) {
    ++at_;
    size = tag & 0x1f;
  } else if (tag == 0xc0) {
    ++at_;
    return {};
  } else {
    const Head head = head_of(tag);
    if (tag < 0xc4 || tag > 0xdb || head.length_bytes == 0 || head.body_bytes != 0) {
      return failed(WireError::wrong_type);
    }
    ++at_;
    size = big_endian(head.length_bytes);
    if (!ok()) return {};
  }
  if (size > static_cast<std::uint64_t>(end_ - at_)) return failed(WireError::truncated);
  const ByteView view(at_, static_cast<std::size_t>(size));
  at_ += size;
  return view;
}

Reader::Integer Reader::any_integer() {
  if (at_ == end_) return fail(WireError::truncated), Integer{};
  const std::uint8_t tag = *at_++;
  if (tag < 0x80) return {tag, false};
  const auto extended = [](std::uint64_t bits, int width) {
    const auto v = static_cast<std::int64_t>(bits << (64 - width)) >> (64 - width);
    return Integer{static_cast<std::uint64_t>(v), v < 0};
  };
  if (tag >= 0xe0) return extended(tag, 8);
  switch (tag) {
    case 0xc0:
      return {};
    case 0xcc:
      return {big_endian(1), false};
    case 0xcd:
      return {big_endian(2), false};
    case 0xce:
      return {big_endian(4), false};
    case 0xcf:
      return {big_endian(8), false};
    case 0xd0:
      return extended(big_endian(1), 8);
    case 0xd1:
      return extended(big_endian(2), 16);
    case 0xd2:
      return extended(big_endian(4), 32);
    case 0xd3:
      return extended(big_endian(8), 64);
    default:
      return fail(WireError::wrong_type), Integer{};
  }
}

std::uint64_t Reader::long_integer(std::uint64_t max) {
  const Integer v = any_integer();
  if (v.negative || v.bits > max) return fail(WireError::out_of_range), 0;
  return v.bits;
}

std::int64_t Reader::i64() {
  const Integer v = any_integer();
  if (!v.negative && v.bits > static_cast<std::uint64_t>(INT64_MAX)) {
    return fail(WireError::out_of_range), 0;
  }
  return static_cast<std::int64_t>(v.bits);
}

std::uint64_t Reader::float64_bits() {
  ++at_;
  if (end_ - at_ < 8) return fail(WireError::truncated), 0;
  at_ += 8;
  return load_be64(at_ - 8);
}

std::uint32_t Reader::float32_bits() {
  ++at_;
  return static_cast<std::uint32_t>(big_endian(4));
}

void Reader::skip() {
  if (!ok()) return;
  Scanner scanner;
  std::size_t consumed = 0;
  const Scanner::Progress progress = scanner.scan(rest(), consumed);
  if (progress == Scanner::Progress::done) {
    at_ += consumed;
  } else {
    fail(progress == Scanner::Progress::bad ? WireError::wrong_type : WireError::truncated);
  }
}

}  // namespace quorumlab::gossip::msgpack
