// AES-GCM on OpenSSL's EVP interface.
#include "core/gossip/crypto.h"

#include <openssl/evp.h>

#include <cstring>

#include "core/base/assert.h"

namespace quorumlab::gossip {
namespace {

constexpr std::size_t kBlockBytes = 16;
constexpr std::size_t kHeaderBytes = 1 + kNonceBytes;

// The algorithms never change; looking them up by name costs more than a packet's encryption.
const EVP_CIPHER* cipher_of(std::size_t key_bytes) {
  static const EVP_CIPHER* const aes_128 = EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr);
  static const EVP_CIPHER* const aes_192 = EVP_CIPHER_fetch(nullptr, "AES-192-GCM", nullptr);
  static const EVP_CIPHER* const aes_256 = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return key_bytes == 16 ? aes_128 : key_bytes == 24 ? aes_192 : aes_256;
}

struct Context {
  EVP_CIPHER_CTX* handle = EVP_CIPHER_CTX_new();
  Context() = default;
  ~Context() { EVP_CIPHER_CTX_free(handle); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

// Both ways in place. False: the tag does not fit.
bool crypt(bool sealing, ByteView key, const std::uint8_t* nonce, ByteView aad, std::uint8_t* data,
           std::size_t size, std::uint8_t* tag) {
  const Context context;
  EVP_CIPHER_CTX* const c = context.handle;
  int written = 0;
  ASSERT(c != nullptr && EVP_CipherInit_ex(c, cipher_of(key.size()), nullptr, key.data(), nonce,
                                           sealing ? 1 : 0) == 1,
         "OpenSSL knows AES-GCM");
  if (!aad.empty()) {
    ASSERT(EVP_CipherUpdate(c, nullptr, &written, aad.data(), static_cast<int>(aad.size())) == 1,
           "additional data is taken");
  }
  if (size != 0) {
    ASSERT(EVP_CipherUpdate(c, data, &written, data, static_cast<int>(size)) == 1, "data is taken");
  }
  constexpr int kTag = static_cast<int>(kAuthTagBytes);
  if (!sealing) EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, kTag, tag);
  std::uint8_t none[kBlockBytes];
  if (EVP_CipherFinal_ex(c, none, &written) != 1) return false;
  if (sealing) EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, kTag, tag);
  return true;
}

// PKCS7 as version 0 pads: 1 to 16 bytes, each of them their number.
WireError remove_padding(Bytes& plain) {
  if (plain.empty()) return WireError::bad_padding;
  const std::size_t padding = plain.back();
  if (padding == 0 || padding > kBlockBytes || padding > plain.size())
    return WireError::bad_padding;
  plain.resize(plain.size() - padding);
  return WireError::none;
}

}  // namespace

std::size_t sealed_size(std::uint8_t version, std::size_t plain) {
  const std::size_t padded = version == 0 ? (plain / kBlockBytes + 1) * kBlockBytes : plain;
  return kHeaderBytes + padded + kAuthTagBytes;
}

void seal(std::uint8_t version, ByteView key, const Nonce& nonce, ByteView aad, std::size_t begin,
          Bytes& out) {
  ASSERT(version <= kEncryptionVersion && is_key_size(key.size()), "a version and key that exist");
  const std::size_t size = out.size() - begin;
  const std::size_t sealed = sealed_size(version, size);
  const std::size_t padded = sealed - kHeaderBytes - kAuthTagBytes;
  out.resize(begin + sealed);
  std::uint8_t* const at = out.data() + begin;
  if (size != 0) std::memmove(at + kHeaderBytes, at, size);
  std::memset(at + kHeaderBytes + size, static_cast<int>(padded - size), padded - size);
  at[0] = version;
  std::memcpy(at + 1, nonce.data(), kNonceBytes);
  const bool done =
      crypt(true, key, nonce.data(), aad, at + kHeaderBytes, padded, at + kHeaderBytes + padded);
  ASSERT(done, "sealing cannot fail");
}

WireError open(ByteView sealed, std::span<const Bytes> keys, ByteView aad, Bytes& plain) {
  plain.clear();
  if (sealed.empty()) return WireError::empty;
  const std::uint8_t version = sealed[0];
  if (version > kEncryptionVersion) return WireError::unknown_encryption;
  if (sealed.size() < sealed_size(version, 0)) return WireError::too_short_to_decrypt;
  const std::uint8_t* const nonce = sealed.data() + 1;
  const ByteView ciphertext =
      sealed.subspan(kHeaderBytes, sealed.size() - kHeaderBytes - kAuthTagBytes);
  std::uint8_t tag[kAuthTagBytes];
  std::memcpy(tag, sealed.data() + sealed.size() - kAuthTagBytes, kAuthTagBytes);
  for (const Bytes& key : keys) {
    if (!is_key_size(key.size())) continue;
    plain.assign(ciphertext.begin(), ciphertext.end());
    if (!crypt(false, key, nonce, aad, plain.data(), plain.size(), tag)) continue;
    return version == 0 ? remove_padding(plain) : WireError::none;
  }
  plain.clear();
  return WireError::cannot_decrypt;
}

}  // namespace quorumlab::gossip
