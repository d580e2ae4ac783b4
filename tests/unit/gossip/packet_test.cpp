// The layers of packets and streams: whatever was put on comes off again, with every setting; what
// belongs to another cluster or was changed on the way does not get in; LZW gives back what it got.
#include <rapidcheck.h>

#include "core/gossip/lzw.h"
#include "core/gossip/stream.h"
#include "tests/catch.h"
#include "tests/unit/gossip/hex.h"
#include "tests/unit/gossip/samples.h"

using namespace quorumlab;
using namespace quorumlab::gossip;

namespace {

// Settings, and what they point to.
struct Cluster {
  std::string label;
  std::vector<Bytes> keys;
  std::uint8_t version = 1;
  bool compress = false;

  WireSettings settings() const {
    WireSettings s;
    s.label = label;
    s.keys = keys;
    s.encryption_version = version;
    s.compress = compress;
    return s;
  }
};

Bytes random_key() {
  Bytes key(static_cast<std::size_t>(*rc::gen::inRange(2, 5)) * 8);
  for (std::uint8_t& b : key) b = *rc::gen::arbitrary<std::uint8_t>();
  return key;
}

Cluster random_cluster() {
  Cluster c;
  if (samples::coin())
    c.label = std::string(static_cast<std::size_t>(*rc::gen::inRange(1, 256)), 'l');
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) c.keys.push_back(random_key());
  c.version = samples::coin() ? 1 : 0;
  c.compress = samples::coin();
  return c;
}

Nonce random_nonce() {
  Nonce nonce;
  for (std::uint8_t& b : nonce) b = *rc::gen::arbitrary<std::uint8_t>();
  return nonce;
}

// Small enough for a part of a compound.
Bytes random_message() {
  for (;;) {
    Bytes out = samples::memberlist_message(*rc::gen::inRange(0, 7));
    if (out.size() < 60'000) return out;
  }
}

// Repeats itself, as messages do.
Bytes repetitive_data() {
  Bytes out;
  const int runs = *rc::gen::inRange(0, 40);
  const int alphabet = *rc::gen::inRange(1, 257);
  std::uint64_t x = *rc::gen::arbitrary<std::uint64_t>();
  for (int i = 0; i < runs; ++i) {
    const int size = *rc::gen::inRange(1, 400);
    for (int j = 0; j < size; ++j) {
      x = x * 6364136223846793005u + 1442695040888963407u;
      out.push_back(static_cast<std::uint8_t>((x >> 33) % static_cast<unsigned>(alphabet)));
    }
  }
  return out;
}

}  // namespace

TEST_CASE("a packet gives back its messages") {
  CHECK(rc::check([] {
    const Cluster cluster = random_cluster();
    std::vector<Bytes> messages(static_cast<std::size_t>(*rc::gen::inRange(1, 20)));
    for (Bytes& message : messages) message = random_message();
    Bytes inner = messages[0];
    if (messages.size() > 1) {
      inner.clear();
      make_compound(std::vector<ByteView>(messages.begin(), messages.end()), inner);
    }
    const bool crc = samples::coin();
    Bytes packet;
    const WireSettings settings = cluster.settings();
    make_packet(inner, settings, crc, random_nonce(), packet);
    std::size_t most = inner.size() + packet_overhead(settings, crc);
    if (!cluster.keys.empty() && cluster.version == 0) most += 15;  // the rest of the padding
    RC_ASSERT(packet.size() <= most);

    PacketReader reader;
    const auto parts = reader.read(packet, settings);
    RC_ASSERT(reader.error() == WireError::none);
    RC_ASSERT(parts.size() == messages.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      RC_ASSERT(std::equal(parts[i].bytes.begin(), parts[i].bytes.end(), messages[i].begin(),
                           messages[i].end()));
      RC_ASSERT(static_cast<std::uint8_t>(parts[i].type) == messages[i][0]);
    }
    // Whoever has the key among others reads it, too; others do not.
    if (!cluster.keys.empty()) {
      std::vector<Bytes> more{Bytes(16, 0xee), cluster.keys.front()};
      WireSettings other = settings;
      other.keys = more;
      RC_ASSERT(reader.read(packet, other).size() == messages.size());
      more.pop_back();
      other.keys = more;
      RC_ASSERT(reader.read(packet, other).empty());
      RC_ASSERT(reader.error() == WireError::cannot_decrypt);
    }
    WireSettings stranger = settings;
    stranger.label = "stranger";
    RC_ASSERT(reader.read(packet, stranger).empty());
    RC_ASSERT(reader.error() == WireError::other_label);
  }));
}

