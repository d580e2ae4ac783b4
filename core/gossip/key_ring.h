// The keys that seal gossip: the first is the primary, with which everything is sealed; whatever
// comes is opened with any of them (serf.md 3.10). Rotation: install a key everywhere, use it
// everywhere, remove the old one.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/gossip/crypto.h"
#include "core/gossip/rules.h"

namespace quorumlab::gossip {

enum class KeyResult : std::uint8_t { ok, wrong_size, unknown, is_primary };
// memberlist's own words; empty for ok.
const char* key_error(KeyResult result);

class KeyRing {
 public:
  void reset(std::span<const Bytes> keys);
  // Whether gossip is sealed at all; decided at the start and never later.
  bool enabled() const { return !keys_.empty(); }
  std::span<const Bytes> keys() const { return keys_; }
  ByteView primary() const { return keys_.front(); }  // REQUIRES: enabled()

  [[nodiscard]] KeyResult add(ByteView key);  // known already: ok
  [[nodiscard]] KeyResult use(ByteView key);  // makes it the primary
  [[nodiscard]] KeyResult remove(ByteView key, const Rules& rules);

  // The keyring file: a JSON list of keys in base64, the primary first, indented as serf does it.
  void append_file(Bytes& out) const;
  // Takes the keys of such a file in place of its own. False, and no change: it is none, or holds no key.
  [[nodiscard]] bool read_file(ByteView file);

 private:
  std::vector<Bytes>::iterator find(ByteView key);
  std::vector<Bytes> keys_;
};

// Standard base64 with padding, as keys are written for people.
void append_base64(ByteView bytes, Bytes& out);
// Nothing if the text is no such base64, or has bits left over.
std::optional<Bytes> from_base64(std::string_view text);

}  // namespace quorumlab::gossip
