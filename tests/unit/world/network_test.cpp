// Each fault of the network does what its name says, and no more.
#include <algorithm>
#include <cmath>

#include "tests/catch.h"
#include "tests/unit/world/chatter.h"

using namespace quorumlab;
using namespace quorumlab::world;
using namespace quorumlab::world::test;
using trace::WorldFact;

namespace {

// n1 greets n2 every millisecond and nobody answers, so that a link can be watched alone.
struct Watched {
  ChatterPlan plan;
  ClusterConfig config;
  Watched() {
    plan.interval = milliseconds(1);
    plan.answers = false;
    plan.only = {1};
    plan.greets = {2};
    config = chatter_cluster(3, plan);
    config.link.latency = {Latency::Kind::constant, milliseconds(5), {}, 0};
  }
};

Action link_act(const LinkSettings& link, std::vector<std::vector<NodeId>> groups = {}) {
  Action action = act(Verb::link, {}, std::move(groups));
  action.link = link;
  return action;
}

// Latencies in the order of sending.
std::vector<double> latencies(const Latency& latency, std::size_t count,
                              std::vector<Duration> table = {}) {
  Network network;
  LinkSettings link;
  link.latency = latency;
  network.reset(2, link, {table}, 42);
  std::vector<double> result;
  for (std::size_t i = 1; i <= count; ++i) {
    result.push_back(static_cast<double>(network.plain_flight(1, 2, 1, i).ns));
  }
  return result;
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

}  // namespace

TEST_CASE("latencies follow their distributions") {
  const std::size_t n = 100'000;
  const Duration a = milliseconds(5), b = milliseconds(15);
  const auto ms = [](double v) { return v * 1e6; };

  SECTION("constant") {
    const auto v = latencies({Latency::Kind::constant, a, b, 0}, 100);
    CHECK(*std::min_element(v.begin(), v.end()) == ms(5));
    CHECK(*std::max_element(v.begin(), v.end()) == ms(5));
  }
  SECTION("uniform") {
    const auto v = latencies({Latency::Kind::uniform, a, b, 0}, n);
    CHECK(*std::min_element(v.begin(), v.end()) >= ms(5));
    CHECK(*std::max_element(v.begin(), v.end()) <= ms(15));
    for (const double q : {0.1, 0.25, 0.5, 0.75, 0.9}) {
      CHECK(quantile(v, q) == Approx(ms(5 + 10 * q)).margin(ms(0.1)));
    }
  }
  SECTION("exponential beyond a, with mean b") {
    const auto v = latencies({Latency::Kind::exponential, a, b, 0}, n);
    CHECK(*std::min_element(v.begin(), v.end()) >= ms(5));
    for (const double q : {0.1, 0.5, 0.9, 0.99}) {
      CHECK(quantile(v, q) == Approx(ms(5 - 15 * std::log(1 - q))).epsilon(0.03));
    }
  }
  SECTION("heavy tail: median b, tail index 1.5") {
    const auto v = latencies({Latency::Kind::heavy_tail, a, b, 0}, n);
    CHECK(*std::min_element(v.begin(), v.end()) >= ms(5));
    const double s = 10 / (std::pow(2.0, 2.0 / 3) - 1);
    for (const double q : {0.1, 0.5, 0.9, 0.99}) {
      CHECK(quantile(v, q) == Approx(ms(5 + s * (std::pow(1 - q, -2.0 / 3) - 1))).epsilon(0.05));
    }
  }
  SECTION("measured: linear between quantiles") {
    const auto v = latencies({Latency::Kind::measured, {}, {}, 0}, n,
                             {milliseconds(1), milliseconds(2), milliseconds(10)});
    CHECK(quantile(v, 0.25) == Approx(ms(1.5)).margin(ms(0.05)));
    CHECK(quantile(v, 0.5) == Approx(ms(2)).margin(ms(0.1)));
    CHECK(quantile(v, 0.75) == Approx(ms(6)).margin(ms(0.1)));
    CHECK(*std::max_element(v.begin(), v.end()) <= ms(10));
  }
}

TEST_CASE("loss takes its share of the packets") {
  Watched w;
  w.config.link.loss = Probability::of_million(300'000);
  Simulation s(w.config, 1);
  s.run_for(seconds(20));
  const double share =
      1 - static_cast<double>(chatter(s, 2).packets) / static_cast<double>(chatter(s, 1).sent);
  CHECK(share == Approx(0.3).margin(0.02));
  CHECK(s.count(WorldFact::packet_dropped) > 0);
}

TEST_CASE("duplicates arrive twice, corruption flips one bit") {
  Watched w;
  w.config.link.duplicate = Probability::of_million(100'000);
  w.config.link.corrupt = Probability::of_million(100'000);
  Simulation s(w.config, 1);
  s.run_for(seconds(10));
  s.inject(link_act({{Latency::Kind::constant, {}, {}, 0}, {}, {}, {}, {}, {}, 0}));
  s.run_for(milliseconds(10));
  const std::uint64_t doubled = s.count(WorldFact::packet_duplicated);
  CHECK(doubled > 850);
  CHECK(doubled < 1150);
  CHECK(chatter(s, 2).packets >= chatter(s, 1).sent + doubled - 1);
  const std::uint64_t corrupted = s.count(WorldFact::packet_corrupted);
  CHECK(corrupted > 850);
  CHECK(corrupted < 1150);
  // 12 of 20 bytes are filler, in which the chatterer sees the damage: one byte a packet.
  CHECK(static_cast<double>(chatter(s, 2).damaged) ==
        Approx(static_cast<double>(corrupted) * 0.6).margin(80));
}

TEST_CASE("reordering lets later packets overtake, and only then do they") {
  Watched w;
  Simulation ordered(w.config, 1);
  ordered.run_for(seconds(2));
  CHECK(std::is_sorted(chatter(ordered, 2).received.begin(), chatter(ordered, 2).received.end()));
  w.config.link.reorder = Probability::of_million(200'000);
  Simulation s(w.config, 1);
  s.run_for(seconds(2));
  CHECK_FALSE(std::is_sorted(chatter(s, 2).received.begin(), chatter(s, 2).received.end()));
  CHECK(chatter(s, 2).packets > 1'900);
}

TEST_CASE("a bandwidth makes packets queue") {
  Watched w;
  w.plan.greeting_bytes = 1'000;
  w.config.link.bandwidth = 100'000;  // 10 ms for each, ten times too slow
  Simulation s(w.config, 1);
  s.run_for(seconds(10));
  CHECK(chatter(s, 2).packets == 999);  // the first took 1 ms to be sent, 10 on the wire, 5 to fly
  CHECK(std::is_sorted(chatter(s, 2).received.begin(), chatter(s, 2).received.end()));
}

TEST_CASE("a clog holds packets and lets them out in order") {
  Watched w;
  w.config.link.latency = {Latency::Kind::uniform, milliseconds(1), milliseconds(9), 0};
  Simulation s(w.config, 1);
  s.run_for(milliseconds(500));
  s.inject(act(Verb::clog, {}, {{{1}}, {{2}}}));
  s.run_for(milliseconds(1));
  const std::uint64_t before = chatter(s, 2).packets;
  s.run_for(milliseconds(500));
  CHECK(chatter(s, 2).packets == before);
  const std::uint64_t held = s.count(WorldFact::packet_held);
  CHECK(held > 480);
  s.inject(act(Verb::unclog, {}, {{{1}}, {{2}}}));
  s.run_for(nanoseconds(2));
  CHECK(chatter(s, 2).packets == before + held);
  CHECK(s.count(WorldFact::packet_dropped) == 0);
}

TEST_CASE("cuts lose what is on its way and what is sent, in their direction only") {
  ChatterPlan plan;
  plan.interval = milliseconds(1);
  plan.answers = false;
  ClusterConfig config = chatter_cluster(3, plan);
  config.link.latency = {Latency::Kind::constant, milliseconds(5), {}, 0};
  Simulation s(config, 1);
  s.run_for(milliseconds(100));
  s.inject(act(Verb::cut, {}, {{{1}}, {{2}}}));
  s.run_for(nanoseconds(1));
  const std::uint64_t at_2 = chatter(s, 2).packets, at_1 = chatter(s, 1).packets;
  CHECK_FALSE(s.connected({1}, {2}));
  CHECK(s.connected({2}, {1}));
  s.run_for(milliseconds(100));
  CHECK(chatter(s, 2).packets == at_2 + 100);  // n3's alone
  CHECK(chatter(s, 1).packets == at_1 + 200);
  s.inject(act(Verb::heal));
  s.run_for(milliseconds(104));
  CHECK(chatter(s, 2).packets == at_2 + 100 + 104 + 99);
}

TEST_CASE("partitions of every shape") {
  ChatterPlan plan;
  plan.interval = {};
  Simulation s(chatter_cluster(5, plan), 1);
  const NodeId client{6};
  const auto both = [&](std::uint32_t a, std::uint32_t b) {
    REQUIRE(s.connected({a}, {b}) == s.connected({b}, {a}));
    return s.connected({a}, {b});
  };
  const auto give = [&](const Action& action) {
    s.inject(action);
    s.run_for(nanoseconds(1));
  };
  SECTION("two sides; hosts not named stay connected to all") {
    give(act(Verb::partition, {}, {{{1}, {2}}, {{3}, {4}}}));
    CHECK(both(1, 2));
    CHECK(both(3, 4));
    CHECK_FALSE(both(1, 3));
    CHECK_FALSE(both(2, 4));
    CHECK(both(5, 1));
    CHECK(both(5, 4));
    CHECK(s.connected(client, {1}));
    CHECK(s.connected(client, {3}));
  }
  SECTION("many sides") {
    give(act(Verb::partition, {}, {{{1}}, {{2}}, {{3}}, {{4}, {5}}}));
    for (std::uint32_t a = 1; a <= 5; ++a) {
      for (std::uint32_t b = a + 1; b <= 5; ++b) CHECK(both(a, b) == (a == 4 && b == 5));
    }
  }
  SECTION("a bridge stands in both groups") {
    give(act(Verb::partition, {}, {{{1}, {2}, {3}}, {{3}, {4}, {5}}}));
    CHECK(both(3, 1));
    CHECK(both(3, 5));
    CHECK_FALSE(both(1, 4));
    CHECK_FALSE(both(2, 5));
  }
  SECTION("a ring of majorities: each sees a majority, no two the same") {
    give(act(Verb::partition, {}, {{{1}, {2}}, {{2}, {3}}, {{3}, {4}}, {{4}, {5}}, {{5}, {1}}}));
    for (std::uint32_t a = 1; a <= 5; ++a) {
      int sees = 1;
      for (std::uint32_t b = 1; b <= 5; ++b) sees += a != b && both(a, b) ? 1 : 0;
      CHECK(sees == 3);
    }
  }
  SECTION("healing between named groups leaves other cuts") {
    give(act(Verb::partition, {}, {{{1}}, {{2}}, {{3}}}));
    give(act(Verb::heal, {}, {{{1}}, {{2}}}));
    CHECK(both(1, 2));
    CHECK_FALSE(both(1, 3));
    CHECK_FALSE(both(2, 3));
    give(act(Verb::heal));
    CHECK(both(1, 3));
  }
}

TEST_CASE("settings of one link are its own, and the default's can be set for all") {
  Watched w;
  w.plan.greets = {};
  Simulation s(w.config, 1);
  LinkSettings lossy = w.config.link;
  lossy.loss = Probability{std::uint64_t{1} << 32};
  s.inject(link_act(lossy, {{{1}}, {{2}}}));
  s.run_for(seconds(1));
  CHECK(chatter(s, 2).packets == 0);
  CHECK(chatter(s, 3).packets == 995);
  s.inject(link_act(lossy));
  s.run_for(seconds(1));
  CHECK(chatter(s, 3).packets <= 1'001);
  s.inject(link_act(w.config.link));
  s.run_for(seconds(1));
  CHECK(chatter(s, 2).packets >= 990);
}

TEST_CASE("a named packet is dropped, doubled or late; its neighbours are not") {
  Watched w;
  Simulation s(w.config, 1);
  Action drop = act(Verb::drop_message, {}, {{{1}}, {{2}}});
  drop.kind = Chatter::kGreeting;
  drop.ordinal = 3;
  Action twice = drop;
  twice.verb = Verb::duplicate_message;
  twice.ordinal = 5;
  Action late = drop;
  late.verb = Verb::delay_message;
  late.ordinal = 7;
  late.duration = microseconds(2'500);
  s.inject(drop);
  s.inject(twice);
  s.inject(late);
  s.run_for(milliseconds(20));
  const std::vector<std::uint64_t>& got = chatter(s, 2).received;
  REQUIRE(got.size() >= 12);
  const std::vector<std::uint64_t> first(got.begin(), got.begin() + 12);
  CHECK(first == std::vector<std::uint64_t>{1, 2, 4, 5, 5, 6, 8, 9, 7, 10, 11, 12});
}

TEST_CASE("more hosts than the dense table holds behave the same") {
  ChatterPlan plan;
  plan.only = {70};
  plan.greets = {71};
  plan.answers = false;
  Simulation s(chatter_cluster(80, plan), 1);
  s.run_for(seconds(10));
  CHECK(chatter(s, 71).packets >= 98);
}
