// Three deaths and what each leaves behind; pausing; and what a disk may do to a node.
#include "tests/catch.h"
#include "tests/unit/world/chatter.h"

using namespace quorumlab;
using namespace quorumlab::world;
using namespace quorumlab::world::test;
using trace::WorldFact;

namespace {

// n1 writes a number every 10 ms and greets n2 with it once it is durable. A write takes 25 ms.
struct Writers {
  ChatterPlan plan;
  ClusterConfig config;
  Writers() {
    plan.interval = milliseconds(10);
    plan.answers = false;
    plan.writes = true;
    plan.only = {1};
    plan.greets = {2};
    config = chatter_cluster(3, plan);
    config.link.latency = {Latency::Kind::constant, milliseconds(1), {}, 0};
    config.disk.latency = {Latency::Kind::constant, milliseconds(25), {}, 0};
    config.disk.torn = false;
  }
};

Action disk_act(const DiskSettings& disk) {
  Action action = act(Verb::disk, {{1}});
  action.disk = disk;
  return action;
}

}  // namespace

TEST_CASE("a promise leaves only once its write is durable") {
  Writers w;
  Simulation s(w.config, 1);
  s.run_until({milliseconds(35).ns});  // written at 10, durable at 35, there at 36
  CHECK(chatter(s, 2).packets == 0);
  CHECK(chatter(s, 1).durable == 1);
  CHECK(s.file({1}, FileId::toy).size() == 8);
  s.run_until({milliseconds(36).ns});
  CHECK(chatter(s, 2).packets == 1);
}

TEST_CASE("kill keeps what was submitted, and loses what waited to leave") {
  Writers w;
  Simulation s(w.config, 1);
  s.run_until({milliseconds(42).ns});  // four written, one durable
  s.inject(act(Verb::kill, {{1}}));
  s.run_for(seconds(1));
  CHECK_FALSE(s.is_running({1}));
  CHECK(chatter(s, 2).packets == 1);
  CHECK(s.count(WorldFact::packet_dropped) == 3);
  CHECK(s.file({1}, FileId::toy).size() == 32);
  s.inject(act(Verb::restart, {{1}}));
  s.run_for(milliseconds(1));
  CHECK(s.is_running({1}));
  CHECK(chatter(s, 1).found.size() == 32);
}

TEST_CASE("restarting at once after a kill finds what was still on its way to the disk") {
  Writers w;
  Simulation s(w.config, 1);
  s.run_until({milliseconds(42).ns});
  s.inject(act(Verb::kill, {{1}}));
  s.inject(act(Verb::restart, {{1}}));
  s.run_for(nanoseconds(1));
  CHECK(chatter(s, 1).found.size() == 32);
  s.run_for(seconds(1));
  CHECK(s.count(WorldFact::writes_lost) == 0);
}

TEST_CASE("crash loses what is not durable; a torn write leaves a part") {
  Writers w;
  SECTION("whole") {
    Simulation s(w.config, 1);
    s.run_until({milliseconds(42).ns});
    s.inject(act(Verb::crash, {{1}}));
    s.inject(act(Verb::restart, {{1}}));
    s.run_for(nanoseconds(1));
    CHECK(chatter(s, 1).found.size() == 8);
    CHECK(s.count(WorldFact::writes_lost) == 1);
  }
  SECTION("after a kill the power can still go") {
    Simulation s(w.config, 1);
    s.run_until({milliseconds(42).ns});
    s.inject(act(Verb::kill, {{1}}));
    s.inject(act(Verb::crash, {{1}}));
    s.inject(act(Verb::restart, {{1}}));
    s.run_for(nanoseconds(1));
    CHECK(chatter(s, 1).found.size() == 8);
  }
  SECTION("torn: between nothing and all of the write under way, never of a later one") {
    w.config.disk.torn = true;
    bool nothing = false, part = false, all = false;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      Simulation s(w.config, seed);
      s.run_until({milliseconds(42).ns});
      s.inject(act(Verb::crash, {{1}}));
      s.inject(act(Verb::restart, {{1}}));
      s.run_for(nanoseconds(1));
      const std::size_t size = chatter(s, 1).found.size();
      REQUIRE(size >= 8);
      REQUIRE(size <= 16);
      nothing = nothing || size == 8;
      all = all || size == 16;
      part = part || (size > 8 && size < 16);
    }
    CHECK(nothing);
    CHECK(part);
    CHECK(all);
  }
}

