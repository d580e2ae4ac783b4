// The suspicion timeout against the formulas of serf.md 1.2, and health.
#include "core/gossip/suspicion.h"

#include <cmath>

#include "core/gossip/awareness.h"
#include "core/gossip/engine.h"
#include "tests/catch.h"

namespace quorumlab::gossip {
namespace {

TEST_CASE("the scale of the timeout is memberlist's, for every size up to a hundred thousand") {
  for (std::uint64_t n = 1; n <= 100'000; ++n) {
    const double scale = std::max(1.0, std::log10(static_cast<double>(n)));
    const auto expected = static_cast<std::uint64_t>(1000 * scale);
    if (node_scale_permille(n) != expected) {
      CAPTURE(n);
      CHECK(node_scale_permille(n) == expected);
    }
  }
  CHECK(node_scale_permille(0) == 1000);
}

TEST_CASE("minimum and maximum of known sizes") {
  const auto lan = [](std::uint64_t n) { return suspicion_minimum(4, n, seconds(1)); };
  CHECK(lan(1) == seconds(4));
  CHECK(lan(10) == seconds(4));
  CHECK(lan(32) == milliseconds(6020));
  CHECK(lan(100) == seconds(8));
  CHECK(lan(128) == milliseconds(8428));
  CHECK(lan(1000) == seconds(12));
  CHECK(lan(10000) == seconds(16));
  CHECK(suspicion_minimum(6, 5, seconds(5)) == seconds(30));  // WAN
  CHECK(suspicion_minimum(3, 5, seconds(1)) == seconds(3));   // local
}

TEST_CASE("five nodes, LAN: 24 s, 11.381 s, 4 s") {
  CHECK(suspicion_timeout(0, 2, seconds(4), seconds(24)) == seconds(24));
  CHECK(suspicion_timeout(1, 2, seconds(4), seconds(24)) == milliseconds(11381));
  CHECK(suspicion_timeout(2, 2, seconds(4), seconds(24)) == seconds(4));
  CHECK(suspicion_timeout(0, 0, seconds(4), seconds(24)) == seconds(4));
}

TEST_CASE("the timeout is the reference's down to the millisecond") {
  int off_by_one = 0, all = 0;
  for (std::uint32_t wanted = 1; wanted <= Suspicion::kMaxWanted; ++wanted) {
    for (std::uint32_t confirmed = 0; confirmed <= wanted; ++confirmed) {
      for (const std::int64_t minimum_ms : {3000, 4000, 6020, 8000, 10535, 30000}) {
        const double low = static_cast<double>(minimum_ms) / 1000, high = 6 * low;
        const double part = std::log(confirmed + 1.0) / std::log(wanted + 1.0);
        const auto raw = static_cast<std::int64_t>(std::floor(1000 * (high - part * (high - low))));
        const Duration expected = milliseconds(std::max(raw, minimum_ms));
        const Duration got = suspicion_timeout(confirmed, wanted, milliseconds(minimum_ms),
                                               milliseconds(6 * minimum_ms));
        ++all;
        if (got == expected) continue;
        // Where the exact value is a whole millisecond, floating point falls to either side.
        CHECK(std::abs((got - expected).ns) == 1'000'000);
        ++off_by_one;
      }
    }
  }
  CHECK(all > 700);
  CHECK(off_by_one <= all / 50);
}

TEST_CASE("each accuser counts once, the first one not at all, and enough is enough") {
  Suspicion s(PeerId{1}, Instant{0}, 2, seconds(4), seconds(24));
  CHECK(s.deadline() == Instant{} + seconds(24));
  CHECK_FALSE(s.confirm(PeerId{1}, true));
  CHECK(s.confirm(PeerId{2}, true));
  CHECK_FALSE(s.confirm(PeerId{2}, true));
  CHECK(s.deadline() == Instant{} + milliseconds(11381));
  CHECK(s.confirm(PeerId{3}, true));
  CHECK(s.deadline() == Instant{} + seconds(4));
  CHECK_FALSE(s.confirm(PeerId{4}, true));
  CHECK(s.confirmations() == 2);

  Suspicion gullible(PeerId{1}, Instant{0}, 2, seconds(4), seconds(24));
  CHECK(gullible.confirm(PeerId{1}, false));
  CHECK(gullible.confirm(PeerId{1}, false));
  CHECK_FALSE(gullible.confirm(PeerId{1}, false));

  Suspicion alone(PeerId{1}, Instant{5}, 0, seconds(4), seconds(24));
  CHECK(alone.deadline() == Instant{5} + seconds(4));
  CHECK_FALSE(alone.confirm(PeerId{2}, true));
}

TEST_CASE("health stays between perfect and the worst") {
  Awareness health;
  CHECK_FALSE(health.apply(-1));
  CHECK(health.apply(3));
  CHECK(health.scale(seconds(1)) == seconds(4));
  CHECK(health.apply(100));
  CHECK(health.score == 7);
  CHECK_FALSE(health.apply(1));
  CHECK(health.scale(seconds(1)) == seconds(8));
  CHECK(health.apply(-1));
  CHECK(health.score == 6);
}

TEST_CASE("exchanges of states become rarer in large clusters") {
  for (std::uint64_t n = 1; n <= 20'000; ++n) {
    const double scale =
        n <= 32 ? 1 : std::ceil(std::log2(static_cast<double>(n)) - std::log2(32.0)) + 1;
    if (push_pull_period(seconds(30), n) != seconds(30) * static_cast<std::int64_t>(scale)) {
      CAPTURE(n);
      CHECK(push_pull_period(seconds(30), n) == seconds(30) * static_cast<std::int64_t>(scale));
    }
  }
  CHECK(push_pull_period(seconds(30), 33) == seconds(60));
  CHECK(push_pull_period(seconds(30), 64) == seconds(60));
  CHECK(push_pull_period(seconds(30), 65) == seconds(90));
}

}  // namespace
}  // namespace quorumlab::gossip
