// The search against all orders: thousands of small histories, of every kind of operation, with
// answers by chance, by a true register, and by a true register with one answer spoilt.
#include <algorithm>
#include <map>
#include <optional>

#include "core/base/random.h"
#include "sim/judge/linearizability/minimal.h"
#include "tests/unit/linearizability/histories.h"

namespace quorumlab::linearizability {
namespace {

// A key as etcd keeps it, written down once more in other words than the model's.
struct Register {
  std::optional<std::string> value;
  std::uint64_t index = 0;

  // Does what is asked, if the conditions are met, and answers.
  Result apply(const Operation& op, std::uint64_t new_index) {
    const auto matches = [&] {
      return (!op.compares_value || *value == op.expected_value) &&
             (op.expected_index == 0 || index == op.expected_index);
    };
    switch (op.kind) {
      case Kind::get:
        return value ? Result::ok : Result::not_found;
      case Kind::set:
        value = op.value;
        break;
      case Kind::erase:
        value.reset();
        break;
      case Kind::remove:
        if (!value) return Result::not_found;
        value.reset();
        break;
      case Kind::create:
        if (value) return Result::exists;
        value = op.value;
        break;
      case Kind::update:
        if (!value) return Result::not_found;
        value = op.value;
        break;
      case Kind::compare_and_swap:
        if (!value) return Result::not_found;
        if (!matches()) return Result::compare_failed;
        value = op.value;
        break;
      case Kind::compare_and_delete:
        if (!value) return Result::not_found;
        if (!matches()) return Result::compare_failed;
        value.reset();
        break;
    }
    index = new_index;
    return Result::ok;
  }
};

constexpr std::uint64_t kMostIndex = 12;

// Every order, with every index that a write which was not told its own may have got.
class BruteForce {
 public:
  explicit BruteForce(const std::vector<Operation>& history) : history_(history) {
    done_.assign(history.size(), false);
    for (const Operation& op : history) indexed_ = indexed_ || op.index || op.expected_index;
  }
  bool linearizable() { return from({}); }

 private:
  bool may_come(std::size_t i) const {
    if (done_[i]) return false;
    for (std::size_t j = 0; j < history_.size(); ++j) {
      if (!done_[j] && j != i && history_[j].result != Result::unknown &&
          history_[j].returned < history_[i].invoked) {
        return false;
      }
    }
    return true;
  }
  bool from(Register before) {
    bool all = true;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      all = all && (done_[i] || history_[i].result == Result::unknown);
    }
    if (all) return true;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (!may_come(i)) continue;
      const Operation& op = history_[i];
      done_[i] = true;
      const std::uint64_t first = indexed_ ? before.index + 1 : 1;
      const std::uint64_t last = indexed_ ? kMostIndex + 8 : 1;
      for (std::uint64_t index = first; index <= last; ++index) {
        Register after = before;
        const Result result = after.apply(op, index);
        const bool wrote = after.index != before.index || (!indexed_ && result == Result::ok);
        if (op.result != Result::unknown) {
          if (result != op.result) break;
          if (op.kind == Kind::get && result == Result::ok) {
            if (op.value != *after.value || (op.index != 0 && op.index != after.index)) break;
          } else if (op.index != 0 && wrote && result == Result::ok && op.index != index) {
            continue;
          }
        }
        if (from(after)) {
          done_[i] = false;
          return true;
        }
        if (!wrote) break;
      }
      done_[i] = false;
    }
    return false;
  }

  const std::vector<Operation>& history_;
  std::vector<bool> done_;
  bool indexed_ = false;
};

class Lots {
 public:
  explicit Lots(std::uint64_t seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t bound) {
    return quorumlab::below(random_.draw(1, ++drawn_), bound);
  }
  bool percent(std::uint64_t p) { return below(100) < p; }

 private:
  Random random_;
  std::uint64_t drawn_ = 0;
};

struct Mix {
  bool conditional = true;  // create, update, comparisons, remove
  bool indexes = true;
  std::uint64_t unknown = 25;  // per cent
  bool unique_values = false;
};

