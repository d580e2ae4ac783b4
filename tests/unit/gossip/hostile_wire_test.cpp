// What a hostile or broken peer may send (each was a real bug in memberlist or serf): it is dropped
// for the right reason, what stands beside it is read, and memory stays bounded.
#include <algorithm>

#include "core/gossip/lzw.h"
#include "core/gossip/msgpack.h"
#include "core/gossip/stream.h"
#include "tests/catch.h"
#include "tests/unit/gossip/hex.h"
#include "tests/unit/gossip/transcode.h"

using namespace quorumlab;
using namespace quorumlab::gossip;

namespace {

constexpr const char* kNack = "0b81a55365714e6f0e";  // a whole message of nine bytes

struct Outcome {
  std::size_t parts = 0;
  WireError error = WireError::none;
  std::uint64_t drops = 0;
};

Outcome read(ByteView packet, const WireSettings& settings = {}) {
  PacketReader reader;
  const std::size_t parts = reader.read(packet, settings).size();
  return {parts, reader.error(), reader.drops().total()};
}
Outcome read(const std::string& hex, const WireSettings& settings = {}) {
  return read(from_hex(hex), settings);
}

void check_dropped(const std::string& hex, WireError error, std::size_t parts = 0,
                   const WireSettings& settings = {}) {
  CAPTURE(hex);
  const Outcome outcome = read(hex, settings);
  CHECK(wire_error_words(outcome.error) == std::string(wire_error_words(error)));
  CHECK(outcome.parts == parts);
  CHECK(outcome.drops == 1);
}

template <class Message>
WireError decoded(const std::string& hex, Message& message) {
  static Bytes kept;
  kept = from_hex(hex);
  return decode(ByteView(kept).subspan(1), message);
}

// A map with the fields of a compressed message.
Bytes compressed(ByteView lzw) {
  Bytes out = from_hex("0982a4416c676f00a3427566db");
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(lzw.size() >> shift));
  }
  out.insert(out.end(), lzw.begin(), lzw.end());
  return out;
}
Bytes bomb(std::size_t size) {
  Bytes lzw;
  lzw_compress(Bytes(size), lzw);
  return compressed(lzw);
}

WireError stream_error(ByteView bytes, const WireSettings& settings) {
  StreamReader reader;
  const auto progress = reader.feed(bytes, settings);
  if (progress == StreamReader::Progress::error) return reader.error();
  return WireError::none;
}

}  // namespace

TEST_CASE("packets without a message") {
  check_dropped("", WireError::empty);
  check_dropped("0c00000000", WireError::empty);  // the CRC of nothing
  check_dropped("0c000000", WireError::bad_crc);
  check_dropped("0c00000001", WireError::bad_crc);
  check_dropped("06", WireError::unsupported_type);
  check_dropped("0a00", WireError::unsupported_type);
  check_dropped("0d80", WireError::unsupported_type);
  check_dropped("ff", WireError::unsupported_type);
  // A second CRC, or a label within, has no place there.
  check_dropped("0701000a0c000000000b81a55365714e6f0e", WireError::unsupported_type);
}

TEST_CASE("compounds that lie about their parts") {
  const std::string nack = kNack;
  check_dropped("07", WireError::bad_compound);
  check_dropped("0702", WireError::bad_compound);
  check_dropped("0702000900", WireError::bad_compound);
  // Three parts said, two there; the length of the last one says too much: those before count.
  check_dropped("0703000900090009" + nack + nack, WireError::truncated_compound, 2);
  check_dropped("070200090010" + nack + nack, WireError::truncated_compound, 1);
  // A part of no bytes is left out.
  check_dropped("0703000900000009" + nack + nack, WireError::empty, 2);
  // No part at all is no error, and no message.
  const Outcome none = read("0700");
  CHECK(none.parts == 0);
  CHECK(none.error == WireError::none);
}

TEST_CASE("a compound of 255 parts") {
  const Bytes nack = from_hex(kNack);
  Bytes packet;
  make_compound(std::vector<ByteView>(255, ByteView(nack)), packet);
  CHECK(read(packet).parts == 255);
  CHECK(read(packet).error == WireError::none);
  packet.pop_back();
  CHECK(read(packet).parts == 254);
  CHECK(read(packet).error == WireError::truncated_compound);
}

