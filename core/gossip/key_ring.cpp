// The key ring.
#include "core/gossip/key_ring.h"

#include <algorithm>

#include "core/gossip/text.h"

namespace quorumlab::gossip {

const char* key_error(KeyResult result) {
  switch (result) {
    case KeyResult::ok:
      return "";
    case KeyResult::wrong_size:
      return "key size must be 16, 24 or 32 bytes";
    case KeyResult::unknown:
      return "requested key is not in the keyring";
    case KeyResult::is_primary:
      return "removing the primary key is not allowed";
  }
  return "";
}

void KeyRing::reset(std::span<const Bytes> keys) {
  keys_.clear();
  for (const Bytes& key : keys) static_cast<void>(add(key));
}

std::vector<Bytes>::iterator KeyRing::find(ByteView key) {
  return std::find_if(keys_.begin(), keys_.end(), [&](const Bytes& k) {
    return std::equal(key.begin(), key.end(), k.begin(), k.end());
  });
}

KeyResult KeyRing::add(ByteView key) {
  if (!is_key_size(key.size())) return KeyResult::wrong_size;
  if (find(key) != keys_.end()) return KeyResult::ok;
  keys_.emplace_back(key.begin(), key.end());
  return KeyResult::ok;
}

KeyResult KeyRing::use(ByteView key) {
  const auto found = find(key);
  if (found == keys_.end()) return KeyResult::unknown;
  std::rotate(keys_.begin(), found, found + 1);
  return KeyResult::ok;
}

KeyResult KeyRing::remove(ByteView key, const Rules& rules) {
  const auto found = find(key);
  if (found == keys_.begin() && found != keys_.end() && rules[Rule::primary_key_stays]) {
    return KeyResult::is_primary;
  }
  // Removing what is not there is no error.
  if (found != keys_.end()) keys_.erase(found);
  return KeyResult::ok;
}

void KeyRing::append_file(Bytes& out) const {
  append_text("[", out);
  for (const Bytes& key : keys_) {
    append_text(&key == &keys_.front() ? "\n  \"" : ",\n  \"", out);
    append_base64(key, out);
    append_text("\"", out);
  }
  append_text("\n]", out);
}

// Base64 needs no escapes, so that the list is all of JSON that can stand there.
bool KeyRing::read_file(ByteView file) {
  std::string_view rest = as_text(file);
  const auto next = [&] {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    if (rest.empty()) return '\0';
    const char c = rest.front();
    rest.remove_prefix(1);
    return c;
  };
  std::vector<Bytes> keys;
  if (next() != '[') return false;
  for (char c = ','; c != ']'; c = next()) {
    if (c != ',' || next() != '"') return false;
    const std::size_t end = rest.find('"');
    if (end == std::string_view::npos) return false;
    auto key = from_base64(rest.substr(0, end));
    if (!key || !is_key_size(key->size())) return false;
    keys.push_back(std::move(*key));
    rest.remove_prefix(end + 1);
  }
  if (next() != '\0') return false;
  reset(keys);
  return true;
}

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void append_base64(ByteView bytes, Bytes& out) {
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t word = static_cast<std::uint32_t>(bytes[i]) << 16 |
                               (left > 1 ? static_cast<std::uint32_t>(bytes[i + 1]) << 8 : 0) |
                               (left > 2 ? bytes[i + 2] : 0);
    out.push_back(static_cast<std::uint8_t>(kDigits[word >> 18]));
    out.push_back(static_cast<std::uint8_t>(kDigits[word >> 12 & 63]));
    out.push_back(static_cast<std::uint8_t>(left > 1 ? kDigits[word >> 6 & 63] : '='));
    out.push_back(static_cast<std::uint8_t>(left > 2 ? kDigits[word & 63] : '='));
  }
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  Bytes out;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const std::size_t pads = !last ? 0 : text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
    std::uint32_t word = 0;
    for (std::size_t j = 0; j < 4 - pads; ++j) {
      const std::size_t digit = kDigits.find(text[i + j]);
      if (digit == std::string_view::npos) return std::nullopt;
      word |= static_cast<std::uint32_t>(digit) << (18 - 6 * j);
    }
    for (std::size_t j = 0; j < 3 - pads; ++j) {
      out.push_back(static_cast<std::uint8_t>(word >> (16 - 8 * j)));
    }
    if (pads != 0 && (word & ((1u << (8 * pads)) - 1)) != 0) return std::nullopt;
  }
  return out;
}

}  // namespace quorumlab::gossip
