// What waits for the worker: alive messages first, of each kind the newest first, no more than the
// queues hold.
#include "core/gossip/handoff.h"

#include "core/gossip/codec.h"
#include "tests/catch.h"
#include "tests/unit/gossip/harness.h"

namespace quorumlab::gossip::test {
namespace {

TEST_CASE("alive first, and the newest first") {
  HandoffQueue queue;
  const auto push = [&](MessageType type, std::uint8_t mark, std::uint32_t limit = 10) {
    return queue.push(NodeId{1}, type, Bytes{mark}, limit);
  };
  CHECK(push(MessageType::user, 1));
  CHECK(push(MessageType::alive, 2));
  CHECK(push(MessageType::dead, 3));
  CHECK(push(MessageType::alive, 4));
  CHECK_FALSE(push(MessageType::suspect, 5, 2));
  CHECK_FALSE(push(MessageType::alive, 6, 2));
  Bytes order;
  HandoffQueue::Entry entry;
  ByteView body;
  while (queue.pop(entry, body)) order.push_back(body[0]);
  CHECK(order == Bytes{4, 2, 3, 1});
  CHECK(queue.empty());
}

Bytes encoded_alive(std::uint32_t incarnation, std::string_view name, std::uint32_t host) {
  Bytes bytes;
  Alive m;
  m.incarnation = incarnation;
  m.node = name;
  m.address = AddressPlan{}.address(NodeId{host});
  encode(m, bytes);
  return bytes;
}

TEST_CASE("of two accusations in one packet the later is handled first") {
  Cluster c(1);
  c.start(1);
  c.packet(1, NodeId{2}, encoded_alive(1, "x", 7));
  Bytes suspect, dead, both;
  encode(Dead{1, "x", "b"}, dead);
  encode(Suspect{1, "x", "b"}, suspect);
  const std::vector<ByteView> views{dead, suspect};
  make_compound(views, both);
  c.packet(1, NodeId{2}, both);
  // Had the dead message come first, there would have been no suspicion any more.
  CHECK(c.count(1, Fact::member_suspect) == 1);
  CHECK(c.count(1, Fact::member_dead) == 1);
}

TEST_CASE("with a handling delay, packets wait and overtake each other") {
  Cluster c(1, [](Config& config) { config.handling_delay = milliseconds(5); });
  c.start(1);
  c.packet(1, NodeId{2}, encoded_alive(1, "x", 7));
  CHECK(c[1].members().size() == 1);
  c.run_for(milliseconds(6));
  CHECK(c[1].members().size() == 2);
  Bytes dead;
  encode(Dead{1, "x", "b"}, dead);
  c.packet(1, NodeId{2}, dead);
  c.run_for(milliseconds(2));
  c.packet(1, NodeId{2}, encoded_alive(2, "x", 7));
  c.run_for(milliseconds(2));
  CHECK(c.count(1, Fact::member_dead) == 0);
  c.run_for(milliseconds(2));
  // Alive at 2 was handled first; dead at 1 is old news then.
  CHECK(c.count(1, Fact::member_dead) == 0);
  CHECK(c[1].member(c.names.find("x")).incarnation == 2);
}

TEST_CASE("what the queue cannot hold is dropped, the newest") {
  Cluster c(1, [](Config& config) {
    config.handling_delay = milliseconds(5);
    config.handoff_queue_depth = 3;
  });
  c.start(1);
  for (std::uint32_t i = 1; i <= 5; ++i) {
    c.packet(1, NodeId{2}, encoded_alive(1, "x" + std::to_string(i), 10 + i));
  }
  c.run_for(milliseconds(10));
  CHECK(c.count(1, Fact::queue_overflow) == 2);
  CHECK(c[1].members().size() == 4);
  CHECK(c.names.find("x4") == kNoPeer);
}

}  // namespace
}  // namespace quorumlab::gossip::test
