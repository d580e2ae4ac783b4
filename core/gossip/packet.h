// The layers around messages in a packet. From the outside inwards: label, encryption, CRC,
// compression, compound, message. Sending wraps one message (or compound) at once, receiving yields
// a flat list of messages and counts what it dropped.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/gossip/codec.h"
#include "core/gossip/crypto.h"
#include "core/gossip/known_states.h"

namespace quorumlab::gossip {

// How a node speaks and what it accepts; must agree within a cluster but for `compress`. Holds
// views: made for each call from what the engine keeps, and not stored.
struct WireSettings {
  std::string_view label;       // at most kMaxLabelBytes; empty: none
  std::span<const Bytes> keys;  // the first is the primary; empty: no encryption
  std::uint8_t encryption_version = kEncryptionVersion;
  bool compress = true;
  bool verify_incoming = true;            // refuse what is not encrypted although a key is set
  bool verify_outgoing = true;            // encrypt what is sent, if a key is set
  const KnownStates* known = nullptr;     // that streams may bring; null: none
  bool skip_inbound_label_check = false;  // the label is checked before packets come here
  std::size_t max_decompressed_bytes = kMaxDecompressedBytes;  // of a packet or stream, in all
};

// Bytes that the layers add around a message, without compression: what a sender must keep free.
std::size_t packet_overhead(const WireSettings& settings, bool crc);

// Appends one compound of `messages`. Each takes 2 bytes more than its own; the compound itself 2.
// REQUIRES: at most kMaxCompoundParts messages of at most 65535 bytes. Keep to 127 parts when nodes
// of memberlist 0.2.2 listen: they count the lengths in eight bits.
void make_compound(std::span<const ByteView> messages, Bytes& out);
// Appends a compressed message (type byte included) to `out`; the caller decides whether it is
// worth it.
void make_compressed(ByteView message, Bytes& out);

// Appends the packet that carries `message`, a message or compound with its type byte: compressed
// if that is on and makes it smaller, with a CRC if `crc` (the peer's protocol_max is at least 5
// and the sender has the peer's record at hand), encrypted with `nonce` if a key is set, labelled.
// `nonce` is not read without a key. `message` must not point into `out`.
void make_packet(ByteView message, const WireSettings& settings, bool crc, const Nonce& nonce,
                 Bytes& out);

inline constexpr int kMaxNesting = 8;             // compounds and compression within each other
inline constexpr std::size_t kMaxParts = 65'536;  // messages of one packet

// One message of a packet.
struct Part {
  MessageType type = MessageType::ping;  // never a layer
  ByteView bytes;                        // with the type byte: what gossip hands on unchanged
  ByteView body() const { return bytes.subspan(1); }
};

// Takes packets apart. The parts point into the packet or into the reader's own buffers and live
// until the next read(). Nothing else is kept from one packet to the next but the counts, so that
// one reader may serve many nodes. A copy begins with the counts and without parts.
class PacketReader {
 public:
  PacketReader() = default;
  PacketReader(const PacketReader& other) : drops_(other.drops_) {}
  PacketReader& operator=(const PacketReader& other);
  PacketReader(PacketReader&&) = default;
  PacketReader& operator=(PacketReader&&) = default;

  // The messages of one packet, in the order in which they stand in it. What cannot be read is
  // counted and left out; the rest of the packet counts all the same, as in memberlist.
  std::span<const Part> read(ByteView packet, const WireSettings& settings);
  const DropCounts& drops() const { return drops_; }
  // Why the last read() dropped something; none if it did not. The first reason if there were
  // several.
  WireError error() const { return error_; }

 private:
  void read_layers(ByteView bytes, int depth);
  void read_compound(ByteView body, int depth);
  void read_compressed(ByteView body, int depth);
  void drop(WireError error);

  std::vector<Part> parts_;
  Bytes plain_;                  // decrypted
  std::vector<Bytes> inflated_;  // decompressed, one for each compressed part
  std::size_t inflated_used_ = 0;
  std::size_t budget_ = 0;  // bytes that may still be decompressed
  DropCounts drops_;
  WireError error_ = WireError::none;
};

// The LZW data within the body of a message of type `compress`, into `out` (appended).
[[nodiscard]] WireError decompress(ByteView body, std::size_t limit, Bytes& out);

}  // namespace quorumlab::gossip
