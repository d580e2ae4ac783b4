// The payload of an ack: a version and the sender's network coordinate.
#include <bit>

#include "core/gossip/codec.h"
#include "core/gossip/codec_parts.h"

namespace quorumlab::gossip {

using namespace msgpack;

namespace {

void write_real(Writer& w, double v) { w.float64(std::bit_cast<std::uint64_t>(v)); }

// Whole numbers may come as integers.
double read_real(Reader& in) {
  if (in.peek() == 0xcb) return std::bit_cast<double>(in.float64_bits());
  if (in.peek() == 0xca) return static_cast<double>(std::bit_cast<float>(in.float32_bits()));
  return static_cast<double>(in.i64());
}

}  // namespace

void encode_ack_payload(const Coordinate& c, Bytes& out) {
  Writer w(out, 160);
  w.byte(kPingVersion);
  w.map(4);
  w.key("Adjustment");
  write_real(w, c.adjustment);
  w.key("Error");
  write_real(w, c.error);
  w.key("Height");
  write_real(w, c.height);
  w.key("Vec");
  w.array(c.dimensions);
  for (std::uint8_t i = 0; i < c.dimensions; ++i) write_real(w, c.vec[i]);
}

WireError decode_ack_payload(ByteView payload, Coordinate& c) {
  c = {};
  c.dimensions = 0;
  c.error = c.adjustment = c.height = 0;
  if (payload.empty()) return WireError::empty;
  if (payload[0] != kPingVersion) return WireError::unsupported_type;
  Reader in(payload.subspan(1));
  const auto read_vec = [&] {
    const std::uint32_t count = in.array();
    if (count > kCoordinateDimensions) return in.fail(WireError::out_of_range);
    c.vec = {};
    c.dimensions = static_cast<std::uint8_t>(count);
    for (std::uint32_t i = 0; i < count; ++i) c.vec[i] = read_real(in);
  };
  read_map(in, [&](std::string_view key) {
    if (is(key, "Adjustment")) return c.adjustment = read_real(in), true;
    if (is(key, "Error")) return c.error = read_real(in), true;
    if (is(key, "Height")) return c.height = read_real(in), true;
    if (is(key, "Vec")) return read_vec(), true;
    return false;
  });
  return in.error();
}

}  // namespace quorumlab::gossip
