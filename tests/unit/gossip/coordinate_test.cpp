// Network coordinates: the reference's arithmetic by hand, that they find distances, and that
// nothing which is no number gets in (bug zoo 67).
#include "core/gossip/coordinate.h"

#include <cmath>
#include <limits>

#include "tests/catch.h"

namespace quorumlab::gossip {
namespace {

constexpr PeerId n1{1};
const Rules rules;
const Random random{7};

TEST_CASE("a fresh coordinate is the one that serf sends") {
  CoordinateClient client;
  CHECK(client.own() == Coordinate{});
  CHECK(client.own().error == 1.5);
  CHECK(client.own().height == 1e-5);
}

TEST_CASE("one sample, by hand") {
  CoordinateClient client;
  Coordinate other;
  other.vec[0] = 0.1;
  REQUIRE(client.update(n1, other, milliseconds(50), random, rules) == CoordinateResult::updated);
  // dist = 0.1 + 2e-5, wrongness = (dist - 0.05) / 0.05, weight = 1/2; the error is at its cap.
  const double dist = 0.10002, force = 0.25 * 0.5 * (0.05 - dist);
  const double wrongness = (dist - 0.05) / 0.05;
  CHECK(client.own().error == Approx(0.25 * 0.5 * wrongness + 1.5 * (1 - 0.25 * 0.5)).epsilon(1e-9));
  // Away from the other means along -x; the force is negative, so it moves towards it.
  const double moved = -force;
  CHECK(client.own().vec[0] == Approx(moved).epsilon(1e-6));
  for (std::size_t i = 1; i < 8; ++i) CHECK(client.own().vec[i] == 0);
  CHECK(client.own().height == Approx(1e-5));
  CHECK(client.own().adjustment ==
        Approx((0.05 - (0.1 - moved + client.own().height + 1e-5)) / 40).epsilon(1e-4));
  REQUIRE(client.known(n1) != nullptr);
  CHECK(*client.known(n1) == other);
}

TEST_CASE("the median of three samples is what counts") {
  CoordinateClient steady, jumpy;
  Coordinate other;
  other.vec[3] = 0.02;
  for (int i = 0; i < 6; ++i) {
    static_cast<void>(steady.update(n1, other, milliseconds(20), random, rules));
    const Duration rtt = i == 4 ? seconds(9) : milliseconds(20);
    static_cast<void>(jumpy.update(n1, other, rtt, random, rules));
  }
  CHECK(steady.own() == jumpy.own());
}

TEST_CASE("hundreds of peers are kept apart, forgotten and met again, and copies are their own") {
  CoordinateClient client;
  const auto at = [](std::uint32_t peer) {
    Coordinate c;
    c.vec[0] = peer / 1e6;
    return c;
  };
  const auto meet = [&](CoordinateClient& who, std::uint32_t peer, std::uint32_t place) {
    REQUIRE(who.update(PeerId{peer}, at(place), milliseconds(1), random, rules) ==
            CoordinateResult::updated);
  };
  for (std::uint32_t peer = 0; peer < 300; ++peer) meet(client, peer * 7 % 300, peer * 7 % 300);
  for (std::uint32_t peer = 0; peer < 300; peer += 3) client.forget(PeerId{peer});
  for (std::uint32_t peer = 300; peer < 350; ++peer) meet(client, peer, peer);
  CoordinateClient copy = client;
  for (std::uint32_t peer = 350; peer < 500; ++peer) meet(copy, peer, peer);
  meet(copy, 1, 1000);
  for (std::uint32_t peer = 0; peer < 500; ++peer) {
    const bool forgotten = peer < 300 && peer % 3 == 0;
    for (const CoordinateClient* who : {&client, &copy}) {
      const Coordinate* known = who->known(PeerId{peer});
      REQUIRE((known != nullptr) == (!forgotten && (peer < 350 || who == &copy)));
      if (known == nullptr) continue;
      REQUIRE(*known == at(who == &copy && peer == 1 ? 1000 : peer));
    }
  }
  copy.reset();
  CHECK(copy.known(PeerId{1}) == nullptr);
  meet(copy, 2, 5);
  CHECK(*copy.known(PeerId{2}) == at(5));
  CHECK(*client.known(PeerId{2}) == at(2));
}

TEST_CASE("two nodes that measure each other agree on the distance") {
  CoordinateClient a, b;
  for (int i = 0; i < 300; ++i) {
    const Coordinate before = a.own();
    static_cast<void>(a.update(PeerId{2}, b.own(), milliseconds(37), Random{1}, rules));
    static_cast<void>(b.update(PeerId{1}, before, milliseconds(37), Random{2}, rules));
  }
  const double ms = static_cast<double>(estimated_rtt(a.own(), b.own()).ns) / 1e6;
  CHECK(ms == Approx(37).epsilon(0.02));
  CHECK(estimated_rtt(a.own(), b.own()) == estimated_rtt(b.own(), a.own()));
  CHECK(a.own().error < 0.5);
}

TEST_CASE("what is no number, or no round trip, changes nothing") {
  CoordinateClient client;
  Coordinate bad;
  for (const double x : {std::nan(""), std::numeric_limits<double>::infinity(),
                         -std::numeric_limits<double>::infinity()}) {
    bad = {};
    bad.vec[7] = x;
    CHECK(client.update(n1, bad, milliseconds(1), random, rules) == CoordinateResult::not_finite);
    bad = {};
    bad.height = x;
    CHECK(client.update(n1, bad, milliseconds(1), random, rules) == CoordinateResult::not_finite);
    bad = {};
    bad.error = x;
    CHECK(client.update(n1, bad, milliseconds(1), random, rules) == CoordinateResult::not_finite);
    bad = {};
    bad.adjustment = x;
    CHECK(client.update(n1, bad, milliseconds(1), random, rules) == CoordinateResult::not_finite);
  }
  bad = {};
  bad.dimensions = 9;
  CHECK(client.update(n1, bad, milliseconds(1), random, rules) ==
        CoordinateResult::wrong_dimensions);
  CHECK(client.update(n1, {}, milliseconds(10'001), random, rules) == CoordinateResult::wrong_rtt);
  CHECK(client.update(n1, {}, milliseconds(-1), random, rules) == CoordinateResult::wrong_rtt);
  CHECK(client.own() == Coordinate{});
  CHECK(client.known(n1) == nullptr);
}

TEST_CASE("huge numbers that are finite do not end in no number") {
  CoordinateClient client;
  Coordinate far;
  far.vec[0] = 1e308;
  far.vec[1] = -1e308;
  far.height = 1e308;
  for (int i = 0; i < 5; ++i) {
    static_cast<void>(client.update(n1, far, milliseconds(1), random, rules));
    CHECK(is_finite(client.own()));
  }
  CHECK(client.resets() > 0);
}

TEST_CASE("without the rule a poisoned coordinate stays poisoned") {
  Rules off;
  off.set(Rule::finite_coordinates, false);
  CoordinateClient client;
  Coordinate bad;
  bad.vec[0] = std::nan("");
  static_cast<void>(client.update(n1, bad, milliseconds(1), random, off));
  CHECK_FALSE(is_finite(client.own()));
}

TEST_CASE("who is forgotten is unknown, and the place is used again") {
  CoordinateClient client;
  Coordinate other;
  other.vec[0] = 0.5;
  static_cast<void>(client.update(PeerId{4}, other, milliseconds(1), random, rules));
  client.forget(PeerId{4});
  client.forget(PeerId{99});
  CHECK(client.known(PeerId{4}) == nullptr);
  static_cast<void>(client.update(PeerId{5}, {}, milliseconds(1), random, rules));
  REQUIRE(client.known(PeerId{5}) != nullptr);
  CHECK(*client.known(PeerId{5}) == Coordinate{});
}

}  // namespace
}  // namespace quorumlab::gossip
