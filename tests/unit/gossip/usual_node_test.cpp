// The short way of reading a member's state in a push/pull: it must read what encode() writes, take
// nothing that was cut off or damaged, and leave other forms to the long way.
#include "core/gossip/codec.h"
#include "tests/catch.h"

namespace quorumlab::gossip {
namespace {

TEST_CASE("a node state in its usual form is read whole, or not at all") {
  const std::string long_meta(300, 'm');
  const std::string_view metas[] = {"\xff\x80", long_meta};
  for (const std::string_view meta : metas) {
    for (const std::uint32_t incarnation : {1u, 200u, 70'000u, UINT32_MAX}) {
      PushNodeState node;
      node.name = "node-17";
      node.address = Address::v4(0x0a000011, 7946);
      node.meta = as_bytes(meta);
      node.incarnation = incarnation;
      node.state = 3;
      Bytes bytes;
      encode(node, bytes);
      const std::size_t size = bytes.size();
      bytes.resize(size + 64);  // others follow
      PushNodeState read;
      REQUIRE(read_usual_node(bytes, read) == size);
      REQUIRE(read.name == node.name);
      REQUIRE(read.address == node.address);
      REQUIRE(as_text(read.meta) == meta);
      REQUIRE(read.incarnation == incarnation);
      REQUIRE(read.state == 3);
      REQUIRE(read.vsn == node.vsn);
      for (std::size_t cut = 0; cut < size; ++cut) {
        const Bytes some(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut));
        REQUIRE(read_usual_node(some, read) == 0);
      }
      for (const std::size_t at : {std::size_t{0}, std::size_t{3}, std::size_t{6}, size - 7}) {
        Bytes damaged = bytes;
        damaged[at] ^= 1;
        REQUIRE(read_usual_node(damaged, read) == 0);
      }
    }
  }
}

TEST_CASE("a node state of an IPv6 address is left to the long way") {
  PushNodeState node, read;
  node.name = "six";
  node.address.size = 16;
  node.address.port = 7946;
  Bytes bytes;
  encode(node, bytes);
  bytes.resize(bytes.size() + 64);
  REQUIRE(read_usual_node(bytes, read) == 0);
}

}  // namespace
}  // namespace quorumlab::gossip