TEST_CASE("a lying disk says durable at once and forgets in a crash") {
  Writers w;
  Simulation s(w.config, 1);
  s.run_until({milliseconds(36).ns});  // one honest write is durable, two are on their way
  DiskSettings lying = w.config.disk;
  lying.lying = true;
  s.inject(disk_act(lying));
  s.run_until({milliseconds(95).ns});
  CHECK(chatter(s, 1).durable == 9);
  CHECK(chatter(s, 2).packets == 9);
  s.inject(act(Verb::crash, {{1}}));
  s.inject(act(Verb::restart, {{1}}));
  s.run_for(nanoseconds(1));
  CHECK(chatter(s, 1).found.size() == 24);  // the three honest ones
}

TEST_CASE("a stalled disk completes nothing, then everything in order") {
  Writers w;
  Simulation s(w.config, 1);
  s.run_until({milliseconds(36).ns});
  Action stall = act(Verb::stall, {{1}});
  stall.duration = milliseconds(500);
  s.inject(stall);
  s.run_for(milliseconds(499));
  CHECK(chatter(s, 1).durable == 1);
  s.run_for(milliseconds(40));
  CHECK(chatter(s, 1).durable > 45);
  CHECK(std::is_sorted(chatter(s, 2).received.begin(), chatter(s, 2).received.end()));
  CHECK(s.file({1}, FileId::toy).size() == chatter(s, 1).durable * 8);
}

TEST_CASE("a full or failing disk tells the node, and the file takes nothing more") {
  Writers w;
  Simulation s(w.config, 1);
  s.run_until({milliseconds(36).ns});
  DiskSettings full = w.config.disk;
  full.full = true;
  s.inject(disk_act(full));
  s.run_for(milliseconds(200));
  CHECK(chatter(s, 1).failed > 10);
  CHECK(chatter(s, 1).durable == 3);
  CHECK(chatter(s, 2).packets == 3);
  s.inject(disk_act(w.config.disk));  // room again, but this process has lost its file
  s.run_for(milliseconds(200));
  CHECK(chatter(s, 1).durable == 3);
  s.inject(act(Verb::kill, {{1}}));
  s.inject(act(Verb::restart, {{1}}));
  s.run_for(milliseconds(200));
  CHECK(chatter(s, 1).found.size() == 24);
  CHECK(chatter(s, 1).durable > 10);
}

TEST_CASE("rot flips bits of what is durable, wipe takes it all") {
  Writers w;
  Simulation s(w.config, 1);
  s.run_for(seconds(1));
  const Bytes before(s.file({1}, FileId::toy).begin(), s.file({1}, FileId::toy).end());
  s.inject(act(Verb::kill, {{1}}));
  Action rot = act(Verb::rot, {{1}});
  rot.file = static_cast<std::uint8_t>(FileId::toy);
  rot.count = 3;
  s.inject(rot);
  s.run_for(nanoseconds(1));
  int flipped = 0;
  const ByteView after = s.file({1}, FileId::toy);
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    flipped += __builtin_popcount(static_cast<unsigned>(before[i] ^ after[i]));
  }
  CHECK(flipped == 3);
  s.inject(act(Verb::wipe, {{1}}));
  s.inject(act(Verb::restart, {{1}}));
  s.run_for(nanoseconds(1));
  CHECK(chatter(s, 1).found.empty());
}

TEST_CASE("a paused process does nothing, then handles what waited in order and late") {
  ChatterPlan plan;
  plan.interval = milliseconds(10);
  plan.answers = false;
  ClusterConfig config = chatter_cluster(2, plan);
  config.link.latency = {Latency::Kind::constant, milliseconds(1), {}, 0};
  config.receive_buffer = 20 * 30;  // thirty greetings
  Simulation s(config, 1);
  s.run_until({milliseconds(55).ns});
  s.inject(act(Verb::pause, {{2}}));
  s.run_for(nanoseconds(1));
  const std::uint64_t steps = chatter(s, 2).steps, sent = chatter(s, 2).sent;
  s.run_for(milliseconds(200));
  CHECK(s.is_running({2}));
  CHECK(s.is_paused({2}));
  CHECK(chatter(s, 2).steps == steps);
  s.inject(act(Verb::resume, {{2}}));
  s.run_for(nanoseconds(1));
  CHECK(chatter(s, 2).packets == 25);
  CHECK(chatter(s, 2).sent == sent + 1);  // one deadline, late
  CHECK(std::is_sorted(chatter(s, 2).received.begin(), chatter(s, 2).received.end()));

  s.inject(act(Verb::pause, {{2}}));
  s.run_for(seconds(1));
  s.inject(act(Verb::resume, {{2}}));
  s.run_for(nanoseconds(1));
  CHECK(chatter(s, 2).packets == 55);  // the buffer was full after thirty more
  CHECK(s.count(WorldFact::packet_dropped) >= 65);
}

