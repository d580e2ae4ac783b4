// The autopilot in scenarios: it removes after its grace and no sooner, keeps whom Raft hears, and needs
// both engines.
#include <string>

#include "sim/script/loader.h"
#include "sim/script/runner.h"
#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::script;

namespace {

std::string text(const std::string& steps, const std::string& engines) {
  return "{\"cluster\": {\"nodes\": 3, " + engines + "\"autopilot\": {\"grace\": \"4s\", \"settle\": \"2s\"}}, " +
         "\"timeline\": [{\"wait_until\": {\"leader\": \"exists\", \"sees\": {\"alive\": 3}}, \"within\": \"20s\"}," +
         steps + "]}";
}

const std::string kBoth = R"("raft": {"mode": "etcd"}, "serf": {"start_join": "n1"}, )";

std::string problems_of(const std::string& all) {
  Problems problems;
  load_text(all, "f.json", {}, problems);
  return problems.text("f.json");
}

void holds(const std::string& steps, const std::string& engines = kBoth) {
  Problems problems;
  const Scenario s = load_text(text(steps, engines), "f.json", {}, problems);
  INFO(problems.text("f.json"));
  REQUIRE(problems.empty());
  world::Simulation sim;
  RunResult result;
  Runner(s).run(sim, {}, result);
  for (const Failure& failure : result.failures) FAIL_CHECK(failure.what);
  CHECK_FALSE(sim.violation().has_value());
}

}  // namespace

TEST_CASE("a dead voter is removed after the grace, and added once it is back") {
  holds(R"({"crash": "n3"}, {"wait_until": {"seen": {"members": "n3", "as": "failed", "by": ["n1", "n2"]}}, "within": "30s"},
           {"after": "2500ms", "expect": {"members": {"voters": ["n1", "n2", "n3"]}}},
           {"after": "4s", "expect": {"members": {"voters": ["n1", "n2"]}}},
           {"restart": "n3"}, {"wait_until": {"members": {"voters": ["n1", "n2", "n3"]}}, "within": "60s"})");
}

TEST_CASE("a voter that serf forgot before the grace was over is gone all the same") {
  holds(R"({"crash": "n3"}, {"wait_until": {"delivered": {"event": "member-reap", "to": ["n1", "n2"]}}, "within": "30s"},
           {"expect": {"members": {"voters": ["n1", "n2", "n3"]}}},
           {"wait_until": {"members": {"voters": ["n1", "n2"]}}, "within": "8s"})",
        R"("raft": {"mode": "etcd"}, "serf": {"start_join": "n1", "reconnect_timeout": "1ms", "reap_interval": "500ms"}, )");
}

TEST_CASE("the last but one voter goes only while the rest has a majority") {
  // Of two voters one may go: the one who is left is a majority of itself.
  holds(R"({"crash": "n3"}, {"wait_until": {"members": {"voters": ["n1", "n2"]}}, "within": "60s"},
           {"crash": "n2"}, {"after": "40s", "expect": {"members": {"voters": ["n1", "n2"]}}})");
}

TEST_CASE("an autopilot needs serf to hear and Raft to act") {
  CHECK(problems_of(text("{}", "\"raft\": {}, ")).find("cluster.autopilot: it needs") != std::string::npos);
  CHECK(problems_of(text("{}", "\"serf\": {}, ")).find("cluster.autopilot: it needs") != std::string::npos);
}
