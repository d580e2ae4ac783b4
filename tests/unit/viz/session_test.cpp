// Acts by hand: a branch is the run that its file describes, no future is lost, and what cannot be
// done is said.
#include <cstdio>
#include <filesystem>

#include "sim/script/quantity.h"
#include "sim/trace/file.h"
#include "tests/catch.h"
#include "viz/session/session.h"

namespace quorumlab::viz {
namespace {

using Kind = Deed::Kind;
constexpr std::int64_t kMs = 1'000'000;

std::string text_of(const std::string& name) {
  const std::string path = std::string(QUORUMLAB_SOURCE_DIR) + "/scenarios/" + name + ".scenario.json";
  std::FILE* in = std::fopen(path.c_str(), "rb");
  REQUIRE(in != nullptr);
  std::string text(1 << 20, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), in));
  std::fclose(in);
  return text;
}

std::unique_ptr<Session> open(const std::string& name, const std::vector<script::Setting>& settings = {},
                              std::optional<std::uint64_t> seed = {}) {
  script::Problems problems;
  auto out = Session::of_scenario(text_of(name), name, settings, seed, problems);
  INFO(problems.text(name));
  REQUIRE(out);
  return out;
}

struct Run {
  world::Simulation sim;
  script::RunResult result;
};

Run run_text(const std::string& text) {
  script::Problems problems;
  const script::Scenario scenario = script::load_text(text, "saved", {}, problems);
  INFO(problems.text("saved"));
  REQUIRE(problems.empty());
  Run out;
  script::RunOptions options;
  options.seed = scenario.seed;
  options.keep_trace = true;
  script::Runner(scenario).run(out.sim, options, out.result);
  return out;
}

// The branch shown, run from its file from the start, is the same run: record by record.
void check_replays(Session& session) {
  session.run_whole();
  const Run again = run_text(session.document());
  const trace::Trace& mine = session.shown().recording.trace;
  const trace::Trace& other = again.sim.trace();
  CHECK(again.result.digest == session.shown().digest());
  CHECK(again.result.verdict == session.shown().result().verdict);
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) CHECK(session.shown().recording.checks[i] == again.result.checks[i]);
  REQUIRE(other.size() == mine.size());
  for (trace::RecordId id = 1; id <= mine.size(); ++id) {
    const bool same = mine[id].time_ns == other[id].time_ns && mine[id].kind == other[id].kind && mine[id].cause == other[id].cause &&
                      mine[id].node == other[id].node && mine[id].a == other[id].a;
    if (!same) FAIL("record " << id << " differs");
  }
}

void do_it(Session& session, const Deed& deed) {
  std::string why_not;
  const auto branch = session.act(deed, why_not);
  INFO(why_not);
  REQUIRE(branch);
}

std::uint64_t count(Session& session, trace::WorldFact fact, std::uint32_t node = 0) {
  std::uint64_t n = 0;
  const trace::Trace& t = session.shown().recording.trace;
  for (trace::RecordId id = 1; id <= t.size(); ++id) n += t[id].is(fact) && (node == 0 || t[id].node == node) ? 1 : 0;
  return n;
}

// A packet that is on its way at the cursor, and arrives.
trace::RecordId in_flight(Session& session, std::uint32_t at_least_kind = 0) {
  Frame frame;
  session.timeline().look(session.player().cursor(), frame);
  for (const Packet& p : frame.packets) {
    if (!p.dropped && p.kind >= at_least_kind) return p.sent;
  }
  return 0;
}

trace::RecordId seek_flight(Session& session, std::int64_t from_ns, std::uint32_t at_least_kind = 0) {
  for (std::int64_t at = from_ns; at < from_ns + 3'000 * kMs; at += kMs) {
    session.act(UiAct{UiAct::Kind::seek, at});
    if (const trace::RecordId sent = in_flight(session, at_least_kind); sent != 0) return sent;
  }
  FAIL("nothing is on its way");
  return 0;
}

}  // namespace

