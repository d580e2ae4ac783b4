// Why bytes from outside were dropped: one enum for messages, packets and streams, counted on the
// way and put into words in one place.
#pragma once

#include <array>
#include <cstdint>

namespace quorumlab::gossip {

enum class WireError : std::uint8_t {
  none = 0,
  // Messages.
  truncated,     // ends before the message does
  wrong_type,    // a field holds something else than it must, or the message is no map
  out_of_range,  // a number does not fit its field, or a count is negative
  bad_address,   // an address of neither 4 nor 16 bytes
  // Packets, from the outside inwards.
  empty,        // no byte at all, or a compound part without any
  bad_label,    // a label header that is cut short or says length 0
  other_label,  // another cluster's label, or one where none is expected
  too_short_to_decrypt,
  unknown_encryption,  // neither version 0 nor 1
  cannot_decrypt,      // no key opens it, or it was tampered with, or is not encrypted at all
  bad_padding,         // version 0: the padding is not PKCS7
  bad_crc,
  bad_compound,        // the list of lengths is cut short
  truncated_compound,  // the parts end before the last; those before it were read
  unknown_compression,
  bad_compression,  // no LZW data, or it ends too early
  too_large,        // decompressed beyond the limit, or a length above what is allowed
  nested_too_deep,  // compounds or compression within each other beyond kMaxNesting
  too_many_parts,
  unsupported_type,  // a type byte that no packet, or no stream, may carry
  // Streams.
  not_encrypted,  // plain where a key is set
  encrypted,      // encrypted where no key is set
};
inline constexpr int kWireErrorCount = static_cast<int>(WireError::encrypted) + 1;

// A few words, without a full stop: "the checksum does not match".
const char* wire_error_words(WireError error);

// How often each happened. Sums over the life of what holds it.
struct DropCounts {
  std::array<std::uint64_t, kWireErrorCount> counts{};
  std::uint64_t of(WireError error) const { return counts[static_cast<std::size_t>(error)]; }
  void add(WireError error) { ++counts[static_cast<std::size_t>(error)]; }
  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t n : counts) sum += n;
    return sum;
  }
  bool operator==(const DropCounts&) const = default;
};

}  // namespace quorumlab::gossip