TEST_CASE("a changed byte is noticed where there is a CRC or a key") {
  CHECK(rc::check([] {
    Cluster cluster = random_cluster();
    cluster.label.clear();
    const bool crc = cluster.keys.empty();
    const Bytes message = random_message();
    Bytes packet;
    make_packet(message, cluster.settings(), crc, random_nonce(), packet);
    const auto at = static_cast<std::size_t>(*rc::gen::inRange(1, static_cast<int>(packet.size())));
    packet[at] ^= static_cast<std::uint8_t>(*rc::gen::inRange(1, 256));
    PacketReader reader;
    RC_ASSERT(reader.read(packet, cluster.settings()).empty());
    RC_ASSERT(reader.error() == (crc ? WireError::bad_crc : WireError::cannot_decrypt));
  }));
}

TEST_CASE("a stream gives back its message, however it is cut") {
  CHECK(rc::check([] {
    const Cluster cluster = random_cluster();
    const WireSettings settings = cluster.settings();
    const Bytes message = samples::coin() ? samples::push_pull() : samples::user_stream();
    const StreamSide side = samples::coin() ? StreamSide::dialled : StreamSide::accepted;
    Bytes bytes;
    make_stream(message, settings, side, random_nonce(), bytes);
    StreamReader reader(StreamSide::dialled);
    reader.reset(side);
    auto progress = StreamReader::Progress::need_more;
    const int most = *rc::gen::element(3, 100, 2000, 200'000);
    for (std::size_t at = 0; at < bytes.size();) {
      RC_ASSERT(progress == StreamReader::Progress::need_more);
      const std::size_t size =
          std::min(bytes.size() - at, static_cast<std::size_t>(*rc::gen::inRange(1, most + 1)));
      progress = reader.feed(ByteView(bytes).subspan(at, size), settings);
      at += size;
    }
    RC_ASSERT(progress == StreamReader::Progress::message);
    const ByteView whole = reader.message().bytes;
    RC_ASSERT(std::equal(whole.begin(), whole.end(), message.begin(), message.end()));
    // What comes behind it changes nothing.
    RC_ASSERT(reader.feed(bytes, settings) == StreamReader::Progress::message);
    RC_ASSERT(reader.message().bytes.size() == message.size());
  }));
}

TEST_CASE("LZW gives back what it got") {
  CHECK(rc::check([] {
    const Bytes data = repetitive_data();
    Bytes compressed{1, 2, 3}, again{4, 5};  // appended to what is there
    lzw_compress(data, compressed);
    RC_ASSERT(compressed.size() <= 3 + data.size() * 3 / 2 + data.size() / 1024 + 16);
    RC_ASSERT(lzw_decompress(ByteView(compressed).subspan(3), data.size(), again) ==
              WireError::none);
    RC_ASSERT(std::equal(data.begin(), data.end(), again.begin() + 2, again.end()));
  }));
  CHECK(rc::check("any bytes are decompressed or refused", [] {
    const Bytes data = *rc::gen::container<Bytes>(rc::gen::arbitrary<std::uint8_t>());
    Bytes out;
    const WireError error = lzw_decompress(data, 1000, out);
    RC_ASSERT(out.size() <= 1000u);
    RC_ASSERT(error == WireError::none || error == WireError::bad_compression ||
              error == WireError::too_large);
  }));
}

TEST_CASE("a copied reader keeps the counts and no parts") {
  PacketReader reader;
  const Bytes nack = from_hex("0b81a55365714e6f0e");
  (void)reader.read(from_hex("ff"), {});
  CHECK(reader.read(nack, {}).size() == 1);
  PacketReader copy = reader;
  CHECK(copy.drops() == reader.drops());
  CHECK(copy.drops().total() == 1);
  copy = PacketReader(reader);
  CHECK(copy.read(nack, {}).size() == 1);
}

TEST_CASE("the overhead that a sender keeps free") {
  Cluster cluster;
  CHECK(packet_overhead(cluster.settings(), false) == 0);
  CHECK(packet_overhead(cluster.settings(), true) == 5);
  cluster.label = "blue";
  CHECK(packet_overhead(cluster.settings(), true) == 5 + 6);
  cluster.keys = {Bytes(16)};
  CHECK(packet_overhead(cluster.settings(), false) == 6 + 29);
  cluster.version = 0;
  CHECK(packet_overhead(cluster.settings(), false) == 6 + 45);
}
