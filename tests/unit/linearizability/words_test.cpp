// Why there is no order, in sentences that somebody understands who sees them for the first time.
#include "sim/judge/linearizability/words.h"

#include "tests/unit/linearizability/histories.h"

namespace quorumlab::linearizability {
namespace {

const std::vector<std::string> kNames{"ann", "bob", "cid"};

std::string explained(const std::vector<Operation>& history) {
  return why(history, check(history), kNames);
}

TEST_CASE("the well-known faults are told as what they are", "[linearizability]") {
  CHECK(explained({set(1, 0, 1, "old"), set(1, 2, 3, "new"), get(2, 4, 5, "old")}) ==
        "bob's read shows \"old\", although ann's write of \"new\" was answered before that read "
        "began. No order of these 3 operations explains every answer.");
  CHECK(explained({set(1, 0, 1, "old"), get(2, 4, 5, "new")}) ==
        "bob's read shows \"new\", which nobody had written by then. This one answer is enough: "
        "nothing can explain it.");
  CHECK(explained({set(1, 0, 1, "old"), get_nothing(2, 4, 5)}) ==
        "bob's read shows no such key, although ann's write of \"old\" was answered before that "
        "read began. No order of these 2 operations explains every answer.");
  CHECK(explained({set(1, 0, 1, "old"), operation(2, 2, 3, Kind::erase), get(3, 4, 5, "old")}) ==
        "cid's read shows \"old\", although bob's deletion was answered before that read began. No "
        "order of these 3 operations explains every answer.");
  // The write never ended, but a read had shown what it wrote.
  CHECK(explained({set(1, 0, 1, "old"), set(1, 2, 20, "new"), get(2, 3, 5, "new"),
                   get(3, 6, 8, "old")}) ==
        "cid's read shows \"old\", although bob's read, answered before it began, had shown "
        "\"new\". No order of these 4 operations explains every answer.");
  CHECK(explained({set(1, 0, 1, "1"), swap(1, 2, 9, "1", "2"), swap(2, 2, 9, "1", "3")}) ==
        "No order of these 3 operations explains every answer.");
  CHECK(explained({set(1, 0, 1, "a")}) ==
        "There is an order of all operations that explains every answer.");
  Outcome undecided;
  undecided.verdict = Verdict::undecided;
  undecided.key = "x";
  CHECK(why({}, undecided, kNames).find("given up") != std::string::npos);
}

TEST_CASE("questions and answers in words", "[linearizability]") {
  CHECK(question(set(1, 0, 1, "a")) == "write x = \"a\"");
  CHECK(question(set(1, 0, 1, "a"), false) == "write = \"a\"");
  CHECK(question(set(1, 0, 1, std::string(40, 'z'))) ==
        "write x = \"" + std::string(24, 'z') + "...\"");
  CHECK(question(swap(1, 0, 1, "a", "b")) == "swap x from \"a\" to \"b\"");
  CHECK(question(swap_index(1, 0, 1, 7, "b")) == "swap x from version 7 to \"b\"");
  CHECK(answer(at_index(get(1, 0, 1, "a"), 4)) == "\"a\" (version 4)");
  CHECK(answer(get_nothing(1, 0, 1)) == "nothing there");
  CHECK(answer(lost_set(1, 0, "a")) == "no answer");
  CHECK(answer(create(1, 0, 1, "a", Result::exists)) == "it exists already");
}

TEST_CASE("stale reads that break their promise are told, too", "[linearizability]") {
  Operation now = get(2, 4, 5, "new"), then = get(2, 6, 7, "old");
  now.stale = then.stale = true;
  const std::vector<Operation> history{set(1, 0, 1, "old"), set(1, 2, 3, "new"), now, then};
  CHECK(why(history, check_sequential(history), kNames) ==
        "bob's stale read shows \"old\", older than what the same server had shown it before: "
        "\"new\".");
}

}  // namespace
}  // namespace quorumlab::linearizability
