// What clients ask of etcd's keys API becomes a history that can be judged: histories known to be good
// and bad by hand, what is left out by design, and the real store with a rule switched off.
#include <algorithm>

#include "core/kv/http.h"
#include "sim/world/client_history.h"
#include "sim/world/etcd_setup.h"
#include "sim/world/simulation.h"
#include "tests/catch.h"

namespace quorumlab::world {
namespace {

namespace lin = linearizability;
using Outcome = Operation::Outcome;

// Operations one after the other, a second each, unless `overlap` says otherwise.
struct Told {
  std::vector<Operation> operations;

  Operation& add(Verb verb) {
    Operation& op = operations.emplace_back();
    op.id = operations.size();
    op.verb = verb;
    op.client = {4};
    op.server = {1};
    op.life = 1;
    op.invoked = Instant{} + seconds(static_cast<std::int64_t>(op.id) * 2);
    op.completed = op.invoked + seconds(1);
    op.outcome = Outcome::accepted;
    return op;
  }
  // status 0: no answer.
  Told& http(const char* method, const char* target, const char* form, std::uint64_t status,
             const char* answer = "", const char* session = "") {
    Operation& op = add(Verb::http);
    kv::HttpRequest request;
    request.method = method;
    request.target = target;
    request.body = form;
    request.session = session;
    if (*form != '\0') request.content_type = "application/x-www-form-urlencoded";
    kv::encode(request, op.request);
    op.count = status;
    op.value = answer;
    op.outcome = status == 0     ? Outcome::timed_out
                 : status == 404 ? Outcome::not_found
                 : status >= 400 ? Outcome::refused
                                 : Outcome::accepted;
    return *this;
  }
  Told& put(const char* value, std::uint64_t index, const char* more = "") {
    const std::string form = "value=" + std::string(value) + more;
    return http("PUT", "/v2/keys/x", form.c_str(), 200, node(value, index).c_str());
  }
  Told& got(const char* value, std::uint64_t index) {
    return http("GET", "/v2/keys/x?quorum=true", "", 200, node(value, index).c_str());
  }
  Told& got_nothing() {
    return http("GET", "/v2/keys/x?quorum=true", "", 404, R"({"errorCode":100,"index":9})");
  }
  static std::string node(const char* value, std::uint64_t index) {
    return R"({"action":"set","node":{"key":"/x","value":")" + std::string(value) +
           R"(","modifiedIndex":)" + std::to_string(index) + "}}";
  }
  EtcdHistory history(std::span<const AppHost> apps = {}) const {
    return etcd_history(operations, apps);
  }
  bool good() const {
    const EtcdHistory told = history();
    CHECK_FALSE(told.operations.empty());
    return lin::check(told.operations).verdict == lin::Verdict::linearizable;
  }
};

TEST_CASE("each kind of request and answer has its place in the history", "[world]") {
  Told t;
  t.put("a", 4)
      .http("PUT", "/v2/keys/x?prevExist=false", "value=b", 412, R"({"errorCode":105})")
      .http("PUT", "/v2/keys/x?prevExist=true", "value=c", 0)
      .http("PUT", "/v2/keys/x?prevValue=a&prevIndex=4", "value=d", 412, R"({"errorCode":101})")
      .http("DELETE", "/v2/keys/x?prevIndex=5", "", 200, R"({"node":{"modifiedIndex":6}})")
      .http("DELETE", "/v2/keys/x", "", 404, R"({"errorCode":100})")
      .http("GET", "/v2/keys/x", "", 200, Told::node("c", 5).c_str())
      .http("PUT", "/v2/keys/x", "value=e", 500, R"({"errorCode":300})")
      .http("PUT", "/v2/keys/x", "value=f&ttl=two", 400, R"({"errorCode":202})")
      .http("GET", "/v2/keys/x?wait=true", "", 200, Told::node("c", 5).c_str())
      .http("GET", "/v2/keys/x?quorum=true", "", 0)
      .http("GET", "/version", "", 200, "{}")
      .http("PUT", "/v2/keys/x", "value=g", 307, "");
  const EtcdHistory told = t.history();
  CHECK(told.keys_left_out.empty());
  const auto& h = told.operations;
  REQUIRE(h.size() == 8);
  CHECK(h[0].kind == lin::Kind::set);
  CHECK(h[0].key == "/1/x");
  CHECK(h[0].value == "a");
  CHECK(h[0].index == 4);
  CHECK(h[0].returned == t.operations[0].completed);
  CHECK(h[1].kind == lin::Kind::create);
  CHECK(h[1].result == lin::Result::exists);
  CHECK(h[2].kind == lin::Kind::update);
  CHECK(h[2].result == lin::Result::unknown);
  CHECK(h[2].returned == kNever);
  CHECK(h[3].kind == lin::Kind::compare_and_swap);
  CHECK(h[3].result == lin::Result::compare_failed);
  CHECK(h[3].compares_value);
  CHECK(h[3].expected_value == "a");
  CHECK(h[3].expected_index == 4);
  CHECK(h[4].kind == lin::Kind::compare_and_delete);
  CHECK(h[4].index == 6);
  CHECK(h[5].kind == lin::Kind::remove);
  CHECK(h[5].result == lin::Result::not_found);
  CHECK(h[6].kind == lin::Kind::get);
  CHECK(h[6].stale);
  CHECK(h[6].server == 1);
  CHECK(h[6].life == 1);
  CHECK(h[7].kind == lin::Kind::set);
  CHECK(h[7].result == lin::Result::unknown);  // answered 500 it may be applied all the same
}

