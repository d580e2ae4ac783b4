// Each rule switched off is a bug that a client, or who compares two nodes, can see. And what is
// warm asks for no memory.
#include "core/kv/rules.h"

#include <set>

#include "tests/catch.h"
#include "tests/unit/gossip/allocations.h"
#include "tests/unit/kv/harness.h"

using namespace quorumlab;
using namespace quorumlab::kv;
using namespace quorumlab::kv::test;

namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// What a small story looks like to its clients: all answers, and whether the nodes agree.
std::string story(Rules rules) {
  ServerConfig config;
  config.rules = rules;
  Cluster c(3, config);
  c.hosts[1].clock_offset = milliseconds(300);
  std::string seen;
  const auto tell = [&](const HttpResponse& r) {
    seen += std::to_string(r.status) + " " + r.body + "\n";
  };
  const auto send = [&](std::string_view method, std::string_view target,
                        std::string_view form = {}) { tell(c.send(method, target, form, 1)); };
  c.advance(seconds(6));
  send("PUT", "/v2/keys/a", "value=1");
  send("PUT", "/v2/keys/a?prevValue=9", "value=2");
  send("PUT", "/v2/keys/a?prevExist=false", "value=3");
  send("PUT", "/v2/keys/b?prevExist=true", "value=3");
  send("PUT", "/v2/keys/a?prevExist=true", "value=4");
  send("POST", "/v2/keys/q", "value=1");
  send("PUT", "/v2/keys/t", "value=1&ttl=60");
  send("PUT", "/v2/keys/t", "value=2");
  const auto child = c.watch("/v2/keys/d/x?wait=true");
  send("PUT", "/v2/keys/d/x", "value=1");
  const auto gone = c.watch("/v2/keys/d/x?wait=true");
  send("DELETE", "/v2/keys/d?recursive=true");
  const auto missed = c.watch("/v2/keys/a?wait=true&waitIndex=8", 1);
  const auto quiet = c.watch("/v2/keys/r?wait=true&waitIndex=100", 1);
  send("PUT", "/v2/keys/r", "value=1&ttl=60");
  const auto refreshed = c.watch("/v2/keys/r?wait=true");
  send("PUT", "/v2/keys/r", "refresh=true&ttl=90");
  send("DELETE", "/v2/keys/r");
  HttpRequest retried{"POST", "/v2/keys/q", "", "5/1", "", false};
  tell(c.responses[c.ask(retried, 1)]);
  tell(c.responses[c.ask(retried, 1)]);
  send("GET", "/v2/keys/q");
  c.hosts[2].up = false;
  send("PUT", "/v2/keys/a", "value=new");
  const auto stale = c.watch("/v2/keys/a?quorum=true", 2);
  c.hosts[2].up = true;
  c.settle();
  for (const auto watch : {child, gone, missed, quiet, refreshed, stale}) tell(c.responses[watch]);
  HttpRequest member{
      "POST", "/v2/members", "application/json", "", R"({"peerURLs":["http://x:1"]})", false};
  const auto added = c.responses[c.ask(member)];
  const std::string path = "/v2/members/" + added.body.substr(7, added.body.find('"', 7) - 7);
  tell(added);
  tell(c.send("DELETE", path));
  tell(c.send("DELETE", path));
  // Two keys end between the clocks of the nodes.
  send("PUT", "/v2/keys/e/1", "value=1&ttl=1");
  c.send("PUT", "/v2/keys/e/2", "value=1&ttl=1", 0);
  const std::size_t entries = c.log.size();
  for (int i = 0; i < 25; ++i) {
    c.advance(milliseconds(100));
    seen += c.hosts[0].server.same_state(c.hosts[1].server) ? "=" : "!";
  }
  seen += c.log.size() > entries ? " through the log\n" : "\n";
  // Two nodes ask under the same numbers.
  for (auto& host : c.hosts) host.up = false;
  std::vector<std::uint64_t> asked;
  for (int i = 0; i < 20; ++i) asked.push_back(c.watch("/v2/keys/a?quorum=true", 0));
  for (int i = 0; i < 20; ++i) {
    HttpRequest write{"PUT", "/v2/keys/z", "application/x-www-form-urlencoded",
                      "",    "value=1",    false};
    asked.push_back(c.ask(write, 1));
  }
  for (auto& host : c.hosts) host.up = true;
  c.settle();
  for (const auto request : asked) tell(c.responses[request]);
  return seen;
}

}  // namespace

TEST_CASE("every rule has a name, a source and a meaning") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kRuleCount; ++i) {
    const RuleInfo& info = kRules[i];
    CHECK(static_cast<std::size_t>(info.rule) == i);
    CHECK(find_rule(info.name) == info.rule);
    CHECK(rule_name(info.rule) == info.name);
    CHECK_FALSE(info.source.empty());
    CHECK_FALSE(info.meaning.empty());
    names.insert(info.name);
  }
  CHECK(names.size() == kRuleCount);
  CHECK_FALSE(find_rule("nothing"));
}

TEST_CASE("each rule that is off shows") {
  const std::string right = story({});
  CHECK(story({}) == right);
  CHECK(has(right, " through the log"));
  CHECK(has(right, std::string(25, '=')));  // the nodes always agree
  for (std::size_t i = 0; i < kRuleCount; ++i) {
    Rules rules;
    rules.set(static_cast<Rule>(i), false);
    INFO(rule_name(static_cast<Rule>(i)));
    CHECK(story(rules) != right);
  }
}

TEST_CASE("a warm server asks for no memory") {
  Cluster c(1);
  Server& server = c.hosts[0].server;
  Out out;
  std::uint64_t number = 1000;
  std::uint64_t index = c.log.size();
  const auto round = [&](std::string_view method, std::string_view target, std::string_view body) {
    HttpRequest request{method, target, body.empty() ? "" : "application/x-www-form-urlencoded",
                        "",     body,   false};
    out.clear();
    server.on_request(c.clock(0), ++number, request, c.view(0), out);
    if (out.proposals.empty()) return;
    static Bytes command;
    const ByteView bytes = out.view(out.proposals[0].bytes);
    command.assign(bytes.begin(), bytes.end());
    out.clear();
    server.apply(c.clock(0), LogIndex{++index}, c.term, command, c.view(0), out);
  };
  const auto turn = [&] {
    round("PUT", "/v2/keys/directory/key", "value=some+value+that+is+not+short+at+all&ttl=100");
    round("GET", "/v2/keys/directory?recursive=true&sorted=true", "");
    round("GET", "/v2/keys/directory/key?quorum=true", "");
    round("PUT", "/v2/keys/directory/key?prevExist=true", "value=another+value+that+is+not+short");
    round("GET", "/v2/keys/directory/key?wait=true", "");
    round("PUT", "/v2/keys/directory/key?prevValue=wrong", "value=x");
    round("DELETE", "/v2/keys/directory/key", "");
  };
  for (int i = 0; i < 2000; ++i) turn();
  const std::uint64_t before = allocations();
  for (int i = 0; i < 100; ++i) turn();
  CHECK(allocations() - before == 0);
}
