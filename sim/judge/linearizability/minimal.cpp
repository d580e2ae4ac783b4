// The shortest part by time, then by bisection; then less and less of it, as long as no order appears.
#include "sim/judge/linearizability/minimal.h"

#include <algorithm>

namespace quorumlab::linearizability {
namespace {

// What was known at `until`: later answers are not there yet, later questions not asked.
Model known_at(const Model& whole, std::int64_t until) {
  Model model;
  model.values = whole.values;
  for (Step step : whole.steps) {
    if (step.invoked > until) continue;
    if (step.returned > until) {
      if (!step.writes) continue;
      step.pending = true;
      step.returned = kNever.ns;
      step.index = 0;
    }
    model.steps.push_back(step);
  }
  model.settle();
  return model;
}

// Without the answers of those marked.
Model without(const Model& whole, const std::vector<std::uint8_t>& needless) {
  Model model;
  model.values = whole.values;
  for (std::size_t i = 0; i < whole.steps.size(); ++i) {
    Step step = whole.steps[i];
    if (needless[i] != 0) {
      if (!step.writes) continue;
      step.pending = true;
      step.returned = kNever.ns;
      step.index = 0;
    }
    model.steps.push_back(step);
  }
  model.settle();
  return model;
}

}  // namespace

Shown first_shown(std::span<const Operation> history, std::span<const std::uint32_t> places,
                  Search& search, std::uint64_t most_nodes) {
  const Model whole = make_model(history, places, true);
  std::vector<std::pair<std::int64_t, std::uint32_t>> returns;
  for (const Step& step : whole.steps) {
    if (!step.pending) returns.push_back({step.returned, step.place});
  }
  std::sort(returns.begin(), returns.end());
  // Once there is no order, what comes later does not bring one back.
  std::size_t low = 0, high = returns.size() - 1;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (search.run(known_at(whole, returns[middle].first), most_nodes) ==
        Verdict::not_linearizable) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return {{returns[low].first}, returns[low].second};
}

std::vector<Culprit> minimise(std::span<const Operation> history,
                              std::span<const std::uint32_t> places, const Shown& shown,
                              Search& search, std::uint64_t most_nodes, bool& by_index) {
  // Values are easier to follow than indexes.
  Model start = known_at(make_model(history, places, false), shown.at.ns);
  by_index = search.run(start, most_nodes) != Verdict::not_linearizable;
  if (by_index) start = known_at(make_model(history, places, true), shown.at.ns);

  std::vector<std::uint8_t> needless(start.steps.size(), 0);
  for (std::size_t i = 0; i < needless.size(); ++i) needless[i] = start.steps[i].pending;
  const auto still_bad = [&] {
    return search.run(without(start, needless), most_nodes) == Verdict::not_linearizable;
  };
  // Halves, quarters and so on of what is left of the readers or of the writers.
  const auto weaken = [&](bool writers) {
    std::vector<std::size_t> left, tried;
    for (std::size_t i = 0; i < needless.size(); ++i) {
      if (needless[i] == 0 && start.steps[i].writes == writers) left.push_back(i);
    }
    bool any = false;
    for (std::size_t size = left.size(); size > 0;) {
      bool changed = false;
      for (std::size_t begin = 0; begin < left.size(); begin += size) {
        tried.assign(left.begin() + static_cast<std::ptrdiff_t>(begin),
                     left.begin() + static_cast<std::ptrdiff_t>(std::min(begin + size, left.size())));
        for (const std::size_t i : tried) needless[i] = 1;
        if (still_bad()) {
          changed = any = true;
        } else {
          for (const std::size_t i : tried) needless[i] = 0;
        }
      }
      std::erase_if(left, [&](std::size_t i) { return needless[i] != 0; });
      size = size > 1 ? std::min(size / 2, left.size()) : changed ? std::size_t{1} : 0;
      if (left.empty()) break;
    }
    return any;
  };
  // Readers first: a read can stand in for the answer of the write that it saw, but says less.
  weaken(false);
  while (weaken(true) && weaken(false)) {
  }

  std::vector<Culprit> minimal;
  for (const Step& step : without(start, needless).steps) {
    minimal.push_back({step.place, step.pending});
  }
  std::stable_sort(minimal.begin(), minimal.end(), [&](const Culprit& a, const Culprit& b) {
    return history[a.place].invoked < history[b.place].invoked;
  });
  return minimal;
}

}  // namespace quorumlab::linearizability
