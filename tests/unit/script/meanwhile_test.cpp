// Acts beside the timeline, and runs that go on by and by: neither slices nor copies change anything.
#include <algorithm>

#include "sim/script/loader.h"
#include "sim/script/runner.h"
#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::script;

namespace {

const std::string kFile = std::string(QUORUMLAB_SOURCE_DIR) + "/scenarios/";

Scenario load(const std::string& name) {
  Problems problems;
  Scenario out = load_file(kFile + name + ".scenario.json", {}, problems);
  REQUIRE(problems.empty());
  return out;
}

Scenario parse(const std::string& timeline, const std::string& meanwhile, const std::string& rest = "") {
  Problems problems;
  Scenario out = load_text(R"({"cluster": {"nodes": 5, "raft": {}}, "timeline": [)" + timeline + R"(], "meanwhile": [)" +
                               meanwhile + "]" + rest + "}",
                           "f.json", {}, problems);
  INFO(problems.text("f.json"));
  REQUIRE(problems.empty());
  return out;
}

struct Run {
  world::Simulation sim;
  RunResult result;
};

RunOptions options_of(const Scenario& s) {
  RunOptions options;
  options.seed = s.seed;
  options.keep_trace = true;
  return options;
}

Run whole(const Scenario& s) {
  Run out;
  Runner(s).run(out.sim, options_of(s), out.result);
  return out;
}

bool same(const Run& a, const Run& b) {
  const trace::Trace &x = a.sim.trace(), &y = b.sim.trace();
  if (x.size() != y.size()) return false;
  for (trace::RecordId id = 1; id <= x.size(); ++id) {
    if (x[id].time_ns != y[id].time_ns || x[id].kind != y[id].kind || x[id].cause != y[id].cause || x[id].a != y[id].a) return false;
  }
  return a.result.digest == b.result.digest && a.result.verdict == b.result.verdict && a.result.events == b.result.events &&
         a.result.end == b.result.end && a.result.begun == b.result.begun;
}

// What happened at which nanosecond.
std::vector<std::int64_t> times_of(const world::Simulation& sim, trace::WorldFact fact) {
  std::vector<std::int64_t> out;
  for (trace::RecordId id = 1; id <= sim.trace().size(); ++id) {
    if (sim.trace()[id].is(fact)) out.push_back(sim.trace()[id].time_ns);
  }
  return out;
}

const std::string kLeader = R"({"wait_until": {"leader": "exists"}, "within": "10s"})";

}  // namespace

TEST_CASE("a run in slices is the run in one piece, whatever the slices") {
  for (const char* name : {"talk/quorum", "talk/lock", "split-vote", "gossip/event-storm", "etcd/watch-overrun", "rolling-restart"}) {
    const Scenario s = load(name);
    const Run once = whole(s);
    for (const std::int64_t slice : {1'700'001ll, 250'000'000ll}) {
      INFO(name << ", slices of " << slice << " ns");
      Run by_and_by;
      Runner runner(s);
      runner.begin(by_and_by.sim, options_of(s), by_and_by.result);
      std::int64_t until = 0;
      int slices = 0;
      for (; runner.go_on(by_and_by.sim, by_and_by.result, {until}); until += slice) {
        // Nothing later was handled.
        REQUIRE(by_and_by.sim.now().ns <= until);
        ++slices;
      }
      CHECK(slices > 5);
      CHECK(same(once, by_and_by));
    }
  }
}

TEST_CASE("a copy made on the way goes on to the same end, and the original does too") {
  const Scenario s = load("talk/leader-election");
  const Run once = whole(s);
  Run first;
  Runner runner(s);
  runner.begin(first.sim, options_of(s), first.result);
  for (std::int64_t until = 0; runner.go_on(first.sim, first.result, {until}); until += 777'000'001) {
    Run copy = first;
    Runner other = runner;
    CHECK_FALSE(other.go_on(copy.sim, copy.result, kNever));
    CHECK(same(once, copy));
  }
  CHECK(same(once, first));
}

