// Pings, acks and their payloads have a short way of being read, in the form in which all nodes send
// them. It must say what the long way says, and leave to it whatever has another form.
#include <limits>

#include "core/gossip/codec.h"
#include "core/gossip/msgpack.h"
#include "tests/catch.h"

namespace quorumlab::gossip {
namespace {

// The same ping with its fields the other way round, which only the long way reads.
Bytes turned_round(const Ping& m) {
  Bytes out;
  msgpack::Writer w(out, 256);
  w.map(5);
  w.key("SourcePort");
  w.integer(m.source.port);
  w.key("SourceNode");
  w.text(m.source_node);
  w.key("SourceAddr");
  w.raw(m.source.ip_bytes());
  w.key("SeqNo");
  w.integer(m.seq_no);
  w.key("Node");
  w.text(m.node);
  return out;
}

bool same(const Ping& a, const Ping& b) {
  return a.seq_no == b.seq_no && a.node == b.node && a.source == b.source &&
         a.source_node == b.source_node;
}

TEST_CASE("a ping in its usual form is read like one in another form") {
  const std::string long_name(100, 'n');
  for (const std::uint32_t seq_no : {0u, 127u, 128u, 300u, 70'000u, UINT32_MAX}) {
    for (const std::string& name : {std::string("a"), long_name}) {
      const Ping ping{seq_no, name, Address::v4(0x0a000011, 7946), "from"};
      Bytes usual;
      encode(ping, usual);
      const ByteView body = ByteView(usual).subspan(1);
      const Bytes other = turned_round(ping);
      Ping a, b;
      a.source = Address::v4(1, 1);  // what stood there before
      REQUIRE(decode(body, a) == WireError::none);
      REQUIRE(decode(other, b) == WireError::none);
      REQUIRE(same(a, ping));
      REQUIRE(same(b, ping));
      for (std::size_t cut = 0; cut < body.size(); ++cut) {
        REQUIRE(decode(body.first(cut), a) != WireError::none);
      }
    }
  }
}

TEST_CASE("a ping without a source, or with an IPv6 one, is read all the same") {
  Ping ping{7, "node", {}, {}}, read;
  Bytes bytes;
  encode(ping, bytes);
  REQUIRE(decode(ByteView(bytes).subspan(1), read) == WireError::none);
  CHECK(same(read, ping));
  ping.source.size = 16;
  ping.source.port = 7946;
  ping.source_node = "other";
  bytes.clear();
  encode(ping, bytes);
  REQUIRE(decode(ByteView(bytes).subspan(1), read) == WireError::none);
  CHECK(same(read, ping));
}

TEST_CASE("an ack's payload is read to the bit, and not when it is cut off") {
  Coordinate c;
  c.error = 0.1;
  c.adjustment = -3e-300;
  c.height = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < c.vec.size(); ++i) c.vec[i] = -1.0 / static_cast<double>(i + 3);
  Bytes payload;
  payload.push_back(9);  // what stood there before stays
  encode_ack_payload(c, payload);
  REQUIRE(payload.size() == 131);
  REQUIRE(payload[0] == 9);
  payload.erase(payload.begin());
  Coordinate read;
  REQUIRE(decode_ack_payload(payload, read) == WireError::none);
  CHECK(read == c);
  for (std::size_t cut = 0; cut < payload.size(); ++cut) {
    REQUIRE(decode_ack_payload(ByteView(payload).first(cut), read) != WireError::none);
  }
  // Damaged where no number stands it is another payload, or none.
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}, std::size_t{5}, std::size_t{13},
                               std::size_t{40}, std::size_t{55}, std::size_t{57}, std::size_t{66}}) {
    Bytes damaged = payload;
    damaged[at] ^= 1;
    const bool refused = decode_ack_payload(damaged, read) != WireError::none;
    CHECK((refused || !(read == c)));
  }
  // Fewer dimensions take the long way.
  c.dimensions = 3;
  for (std::size_t i = 3; i < c.vec.size(); ++i) c.vec[i] = 0;
  Bytes fewer;
  encode_ack_payload(c, fewer);
  REQUIRE(fewer.size() == 130 - 5 * 9);
  REQUIRE(decode_ack_payload(fewer, read) == WireError::none);
  CHECK(read == c);
}

}  // namespace
}  // namespace quorumlab::gossip
