// Fast 64-bit hashing by folded multiplication: the same result with every compiler and option.
// Used for checksums on wire and disk, for keyed random draws and for the digest. Not cryptographic:
// it detects accidents, not attackers.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

namespace quorumlab {

__extension__ using Uint128 = unsigned __int128;

// Multiplies to 128 bits and folds the halves together.
constexpr std::uint64_t fold_multiply(std::uint64_t a, std::uint64_t b) {
  const Uint128 product = static_cast<Uint128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Odd constants with about as many ones as zeros.
inline constexpr std::uint64_t kHash0 = 0x9e3779b97f4a7c15u;
inline constexpr std::uint64_t kHash1 = 0xd1b54a32d192ed03u;
inline constexpr std::uint64_t kHash2 = 0x8cb92ba72f3d8dd7u;

// Combines two words into one, order matters.
constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  return fold_multiply(a ^ kHash0, b ^ kHash1);
}
constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  return fold_multiply(fold_multiply(a ^ kHash0, b ^ kHash1) ^ kHash2, c ^ kHash0);
}

// Reads eight bytes as a little-endian word.
inline std::uint64_t load_le64(const std::uint8_t* p) {
  std::uint64_t v;
  std::memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap64(v);
#endif
  return v;
}
inline std::uint32_t load_le32(const std::uint8_t* p) {
  std::uint32_t v;
  std::memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  v = __builtin_bswap32(v);
#endif
  return v;
}

// Hash of a run of bytes. Its length takes part, so a prefix never has its whole's hash by accident.
inline std::uint64_t hash_bytes(std::span<const std::uint8_t> bytes, std::uint64_t seed = 0) {
  const std::uint8_t* p = bytes.data();
  std::size_t n = bytes.size();
  std::uint64_t h = seed ^ fold_multiply(kHash2 ^ n, kHash0);
  while (n > 16) {
    h = fold_multiply(load_le64(p) ^ kHash0 ^ h, load_le64(p + 8) ^ kHash1);
    p += 16;
    n -= 16;
  }
  std::uint64_t a = 0, b = 0;
  if (n >= 8) {  // the two words may overlap: every byte takes part at least once
    a = load_le64(p);
    b = load_le64(p + n - 8);
  } else if (n >= 4) {
    a = load_le32(p);
    b = load_le32(p + n - 4);
  } else if (n > 0) {
    a = (static_cast<std::uint64_t>(p[0]) << 16) | (static_cast<std::uint64_t>(p[n / 2]) << 8) |
        p[n - 1];
  }
  return fold_multiply(fold_multiply(a ^ kHash0 ^ h, b ^ kHash1), kHash2 ^ bytes.size());
}

}  // namespace quorumlab
