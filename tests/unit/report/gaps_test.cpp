// How long a key was nobody's, told from records made by hand.
#include "sim/report/gaps.h"

#include "tests/catch.h"

using namespace quorumlab;
using trace::WorldFact;

namespace {

template <typename Kind>
trace::Record record(Kind kind, std::uint32_t node, std::int64_t time_ns, std::uint64_t key = 0) {
  trace::Record r{};
  r.kind = static_cast<std::uint16_t>(kind);
  r.node = node;
  r.time_ns = time_ns;
  r.b = key;
  return r;
}

}  // namespace

TEST_CASE("a gap begins with the end of the holder and ends with the next one") {
  report::Gaps gaps;
  CHECK(gaps.on(record(Fact::holds, 4, 100, 7)) == -1);
  CHECK(gaps.on(record(Fact::holds, 4, 200, 7)) == -1);  // refreshed
  CHECK(gaps.on(record(WorldFact::process_killed, 5, 250)) == -1);  // somebody else
  CHECK(gaps.on(record(WorldFact::process_killed, 4, 300)) == -1);
  CHECK(gaps.on(record(WorldFact::process_crashed, 4, 350)) == -1);  // dead already
  CHECK(gaps.on(record(Fact::holds, 5, 1'000, 7)) == 700);
  CHECK(gaps.on(record(Fact::lets_go, 5, 1'200, 7)) == -1);
  CHECK(gaps.on(record(Fact::holds, 4, 1'250, 7)) == 50);
}

TEST_CASE("keys have gaps of their own, and a late farewell ends nothing") {
  report::Gaps gaps;
  gaps.on(record(Fact::holds, 4, 100, 7));
  gaps.on(record(Fact::holds, 5, 100, 8));
  gaps.on(record(WorldFact::process_crashed, 4, 200));
  CHECK(gaps.on(record(Fact::holds, 6, 300, 8)) == -1);  // two believe so: no gap
  CHECK(gaps.on(record(Fact::lets_go, 5, 400, 8)) == -1);
  CHECK(gaps.on(record(Fact::holds, 6, 500, 8)) == -1);
  CHECK(gaps.on(record(Fact::holds, 6, 900, 7)) == 700);
}
