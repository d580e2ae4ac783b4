// The payload of an ack: a version and the sender's network coordinate.
#include <bit>
#include <cstring>

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

// The payload with all dimensions, every real number 0: they stand where the zeros of their tags'
// eight bytes are.
constexpr char kUsual[] =
    "\x01\x84\xaa" "Adjustment\xcb\0\0\0\0\0\0\0\0" "\xa5" "Error\xcb\0\0\0\0\0\0\0\0"
    "\xa6" "Height\xcb\0\0\0\0\0\0\0\0" "\xa3" "Vec\x98"
    "\xcb\0\0\0\0\0\0\0\0\xcb\0\0\0\0\0\0\0\0\xcb\0\0\0\0\0\0\0\0\xcb\0\0\0\0\0\0\0\0"
    "\xcb\0\0\0\0\0\0\0\0\xcb\0\0\0\0\0\0\0\0\xcb\0\0\0\0\0\0\0\0\xcb\0\0\0\0\0\0\0\0";
constexpr std::size_t kUsualBytes = sizeof kUsual - 1;
constexpr std::size_t kAdjustment = 14, kError = kAdjustment + 8 + 7, kHeight = kError + 8 + 8,
                      kVec = kHeight + 8 + 6, kEach = 9;
static_assert(kVec + 8 * kEach - 1 == kUsualBytes && kCoordinateDimensions == 8);

double real_at(const std::uint8_t* payload, std::size_t at) {
  return std::bit_cast<double>(load_be64(payload + at));
}
void put_real(std::uint8_t* payload, std::size_t at, double v) {
  put_be64(payload + at, std::bit_cast<std::uint64_t>(v));
}

bool decode_usual(ByteView payload, Coordinate& c) {
  if (payload.size() < kUsualBytes) return false;
  const std::uint8_t* const from = payload.data();
  const auto same = [&](std::size_t begin, std::size_t end) {
    return std::memcmp(from + begin, kUsual + begin, end - begin) == 0;
  };
  bool usual = same(0, kAdjustment) && same(kAdjustment + 8, kError) && same(kError + 8, kHeight) &&
               same(kHeight + 8, kVec);
  for (std::size_t i = 0; i < kCoordinateDimensions; ++i) {
    usual = usual && from[kVec + i * kEach - 1] == 0xcb;
    c.vec[i] = real_at(from, kVec + i * kEach);
  }
  c.adjustment = real_at(from, kAdjustment);
  c.error = real_at(from, kError);
  c.height = real_at(from, kHeight);
  c.dimensions = kCoordinateDimensions;
  return usual;
}

}  // namespace

void encode_ack_payload(const Coordinate& c, Bytes& out) {
  if (c.dimensions == kCoordinateDimensions) [[likely]] {
    const std::size_t begin = out.size();
    out.insert(out.end(), kUsual, kUsual + kUsualBytes);
    std::uint8_t* const to = out.data() + begin;
    put_real(to, kAdjustment, c.adjustment);
    put_real(to, kError, c.error);
    put_real(to, kHeight, c.height);
    for (std::size_t i = 0; i < kCoordinateDimensions; ++i) {
      put_real(to, kVec + i * kEach, c.vec[i]);
    }
    return;
  }
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
  if (decode_usual(payload, c)) [[likely]] return WireError::none;
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
