// Packets: putting the layers on and taking them off.
#include "core/gossip/packet.h"

#include <array>

#include "core/base/assert.h"
#include "core/gossip/codec_parts.h"
#include "core/gossip/lzw.h"

namespace quorumlab::gossip {

using namespace msgpack;

namespace {

constexpr std::uint8_t byte_of(MessageType type) { return static_cast<std::uint8_t>(type); }
constexpr std::size_t kCrcBytes = 5;             // with the type byte
constexpr std::size_t kKeptBytes = 1 << 16;      // larger buffers are given back after a packet
constexpr std::size_t kMaxCompressedParts = 64;  // of one packet; each has a buffer of its own

// CRC-32 (IEEE 802.3), eight bytes at a time: table k is for a byte that k more bytes follow.
using CrcTables = std::array<std::array<std::uint32_t, 256>, 8>;
constexpr CrcTables kCrc = [] {
  CrcTables t{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = c >> 1 ^ ((c & 1) != 0 ? 0xedb88320u : 0);
    t[0][i] = c;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t i = 0; i < 256; ++i) t[k][i] = t[k - 1][i] >> 8 ^ t[0][t[k - 1][i] & 0xff];
  }
  return t;
}();

std::uint32_t crc32(ByteView bytes) {
  std::uint32_t c = ~0u;
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    const std::uint64_t v = load_le64(at) ^ c;
    c = 0;
    for (std::size_t i = 0; i < 8; ++i) c ^= kCrc[7 - i][v >> (8 * i) & 0xff];
  }
  for (; left != 0; --left, ++at) c = c >> 8 ^ kCrc[0][(c ^ *at) & 0xff];
  return ~c;
}

void put_be16(std::uint8_t* at, std::size_t v) {
  at[0] = static_cast<std::uint8_t>(v >> 8);
  at[1] = static_cast<std::uint8_t>(v);
}

void put_be32(std::uint8_t* at, std::uint32_t v) {
  put_be16(at, v >> 16);
  put_be16(at + 2, v & 0xffff);
}

std::uint32_t get_be32(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(at[0]) << 24 | static_cast<std::uint32_t>(at[1]) << 16 |
         static_cast<std::uint32_t>(at[2]) << 8 | at[3];
}

bool encrypts(const WireSettings& s) { return !s.keys.empty() && s.verify_outgoing; }

void append(ByteView bytes, Bytes& out) { out.insert(out.end(), bytes.begin(), bytes.end()); }

}  // namespace

std::size_t packet_overhead(const WireSettings& settings, bool crc) {
  return (settings.label.empty() ? 0 : 2 + settings.label.size()) + (crc ? kCrcBytes : 0) +
         (encrypts(settings) ? sealed_size(settings.encryption_version, 0) : 0);
}

void make_compound(std::span<const ByteView> messages, Bytes& out) {
  ASSERT(messages.size() <= kMaxCompoundParts, "a compound has at most 255 parts");
  const std::size_t begin = out.size();
  out.resize(begin + 2 + 2 * messages.size());
  std::uint8_t* at = out.data() + begin;
  *at++ = byte_of(MessageType::compound);
  *at++ = static_cast<std::uint8_t>(messages.size());
  for (const ByteView message : messages) {
    ASSERT(message.size() <= 0xffff, "a part's length has 16 bits");
    put_be16(at, message.size());
    at += 2;
  }
  for (const ByteView message : messages) append(message, out);
}

void make_compressed(ByteView message, Bytes& out) {
  // The length stands before the data and takes one, three or five bytes: room for five, then
  // moved.
  const std::size_t begin = out.size();
  {
    Writer w(out, 16 + 2 * kHeadBound);
    w.byte(byte_of(MessageType::compress));
    w.map(2);
    w.key("Algo");
    w.integer(0);
    w.key("Buf");
  }
  const std::size_t head = out.size();
  out.resize(head + kHeadBound);
  lzw_compress(message, out);
  const std::size_t size = out.size() - head - kHeadBound;
  std::uint8_t* at = out.data() + head;
  std::size_t length_bytes = 1;
  if (size < 32) {
    at[0] = static_cast<std::uint8_t>(0xa0 | size);
  } else if (size <= 0xffff) {
    length_bytes = 3;
    at[0] = 0xda;
    put_be16(at + 1, size);
  } else {
    length_bytes = 5;
    at[0] = 0xdb;
    put_be32(at + 1, static_cast<std::uint32_t>(size));
  }
  out.erase(out.begin() + static_cast<std::ptrdiff_t>(head + length_bytes),
            out.begin() + static_cast<std::ptrdiff_t>(head + kHeadBound));
  ASSERT(out.size() > begin, "something was written");
}

void make_packet(ByteView message, const WireSettings& settings, bool crc, const Nonce& nonce,
                 Bytes& out) {
  if (!settings.label.empty()) {
    out.push_back(byte_of(MessageType::has_label));
    out.push_back(static_cast<std::uint8_t>(settings.label.size()));
    append(as_bytes(settings.label), out);
  }
  const std::size_t begin = out.size();
  if (crc) out.resize(begin + kCrcBytes);
  const std::size_t inner = out.size();
  bool compressed = false;
  if (settings.compress) {
    make_compressed(message, out);
    compressed = out.size() - inner < message.size();
    if (!compressed) out.resize(inner);
  }
  if (!compressed) append(message, out);
  if (crc) {
    out[begin] = byte_of(MessageType::has_crc);
    put_be32(out.data() + begin + 1, crc32(ByteView(out).subspan(inner)));
  }
  if (encrypts(settings)) {
    seal(settings.encryption_version, settings.keys.front(), nonce, as_bytes(settings.label), begin,
         out);
  }
}

