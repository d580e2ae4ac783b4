// What the parts of the Python module share. Each part has a file of its own and adds its names to the
// module `quorumlab._core`; the friendly layer in quorumlab/*.py is the only one who calls them.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>
#include <vector>

#include "sim/report/chart.h"
#include "sim/script/json.h"
#include "sim/script/runner.h"
#include "sim/trace/trace.h"

namespace quorumlab::python {

namespace py = pybind11;

void bind_registry(py::module_& m);
void bind_trace(py::module_& m);
void bind_scenario(py::module_& m);
void bind_session(py::module_& m);
void bind_campaign(py::module_& m);
void bind_picture(py::module_& m);

// A run as Python holds it: shared, and never changed again.
struct Tape {
  trace::Trace trace;
  report::Subject subject;  // its `trace` is set where it is used
  std::vector<std::string> titles;  // of hosts, for people: "DB X"; may be empty: their names
  std::string scenario;     // the file's text; may be empty
};

// Throws quorumlab.ScenarioError with every problem. `file` may be empty.
[[noreturn]] void refuse(const script::Problems& problems, const std::string& file);
// What of a scenario a picture tells.
void describe(const script::Scenario& scenario, Tape& tape);
// A violation as a dict, with its words.
py::dict violation_dict(const judge::Violation& violation, const std::vector<std::string>& names);

// Looks now and then whether the user pressed Ctrl-C, from a thread that let go of the interpreter. It is asked
// often, looks at a clock seldom, and takes the interpreter's lock twenty times a second at most.
class Interrupts {
 public:
  // True: a Python exception is set, to be thrown by who holds the lock again.
  bool pending() {
    if (--countdown_ != 0) return false;
    countdown_ = kEvery;
    return look();
  }
  // The same without counting.
  bool look();
  // Throws what pending() saw. REQUIRES: the lock is held.
  void rethrow() const {
    if (seen_) throw py::error_already_set();
  }

 private:
  static constexpr int kEvery = 1024;
  int countdown_ = kEvery;
  std::int64_t last_ns_ = 0;
  bool seen_ = false;
};

}  // namespace quorumlab::python
