// One key as an abstract machine: what an operation demands of the key's state, and what it makes of
// it. Texts are numbers here, and every answer has become a demand, so that the search compares
// integers only.
//
// An index that no answer tells is not searched for among all numbers: either it is one that some
// answer shows later (`Model::shown`), or nobody ever sees it and it only has to be greater than the
// one before.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/judge/linearizability/history.h"

namespace quorumlab::linearizability {

struct State {
  std::uint32_t value = 0;  // 0: the key is not there
  bool seen = false;        // `index` is exact; else it is a lower bound that nobody ever sees
  std::uint64_t index = 0;  // of the last change
  bool operator==(const State&) const = default;
};

struct Demand {
  enum class Kind : std::uint8_t {
    nothing,
    absent,
    present,
    equal,      // present, with this value and index
    different,  // present, but not with this value and index
    impossible  // no state lets such an operation answer so
  };
  Kind kind = Kind::nothing;
  std::uint32_t value = 0;  // 0: any
  std::uint64_t index = 0;  // 0: any
  bool operator==(const Demand&) const = default;

  bool met_by(const State& state) const {
    switch (kind) {
      case Kind::nothing:
        return true;
      case Kind::absent:
        return state.value == 0;
      case Kind::present:
        return state.value != 0;
      case Kind::equal:
        return state.value != 0 && same(state);
      case Kind::different:
        return state.value != 0 && !same(state);
      case Kind::impossible:
        return false;
    }
    return false;
  }

 private:
  bool same(const State& state) const {
    return (value == 0 || state.value == value) &&
           (index == 0 || (state.seen && state.index == index));
  }
};

// An operation on the key.
struct Step {
  std::uint32_t place = 0;  // in the caller's history
  bool pending = false;     // may take effect, or not
  bool writes = false;
  Demand demand;
  std::uint32_t value = 0;  // after a write; 0: the key is gone
  std::uint64_t index = 0;  // that the write was told; 0: not told
  std::int64_t invoked = 0, returned = 0;
};

// An index that some answer shows, although no write was told that it is its own.
struct ShownIndex {
  std::uint64_t index = 0;
  std::uint32_t value = 0;  // that it was seen with; 0: unknown
};

// One key's history, ready for the search.
struct Model {
  std::vector<Step> steps;
  std::vector<ShownIndex> shown;  // by index, each once for each value
  bool indexed = false;           // whether any answer or comparison speaks of indexes
  std::uint32_t values = 1;       // numbers of values in use, 0 among them

  // Settles `shown` and `indexed` from the steps, and takes away the pending steps that no answer
  // can depend on. Whoever changes steps calls it again.
  void settle();
  // The states that a write may lead to from `before`, which meets its demand.
  void after(const Step& step, const State& before, std::vector<State>& out) const;
};

// The model of the operations at `places`, all of one key.
// `with_indexes` false: as if no answer had told an index (comparisons keep theirs).
Model make_model(std::span<const Operation> history, std::span<const std::uint32_t> places,
                 bool with_indexes);

}  // namespace quorumlab::linearizability
