// An engine is a value: a copy lives on as the original does; and the numbers that the directory
// gives to names are nobody's business.
#include "tests/catch.h"
#include "tests/unit/gossip/harness.h"

namespace quorumlab::gossip::test {
namespace {

static_assert(sizeof(Member) == 24, "ten thousand nodes hold ten thousand of them each");

std::string everything_noted(const Cluster& c) {
  std::string text;
  for (const Host& h : c.hosts) {
    for (const TimedNote& n : h.notes) {
      for (const std::uint64_t v :
           {static_cast<std::uint64_t>(n.at.ns), static_cast<std::uint64_t>(n.note.fact),
            static_cast<std::uint64_t>(n.note.reason), std::uint64_t{n.note.peer.value}, n.note.a,
            n.note.b, n.note.c}) {
        text += std::to_string(v) + ' ';
      }
    }
    text += std::to_string(h.packets_out) + ' ' + std::to_string(h.bytes_out) + '\n';
  }
  return text;
}

void live(Cluster& c) {
  c.run_for(seconds(20));
  c.kill(3);
  c.run_for(seconds(40));
  c.start(3);
  c.join(3, 2);
  c.run_for(seconds(60));
}

TEST_CASE("the same seed gives the same life, another seed another") {
  const auto life = [](std::uint64_t seed) {
    Cluster c(6, {}, seed);
    c.start_all();
    live(c);
    return everything_noted(c);
  };
  CHECK(life(5) == life(5));
  CHECK(life(5) != life(6));
}

TEST_CASE("a copy lives as the original does, whenever it is made") {
  for (const std::int64_t us : {0, 300, 700, 1'500'000, 4'000'000}) {
    Cluster c(6);
    c.start_all();
    c.kill(2);
    c.run_for(microseconds(us));
    c.start(2);
    c.join(2, 1);
    c.run_for(microseconds(500));  // the exchange of states is under way
    Cluster copy = c;
    live(c);
    live(copy);
    CHECK(everything_noted(c) == everything_noted(copy));
  }
}

TEST_CASE("the numbers of names change nothing") {
  const auto life = [](bool backwards) {
    Cluster c(6);
    if (backwards) {
      for (int i = 9; i > 0; --i) c.names.intern("node" + std::to_string(i));
    }
    c.start_all();
    live(c);
    return everything_noted(c);
  };
  CHECK(life(false) == life(true));
}

}  // namespace
}  // namespace quorumlab::gossip::test
