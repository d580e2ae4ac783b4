// What scenarios say about etcd and the programs that use it: each condition holds and fails, bad
// input is told where it stands, and a run is the same again.
#include <algorithm>

#include "sim/script/loader.h"
#include "sim/script/runner.h"
#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::script;

namespace {

const std::string kPrograms = R"([
  {"name": "dbx", "title": "DB X", "runs": "election", "key": "/db", "ttl": "3s"},
  {"name": "dby", "title": "DB Y", "runs": "election", "key": "/db", "ttl": "3s", "starts": "5s"},
  {"name": "app", "runs": "follower", "key": "/db"}])";

std::string text(const std::string& steps, const std::string& etcd = "{}", const std::string& apps = kPrograms) {
  return "{\"cluster\": {\"nodes\": 3, \"etcd\": " + etcd + ", \"apps\": " + apps +
         "}, \"timeline\": [{\"wait_until\": {\"leader\": \"exists\"}, \"within\": \"10s\"}," + steps + "]}";
}

Scenario scenario(const std::string& steps, const std::string& etcd = "{}") {
  Problems problems;
  Scenario out = load_text(text(steps, etcd), "f.json", {}, problems);
  INFO(problems.text("f.json"));
  REQUIRE(problems.empty());
  return out;
}

std::string problems_of(const std::string& all) {
  Problems problems;
  load_text(all, "f.json", {}, problems);
  return problems.text("f.json");
}

RunResult run(world::Simulation& sim, const Scenario& s, std::uint64_t seed = 1) {
  RunResult result;
  RunOptions options;
  options.seed = seed;
  Runner(s).run(sim, options, result);
  return result;
}

std::vector<std::string> failures(const std::string& steps, const std::string& etcd = "{}") {
  world::Simulation sim;
  std::vector<std::string> out;
  for (const Failure& f : run(sim, scenario(steps, etcd)).failures) out.push_back(f.what);
  return out;
}

const std::string kSet = R"({"http": {"method": "PUT", "path": "/v2/keys/a", "form": {"value": 1}, "name": "put"},
  "expect": {"answer": {"status": 201, "action": "set", "key": "/a", "value": "1"}}})";

}  // namespace

TEST_CASE("an answer is looked at by its parts") {
  CHECK(failures(kSet).empty());
  CHECK(failures(kSet + R"(, {"expect": {"answer": {"of": "put", "status": 200}}})") ==
        std::vector<std::string>{"expected: the answer to put has status 200; but it says 201"});
  CHECK(failures(R"({"http": {"path": "/v2/keys/none"}, "expect": {"answer": {"error": 100, "contains": "not found"}}})")
            .empty());
  CHECK(failures(R"({"expect": {"answer": {"of": "nobody", "status": 200}}})").size() == 1);
}

TEST_CASE("what is committed and applied is looked up in the store, too") {
  CHECK(failures(kSet + R"(, {"write": {"key": "b/c", "value": 7}, "wait": true},
      {"after": "1s", "expect": {"committed": {"a": 1, "/b/c": 7}, "applied": {"a": 1}}})")
            .empty());
  const auto wrong = failures(kSet + R"(, {"after": "1s", "expect": {"committed": {"a": 2}}},
      {"expect": {"committed": {"none": 1}}}, {"write": {"key": "d/e", "value": 1}, "wait": true},
      {"after": "1s", "expect": {"applied": {"d": 1}}})");
  REQUIRE(wrong.size() == 3);
  CHECK(wrong[0].find("n1 has 1") != std::string::npos);
  CHECK(wrong[1].find("n1 has nothing") != std::string::npos);
  CHECK(wrong[2].find("n1 has nothing") != std::string::npos);  // a directory
}

TEST_CASE("a request that waits is answered by the change it waits for") {
  CHECK(failures(R"({"http": {"path": "/v2/keys/a?wait=true", "name": "wait", "within": "30s"}},
    {"after": "1s", "expect": {"answer": {"of": "wait", "pending": true}}},)" +
                 kSet + R"(, {"after": "1s", "expect": {"answer": {"of": "wait", "value": "1"}}})")
            .empty());
}

