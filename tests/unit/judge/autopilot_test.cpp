// The judge of evictions: what the world says of a removal decides, and only once the leader could know.
#include "sim/judge/autopilot.h"

#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::judge;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

struct Bench {
  AutopilotJudge judge;
  Verdicts verdicts;
  Bench() {
    verdicts.reset();
    judge.reset(true);
  }
  bool blames(std::int64_t second, Eviction eviction) {
    verdicts.reset();
    eviction.leader = NodeId{1};
    eviction.target = NodeId{3};
    judge.evicts({second * kSecond, 1}, eviction, verdicts);
    CHECK(verdicts.checks()[static_cast<std::size_t>(Checker::autopilot_quorum)] == 2);
    return verdicts.violation(Checker::autopilot_quorum).has_value();
  }
};

constexpr Eviction kDead{.quorum_before = true, .quorum_after = true};
constexpr Eviction kAlive{.reached = true, .quorum_before = true, .quorum_after = true};

}  // namespace

TEST_CASE("who is down or cut off may go, a voter in reach may not") {
  Bench b;
  CHECK_FALSE(b.blames(100, kDead));
  CHECK(b.blames(100, kAlive));
}

TEST_CASE("the quorum may not be lost by a removal") {
  Bench b;
  CHECK(b.blames(100, {.reached = true, .quorum_before = true, .quorum_after = false}));
}

TEST_CASE("nobody is blamed for what could not be known yet") {
  Bench b;
  b.judge.changed(98 * kSecond, NodeId{3});  // it is back since two seconds
  CHECK_FALSE(b.blames(100, kAlive));
  CHECK(b.blames(104, kAlive));
  b.judge.changed(105 * kSecond, NodeId{2});  // another
  CHECK(b.blames(106, kAlive));
  b.judge.network_changed(106 * kSecond);
  CHECK_FALSE(b.blames(108, kAlive));
  CHECK(b.blames(112, kAlive));
  b.judge.links(112 * kSecond, false);  // packets may be lost from now on
  CHECK_FALSE(b.blames(130, kAlive));
}
