// The golden vectors: messages, LZW and encryption as HashiCorp's own code wrote them, byte for
// byte.
#include <openssl/evp.h>

#include <map>
#include <nlohmann/json.hpp>

#include "core/gossip/lzw.h"
#include "core/gossip/stream.h"
#include "tests/catch.h"
#include "tests/unit/gossip/hex.h"
#include "tests/unit/gossip/rpc_values.h"
#include "tests/unit/gossip/transcode.h"

using namespace quorumlab;
using namespace quorumlab::gossip;

namespace {

struct Vector {
  std::string layer, input;
  std::string hex;
  Bytes bytes() const { return from_hex(hex); }
};

const std::map<std::string, Vector>& vectors() {
  static const std::map<std::string, Vector> all = [] {
    std::map<std::string, Vector> read;
    const Bytes text = captured("golden_vectors.json");
    for (const auto& v : nlohmann::json::parse(text.begin(), text.end())) {
      read[v.at("Name")] = {v.at("Layer"), v.at("Input"), v.at("Hex")};
    }
    return read;
  }();
  return all;
}

Bytes vector(const std::string& name) { return vectors().at(name).bytes(); }

template <class Message>
std::string encoded(const Message& message) {
  Bytes out;
  encode(message, out);
  return to_hex(out);
}

std::string hex_of(const std::string& name) { return vectors().at(name).hex; }

// The letters that the LZW vectors are made of.
Bytes letters(std::size_t n) {
  Bytes out;
  std::uint32_t x = 12345;
  for (std::size_t i = 0; i < n; ++i) {
    x = x * 1664525 + 1013904223;
    out.push_back(static_cast<std::uint8_t>("abcdefgh"[x >> 28 & 7]));
  }
  return out;
}

std::string sha256(ByteView bytes) {
  Bytes digest(32);
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return to_hex(digest);
}

const Address kLoopback7946 = Address::v4(0x7f000001, 7946);

Alive blue_alive() {
  static const Bytes meta = from_hex("ff81a4726f6c65a3776562");
  Alive m;
  m.incarnation = 1;
  m.node = "node1";
  m.address = kLoopback7946;
  m.meta = meta;
  return m;
}

Bytes key_of(std::size_t size) {
  Bytes key(size);
  for (std::size_t i = 0; i < size; ++i) key[i] = static_cast<std::uint8_t>(i);
  return key;
}

Nonce counting_nonce() {
  Nonce nonce;
  for (std::size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::uint8_t>(i);
  return nonce;
}

}  // namespace

TEST_CASE("memberlist messages are written as the golden vectors") {
  CHECK(encoded(Ping{1, "node2", {}, {}}) == hex_of("ping minimal (protocol-1 style, no source)"));
  CHECK(encoded(Ping{300, "node2", kLoopback7946, "node1"}) == hex_of("ping with source"));
  CHECK(encoded(IndirectPing{11, Address::v4(0x7f000001, 24003), "node3", true,
                             Address::v4(0x7f000001, 24002), "node2"}) == hex_of("indirect ping"));
  CHECK(encoded(Ack{11, {}}) == hex_of("ack no payload (nil)"));
  CHECK(encoded(Nack{14}) == hex_of("nack"));
  CHECK(encoded(ErrorResponse{"remote node state is larger than limit (20971521)"}) ==
        hex_of("err"));
  CHECK(encoded(Dead{1, "node3", "node2"}) == hex_of("dead (From!=Node = failed)"));
  CHECK(encoded(Dead{4294967295u, "node3", "node3"}) == hex_of("dead (From==Node = left)"));
  Alive v6;
  v6.incarnation = 130;
  v6.node = "node1";
  v6.address.size = 16;
  const Bytes ip = from_hex("20010db8000000000000000000000001");
  std::copy(ip.begin(), ip.end(), v6.address.ip.begin());
  v6.address.port = 128;
  CHECK(encoded(v6) == hex_of("alive v6 nil meta"));
}

TEST_CASE("serf messages are written as the golden vectors") {
  CHECK(encoded(LeaveIntent{3, "node3", false}) == hex_of("leave"));
  CHECK(encoded(JoinIntent{1, "node1"}) == hex_of("join"));
  CHECK(encoded(UserEvent{1, "deploy-app", as_bytes("v1.2.3"), true}) == hex_of("userEvent"));
  CHECK(encoded(UserEvent{130, "deploy-app", {}, false}) == hex_of("userEvent nil payload"));
  Query query;
  query.ltime = 1;
  query.id = 1894097817;
  query.address = Address::v4(0x7f000001, 24001);
  query.source_node = "node1";
  query.flags = kQueryFlagNoBroadcast;
  query.relay_factor = 3;
  query.timeout = milliseconds(3200);
  query.name = "load";
  CHECK(encoded(query) == hex_of("query nil filters no-broadcast flag relay 3"));
  const QueryResponse ack{1, 1894097817, "node2", kQueryFlagAck, {}};
  CHECK(encoded(ack) == hex_of("queryResponse ack"));
  ConflictResponse conflict;
  conflict.member.emplace();
  conflict.member->name = "node2";
  conflict.member->address = Address::v4(0x7f000001, 27402);
  conflict.member->status = 1;
  CHECK(encoded(conflict) == hex_of("conflictResponse (query response payload)"));
  CHECK(encoded(ConflictResponse{}) == "06c0");
  const Bytes sevens(32, 7);
  CHECK(encoded(KeyRequest{sevens}) == hex_of("keyRequest"));
  Relay relay;
  relay.dest = Address::v4(0x7f000001, 24001);
  relay.dest_name = "node1";
  Bytes inner;
  encode(ack, inner);
  relay.message = inner;
  CHECK(encoded(relay) == hex_of("relay(queryResponse ack)"));
  Bytes payload;
  encode_ack_payload(Coordinate{}, payload);
  CHECK(to_hex(payload) == hex_of("ack payload: 01 + coordinate (fresh node)"));
}

TEST_CASE("every golden message is read, and written again the same") {
  int read = 0;
  for (const auto& [name, v] : vectors()) {
    CAPTURE(name);
    const Bytes bytes = v.bytes();
    Bytes again;
    if (v.layer.starts_with("serf")) {
      CHECK(transcode_serf(bytes, again) == WireError::none);
    } else if (v.layer == "memberlist" && bytes[0] != 7 && bytes[0] != 9) {
      CHECK(transcode({static_cast<MessageType>(bytes[0]), bytes}, false, again) ==
            WireError::none);
    } else {
      continue;
    }
    CHECK(to_hex(again) == v.hex);
    ++read;
  }
  CHECK(read == 18);
}

TEST_CASE("the golden layers of a packet: compound, compression, label") {
  Bytes alive;
  encode(blue_alive(), alive);
  WireSettings settings;
  settings.compress = false;
  Bytes out;

  Bytes ping, suspect;
  encode(Ping{300, "node2", kLoopback7946, "node1"}, ping);
  encode(Suspect{1, "node3", "node2"}, suspect);
  // The vector's suspect message accuses node3, and comes from node2.
  make_compound(std::vector<ByteView>{ping, suspect}, out);
  CHECK(to_hex(out) == hex_of("compound(ping,suspect) = buddy-system probe of a suspect"));
  PacketReader reader;
  CHECK(reader.read(out, settings).size() == 2);

  out.clear();
  settings.label = "blue";
  make_packet(alive, settings, false, {}, out);
  CHECK(to_hex(out) == hex_of("label 'blue' + alive"));
  CHECK(reader.read(out, settings).size() == 1);

  out.clear();
  settings.label = {};
  settings.compress = true;
  Bytes compound;
  make_compound(std::vector<ByteView>{alive, alive, alive}, compound);
  CHECK(to_hex(compound) == vectors().at("compress(compound(alive x3))").input);
  make_packet(compound, settings, false, {}, out);
  CHECK(to_hex(out) == hex_of("compress(compound(alive x3))"));
  const auto parts = reader.read(out, settings);
  REQUIRE(parts.size() == 3);
  CHECK(to_hex(parts[2].bytes) == to_hex(alive));
  CHECK(reader.drops().total() == 0);
}

TEST_CASE("the golden encryption: three sizes of key, two versions, with and without a label") {
  Bytes alive;
  encode(blue_alive(), alive);
  struct Case {
    const char* name;
    std::size_t key_bytes;
    std::uint8_t version;
    const char* label;
  };
  const Case cases[] = {
      {"encrypt v0 AES-128 key=00.. nonce=000102..0b no AAD, msg=alive v4", 16, 0, ""},
      {"encrypt v1 AES-128 key=00.. nonce=000102..0b no AAD, msg=alive v4", 16, 1, ""},
      {"encrypt v0 AES-192 key=00.. nonce=000102..0b no AAD, msg=alive v4", 24, 0, ""},
      {"encrypt v1 AES-192 AAD='blue' (label)", 24, 1, "blue"},
      {"encrypt v1 AES-256 key=00.. nonce=000102..0b no AAD, msg=alive v4", 32, 1, ""},
      {"encrypt v1 AES-256 AAD='blue' (label)", 32, 1, "blue"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const Bytes key = key_of(c.key_bytes);
    Bytes sealed = alive;
    seal(c.version, key, counting_nonce(), as_bytes(std::string_view(c.label)), 0, sealed);
    CHECK(to_hex(sealed) == hex_of(c.name));
    CHECK(sealed.size() == sealed_size(c.version, alive.size()));
    // The right key may be the last of several.
    const std::vector<Bytes> keys{Bytes(16, 9), Bytes(32, 9), key};
    Bytes plain;
    CHECK(open(sealed, keys, as_bytes(std::string_view(c.label)), plain) == WireError::none);
    CHECK(to_hex(plain) == to_hex(alive));
    CHECK(open(sealed, keys, as_bytes("green"), plain) == WireError::cannot_decrypt);
    for (std::size_t i = 1; i < sealed.size(); i += 7) {
      Bytes changed = sealed;
      changed[i] ^= 1;
      CHECK(open(changed, keys, as_bytes(std::string_view(c.label)), plain) ==
            WireError::cannot_decrypt);
    }
  }
}

TEST_CASE("the golden encrypted streams") {
  Bytes alive;
  encode(blue_alive(), alive);
  WireSettings settings;
  settings.compress = false;
  for (const std::size_t key_bytes : {16u, 24u}) {
    const std::vector<Bytes> keys{key_of(key_bytes)};
    settings.keys = keys;
    Bytes out;
    make_stream(alive, settings, StreamSide::dialled, counting_nonce(), out);
    CHECK(to_hex(out) == hex_of("stream frame: 0a len32 + encrypt v1 AES-" +
                                std::to_string(key_bytes * 8) + " AAD=the 5 header bytes"));
  }
}

TEST_CASE("the golden head of a push/pull") {
  const Bytes bytes = vector("pushPull stream head: 06 header node node (user state follows)");
  Bytes out;
  encode(PushPullHeader{2, 589, true}, out);
  PushNodeState node;
  const Bytes meta = from_hex("ff81a4726f6c65a3776562");
  node.name = "node1";
  node.address = Address::v4(0x7f000001, 24001);
  node.meta = meta;
  node.incarnation = 1;
  encode(node, out);
  node.name = "node2";
  node.address.port = 24002;
  node.meta = {};
  node.incarnation = 7;
  node.state = 3;
  encode(node, out);
  CHECK(to_hex(out) == to_hex(bytes));
  // Without the user state it is not whole.
  MessageScanner scanner;
  CHECK(scanner.scan(bytes) == MessageScanner::Progress::need_more);
  Bytes whole = bytes;
  PushPullState state;
  encode(state, whole);
  CHECK(whole.size() == bytes.size() + 589 - 7);  // 589 with a member: its name and a number
  whole.resize(bytes.size() + 589);
  CHECK(scanner.scan(whole) == MessageScanner::Progress::message);
  PushPullReader reader(ByteView(whole).subspan(1));
  CHECK(reader.header().nodes == 2);
  CHECK(reader.header().join);
  CHECK(reader.next(node));
  CHECK(node.name == "node1");
  CHECK(reader.next(node));
  CHECK(node.state == 3);
  CHECK(node.meta.data() == nullptr);
  CHECK_FALSE(reader.next(node));
  CHECK(reader.error() == WireError::none);
  CHECK(reader.user_state().size() == 589);
}

TEST_CASE("LZW as Go's, through resets of the table") {
  int compared = 0;
  for (const auto& [name, v] : vectors()) {
    if (v.layer != "lzw") continue;
    CAPTURE(name);
    const bool hashed = v.hex.starts_with("len=");
    const Bytes data =
        hashed ? letters(static_cast<std::size_t>(std::stoul(name.substr(name.find("mk(") + 3))))
               : from_hex(v.input);
    Bytes compressed;
    lzw_compress(data, compressed);
    if (hashed) {
      CHECK("len=" + std::to_string(compressed.size()) + " sha256=" + sha256(compressed) == v.hex);
    } else {
      CHECK(to_hex(compressed) == v.hex);
    }
    Bytes again;
    CHECK(lzw_decompress(compressed, data.size(), again) == WireError::none);
    CHECK(again == data);
    if (!data.empty()) {
      CHECK(lzw_decompress(compressed, data.size() - 1, again) == WireError::too_large);
    }
    ++compared;
  }
  CHECK(compared == 9);
}

TEST_CASE("golden RPC messages are one value after the other, and come out as they went in") {
  int values = 0;
  for (const auto& [name, v] : vectors()) {
    if (v.layer != "rpc") continue;
    CAPTURE(name);
    const int here = transcode_values(v.bytes());
    CHECK(here == static_cast<int>(nlohmann::json::parse(v.input).size()));
    values += here;
  }
  CHECK(values == 11);
}
