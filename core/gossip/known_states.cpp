// Node states as bytes.
#include "core/gossip/known_states.h"

#include <algorithm>
#include <cstring>

#include "core/gossip/codec.h"
#include "core/gossip/msgpack.h"

namespace quorumlab::gossip {
namespace {

// In the bytes of a state with an IPv4 address: the address stands behind the map's head, "Addr"
// and its own head, the incarnation behind "Incarnation", the state (a byte) before the versions.
constexpr std::size_t kAddress = 7;
constexpr std::size_t kIncarnation = kAddress + 4 + 12;
constexpr std::size_t kVersions = 4 + 7;  // with "Vsn", at the end
constexpr std::size_t kShortest = kIncarnation + 1 + kVersions + 1;

std::uint32_t address_at(const std::uint8_t* state) {
  const std::uint8_t* at = state + kAddress;
  return static_cast<std::uint32_t>(at[0]) << 24 | static_cast<std::uint32_t>(at[1]) << 16 |
         static_cast<std::uint32_t>(at[2]) << 8 | at[3];
}

}  // namespace

void KnownStates::clear() {
  bytes_.clear();
  texts_.clear();
  std::fill(guesses_.begin(), guesses_.end(), Guess{});
}

void KnownStates::add(const PushNodeState& node) {
  const auto number = static_cast<std::uint32_t>(texts_.size());
  texts_.push_back({static_cast<std::uint32_t>(bytes_.size()), 0});
  constexpr std::size_t kMostBytes = std::size_t{1} << 31;
  if (node.address.size != 4 || node.vsn.size != 6 || bytes_.size() > kMostBytes) return;
  PushNodeState plain = node;
  plain.incarnation = 0;
  plain.state = 0;
  encode(plain, bytes_);
  texts_.back().size = static_cast<std::uint32_t>(bytes_.size()) - texts_.back().offset;
  if (guesses_.size() < texts_.size() * 2) {
    guesses_.assign(std::max<std::size_t>(64, guesses_.size() * 2), {});
    for (std::uint32_t n = 0; n <= number; ++n) guess(n);
  } else {
    guess(number);
  }
}

void KnownStates::guess(std::uint32_t number) {
  const Text text = texts_[number];
  if (text.size == 0) return;
  guesses_[address_at(bytes_.data() + text.offset) & (guesses_.size() - 1)] = {text, number};
}

std::uint8_t* KnownStates::write(std::uint32_t number, std::uint32_t incarnation,
                                 std::uint8_t state, std::uint8_t* at) const {
  const Text text = texts_[number];
  const std::uint8_t* from = bytes_.data() + text.offset;
  std::memcpy(at, from, kIncarnation);
  at = msgpack::put_integer(at + kIncarnation, incarnation);
  const std::size_t rest = text.size - kIncarnation - 1;
  std::memcpy(at, from + kIncarnation + 1, rest);
  at += rest;
  at[-static_cast<std::ptrdiff_t>(kVersions) - 1] = state;
  return at;
}

KnownStates::Found KnownStates::recognise(ByteView bytes) const {
  if (bytes.size() < kShortest || guesses_.empty()) return {};
  const std::uint8_t* at = bytes.data();
  const Guess& guess = guesses_[address_at(at) & (guesses_.size() - 1)];
  const std::size_t size = guess.text.size;
  // Of the incarnation at most five bytes, where the text has one.
  if (size == 0 || bytes.size() < size + kLongerIncarnation) return {};
  const std::uint8_t* text = bytes_.data() + guess.text.offset;
  if (std::memcmp(at, text, kIncarnation) != 0) return {};
  at += kIncarnation;
  text += kIncarnation + 1;
  Found found;
  found.incarnation = *at++;
  if (found.incarnation >= 0x80) {
    if (found.incarnation < 0xcc || found.incarnation > 0xce) return {};
    const int width = 1 << (found.incarnation - 0xcc);
    found.incarnation = 0;
    for (int i = 0; i < width; ++i) found.incarnation = found.incarnation << 8 | *at++;
  }
  const std::size_t before_state = size - kIncarnation - 1 - kVersions - 1;
  if (std::memcmp(at, text, before_state) != 0) return {};
  at += before_state;
  found.state = *at++;
  if (found.state >= 0x80 || std::memcmp(at, text + before_state + 1, kVersions) != 0) return {};
  found.number = guess.number;
  found.size = static_cast<std::size_t>(at + kVersions - bytes.data());
  return found;
}

}  // namespace quorumlab::gossip
