// One comparison for each new leader: chain hashes at the furthest committed place cover all
// before.
#include "sim/judge/leader_completeness.h"

#include <algorithm>

namespace quorumlab::judge {

void LeaderCompleteness::climb(std::vector<Place>& steps, const Place& place) {
  // Steps of a later term that reach no further say less than this one.
  auto at =
      std::lower_bound(steps.begin(), steps.end(), place.term,
                       [](const Place& step, std::uint64_t term) { return step.term < term; });
  if (at != steps.begin() && std::prev(at)->index >= place.index) return;
  if (at != steps.end() && at->term == place.term && at->index >= place.index) return;
  auto end = at;
  while (end != steps.end() && end->index <= place.index) ++end;
  if (at == end) {
    steps.insert(at, place);
  } else {
    *at = place;
    steps.erase(std::next(at), end);
  }
}

void LeaderCompleteness::compare(Checker checker, const std::vector<Place>& steps, Moment moment,
                                 NodeId node, std::uint64_t term, const Shadow& shadow,
                                 Verdicts& verdicts) {
  // Only what was committed in an earlier term binds this leader: one that wins late may lack what
  // a later term committed meanwhile.
  auto at = std::lower_bound(steps.begin(), steps.end(), term,
                             [](const Place& step, std::uint64_t t) { return step.term < t; });
  if (at == steps.begin()) return;
  const Place& place = *std::prev(at);
  std::uint64_t chain = 0;
  const bool holds =
      shadow.chain_at(place.index, chain) ? chain == place.chain : shadow.covers(place.index);
  verdicts.check(checker, holds, moment, node, kNobody, term, place.index);
}

void LeaderCompleteness::leads(Moment moment, NodeId node, std::uint64_t term, const Shadow& shadow,
                               Verdicts& verdicts) const {
  compare(Checker::leader_completeness, steps_, moment, node, term, shadow, verdicts);
  compare(Checker::durability, answered_, moment, node, term, shadow, verdicts);
}

}  // namespace quorumlab::judge