TEST_CASE("acts beside the timeline happen at their nanosecond, whatever the timeline waits for") {
  const Run r = whole(parse(kLeader + R"(, {"after": "3s", "expect": {"leader": "exists"}})",
                            R"({"at": "2s", "restart": "n1"}, {"at": "1s", "crash": "n1"}, {"at": "1s", "pause": "n2"},
                               {"at": "2.000000007s", "resume": "n2"})"));
  CHECK(times_of(r.sim, trace::WorldFact::process_crashed) == std::vector<std::int64_t>{1'000'000'001});
  CHECK(times_of(r.sim, trace::WorldFact::process_paused) == std::vector<std::int64_t>{1'000'000'001});
  CHECK(times_of(r.sim, trace::WorldFact::process_resumed) == std::vector<std::int64_t>{2'000'000'008});
  CHECK(r.result.verdict == Verdict::held);
}

TEST_CASE("the run lasts until the last of them, even if the timeline fails before") {
  CHECK(whole(parse(R"({"at": "1s"})", R"({"at": "4s"})")).result.end.ns == 4'000'000'001);
  const Run failed = whole(parse(R"({"wait_until": {"leader": "none"}, "within": "1s"},
                                    {"wait_until": {"term": {"at_least": 99}}, "within": "1s"}, {"kill": "n1"})",
                                 R"({"at": "1.5s", "crash": "n3"}, {"at": "6s", "restart": "n3"}, {"at": "7s"})"));
  CHECK(failed.result.verdict == Verdict::no_progress);
  CHECK(failed.result.end.ns == 7'000'000'001);
  CHECK(times_of(failed.sim, trace::WorldFact::process_crashed).size() == 1);
  CHECK(times_of(failed.sim, trace::WorldFact::process_killed).empty());
  // What holds at the end is asked after them.
  const Run late = whole(parse(kLeader, R"({"at": "5s", "crash": ["n1", "n2", "n3"]})", R"(, "finally": [{"quorum": "unavailable"}])"));
  CHECK(late.result.verdict == Verdict::held);
}

TEST_CASE("they have no part in what the timeline's conditions speak of") {
  // The read of the timeline is found, although a later one, beside it, is refused an answer.
  const Run r = whole(parse(kLeader + R"(, {"write": {"key": "x", "value": 1}, "expect": {"write": "accepted"}},
                                          {"after": "2s", "expect": {"write": "accepted"}})",
                            R"({"at": "900ms", "partition": [["n1", "n2"], ["n3", "n4", "n5"]]},
                               {"at": "1s", "write": {"key": "y", "value": 2, "client": "c1"}})"));
  CHECK(r.sim.operations().size() == 2);
  CHECK(r.result.verdict == Verdict::held);
}

TEST_CASE("with another future from here on, a copy is the run that had it from the start") {
  const std::string steps = kLeader + R"(, {"load": {"every": "100ms"}}, {"after": "3s", "expect": {"leader": "exists"}})";
  const Scenario plain = parse(steps, "");
  const Scenario other = parse(steps, R"({"at": "2s", "crash": "n2"}, {"at": "2s", "partition": [["n1"], ["n3"]]})");
  const Run from_start = whole(other);
  Run run;
  Runner runner(plain);
  runner.begin(run.sim, options_of(plain), run.result);
  REQUIRE(runner.go_on(run.sim, run.result, {1'999'999'999}));
  Run fork = run;
  Runner on = runner;
  on.follow(other);
  CHECK_FALSE(on.go_on(fork.sim, fork.result, kNever));
  CHECK(same(from_start, fork));
  CHECK_FALSE(runner.go_on(run.sim, run.result, kNever));
  CHECK(same(whole(plain), run));
  CHECK_FALSE(same(run, fork));
}

TEST_CASE("a document is written so that it reads the same, and fits a page") {
  for (const char* name : {"talk/quorum", "talk/serf", "etcd/autopilot"}) {
    Problems problems;
    const Scenario s = load(name);
    std::FILE* in = std::fopen(s.file.c_str(), "rb");
    REQUIRE(in != nullptr);
    std::string text(1 << 20, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), in));
    std::fclose(in);
    const std::string written = write_json(parse_json(text, problems));
    const Scenario again = load_text(written, s.file, {}, problems);
    REQUIRE(problems.empty());
    CHECK(write_json(parse_json(written, problems)) == written);
    CHECK(whole(again).result.digest == whole(s).result.digest);
    CHECK(again.timeline.size() == s.timeline.size());
  }
  Problems problems;
  CHECK(write_json(parse_json(R"({"a": [1, 2.50, "x\n\"\u0001"], "b": {}, "c": null})", problems)) ==
        "{\n  \"a\": [1, 2.50, \"x\\n\\\"\\u0001\"],\n  \"b\": {},\n  \"c\": null\n}\n");
}

TEST_CASE("a packet of gossip is named by what it begins with") {
  Problems problems;
  const std::string head = R"({"cluster": {"nodes": 3, "serf": {"start_join": ["n1"]}}, "timeline": [{"at": "5s"}])";
  const Scenario plain = load_text(head + "}", "f.json", {}, problems);
  const Run before = whole(plain);
  const trace::Record* ping = nullptr;
  for (trace::RecordId id = 1; id <= before.sim.trace().size(); ++id) {
    const trace::Record& r = before.sim.trace()[id];
    if (r.is(trace::WorldFact::packet_sent) && r.extra == 128 && r.time_ns > 2'000'000'000) {
      ping = &r;
      break;
    }
  }
  REQUIRE(ping != nullptr);
  const auto host = [](std::uint32_t n) { return "\"n" + std::to_string(n) + "\""; };
  const std::string drop = R"(, "meanwhile": [{"at": "1s", "drop": {"from": )" + host(ping->node) + R"(, "to": )" + host(ping->peer) +
                           R"(, "kind": "ping", "number": )" + std::to_string(ping->a) + "}}]}";
  const Scenario s = load_text(head + drop, "f.json", {}, problems);
  INFO(problems.text("f.json"));
  REQUIRE(problems.empty());
  const Run after = whole(s);
  std::size_t dropped = 0;
  for (trace::RecordId id = 1; id <= after.sim.trace().size(); ++id) {
    const trace::Record& r = after.sim.trace()[id];
    if (!r.is(trace::WorldFact::packet_dropped)) continue;
    ++dropped;
    CHECK(r.time_ns == ping->time_ns);
    CHECK(r.a == ping->a);
  }
  CHECK(dropped == 1);
}
