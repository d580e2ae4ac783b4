// Logarithm and power of two in integers, the same on every machine. Fixed point with 32 fractional
// bits (Q32). Absolute error of log2_q32 and ln_q32 below 2^-29, relative error of exp2_q32 below
// 2^-29; the unit test compares them with the C library.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "core/base/hash.h"

namespace quorumlab {

namespace fixed_log_detail {

// log2 of m / 2^63 for m in [2^63, 2^64), bit by bit: squaring doubles the logarithm.
constexpr std::uint64_t slow_log2_fraction(std::uint64_t m, int bits) {
  std::uint64_t result = 0;
  for (int i = 0; i < bits; ++i) {
    const Uint128 square = static_cast<Uint128>(m) * m;  // in [2^126, 2^128)
    result <<= 1;
    if ((square >> 127) != 0) {
      result |= 1;
      m = static_cast<std::uint64_t>(square >> 64);
    } else {
      m = static_cast<std::uint64_t>(square >> 63);
    }
  }
  return result;
}

inline constexpr int kTableBits = 7;
inline constexpr int kTableSize = 1 << kTableBits;

// log2(1 + i / 128) with 40 fractional bits.
inline constexpr std::array<std::uint64_t, kTableSize> kLog2 = [] {
  std::array<std::uint64_t, kTableSize> table{};
  for (int i = 0; i < kTableSize; ++i) {
    table[static_cast<std::size_t>(i)] = slow_log2_fraction(
        (std::uint64_t{1} << 63) + (static_cast<std::uint64_t>(i) << (63 - kTableBits)), 40);
  }
  return table;
}();

// 2^63 / (1 + i / 128), rounded down.
inline constexpr std::array<std::uint64_t, kTableSize> kReciprocal = [] {
  std::array<std::uint64_t, kTableSize> table{};
  for (int i = 0; i < kTableSize; ++i) {
    const Uint128 numerator = (static_cast<Uint128>(1) << 63) * kTableSize;
    table[static_cast<std::size_t>(i)] =
        static_cast<std::uint64_t>(numerator / static_cast<Uint128>(kTableSize + i));
  }
  return table;
}();

inline constexpr std::uint64_t kLn2Q64 = 0xb17217f7d1cf79abu;  // ln 2 * 2^64
inline constexpr std::uint64_t kInverseLn2Q32 = 6196328019u;   // 2^32 / ln 2

}  // namespace fixed_log_detail

// log2(x) * 2^32. REQUIRES: x >= 1.
constexpr std::uint64_t log2_q32(std::uint64_t x) {
  using namespace fixed_log_detail;
  const int zeros = std::countl_zero(x);
  const std::uint64_t m = x << zeros;  // 1.fff with 63 fractional bits
  const std::size_t i = static_cast<std::size_t>((m << 1) >> (64 - kTableBits));
  // m = (1 + i/128) * (1 + r) with 0 <= r < 1/128; r with 40 fractional bits.
  const std::uint64_t ratio =
      static_cast<std::uint64_t>((static_cast<Uint128>(m) * kReciprocal[i]) >> 86);
  const std::uint64_t one = std::uint64_t{1} << 40;
  const std::uint64_t r = ratio > one ? ratio - one : 0;
  // ln(1 + r) = r - r^2/2 + r^3/3 - r^4/4, then by 1 / ln 2.
  const std::uint64_t r2 = static_cast<std::uint64_t>((static_cast<Uint128>(r) * r) >> 40);
  const std::uint64_t r3 = static_cast<std::uint64_t>((static_cast<Uint128>(r2) * r) >> 40);
  const std::uint64_t r4 = static_cast<std::uint64_t>((static_cast<Uint128>(r3) * r) >> 40);
  const std::uint64_t ln = r - r2 / 2 + r3 / 3 - r4 / 4;
  const std::uint64_t tail =
      static_cast<std::uint64_t>((static_cast<Uint128>(ln) * kInverseLn2Q32) >> 32);
  return (static_cast<std::uint64_t>(63 - zeros) << 32) + ((kLog2[i] + tail) >> 8);
}

// ln(x) * 2^32. REQUIRES: x >= 1.
constexpr std::uint64_t ln_q32(std::uint64_t x) {
  return static_cast<std::uint64_t>(
      (static_cast<Uint128>(log2_q32(x)) * fixed_log_detail::kLn2Q64) >> 64);
}

// -ln(u) * 2^32 for the uniform number u in (0, 1] that a 64-bit draw stands for: an exponentially
// distributed draw of mean 1, at most 44.4.
constexpr std::uint64_t exponential_q32(std::uint64_t draw) {
  return ln_q32(UINT64_MAX) - ln_q32(draw | 1);
}

// 2^(x / 2^32) * 2^32; saturates at UINT64_MAX from x = 32 * 2^32 on.
constexpr std::uint64_t exp2_q32(std::uint64_t x) {
  const std::uint64_t whole = x >> 32;
  if (whole >= 32) return UINT64_MAX;
  // 2^f by the series of e^(f ln 2), with 56 fractional bits: 0 <= y < 0.694.
  const std::uint64_t y = static_cast<std::uint64_t>(
      (static_cast<Uint128>(x & 0xffffffff) * fixed_log_detail::kLn2Q64) >> 40);
  std::uint64_t term = std::uint64_t{1} << 56;
  std::uint64_t sum = 0;
  for (std::uint64_t n = 1; term != 0; ++n) {
    sum += term;
    term = static_cast<std::uint64_t>((static_cast<Uint128>(term) * y) >> 56) / n;
  }
  return whole >= 24 ? sum << (whole - 24) : sum >> (24 - whole);
}

}  // namespace quorumlab
