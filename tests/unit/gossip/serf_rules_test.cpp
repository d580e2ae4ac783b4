// Each rule of serf's half that the status table does not show: with it off, a small story ends
// differently. Also that a warm engine's events and queries allocate nothing.
#include "core/gossip/codec.h"
#include "tests/catch.h"
#include "tests/unit/gossip/allocations.h"
#include "tests/unit/gossip/harness.h"

namespace quorumlab::gossip::test {
namespace {

using Tweak = std::function<void(Config&)>;

template <class Story>
auto with_and_without(Rule rule, Story&& story) {
  const auto with = story([](Config&) {});
  const auto without = story([rule](Config& c) { c.rules.set(rule, false); });
  return std::pair(with, without);
}
template <class T>
std::pair<T, T> results(T with, T without) {
  return {with, without};
}
Cluster running(std::uint32_t n, const Tweak& tweak) {
  Cluster c(n, tweak);
  c.start_all();
  REQUIRE(c.run_while_not([&] { return c.everybody_knows_everybody(); }, seconds(90)));
  c.run_for(seconds(3));
  return c;
}
std::uint64_t ask(Cluster& c, Duration timeout = {}) {
  Engine::QueryParams params;
  params.name = "q";
  params.timeout = timeout;
  c.step(1, [&](Engine& e, const Turn& t) { e.query(t, 1, params); });
  c.run_for(milliseconds(600));
  const TimedDelivery& d = c.host(2).deliveries.back();
  REQUIRE(d.kind == EventKind::query);
  return d.query_id;
}
void respond(Cluster& c, std::uint64_t query) {
  c.step(2, [&](Engine& e, const Turn& t) { e.respond(t, query, as_bytes("yes")); });
}

TEST_CASE("answers") {
  CHECK(with_and_without(Rule::query_deadline, [](const Tweak& tweak) {
          Cluster c = running(2, tweak);
          const std::uint64_t query = ask(c, milliseconds(700));
          c.run_for(milliseconds(500));
          respond(c, query);
          c.run_for(seconds(5));
          return c.host(1).answered.back().answer.count;
        }) == results<std::uint64_t>(0, 1));
  CHECK(with_and_without(Rule::respond_once, [](const Tweak& tweak) {
          Cluster c = running(2, tweak);
          const std::uint64_t query = ask(c);
          for (int i = 0; i < 3; ++i) respond(c, query);
          return c.count(2, Fact::query_responded);
        }) == results<std::size_t>(1, 3));
  CHECK(with_and_without(Rule::count_answers_once, [](const Tweak& tweak) {
          Cluster c = running(2, [&](Config& config) {
            tweak(config);
            config.rules.set(Rule::respond_once, false);
          });
          const std::uint64_t query = ask(c);
          for (int i = 0; i < 3; ++i) respond(c, query);
          c.run_for(seconds(5));
          return c.host(1).answered.back().answer.count;
        }) == results<std::uint64_t>(1, 3));
}

TEST_CASE("forgetting and finding again") {
  const auto killed = [](const Tweak& tweak) {
    Cluster c = running(2, [&](Config& config) {
      tweak(config);
      config.reconnect_interval = seconds(3);
      config.reconnect_timeout = config.tombstone_timeout = seconds(10);
    });
    c.kill(2);
    c.run_for(seconds(60));
    return c;
  };
  CHECK(with_and_without(Rule::reap_failed, [&](const Tweak& tweak) {
          return killed(tweak)[1].failed_members();
        }) == results<std::size_t>(0, 1));
  CHECK(with_and_without(Rule::reconnect_failed, [&](const Tweak& tweak) {
          Cluster c = killed(tweak);
          return c.count(1, Fact::reconnect_attempted) > 0;
        }) == results(true, false));
  CHECK(with_and_without(Rule::reap_left, [&](const Tweak& tweak) {
          Cluster c = running(2, [&](Config& config) {
            tweak(config);
            config.tombstone_timeout = seconds(10);
          });
          c.step(2, [](Engine& e, const Turn& t) { e.leave(t, 1); });
          c.run_for(seconds(60));
          return c[1].left_members();
        }) == results<std::size_t>(0, 1));
}

TEST_CASE("who leaves without a word has failed") {
  CHECK(with_and_without(Rule::leave_says_so, [](const Tweak& tweak) {
          Cluster c = running(3, tweak);
          c.step(3, [](Engine& e, const Turn& t) { e.leave(t, 1); });
          c.run_for(seconds(10));
          return c.member(1, 3).status;
        }) == results(Status::left, Status::failed));
}

TEST_CASE("an impostor stays where no majority is asked for") {
  CHECK(with_and_without(Rule::conflict_needs_majority, [](const Tweak& tweak) {
          Cluster c(4, [&](Config& config) {
            tweak(config);
            if (config.id.value == 4) config.name = "node2";
          });
          for (std::uint32_t i = 1; i <= 4; ++i) {
            c.start(i);
            if (i > 1) c.join(i, 1);
            c.run_for(seconds(2));
          }
          c.run_for(seconds(6));
          return c.host(4).stopped;
        }) == results(true, false));
}

TEST_CASE("plain gossip is refused where a key is set") {
  CHECK(with_and_without(Rule::verify_gossip, [](const Tweak& tweak) {
          Cluster c(1, [&](Config& config) {
            tweak(config);
            config.keys = {Bytes(16, 5)};
          });
          c.start(1);
          Bytes bytes;
          begin_user_message(bytes);
          encode(JoinIntent{41, "stranger"}, bytes);
          c.packet(1, NodeId{2}, bytes);
          return c[1].member_time();
        }) == results<std::uint64_t>(1, 42));
}

TEST_CASE("a warm engine's events, queries and answers allocate nothing") {
  Cluster c = running(4, [](Config& config) { config.tags = {{"role", "web"}}; });
  const std::pair<std::string, std::string> tags[] = {{"role", "^w[a-z]+b$"}};
  const auto round = [&] {
    Engine::QueryParams params;
    params.name = "load";
    params.payload = as_bytes("15m");
    params.tags = tags;
    params.want_ack = true;
    c.step(2, [&](Engine& e, const Turn& t) {
      e.user_event(t, 1, "deploy", as_bytes("v1"), true);
      e.user_event(t, 2, "deploy", as_bytes("v2"), false);
      e.query(t, 3, params);
    });
    c.run_for(milliseconds(800));
    for (std::uint32_t i = 1; i <= 4; ++i) {
      const std::uint64_t id = c[i].query_time() - 1;
      c.step(i, [&](Engine& e, const Turn& t) { e.respond(t, id, as_bytes("0.42")); });
    }
    c.run_for(seconds(5));
  };
  for (int i = 0; i < 520; ++i) round();  // every slot of the rings has been used
  c.allocations = &allocations;
  const std::size_t before = c.count(1, Fact::query_responded);
  for (int i = 0; i < 5; ++i) round();
  CHECK(c.count(1, Fact::query_responded) == before + 5);
  CHECK(c.allocated == 0);
}

}  // namespace
}  // namespace quorumlab::gossip::test
