// Steps given one by one come to the same run as the scenario that lists them; a copy is a fork.
#include "sim/script/session.h"

#include <string>

#include "sim/script/loader.h"
#include "tests/catch.h"

using namespace quorumlab;
using script::Session;

namespace {

script::Scenario read(const std::string& timeline) {
  script::Problems problems;
  script::Scenario scenario = script::load_text(
      R"({"seed": 42, "cluster": {"nodes": 5}, "timeline": [)" + timeline + "]}", "t", {}, problems);
  REQUIRE(problems.text("t").empty());
  return scenario;
}

Session::Ending give(Session& session, const std::string& step) {
  script::Problems problems;
  std::vector<std::uint64_t> operations;
  const Session::Ending ending = session.perform(step, {}, problems, operations);
  CHECK(problems.text("step").empty());
  return ending;
}

}  // namespace

TEST_CASE("steps given one by one are the scenario that lists them") {
  const script::Scenario whole = read(R"(
      {"at": "1s", "crash": "@leader", "as": "first"},
      {"at": "2s", "load": {"every": "50ms"}},
      {"at": "3s", "partition": {"halves": true}},
      {"at": "4s", "restart": "@first"},
      {"at": "4s", "heal": true},
      {"at": "6s"})");
  world::Simulation sim;
  script::RunResult result;
  script::RunOptions options;
  options.seed = 42;
  script::Runner(whole).run(sim, options, result);
  REQUIRE(result.verdict == script::Verdict::held);

  Session session(read(""), 42, false);
  CHECK(session.run_until({1'000'000'000}, {}) == Session::Ending::reached);
  CHECK(give(session, R"({"crash": "@leader", "as": "first"})") == Session::Ending::reached);
  session.run_until({2'000'000'000}, {});
  CHECK(give(session, R"({"load": {"every": "50ms"}})") == Session::Ending::reached);
  session.run_until({3'000'000'000}, {});
  CHECK(give(session, R"({"partition": {"halves": true}})") == Session::Ending::reached);
  session.run_until({4'000'000'000}, {});
  Session fork = session;
  for (Session* s : {&session, &fork}) {
    CHECK(give(*s, R"({"restart": "@first"})") == Session::Ending::reached);
    CHECK(give(*s, R"({"heal": true})") == Session::Ending::reached);
    while (s->sim().next_event().ns <= 6'000'000'000 && s->step()) {
    }
    s->run_until({6'000'000'000}, {});
    CHECK(s->sim().digest().value() == result.digest);
    CHECK(s->sim().events() == result.events);
  }
  session.reset(42);
  CHECK(session.steps() == 0);
  session.run_until({1'000'000'000}, {});
  CHECK(session.sim().digest() != fork.sim().digest());
}

TEST_CASE("a step with mistakes does nothing, one that nobody fits says why") {
  Session session(read(""), 1, false);
  script::Problems problems;
  std::vector<std::uint64_t> operations;
  session.perform(R"({"crsh": "n1"})", {}, problems, operations);
  CHECK(problems.text("s").find("did you mean \"crash\"") != std::string::npos);
  session.perform(R"({"crash": "n1", "as": "gone", "expect": {"leeder": "exists"}})", {}, problems, operations);
  CHECK(session.steps() == 0);
  problems = {};
  session.perform(R"({"restart": "@gone"})", {}, problems, operations);
  CHECK_FALSE(problems.empty());  // the alias was not given after all
  problems = {};
  CHECK(session.perform(R"({"crash": "@leader"})", {}, problems, operations) == Session::Ending::failed);
  CHECK(session.why().find("leader") != std::string::npos);
  CHECK(session.steps() == 0);
  CHECK(session.wait_for(session.read_conditions(R"({"leader": "exists"})", problems), {5'000'000'000}, {}) ==
        Session::Ending::reached);
  CHECK(session.resolve("\"@leader\"", problems).size() == 1);
  CHECK(session.wait_for(session.read_conditions(R"({"quorum": "unavailable"})", problems), {6'000'000'000}, {}) ==
        Session::Ending::failed);
  CHECK(problems.empty());
}
