// Stale gets by client, server, life and key, in the order in which the client asked.
#include "sim/judge/linearizability/sequential.h"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace quorumlab::linearizability {
namespace {

bool writes_value(const Operation& op) {
  return (op.result == Result::ok || op.result == Result::unknown) &&
         (op.kind == Kind::set || op.kind == Kind::create || op.kind == Kind::update ||
          op.kind == Kind::compare_and_swap);
}

bool deletes(const Operation& op) {
  return (op.result == Result::ok || op.result == Result::unknown) &&
         (op.kind == Kind::erase || op.kind == Kind::remove || op.kind == Kind::compare_and_delete);
}

class Writers {
 public:
  explicit Writers(std::span<const Operation> history) : history_(history) {
    for (std::uint32_t i = 0; i < history.size(); ++i) {
      if (writes_value(history[i])) places_.push_back(i);
      if (deletes(history[i])) deleted_.push_back(history[i].key);
    }
    std::stable_sort(places_.begin(), places_.end(), [&](std::uint32_t a, std::uint32_t b) {
      return name(a) < name(b);
    });
    std::sort(deleted_.begin(), deleted_.end());
  }
  // Of the key and value that the operation speaks of.
  std::span<const std::uint32_t> of(std::uint32_t place) const {
    const auto range = std::equal_range(
        places_.begin(), places_.end(), place,
        [&](std::uint32_t a, std::uint32_t b) { return name(a) < name(b); });
    return {range.first, range.second};
  }
  bool ever_deleted(std::string_view key) const {
    return std::binary_search(deleted_.begin(), deleted_.end(), key);
  }

 private:
  std::pair<std::string_view, std::string_view> name(std::uint32_t place) const {
    return {history_[place].key, history_[place].value};
  }
  std::span<const Operation> history_;
  std::vector<std::uint32_t> places_;
  std::vector<std::string_view> deleted_;
};

// Whether what `a` saw is surely an older version than what `b` saw; both saw a value.
bool surely_older(std::span<const Operation> history, const Writers& writers, std::uint32_t a,
                  std::uint32_t b) {
  const Operation &x = history[a], &y = history[b];
  if (x.index != 0 && y.index != 0) return x.index < y.index;
  const auto from = writers.of(a), to = writers.of(b);
  if (from.size() != 1 || to.size() != 1 || from[0] == to[0]) return false;
  return history[from[0]].returned < history[to[0]].invoked;
}

bool same_version(const Writers& writers, std::span<const Operation> history, std::uint32_t a,
                  std::uint32_t b) {
  const Operation &x = history[a], &y = history[b];
  if (x.index != 0 && y.index != 0) return x.index == y.index;
  return x.value == y.value && writers.of(a).size() == 1;
}

}  // namespace

SequentialOutcome check_sequential(std::span<const Operation> history) {
  SequentialOutcome outcome;
  std::vector<std::uint32_t> reads;
  for (std::uint32_t i = 0; i < history.size(); ++i) {
    const Operation& op = history[i];
    if (op.stale && op.kind == Kind::get && op.returned != kNever &&
        (op.result == Result::ok || op.result == Result::not_found)) {
      reads.push_back(i);
    }
  }
  if (reads.empty()) return outcome;
  const Writers writers(history);
  const auto course = [&](std::uint32_t i) {
    const Operation& op = history[i];
    return std::tie(op.client, op.server, op.life, op.key);
  };
  std::sort(reads.begin(), reads.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::tuple_cat(course(a), std::tie(history[a].invoked, a)) <
           std::tuple_cat(course(b), std::tie(history[b].invoked, b));
  });

  // Of several faults, the one that is answered first.
  const auto report = [&](SequentialOutcome::Fault fault, std::uint32_t read,
                          std::uint32_t earlier) {
    if (!outcome.holds() && history[outcome.read].returned <= history[read].returned) return;
    outcome.fault = fault;
    outcome.read = read;
    outcome.earlier = earlier;
  };
  for (std::size_t at = 0; at < reads.size(); ++at) {
    const std::uint32_t read = reads[at];
    const Operation& op = history[read];
    ++outcome.compared;
    if (op.result == Result::ok) {
      const auto from = writers.of(read);
      const bool written = std::any_of(from.begin(), from.end(), [&](std::uint32_t w) {
        const Operation& writer = history[w];
        return writer.invoked <= op.returned &&
               (op.index == 0 || writer.index == 0 || writer.result != Result::ok ||
                writer.index == op.index);
      });
      if (!written) report(SequentialOutcome::Fault::never_written, read, read);
    }
    // Back along the client's own order. What overlaps has none.
    std::uint32_t absent = UINT32_MAX;
    int looked = 0;
    for (std::size_t back = at; back > 0; --back) {
      const std::uint32_t before = reads[back - 1];
      if (course(before) != course(read)) break;
      const Operation& other = history[before];
      if (other.returned >= op.invoked) continue;
      if (other.result == Result::not_found) {
        if (absent == UINT32_MAX) absent = before;
      } else if (op.result == Result::not_found) {
        if (!writers.ever_deleted(op.key)) {
          report(SequentialOutcome::Fault::went_back, read, before);
        }
      } else if (surely_older(history, writers, read, before)) {
        report(SequentialOutcome::Fault::went_back, read, before);
      } else if (absent != UINT32_MAX && other.returned < history[absent].invoked &&
                 same_version(writers, history, read, before)) {
        // There, gone, and there again: one of the two steps led back.
        report(SequentialOutcome::Fault::went_back, read, absent);
      }
      // A course that goes back shows it soon; long ones need not be compared each with each.
      if (++looked == 64) break;
    }
  }
  return outcome;
}

}  // namespace quorumlab::linearizability
