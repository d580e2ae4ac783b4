// Long histories are judged in little time, the good and the bad ones, and never left undecided.
#include <chrono>
#include <cstdio>

#include "tests/unit/linearizability/histories.h"
#include "tests/unit/linearizability/traffic.h"

namespace quorumlab::linearizability {
namespace {

Outcome timed(const char* what, const std::vector<Operation>& history) {
  const auto begin = std::chrono::steady_clock::now();
  const Outcome outcome = check(history);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("linearizability, %s: %zu operations, %llu nodes, %.3f s\n", what, history.size(),
              static_cast<unsigned long long>(outcome.nodes), took.count());
  // Generous: the machine may be busy, or the build be one with sanitizers.
  CHECK(took.count() < 20);
  return outcome;
}

TEST_CASE("a hundred thousand operations of ten clients on a hundred keys", "[linearizability]") {
  Traffic traffic;
  std::vector<Operation> history = make_traffic(traffic);
  Outcome outcome = timed("100 keys, 1 % unknown", history);
  CHECK(outcome.verdict == Verdict::linearizable);
  CHECK(outcome.operations == 100'000);
  CHECK(outcome.keys == 100);

  const std::size_t spoilt = spoil(history);
  REQUIRE(spoilt < history.size());
  outcome = timed("the same with one stale read", history);
  CHECK(outcome.verdict == Verdict::not_linearizable);
  CHECK(outcome.key == history[spoilt].key);
  CHECK(outcome.minimal.size() <= 6);
}

TEST_CASE("harder long histories are decided, too", "[linearizability]") {
  Traffic traffic;
  SECTION("one key in ten, every tenth outcome unknown") {
    traffic.operations = 30'000;
    traffic.keys = 10;
    traffic.unknown_per_mille = 100;
    CHECK(timed("10 keys, 10 % unknown", make_traffic(traffic)).verdict == Verdict::linearizable);
  }
  SECTION("one key for all") {
    traffic.operations = 20'000;
    traffic.keys = 1;
    CHECK(timed("1 key, 1 % unknown", make_traffic(traffic)).verdict == Verdict::linearizable);
  }
  SECTION("swaps and indexes") {
    traffic.swap_percent = 20;
    traffic.indexes = true;
    std::vector<Operation> history = make_traffic(traffic);
    CHECK(timed("swaps, with indexes", history).verdict == Verdict::linearizable);
    REQUIRE(spoil(history) < history.size());
    CHECK(timed("swaps, with indexes, spoilt", history).verdict == Verdict::not_linearizable);
  }
  SECTION("swaps, no indexes") {
    traffic.swap_percent = 20;
    CHECK(timed("swaps, values only", make_traffic(traffic)).verdict == Verdict::linearizable);
  }
  SECTION("hardly any reads") {
    traffic.write_percent = 85;
    CHECK(timed("85 % writes", make_traffic(traffic)).verdict == Verdict::linearizable);
  }
  SECTION("fifty clients, one stale read") {
    traffic.clients = 50;
    std::vector<Operation> history = make_traffic(traffic);
    CHECK(timed("50 clients", history).verdict == Verdict::linearizable);
    REQUIRE(spoil(history) < history.size());
    CHECK(timed("50 clients, spoilt", history).verdict == Verdict::not_linearizable);
  }
}

}  // namespace
}  // namespace quorumlab::linearizability
