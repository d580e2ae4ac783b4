// Nodes that are written in Python: what a cluster needs to make them, and what stands between them and the world.
// The interpreter's lock is held as long as such a cluster runs.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "pybind/value.h"
#include "sim/script/loader.h"
#include "sim/world/simulation.h"

namespace quorumlab::python {

// A class with its arguments, and what must hold of its nodes. Lives for ever: worlds and their copies point at it.
struct NodeKind {
  py::object type;
  py::tuple args;
  py::dict keywords;
  std::vector<py::object> invariants;
  bool hears_durable = false;  // it has on_durable
  ValueCodec codec;
  script::OwnNodes own() const;
};

// While a world with such nodes runs in this thread: what went wrong in Python.
class NodeRun {
 public:
  // `told`: invariants that are known to be broken, by place; they are asked no more.
  NodeRun(const NodeKind* kind, std::vector<std::size_t>& told) : kind_(kind), told_(told), before_(current) { current = this; }
  ~NodeRun() { current = before_; }
  NodeRun(const NodeRun&) = delete;
  NodeRun& operator=(const NodeRun&) = delete;

  // After an event: whether the run ends here.
  bool look(const world::Simulation& sim) {
    if (error) return true;
    return steps_ != judged_ && kind_ != nullptr && !kind_->invariants.empty() && judge(sim);
  }
  // Throws what a handler raised, as quorumlab.NodeError; Ctrl-C as itself.
  void rethrow(const world::Simulation& sim) const;

  void stepped() { ++steps_; }
  void failed(py::object what, NodeId where, std::string in) {
    if (error) return;
    error = std::move(what);
    node = where;
    handler = std::move(in);
  }

  py::object error;
  NodeId node;
  std::string handler;
  std::string broken, broken_words;  // an invariant, and what it says

  static thread_local NodeRun* current;

 private:
  bool judge(const world::Simulation& sim);

  const NodeKind* kind_;
  std::vector<std::size_t>& told_;
  NodeRun* before_;
  std::uint64_t steps_ = 0, judged_ = 0;
};

// The first thing that a node raised where no NodeRun was there to see it (in the threads of a sweep), as a NodeError;
// null: nothing. It is told once.
py::object take_stray_error();

const NodeKind* kind_of(const world::ClusterConfig& config);
// The node as Python sees it; None for one that does not run.
py::object node_object(const world::Simulation& sim, NodeId node);
// What it says that it is; empty: nothing.
std::string node_state(const world::Simulation& sim, NodeId node);

void bind_node(py::module_& m);

}  // namespace quorumlab::python
