// Queries and key rotation in small clusters: acks, answers, filters, deadlines, relays (serf.md 3.4,
// 3.10).
#include <set>

#include "tests/unit/gossip/serf_story.h"

namespace quorumlab::gossip::test {
namespace {

TEST_CASE("a query is acked and answered, and ends after 3.2 seconds") {
  Cluster c = healthy(5);
  const Instant asked = c.now();
  Engine::QueryParams params;
  params.name = "load";
  params.payload = as_bytes("15m");
  params.want_ack = true;
  c.step(1, [&](Engine& e, const Turn& t) { e.query(t, 21, params); });
  c.run_for(seconds(1));
  for (std::uint32_t i = 1; i <= 5; ++i) {
    REQUIRE(told(c, i, EventKind::query, asked) == Texts{"load"});
    const TimedDelivery d = c.host(i).deliveries.back();
    CHECK(d.payload == "15m\n");
    CHECK(d.ltime == 1);
    c.step(i, [&](Engine& e, const Turn& t) {
      e.respond(t, d.query_id, as_bytes("0." + std::to_string(i)));
      e.respond(t, d.query_id, as_bytes("again"));
    });
  }
  c.run_for(seconds(5));
  std::set<std::uint32_t> acks;
  std::set<std::string> responses;
  Instant done;
  for (const TimedAnswer& a : c.host(1).answered) {
    if (a.answer.request != 21) continue;
    CHECK(done == Instant{});
    if (a.answer.kind == Ready::Answer::Kind::ack) acks.insert(a.answer.from.value);
    if (a.answer.kind == Ready::Answer::Kind::response) responses.insert(a.text);
    CHECK(a.answer.last == (a.answer.kind == Ready::Answer::Kind::done));
    if (a.answer.last) {
      done = a.at;
      CHECK(a.answer.count == 5);
    }
  }
  CHECK(acks == std::set<std::uint32_t>{1, 2, 3, 4, 5});
  CHECK(responses == std::set<std::string>{"0.1", "0.2", "0.3", "0.4", "0.5"});
  CHECK(done - asked == milliseconds(3200));
  CHECK(c[3].query_time() == 2);
}

TEST_CASE("ten nodes have twice as long to answer") {
  Cluster c = healthy(10);
  const Instant asked = c.now();
  Engine::QueryParams params;
  params.name = "load";
  c.step(1, [&](Engine& e, const Turn& t) { e.query(t, 21, params); });
  REQUIRE(c.run_while_not([&] { return c.find(1, Fact::query_ended) != nullptr; }, seconds(20)));
  CHECK(c.now() - asked == milliseconds(6400));
}

TEST_CASE("filters: names, and patterns that are not anchored, a missing tag being empty") {
  Cluster c = healthy(4, [](Config& config) {
    const std::uint32_t id = config.id.value;
    if (id != 4) config.tags = {{"role", id == 1 ? "web" : id == 2 ? "lb" : "web-lb"}};
  });
  const auto asked = [&](Engine::QueryParams params) {
    const Instant at = c.now();
    params.name = "q";
    c.step(4, [&](Engine& e, const Turn& t) { e.query(t, 1, params); });
    c.run_for(seconds(4));
    std::string who;
    for (std::uint32_t i = 1; i <= 4; ++i) {
      CHECK(c.count(i, Fact::query_received, at) == 1);  // everybody passes it on
      if (!told(c, i, EventKind::query, at).empty()) who += std::to_string(i);
    }
    return who;
  };
  const std::string names[] = {"node2", "node4", "node9"};
  const std::pair<std::string, std::string> lb[] = {{"role", "l."}};
  const std::pair<std::string, std::string> start[] = {{"role", "^w"}};
  const std::pair<std::string, std::string> empty[] = {{"role", "^$"}};
  const std::pair<std::string, std::string> wrong[] = {{"role", "("}};
  const std::pair<std::string, std::string> both[] = {{"role", "web"}, {"role", "lb"}};
  Engine::QueryParams params;
  params.nodes = names;
  CHECK(asked(params) == "24");
  params.tags = lb;
  CHECK(asked(params) == "2");
  params.nodes = {};
  CHECK(asked(params) == "23");
  params.tags = start;
  CHECK(asked(params) == "13");
  params.tags = empty;
  CHECK(asked(params) == "4");
  params.tags = wrong;
  CHECK(asked(params).empty());
  params.tags = both;
  CHECK(asked(params) == "3");
}

TEST_CASE("answers after the deadline do not count, neither where they come from nor where they go") {
  Cluster c = healthy(2);
  Engine::QueryParams params;
  params.name = "q";
  params.timeout = milliseconds(900);
  c.step(1, [&](Engine& e, const Turn& t) { e.query(t, 1, params); });
  c.run_for(seconds(1));
  const TimedDelivery d = c.host(2).deliveries.back();
  REQUIRE(d.kind == EventKind::query);
  c.run_for(seconds(1));
  c.step(2, [&](Engine& e, const Turn& t) { e.respond(t, d.query_id, as_bytes("late")); });
  c.run_for(seconds(1));
  REQUIRE(c.find(2, Fact::response_refused) != nullptr);
  CHECK(c.find(2, Fact::response_refused)->note.reason == Reason::past_deadline);
  CHECK(c.host(1).answered.back().answer.count == 0);
}

TEST_CASE("reserved names, too large queries and too large answers are refused") {
  Cluster c = healthy(2);
  Engine::QueryParams params;
  params.name = "_serf_list-keys";
  c.step(1, [&](Engine& e, const Turn& t) { e.query(t, 1, params); });
  CHECK(c.host(1).answer_text == "Queries cannot contain the '_serf_' prefix");
  params.name = "_serf_ping";
  params.want_ack = true;
  c.step(1, [&](Engine& e, const Turn& t) { e.query(t, 2, params); });
  c.run_for(seconds(4));
  CHECK(c.find(1, Fact::query_ended)->note.c == 2);
  CHECK(told(c, 2, EventKind::query).empty());
  params.name = "large";
  const std::string large(1000, 'x');
  params.payload = as_bytes(large);
  c.step(1, [&](Engine& e, const Turn& t) { e.query(t, 3, params); });
  CHECK(c.host(1).answer_text == "query exceeds limit of 1024 bytes");
  params.payload = {};
  c.step(1, [&](Engine& e, const Turn& t) { e.query(t, 4, params); });
  c.run_for(seconds(1));
  const TimedDelivery d = c.host(2).deliveries.back();
  c.step(2, [&](Engine& e, const Turn& t) { e.respond(t, d.query_id, as_bytes(large)); });
  REQUIRE(c.find(2, Fact::response_refused) != nullptr);
  CHECK(c.find(2, Fact::response_refused)->note.reason == Reason::response_too_large);
}

TEST_CASE("answers by way of others come through where the direct way is cut") {
  Cluster c = healthy(5);
  Engine::QueryParams params;
  params.name = "q";
  params.relay_factor = 3;
  c.step(1, [&](Engine& e, const Turn& t) { e.query(t, 1, params); });
  c.run_for(milliseconds(600));
  const TimedDelivery d = c.host(5).deliveries.back();
  REQUIRE(d.kind == EventKind::query);
  c.deliver = [](NodeId from, NodeId to, ByteView) {
    return !(from == NodeId{5} && to == NodeId{1});
  };
  c.step(5, [&](Engine& e, const Turn& t) { e.respond(t, d.query_id, as_bytes("hello")); });
  c.run_for(seconds(4));
  CHECK(c.find(1, Fact::query_ended)->note.b == 1);
  CHECK(c.count(5, Fact::response_relayed) == 3);
}

TEST_CASE("an answer goes by way of as many others as the query says, whomever was chosen before") {
  Cluster c = healthy(5);
  Engine::QueryParams params;
  params.name = "q";
  params.relay_factor = 1;
  c.step(1, [&](Engine& e, const Turn& t) { e.query(t, 1, params); });
  c.run_for(milliseconds(900));  // node 5 has passed the query on to three
  const TimedDelivery d = c.host(5).deliveries.back();
  REQUIRE(d.kind == EventKind::query);
  c.step(5, [&](Engine& e, const Turn& t) { e.respond(t, d.query_id, as_bytes("hello")); });
  CHECK(c.count(5, Fact::response_relayed) == 1);
}

TEST_CASE("keys are rotated while gossip goes on") {
  const Bytes first(32, 1), second(16, 2);
  Cluster c = healthy(4, [&](Config& config) { config.keys = {first}; });
  const auto key = [&](Engine::KeyOp op, ByteView bytes) {
    const std::size_t before = c.host(2).answered.size();
    c.step(2, [&](Engine& e, const Turn& t) { e.key(t, 1, op, bytes); });
    c.run_for(seconds(4));
    REQUIRE(c.host(2).answered.size() > before);
    REQUIRE(c.host(2).answered.back().answer.last);
    return c.host(2).answered.back();
  };
  CHECK(key(Engine::KeyOp::use, second).text == "4/4 nodes reported failure");
  CHECK(key(Engine::KeyOp::install, second).answer.count == 4);
  CHECK(key(Engine::KeyOp::remove, first).text == "4/4 nodes reported failure");
  CHECK(key(Engine::KeyOp::use, second).text.empty());
  CHECK(key(Engine::KeyOp::remove, first).text.empty());
  for (std::uint32_t i = 1; i <= 4; ++i) {
    REQUIRE(c[i].keys().keys().size() == 1);
    CHECK(c[i].keys().keys()[0] == second);
  }
  const TimedAnswer list = key(Engine::KeyOp::list, {});
  CHECK(list.answer.count == 4);
  const TimedAnswer& counted = c.host(2).answered[c.host(2).answered.size() - 2];
  CHECK(counted.text == "AgICAgICAgICAgICAgICAg==");
  CHECK(counted.answer.count == 4);
  CHECK(c.everybody_knows_everybody());
  CHECK(c.count(1, Fact::gossip_dropped) == 0);
  // A wrong size is refused by everybody, with the reason.
  CHECK(key(Engine::KeyOp::install, as_bytes("short")).answer.reason == Reason::nodes_failed);
  const TimedAnswer& why = c.host(2).answered[c.host(2).answered.size() - 2];
  CHECK(why.text == "key size must be 16, 24 or 32 bytes");
}

TEST_CASE("a keyring file outlives the process, and nothing else does") {
  const Bytes first(32, 1), second(16, 2);
  for (const bool with_file : {true, false}) {
    INFO("with a file: " << with_file);
    Cluster c = healthy(3, [&](Config& config) {
      config.keys = {first};
      config.keyring_file = with_file;
    });
    for (const auto& [op, bytes] : {std::pair{Engine::KeyOp::install, second}, {Engine::KeyOp::use, second},
                                    {Engine::KeyOp::remove, first}}) {
      c.step(2, [&, op = op, key = ByteView(bytes)](Engine& e, const Turn& t) { e.key(t, 1, op, key); });
      c.run_for(seconds(4));
      REQUIRE(c.host(2).answered.back().answer.reason == Reason::none);
    }
    CHECK(std::string(as_text(c.host(1).keyring)) ==
          (with_file ? "[\n  \"AgICAgICAgICAgICAgICAg==\"\n]" : ""));
    c.kill(3);
    c.start(3);
    CHECK(c[3].keys().keys()[0] == (with_file ? second : first));
  }
}

TEST_CASE("an agent whose keyring file makes no sense does not come up") {
  const Bytes first(32, 1);
  Cluster c(1, [&](Config& config) {
    config.keys = {first};
    config.keyring_file = true;
  });
  c.start(1);
  REQUIRE_FALSE(c.host(1).keyring.empty());
  c.kill(1);
  c.host(1).keyring[3] = '!';
  c.start(1);
  CHECK(c.count(1, Fact::refused_to_start) == 1);
  CHECK(c.host(1).stopped);
}

TEST_CASE("without encryption there is no key ring to change") {
  Cluster c = healthy(2);
  c.step(1, [](Engine& e, const Turn& t) {
    e.key(t, 1, Engine::KeyOp::install, as_bytes("0123456789abcdef"));
  });
  c.run_for(seconds(4));
  CHECK(c.host(1).answer_text == "2/2 nodes reported failure");
  CHECK(c.host(1).answered.front().text == "No keyring to modify (encryption not enabled)");
}

}  // namespace
}  // namespace quorumlab::gossip::test