TEST_CASE("good histories are found good and bad ones bad", "[world]") {
  CHECK(Told{}.put("a", 4).got("a", 4).put("b", 5).got("b", 5).good());
  CHECK_FALSE(Told{}.put("a", 4).put("b", 5).got("a", 4).good());
  CHECK_FALSE(Told{}.put("a", 4).got_nothing().good());
  CHECK_FALSE(Told{}.put("a", 5).put("b", 4).good());  // indexes grow
  const auto swap = [](const char* answer, std::uint64_t status) {
    Told t;
    return t.put("a", 4)
        .http("PUT", "/v2/keys/x?prevValue=a", "value=b", 200, Told::node("b", 5).c_str())
        .http("PUT", "/v2/keys/x?prevValue=a", "value=c", status, answer);
  };
  CHECK(swap(R"({"errorCode":101})", 412).good());
  CHECK_FALSE(swap(Told::node("c", 6).c_str(), 200).good());  // who swapped "a" away already?
  CHECK(swap("", 0).good());
  // Refused with 101, applied all the same.
  CHECK_FALSE(swap(R"({"errorCode":101})", 412).got("c", 6).good());
  // Answered 500, applied later.
  CHECK(Told{}.http("PUT", "/v2/keys/x", "value=a", 500, "{}").got_nothing().got("a", 4).good());
  // Refused for good: never.
  CHECK_FALSE(Told{}.http("PUT", "/v2/keys/x", "value=a&ttl=no", 400, R"({"errorCode":202})")
                  .got_nothing()
                  .got("a", 4)
                  .good());
  CHECK(Told{}.put("a", 4).http("DELETE", "/v2/keys/x", "", 0).got_nothing().good());
  CHECK_FALSE(Told{}.put("a", 4)
                  .http("PUT", "/v2/keys/x?prevExist=false", "value=b", 201, Told::node("b", 5).c_str())
                  .good());
}

TEST_CASE("a key may expire once for each time to live, and not without", "[world]") {
  CHECK(Told{}.put("a", 4, "&ttl=5").got("a", 4).got_nothing().good());
  CHECK_FALSE(Told{}.put("a", 4).got("a", 4).got_nothing().good());
  CHECK_FALSE(Told{}.put("a", 4, "&ttl=5").got_nothing().put("b", 6).got_nothing().good());
}

TEST_CASE("requests of clients and one-shot requests speak of the same key", "[world]") {
  Told t;
  Operation& write = t.add(Verb::write);
  write.key = "x";
  write.value = "w";
  write.index = {7};
  CHECK(t.got("w", 7).good());
  CHECK_FALSE(t.put("v", 8).got("w", 7).good());
  Told erased;
  erased.put("a", 4);
  Operation& erase = erased.add(Verb::erase);
  erase.key = "/x";
  erase.outcome = Outcome::not_found;
  CHECK_FALSE(erased.good());  // it was there
}

