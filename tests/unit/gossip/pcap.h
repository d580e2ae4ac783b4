// A minimal reader of captures: UDP packets, and TCP streams put together by sequence number.
// Ethernet frames with IPv4, little-endian microsecond format, as tcpdump wrote them on the
// loopback device.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/bytes.h"

namespace quorumlab {

struct UdpPacket {
  std::uint16_t source_port = 0, target_port = 0;
  ByteView payload;
};

// One direction of a connection.
struct TcpStream {
  std::uint16_t source_port = 0, target_port = 0;
  bool dialled = false;  // its first packet was a SYN without an ACK
  Bytes payload;
};

class Pcap {
 public:
  // False if something in the file is not as expected.
  bool read(ByteView file) {
    if (file.size() < 24 || load_le32(file.data()) != 0xa1b2c3d4) return false;
    std::map<std::tuple<std::uint16_t, std::uint16_t, int>, Segments> open;
    std::map<std::pair<std::uint16_t, std::uint16_t>, int> generations;
    for (file = file.subspan(24); !file.empty();) {
      if (file.size() < 16) return false;
      const std::size_t captured = load_le32(file.data() + 8);
      if (captured != load_le32(file.data() + 12) || file.size() - 16 < captured) return false;
      if (!read_frame(file.subspan(16, captured), open, generations)) return false;
      file = file.subspan(16 + captured);
    }
    for (const auto& [key, segments] : open) {
      TcpStream stream{std::get<0>(key), std::get<1>(key), segments.dialled, {}};
      for (const auto& [offset, data] : segments.by_offset) {
        if (offset > stream.payload.size()) return false;  // a hole
        if (offset + data.size() <= stream.payload.size()) continue;
        const ByteView fresh = data.subspan(stream.payload.size() - offset);
        stream.payload.insert(stream.payload.end(), fresh.begin(), fresh.end());
      }
      if (!stream.payload.empty()) streams.push_back(std::move(stream));
    }
    return true;
  }

  std::vector<UdpPacket> packets;  // in the order of the capture; they point into the file
  std::vector<TcpStream> streams;  // those that carried something

 private:
  struct Segments {
    std::uint32_t first = 0;  // sequence number of the first byte
    bool dialled = false;
    std::map<std::uint32_t, ByteView> by_offset;
  };
  static std::uint16_t be16(const std::uint8_t* at) {
    return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
  }
  template <class Open, class Generations>
  bool read_frame(ByteView frame, Open& open, Generations& generations) {
    if (frame.size() < 14 + 20 + 8 || be16(frame.data() + 12) != 0x0800) return false;
    const ByteView ip = frame.subspan(14, be16(frame.data() + 16));
    const ByteView inner = ip.subspan((ip[0] & 15u) * 4);
    const std::uint16_t source = be16(inner.data()), target = be16(inner.data() + 2);
    if (ip[9] == 17) {
      packets.push_back({source, target, inner.subspan(8)});
      return true;
    }
    if (ip[9] != 6) return false;
    const std::uint32_t sequence =
        static_cast<std::uint32_t>(be16(inner.data() + 4)) << 16 | be16(inner.data() + 6);
    const bool syn = (inner[13] & 2) != 0, ack = (inner[13] & 16) != 0;
    int& generation = generations[{source, target}];
    if (syn) ++generation;
    Segments& segments = open[{source, target, generation}];
    if (syn) {
      segments.first = sequence + 1;
      segments.dialled = !ack;
    }
    const ByteView data = inner.subspan((inner[12] >> 4) * 4u);
    if (!data.empty()) segments.by_offset[sequence - segments.first] = data;
    return true;
  }
};

}  // namespace quorumlab
