// Messages of a protocol of one's own (a class in Python): values that describe themselves, so that pictures and
// words can name them without knowing the class.
//
// A message is a checksum (4 bytes) and a value. A value is a tag and what the tag says: integers are LEB128 after
// zigzag, lengths and counts LEB128, texts UTF-8 behind their length.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/bytes.h"

namespace quorumlab::trace {

// The kind of their packets.
inline constexpr std::uint8_t kOwnMessage = 127;

enum class ValueTag : std::uint8_t {
  none = 0,
  no,
  yes,
  integer,
  large,   // an integer beyond 64 bits, as decimal digits
  real,    // 8 bytes
  text,
  bytes,
  list,    // a count, then values
  tuple,   // the same
  map,     // a count, then keys and values
  object   // a name, a count, then for each field its name and its value
};
inline constexpr int kMostValueDepth = 60;

std::uint32_t own_checksum(ByteView value);
// The value in a message; nothing if it was damaged on the way.
ByteView own_value(ByteView message);

// "Append", where the message is an object, a map with a text under "type", a list or tuple that begins with a
// text, or a text.
std::string own_message_name(ByteView message);
// The same with what it says: "Append(term=3, entries=[...])".
std::string own_message_words(ByteView message);

}  // namespace quorumlab::trace
