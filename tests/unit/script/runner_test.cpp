// Runs of small scenarios on the real engine: verdicts, selectors, and that reuse changes nothing.
#include "sim/script/runner.h"

#include <algorithm>

#include "sim/script/loader.h"
#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::script;

namespace {

Scenario scenario(const std::string& steps, const std::string& rest = "", const std::string& raft = "{}") {
  Problems problems;
  Scenario out = load_text("{\"cluster\": {\"nodes\": 5, \"raft\": " + raft + "}, \"timeline\": [" + steps + "]" + rest + "}",
                           "f.json", {}, problems);
  INFO(problems.text("f.json"));
  REQUIRE(problems.empty());
  return out;
}

RunResult run(const Scenario& s, std::uint64_t seed = 1, bool trace = false) {
  world::Simulation sim;
  RunResult result;
  RunOptions options;
  options.seed = seed;
  options.keep_trace = trace;
  Runner(s).run(sim, options, result);
  return result;
}

const std::string kLeader = R"({"wait_until": {"leader": "exists"}, "within": "10s"},)";

}  // namespace

TEST_CASE("a quorum accepts, a minority times out, and comes back") {
  const RunResult r = run(scenario(kLeader + R"(
    {"write": {"key": "x", "value": 1}, "expect": {"write": "accepted", "quorum": "available"}},
    {"crash": ["@follower", "@follower", "@leader"]},
    {"write": {"key": "x", "value": 2}, "expect": {"write": "timed-out", "quorum": "unavailable"}},
    {"restart": "@last-crashed"},
    {"wait_until": {"leader": "exists"}, "within": "10s"},
    {"write": {"key": "x", "value": 3}, "expect": {"write": "accepted"}})",
                                   R"(, "finally": [{"committed": {"x": 3}, "within": "2s"}])"));
  CHECK(r.verdict == Verdict::held);
  CHECK(r.accepted == 2);
  CHECK(r.timed_out == 1);
}

TEST_CASE("an expectation that does not hold is told, and the run goes on") {
  const RunResult r = run(scenario(kLeader + R"(
    {"expect": {"leader": "none"}},
    {"write": {"key": "x", "value": 1}, "expect": {"write": "timed-out"}})"));
  CHECK(r.verdict == Verdict::expectation_failed);
  REQUIRE(r.failures.size() == 2);
  CHECK(r.failures[0].step == 1);
  CHECK(r.failures[1].what == "expected: the write is timed-out; but it was accepted");
}

TEST_CASE("what is waited for in vain is no progress") {
  const RunResult r = run(scenario(R"({"kill": ["n1", "n2", "n3"]}, {"wait_until": {"leader": "exists"}, "within": "3s"})"));
  CHECK(r.verdict == Verdict::no_progress);
  CHECK(r.end == Instant{} + seconds(3) + nanoseconds(1));
  // Nothing at all is left to happen.
  const RunResult nothing = run(scenario(R"({"kill": "@all"}, {"wait_until": {"leader": "exists"}, "within": "3s"})"));
  CHECK(nothing.verdict == Verdict::no_progress);
}

TEST_CASE("a selector that means nobody fails its step") {
  const RunResult r = run(scenario(R"({"crash": "@leader"})"));
  CHECK(r.verdict == Verdict::expectation_failed);
  REQUIRE(r.failures.size() == 1);
  CHECK(r.failures[0].what.find("@leader means nobody") != std::string::npos);
}

TEST_CASE("a violation ends the run, and is what expect_violation asks for") {
  const std::string steps = kLeader + R"({"write": {"key": "x", "value": 1}, "expect": {"write": "accepted"}},
    {"crash": "@all"}, {"after": "1s", "restart": "@crashed"}, {"after": "10s"})";
  const std::string raft = R"({"election_timeout": ["1s", "2s"], "heartbeat": "100ms", "rules_off": "persist_entries_before_ack"})";
  const auto slow = [&](const std::string& rest) {
    Scenario s = scenario(steps, rest, raft);
    s.cluster.disk.latency = {world::Latency::Kind::constant, milliseconds(200), milliseconds(200), 0};
    return s;
  };
  CHECK(run(slow("")).verdict == Verdict::violated);
  CHECK(run(slow(R"(, "expect_violation": "durability")")).verdict == Verdict::held);
  // The same without the violation does not hold.
  CHECK(run(scenario(steps, R"(, "expect_violation": "durability")")).verdict == Verdict::expectation_failed);
}

TEST_CASE("two followers in a list are two, and @others are the rest") {
  const Scenario s = scenario(kLeader + R"(
    {"partition": [["@follower", "@follower"], ["@others"]], "as": "side", "expect": {"quorum": "available"}},
    {"crash": "@side", "expect": {"down": "@side", "quorum": "available"}},
    {"crash": "@leader", "expect": {"quorum": "unavailable"}})");
  for (std::uint64_t seed = 1; seed <= 20; ++seed) CHECK(run(s, seed).verdict == Verdict::held);
}

TEST_CASE("a ring leaves every node a majority, a bridge one node that sees all") {
  const RunResult ring = run(scenario(kLeader + R"({"partition": {"ring": true}, "expect": {"quorum": "available"}},
    {"heal": true}, {"partition": {"bridge": "n3"}, "expect": {"quorum": "available"}}, {"crash": "n3", "expect": {"quorum": "unavailable"}},
    {"heal": true, "expect": {"quorum": "available"}}, {"partition": {"halves": true}, "expect": {"quorum": "unavailable"}})"));
  INFO((ring.failures.empty() ? "" : ring.failures[0].what));
  CHECK(ring.verdict == Verdict::held);
}

TEST_CASE("writes in the background go on while the timeline does") {
  const RunResult r = run(scenario(kLeader + R"({"load": {"every": "10ms", "key": "k{i}"}}, {"after": "1s"}, {"expect": {"committed": {"k50": "50"}}})"));
  CHECK(r.verdict == Verdict::held);
  CHECK(r.accepted + r.pending == 101);
}

TEST_CASE("the same seed is the same run, with the trace or without, in a used simulation or a new one") {
  const Scenario s = scenario(kLeader + R"({"after": ["0ms", "75ms"], "crash": "@random"}, {"load": {"every": "20ms"}}, {"after": "2s"})");
  world::Simulation used;
  RunResult result;
  Runner runner(s);
  std::vector<std::uint64_t> digests;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    RunOptions options;
    options.seed = seed;
    options.keep_trace = seed % 2 == 0;
    runner.run(used, options, result);
    CHECK(result.digest == run(s, seed).digest);
    CHECK(result.digest == run(s, seed, true).digest);
    digests.push_back(result.digest);
  }
  std::sort(digests.begin(), digests.end());
  CHECK(std::unique(digests.begin(), digests.end()) == digests.end());
}
