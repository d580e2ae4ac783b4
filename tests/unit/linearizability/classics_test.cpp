// Histories of which everybody knows the verdict.
#include "tests/unit/linearizability/histories.h"

namespace quorumlab::linearizability {
namespace {

TEST_CASE("what happens one after the other shows what was written last", "[linearizability]") {
  CHECK(good({}));
  CHECK(good({set(1, 0, 1, "a"), get(2, 2, 3, "a")}));
  CHECK(good({get_nothing(1, 0, 1), set(1, 2, 3, "a"), get(2, 4, 5, "a")}));
  CHECK(bad({get(1, 0, 1, "a")}));
  CHECK(bad({get(1, 0, 1, "a"), set(1, 2, 3, "a")}));
  CHECK(bad({set(1, 0, 1, "a"), get_nothing(2, 2, 3)}));
}

TEST_CASE("a stale read after a write is bad, one that overlaps it is good", "[linearizability]") {
  CHECK(bad({set(1, 0, 1, "old"), set(1, 2, 3, "new"), get(2, 4, 5, "old")}));
  CHECK(good({set(1, 0, 1, "old"), set(1, 2, 5, "new"), get(2, 4, 6, "old")}));
  // Return and invocation in one instant: they overlap.
  CHECK(good({set(1, 0, 1, "old"), set(1, 2, 4, "new"), get(2, 4, 6, "old")}));
}

TEST_CASE("new-old inversion: a read may not go back behind another", "[linearizability]") {
  const std::vector<Operation> writes{set(1, 0, 1, "old"), set(1, 2, 20, "new")};
  auto inversion = writes;
  inversion.push_back(get(2, 3, 5, "new"));
  inversion.push_back(get(3, 6, 8, "old"));
  CHECK(bad(inversion));
  auto overlapping = writes;
  overlapping.push_back(get(2, 3, 7, "new"));
  overlapping.push_back(get(3, 6, 8, "old"));
  CHECK(good(overlapping));
}

TEST_CASE("two reads that overlap a write agree on an order", "[linearizability]") {
  const Operation a = set(1, 0, 10, "a"), b = set(2, 0, 10, "b");
  CHECK(good({a, b, get(3, 11, 12, "a"), get(4, 13, 14, "a")}));
  CHECK(good({a, b, get(3, 11, 12, "b"), get(4, 13, 14, "b")}));
  CHECK(bad({a, b, get(3, 11, 12, "a"), get(4, 13, 14, "b")}));
}

TEST_CASE("a lost update: both swaps from the same value cannot succeed", "[linearizability]") {
  const Operation first = set(1, 0, 1, "1");
  CHECK(bad({first, swap(1, 2, 9, "1", "2"), swap(2, 2, 9, "1", "3")}));
  CHECK(good({first, swap(1, 2, 9, "1", "2"), swap(2, 2, 9, "1", "3", Result::compare_failed)}));
  CHECK(good({first, swap(1, 2, 9, "1", "2"), swap(2, 2, 9, "2", "3"), get(3, 10, 11, "3")}));
  CHECK(bad({first, swap(1, 2, 9, "1", "2", Result::compare_failed)}));
  // A swap that failed although it applied (etcd #2843): an answer that is not so.
  CHECK(bad({first, swap(1, 2, 3, "1", "2", Result::compare_failed), get(2, 4, 5, "2")}));
  CHECK(good({first, swap(1, 2, 3, "1", "2", Result::unknown), get(2, 4, 5, "2")}));
}

TEST_CASE("swaps by index", "[linearizability]") {
  const Operation first = at_index(set(1, 0, 1, "1"), 7);
  CHECK(good({first, at_index(swap_index(2, 2, 3, 7, "2"), 9)}));
  CHECK(bad({first, at_index(swap_index(2, 2, 3, 8, "2"), 9)}));
  CHECK(bad({first, at_index(swap_index(2, 2, 3, 7, "2"), 6)}));
  CHECK(bad({first, swap_index(2, 2, 3, 7, "2", Result::compare_failed)}));
  CHECK(good({first, swap_index(2, 2, 3, 8, "2", Result::compare_failed)}));
  // The index of a write that nobody heard of is whatever somebody sees of it later.
  CHECK(good({first, lost_set(2, 2, "2"), swap_index(3, 4, 5, 9, "3")}));
  CHECK(bad({first, lost_set(2, 2, "2"), swap_index(3, 4, 5, 6, "3")}));
  CHECK(bad({first, lost_set(2, 2, "2"), at_index(get(3, 4, 5, "2"), 9),
             at_index(get(3, 6, 7, "2"), 10)}));
}

TEST_CASE("only one of many creates the key", "[linearizability]") {
  CHECK(bad({create(1, 0, 9, "a"), create(2, 0, 9, "b")}));
  CHECK(good({create(1, 0, 9, "a"), create(2, 0, 9, "b", Result::exists), get(3, 10, 11, "a")}));
  CHECK(bad({create(1, 0, 9, "a", Result::exists), create(2, 0, 9, "b", Result::exists)}));
  // A lock that nobody seems to hold: somebody's unheard-of create does.
  CHECK(good({create(3, 0, 0, "c", Result::unknown), create(1, 1, 9, "a", Result::exists)}));
  CHECK(bad({create(1, 1, 9, "a", Result::exists), create(3, 10, 0, "c", Result::unknown)}));
}

TEST_CASE("an unknown outcome may show late, but once", "[linearizability]") {
  const Operation lost = lost_set(1, 0, "lost");
  CHECK(good({lost, set(2, 1, 2, "a"), get(2, 3, 4, "a"), get(2, 5, 6, "lost")}));
  CHECK(good({lost, set(2, 1, 2, "a"), get(2, 3, 4, "a"), get(2, 5, 6, "a")}));
  CHECK(bad({set(2, 1, 2, "a"), get(2, 3, 4, "lost"), lost_set(1, 9, "lost")}));
  // Applied twice: over a, and again over b.
  CHECK(bad({lost, set(2, 1, 2, "a"), get(2, 3, 4, "lost"), set(2, 5, 6, "b"),
             get(2, 7, 8, "lost")}));
  CHECK(good({lost, lost_set(3, 0, "lost"), set(2, 1, 2, "a"), get(2, 3, 4, "lost"),
              set(2, 5, 6, "b"), get(2, 7, 8, "lost")}));
  // The later of two equals is asked only after the first one showed.
  CHECK(good({lost, lost_set(3, 5, "lost"), set(2, 1, 2, "a"), get(2, 3, 4, "lost"),
              set(2, 5, 6, "b"), get(2, 7, 8, "lost")}));
  CHECK(bad({lost, lost_set(3, 9, "lost"), set(2, 1, 2, "a"), get(2, 3, 4, "lost"),
             set(2, 5, 6, "b"), get(2, 7, 8, "lost")}));
}

TEST_CASE("pending comparisons may lead to one another", "[linearizability]") {
  const auto maybe = [](std::uint32_t client, const char* from, const char* to) {
    return swap(client, 2, 0, from, to, Result::unknown);
  };
  const Operation first = set(1, 0, 1, "1");
  CHECK(good({first, maybe(2, "3", "4"), maybe(3, "2", "3"), maybe(4, "1", "2"),
              get(5, 5, 6, "4")}));
  CHECK(bad({first, maybe(2, "3", "4"), maybe(3, "2", "3"), get(5, 5, 6, "4")}));
  CHECK(bad({first, maybe(2, "3", "4"), maybe(3, "2", "3"), maybe(4, "1", "2"),
             get(5, 5, 6, "4"), get(5, 7, 8, "2")}));
}

TEST_CASE("erased keys stay away until written again", "[linearizability]") {
  const Operation a = set(1, 0, 1, "a"), gone = operation(1, 2, 3, Kind::erase);
  CHECK(good({a, gone, get_nothing(2, 4, 5)}));
  CHECK(bad({a, gone, get(2, 4, 5, "a")}));
  CHECK(good({gone, get_nothing(2, 4, 5)}));  // there was nothing to erase
  CHECK(good({a, operation(1, 2, 3, Kind::remove), operation(2, 4, 5, Kind::remove,
                                                             Result::not_found)}));
  CHECK(bad({operation(1, 2, 3, Kind::remove)}));
  CHECK(good({a, operation(1, 2, 0, Kind::erase, Result::unknown), get(2, 3, 4, "a"),
              get_nothing(2, 5, 6)}));
}

TEST_CASE("keys are judged apart, and the fault that shows first is told", "[linearizability]") {
  const std::vector<Operation> history{
      set(1, 0, 1, "a"),
      of_key(set(1, 0, 1, "b"), "y"),
      of_key(get_nothing(2, 2, 3), "y"),
      get(2, 2, 9, "zzz"),
      of_key(get(2, 0, 1, "b"), "z"),
  };
  const Outcome outcome = check(history);
  CHECK(outcome.verdict == Verdict::not_linearizable);
  CHECK(outcome.key == "z");
  CHECK(outcome.shown == Instant{1});
  CHECK(outcome.shown_by == 4);
  CHECK(outcome.keys == 3);
  CHECK(outcome.operations == 5);
}

TEST_CASE("stale gets are no part of it", "[linearizability]") {
  Operation stale = get(2, 4, 5, "old");
  stale.stale = true;
  CHECK(good({set(1, 0, 1, "old"), set(1, 2, 3, "new"), stale}));
}

TEST_CASE("the budget's end is neither yes nor no", "[linearizability]") {
  std::vector<Operation> history;
  for (std::uint32_t i = 0; i < 12; ++i) history.push_back(set(i, 0, 100, std::to_string(i)));
  for (std::uint32_t i = 0; i < 3; ++i) history.push_back(get(20 + i, 101 + i, 101 + i, "5"));
  history.push_back(get(30, 110, 111, "6"));
  Options options;
  options.most_nodes = 100;
  const Outcome outcome = check(history, options);
  CHECK(outcome.verdict == Verdict::undecided);
  CHECK(outcome.undecided_keys == 1);
  CHECK(outcome.key == "x");
  CHECK(check(history).verdict == Verdict::not_linearizable);
}

std::vector<std::uint32_t> places(const Outcome& outcome) {
  std::vector<std::uint32_t> out;
  for (const Culprit& c : outcome.minimal) out.push_back(c.place);
  return out;
}

TEST_CASE("the minimal sub-history of a stale read is the two writes and the read",
          "[linearizability]") {
  std::vector<Operation> history;
  for (int i = 0; i < 50; ++i) {
    history.push_back(set(1, i * 10, i * 10 + 4, "v" + std::to_string(i)));
    history.push_back(get(2, i * 10 + 3, i * 10 + 8, "v" + std::to_string(i)));
    history.push_back(lost_set(3, i * 10 + 1, "lost" + std::to_string(i)));
  }
  const auto late = static_cast<std::uint32_t>(history.size());
  history.push_back(get(4, 305, 306, "v20"));
  history.push_back(get(4, 700, 701, "nonsense"));  // later, and not what shows first
  const Outcome outcome = check(history);
  REQUIRE(outcome.verdict == Verdict::not_linearizable);
  CHECK(outcome.shown == Instant{306});
  CHECK(outcome.shown_by == late);
  REQUIRE(outcome.minimal.size() == 3);
  CHECK(places(outcome) == std::vector<std::uint32_t>{60, 63, late});
  CHECK_FALSE(outcome.by_index);
  // Remove any one of them, and an order is there.
  for (std::size_t leave_out = 1; leave_out < 3; ++leave_out) {
    std::vector<Operation> rest;
    for (std::size_t i = 0; i < 3; ++i) {
      if (i != leave_out) rest.push_back(history[outcome.minimal[i].place]);
    }
    CHECK(good(rest));
  }
}

TEST_CASE("a write that a read needs is not taken away to make the read look wrong",
          "[linearizability]") {
  const std::vector<Operation> history{set(1, 0, 1, "a"), get(2, 2, 3, "a"), set(1, 4, 5, "b"),
                                       get(2, 6, 7, "a")};
  const Outcome outcome = check(history);
  REQUIRE(outcome.verdict == Verdict::not_linearizable);
  CHECK(places(outcome) == std::vector<std::uint32_t>{0, 2, 3});
}

TEST_CASE("a fault that only indexes show says so", "[linearizability]") {
  const std::vector<Operation> history{at_index(set(1, 0, 1, "a"), 5),
                                       at_index(set(1, 2, 3, "b"), 4)};
  const Outcome outcome = check(history);
  CHECK(outcome.verdict == Verdict::not_linearizable);
  CHECK(outcome.by_index);
  CHECK(outcome.minimal.size() == 2);
}

}  // namespace
}  // namespace quorumlab::linearizability
