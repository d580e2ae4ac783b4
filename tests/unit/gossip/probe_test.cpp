// Probing: whose turn it is, how long a probe lasts, what helpers do, what health has to do with
// it.
#include "core/gossip/codec.h"
#include "tests/catch.h"
#include "tests/unit/gossip/harness.h"
#include "tests/unit/gossip/hex.h"

namespace quorumlab::gossip::test {
namespace {

// Nothing but probes; everybody known to everybody.
Cluster quiet(std::uint32_t n, const std::function<void(Config&)>& tweak = {}) {
  Cluster c(n, [&](Config& config) {
    config.push_pull_interval = {};
    if (tweak) tweak(config);
  });
  c.start_all();
  REQUIRE(c.run_while_not([&] { return c.everybody_knows_everybody(); }, seconds(200)));
  c.run_for(seconds(5));
  return c;
}

TEST_CASE("in tiny clusters some ticks probe nobody") {
  const auto productive = [](std::uint32_t n) {
    Cluster c = quiet(n);
    const Instant begin = c.now();
    constexpr std::int64_t kTicks = 4000;
    c.run_for(seconds(kTicks));
    return static_cast<double>(c.count(1, Fact::probe_started, begin)) / kTicks;
  };
  CHECK(productive(2) == Approx(0.57).margin(0.02));  // captured: 37 pings in 66 s
  CHECK(productive(3) == Approx(0.95).margin(0.02));
  CHECK(productive(4) == Approx(1.0).margin(0.001));
  CHECK(productive(6) == Approx(1.0).margin(0.001));
}

TEST_CASE("everybody is probed once in each round, at most 2n - 1 ticks apart") {
  constexpr std::uint32_t n = 9;
  Cluster c = quiet(n);
  c.run_for(seconds(600));
  std::map<NodeId, Instant> last;
  Duration longest{};
  for (const TimedNote& note : c.host(1).notes) {
    if (note.note.fact != Fact::probe_started || note.at < Instant{} + seconds(20)) continue;
    if (last.contains(note.note.peer)) {
      longest = std::max(longest, note.at - last[note.note.peer]);
    }
    last[note.note.peer] = note.at;
  }
  CHECK(last.size() == n - 1);
  CHECK(longest <= seconds(2 * (n - 1) - 1));
  CHECK(longest > seconds(n - 1));
}

TEST_CASE("ticks come at the start time plus whole intervals, or staggered") {
  const auto phase = [](Phases phases, std::uint64_t seed) {
    Cluster c(
        2, [&](Config& config) { config.phases = phases; }, seed);
    c.run_for(milliseconds(100));
    c.start(1);
    c.start(2);
    c.join(2, 1);
    c.run_for(seconds(10));
    return (c.find(1, Fact::probe_started, Instant{} + seconds(3))->at.ns - 100'000'000) %
           1'000'000'000;
  };
  CHECK(phase(Phases::start_time, 1) == 0);
  CHECK(phase(Phases::start_time, 2) == 0);
  CHECK(phase(Phases::staggered, 1) != 0);
  CHECK(phase(Phases::staggered, 1) != phase(Phases::staggered, 2));
}

// What node 1's probes of a killed node looked like: how long each lasted, and the health after it.
struct Failed {
  std::vector<Duration> lasted;
  std::vector<std::uint64_t> helpers, nacks;
  std::uint32_t health_after_first = 0;
};
Failed probes_of_dead(const std::function<void(Config&)>& tweak) {
  Cluster c = quiet(5, tweak);
  c.kill(5);
  const Instant killed = c.now();
  Failed failed;
  Instant begun{};
  c.run_while_not([&] { return c.find(1, Fact::probe_failed, killed) != nullptr; }, seconds(30));
  failed.health_after_first = c[1].awareness();
  c.run_for(seconds(20));
  for (const TimedNote& n : c.host(1).notes) {
    if (n.at < killed) continue;
    if (n.note.fact == Fact::probe_started && n.note.peer == NodeId{5}) begun = n.at;
    if (n.note.fact == Fact::probe_failed) {
      failed.lasted.push_back(n.at - begun);
      failed.helpers.push_back(n.note.b);
      failed.nacks.push_back(n.note.c);
    }
  }
  return failed;
}

TEST_CASE("LAN: all nacks come too late, and the healthy prober blames itself (F2)") {
  const Failed failed = probes_of_dead({});
  REQUIRE_FALSE(failed.lasted.empty());
  CHECK(failed.lasted[0] == seconds(1));
  CHECK(failed.helpers[0] >= 2);  // three are asked unless the dice fall badly
  CHECK(failed.nacks[0] == 0);
  CHECK(failed.health_after_first == failed.helpers[0]);
}

TEST_CASE("local profile: nacks come in time and cost nothing") {
  const Failed failed = probes_of_dead([](Config& config) {
    const Config lan = config;
    config = Config::local();
    config.id = lan.id;
    config.name = lan.name;
    config.indirect_checks = 3;
  });
  REQUIRE_FALSE(failed.lasted.empty());
  CHECK(failed.helpers[0] >= 2);
  CHECK(failed.nacks[0] == failed.helpers[0]);
  CHECK(failed.health_after_first == 0);
}

TEST_CASE("paper: nacks leave early, a failed probe costs one") {
  const Failed failed = probes_of_dead([](Config& config) { config.lifeguard = Lifeguard::paper; });
  REQUIRE_FALSE(failed.lasted.empty());
  CHECK(failed.helpers[0] >= 2);
  CHECK(failed.nacks[0] == failed.helpers[0]);
  CHECK(failed.health_after_first == 1);
}

TEST_CASE("without Lifeguard there is no health, no nack and no confirmation") {
  Cluster c = quiet(5, [](Config& config) { config.lifeguard = Lifeguard::off; });
  c.kill(5);
  const Instant killed = c.now();
  c.run_for(seconds(30));
  for (std::uint32_t i = 1; i <= 4; ++i) {
    CHECK(c.count(i, Fact::health_changed) == 0);
    CHECK(c.count(i, Fact::suspicion_confirmed) == 0);
    const TimedNote* suspect = c.find(i, Fact::member_suspect, killed);
    REQUIRE(suspect != nullptr);
    CHECK(suspect->note.c == 4'000'000'000);
  }
}

TEST_CASE("in poor health a probe lasts longer, and ticks meanwhile are lost but one") {
  Cluster c = quiet(3, [](Config& config) { config.tcp_pings = false; });
  Bytes accusation;
  for (int i = 0; i < 2; ++i) {
    accusation.clear();
    encode(Suspect{c[1].incarnation(), "node1", "node2"}, accusation);
    c.packet(1, NodeId{2}, accusation);
  }
  REQUIRE(c[1].awareness() == 2);
  // Nothing that node 1 sends arrives any more.
  c.deliver = [](NodeId from, NodeId, ByteView) { return from != NodeId{1}; };
  const Instant cut = c.now();
  c.run_for(seconds(12));
  std::vector<Instant> begun, failed;
  for (const TimedNote& n : c.host(1).notes) {
    if (n.at < cut) continue;
    if (n.note.fact == Fact::probe_started) begun.push_back(n.at);
    if (n.note.fact == Fact::probe_failed) failed.push_back(n.at);
  }
  REQUIRE(failed.size() >= 2);
  CHECK(failed[0] - begun[0] == seconds(3));
  CHECK(begun[1] == failed[0]);  // the remembered tick
}

TEST_CASE("a stream that answers saves who is deaf to packets") {
  const auto suspected = [](bool tcp_pings) {
    Cluster c = quiet(2, [&](Config& config) { config.tcp_pings = tcp_pings; });
    const Instant cut = c.now();
    c.deliver = [](NodeId, NodeId, ByteView) { return false; };
    c.run_for(seconds(20));
    if (tcp_pings) {
      CHECK(c.find(1, Fact::probe_acked, cut + seconds(2))->note.c == 2);
      CHECK(c[1].awareness() == 0);
    }
    return c.count(1, Fact::member_suspect, cut) > 0;
  };
  CHECK_FALSE(suspected(true));
  CHECK(suspected(false));
}

TEST_CASE("helpers save a probe whose direct way is cut") {
  const auto suspected = [](std::uint32_t indirect_checks) {
    Cluster c = quiet(5, [&](Config& config) {
      config.indirect_checks = indirect_checks;
      config.tcp_pings = false;
    });
    const Instant cut = c.now();
    c.deliver = [](NodeId from, NodeId to, ByteView) {
      return !((from == NodeId{1} && to == NodeId{2}) || (from == NodeId{2} && to == NodeId{1}));
    };
    c.run_for(seconds(30));
    return c.count(1, Fact::probe_failed, cut) + c.count(2, Fact::probe_failed, cut) > 0;
  };
  CHECK_FALSE(suspected(3));
  CHECK(suspected(0));
}

TEST_CASE("a suspect is told with the ping, in one packet with a checksum") {
  Cluster c = quiet(3);
  Bytes accusation;
  encode(Suspect{c.member(1, 2).incarnation, "node2", "node3"}, accusation);
  std::size_t told = 0;
  c.deliver = [&](NodeId from, NodeId to, ByteView bytes) {
    if (from == NodeId{1} && to == NodeId{2}) {
      PacketReader reader;
      const auto parts = reader.read(bytes, {});
      if (parts.size() == 2 && parts[0].type == MessageType::ping &&
          parts[1].type == MessageType::suspect) {
        Suspect suspect;
        REQUIRE(decode(parts[1].body(), suspect) == WireError::none);
        CHECK(suspect.from == "node1");
        CHECK(bytes[0] == static_cast<std::uint8_t>(MessageType::has_crc));
        ++told;
      }
    }
    return to != NodeId{2};
  };
  c.packet(1, NodeId{3}, accusation);
  c.run_for(seconds(4));
  CHECK(told > 0);
}

TEST_CASE("pings look as they did in the capture") {
  AddressPlan plan;
  plan.first = 0x7f000001;
  plan.port = 24000;
  plan.by_port = true;
  Cluster c(2, [&](Config& config) { config.addresses = plan; });
  std::vector<std::string> sent;
  c.deliver = [&](NodeId from, NodeId, ByteView bytes) {
    if (from == NodeId{2} && !bytes.empty() && bytes[0] == 0) sent.push_back(to_hex(bytes));
    return true;
  };
  c.start(1);
  c.start(2);
  c.join(2, 1);
  c.run_for(seconds(10));
  REQUIRE_FALSE(sent.empty());
  // The first pings may carry gossip in a compound, and then do not begin with their own type.
  const std::string begin = "0085a44e6f6465a56e6f646531a55365714e6f";
  const std::string end =
      "aa536f7572636541646472a47f000001aa536f757263654e6f6465a56e6f646532aa536f75726365506f7274"
      "cd5dc2";
  CHECK(sent[0].substr(0, begin.size()) == begin);
  CHECK(sent[0].substr(begin.size() + 2) == end);
}

}  // namespace
}  // namespace quorumlab::gossip::test
