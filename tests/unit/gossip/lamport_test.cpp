// Lamport clocks: serf.md 2.3, and what poisons them (bug zoo 64).
#include "core/gossip/lamport.h"

#include "tests/catch.h"

namespace quorumlab::gossip {
namespace {

TEST_CASE("a clock moves past every time it hears of, and never back") {
  const Rules rules;
  LamportClock clock;
  CHECK(clock.time() == 0);
  CHECK(clock.increment(rules) == 1);
  CHECK(clock.witness(1, rules));
  CHECK(clock.time() == 2);
  CHECK(clock.witness(41, rules));
  CHECK(clock.time() == 42);
  CHECK_FALSE(clock.witness(41, rules));
  CHECK_FALSE(clock.witness(0, rules));
  CHECK(clock.time() == 42);
  CHECK(clock.increment(rules) == 43);
}

TEST_CASE("the last time there is does not make a clock begin anew") {
  Rules rules;
  LamportClock clock;
  CHECK(clock.witness(UINT64_MAX - 1, rules));
  CHECK(clock.time() == UINT64_MAX);
  CHECK_FALSE(clock.witness(UINT64_MAX, rules));
  CHECK(clock.increment(rules) == UINT64_MAX);
  rules.set(Rule::lamport_never_zero, false);
  CHECK(clock.witness(UINT64_MAX, rules));
  CHECK(clock.time() == 0);
}

TEST_CASE("a clock that does not listen stands") {
  Rules rules;
  rules.set(Rule::lamport_witness, false);
  LamportClock clock;
  CHECK_FALSE(clock.witness(7, rules));
  CHECK(clock.increment(rules) == 1);
}

}  // namespace
}  // namespace quorumlab::gossip