TEST_CASE("what reaches beyond one key is left out, and said to be", "[world]") {
  const auto left_out = [](Told t, std::span<const AppHost> apps = {}) {
    const EtcdHistory told = t.put("a", 4).history(apps);
    return std::count(told.keys_left_out.begin(), told.keys_left_out.end(), "/1/x") == 1;
  };
  CHECK_FALSE(left_out({}));
  CHECK(left_out(Told{}.http("DELETE", "/v2/keys/x?recursive=true", "", 200, "{}")));
  CHECK(left_out(Told{}.http("PUT", "/v2/keys/x?dir=true", "", 0)));
  CHECK(left_out(Told{}.http("POST", "/v2/keys/x", "value=1", 0)));
  CHECK(left_out(Told{}.http("PUT", "/v2/keys/x/y", "value=1", 0)));
  CHECK(left_out(Told{}.http("DELETE", "/v2/keys/?recursive=true&dir=true", "", 0)));
  CHECK(left_out(Told{}.http("PUT", "/v2/keys/x?prevExist=true", "refresh=true&ttl=5", 0)));
  CHECK(left_out(Told{}.http("PUT", "/v2/keys/x", "value=1", 0, "", "9/1")));
  CHECK(left_out(Told{}.http("GET", "/v2/keys/x", "", 200, R"({"node":{"dir":true}})")));
  CHECK_FALSE(left_out(Told{}.http("PUT", "/v2/keys/xy", "value=1", 0)));
  CHECK_FALSE(left_out(Told{}.http("PUT", "/v2/keys/x.y/z", "value=1", 0)));
  std::vector<AppHost> apps(1);
  apps[0].app.key = "/x";
  CHECK(left_out({}, apps));
  // The rest is judged all the same.
  Told t;
  t.http("POST", "/v2/keys/queue", "value=1", 201, "{}").put("a", 4).put("b", 5);
  CHECK(t.good());
  CHECK_FALSE(t.got("a", 4).good());
}

// Three servers running the store.
ClusterConfig three() {
  ClusterConfig config;
  for (int i = 1; i <= 3; ++i) config.names.push_back("etcd" + std::to_string(i));
  config.node.raft.check_quorum = false;
  set_up_etcd(config);
  const std::uint32_t all = (1u << judge::kCheckerCount) - 1;
  config.ignored_checkers = all & ~(1u << static_cast<unsigned>(judge::Checker::linearizability));
  return config;
}

std::uint64_t request(Simulation& sim, const char* method, const char* target, const char* form,
                      NodeId to = kNobody) {
  Action action;
  action.verb = Verb::http;
  action.to = to;
  action.timeout = seconds(10);
  kv::HttpRequest http;
  http.method = method;
  http.target = target;
  http.body = form;
  if (*form != '\0') http.content_type = "application/x-www-form-urlencoded";
  kv::encode(http, action.request);
  const std::uint64_t id = sim.inject(action);
  sim.run_for(seconds(1));
  return sim.operation(id).count;
}

std::optional<judge::Violation> swap_twice(bool rule) {
  ClusterConfig config = three();
  config.node.kv.server.rules.set(kv::Rule::compare_before_swap, rule);
  Simulation sim(config, 1);
  sim.run_for(seconds(2));
  CHECK(request(sim, "PUT", "/v2/keys/x", "value=a") == 201);
  CHECK(request(sim, "PUT", "/v2/keys/x?prevValue=a", "value=b") == 200);
  CHECK(request(sim, "PUT", "/v2/keys/x?prevValue=a", "value=c") == (rule ? 412u : 200u));
  sim.judge_clients();
  CHECK(sim.checks(judge::Checker::linearizability) == 3);
  return sim.violation();
}

TEST_CASE("a swap that does not compare has no place in any order", "[world]") {
  CHECK_FALSE(swap_twice(true));
  const auto violation = swap_twice(false);
  REQUIRE(violation);
  CHECK(violation->checker == judge::Checker::linearizability);
}

// A quorum read of a server that is cut off from the majority, while that one writes.
std::optional<judge::Violation> read_cut_off(bool rule) {
  ClusterConfig config = three();
  config.node.kv.server.rules.set(kv::Rule::read_at_apply, rule);
  Simulation sim(config, 1);
  sim.run_for(seconds(2));
  CHECK(request(sim, "PUT", "/v2/keys/x", "value=old") == 201);
  Action cut;
  cut.verb = Verb::partition;
  cut.groups = {{{1}}, {{2}, {3}}};
  sim.inject(cut);
  sim.run_for(seconds(3));
  CHECK(request(sim, "PUT", "/v2/keys/x", "value=new", {2}) == 200);
  CHECK(request(sim, "GET", "/v2/keys/x", "", {1}) == 200);  // its own copy may be old
  const std::uint64_t read = request(sim, "GET", "/v2/keys/x?quorum=true", "", {1});
  CHECK(read == (rule ? 0u : 200u));
  sim.run_for(seconds(10));
  sim.judge_clients();
  return sim.violation();
}

TEST_CASE("a quorum read off the log is found out", "[world]") {
  CHECK_FALSE(read_cut_off(true));
  const auto violation = read_cut_off(false);
  REQUIRE(violation);
  CHECK(violation->checker == judge::Checker::linearizability);
}

}  // namespace
}  // namespace quorumlab::world
