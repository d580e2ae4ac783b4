// Callbacks from a running cluster: each takes the interpreter's lock for as long as Python runs.
#include "pybind/live.h"

namespace quorumlab::python {

Caller::Caller(const Wish& wish, const world::Simulation& sim, NodeRun* nodes)
    : wish_(wish), nodes_(nodes), seen_(sim.trace().size()) {
  for (const std::uint16_t kind : wish.until_kinds) until_.set(kind);
  for (const std::uint16_t kind : wish.told_kinds) told_.set(kind);
  scans_ = until_.any() || told_.any();
  asks_ = wish.until && !wish.until.is_none();
  last_event_ = wish.most_events > UINT64_MAX - sim.events() ? UINT64_MAX : sim.events() + wish.most_events;
}

bool Caller::after_event(const world::Simulation& sim) {
  if (interrupts_.pending() || (nodes_ != nullptr && nodes_->look(sim))) return true;
  bool stop = scans_ && look_at_records(sim);
  if (!error_ && asks_ && ask(sim)) stop = true;
  if (sim.events() >= last_event_) stop = enough_events = true;
  return stop || error_;
}

bool Caller::look_at_records(const world::Simulation& sim) {
  const trace::Trace& trace = sim.trace();
  bool stop = false;
  while (seen_ < trace.size()) {
    const std::uint16_t kind = trace[++seen_].kind;
    if (kind >= until_.size()) continue;
    if (until_[kind] && found == 0) {
      found = seen_;
      stop = true;
    }
    if (!told_[kind]) continue;
    const py::gil_scoped_acquire lock;
    try {
      if (wish_.tell(seen_).cast<bool>()) stop = told_to_stop = true;
    } catch (py::error_already_set& error) {
      error_.emplace(std::move(error));
      return true;
    }
  }
  return stop;
}

bool Caller::ask(const world::Simulation&) {
  const py::gil_scoped_acquire lock;
  try {
    const int truth = PyObject_IsTrue(wish_.until().ptr());
    if (truth < 0) throw py::error_already_set();
    predicate_held = truth == 1;
  } catch (py::error_already_set& error) {
    error_.emplace(std::move(error));
  }
  return predicate_held;
}

void Caller::rethrow() {
  interrupts_.rethrow();
  if (error_) throw py::error_already_set(std::move(*error_));
}

}  // namespace quorumlab::python