TEST_CASE("a scenario is shown before it was run, and grows to the run that it is") {
  for (const char* name : {"talk/quorum", "gossip/event-storm", "etcd/lock-by-raft"}) {
    INFO(name);
    auto session = open(name);
    CHECK(session->timeline().size() == 0);
    CHECK(session->shown().recording.growing);
    session->advance(16 * kMs, 100);
    CHECK(session->timeline().size() > 0);
    const std::size_t early = session->timeline().size();
    for (int i = 0; i < 10'000 && session->shown().recording.growing; ++i) session->advance(16 * kMs, 3'000);
    CHECK_FALSE(session->shown().recording.growing);
    CHECK(session->timeline().size() > early);
    const Run whole = run_text(text_of(name));
    CHECK(session->shown().digest() == whole.result.digest);
    CHECK(session->timeline().size() == whole.sim.trace().size());
    // What grew is what would have been built at once.
    Timeline at_once(session->shown().recording);
    CHECK(at_once.marks().size() == session->timeline().marks().size());
    Frame grown, fresh;
    for (std::int64_t at = 0; at < at_once.end_ns(); at += at_once.end_ns() / 50) {
      session->timeline().look({at, at_once.record_by(at)}, grown);
      at_once.look({at, at_once.record_by(at)}, fresh);
      CHECK(grown.hosts == fresh.hosts);
      CHECK(grown.packets.size() == fresh.packets.size());
    }
  }
}

