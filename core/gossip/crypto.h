// AES-GCM as memberlist uses it (versions 0 and 1), as pure functions on reused buffers. The only
// file of the project that knows OpenSSL is crypto.cpp; it keeps no configuration. Nonces come from
// the caller, who draws them.
#pragma once

#include <array>
#include <span>

#include "core/gossip/message.h"
#include "core/gossip/wire_error.h"

namespace quorumlab::gossip {

// A key's size chooses AES-128, -192 or -256.
inline constexpr bool is_key_size(std::size_t bytes) {
  return bytes == 16 || bytes == 24 || bytes == 32;
}
inline constexpr std::size_t kNonceBytes = 12;
inline constexpr std::size_t kAuthTagBytes = 16;
using Nonce = std::array<std::uint8_t, kNonceBytes>;

// version 1: version, nonce, ciphertext, tag. version 0, for peers of protocol 1: the plaintext is
// padded to 16 bytes first (PKCS7).
inline constexpr std::uint8_t kEncryptionVersion = 1;
// Bytes that `plain` bytes take once sealed.
std::size_t sealed_size(std::uint8_t version, std::size_t plain);

// Seals what `out` holds from `begin` on, in place: afterwards out[begin..] is version, nonce,
// ciphertext and tag. `aad` is authenticated only; it must not point into `out`.
// REQUIRES: version 0 or 1, a key of 16, 24 or 32 bytes.
void seal(std::uint8_t version, ByteView key, const Nonce& nonce, ByteView aad, std::size_t begin,
          Bytes& out);
// Opens `sealed` with the first of `keys` that fits, into `plain` (replaced, capacity kept). Keys
// of other sizes than 16, 24 or 32 bytes open nothing.
[[nodiscard]] WireError open(ByteView sealed, std::span<const Bytes> keys, ByteView aad,
                             Bytes& plain);

}  // namespace quorumlab::gossip
