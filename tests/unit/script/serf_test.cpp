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