TEST_CASE("what became durable during a pause is told after it, and its promises leave then") {
  Writers w;
  Simulation s(w.config, 1);
  s.run_until({milliseconds(42).ns});
  s.inject(act(Verb::pause, {{1}}));
  s.run_for(milliseconds(500));
  CHECK(chatter(s, 1).durable == 1);
  CHECK(chatter(s, 2).packets == 1);
  CHECK(s.file({1}, FileId::toy).size() == 32);
  s.inject(act(Verb::resume, {{1}}));
  s.run_for(milliseconds(2));
  CHECK(chatter(s, 1).durable == 4);
  CHECK(chatter(s, 2).packets == 4);
}

TEST_CASE("a blocked process sends and hears nothing while its timers run; then all comes in order") {
  ChatterPlan plan;
  plan.interval = milliseconds(10);
  plan.answers = false;
  ClusterConfig config = chatter_cluster(2, plan);
  config.link.latency = {Latency::Kind::constant, milliseconds(1), {}, 0};
  Simulation s(config, 1);
  s.run_until({milliseconds(55).ns});
  s.inject(act(Verb::block, {{2}}));
  s.run_for(nanoseconds(1));
  const std::uint64_t sent = chatter(s, 2).sent, heard = chatter(s, 2).packets;
  const std::uint64_t got = chatter(s, 1).packets;
  s.run_for(milliseconds(200));
  CHECK(s.is_running({2}));
  CHECK(s.is_blocked({2}));
  CHECK_FALSE(s.is_paused({2}));
  CHECK(chatter(s, 2).sent == sent + 20);
  CHECK(chatter(s, 2).packets == heard);
  CHECK(chatter(s, 1).packets == got);
  CHECK(s.file({2}, FileId::toy).empty());
  s.inject(act(Verb::pause, {{2}}));  // neither stops what hangs nor ends it
  s.inject(act(Verb::resume, {{2}}));
  s.run_for(nanoseconds(2));
  CHECK(s.is_blocked({2}));
  s.inject(act(Verb::unblock, {{2}}));
  s.run_for(nanoseconds(1));
  CHECK_FALSE(s.is_blocked({2}));
  CHECK(chatter(s, 2).packets == heard + 20);
  s.run_for(milliseconds(2));
  CHECK(chatter(s, 1).packets == got + 20);
  for (const std::uint32_t id : {1u, 2u}) {
    const auto& received = chatter(s, id).received;
    CHECK(std::is_sorted(received.begin(), received.end()));
  }
}

TEST_CASE("what waited takes its time, and what comes meanwhile waits behind it") {
  ChatterPlan plan;
  plan.interval = milliseconds(10);
  plan.answers = false;
  ClusterConfig config = chatter_cluster(2, plan);
  config.link.latency = {Latency::Kind::constant, milliseconds(1), {}, 0};
  config.handling_time = milliseconds(4);
  config.receive_buffer = 20 * 30;  // thirty greetings
  Simulation s(config, 1);
  s.run_until({milliseconds(55).ns});
  s.inject(act(Verb::block, {{2}}));
  s.run_for(milliseconds(200));
  const std::uint64_t heard = chatter(s, 2).packets;
  s.inject(act(Verb::unblock, {{2}}));
  s.run_for(milliseconds(22));
  CHECK(chatter(s, 2).packets == heard + 5);
  s.inject(act(Verb::block, {{2}}));  // the others wait on, in front of what comes now
  s.run_for(milliseconds(100));
  CHECK(chatter(s, 2).packets == heard + 5);
  s.inject(act(Verb::unblock, {{2}}));
  s.run_for(seconds(1));
  CHECK(chatter(s, 2).packets == chatter(s, 1).sent);
  const auto& received = chatter(s, 2).received;
  CHECK(std::is_sorted(received.begin(), received.end()));

  s.inject(act(Verb::block, {{2}}));
  s.run_for(seconds(1));
  const std::uint64_t dropped = s.count(WorldFact::packet_dropped);
  CHECK(dropped == 70);
  s.inject(act(Verb::unblock, {{2}}));
  s.run_for(milliseconds(9));  // two are handled, which makes room
  s.inject(act(Verb::kill, {{2}}));
  s.run_for(nanoseconds(1));
  CHECK(s.count(WorldFact::packet_dropped) >= dropped + 28);
  s.inject(act(Verb::restart, {{2}}));
  s.run_for(milliseconds(100));
  CHECK(chatter(s, 2).packets >= 9);
}