TEST_CASE("who holds, who follows, and what was said") {
  CHECK(failures(R"({"after": "4s", "expect": {"holds": "dbx", "holds_nothing": "dby", "follows": {"app": "dbx"}}},
    {"expect": {"said": {"dbx": "Ok!"}}}, {"after": "4s", "expect": {"said": {"dby": "No, DB X is."}}},
    {"crash": "dbx"},
    {"wait_until": {"holds": "dby"}, "within": "6s"}, {"wait_until": {"follows": {"app": "dby"}}, "within": "1s"})")
            .empty());
  const auto told = failures(R"({"after": "4s", "expect": {"holds": "dby"}}, {"expect": {"follows": {"app": "nobody"}}},
    {"expect": {"said": {"dbx": "Nope."}}})");
  CHECK(told == std::vector<std::string>{"expected: dby holds its key; but dby does not run",
                                         "expected: app goes to nobody; but app goes to dbx",
                                         "expected: \"Nope.\" was said by dbx or to it; but dbx has not said so, nor "
                                         "was it told"});
}

TEST_CASE("what a program said is forgotten when it starts again") {
  CHECK(failures(R"({"after": "3s", "expect": {"said": {"dbx": "Ok!"}}}, {"kill": "dbx"}, {"after": "8s", "restart": "dbx"},
    {"after": "2s", "expect": {"said": {"dbx": "Ok!"}}})")
            .size() == 1);
}

TEST_CASE("a follower of the old etcd sends the client to the leader, a newer one asks itself") {
  // A follower that knows of no leader yet would answer 500.
  const std::string put = R"({"after": "1s", "http": {"method": "PUT", "path": "/v2/keys/a", "form": {"value": 1}, "to": "@follower", "follow": FOLLOW},
    "expect": {"answer": {"status": STATUS}}})";
  const auto with = [&](const std::string& status, const char* follow = "false") {
    std::string out = put;
    out.replace(out.find("STATUS"), 6, status);
    return out.replace(out.find("FOLLOW"), 6, follow);
  };
  CHECK(failures(with("307"), R"({"redirect": "v0.4"})").empty());
  // As curl -L does.
  CHECK(failures(with("201", "true"), R"({"redirect": "v0.4"})").empty());
  CHECK(failures(with("307", "true"), R"({"redirect": "v0.4"})").size() == 1);
  CHECK(failures(with("201")).empty());
  CHECK(failures(with("307")).size() == 1);
}

TEST_CASE("bad input about etcd is told where it stands") {
  CHECK(problems_of(text(R"({"http": {"method": "GET"}})")).find("timeline[1].http: \"path\" is missing") != std::string::npos);
  CHECK(problems_of(text(R"({"http": {"path": "/a", "form": {}, "body": ""}})")).find("form") != std::string::npos);
  CHECK(problems_of(text(R"({"expect": {"said": {"nobody": "a"}}})")).find("nobody") != std::string::npos);
  CHECK(problems_of(text(kSet, "{\"rules_off\": \"sing\"}")).find("sing") != std::string::npos);
  CHECK(problems_of(text(kSet, "{}", R"([{"name": "n1", "runs": "lock"}])")).find("n1") != std::string::npos);
  CHECK(problems_of(text(kSet, "{}", R"([{"name": "x", "runs": "dance"}])")).find("dance") != std::string::npos);
  const auto without = [](const std::string& cluster) {
    return problems_of("{\"cluster\": {\"nodes\": 3, " + cluster + "}, \"timeline\": []}");
  };
  CHECK(without(R"("apps": [{"name": "x", "runs": "lock"}])").find("cluster.apps[0]: there is nothing for it to ask") != std::string::npos);
  CHECK(without(R"("etcd": {}, "apps": [{"name": "x", "runs": "gossip-lock"}])").find("needs \"serf\"") != std::string::npos);
  CHECK(without(R"("serf": {}, "apps": [{"name": "x", "runs": "gossip-lock"}])").empty());
}

TEST_CASE("a run with programs is the same again, in a used simulation, and differs by seed") {
  const Scenario s = scenario(kSet + R"(, {"after": "6s", "crash": "dbx"}, {"after": "2s", "pause": "dby"},
    {"after": "9s", "resume": "dby"}, {"crash": "@leader"}, {"after": "9s", "restart": "@crashed"}, {"after": "3s"})");
  world::Simulation sim;
  const std::uint64_t digest = run(sim, s, 3).digest;
  CHECK(run(sim, s, 4).digest != digest);
  CHECK(run(sim, s, 3).digest == digest);
  world::Simulation other;
  CHECK(run(other, s, 3).digest == digest);
}
