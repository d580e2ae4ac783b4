// States of push/pulls as kept bytes: what is written that way is what encode() writes, and what is
// recognised is what decoding finds, byte for byte; anything else is left to decoding.
#include "core/gossip/known_states.h"

#include <string>

#include "core/gossip/codec.h"
#include "tests/catch.h"

namespace quorumlab::gossip {
namespace {

// The states only point to them.
const std::string kLongMeta(300, 'm'), kMeta = "\xff\x80";

// Several have one address, as agents on one machine; the last one cannot be kept.
std::vector<PushNodeState> some_states() {
  std::vector<PushNodeState> states(5);
  const std::string_view names[] = {"node-1", "", "a-name-that-is-longer-than-thirty-one-bytes",
                                    "node-4", "six"};
  for (std::size_t i = 0; i < states.size(); ++i) {
    states[i].name = names[i];
    states[i].address = Address::v4(0x0a000001 + static_cast<std::uint32_t>(i % 3), 7946);
    states[i].meta = i == 1 ? ByteView{} : as_bytes(i == 2 ? kLongMeta : kMeta);
  }
  states[4].address.size = 16;
  return states;
}

Bytes encoded(const PushNodeState& node) {
  Bytes bytes;
  encode(node, bytes);
  return bytes;
}

TEST_CASE("known states are written as they are encoded, and recognised as they are decoded") {
  const std::vector<PushNodeState> all = some_states();
  KnownStates known;
  CHECK(known.recognise(encoded(all[0])).size == 0);
  for (const PushNodeState& node : all) known.add(node);
  std::size_t recognised = 0;
  for (std::uint32_t number = 0; number < all.size(); ++number) {
    for (const std::uint32_t incarnation : {0u, 1u, 127u, 128u, 255u, 256u, 65536u, UINT32_MAX}) {
      for (const std::uint8_t state : {0, 1, 2, 3, 255}) {
        PushNodeState node = all[number];
        node.incarnation = incarnation;
        node.state = state;
        Bytes bytes = encoded(node);
        const std::size_t size = bytes.size();
        const std::size_t room = known.room(number, state);
        REQUIRE((room == 0) == (number == 4 || state == 255));
        if (room != 0) {
          Bytes written(room);
          REQUIRE(known.write(number, incarnation, state, written.data()) ==
                  written.data() + size);
          REQUIRE(room >= size);
          written.resize(size);
          REQUIRE(written == bytes);
        }
        bytes.resize(size + 16);  // more follows
        const KnownStates::Found found = known.recognise(bytes);
        if (found.size == 0) continue;
        ++recognised;
        REQUIRE(found.size == size);
        REQUIRE(found.number == number);
        REQUIRE(found.incarnation == incarnation);
        REQUIRE(found.state == state);
      }
    }
  }
  CHECK(recognised == 3 * 8 * 4);  // of those at one address the one added last
}

TEST_CASE("a state that differs in any bit, or is cut off, is not recognised as the known one") {
  const std::vector<PushNodeState> all = some_states();
  KnownStates known;
  for (const PushNodeState& node : all) known.add(node);
  Bytes bytes = encoded(all[2]);
  const std::size_t size = bytes.size();
  bytes.resize(size + 16);
  REQUIRE(known.recognise(bytes).size == size);
  for (std::size_t bit = 0; bit < size * 8; ++bit) {
    Bytes damaged = bytes;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    const KnownStates::Found found = known.recognise(damaged);
    if (found.size == 0) continue;
    // Incarnation and state may be others: then decoding must find the same.
    PushNodeState read;
    std::size_t read_size = 0;
    REQUIRE(read_node(damaged, read, read_size) == WireError::none);
    REQUIRE(found.size == read_size);
    REQUIRE(found.incarnation == read.incarnation);
    REQUIRE(found.state == read.state);
    REQUIRE(read.name == all[found.number].name);
    REQUIRE(read.address == all[found.number].address);
    REQUIRE(as_text(read.meta) == as_text(all[found.number].meta));
  }
  for (std::size_t cut = 0; cut < size; ++cut) {
    REQUIRE(known.recognise(ByteView(bytes).first(cut)).size == 0);
  }
}

TEST_CASE("what was known is forgotten, and learnt again by other numbers") {
  const std::vector<PushNodeState> all = some_states();
  KnownStates known;
  for (int i = 0; i < 100; ++i) {
    for (const PushNodeState& node : all) known.add(node);
  }
  Bytes bytes = encoded(all[3]);
  bytes.resize(bytes.size() + 16);
  CHECK(known.recognise(bytes).number == 498);
  const KnownStates copy = known;
  known.clear();
  CHECK(known.recognise(bytes).size == 0);
  CHECK(copy.recognise(bytes).number == 498);
  known.add(all[3]);
  CHECK(known.recognise(bytes).number == 0);
  CHECK(known.recognise(bytes).size != 0);
}

}  // namespace
}  // namespace quorumlab::gossip
