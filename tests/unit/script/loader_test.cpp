// Scenarios from text: what they mean, and every problem told with its place.
#include "sim/script/loader.h"

#include "sim/script/schema.h"
#include "sim/script/verbs.h"
#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::script;

namespace {

std::string problems_of(std::string_view text, const std::vector<Setting>& settings = {}) {
  Problems problems;
  (void)load_text(text, "f.json", settings, problems);
  return problems.text("f.json");
}

Scenario good(std::string_view text, const std::vector<Setting>& settings = {}) {
  Problems problems;
  Scenario out = load_text(text, "f.json", settings, problems);
  INFO(problems.text("f.json"));
  REQUIRE(problems.empty());
  return out;
}

std::string with_step(const std::string& step) {
  return "{\"cluster\": {\"nodes\": 5, \"spares\": 1}, \"timeline\": [" + step + "]}";
}

}  // namespace

TEST_CASE("the least scenario: a cluster and a timeline") {
  const Scenario s = good(R"({"cluster": {"nodes": 3}, "timeline": []})");
  CHECK(s.name == "f");
  CHECK(s.seed == 1);
  CHECK(s.cluster.names == std::vector<std::string>{"n1", "n2", "n3"});
  CHECK(s.watched == (1u << judge::kCheckerCount) - 1);
  CHECK(problems_of("{}") ==
        "f.json:1: \"cluster\" is missing: The nodes, and the world they live in.\n"
        "f.json:1: \"timeline\" is missing: What happens, step by step, read from top to bottom.\n");
}

