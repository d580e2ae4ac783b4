// Depth first, on explicit stacks. Four facts keep it narrow:
// - An answered operation that writes nothing and whose demand is met comes next at once: whatever
//   order explains the rest also explains it with this one in front.
// - A pending write comes only right before an answered operation whose demand is not met without
//   it, or before a pending comparison that leads to one.
// - Of pending writes that demand and leave the same, the one invoked first comes first.
// - Of answered writes that were told their indexes, the one with the least comes first.
#include "sim/judge/linearizability/search.h"

#include <algorithm>
#include <tuple>

#include "core/base/hash.h"

namespace quorumlab::linearizability {

void Search::Seen::clear() {
  // Most keys need little; what one hard key needed is not cleared for every easy one.
  if (slots_.size() > 4096) slots_.resize(4096);
  std::fill(slots_.begin(), slots_.end(), Fingerprint{});
  count_ = 0;
}

bool Search::Seen::insert(Fingerprint f) {
  if (f.a == 0 && f.b == 0) f.b = 1;
  if ((count_ + 1) * 2 > slots_.size()) {
    std::vector<Fingerprint> old(std::max<std::size_t>(64, slots_.size() * 2));
    old.swap(slots_);
    count_ = 0;
    for (const Fingerprint& o : old) {
      if (o.a != 0 || o.b != 0) insert(o);
    }
  }
  for (std::size_t at = f.a & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
    Fingerprint& slot = slots_[at];
    if (slot.a == f.a && slot.b == f.b) return false;
    if (slot.a == 0 && slot.b == 0) {
      slot = f;
      ++count_;
      return true;
    }
  }
}

void Search::prepare() {
  const Model& model = *model_;
  const auto steps = static_cast<std::uint32_t>(model.steps.size());
  struct Entry {
    std::int64_t time;
    std::uint32_t step;
    bool is_return;
  };
  std::vector<Entry> entries;
  entries.reserve(steps * 2);
  pending_.clear();
  for (std::uint32_t i = 0; i < steps; ++i) {
    const Step& step = model.steps[i];
    if (step.pending) {
      pending_.push_back(i);
      continue;
    }
    entries.push_back({step.invoked, i, false});
    // An answer before its question would order an operation before itself.
    entries.push_back({std::max(step.returned, step.invoked), i, true});
  }
  // What returns in the instant in which another is invoked overlaps with it.
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    if (a.time != b.time) return a.time < b.time;
    if (a.is_return != b.is_return) return b.is_return;
    return a.step < b.step;
  });
  last_ = static_cast<std::uint32_t>(entries.size()) + 1;
  next_.resize(last_ + 1);
  previous_.resize(last_ + 1);
  step_of_.assign(last_ + 1, kNone);
  is_return_.assign(last_ + 1, 0);
  call_at_.assign(steps, kNone);
  return_at_.assign(steps, kNone);
  for (std::uint32_t e = 0; e <= last_; ++e) {
    next_[e] = e + 1;
    previous_[e] = e == 0 ? 0 : e - 1;
    if (e == 0 || e == last_) continue;
    const Entry& entry = entries[e - 1];
    step_of_[e] = entry.step;
    is_return_[e] = entry.is_return;
    (entry.is_return ? return_at_ : call_at_)[entry.step] = e;
  }
  std::sort(pending_.begin(), pending_.end(), [&](std::uint32_t a, std::uint32_t b) {
    const std::int64_t x = model.steps[a].invoked, y = model.steps[b].invoked;
    return x != y ? x < y : a < b;
  });
  used_.assign(steps, 0);
  same_before_.assign(steps, kNone);
  // Equals stand together once sorted by what they are, and then by their order in `pending_`.
  std::vector<std::uint32_t> by_kind(pending_.size());
  for (std::uint32_t i = 0; i < by_kind.size(); ++i) by_kind[i] = i;
  const auto what = [&](std::uint32_t i) {
    const Step& s = model.steps[pending_[i]];
    return std::tuple(s.value, s.demand.kind, s.demand.value, s.demand.index);
  };
  std::sort(by_kind.begin(), by_kind.end(), [&](std::uint32_t a, std::uint32_t b) {
    const auto x = what(a), y = what(b);
    return x != y ? x < y : a < b;
  });
  for (std::size_t i = 1; i < by_kind.size(); ++i) {
    if (what(by_kind[i]) == what(by_kind[i - 1])) {
      same_before_[pending_[by_kind[i]]] = pending_[by_kind[i - 1]];
    }
  }
  told_.clear();
  for (std::uint32_t i = 0; i < steps; ++i) {
    if (model.steps[i].writes && model.steps[i].index != 0) told_.push_back(i);
  }
  std::sort(told_.begin(), told_.end(), [&](std::uint32_t a, std::uint32_t b) {
    const std::uint64_t x = model.steps[a].index, y = model.steps[b].index;
    return x != y ? x < y : a < b;
  });
  told_ordered_ = 0;
  state_ = State{};
  ordered_ = {};
  candidates_.clear();
  states_.clear();
  choices_.clear();
  order_.clear();
  lifted_.clear();
  frames_.clear();
  seen_.clear();
  nodes_ = 0;
}

void Search::lift(std::uint32_t step) {
  ordered_.a ^= mix(kHash1, step);
  ordered_.b ^= mix(kHash2, step);
  lifted_.push_back(step);
  if (model_->steps[step].pending) {
    used_[step] = 1;
    return;
  }
  told_ordered_ += told(step);
  for (const std::uint32_t e : {call_at_[step], return_at_[step]}) {
    next_[previous_[e]] = next_[e];
    previous_[next_[e]] = previous_[e];
  }
}

