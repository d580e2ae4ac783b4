// Keys apart, the search for each, and of the keys without an order the one whose fault shows first.
#include "sim/judge/linearizability/check.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "sim/judge/linearizability/minimal.h"

namespace quorumlab::linearizability {

Outcome check(std::span<const Operation> history, const Options& options) {
  Outcome outcome;
  std::vector<std::uint32_t> places;
  places.reserve(history.size());
  for (std::uint32_t i = 0; i < history.size(); ++i) {
    if (!history[i].stale) places.push_back(i);
  }
  outcome.operations = places.size();
  std::stable_sort(places.begin(), places.end(), [&](std::uint32_t a, std::uint32_t b) {
    return history[a].key < history[b].key;
  });

  Search search;
  std::optional<Shown> first;
  std::span<const std::uint32_t> culprit;
  for (std::size_t begin = 0; begin < places.size();) {
    std::size_t end = begin + 1;
    while (end < places.size() && history[places[end]].key == history[places[begin]].key) ++end;
    const std::span<const std::uint32_t> mine(places.data() + begin, end - begin);
    begin = end;
    ++outcome.keys;
    const Model model = make_model(history, mine, true);
    const Verdict verdict = search.run(model, options.most_nodes);
    outcome.nodes += search.nodes();
    if (verdict == Verdict::undecided) {
      if (++outcome.undecided_keys == 1 && outcome.verdict == Verdict::linearizable) {
        outcome.verdict = Verdict::undecided;
        outcome.key = history[mine.front()].key;
      }
    } else if (verdict == Verdict::not_linearizable) {
      const Shown shown = first_shown(history, mine, search, options.most_nodes);
      if (!first || shown.at < first->at) {
        first = shown;
        culprit = mine;
      }
      outcome.verdict = Verdict::not_linearizable;
    }
  }
  if (first) {
    outcome.key = history[culprit.front()].key;
    outcome.shown = first->at;
    outcome.shown_by = first->place;
    if (options.minimise) {
      outcome.minimal =
          minimise(history, culprit, *first, search, options.most_nodes, outcome.by_index);
    }
  }
  return outcome;
}

}  // namespace quorumlab::linearizability