TEST_CASE("each kind of act makes a branch that its file replays") {
  struct Act {
    const char* scenario;
    Deed deed;
  };
  const std::vector<Act> acts = {
      {"talk/quorum", {Kind::crash, {1}}},
      {"talk/quorum", {Kind::kill, {2, 3}}},
      {"talk/quorum", {Kind::pause, {1, 2, 3}}},
      {"talk/quorum", {Kind::partition, {1, 2}, {3, 4, 5}}},
      {"talk/quorum", {Kind::partition, {1, 2, 6}, {3, 4, 5}}},
      {"talk/quorum", {Kind::cut, {1}, {2, 3, 4, 5}}},
      {"talk/quorum", {Kind::heal}},
      {"talk/quorum", {Kind::write, {}, {}, 0, "", "colour = blue"}},
      {"talk/quorum", {Kind::rule_off, {}, {}, 0, "", "one_vote_per_term"}},
      {"talk/quorum", {Kind::rule_on, {}, {}, 0, "", "one_vote_per_term"}},
      {"talk/quorum", {Kind::setting, {}, {}, 0, "cluster.raft.election_timeout", R"(["1s", "2s"])"}},
      {"talk/quorum", {Kind::setting, {}, {}, 0, "cluster.raft.heartbeat", "20ms"}},
      {"talk/quorum", {Kind::run_on}},
      {"etcd/lock-by-raft", {Kind::write, {}, {}, 0, "", "colour = blue"}},
      {"etcd/lock-by-raft", {Kind::crash, {1}}},
      {"gossip/flapping-node", {Kind::pause, {2}}},
      {"gossip/flapping-node", {Kind::rule_off, {}, {}, 0, "", "refute_with_higher_incarnation"}},
  };
  for (const Act& act : acts) {
    for (const std::int64_t at : std::initializer_list<std::int64_t>{0, 777'123'456, 2'500 * kMs}) {
      auto session = open(act.scenario);
      session->act(UiAct{UiAct::Kind::seek, at});
      const std::uint64_t digest = [&] {
        auto other = open(act.scenario);
        other->run_whole();
        return other->shown().digest();
      }();
      INFO(act.scenario << ": " << words(act.deed, session->shown().recording) << " at " << at);
      do_it(*session, act.deed);
      REQUIRE(session->branches().size() == 2);
      CHECK(session->shown_number() == 1);
      check_replays(*session);
      if (act.deed.kind != Kind::run_on) CHECK(session->shown().digest() != digest);
      // What was stays.
      session->show(0);
      session->run_whole();
      CHECK(session->shown().digest() == digest);
    }
  }
}

TEST_CASE("a message on its way is dropped, doubled, delayed or overtaken, and nothing else is") {
  for (const char* name : {"talk/quorum", "gossip/flapping-node"}) {
    for (const Kind kind : {Kind::drop, Kind::duplicate, Kind::delay, Kind::reorder}) {
      auto session = open(name);
      const trace::RecordId sent = seek_flight(*session, 3'000 * kMs);
      const trace::Record packet = session->shown().recording.trace[sent];
      const std::int64_t seen = session->player().cursor().time_ns;
      Deed deed{kind};
      deed.packet = sent;
      if (kind == Kind::delay) deed.text = "80ms";
      INFO(name << ": " << words(deed, session->shown().recording));
      do_it(*session, deed);
      CHECK(session->player().cursor().time_ns == seen + 1);
      check_replays(*session);
      // The same message, which its sending names, fares otherwise.
      const trace::Trace& t = session->shown().recording.trace;
      std::size_t arrivals = 0, drops = 0;
      std::int64_t arrived = 0;
      for (trace::RecordId id = 1; id <= t.size(); ++id) {
        const trace::Record& r = t[id];
        if (r.extra != packet.extra || r.a != packet.a) continue;
        if (r.is(trace::WorldFact::packet_delivered) && r.node == packet.peer && r.peer == packet.node) {
          ++arrivals;
          arrived = r.time_ns;
        }
        if (r.is(trace::WorldFact::packet_dropped) && r.node == packet.node && r.peer == packet.peer) ++drops;
      }
      CHECK(drops == (kind == Kind::drop ? 1 : 0));
      CHECK(arrivals == (kind == Kind::drop ? 0 : kind == Kind::duplicate ? 2 : 1));
      if (kind == Kind::delay) CHECK(arrived >= packet.time_ns + 80 * kMs);
    }
  }
}

TEST_CASE("acts follow each other, later ones of another future are left in it, and no future is lost") {
  auto session = open("talk/quorum");
  session->seek_to("2s");
  do_it(*session, {Kind::crash, {1}});
  CHECK(session->shown().name == "crash n1 at 2 s");
  session->seek_to("3.5s");
  do_it(*session, {Kind::restart, {1}});
  CHECK(session->shown().parent == 1);
  check_replays(*session);
  const std::uint64_t second = session->shown().digest();

  // Back before the second: it did not happen here.
  session->seek_to("3s");
  do_it(*session, {Kind::pause, {4}});
  CHECK(session->shown().parent == 2);
  REQUIRE(session->shown().deeds.size() == 2);
  check_replays(*session);
  CHECK(count(*session, trace::WorldFact::process_crashed, 1) >= 1);

  // Twice from the same place: two branches.
  session->show(0);
  session->seek_to("2s");
  do_it(*session, {Kind::crash, {2}});
  session->show(0);
  session->seek_to("2s");
  do_it(*session, {Kind::crash, {2}});
  CHECK(session->branches().size() == 6);
  session->run_whole();
  const std::uint64_t fifth = session->shown().digest();
  session->show(4);
  session->run_whole();
  CHECK(session->shown().digest() == fifth);
  session->show(2);
  session->run_whole();
  CHECK(session->shown().digest() == second);
  check_replays(*session);
}

TEST_CASE("many acts at one nanosecond and in one place keep their order") {
  auto session = open("talk/leader-election");
  session->seek_to("1.5s");
  const UiAct place{UiAct::Kind::seek, session->player().cursor().time_ns};
  do_it(*session, {Kind::partition, {1}, {2, 3, 4, 5}});
  session->act(place);
  do_it(*session, {Kind::heal});
  session->act(place);
  do_it(*session, {Kind::crash, {3}});
  session->act(place);
  do_it(*session, {Kind::restart, {3}});
  REQUIRE(session->shown().deeds.size() == 4);
  check_replays(*session);
  CHECK(count(*session, trace::WorldFact::process_started, 3) >= 2);
}

TEST_CASE("a branch of a long run goes on from near its fork") {
  auto session = open("talk/quorum", {{"timeline", R"([{"at": "300s"}])"}});
  session->run_whole();
  const std::uint64_t events = session->shown().result().events;
  REQUIRE(events > 20'000);
  session->seek_to("290s");
  do_it(*session, {Kind::crash, {1}});
  check_replays(*session);
  // And one at its end, where nothing but the end is left of the first.
  session->show(0);
  session->act(UiAct{UiAct::Kind::last});
  do_it(*session, {Kind::crash, {1, 2, 3}});
  check_replays(*session);
  CHECK(count(*session, trace::WorldFact::process_crashed) == 3);
  CHECK(session->timeline().end_ns() >= 304'000 * kMs);
}

TEST_CASE("what cannot be done is said, and changes nothing") {
  auto session = open("talk/quorum");
  session->seek_to("2s");
  const auto refused = [&](const Deed& deed, const std::string& words) {
    std::string why_not;
    CHECK_FALSE(session->act(deed, why_not));
    INFO(why_not);
    CHECK(why_not.find(words) != std::string::npos);
    CHECK(session->branches().size() == 1);
  };
  refused({Kind::crash, {6}}, "only asks");
  refused({Kind::crash, {}}, "nobody");
  refused({Kind::crash, {77}}, "no such host");
  refused({Kind::partition, {1}, {}}, "both sides");
  refused({Kind::cut, {1}, {}}, "to somebody");
  refused({Kind::drop}, "no such message");
  refused({Kind::write, {}, {}, 0, "", "x"}, "x = 1");
  refused({Kind::rule_off, {}, {}, 0, "", "one_vote_per_trem"}, "one_vote_per_term");
  refused({Kind::setting, {}, {}, 0, "cluster.raft.election_timeout", "fast"}, "election_timeout");
  Deed delay{Kind::delay};
  delay.packet = seek_flight(*session, 2'000 * kMs);
  delay.text = "soon";
  refused(delay, "duration");
}

TEST_CASE("entries as a file has them") {
  auto session = open("talk/quorum");
  std::string why_not;
  REQUIRE(session->act(std::string_view(R"({"at": "1.25s", "link": {"latency": "40ms"}})"), why_not));
  CHECK(session->shown().name.starts_with("link"));
  CHECK(session->shown().name.ends_with("at 1.25 s"));
  check_replays(*session);
  CHECK_FALSE(session->act(std::string_view(R"({"crash": "n1"})"), why_not));
  CHECK_FALSE(session->act(std::string_view(R"({"at": "1s", "crash": "n9"})"), why_not));
  CHECK(why_not.find("n9") != std::string::npos);
}

TEST_CASE("seeds and settings of the command line stand in the file") {
  auto session = open("talk/quorum", {{"cluster.nodes", "7"}, {"cluster.raft.pre_vote", "false"}}, 99);
  session->seek_to("2s");
  do_it(*session, {Kind::crash, {7}});
  check_replays(*session);
  const std::string path = (std::filesystem::temp_directory_path() / "quorumlab_session_test.scenario.json").string();
  std::string why_not;
  REQUIRE(session->save(path, why_not));
  script::Problems problems;
  const script::Scenario saved = script::load_file(path, {}, problems);
  REQUIRE(problems.empty());
  CHECK(saved.seed == 99);
  CHECK(saved.cluster.names.size() == 7);
  CHECK(saved.title.find("crash n7 at 2 s") != std::string::npos);
  std::filesystem::remove(path);
  CHECK_FALSE(session->save("/nowhere/at/all.json", why_not));
  CHECK(why_not.find("cannot be written") != std::string::npos);
}

TEST_CASE("a trace is a branch like any other if its scenario gives it again") {
  const std::string text = text_of("talk/quorum");
  const Run run = run_text(text);
  TraceFile file;
  file.path = "run.qlt";
  file.scenario = text;
  file.seed = run.result.seed;
  file.digest = run.result.digest;
  script::Problems problems;
  file.names = script::load_text(text, "f", {}, problems).cluster.host_names();
  file.trace = run.sim.trace();
  {
    auto session = Session::of_trace(file);
    CHECK_FALSE(session->shown().has_world());
    session->seek_to("2s");
    do_it(*session, {Kind::crash, {1}});
    CHECK(session->branches().size() == 2);
    check_replays(*session);
  }
  std::string why_not;
  {
    TraceFile other = file;
    other.digest ^= 1;
    auto session = Session::of_trace(other);
    session->seek_to("2s");
    CHECK_FALSE(session->act(Deed{Kind::crash, {1}}, why_not));
    CHECK(why_not.find("only be looked at") != std::string::npos);
    CHECK_FALSE(session->save("never.json", why_not));
    Frame frame;
    session->timeline().look(session->player().cursor(), frame);
    CHECK_FALSE(session->offer(frame).can_act);
  }
  file.scenario = "a drawing";
  auto session = Session::of_trace(file);
  CHECK_FALSE(session->act(Deed{Kind::crash, {1}}, why_not));
  CHECK(why_not.find("does not hold the scenario") != std::string::npos);
}

TEST_CASE("two branches are compared: where they part, in words") {
  auto session = open("talk/quorum");
  session->seek_to("2s");
  do_it(*session, {Kind::crash, {1}});
  session->act([] {
    UiAct act{UiAct::Kind::compare_branch};
    act.number = 0;
    return act;
  }());
  Frame frame;
  session->run_whole();
  session->timeline().look(session->player().cursor(), frame);
  const Offer& offer = session->offer(frame);
  REQUIRE(offer.beside == 0u);
  REQUIRE(offer.beside_frame != nullptr);
  CHECK(offer.beside_frame->time_ns == frame.time_ns);
  CHECK(offer.differs_ns == 2'000 * kMs + 1);
  CHECK(offer.difference.find("the same until 2 s. Then on the left: ") == 0);
  CHECK(offer.difference.find("crash n1") != std::string::npos);
  // A branch is the same as itself: comparing ends.
  UiAct own{UiAct::Kind::compare_branch};
  own.number = 1;
  session->act(own);
  CHECK_FALSE(session->offer(frame).beside);
}

TEST_CASE("rules and settings on offer are those in force") {
  auto session = open("talk/quorum");
  session->seek_to("2s");
  Deed off{Kind::rule_off};
  off.text = "commit_only_own_term";
  do_it(*session, off);
  Frame frame;
  const auto is_on = [&](const std::string& name) {
    session->timeline().look(session->player().cursor(), frame);
    for (const Offer::Rule& rule : session->offer(frame).rules) {
      if (rule.name == name) return rule.on;
    }
    FAIL(name);
    return false;
  };
  CHECK_FALSE(is_on("commit_only_own_term"));
  CHECK(is_on("one_vote_per_term"));
  session->seek_to("1s");
  CHECK(is_on("commit_only_own_term"));
  bool found = false;
  for (const Offer::Setting& s : session->offer(frame).settings) {
    script::Problems problems;
    script::Json plain = session->shown().plain;
    found = found || s.path == "cluster.raft.election_timeout";
    // Each is a value that the file takes.
    script::apply({s.path, s.value}, plain, problems);
    script::load_json(plain, "f", problems);
    CHECK(problems.empty());
  }
  CHECK(found);
}

TEST_CASE("a run that failed is opened where it failed; one that was to fail, or held, is not") {
  auto bad = open("talk/quorum", {{"finally", R"([{"quorum": "unavailable"}])"}});
  bad->run_whole();
  CHECK(bad->shown().failed());
  CHECK(bad->seek_failure());
  CHECK(bad->shown().recording.trace[bad->player().cursor().record].is(trace::WorldFact::expectation_failed));

  auto violated = open("lying-disk");
  violated->run_whole();
  const bool wanted = violated->shown().scenario().expect_violation.has_value();
  CHECK(violated->seek_failure() == !wanted);
  if (wanted) CHECK(violated->seek_to("violation"));

  auto good = open("talk/quorum");
  good->run_whole();
  CHECK_FALSE(good->seek_failure());
  CHECK_FALSE(good->seek_to("violation"));
}

TEST_CASE("nothing is done behind the violation that ended a run") {
  auto session = open("talk/quorum", {{"cluster.raft.rules_off", R"(["one_vote_per_term", "election_needs_majority"])"}});
  session->run_whole();
  if (!session->shown().result().violation) {
    session = open("lying-disk");
    session->run_whole();
  }
  REQUIRE(session->shown().result().violation);
  session->act(UiAct{UiAct::Kind::last});
  std::string why_not;
  CHECK_FALSE(session->act(Deed{Kind::crash, {1}}, why_not));
  CHECK(why_not.find("violated") != std::string::npos);
}

TEST_CASE("entries given by hand have names that people read, and one that does nothing is refused") {
  std::string why_not;
  const auto name_of = [&](const char* entry) {
    auto session = open("talk/quorum");
    REQUIRE(session->act(std::string_view(entry), why_not));
    return session->shown().name;
  };
  CHECK(name_of(R"({"at": "1ms", "rule": {"off": "election_needs_majority"}})") == "election_needs_majority off at 0.001 s");
  CHECK(name_of(R"({"at": "1s", "partition": [["n1", "n2"], ["n3", "n4", "n5"]]})") == "partition n1 n2 | n3 n4 n5 at 1 s");
  CHECK(name_of(R"({"at": "1s", "cut": {"from": "n1", "to": ["n2", "n3"]}})") == "cut n1 -> n2 n3 at 1 s");
  CHECK(name_of(R"({"at": "1s", "write": {"key": "x", "value": "1"}})") == "write x = 1 at 1 s");
  CHECK(name_of(R"({"at": "1s", "heal": true})") == "heal at 1 s");
  auto session = open("talk/quorum");
  CHECK_FALSE(session->act(std::string_view(R"({"at": "1s"})"), why_not));
  CHECK(why_not.find("does nothing") != std::string::npos);
  CHECK(session->branches().size() == 1);
}

}  // namespace quorumlab::viz