void Search::unlift(std::uint32_t step) {
  ordered_.a ^= mix(kHash1, step);
  ordered_.b ^= mix(kHash2, step);
  if (model_->steps[step].pending) {
    used_[step] = 0;
    return;
  }
  told_ordered_ -= told(step);
  for (const std::uint32_t e : {return_at_[step], call_at_[step]}) {
    next_[previous_[e]] = e;
    previous_[next_[e]] = e;
  }
}

// Takes what writes nothing and may come next; collects what else may, up to the first return. False
// if something is left that can have no place any more, since indexes only grow.
bool Search::order_readers() {
  candidates_.clear();
  limit_ = kNever.ns;
  for (std::uint32_t e = next_[0]; e != last_; e = next_[e]) {
    const std::uint32_t step = step_of_[e];
    const Step& s = model_->steps[step];
    if (is_return_[e] != 0) {
      limit_ = s.returned < s.invoked ? s.invoked : s.returned;
      break;
    }
    if (!s.writes && s.demand.met_by(state_)) {
      e = previous_[e];  // its own two entries leave the list
      lift(step);
      continue;
    }
    if (!s.writes && s.demand.kind == Demand::Kind::equal && s.demand.index != 0 &&
        s.demand.index < state_.index) {
      return false;
    }
    // Of the writes that were told their indexes, the least comes first.
    if (s.index == 0 || step == told_[told_ordered_]) candidates_.push_back(step);
  }
  return true;
}

// The operation after the way, as choices.
void Search::offer(const State& from, const std::vector<std::uint32_t>& way, std::uint32_t step) {
  const auto begin = static_cast<std::uint32_t>(order_.size());
  order_.insert(order_.end(), way.begin(), way.end());
  order_.push_back(step);
  const auto count = static_cast<std::uint32_t>(order_.size()) - begin;
  if (!model_->steps[step].writes) {
    choices_.push_back({begin, count, from});
    return;
  }
  const std::size_t first = states_.size();
  model_->after(model_->steps[step], from, states_);
  for (std::size_t i = first; i < states_.size(); ++i) {
    choices_.push_back({begin, count, states_[i]});
  }
  states_.resize(first);
}

// Every way through pending writes, each of which makes the next one possible, to a state that meets
// the demand.
void Search::find_routes(const State& from, const Demand& demand, std::vector<Route>& out) {
  ++nodes_;
  if (demand.kind == Demand::Kind::impossible || spent()) return;
  for (const std::uint32_t p : pending_) {
    const Step& step = model_->steps[p];
    if (step.invoked > limit_) break;
    if (used_[p] != 0) continue;
    if (same_before_[p] != kNone && used_[same_before_[p]] == 0) continue;
    const bool can_leave_it =
        demand.kind == Demand::Kind::absent
            ? step.value == 0
            : step.value != 0 && (demand.kind != Demand::Kind::equal || demand.value == 0 ||
                                  demand.value == step.value);
    if (!can_leave_it) continue;
    used_[p] = 1;
    std::vector<Route> to_it;
    if (step.demand.met_by(from)) {
      to_it.push_back({{}, from});
    } else {
      find_routes(from, step.demand, to_it);
    }
    for (Route& route : to_it) {
      const std::size_t first = states_.size();
      model_->after(step, route.state, states_);
      route.steps.push_back(p);
      for (std::size_t i = first; i < states_.size(); ++i) {
        if (demand.met_by(states_[i])) out.push_back({route.steps, states_[i]});
      }
      states_.resize(first);
    }
    used_[p] = 0;
  }
}

void Search::gather() {
  // What returns first is tried first.
  std::sort(candidates_.begin(), candidates_.end(), [&](std::uint32_t a, std::uint32_t b) {
    return return_at_[a] > return_at_[b];
  });
  static const std::vector<std::uint32_t> kDirectly;
  for (const std::uint32_t candidate : candidates_) {
    const Demand& demand = model_->steps[candidate].demand;
    if (demand.met_by(state_)) {
      offer(state_, kDirectly, candidate);
      continue;
    }
    if (pending_.empty()) continue;
    routes_.clear();
    find_routes(state_, demand, routes_);
    for (const Route& route : routes_) offer(route.state, route.steps, candidate);
  }
}

bool Search::is_new() {
  const std::uint64_t state = mix(state_.value, state_.index, state_.seen ? 1 : 0);
  return seen_.insert({mix(ordered_.a, state), mix(state, ordered_.b)});
}

void Search::undo(std::size_t lifted) {
  while (lifted_.size() > lifted) {
    unlift(lifted_.back());
    lifted_.pop_back();
  }
}

Verdict Search::run(const Model& model, std::uint64_t most_nodes) {
  model_ = &model;
  most_nodes_ = most_nodes;
  prepare();
  if (!order_readers()) return Verdict::not_linearizable;
  if (done()) return Verdict::linearizable;
  is_new();
  frames_.push_back({0, 0, 0});
  gather();
  while (!frames_.empty()) {
    if (spent()) return Verdict::undecided;
    const Frame frame = frames_.back();
    if (choices_.size() == frame.first) {
      undo(frame.lifted);
      order_.resize(frame.order);
      frames_.pop_back();
      continue;
    }
    const Choice choice = choices_.back();
    choices_.pop_back();
    const std::size_t lifted = lifted_.size();
    for (std::uint32_t i = 0; i < choice.count; ++i) lift(order_[choice.begin + i]);
    state_ = choice.state;
    const bool possible = order_readers();
    if (done()) return Verdict::linearizable;
    ++nodes_;
    if (!possible || !is_new()) {
      undo(lifted);
      continue;
    }
    frames_.push_back({choices_.size(), order_.size(), lifted});
    gather();
  }
  return Verdict::not_linearizable;
}

}  // namespace quorumlab::linearizability