// Operations of a few clients on one key, with times but without answers.
std::vector<Operation> questions(Lots& lots, const Mix& mix, std::size_t count) {
  std::vector<Operation> history;
  const std::int64_t span = static_cast<std::int64_t>(4 + lots.below(14));
  for (std::size_t i = 0; i < count; ++i) {
    Operation op;
    op.id = i;
    op.client = static_cast<std::uint32_t>(i);
    op.key = "x";
    op.kind = static_cast<Kind>(mix.conditional ? lots.below(8) : lots.below(3));
    if (lots.percent(30)) op.kind = Kind::get;
    const auto text = [&] { return std::string(1, static_cast<char>('a' + lots.below(3))); };
    op.value = mix.unique_values ? "v" + std::to_string(i) : text();
    if (op.kind == Kind::compare_and_swap || op.kind == Kind::compare_and_delete) {
      op.compares_value = !mix.indexes || lots.percent(60);
      op.expected_value =
          mix.unique_values ? "v" + std::to_string(lots.below(count)) : text();
      if (!op.compares_value || (mix.indexes && lots.percent(30))) {
        op.expected_index = 1 + lots.below(kMostIndex);
      }
    }
    op.invoked = {static_cast<std::int64_t>(lots.below(static_cast<std::uint64_t>(span)))};
    op.returned = op.invoked + Duration{static_cast<std::int64_t>(lots.below(6))};
    history.push_back(op);
  }
  return history;
}

void forget_answer(Operation& op) {
  op.result = Result::unknown;
  op.returned = kNever;
  op.index = 0;
  if (op.kind == Kind::get) op.value.clear();
}

// Answers of a true register: each operation takes effect somewhere between question and answer.
void answer_truly(std::vector<Operation>& history, Lots& lots, const Mix& mix) {
  std::vector<std::pair<std::int64_t, std::size_t>> when;
  std::vector<bool> unheard(history.size());
  for (std::size_t i = 0; i < history.size(); ++i) {
    Operation& op = history[i];
    // Four moments to each unit of time.
    std::int64_t at = op.invoked.ns * 4;
    unheard[i] = lots.percent(mix.unknown);
    const auto length = static_cast<std::uint64_t>((op.returned - op.invoked).ns);
    at += static_cast<std::int64_t>(lots.below(unheard[i] ? 60 : length * 4 + 1));
    when.push_back({at, i});
  }
  std::sort(when.begin(), when.end());
  Register key;
  std::uint64_t index = 0;
  for (const auto& [at, i] : when) {
    Operation& op = history[i];
    if (unheard[i] && lots.percent(50)) {
      forget_answer(op);  // it never took effect
      continue;
    }
    if (mix.indexes && op.expected_index != 0 && lots.percent(50)) op.expected_index = key.index;
    if (op.expected_index == 0 && op.kind >= Kind::compare_and_swap) op.compares_value = true;
    const std::uint64_t next = index + 1 + (lots.percent(20) ? 1 : 0);
    op.result = key.apply(op, next);
    if (key.index == next) index = next;
    if (op.result == Result::ok) {
      if (op.kind == Kind::get) op.value = *key.value;
      op.index = mix.indexes && lots.percent(60) ? key.index : 0;
    }
    if (unheard[i]) forget_answer(op);
  }
}

void answer_by_chance(Operation& op, Lots& lots, const Mix& mix, std::size_t count) {
  op.result = static_cast<Result>(lots.below(5));
  op.index = 0;
  if (op.returned == kNever) {
    op.returned = op.invoked + Duration{static_cast<std::int64_t>(lots.below(6))};
  }
  if (op.result == Result::ok && mix.indexes && lots.percent(40)) {
    op.index = 1 + lots.below(kMostIndex);
  }
  if (op.kind == Kind::get) {
    op.value = mix.unique_values ? "v" + std::to_string(lots.below(count))
                                 : std::string(1, static_cast<char>('a' + lots.below(3)));
  }
  if (op.result == Result::unknown) forget_answer(op);
}

std::string text(const std::vector<Operation>& history) {
  static const char* kKinds[] = {"get", "set", "erase", "remove", "create", "update", "cas", "cad"};
  static const char* kResults[] = {"unknown", "ok", "not_found", "compare_failed", "exists"};
  std::string out;
  for (const Operation& op : history) {
    out += std::string(kKinds[static_cast<int>(op.kind)]) + " value=" + op.value + " index=" +
           std::to_string(op.index) + " expected=" + (op.compares_value ? op.expected_value : "-") +
           "/" + std::to_string(op.expected_index) + " -> " +
           kResults[static_cast<int>(op.result)] + " [" + std::to_string(op.invoked.ns) + ", " +
           (op.returned == kNever ? "never" : std::to_string(op.returned.ns)) + "]\n";
  }
  return out;
}

