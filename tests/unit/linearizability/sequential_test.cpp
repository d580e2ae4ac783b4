// Reads that may be old: of something that was, and never backwards on one server.
#include "sim/judge/linearizability/sequential.h"

#include "tests/unit/linearizability/histories.h"

namespace quorumlab::linearizability {
namespace {

using Fault = SequentialOutcome::Fault;

Operation stale(std::int64_t from, std::int64_t to, std::string value, std::uint64_t index = 0) {
  Operation op = get(9, from, to, std::move(value));
  op.index = index;
  op.stale = true;
  op.server = 1;
  return op;
}
Operation stale_nothing(std::int64_t from, std::int64_t to) {
  Operation op = get_nothing(9, from, to);
  op.stale = true;
  op.server = 1;
  return op;
}

TEST_CASE("a stale read may be old, and repeat itself", "[linearizability]") {
  const Operation old = set(1, 0, 1, "old"), now = set(1, 2, 3, "new");
  CHECK(check_sequential({}).holds());
  const std::vector<Operation> history{old, now, stale(4, 5, "old"), stale(6, 7, "old"),
                                       stale(8, 9, "new")};
  const SequentialOutcome outcome = check_sequential(history);
  CHECK(outcome.holds());
  CHECK(outcome.compared == 3);
  // The server knew nothing at first.
  CHECK(check_sequential(std::vector{old, stale_nothing(2, 3), stale(4, 5, "old")}).holds());
}

TEST_CASE("a stale read shows what somebody wrote", "[linearizability]") {
  const std::vector<Operation> history{set(1, 0, 1, "a"), stale(4, 5, "b")};
  const SequentialOutcome outcome = check_sequential(history);
  CHECK(outcome.fault == Fault::never_written);
  CHECK(outcome.read == 1);
  CHECK(check_sequential(std::vector{stale(4, 5, "b"), set(1, 6, 7, "b")}).fault ==
        Fault::never_written);
  CHECK(check_sequential(std::vector{stale(4, 5, "b"), lost_set(1, 5, "b")}).holds());
  // The value is right, but of another write than the index says.
  CHECK(check_sequential(std::vector{at_index(set(1, 0, 1, "a"), 3), stale(4, 5, "a", 4)}).fault ==
        Fault::never_written);
  CHECK(check_sequential(std::vector{of_key(set(1, 0, 1, "a"), "y"), stale(4, 5, "a")}).fault ==
        Fault::never_written);
}

TEST_CASE("a client never sees a key go backwards on one server", "[linearizability]") {
  std::vector<Operation> history{set(1, 0, 1, "old"), set(1, 2, 3, "new"), stale(4, 5, "new"),
                                 stale(6, 7, "old")};
  SECTION("it does") {
    const SequentialOutcome outcome = check_sequential(history);
    CHECK(outcome.fault == Fault::went_back);
    CHECK(outcome.read == 3);
    CHECK(outcome.earlier == 2);
  }
  SECTION("the two reads overlap: they have no order") {
    history[3].invoked = {5};
    CHECK(check_sequential(history).holds());
  }
  SECTION("another server may be behind") {
    history[3].server = 2;
    CHECK(check_sequential(history).holds());
  }
  SECTION("so may the same one after a restart") {
    history[3].life = 1;
    CHECK(check_sequential(history).holds());
  }
  SECTION("another client is nobody's witness") {
    history[3].client = 8;
    CHECK(check_sequential(history).holds());
  }
  SECTION("writes that overlap have no known order, unless indexes tell it") {
    history[1].invoked = {0};
    CHECK(check_sequential(history).holds());
    history[0].index = history[3].index = 4;
    history[1].index = history[2].index = 5;
    CHECK(check_sequential(history).fault == Fault::went_back);
  }
}

TEST_CASE("there, gone, and there again is a step back", "[linearizability]") {
  const Operation a = set(1, 0, 1, "a"), gone = operation(1, 2, 3, Kind::erase);
  CHECK(check_sequential(std::vector{a, gone, stale(4, 5, "a"), stale_nothing(6, 7)}).holds());
  const std::vector<Operation> history{a, gone, stale(4, 5, "a"), stale_nothing(6, 7),
                                       stale(8, 9, "a")};
  CHECK(check_sequential(history).fault == Fault::went_back);
  // Nobody ever deletes it: it cannot be gone.
  CHECK(check_sequential(std::vector{a, stale(4, 5, "a"), stale_nothing(6, 7)}).fault ==
        Fault::went_back);
  // Written twice, it may well be there again.
  CHECK(check_sequential(std::vector{a, gone, set(1, 4, 5, "a"), stale(6, 7, "a"),
                                     stale_nothing(8, 9), stale(10, 11, "a")})
            .holds());
}

}  // namespace
}  // namespace quorumlab::linearizability
