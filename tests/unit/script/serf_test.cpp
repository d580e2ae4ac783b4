// What scenarios can ask of serf's agents: whom they list, and who "everybody" is.
#include <string>

#include "sim/script/loader.h"
#include "sim/script/runner.h"
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
                           R"({"delivered": {"event": "nonsense", "times": {"at_most": 7}}})",
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