struct Tally {
  std::uint64_t good = 0, bad = 0;
};

void compare(const std::vector<Operation>& history, Tally& tally) {
  const bool expected = BruteForce(history).linearizable();
  const Outcome outcome = check(history);
  INFO(text(history));
  if ((outcome.verdict == Verdict::linearizable) != expected ||
      outcome.verdict == Verdict::undecided) {
    FAIL("all orders say " << (expected ? "good" : "bad"));
  }
  ++(expected ? tally.good : tally.bad);
  if (expected) return;
  // What is left of it is bad by itself, by all orders, too.
  std::vector<Operation> rest;
  for (const Culprit& c : outcome.minimal) {
    rest.push_back(history[c.place]);
    if (c.answer_needless) forget_answer(rest.back());
  }
  INFO("minimal:\n" << text(rest));
  if (rest.empty() || BruteForce(rest).linearizable()) FAIL("the minimal history has an order");
  // And nothing is left that could still be taken away.
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i].result == Result::unknown) continue;
    std::vector<Operation> less = rest;
    const bool reads = less[i].kind == Kind::get || less[i].result != Result::ok;
    if (reads) {
      less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      forget_answer(less[i]);
    }
    // Without indexes if it shows without them.
    if (!outcome.by_index) {
      for (Operation& op : less) op.index = 0;
    }
    if (!BruteForce(less).linearizable()) FAIL("operation " << i << " is not needed");
  }
  // What was known just before it showed has an order.
  std::vector<Operation> earlier;
  for (Operation op : history) {
    if (op.invoked >= outcome.shown) continue;
    if (op.returned >= outcome.shown) forget_answer(op);
    earlier.push_back(op);
  }
  if (!BruteForce(earlier).linearizable()) FAIL("it showed earlier");
}

void campaign(const Mix& mix, std::uint64_t first_seed, std::uint64_t histories,
              std::size_t most_operations) {
  Tally tally;
  for (std::uint64_t seed = first_seed; seed < first_seed + histories; ++seed) {
    Lots lots(seed);
    const std::size_t count = 2 + lots.below(most_operations - 1);
    std::vector<Operation> history = questions(lots, mix, count);
    const std::uint64_t how = lots.below(3);
    if (how == 0) {
      for (Operation& op : history) answer_by_chance(op, lots, mix, count);
    } else {
      answer_truly(history, lots, mix);
      if (how == 1) {
        INFO(text(history));
        if (!BruteForce(history).linearizable()) FAIL("a true register's answers are bad?");
      } else {
        answer_by_chance(history[lots.below(count)], lots, mix, count);
      }
    }
    // Not in the order of time.
    for (std::size_t i = history.size(); i > 1; --i) std::swap(history[i - 1], history[lots.below(i)]);
    INFO("seed " << seed);
    compare(history, tally);
  }
  // Neither verdict is rare, or the comparison proves little.
  CHECK(tally.good * 5 > histories);
  CHECK(tally.bad * 10 > histories);
}

TEST_CASE("the search agrees with all orders: sets, erasures and gets", "[linearizability]") {
  Mix mix;
  mix.conditional = mix.indexes = false;
  campaign(mix, 1, 20'000, 7);
  mix.unique_values = true;
  campaign(mix, 100'001, 10'000, 7);
}

TEST_CASE("the search agrees with all orders: conditions on values", "[linearizability]") {
  Mix mix;
  mix.indexes = false;
  campaign(mix, 200'001, 20'000, 7);
  mix.unknown = 60;
  campaign(mix, 300'001, 10'000, 7);
}

TEST_CASE("the search agrees with all orders: indexes told and compared", "[linearizability]") {
  Mix mix;
  campaign(mix, 400'001, 15'000, 5);
  mix.unknown = 60;
  campaign(mix, 500'001, 8000, 5);
  mix.conditional = false;
  mix.unknown = 30;
  campaign(mix, 600'001, 10'000, 5);
}

}  // namespace
}  // namespace quorumlab::linearizability
