// A member whose sends block (Lifeguard V.C): its probe and its gossip stand in the send they came to,
// its timers run on, and when sends return each goes on where it was.
#include "tests/catch.h"
#include "tests/unit/gossip/harness.h"

namespace quorumlab::gossip::test {
namespace {

Cluster settled(std::uint32_t n, const std::function<void(Config&)>& tweak = {}) {
  Cluster c(n, [&](Config& config) {
    config.push_pull_interval = {};
    if (tweak) tweak(config);
  });
  c.start_all();
  REQUIRE(c.run_while_not([&] { return c.everybody_knows_everybody(); }, seconds(200)));
  c.run_for(seconds(10));
  return c;
}

std::uint64_t kind_of(const std::pair<NodeId, Bytes>& packet) { return packet.second.at(0); }
constexpr std::uint64_t kPing = 0, kIndirectPing = 1, kAck = 2;

void event(Cluster& c, std::uint32_t id, std::string_view name) {
  c.step(id, [&](Engine& e, const Turn& t) { e.user_event(t, 7, name, {}, false); });
}

TEST_CASE("one probe hangs for as long as sends block, and fails when they return") {
  Cluster c = settled(5);
  c.block(1);
  const Instant blocked = c.now();
  c.run_for(seconds(10));
  CHECK(c.count(1, Fact::probe_started, blocked) == 1);
  CHECK(c.count(1, Fact::probe_failed, blocked) == 0);
  REQUIRE(c.host(1).hanging.size() == 1);
  CHECK(kind_of(c.host(1).hanging[0]) == kPing);

  const Instant back = c.now();
  c.unblock(1);
  // Its end has passed: others are asked in vain, and the target is suspected, all at once; the
  // ticker kept one tick, so that the next probe follows.
  CHECK(c.count(1, Fact::probe_indirect, back) == 1);
  CHECK(c.count(1, Fact::probe_failed, back) == 1);
  CHECK(c.count(1, Fact::member_suspect, back) == 1);
  CHECK(c.count(1, Fact::probe_started, back) == 1);
  c.run_for(milliseconds(3500));
  CHECK(c.count(1, Fact::probe_failed, back) == 1);
  const std::size_t probes = c.count(1, Fact::probe_started, back);
  CHECK(probes >= 4);
  CHECK(probes <= 5);  // no tick is made up for
}

TEST_CASE("a ping that leaves within its probe's time is answered") {
  Cluster c = settled(5);
  c.block(1);
  const Instant blocked = c.now();
  REQUIRE(c.run_while_not([&] { return c.count(1, Fact::probe_started, blocked) == 1; }, seconds(2)));
  c.run_for(milliseconds(700));
  c.unblock(1);
  c.run_for(milliseconds(10));
  const TimedNote* acked = c.find(1, Fact::probe_acked, blocked);
  REQUIRE(acked != nullptr);
  CHECK(acked->note.b == static_cast<std::uint64_t>(c.delay.ns) * 2);  // from when it had left
  CHECK(c.count(1, Fact::probe_indirect, blocked) == 0);
  CHECK(c.count(1, Fact::member_suspect, blocked) == 0);
}

TEST_CASE("the wait for the ack begins when the ping has left, the probe's end is as it was") {
  Cluster c = settled(5, [](Config& config) { config.tcp_pings = false; });
  c.block(1);
  const Instant blocked = c.now();
  REQUIRE(c.run_while_not([&] { return c.count(1, Fact::probe_started, blocked) == 1; }, seconds(2)));
  const Instant started = c.now();
  c.run_for(milliseconds(300));
  c.deliver = [](NodeId from, NodeId, ByteView) { return from.value != 1; };
  c.unblock(1);
  REQUIRE(c.run_while_not([&] { return c.count(1, Fact::probe_failed, blocked) == 1; }, seconds(2)));
  CHECK(c.find(1, Fact::probe_indirect, blocked)->at == started + milliseconds(800));
  CHECK(c.now() == started + seconds(1));
}

TEST_CASE("a probe that asks others hangs at the first of them, and asks the rest later") {
  Cluster c = settled(6);
  const Instant begin = c.now();
  c.deliver = [](NodeId from, NodeId, ByteView) { return from.value != 1; };
  REQUIRE(c.run_while_not([&] { return c.count(1, Fact::probe_started, begin) == 1; }, seconds(2)));
  c.run_for(milliseconds(100));
  c.block(1);
  c.run_for(milliseconds(600));
  REQUIRE(c.host(1).hanging.size() == 1);
  CHECK(kind_of(c.host(1).hanging[0]) == kIndirectPing);
  c.deliver = {};
  const std::uint64_t packets = c.host(1).packets_out;
  c.unblock(1);
  CHECK(c.host(1).packets_out == packets + 1 + 2);
  c.run_for(milliseconds(100));
  CHECK(c.count(1, Fact::probe_acked, begin) == 1);
}

TEST_CASE("gossip hangs at its first packet, and its ticks do not add up") {
  Cluster c = settled(8, [](Config& config) {
    config.rules.set(Rule::piggyback, false);
    config.retransmit_mult = 10;
  });
  c.block(1);
  event(c, 1, "news");
  c.run_for(seconds(5));
  std::size_t gossip = 0;
  for (const auto& packet : c.host(1).hanging) gossip += kind_of(packet) != kPing ? 1 : 0;
  CHECK(gossip == 1);
  std::size_t packets = 0;
  c.deliver = [&](NodeId from, NodeId, ByteView bytes) {
    packets += from.value == 1 && bytes[0] != kAck ? 1 : 0;
    return true;
  };
  c.unblock(1);
  // What hung, two more of the tick in which it hung, three of the one that the ticker kept; the failed
  // probe's three questions and the next probe's ping.
  CHECK(packets == 2 + 2 + 3 + 3 + 1);
  c.run_for(seconds(1));
  std::size_t heard = 0;
  for (std::uint32_t id = 2; id <= 8; ++id) {
    heard += std::ranges::any_of(c.host(id).deliveries, [](const TimedDelivery& d) {
      return d.kind == EventKind::user && d.name == "news";
    });
  }
  CHECK(heard >= 5);
}

TEST_CASE("a blocked member's suspicion runs out, since it hears of no refutation") {
  Cluster c = settled(5, [](Config& config) { config.lifeguard = Lifeguard::off; });
  c.block(1);
  c.run_for(seconds(3));
  c.unblock(1);  // accuses the one whom it probed
  const Instant accused = c.now();
  c.block(1);
  c.run_for(seconds(3));
  CHECK(c.count(1, Fact::member_dead) == 0);
  c.run_for(seconds(2));
  CHECK(c.count(1, Fact::suspicion_timed_out, accused) == 1);
  CHECK(c.count(1, Fact::member_dead, accused) == 1);
  for (std::uint32_t id = 2; id <= 5; ++id) CHECK(c.count(id, Fact::member_dead, accused) <= 1);
  c.unblock(1);
  REQUIRE(c.run_while_not([&] { return c.everybody_knows_everybody(); }, seconds(60)));
}

TEST_CASE("of a member that is not blocked nothing changes") {
  Cluster c = settled(5);
  const std::uint64_t packets = c.host(1).packets_out;
  const Instant deadline = c[1].deadline();
  c.step(1, [](Engine& e, const Turn& t) { e.on_sends_unblocked(t); });
  CHECK(c.host(1).packets_out == packets);
  CHECK(c[1].deadline() == deadline);
}

}  // namespace
}  // namespace quorumlab::gossip::test