WireError decompress(ByteView body, std::size_t limit, Bytes& out) {
  std::uint8_t algorithm = 0;
  ByteView data;
  Reader in(body);
  read_map(in, [&](std::string_view key) {
    if (is(key, "Algo")) return algorithm = in.u8(), true;
    if (is(key, "Buf")) return data = in.raw(), true;
    return false;
  });
  if (!in.ok()) return in.error();
  if (algorithm != 0) return WireError::unknown_compression;
  return lzw_decompress(data, limit, out);
}

// ---- receiving ---------------------------------------------------------------------------------

PacketReader& PacketReader::operator=(const PacketReader& other) {
  parts_.clear();
  drops_ = other.drops_;
  error_ = WireError::none;
  return *this;
}

void PacketReader::drop(WireError error) {
  drops_.add(error);
  if (error_ == WireError::none) error_ = error;
}

std::span<const Part> PacketReader::read(ByteView packet, const WireSettings& settings) {
  parts_.clear();
  error_ = WireError::none;
  // One hostile packet must not keep its megabytes for ever.
  for (std::size_t i = 0; i < inflated_used_; ++i) {
    if (inflated_[i].capacity() > kKeptBytes) Bytes().swap(inflated_[i]);
  }
  if (parts_.capacity() > kMaxCompoundParts * 8) std::vector<Part>().swap(parts_);
  inflated_used_ = 0;
  budget_ = settings.max_decompressed_bytes;

  std::string_view label;
  if (!packet.empty() && packet[0] == byte_of(MessageType::has_label)) {
    if (packet.size() < 2 || packet[1] == 0 || packet.size() < std::size_t{2} + packet[1]) {
      return drop(WireError::bad_label), std::span<const Part>();
    }
    label = as_text(packet.subspan(2, packet[1]));
    packet = packet.subspan(2 + label.size());
  }
  if (settings.skip_inbound_label_check ? !label.empty() : label != settings.label) {
    return drop(WireError::other_label), std::span<const Part>();
  }
  if (!settings.keys.empty()) {
    const WireError error = open(packet, settings.keys, as_bytes(settings.label), plain_);
    if (error == WireError::none) {
      packet = plain_;
    } else if (settings.verify_incoming) {
      return drop(error), std::span<const Part>();
    }
  }
  if (!packet.empty() && packet[0] == byte_of(MessageType::has_crc)) {
    if (packet.size() < kCrcBytes ||
        crc32(packet.subspan(kCrcBytes)) != get_be32(packet.data() + 1)) {
      return drop(WireError::bad_crc), std::span<const Part>();
    }
    packet = packet.subspan(kCrcBytes);
  }
  read_layers(packet, 0);
  return parts_;
}

void PacketReader::read_layers(ByteView bytes, int depth) {
  if (bytes.empty()) return drop(WireError::empty);
  const auto type = static_cast<MessageType>(bytes[0]);
  switch (type) {
    case MessageType::ping:
    case MessageType::indirect_ping:
    case MessageType::ack:
    case MessageType::nack:
    case MessageType::suspect:
    case MessageType::alive:
    case MessageType::dead:
    case MessageType::user:
      if (parts_.size() == kMaxParts) return drop(WireError::too_many_parts);
      parts_.push_back({type, bytes});
      return;
    case MessageType::compound:
    case MessageType::compress:
      if (depth == kMaxNesting) return drop(WireError::nested_too_deep);
      return type == MessageType::compound ? read_compound(bytes.subspan(1), depth + 1)
                                           : read_compressed(bytes.subspan(1), depth + 1);
    case MessageType::push_pull:
    case MessageType::encrypt:
    case MessageType::has_crc:
    case MessageType::error:
    case MessageType::has_label:
      break;
  }
  drop(WireError::unsupported_type);
}

void PacketReader::read_compound(ByteView body, int depth) {
  if (body.empty()) return drop(WireError::bad_compound);
  const std::size_t count = body[0];
  ByteView lengths = body.subspan(1);
  if (lengths.size() < 2 * count) return drop(WireError::bad_compound);
  ByteView parts = lengths.subspan(2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t size = static_cast<std::size_t>(lengths[2 * i]) << 8 | lengths[2 * i + 1];
    if (size > parts.size()) return drop(WireError::truncated_compound);
    read_layers(parts.first(size), depth);
    parts = parts.subspan(size);
  }
}

void PacketReader::read_compressed(ByteView body, int depth) {
  if (inflated_used_ == kMaxCompressedParts) return drop(WireError::too_many_parts);
  if (inflated_used_ == inflated_.size()) inflated_.emplace_back();
  // Not by reference: the vector may grow within.
  const std::size_t mine = inflated_used_++;
  inflated_[mine].clear();
  const WireError error = decompress(body, budget_, inflated_[mine]);
  budget_ -= inflated_[mine].size();
  if (error != WireError::none) return drop(error);
  read_layers(inflated_[mine], depth);
}

}  // namespace quorumlab::gossip
