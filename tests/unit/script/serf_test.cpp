// What scenarios can ask of serf's agents: whom they list, and who "everybody" is.
#include <string>

#include "core/gossip/ranges.h"
#include "sim/script/loader.h"
#include "sim/script/runner.h"
#include "sim/script/serf_fields.h"
#include "sim/script/session.h"
#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::script;

namespace {

// The failures of a run, one a line; empty: it held.
std::string failures(const std::string& cluster, const std::string& steps) {
  Problems problems;
  const Scenario s = load_text("{\"cluster\": {" + cluster + "}, \"timeline\": [" + steps + "]}", "f.json", {}, problems);
  INFO(problems.text("f.json"));
  REQUIRE(problems.empty());
  world::Simulation sim;
  RunResult result;
  Runner(s).run(sim, {}, result);
  CHECK_FALSE(sim.violation().has_value());
  std::string out;
  for (const Failure& failure : result.failures) out += failure.what + "\n";
  return out;
}

const std::string kThree = R"("nodes": ["a", "b", "c"], "serf": {"start_join": "a"})";

}  // namespace

TEST_CASE("a failed member stays listed when memberlist has dropped it") {
  CHECK(failures(kThree, R"({"after": "5s", "kill": "b"},
      {"after": "45s", "expect": {"sees": {"by": ["a", "c"], "alive": 2, "failed": 1, "left": 0},
                                  "seen": {"by": "a", "members": "b", "as": "failed"}}},
      {"force_leave": {"by": "a", "member": "b"}},
      {"after": "5s", "expect": {"sees": {"by": ["a", "c"], "alive": 2, "failed": 0, "left": 1}}},
      {"force_leave": {"by": "a", "member": "b", "prune": true}},
      {"after": "5s", "expect": {"sees": {"by": ["a", "c"], "alive": 2, "failed": 0, "left": 0}}})") == "");
}

TEST_CASE("`serf members` lists whom memberlist has dropped") {
  Problems problems;
  const Scenario s = load_text("{\"cluster\": {" + kThree + R"(}, "timeline": [{"after": "5s", "kill": "b"}, {"after": "45s"}]})",
                               "f.json", {}, problems);
  REQUIRE(problems.empty());
  world::Simulation sim;
  RunResult result;
  Runner(s).run(sim, {}, result);
  CHECK(serf_members(sim, NodeId{1}) ==
        "a  10.0.0.1:7946  alive   \n"
        "b  10.0.0.2:7946  failed  \n"
        "c  10.0.0.3:7946  alive   \n");
  CHECK(serf_members(sim, NodeId{2}) == "no agent runs there\n");
}

TEST_CASE("what everybody sees does not hold before anybody runs") {
  for (const char* seen : {R"({"sees": {"alive": 99}})", R"({"sees": {"failed": 0}})",
                           R"({"delivered": {"event": "member-join", "times": {"at_most": 7}}})",
                           R"({"seen": {"members": ["a", "b"], "as": "failed"}})",
                           R"({"seen": {"members": "@all", "as": "unknown"}})"}) {
    INFO(seen);
    CHECK(failures(kThree, std::string("{\"expect\": ") + seen + "}").find("no agent runs on a") != std::string::npos);
  }
  CHECK(failures(kThree, R"({"wait_until": {"sees": {"alive": 99}}, "within": "10s"})") ==
        "waited 10s in vain until everybody sees 99 alive; but a sees 3, b sees 3, c sees 3\n");
}

TEST_CASE("who has yet to start sees nothing, and who is gone is not asked") {
  const std::string late = kThree + R"(, "start_within": "20s")";
  CHECK(failures(late, R"({"wait_until": {"sees": {"alive": {"at_least": 1}}}, "within": "1s"})").find("no agent runs on") !=
        std::string::npos);
  CHECK(failures(late, R"({"wait_until": {"sees": {"alive": 3}}, "within": "25s"},
      {"kill": "b"}, {"leave": "c"}, {"after": "20s", "expect": {"sees": {"alive": 1, "failed": 1, "left": 1}}},
      {"expect": {"seen": {"members": ["b"], "as": "failed"}}}, {"expect": {"seen": {"members": "c", "as": "left"}}})") == "");
}

TEST_CASE("nobody but itself is no witness of a member") {
  CHECK(failures(kThree, R"({"after": "5s", "kill": ["b", "c"]}, {"after": "1s", "expect": {"seen": {"members": "a", "as": "alive"}}})") ==
        "expected: everybody takes a for alive; but no agent runs that could\n");
  CHECK(failures(kThree, R"({"after": "5s", "kill": ["a", "b", "c"]}, {"after": "1s", "expect": {"sees": {"alive": 0}}})") ==
        "expected: everybody sees 0 alive; but no agent runs that could\n");
}

TEST_CASE("every setting of an agent is a key, and reaches it") {
  Problems problems;
  const Scenario s = load_text(R"({"cluster": {"nodes": 2, "serf": {"label": "x", "handoff_queue_depth": 3, "event_buffer": 8,
      "query_buffer": 9, "query_size_limit": 10, "query_response_size_limit": 11, "min_queue_depth": 12,
      "queue_check_interval": "1s"}}, "timeline": []})", "f.json", {}, problems);
  CHECK(problems.text("f.json") == "");
  const gossip::Config& config = s.cluster.node.gossip;
  CHECK(config.label == "x");
  CHECK(config.handoff_queue_depth == 3);
  CHECK(config.event_buffer == 8);
  CHECK(config.query_buffer == 9);
  CHECK(config.query_size_limit == 10);
  CHECK(config.query_response_size_limit == 11);
  CHECK(config.min_queue_depth == 12);
  CHECK(config.queue_check_interval == seconds(1));
  // All that have a range are there.
  CHECK(std::size(kSerfNumbers) == gossip::count_ranges().size());
  CHECK(std::size(kSerfDurations) == gossip::duration_ranges().size());
}

TEST_CASE("agents of one label hear each other, and a query that is too long is refused") {
  CHECK(failures(R"("nodes": 3, "serf": {"start_join": "n1", "label": "ours", "query_size_limit": 200})",
                 R"({"wait_until": {"sees": {"alive": 3}}, "within": "5s"},
      {"query": {"by": "n1", "name": "q"}, "expect": {"command": "accepted", "acks": 3}},
      {"query": {"by": "n1", "name": "q", "payload": ")" + std::string(200, 'x') + R"("}, "expect": {"command": "refused"}})") == "");
}

TEST_CASE("a step by hand may wait for an event that is yet to be given") {
  Problems problems;
  Session session(load_text("{\"cluster\": {" + kThree + "}, \"timeline\": []}", "f.json", {}, problems), 1, false);
  REQUIRE(problems.empty());
  session.read_conditions(R"({"delivered": {"event": "deploy"}})", problems);
  CHECK(problems.empty());
  session.read_conditions(R"({"delivered": {"event": "member-jion"}})", problems);
  CHECK_FALSE(problems.empty());
}
