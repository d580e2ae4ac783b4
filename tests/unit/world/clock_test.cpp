// Clocks are exact: they never go back, and a wake-up comes at the first nanosecond it may.
#include "sim/world/clock.h"

#include "core/base/random.h"
#include "tests/catch.h"
#include "tests/unit/world/chatter.h"

using namespace quorumlab;
using namespace quorumlab::world;
using namespace quorumlab::world::test;

TEST_CASE("the inverse is the first moment at which the reading is reached") {
  for (std::uint64_t i = 0; i < 3'000; ++i) {
    NodeClock clock;
    clock.reset({0}, {});
    std::int64_t truth = 0;
    // A few changes at random moments, then look.
    for (std::uint64_t change = 0; change < i % 4; ++change) {
      truth += static_cast<std::int64_t>(below(mix(i, change), 5'000'000'000));
      ClockSettings settings;
      settings.drift_ppb =
          static_cast<std::int64_t>(below(mix(i, change, 1), 4'000'000'000)) - 1'000'000'000;
      settings.frozen = mix(i, change, 2) % 8 == 0;
      const Instant before = clock.monotonic({truth});
      clock.change({truth}, settings);
      REQUIRE(clock.monotonic({truth}) == before);
    }
    const Instant reading =
        clock.monotonic({truth}) +
        Duration{static_cast<std::int64_t>(below(mix(i, 99), 1'000'000'000'000))};
    const Instant when = clock.when(reading);
    if (when == kNever) {
      REQUIRE(clock.monotonic({truth + 1'000'000'000'000'000}) < reading);
      continue;
    }
    REQUIRE(clock.monotonic(when) >= reading);
    if (when.ns > truth) REQUIRE(clock.monotonic({when.ns - 1}) < reading);
  }
}

TEST_CASE("drift acts on both clocks, offset and steps on the wall only") {
  const Instant epoch{1'000'000'000'000};
  NodeClock clock;
  ClockSettings settings;
  settings.wall_offset = seconds(3);
  clock.reset(epoch, settings);
  CHECK(clock.now({0}).monotonic.ns == 0);
  CHECK(clock.now({0}).wall == epoch + seconds(3));
  settings.drift_ppb = 500'000'000;  // half as fast again
  settings.wall_step = seconds(10);
  clock.change({seconds(2).ns}, settings);
  CHECK(clock.now({seconds(2).ns}).monotonic.ns == seconds(2).ns);
  CHECK(clock.now({seconds(2).ns}).wall == epoch + seconds(15));
  CHECK(clock.now({seconds(4).ns}).monotonic.ns == seconds(5).ns);
  CHECK(clock.now({seconds(4).ns}).wall == epoch + seconds(18));
  settings.frozen = true;
  settings.wall_step = {};
  clock.change({seconds(4).ns}, settings);
  CHECK(clock.now({seconds(9).ns}).monotonic.ns == seconds(5).ns);
  CHECK(clock.now({seconds(9).ns}).wall == epoch + seconds(18));
  CHECK(clock.when({seconds(5).ns + 1}) == kNever);
}

TEST_CASE("a node's deadlines follow its own clock, also when that changes under way") {
  ChatterPlan plan;  // greets every 100 ms of its own time
  Simulation s(chatter_cluster(2, plan), 1);
  s.run_for(seconds(10));
  const std::uint64_t normal = chatter(s, 1).sent;
  CHECK(normal == 100);
  Action faster = act(Verb::clock, {{1}});
  faster.clock.drift_ppb = 1'000'000'000;
  s.inject(faster);
  s.run_for(seconds(10));
  CHECK(chatter(s, 1).sent - normal >= 199);  // the act came a nanosecond late
  CHECK(chatter(s, 1).sent - normal <= 200);
  CHECK(chatter(s, 2).sent == 200);
  Action frozen = act(Verb::clock, {{1}});
  frozen.clock.frozen = true;
  s.inject(frozen);
  s.run_for(seconds(10));
  CHECK(chatter(s, 1).sent - normal <= 200);
  Action thawed = act(Verb::clock, {{1}});
  s.inject(thawed);
  s.run_for(seconds(10));
  CHECK(chatter(s, 1).sent - normal >= 299);
  CHECK(chatter(s, 1).sent - normal <= 301);
}
