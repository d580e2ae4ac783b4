// Where checkers put what they found: the first violation of each, and how often each compared.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/types.h"
#include "sim/trace/checkers.h"
#include "sim/trace/record.h"

namespace quorumlab::judge {

enum class Checker : std::uint8_t {
#define X(name, promise, source) name,
  QUORUMLAB_CHECKERS(X)
#undef X
};
inline constexpr std::size_t kCheckerCount = 0
#define X(name, promise, source) +1
    QUORUMLAB_CHECKERS(X)
#undef X
    ;

struct Violation {
  Checker checker = Checker::election_safety;
  std::int64_t time_ns = 0;
  trace::RecordId record = 0;  // the fact at which it showed
  NodeId node, other;
  std::uint64_t a = 0, b = 0;  // by checker: term, index, ...
};

// When and where something happened, as every checker is told.
struct Moment {
  std::int64_t time_ns = 0;
  trace::RecordId record = 0;
};

class Verdicts {
 public:
  void reset() {
    checks_.fill(0);
    if (order_ == 0) return;  // nothing was found
    first_.fill(std::nullopt);
    found_.fill(0);
    order_ = 0;
  }
  void set_enabled(Checker checker, bool on) { enabled_[at(checker)] = on; }
  bool enabled(Checker checker) const { return enabled_[at(checker)]; }

  // Counts a check, and keeps the violation if what should hold does not.
  bool check(Checker checker, bool holds, Moment moment, NodeId node, NodeId other, std::uint64_t a,
             std::uint64_t b) {
    ++checks_[at(checker)];
    if (!holds) [[unlikely]]
      found({checker, moment.time_ns, moment.record, node, other, a, b});
    return holds;
  }
  // The same for `count` checks at once.
  void check_many(const Violation& violation, bool holds, std::uint64_t count) {
    checks_[at(violation.checker)] += count;
    if (!holds) found(violation);
  }
  // Counts so many checks that would find what they found before.
  void again(Checker checker, std::uint64_t checks) { checks_[at(checker)] += checks; }
  // The first violation of this checker.
  const std::optional<Violation>& violation(Checker checker) const { return first_[at(checker)]; }
  // The first of all enabled checkers.
  std::optional<Violation> violation() const {
    std::optional<Violation> first;
    std::uint32_t order = UINT32_MAX;
    for (std::size_t i = 0; i < kCheckerCount; ++i) {
      if (first_[i] && enabled_[i] && found_[i] < order) {
        order = found_[i];
        first = first_[i];
      }
    }
    return first;
  }
  // Any at all, enabled or not: cheap enough to ask after every event.
  bool any() const { return order_ != 0; }
  const std::array<std::uint64_t, kCheckerCount>& checks() const { return checks_; }

 private:
  static std::size_t at(Checker checker) { return static_cast<std::size_t>(checker); }
  void found(const Violation& violation) {
    auto& place = first_[at(violation.checker)];
    if (place) return;
    place = violation;
    found_[at(violation.checker)] = ++order_;
  }
  static constexpr std::array<bool, kCheckerCount> all_enabled() {
    std::array<bool, kCheckerCount> all{};
    for (bool& one : all) one = true;
    return all;
  }
  std::array<bool, kCheckerCount> enabled_ = all_enabled();
  std::array<std::uint64_t, kCheckerCount> checks_{};
  std::array<std::optional<Violation>, kCheckerCount> first_;
  std::array<std::uint32_t, kCheckerCount> found_{};
  std::uint32_t order_ = 0;
};

}  // namespace quorumlab::judge
