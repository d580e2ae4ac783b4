// The module quorumlab._core: puts the parts together, and what all of them need.
#include <chrono>

#include "pybind/bind.h"
#include "pybind/node.h"
#include "sim/chaos/seed_run.h"
#include "sim/trace/digest.h"
#include "sim/trace/file.h"

namespace quorumlab::python {

void refuse(const script::Problems& problems, const std::string& file) {
  py::list list;
  for (const script::Problem& p : problems.list()) list.append(py::make_tuple(p.line, p.path, p.what));
  const py::object type = py::module_::import("quorumlab.errors").attr("ScenarioError");
  const py::object problem = type.attr("of_problems")(list, file);
  PyErr_SetObject(type.ptr(), problem.ptr());
  throw py::error_already_set();
}

void describe(const script::Scenario& s, Tape& tape) {
  report::Subject& subject = tape.subject;
  subject.title = s.title.empty() ? s.name : s.title;
  subject.description = s.description;
  subject.names = s.cluster.host_names();
  subject.servers = static_cast<std::uint32_t>(s.cluster.names.size());
  subject.clients = s.cluster.clients;
  tape.titles = subject.names;
  const std::size_t first = subject.servers + subject.clients;
  for (std::size_t i = 0; i < s.cluster.apps.size(); ++i) {
    if (!s.cluster.apps[i].app.title.empty()) tape.titles[first + i] = s.cluster.apps[i].app.title;
  }
}

py::dict violation_dict(const judge::Violation& v, const std::vector<std::string>& names) {
  py::dict out;
  out["checker"] = std::string(judge::checker_name(v.checker));
  out["time_ns"] = v.time_ns;
  out["record"] = v.record;
  out["node"] = v.node.value;
  out["other"] = v.other.value;
  out["a"] = v.a;
  out["b"] = v.b;
  out["words"] = chaos::violation_words(v, names);
  return out;
}

bool Interrupts::look() {
  if (seen_) return true;
  const std::int64_t now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                               std::chrono::steady_clock::now().time_since_epoch())
                               .count();
  if (last_ns_ == 0) last_ns_ = now;
  if (now - last_ns_ < 50'000'000) return false;
  last_ns_ = now;
  const py::gil_scoped_acquire lock;
  seen_ = PyErr_CheckSignals() != 0;
  return seen_;
}

}  // namespace quorumlab::python

PYBIND11_MODULE(_core, m) {
  using namespace quorumlab;
  m.doc() = "The compiled half of quorumlab; import quorumlab instead.";
  m.attr("__version__") = QUORUMLAB_VERSION;
  m.attr("digest_version") = trace::kDigestVersion;
  m.attr("trace_version") = trace::kFileVersion;
  m.attr("compiler") = QUORUMLAB_COMPILER;
  m.attr("source_folder") = QUORUMLAB_SOURCE_DIR;
  python::bind_node(m);
  python::bind_registry(m);
  python::bind_trace(m);
  python::bind_scenario(m);
  python::bind_session(m);
  python::bind_campaign(m);
  python::bind_picture(m);
}
