// Answers become demands and effects; etcd's error codes by the rules of its v2 keys API.
#include "sim/judge/linearizability/model.h"

#include <algorithm>
#include <string_view>

namespace quorumlab::linearizability {
namespace {

// Texts by number, from 1.
class Values {
 public:
  explicit Values(std::size_t most) { texts_.reserve(most); }
  void add(std::string_view text) { texts_.push_back(text); }
  void sort() {
    std::sort(texts_.begin(), texts_.end());
    texts_.erase(std::unique(texts_.begin(), texts_.end()), texts_.end());
  }
  std::uint32_t number(std::string_view text) const {
    return static_cast<std::uint32_t>(
        std::lower_bound(texts_.begin(), texts_.end(), text) - texts_.begin() + 1);
  }
  std::uint32_t count() const { return static_cast<std::uint32_t>(texts_.size() + 1); }

 private:
  std::vector<std::string_view> texts_;
};

bool puts_value(Kind kind) {
  return kind == Kind::set || kind == Kind::create || kind == Kind::update ||
         kind == Kind::compare_and_swap;
}

bool compares(Kind kind) {
  return kind == Kind::compare_and_swap || kind == Kind::compare_and_delete;
}

// What must be so for the operation to take effect; a get has none.
Demand demand_of_success(const Operation& op, const Values& values) {
  switch (op.kind) {
    case Kind::get:
      return {Demand::Kind::equal, values.number(op.value), op.index};
    case Kind::set:
    case Kind::erase:
      return {};
    case Kind::remove:
    case Kind::update:
      return {Demand::Kind::present};
    case Kind::create:
      return {Demand::Kind::absent};
    case Kind::compare_and_swap:
    case Kind::compare_and_delete:
      return {Demand::Kind::equal, op.compares_value ? values.number(op.expected_value) : 0,
              op.expected_index};
  }
  return {};
}

Demand demand_of(const Operation& op, const Values& values) {
  const Demand impossible{Demand::Kind::impossible};
  switch (op.result) {
    case Result::unknown:
    case Result::ok:
      return demand_of_success(op, values);
    case Result::not_found:
      return op.kind == Kind::set || op.kind == Kind::erase || op.kind == Kind::create
                 ? impossible
                 : Demand{Demand::Kind::absent};
    case Result::exists:
      return op.kind == Kind::create ? Demand{Demand::Kind::present} : impossible;
    case Result::compare_failed: {
      if (!compares(op.kind)) return impossible;
      Demand demand = demand_of_success(op, values);
      // Without anything to compare it cannot fail.
      if (demand.value == 0 && demand.index == 0) return impossible;
      demand.kind = Demand::Kind::different;
      return demand;
    }
  }
  return impossible;
}

}  // namespace

Model make_model(std::span<const Operation> history, std::span<const std::uint32_t> places,
                 bool with_indexes) {
  Model model;
  Values values(places.size() * 2);
  for (const std::uint32_t place : places) {
    const Operation& op = history[place];
    values.add(op.value);
    if (op.compares_value) values.add(op.expected_value);
  }
  values.sort();
  model.values = values.count();
  model.steps.reserve(places.size());
  for (const std::uint32_t place : places) {
    const Operation& op = history[place];
    Step step;
    step.place = place;
    step.pending = op.result == Result::unknown || op.returned == kNever;
    const bool success = step.pending || op.result == Result::ok;
    step.writes = success && op.kind != Kind::get;
    // A read without an answer says nothing, and so does a failure that nobody was told of.
    if (step.pending && (op.kind == Kind::get ||
                         (op.result != Result::unknown && op.result != Result::ok))) {
      continue;
    }
    step.demand = demand_of(op, values);
    if (step.writes) {
      step.value = puts_value(op.kind) ? values.number(op.value) : 0;
      step.index = with_indexes && !step.pending ? op.index : 0;
    } else if (op.kind == Kind::get && !with_indexes) {
      step.demand.index = 0;
    }
    step.invoked = op.invoked.ns;
    step.returned = step.pending ? kNever.ns : op.returned.ns;
    model.steps.push_back(step);
  }
  model.settle();
  return model;
}

void Model::settle() {
  // A pending write matters only if some answer could need what it leaves behind: in an order that
  // explains the answers, a pending write that is followed by no operation that needs it can be
  // left out or put later. What it leaves may be needed by a pending comparison, too.
  bool needs_present = false, needs_absent = false;
  std::vector<std::uint8_t> needed(values, 0);
  for (const Step& step : steps) {
    switch (step.demand.kind) {
      case Demand::Kind::absent:
        needs_absent = true;
        break;
      case Demand::Kind::equal:
        if (step.demand.value != 0) {
          needed[step.demand.value] = 1;
          break;
        }
        [[fallthrough]];
      case Demand::Kind::present:
      case Demand::Kind::different:
        needs_present = true;
        break;
      case Demand::Kind::nothing:
      case Demand::Kind::impossible:
        break;
    }
  }
  std::erase_if(steps, [&](const Step& step) {
    if (!step.pending) return false;
    return step.value == 0 ? !needs_absent : !needs_present && needed[step.value] == 0;
  });

  shown.clear();
  indexed = false;
  std::vector<std::uint64_t> told;
  for (const Step& step : steps) {
    if (step.writes && step.index != 0) told.push_back(step.index);
    if (step.demand.index != 0) shown.push_back({step.demand.index, step.demand.value});
    indexed = indexed || step.index != 0 || step.demand.index != 0;
  }
  std::sort(told.begin(), told.end());
  std::erase_if(shown, [&](const ShownIndex& s) {
    return std::binary_search(told.begin(), told.end(), s.index);
  });
  const auto before = [](const ShownIndex& a, const ShownIndex& b) {
    return a.index != b.index ? a.index < b.index : a.value < b.value;
  };
  std::sort(shown.begin(), shown.end(), before);
  shown.erase(std::unique(shown.begin(), shown.end(),
                          [](const ShownIndex& a, const ShownIndex& b) {
                            return a.index == b.index && a.value == b.value;
                          }),
              shown.end());
}

void Model::after(const Step& step, const State& before, std::vector<State>& out) const {
  if (!indexed) {
    out.push_back({step.value, false, 0});
    return;
  }
  if (step.index != 0) {
    if (step.index > before.index) out.push_back({step.value, true, step.index});
    return;
  }
  // A deletion's own index is never seen: whoever finds no key is told none.
  if (step.value != 0) {
    std::uint64_t last = 0;
    for (const ShownIndex& s : shown) {
      if (s.index <= before.index || s.index == last) continue;
      if (s.value != 0 && s.value != step.value) continue;
      last = s.index;
      out.push_back({step.value, true, s.index});
    }
  }
  out.push_back({step.value, false, before.index + 1});
}

}  // namespace quorumlab::linearizability
