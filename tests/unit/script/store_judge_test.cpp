// The checkers of the etcd store: each trips once the rule that it stands behind is switched off, and is
// silent, but has looked, in the same run with all rules on.
#include <string>

#include "sim/script/loader.h"
#include "sim/script/runner.h"
#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::script;
using judge::Checker;

namespace {

void run(world::Simulation& sim, const std::string& steps, const std::string& rule, const std::string& more = "") {
  Problems problems;
  const std::string off = rule.empty() ? "" : "\"rules_off\": \"" + rule + "\"";
  const Scenario s = load_text("{\"cluster\": {\"nodes\": 3, \"clients\": 2, \"etcd\": {" + off + "}" + more +
                                   "}, \"timeline\": [{\"wait_until\": {\"leader\": \"exists\"}, \"within\": \"10s\"}," + steps + "]}",
                               "f.json", {}, problems);
  INFO(problems.text("f.json"));
  REQUIRE(problems.empty());
  RunResult result;
  Runner(s).run(sim, {}, result);
}

void trips(Checker checker, const std::string& steps, std::initializer_list<const char*> rules, const std::string& more = "") {
  world::Simulation sim;
  run(sim, steps, "", more);
  CHECK(sim.checks(checker) > 0);
  CHECK_FALSE(sim.violation().has_value());
  for (const char* rule : rules) {
    INFO(rule);
    run(sim, steps, rule, more);
    const auto violation = sim.violation();
    CHECK((violation && violation->checker == checker));
  }
}

std::string put(const std::string& key, const std::string& value, const std::string& more = "") {
  return R"({"http": {"method": "PUT", "path": "/v2/keys/)" + key + R"(", "form": {"value": ")" + value + "\"}" + more +
         R"(}, "wait": true})";
}

}  // namespace

TEST_CASE("a watch that is told out of order trips its checker") {
  // Three events are past, and one is to come.
  trips(Checker::watch_order,
        put("a", "1") + "," + put("a", "2") + "," + put("a", "3") + R"(,
        {"after": "1s", "http": {"path": "/v2/keys/a?wait=true&waitIndex=8", "to": "n1", "within": "5s"}},
        {"after": "500ms", "http": {"path": "/v2/keys/a?wait=true", "to": "n2", "within": "5s", "client": "c2"}},
        {"after": "500ms", "http": {"path": "/v2/keys?wait=true&recursive=true", "to": "n3", "within": "5s", "client": "c2"}},
        {"after": "500ms", "http": {"method": "PUT", "path": "/v2/keys/a", "form": {"value": 4}}, "wait": true},
        {"after": "500ms", "crash": "n1"}, {"after": "1s", "restart": "n1"},
        {"after": "1s", "http": {"path": "/v2/keys/a?wait=true&waitIndex=9", "to": "n1", "within": "5s"}, "wait": true})",
        {"watch_from_history", "history_in_order"});
}

TEST_CASE("a key that expires when no leader says so trips its checker") {
  const std::string steps = R"(
        {"clock": {"nodes": "@follower", "offset": "3s"}},
        {"http": {"method": "PUT", "path": "/v2/keys/a", "form": {"value": 1, "ttl": 2}, "to": "@leader"}, "wait": true},
        {"http": {"method": "PUT", "path": "/v2/keys/b", "form": {"value": 1, "ttl": 4}, "to": "@leader"}, "wait": true},
        {"after": "6s", "expect": {"leader": "exists"}})";
  trips(Checker::ttl_bounds, steps, {"expire_by_leader_only", "expire_by_command_time"});
}

TEST_CASE("a key that outlives what the leader says trips its checker") {
  trips(Checker::ttl_bounds, R"(
        {"clock": {"nodes": "@followers", "offset": "-3s"}},
        {"http": {"method": "PUT", "path": "/v2/keys/a", "form": {"value": 1, "ttl": 2}, "to": "@leader"}, "wait": true},
        {"after": "4s", "expect": {"leader": "exists"}})",
        {"expire_by_command_time"});
}

TEST_CASE("a leader that never tells the time trips the checker of expiry") {
  // It must not mistake a leader that stood still for one.
  trips(Checker::ttl_bounds,
        put("a", "1") + R"(,
        {"http": {"method": "PUT", "path": "/v2/keys/a", "form": {"value": 1, "ttl": 9}, "to": "@leader"}, "wait": true},
        {"after": "3s", "expect": {"leader": "exists"}},
        {"pause": ["n1", "n2", "n3"]}, {"after": "2s", "resume": ["n1", "n2", "n3"]}, {"after": "2s", "expect": {"leader": "exists"}})",
        {"leader_tells_time"});
}

TEST_CASE("a request of a session that is applied twice trips its checker") {
  trips(Checker::session_once,
        put("a", "1", R"(, "session": "77/1")") + "," + put("b", "1", R"(, "session": "77/2")") + "," +
            put("a", "1", R"(, "session": "77/1")") + R"(, {"after": "1s", "expect": {"leader": "exists"}})",
        {"sessions_apply_once"});
}