TEST_CASE("compounds within compounds") {
  Bytes message = from_hex(kNack);
  for (int depth = 1; depth <= kMaxNesting + 1; ++depth) {
    CAPTURE(depth);
    Bytes outer;
    make_compound(std::vector<ByteView>{message, message}, outer);
    message = std::move(outer);
    const Outcome outcome = read(message);
    if (depth <= kMaxNesting) {
      CHECK(outcome.parts == std::size_t{1} << depth);
      CHECK(outcome.drops == 0);
    } else {
      CHECK(outcome.parts == 0);
      CHECK(outcome.error == WireError::nested_too_deep);
    }
  }
}

TEST_CASE("more parts than anybody sends") {
  // 65535 bytes hold 7281 nacks; compressed compounds of them hold more.
  const Bytes nack = from_hex(kNack);
  Bytes inner;
  make_compound(std::vector<ByteView>(255, ByteView(nack)), inner);
  Bytes middle;
  make_compound(std::vector<ByteView>(25, ByteView(inner)), middle);
  Bytes small;
  make_compressed(middle, small);
  REQUIRE(small.size() * 12 < 65'000);
  Bytes packet;
  make_compound(std::vector<ByteView>(12, ByteView(small)), packet);
  PacketReader reader;
  const auto parts = reader.read(packet, {});
  CHECK(parts.size() == kMaxParts);
  CHECK(reader.error() == WireError::too_many_parts);
  CHECK(reader.drops().of(WireError::too_many_parts) == 12 * 25 * 255 - kMaxParts);
  // Each compressed part has a buffer; there are only so many.
  const Bytes tiny = from_hex("0982a4416c676f00a3427566a400c30404");
  packet.clear();
  make_compound(std::vector<ByteView>(100, ByteView(tiny)), packet);
  (void)reader.read(packet, {});
  CHECK(reader.drops().of(WireError::too_many_parts) == 12 * 25 * 255 - kMaxParts + 36);
}

TEST_CASE("compression that is none") {
  check_dropped("09", WireError::truncated);
  check_dropped("0980", WireError::bad_compression);  // no data at all
  check_dropped("0982a4416c676f01a3427566a3000302", WireError::unknown_compression);
  check_dropped("0982a4416c676fffa3427566a3000302", WireError::out_of_range);
  check_dropped("0982a4416c676f00a3427566a3000302", WireError::empty);          // nothing within
  check_dropped("0982a4416c676f00a3427566a20003", WireError::bad_compression);  // no end
  check_dropped("0982a4416c676f00a3427566a400fdff0f", WireError::bad_compression);  // a wild code
}

TEST_CASE("a decompression bomb") {
  const std::size_t limit = std::size_t{3} << 20;
  WireSettings settings;
  settings.max_decompressed_bytes = limit;
  const Bytes too_large = bomb(limit + 1);
  REQUIRE(too_large.size() < 20'000);
  CHECK(read(too_large, settings).error == WireError::too_large);
  // As large as allowed: refused only for what is within, a ping that is no ping; so it was read.
  CHECK(read(bomb(limit), settings).parts == 1);
  // The limit is for the packet, not for each of its parts.
  const Bytes half = bomb(limit / 2 + 1);
  Bytes packet;
  make_compound(std::vector<ByteView>{half, half, from_hex(kNack)}, packet);
  PacketReader reader;
  CHECK(reader.read(packet, settings).size() == 2);
  CHECK(reader.error() == WireError::too_large);
  CHECK(stream_error(too_large, settings) == WireError::too_large);
  // The default is memberlist's own.
  CHECK(WireSettings{}.max_decompressed_bytes == std::size_t{40} << 20);
}

TEST_CASE("a default-sized bomb in a packet of any size stays below 40 MiB") {
  const Bytes packet = bomb((std::size_t{40} << 20) + 1);
  CHECK(read(packet).error == WireError::too_large);
}

TEST_CASE("labels that are none") {
  check_dropped("f4", WireError::bad_label);
  check_dropped("f400", WireError::bad_label);
  check_dropped(std::string("f400") + kNack, WireError::bad_label);
  check_dropped("f404626c75", WireError::bad_label);
  check_dropped(std::string("f404626c7565") + kNack, WireError::other_label);
  WireSettings blue;
  blue.label = "blue";
  check_dropped(kNack, WireError::other_label, 0, blue);
  check_dropped(std::string("f405626c756573") + kNack, WireError::other_label, 0, blue);
  check_dropped("f404626c7565", WireError::empty, 0, blue);
  // Twice is once too often.
  check_dropped(std::string("f404626c7565f404626c7565") + kNack, WireError::unsupported_type, 0,
                blue);
  CHECK(read(std::string("f404626c7565") + kNack, blue).parts == 1);
  blue.skip_inbound_label_check = true;
  CHECK(read(kNack, blue).parts == 1);
  check_dropped(std::string("f404626c7565") + kNack, WireError::other_label, 0, blue);
}

TEST_CASE("ciphertext that is none") {
  const std::vector<Bytes> keys{Bytes(16, 1), Bytes(32, 2)};
  WireSettings settings;
  settings.keys = keys;
  check_dropped("", WireError::empty, 0, settings);
  check_dropped("02" + std::string(80, '0'), WireError::unknown_encryption, 0, settings);
  check_dropped("01" + std::string(2 * 27, '0'), WireError::too_short_to_decrypt, 0, settings);
  check_dropped("01" + std::string(2 * 28, '0'), WireError::cannot_decrypt, 0, settings);
  check_dropped("00" + std::string(2 * 43, '0'), WireError::too_short_to_decrypt, 0, settings);
  check_dropped("00" + std::string(2 * 44, '0'), WireError::cannot_decrypt, 0, settings);
  check_dropped(kNack, WireError::unknown_encryption, 0, settings);  // plain, where a key is set
  settings.verify_incoming = false;
  CHECK(read(kNack, settings).parts == 1);
  // A key of no size that exists opens nothing, and hurts nobody.
  const std::vector<Bytes> odd{Bytes(5, 1)};
  settings.keys = odd;
  settings.verify_incoming = true;
  check_dropped("01" + std::string(2 * 28, '0'), WireError::cannot_decrypt, 0, settings);
}

TEST_CASE("padding that says more than there is") {
  // The version byte is not authenticated: a packet of version 1, called version 0, is opened, and
  // its last plain byte is taken for the padding.
  const std::vector<Bytes> keys{Bytes(16, 1)};
  WireSettings settings;
  settings.keys = keys;
  for (const int last : {0, 17, 200, 255, 16}) {
    CAPTURE(last);
    Bytes packet = from_hex("0b81a55365714e6f0e0b81a55365714e");
    packet.back() = static_cast<std::uint8_t>(last);
    packet.insert(packet.begin(), 16, 0x0b);
    seal(1, keys[0], Nonce{}, {}, 0, packet);
    packet[0] = 0;
    const Outcome outcome = read(packet, settings);
    CHECK(outcome.error == (last == 16 ? WireError::none : WireError::bad_padding));
  }
  // All of it is padding: nothing remains.
  Bytes packet(16, 16);
  seal(1, keys[0], Nonce{}, {}, 0, packet);
  packet.resize(13 + 16 + 16);
  packet[0] = 0;
  CHECK(read(packet, settings).error == WireError::empty);
}

TEST_CASE("versions of any length") {
  for (int size = 0; size <= 8; ++size) {
    CAPTURE(size);
    const std::string bytes = "0102030405060708";
    Alive alive;
    CHECK(decoded("0481a356736ea" + std::to_string(size) + bytes.substr(0, 2 * size), alive) ==
          WireError::none);
    CHECK(alive.vsn.size == std::min(size, 6));
    CHECK(alive.vsn.protocol_min() == (size >= 1 ? 1 : 0));
    CHECK(alive.vsn.delegate_cur() == (size >= 6 ? 6 : 0));
  }
  Alive alive;
  CHECK(decoded("0480", alive) == WireError::none);
  CHECK(alive.vsn.size == 0);
}

TEST_CASE("numbers at and beyond their ends") {
  Suspect suspect;
  CHECK(decoded("0381ab496e6361726e6174696f6eceffffffff", suspect) == WireError::none);
  CHECK(suspect.incarnation == UINT32_MAX);
  CHECK(decoded("0381ab496e6361726e6174696f6ecf0000000100000000", suspect) ==
        WireError::out_of_range);
  CHECK(decoded("0381ab496e6361726e6174696f6eff", suspect) == WireError::out_of_range);
  CHECK(decoded("0381ab496e6361726e6174696f6ed3ffffffffffffffff", suspect) ==
        WireError::out_of_range);
  CHECK(decoded("0381ab496e6361726e6174696f6ecb3ff0000000000000", suspect) ==
        WireError::wrong_type);
  CHECK(decoded("0381ab496e6361726e6174696f6ea131", suspect) == WireError::wrong_type);
  JoinIntent join;
  CHECK(decoded("0181a54c54696d65cf8000000000000000", join) == WireError::none);
  CHECK(join.ltime == std::uint64_t{1} << 63);
  CHECK(decoded("0181a54c54696d65d38000000000000000", join) == WireError::out_of_range);
  Ping ping;
  CHECK(decoded("0081aa536f75726365506f7274ce00010000", ping) == WireError::out_of_range);
  Query query;
  CHECK(decoded("0481a754696d656f7574d3ffffffffffffffff", query) == WireError::none);
  CHECK(query.timeout.ns == -1);
}

TEST_CASE("long names, and addresses of every size") {
  for (const std::size_t size : {1u, 31u, 32u, 255u, 256u, 65'535u, 65'536u}) {
    const std::string name(size, 'n');
    Bytes out;
    encode(JoinIntent{1, name}, out);
    JoinIntent join;
    CHECK(decode(ByteView(out).subspan(1), join) == WireError::none);
    CHECK(join.node == name);
  }
  Alive alive;
  CHECK(decoded("0481a441646472a47f000001", alive) == WireError::none);
  CHECK(alive.address == Address::v4(0x7f000001, 0));
  CHECK(decoded("0481a441646472b000000000000000000000ffff7f000001", alive) == WireError::none);
  CHECK(alive.address == Address::v4(0x7f000001, 0));
  CHECK(decoded("0481a441646472b020010db8000000000000000000000001", alive) == WireError::none);
  CHECK(alive.address.size == 16);
  CHECK(decoded("0481a441646472a0", alive) == WireError::none);
  CHECK(alive.address.size == 0);
  for (const char* bad : {"a17f", "a57f00000100", "af7f00000100000000000000000000", "d91100"}) {
    CHECK(decoded(std::string("0481a441646472") + bad, alive) != WireError::none);
  }
  CHECK(decoded("0481a441646472a57f00000100", alive) == WireError::bad_address);
}

TEST_CASE("a message that is no map, or whose counts lie") {
  Ping ping;
  CHECK(decoded("0090", ping) == WireError::wrong_type);
  CHECK(decoded("00a0", ping) == WireError::wrong_type);
  CHECK(decoded("00c1", ping) == WireError::wrong_type);
  CHECK(decoded("00", ping) == WireError::truncated);
  CHECK(decoded("00df7fffffff", ping) == WireError::truncated);
  CHECK(decoded("00820102", ping) == WireError::wrong_type);  // a key that is no text
  CHECK(decoded("0081a178c1", ping) == WireError::wrong_type);
  CHECK(decoded("0081a4", ping) == WireError::truncated);
  // Unknown fields as deep as can be: no recursion, no memory.
  Bytes deep = from_hex("81a178");
  deep.insert(deep.end(), 1 << 20, 0x91);
  CHECK(decode(deep, ping) == WireError::truncated);
  deep.push_back(0xc0);
  CHECK(decode(deep, ping) == WireError::none);
  // Lists of a byte an item.
  const auto list = [](std::string head, std::uint8_t item, std::size_t count) {
    Bytes out = from_hex(head);
    for (int shift = 24; shift >= 0; shift -= 8) {
      out.push_back(static_cast<std::uint8_t>(count >> shift));
    }
    out.insert(out.end(), count, item);
    return out;
  };
  PushPullState state;
  CHECK(decode(list("81ab4c6566744d656d62657273dd", 0xa0, (1 << 20) + 1), state) ==
        WireError::too_large);
  CHECK(decode(list("81a64576656e7473dd", 0xc0, (1 << 20) + 1), state) == WireError::too_large);
  CHECK(decode(list("81a64576656e747391"
                    "81a64576656e7473dd",
                    0x80, (1 << 20) + 1),
               state) == WireError::too_large);
  Query query;
  CHECK(decode(list("81a746696c74657273dd", 0xa0, (1 << 20) + 1), query) == WireError::too_large);
  Coordinate coordinate;
  CHECK(decode_ack_payload(from_hex("0181a356656399"
                                    "000000000000000000"),
                           coordinate) == WireError::out_of_range);
  CHECK(decode_ack_payload(from_hex("02"), coordinate) == WireError::unsupported_type);
}

TEST_CASE("push/pull headers that lie") {
  const auto header = [](std::int64_t nodes, std::int64_t user) {
    Bytes out;
    encode(PushPullHeader{nodes, user, false}, out);
    return out;
  };
  struct Case {
    std::int64_t nodes, user;
    WireError whole, stream;
  };
  const std::int64_t most = INT64_MAX;
  const Case cases[] = {
      {-1, 0, WireError::out_of_range, WireError::out_of_range},
      {0, -1, WireError::out_of_range, WireError::out_of_range},
      {INT64_MIN, INT64_MIN, WireError::out_of_range, WireError::out_of_range},
      {most, 0, WireError::too_large, WireError::too_large},
      {0, most, WireError::too_large, WireError::too_large},
      {most, most, WireError::too_large, WireError::too_large},
      {(1 << 20) + 1, 0, WireError::too_large, WireError::too_large},
      {0, (20 << 20) + 1, WireError::too_large, WireError::too_large},
      // Allowed, but not there: the stream waits, the whole message is too short.
      {1 << 20, 20 << 20, WireError::truncated, WireError::none},
  };
  WireSettings plain;
  for (const Case& c : cases) {
    CAPTURE(c.nodes, c.user);
    const Bytes bytes = header(c.nodes, c.user);
    PushPullReader reader(ByteView(bytes).subspan(1));
    CHECK(reader.error() == c.whole);
    CHECK(reader.header().nodes == 0);
    PushNodeState node;
    CHECK_FALSE(reader.next(node));
    CHECK(stream_error(bytes, plain) == c.stream);
  }
  // Nodes whose states eat what should be the user state.
  Bytes bytes = header(1, 4);
  const Bytes node_state = from_hex("81a178a401020304");
  bytes.insert(bytes.end(), node_state.begin(), node_state.end() - 1);
  PushPullReader reader(ByteView(bytes).subspan(1));
  PushNodeState node;
  CHECK_FALSE(reader.next(node));
  CHECK(reader.error() == WireError::truncated);
}

TEST_CASE("streams that lie") {
  WireSettings plain;
  const std::vector<Bytes> keys{Bytes(16, 1)};
  WireSettings secret;
  secret.keys = keys;
  const auto error = [](const std::string& hex, const WireSettings& settings) {
    return stream_error(from_hex(hex), settings);
  };
  CHECK(error("0a00000000", plain) == WireError::encrypted);
  CHECK(error("00", secret) == WireError::not_encrypted);
  CHECK(error("0a01400001", secret) == WireError::too_large);
  CHECK(error("0affffffff", secret) == WireError::too_large);
  CHECK(error("0a00000000", secret) == WireError::empty);
  CHECK(error("0a0000000102", secret) == WireError::unknown_encryption);
  CHECK(error("0a0000000101", secret) == WireError::too_short_to_decrypt);
  CHECK(error("f400", plain) == WireError::bad_label);
  CHECK(error("f40161", plain) == WireError::other_label);
  CHECK(error("03", plain) == WireError::unsupported_type);
  CHECK(error("07", plain) == WireError::unsupported_type);
  CHECK(error("00c1", plain) == WireError::wrong_type);
  CHECK(error("0881aa557365724d73674c656eff", plain) == WireError::out_of_range);
  CHECK(error("0881aa557365724d73674c656ecf7fffffffffffffff", plain) == WireError::too_large);
  CHECK(error("0881aa557365724d73674c656ece01400001", plain) == WireError::too_large);
  CHECK(error("0881aa557365724d73674c656ece01400000", plain) == WireError::none);
  CHECK(error("0690", plain) == WireError::wrong_type);
  // Compressed: once is enough, and it must hold a whole message.
  CHECK(error("0982a4416c676f00a3427566a3000302", plain) == WireError::empty);
  Bytes once, twice;
  make_compressed(from_hex("0081a55365714e6f01"), once);
  CHECK(stream_error(once, plain) == WireError::none);
  make_compressed(once, twice);
  CHECK(stream_error(twice, plain) == WireError::unsupported_type);
  Bytes cut;
  make_compressed(from_hex("0081a55365714e6f"), cut);
  CHECK(stream_error(cut, plain) == WireError::truncated);
}

TEST_CASE("a stream that never ends is given up") {
  WireSettings settings;
  settings.max_decompressed_bytes = 100'000;
  // A ping whose name is four gigabytes long.
  StreamReader reader;
  Bytes bytes = from_hex("0081a44e6f6465dbffffffff");
  auto progress = reader.feed(bytes, settings);
  const Bytes more(10'000, 'x');
  int fed = 0;
  while (progress == StreamReader::Progress::need_more && fed < 100) {
    progress = reader.feed(more, settings);
    ++fed;
  }
  CHECK(progress == StreamReader::Progress::error);
  CHECK(reader.error() == WireError::too_large);
  CHECK(fed == 10);
  CHECK(reader.buffered() < 111'000);
  // What comes later is not kept.
  (void)reader.feed(more, settings);
  CHECK(reader.buffered() < 111'000);
}

TEST_CASE("every reason has its own words") {
  std::vector<std::string> words;
  for (int i = 0; i < kWireErrorCount; ++i) {
    words.emplace_back(wire_error_words(static_cast<WireError>(i)));
    CHECK(words.back() != "unknown");
  }
  std::sort(words.begin(), words.end());
  CHECK(std::adjacent_find(words.begin(), words.end()) == words.end());
}
