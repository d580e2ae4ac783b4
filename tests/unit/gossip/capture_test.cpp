// Captures of real serf 0.9.4: every packet and every stream is read without a complaint and
// written again to the same bytes, layers and all.
#include <map>

#include "core/gossip/stream.h"
#include "tests/catch.h"
#include "tests/unit/gossip/hex.h"
#include "tests/unit/gossip/pcap.h"
#include "tests/unit/gossip/rpc_values.h"
#include "tests/unit/gossip/transcode.h"

using namespace quorumlab;
using namespace quorumlab::gossip;

namespace {

// The agents' RPC ports are their gossip ports and a hundred more.
bool is_rpc(const TcpStream& stream) {
  const std::uint16_t port = stream.dialled ? stream.target_port : stream.source_port;
  return port % 1000 >= 100;
}

// What the parts of a packet become when each is read and written.
struct Rewritten {
  std::vector<Bytes> messages;
  WireError error = WireError::none;
};

Rewritten rewrite(std::span<const Part> parts) {
  Rewritten out;
  for (const Part& part : parts) {
    out.error = transcode(part, false, out.messages.emplace_back());
    if (out.error != WireError::none) break;
  }
  return out;
}

struct Seen {
  std::map<std::string, int> kinds;  // by type, and of what is within
  int packets = 0, with_crc = 0, compressed = 0, compounds = 0;
};

void check_packets(const Pcap& pcap, bool compress, Seen& seen) {
  WireSettings settings;
  settings.compress = compress;
  PacketReader reader;
  for (const UdpPacket& packet : pcap.packets) {
    CAPTURE(to_hex(packet.payload));
    const auto parts = reader.read(packet.payload, settings);
    REQUIRE(reader.error() == WireError::none);
    REQUIRE_FALSE(parts.empty());
    const Rewritten rewritten = rewrite(parts);
    CHECK(rewritten.error == WireError::none);
    Bytes message;
    if (parts.size() == 1) {
      message = rewritten.messages[0];
    } else {
      make_compound(std::vector<ByteView>(rewritten.messages.begin(), rewritten.messages.end()),
                    message);
    }
    const bool crc = packet.payload[0] == 12;
    Bytes again;
    make_packet(message, settings, crc, {}, again);
    CHECK(to_hex(again) == to_hex(packet.payload));
    ++seen.packets;
    seen.with_crc += crc;
    seen.compressed += packet.payload[crc ? 5 : 0] == 9;
    seen.compounds += parts.size() > 1;
    for (const Part& part : parts) {
      std::string kind = message_type_name(part.type);
      if (part.type == MessageType::user) {
        kind = std::string("serf ") + serf_type_name(static_cast<SerfType>(part.bytes[1]));
      }
      ++seen.kinds[kind];
    }
  }
}

int check_streams(const Pcap& pcap, bool compress) {
  int checked = 0;
  WireSettings settings;
  settings.compress = compress;
  for (const TcpStream& stream : pcap.streams) {
    if (is_rpc(stream)) continue;
    const StreamSide side = stream.dialled ? StreamSide::dialled : StreamSide::accepted;
    CAPTURE(to_hex(stream.payload));
    StreamReader whole(side);
    REQUIRE(whole.feed(stream.payload, settings) == StreamReader::Progress::message);
    // Byte by byte, and copied on the way.
    StreamReader slow(side);
    for (std::size_t i = 0; i < stream.payload.size(); ++i) {
      if (i % 100 == 50) {
        StreamReader copy = slow;
        slow = StreamReader(side);
        slow = copy;
      }
      const auto progress = slow.feed(ByteView(stream.payload).subspan(i, 1), settings);
      REQUIRE(progress == (i + 1 == stream.payload.size() ? StreamReader::Progress::message
                                                          : StreamReader::Progress::need_more));
    }
    CHECK(to_hex(slow.message().bytes) == to_hex(whole.message().bytes));
    CHECK(whole.message().type == MessageType::push_pull);
    Bytes message, again;
    CHECK(transcode(whole.message(), true, message) == WireError::none);
    make_stream(message, settings, side, {}, again);
    CHECK(to_hex(again) == to_hex(stream.payload));
    ++checked;
  }
  return checked;
}

// Every stream of the RPC port is one value after the other.
int check_rpc(const Pcap& pcap) {
  int values = 0;
  for (const TcpStream& stream : pcap.streams) {
    if (!is_rpc(stream)) continue;
    CAPTURE(to_hex(stream.payload));
    const int here = transcode_values(stream.payload);
    CHECK(here > 0);
    values += here;
  }
  return values;
}

}  // namespace

TEST_CASE("a capture without compression: read and written to the same bytes") {
  const Bytes file = captured("plain.pcap");
  Pcap pcap;
  REQUIRE(pcap.read(file));
  Seen seen;
  check_packets(pcap, false, seen);
  CHECK(seen.packets == 206);
  CHECK(seen.compressed == 0);
  CHECK(seen.with_crc == 88);
  for (const char* kind :
       {"ping", "indirect ping", "ack", "nack", "suspect", "alive", "dead", "serf join",
        "serf leave", "serf user event", "serf query", "serf query response", "serf relay"}) {
    CAPTURE(kind);
    CHECK(seen.kinds[kind] > 0);
  }
  CHECK(check_streams(pcap, false) == 4);
  CHECK(check_rpc(pcap) == 61);
}

TEST_CASE("a capture with compression: read and written to the same bytes") {
  const Bytes file = captured("lzw.pcap");
  Pcap pcap;
  REQUIRE(pcap.read(file));
  Seen seen;
  check_packets(pcap, true, seen);
  CHECK(seen.packets == 208);
  CHECK(seen.compressed == 15);  // only where it makes a packet smaller
  CHECK(seen.compounds == 35);
  CHECK(check_streams(pcap, true) == 4);
  CHECK(check_rpc(pcap) == 61);
}

TEST_CASE("a capture of RPC: read and written to the same bytes") {
  const Bytes file = captured("rpc.pcap");
  Pcap pcap;
  REQUIRE(pcap.read(file));
  CHECK(pcap.packets.empty());
  CHECK(check_rpc(pcap) == 159);
}