TEST_CASE("what hung in a send dies with its process") {
  ChatterPlan plan;
  plan.interval = milliseconds(10);
  ClusterConfig config = chatter_cluster(2, plan);
  config.link.latency = {Latency::Kind::constant, milliseconds(1), {}, 0};
  Simulation s(config, 1);
  s.run_until({milliseconds(55).ns});
  s.inject(act(Verb::block, {{2}}));
  s.run_for(milliseconds(100));
  const std::uint64_t got = chatter(s, 1).packets;
  s.inject(act(Verb::kill, {{2}}));
  s.inject(act(Verb::unblock, {{2}}));
  s.run_for(milliseconds(50));
  CHECK(chatter(s, 1).packets == got);
  s.inject(act(Verb::restart, {{2}}));
  s.run_for(milliseconds(15));
  CHECK(chatter(s, 1).packets == got + 2);  // a greeting, and an answer
}

TEST_CASE("promises whose write becomes durable while sends block leave afterwards") {
  Writers w;
  Simulation s(w.config, 1);
  s.run_until({milliseconds(42).ns});
  s.inject(act(Verb::block, {{1}}));
  s.run_for(milliseconds(500));
  CHECK(chatter(s, 1).durable >= 4);  // disks go on
  CHECK(chatter(s, 2).packets == 1);
  s.inject(act(Verb::unblock, {{1}}));
  s.run_for(milliseconds(2));
  CHECK(chatter(s, 2).packets == chatter(s, 1).durable);
}

TEST_CASE("every start draws its own randomness, the same in every run") {
  static thread_local std::vector<std::uint64_t>* seen = nullptr;
  std::vector<std::uint64_t> first, second;
  const auto factory = [](const ForeignStart& start) -> std::unique_ptr<ForeignBehaviour> {
    seen->push_back(start.random.draw(1, 1));
    static const ChatterPlan quiet{{}, 20, true, false, {}, {}};
    ForeignStart plain = start;
    plain.context = &quiet;
    return Chatter::make(plain);
  };
  const auto run = [&](std::vector<std::uint64_t>& out) {
    seen = &out;
    ChatterPlan plan;
    ClusterConfig config = chatter_cluster(2, plan);
    config.foreign = factory;
    Simulation s(config, 9);
    s.run_for(seconds(1));
    s.inject(act(Verb::kill, {{1}}));
    s.inject(act(Verb::restart, {{1}}));
    s.run_for(seconds(1));
  };
  run(first);
  run(second);
  CHECK(first == second);
  REQUIRE(first.size() == 3);
  CHECK(first[0] != first[1]);
  CHECK(first[0] != first[2]);
}

TEST_CASE("the quorum is arithmetic over processes and cuts") {
  ChatterPlan plan;
  plan.interval = {};
  Simulation s(chatter_cluster(5, plan), 1);
  s.keep_trace(true);
  const auto after = [&](const Action& action) {
    s.inject(action);
    s.run_for(nanoseconds(1));
    return s.quorum();
  };
  s.run_for(milliseconds(1));
  CHECK(s.quorum() == QuorumState{true, 5, 3});
  CHECK(s.count(WorldFact::quorum_available) == 1);
  CHECK(after(act(Verb::kill, {{1}})) == QuorumState{true, 4, 3});
  CHECK(after(act(Verb::pause, {{2}})) == QuorumState{true, 3, 3});
  CHECK(after(act(Verb::partition, {}, {{{3}}, {{4}, {5}}})) == QuorumState{false, 2, 3});
  CHECK(s.count(WorldFact::quorum_unavailable) == 1);
  CHECK(after(act(Verb::restart, {{1}})) == QuorumState{true, 4, 3});  // n1 bridges them
  CHECK(after(act(Verb::heal)) == QuorumState{true, 4, 3});
  CHECK(after(act(Verb::cut, {}, {{{1}}, {{3}, {4}, {5}}})) == QuorumState{true, 3, 3});
}
