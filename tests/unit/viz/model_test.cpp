// Frames are what the trace says, at any moment, however one gets there.
#include "tests/unit/viz/recordings.h"
#include "viz/model/timeline.h"

namespace quorumlab::viz {
namespace {

using Process = Host::Process;
using Role = Host::Role;
using trace::Record;
using trace::WorldFact;

std::uint32_t running(const Frame& frame) {
  std::uint32_t count = 0;
  for (const Host& h : frame.hosts) count += h.kind == Host::Kind::server && h.runs() ? 1 : 0;
  return count;
}

std::uint32_t leaders(const Frame& frame) {
  std::uint32_t count = 0;
  for (const Host& h : frame.hosts) count += h.leads() ? 1 : 0;
  return count;
}

Record fact(std::int64_t time_ns, WorldFact kind, std::uint32_t node, std::uint32_t peer = 0, trace::RecordId cause = 0) {
  Record r;
  r.time_ns = time_ns;
  r.kind = static_cast<std::uint16_t>(kind);
  r.node = node;
  r.peer = peer;
  r.cause = cause;
  return r;
}

bool same(const Frame& a, const Frame& b) {
  return a.time_ns == b.time_ns && a.record == b.record && a.hosts == b.hosts && a.cuts == b.cuts &&
         a.flying == b.flying && a.flights == b.flights && a.requests == b.requests && a.quorum == b.quorum &&
         a.caption == b.caption && a.bookmark == b.bookmark && a.accepted == b.accepted && a.leader == b.leader;
}

}  // namespace

TEST_CASE("the talk's slides on quorum, as frames") {
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  REQUIRE(timeline.bookmarks().size() == 5);
  CHECK(timeline.bookmarks()[1].text == "Slide 20: one is down");

  const Frame all = frame_at(timeline, "all five are up");
  CHECK(running(all) == 5);
  CHECK(leaders(all) == 0);
  CHECK(all.quorum == Quorum{true, true, 5, 3});
  CHECK(recording.trace.text_at(all.caption).starts_with("Five servers, so a majority is three."));
  for (std::uint32_t n = 1; n <= 5; ++n) CHECK(all.hosts[n - 1].role == Role::follower);
  CHECK(all.hosts[5].kind == Host::Kind::client);
  CHECK(all.accepted == 0);

  const Frame one = frame_at(timeline, "one is down");
  CHECK(running(one) == 4);
  CHECK(one.hosts[4].process == Process::crashed);
  CHECK(one.hosts[4].role == Role::none);
  CHECK(one.leader == 1);
  CHECK(one.leader_term == 1);
  CHECK(one.hosts[0].role == Role::leader);
  CHECK(one.hosts[1].voted_for == 1);
  CHECK(one.quorum == Quorum{true, true, 4, 3});
  CHECK(recording.trace.text_at(one.accepted) == "write x = 1");

  const Frame two = frame_at(timeline, "two are down");
  CHECK(running(two) == 3);
  CHECK(two.hosts[0].process == Process::crashed);
  CHECK(two.leader == 0);
  CHECK(two.quorum == Quorum{true, true, 3, 3});
  CHECK(recording.trace.text_at(two.accepted) == "write x = 2");

  const Frame three = frame_at(timeline, "three are down");
  CHECK(running(three) == 2);
  CHECK(three.quorum == Quorum{true, false, 2, 3});
  CHECK(recording.trace.text_at(three.accepted) == "write x = 3");
  // It does not know yet that it is alone.
  CHECK(three.leader_term == 2);

  const Frame back = frame_at(timeline, "one comes back");
  CHECK(running(back) == 3);
  CHECK(back.quorum.available);
  CHECK(back.timed_out_count == 1);
  CHECK(back.accepted_count == 3);
}

TEST_CASE("looking back and forth shows the same as looking once") {
  const Recording recording = record_scenario("talk/leader-election");
  Timeline timeline(recording);
  REQUIRE(timeline.size() > 3'000);
  Frame wandering;
  std::uint64_t at = 1;
  for (int i = 0; i < 200; ++i) {
    at = (at * 48'271 + 11) % (timeline.size() + 1);
    const Cursor cursor = timeline.cursor_of(at);
    timeline.look(cursor, wandering);
    Frame fresh;
    timeline.look(cursor, fresh);
    REQUIRE(same(wandering, fresh));
  }
}

TEST_CASE("packets are seen between their sending and their end") {
  Recording recording;
  recording.names = {"n1", "n2"};
  trace::Trace& t = recording.trace;
  t.append(fact(0, WorldFact::process_started, 1));             // 1
  t.append(fact(1'000, WorldFact::packet_sent, 1, 2));          // 2
  t.append(fact(2'000, WorldFact::packet_sent, 2, 1));          // 3
  t.append(fact(2'000, WorldFact::packet_duplicated, 2, 1, 3)); // 4
  t.append(fact(5'000, WorldFact::packet_delivered, 2, 1, 2));  // 5
  t.append(fact(6'000, WorldFact::packet_dropped, 2, 1, 3));    // 6
  t.append(fact(8'000, WorldFact::packet_delivered, 1, 2, 4));  // 7
  Timeline timeline(recording);
  Frame frame;
  const auto packets = [&](std::int64_t time_ns) {
    timeline.look({time_ns, timeline.record_by(time_ns)}, frame);
    return frame.packets.size();
  };
  CHECK(packets(999) == 0);
  CHECK(packets(1'000) == 1);
  CHECK(packets(3'000) == 3);
  CHECK(frame.packets[0].permille == 500);
  CHECK_FALSE(frame.packets[0].dropped);
  CHECK(frame.packets[1].dropped);
  CHECK_FALSE(frame.packets[2].dropped);
  CHECK(packets(5'000) == 2);
  CHECK(packets(7'000) == 1);
  CHECK(packets(8'000) == 0);
}

TEST_CASE("who is cut from whom is read from the trace") {
  // The second has more hosts than a word has bits.
  script::Problems problems;
  const script::Scenario large = script::load_text(
      R"({"name": "large", "cluster": {"nodes": 130, "serf": {}}, "timeline": [
          {"at": "1s", "partition": {"isolate": ["n1", "n64", "n65", "n130"]}}, {"at": "2s", "heal": true},
          {"at": "3s", "partition": {"one_way": {"from": "n129", "to": ["n2", "n128"]}}}, {"at": "4s", "heal": true}]})",
      "large.scenario.json", {}, problems);
  REQUIRE(problems.empty());
  const bool many = GENERATE(false, true);
  const Recording recording = many ? record(large) : record_scenario("one-way-partition");
  Timeline timeline(recording);
  Frame frame;
  std::size_t cut = 0, whole_after = 0;
  for (const Marked& m : timeline.marks()) {
    const Record& r = recording.trace[m.record];
    if (!r.is(WorldFact::network_changed)) continue;
    timeline.look(timeline.cursor_of(m.record), frame);
    std::uint64_t pairs = 0;
    for (std::uint32_t s = 1; s <= frame.hosts.size(); ++s) {
      for (std::uint32_t to = 1; to <= frame.hosts.size(); ++to) pairs += frame.cut(s, to) ? 1 : 0;
    }
    CHECK(pairs == r.a);
    (r.a != 0 ? cut : whole_after) += 1;
  }
  CHECK(cut > 0);
  CHECK(whole_after > 0);
}

TEST_CASE("a program's speech and its key are seen") {
  const Recording recording = record_scenario("talk/elastic-ip");
  Timeline timeline(recording);
  const Frame before = frame_at(timeline, "lb1 has the address");
  CHECK(before.hosts[4].kind == Host::Kind::program);
  CHECK(before.hosts[4].holds);
  CHECK(before.hosts[6].follows == 5);
  CHECK_FALSE(before.hosts[5].holds);
  const Frame after = frame_at(timeline, "lb2 takes it over");
  CHECK(after.hosts[4].process == Process::killed);
  CHECK_FALSE(after.hosts[4].holds);
  CHECK(after.hosts[5].holds);
  CHECK(recording.trace.text_at(after.hosts[5].speech) == "10.0.0.100 is mine.");
  // Leases that are renewed are no news: each holder is told of once.
  std::size_t told = 0;
  for (const Marked& m : timeline.marks()) told += recording.trace[m.record].is(Fact::holds) ? 1 : 0;
  CHECK(told == 2);
}

TEST_CASE("agents' beliefs about each other are seen") {
  const Recording recording = record_scenario("gossip/gossip-partition");
  Timeline timeline(recording);
  Frame frame;
  timeline.look({30'000'000'000, timeline.record_by(30'000'000'000)}, frame);
  CHECK_FALSE(timeline.has_raft());
  for (std::uint32_t a = 1; a <= 5; ++a) {
    for (std::uint32_t b = 1; b <= 5; ++b) {
      if (a == b) continue;
      INFO("node" << a << " about node" << b);
      CHECK(frame.belief(a, b) == ((a <= 2) == (b <= 2) ? Belief::alive : Belief::dead));
    }
  }
  timeline.look({timeline.end_ns(), timeline.size()}, frame);
  CHECK(frame.belief(1, 5) == Belief::alive);
  CHECK(frame.belief(5, 1) == Belief::alive);
}

TEST_CASE("a seek in a long trace folds a few thousand records") {
  Recording recording;
  recording.names = {"n1", "n2", "n3", "n4", "n5"};
  constexpr std::uint64_t kRecords = 1'000'000;
  for (std::uint64_t i = 0; i < kRecords / 2; ++i) {
    recording.trace.append(fact(static_cast<std::int64_t>(i) * 10, WorldFact::packet_sent, i % 5 + 1, (i + 1) % 5 + 1));
    recording.trace.append(
        fact(static_cast<std::int64_t>(i) * 10 + 5, WorldFact::packet_delivered, (i + 1) % 5 + 1, i % 5 + 1, 2 * i + 1));
  }
  Timeline timeline(recording);
  REQUIRE(timeline.size() == kRecords);
  Frame frame;
  std::uint64_t at = 7;
  for (int i = 0; i < 100; ++i) {
    at = (at * 48'271 + 11) % (kRecords + 1);
    timeline.look(timeline.cursor_of(at), frame);
    CHECK(timeline.folded() <= timeline.checkpoint_distance());
    CHECK(frame.packets.size() == at % 2);
  }
  // The next frame of a film goes on from the last one.
  timeline.look(timeline.cursor_of(500'000), frame);
  timeline.look(timeline.cursor_of(500'010), frame);
  CHECK(timeline.folded() == 10);
}

TEST_CASE("a growing trace is taken in piece by piece") {
  const Recording whole = record_scenario("talk/quorum");
  Recording growing;
  growing.names = growing.titles = whole.names;
  for (std::uint64_t i = 1; i <= whole.trace.text_count(); ++i) growing.trace.text(whole.trace.text_at(i));
  for (trace::RecordId id = 1; id <= 600; ++id) growing.trace.append(whole.trace[id]);
  Timeline timeline(whole), piecewise(growing);
  for (trace::RecordId id = 601; id <= whole.trace.size(); ++id) {
    growing.trace.append(whole.trace[id]);
    if (id % 100 == 0) piecewise.extend();
  }
  piecewise.extend();
  REQUIRE(piecewise.size() == timeline.size());
  CHECK(piecewise.marks().size() == timeline.marks().size());
  CHECK(piecewise.bookmarks().size() == timeline.bookmarks().size());
  Frame a, b;
  timeline.look(timeline.cursor_of(1'500), a);
  piecewise.look(piecewise.cursor_of(1'500), b);
  CHECK(same(a, b));
}

}  // namespace quorumlab::viz
