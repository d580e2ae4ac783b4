// What each kind of news about a member overrules: serf.md 2.1, exhaustively over small
// incarnations.
#include "core/gossip/codec.h"
#include "tests/catch.h"
#include "tests/unit/gossip/harness.h"

namespace quorumlab::gossip::test {
namespace {

template <class Message>
Bytes encoded(const Message& message) {
  Bytes bytes;
  encode(message, bytes);
  return bytes;
}

// One engine, "node1", that is told about "x" at host 7 by host 2; nobody else exists.
struct Observer {
  Cluster c;
  explicit Observer(const std::function<void(Config&)>& tweak = {}) : c(1, tweak) { c.start(1); }

  void alive(std::uint32_t incarnation, std::uint32_t host = 7, std::string_view name = "x",
             std::string_view meta = "m", Vsn vsn = {}) {
    Alive m;
    m.incarnation = incarnation;
    m.node = name;
    m.address = AddressPlan{}.address(NodeId{host});
    m.meta = as_bytes(meta);
    m.vsn = vsn;
    c.packet(1, NodeId{2}, encoded(m));
  }
  void suspect(std::uint32_t incarnation, std::string_view from, std::string_view name = "x") {
    c.packet(1, NodeId{2}, encoded(Suspect{incarnation, name, from}));
  }
  void dead(std::uint32_t incarnation, std::string_view from, std::string_view name = "x") {
    c.packet(1, NodeId{2}, encoded(Dead{incarnation, name, from}));
  }
  const Member& x(std::string_view name = "x") { return c[1].member(c.names.find(name)); }
  void bring(State state, std::uint32_t incarnation) {
    alive(incarnation);
    if (state == State::suspect) suspect(incarnation, "a");
    if (state == State::dead) dead(incarnation, "a");
    if (state == State::left) dead(incarnation, "x");
    REQUIRE(x().state == state);
    REQUIRE(x().incarnation == incarnation);
  }
  std::size_t events(Fact fact) { return c.count(1, fact); }
};

TEST_CASE("alive, suspect and dead messages against every state") {
  const State states[] = {State::alive, State::suspect, State::dead, State::left};
  for (const State state : states) {
    const bool gone = state == State::dead || state == State::left;
    for (std::uint32_t current = 1; current <= 3; ++current) {
      for (std::uint32_t told = 0; told <= 4; ++told) {
        INFO(state_name(state) << " at " << current << ", told " << told);
        {
          Observer o;
          o.bring(state, current);
          o.alive(told);
          CHECK(o.x().state == (told > current ? State::alive : state));
          CHECK(o.x().incarnation == std::max(told, current));
          // Itself and the first time aside.
          CHECK(o.events(Fact::member_alive) - 2 == (told > current && state != State::alive));
        }
        {
          Observer o;
          o.bring(state, current);
          o.suspect(told, "b");
          const bool believed = told >= current && !gone;
          CHECK(o.x().state == (believed ? State::suspect : state));
          // A confirmation does not touch the incarnation.
          const bool raised = believed && state == State::alive;
          CHECK(o.x().incarnation == (raised ? told : current));
        }
        for (const bool itself : {false, true}) {
          Observer o;
          o.bring(state, current);
          o.dead(told, itself ? "x" : "b");
          const bool believed = told >= current && !gone;
          CHECK(o.x().state == (!believed ? state : itself ? State::left : State::dead));
          CHECK(o.x().incarnation == (believed ? told : current));
        }
      }
    }
  }
}

TEST_CASE("strangers: an alive message makes them known, accusations do not") {
  Observer o;
  o.suspect(3, "a");
  o.dead(3, "a");
  CHECK(o.x().state == State::unknown);
  CHECK(o.c[1].members().size() == 1);
  o.alive(1);
  CHECK(o.x().state == State::alive);
  CHECK(o.c[1].members().size() == 2);
  // Incarnation 0 never happens; whoever says so is entered as dead, and dropped at the next round.
  Observer p;
  p.alive(0);
  CHECK(p.x().state == State::dead);
  CHECK(p.events(Fact::member_alive) == 1);  // of itself
}

TEST_CASE("the stale-alive hole: the incarnation of the dead is not raised") {
  // al8n/memberlist PR #197. As in memberlist, an alive message between two deaths resurrects.
  Observer o;
  o.bring(State::dead, 1);
  o.dead(5, "b");
  CHECK(o.x().incarnation == 1);
  o.alive(3);
  CHECK(o.x().state == State::alive);
}

TEST_CASE("accusations of oneself are refuted above them, and cost health") {
  for (const bool dead : {false, true}) {
    for (std::uint32_t told = 0; told <= 5; ++told) {
      Observer o;
      REQUIRE(o.c[1].incarnation() == 1);
      if (dead) {
        o.dead(told, "b", "node1");
      } else {
        o.suspect(told, "b", "node1");
      }
      const bool refuted = told >= 1;
      CHECK(o.events(Fact::refuted) == refuted);
      CHECK(o.c[1].incarnation() == (refuted ? told + 1 : 1));
      CHECK(o.c[1].awareness() == refuted);
      CHECK(o.x("node1").state == State::alive);
      CHECK(o.x("node1").incarnation == o.c[1].incarnation());
    }
  }
}

TEST_CASE("an alive message of oneself from an earlier life is refuted, unless it says the same") {
  const auto told = [](std::uint32_t incarnation, std::string_view meta) {
    Observer o([](Config& c) { c.tags = {}; });
    o.alive(incarnation, 1, "node1", meta);
    return o.c[1].incarnation();
  };
  const std::string_view own = "\xff\x80";
  CHECK(told(0, own) == 1);
  CHECK(told(1, own) == 1);  // a fast restart
  CHECK(told(1, "other") == 2);
  CHECK(told(2, own) == 3);
  CHECK(told(9, own) == 10);
}

TEST_CASE("an incarnation at its end is not refuted past zero") {
  Observer o;
  o.suspect(UINT32_MAX, "b", "node1");
  CHECK(o.c[1].incarnation() == UINT32_MAX);
  o.suspect(UINT32_MAX, "b", "node1");
  CHECK(o.c[1].incarnation() == UINT32_MAX);
  Observer wraps([](Config& c) { c.rules.set(Rule::incarnation_never_wraps, false); });
  wraps.suspect(UINT32_MAX, "b", "node1");
  CHECK(wraps.c[1].incarnation() == 0);
}

TEST_CASE("a name belongs to its address until its owner left, or was dead for long enough") {
  const auto claim = [](State state, Duration wait, Duration reclaim) {
    Observer o([&](Config& c) {
      c.dead_node_reclaim_time = reclaim;
      c.gossip_to_the_dead_time = seconds(3600);
    });
    o.bring(state, 5);
    o.c.run_for(wait);
    o.alive(1, 8);
    return std::pair(o.events(Fact::address_conflict), o.x().incarnation);
  };
  using Pair = std::pair<std::size_t, std::uint32_t>;
  CHECK(claim(State::alive, {}, {}) == Pair{1, 5});
  CHECK(claim(State::suspect, {}, {}) == Pair{1, 5});
  CHECK(claim(State::dead, {}, {}) == Pair{1, 5});
  CHECK(claim(State::left, {}, {}) == Pair{0, 1});
  CHECK(claim(State::dead, seconds(9), seconds(10)) == Pair{1, 5});
  CHECK(claim(State::dead, seconds(11), seconds(10)) == Pair{0, 1});
  CHECK(claim(State::alive, seconds(0), seconds(10)) == Pair{1, 5});
}

TEST_CASE("versions that cannot be are not taken in") {
  Observer o;
  Vsn vsn;
  vsn.bytes = {0, 5, 2, 2, 5, 5};
  o.alive(1, 7, "x", "m", vsn);
  vsn.bytes = {3, 2, 2, 2, 5, 5};
  o.alive(1, 7, "x", "m", vsn);
  CHECK(o.x().state == State::unknown);
  for (std::uint8_t size = 0; size <= 6; ++size) {
    Observer p;
    Vsn some;
    some.size = size;
    for (std::size_t i = size; i < 6; ++i) some.bytes[i] = 0;
    p.alive(1, 7, "x", "m", some);
    CHECK(p.x().state == State::alive);
  }
}

TEST_CASE("the dead are told for a while and then dropped; who left stays for ever") {
  for (const bool later : {false, true}) {
    Observer o([&](Config& c) { c.later_memberlist = later; });
    o.alive(1, 7, "x");
    o.dead(1, "b", "x");
    o.alive(1, 8, "y");
    o.dead(1, "y", "y");
    o.c.run_for(seconds(29));
    CHECK(o.c[1].members().size() == 3);
    o.c.run_for(seconds(10));
    CHECK(o.x("x").state == State::unknown);
    CHECK(o.x("y").state == (later ? State::unknown : State::left));
    CHECK(o.events(Fact::member_forgotten) == (later ? 2 : 1));
    // Once forgotten, the name is as good as new.
    o.alive(1, 9, "x");
    CHECK(o.x("x").state == State::alive);
  }
}

}  // namespace
}  // namespace quorumlab::gossip::test