TEST_CASE("a cluster's settings reach the world") {
  const Scenario s = good(R"({
    "seed": 18446744073709551615,
    "cluster": {
      "nodes": ["a", "b"], "spares": ["x"], "clients": 2,
      "raft": {"election_timeout": ["1s", "2s"], "heartbeat": "100ms", "pre_vote": false, "rules_off": "one_vote_per_term",
               "clock_drift": "2%"},
      "network": {"latency": "5ms", "loss": "5%"},
      "disk": {"latency": {"kind": "exponential", "least": "1ms", "mean": "4ms"}},
      "clocks": {"b": {"offset": "-3s", "drift": "100ppm"}},
      "client": {"timeout": "7s"}
    },
    "timeline": []})");
  CHECK(s.seed == UINT64_MAX);
  CHECK(s.cluster.host_names() == std::vector<std::string>{"a", "b", "x", "c1", "c2"});
  CHECK(s.cluster.spare_nodes == 1);
  CHECK(s.cluster.node.raft.timeouts.election_max == seconds(2));
  CHECK_FALSE(s.cluster.node.raft.pre_vote);
  CHECK_FALSE(s.cluster.node.raft.rules[raft::Rule::one_vote_per_term]);
  CHECK(s.cluster.node.raft.clock_drift_ppm == 20'000);
  CHECK(s.cluster.link.latency.kind == world::Latency::Kind::constant);
  CHECK(s.cluster.link.loss == Probability::of_million(50'000));
  CHECK(s.cluster.disk.latency.b == milliseconds(4));
  CHECK(s.cluster.clocks[1].wall_offset == seconds(-3));
  CHECK(s.cluster.clocks[1].drift_ppb == 100'000);
  CHECK(s.cluster.client_timeout == seconds(7));
}

TEST_CASE("a step has one trigger and one verb, and knows its line") {
  const Scenario s = good(with_step("\n{\"after\": [\"1s\", \"2s\"], \"crash\": [\"@follower\", \"n2\"], \"as\": \"gone\"},\n"
                                    "{\"restart\": \"@gone\", \"expect\": {\"leader\": {\"not\": \"@gone\"}}}"));
  REQUIRE(s.timeline.size() == 2);
  const Step& step = s.timeline[0];
  CHECK(step.line == 2);
  CHECK(step.trigger == Step::Trigger::after);
  CHECK(step.when == seconds(1));
  CHECK(step.when_most == seconds(2));
  REQUIRE(step.act);
  CHECK(step.act->verb == world::Verb::crash);
  CHECK(step.act->nodes[0].kind == Selector::Kind::follower);
  CHECK(step.act->nodes[1].node == NodeId{2});
  CHECK(s.timeline[1].act->nodes[0].kind == Selector::Kind::alias);
  CHECK(s.timeline[1].expect[0].kind == Condition::Kind::leader_not);
}

TEST_CASE("a setting changes the document before it is read") {
  const std::string text = with_step(R"({"after": "1s", "crash": "n1"})");
  CHECK(good(text, {{"cluster.nodes", "7"}}).cluster.names.size() == 8);
  CHECK(good(text, {{"timeline[0].after", "2s"}}).timeline[0].when == seconds(2));
  CHECK_FALSE(good(text, {{"cluster.raft.pre_vote", "false"}}).cluster.node.raft.pre_vote);
  CHECK(problems_of(text, {{"cluster.nods", "7"}}).find("did you mean \"nodes\"?") != std::string::npos);
  CHECK(problems_of(text, {{"timeline[3].after", "2s"}}).find("expected a place below 1") != std::string::npos);
  CHECK(problems_of(text, {{"cluster.nodes.x.y", "2s"}}).find("has no keys") != std::string::npos);
}

TEST_CASE("every problem is told, along the file") {
  const std::string text = with_step(R"({"at": 5, "crsh": "n1"}, {"wait_until": {"leader": "exsts"}}, {"crash": "n9"})");
  const std::string told = problems_of(text);
  CHECK(told.find("timeline[0].at: expected a duration like \"2s\", or a range") != std::string::npos);
  CHECK(told.find("timeline[0].crsh: unknown key \"crsh\"; did you mean \"crash\"?") != std::string::npos);
  CHECK(told.find("timeline[1]: \"wait_until\" needs \"within\" beside it") != std::string::npos);
  CHECK(told.find("did you mean \"exists\"?") != std::string::npos);
  CHECK(told.find("timeline[2].crash: there is no node \"n9\"") != std::string::npos);
}

TEST_CASE("contradictions are told") {
  CHECK(problems_of(with_step(R"({"at": "1s", "after": "1s"})")).find("exclude each other") != std::string::npos);
  CHECK(problems_of(with_step(R"({"crash": "n1", "kill": "n2"})")).find("exclude each other") != std::string::npos);
  CHECK(problems_of(with_step(R"({"at": "2s"}, {"at": "1s"})")).find("lies before an earlier step") != std::string::npos);
  CHECK(problems_of(with_step(R"({"partition": [["n1"], ["n1"]]})")).find("stands in two groups") != std::string::npos);
  CHECK(problems_of(with_step(R"({"crash": "@leder"})")).find("did you mean \"@leader\"?") != std::string::npos);
  CHECK(problems_of(with_step(R"({"crash": "@ghost"})")).find("earlier step") != std::string::npos);
  CHECK(problems_of(R"({"cluster": {"nodes": ["a", "a"]}, "timeline": []})").find("given twice") != std::string::npos);
  CHECK(problems_of(R"({"cluster": {"nodes": 3, "raft": {"election_timeout": ["2s", "1s"]}}, "timeline": []})")
            .find("is above the most") != std::string::npos);
  CHECK(problems_of(R"({"cluster": {"nodes": 3, "raft": {"heartbeat": "9s"}}, "timeline": []})").find("cluster.raft") !=
        std::string::npos);
  CHECK(problems_of(R"({"cluster": {"nodes": 3}, "timeline": [], "always": ["durability"], "expect_violation": "durability"})")
            .find("contradicts") != std::string::npos);
}

TEST_CASE("checkers may be named with dashes or underscores") {
  const Scenario s = good(R"({"cluster": {"nodes": 3}, "timeline": [], "always": ["election-safety", "log_matching"]})");
  CHECK(s.watched == (1u << static_cast<unsigned>(judge::Checker::election_safety) |
                      1u << static_cast<unsigned>(judge::Checker::log_matching)));
  const Scenario v = good(R"({"cluster": {"nodes": 3}, "timeline": [], "expect_violation": "read-freshness"})");
  CHECK(v.expect_violation == judge::Checker::read_freshness);
  CHECK(v.cluster.ignored_checkers == (~(1u << static_cast<unsigned>(judge::Checker::read_freshness)) &
                                       ((1u << judge::kCheckerCount) - 1)));
}

TEST_CASE("no part of a good file can be cut off or replaced unnoticed and crash the reader") {
  const std::string text = with_step(R"({"after": "1s", "partition": {"isolate": "@leader"}, "as": "x", "say": "s"},
    {"wait_until": {"leader": {"not": "@x"}, "term": {"at_least": 2}}, "within": "1s"},
    {"write": {"key": "k", "value": 1, "times": 3}, "expect": {"write": "accepted"}})");
  REQUIRE(problems_of(text).empty());
  for (std::size_t i = 0; i < text.size(); ++i) CHECK_FALSE(problems_of(text.substr(0, i)).empty());
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char c : {'[', '}', '"', '9', '@', '\0', '\xff'}) {
      std::string changed = text;
      changed[i] = c;
      (void)problems_of(changed);
    }
  }
}

TEST_CASE("every verb of the world has a place in the registry, and both documents name it") {
  const std::string schema = json_schema();
  const std::string page = markdown();
  // All but `agent`, whose eight commands have names of their own, and load.
  CHECK(registry().verbs.size() == world::kVerbCount - 1 + 8 + 1);
  for (const Field& verb : registry().verbs) {
    CAPTURE(verb.name);
    CHECK(registry().step->find(verb.name) != nullptr);
    CHECK(schema.find("\"" + verb.name + "\"") != std::string::npos);
    CHECK(page.find("| `" + verb.name + "`") != std::string::npos);
    CHECK_FALSE(verb.doc.empty());
  }
}

TEST_CASE("a protocol of one's own is run by who brings it, and by nobody else") {
  const std::string text = R"({"cluster": {"nodes": 3, "node": "lab:Mine"}, "timeline": [{"write": {"key": "a", "value": 1}}]})";
  CHECK(problems_of(text) ==
        "f.json:1: cluster.node: \"lab:Mine\" is written in Python: run it with quorumlab's Python package\n");
  Problems problems;
  const OwnNodes own;
  const Scenario s = load_text(text, "f.json", {}, problems, &own);
  CHECK(problems.empty());
  CHECK(s.cluster.foreign_name == "lab:Mine");
  CHECK_FALSE(s.cluster.node.run_raft);
  (void)load_text(R"({"cluster": {"nodes": 3, "node": "lab:Mine", "etcd": {}}, "timeline": []})", "f.json", {}, problems, &own);
  (void)load_text(R"({"cluster": {"nodes": 3, "node": "lab:Mine"}, "timeline": [
    {"transfer": "n2", "expect": {"term": 2}}, {"crash": "@leader", "expect": {"leader": "exists"}}]})",
                  "g.json", {}, problems, &own);
  CHECK(problems.text("g.json").find("[0].transfer: is for Raft") != std::string::npos);
  CHECK(problems.text("g.json").find("[0].expect.term: asks for what only Raft has") != std::string::npos);
  CHECK(problems.text("g.json").find("timeline[1]") == std::string::npos);
  CHECK(problems.text("f.json").find("cluster.etcd: contradicts \"node\"") != std::string::npos);
}
