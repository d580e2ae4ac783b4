// Traces for Python: records as NumPy arrays without a copy, words, causes, pictures, files.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstring>
#include <tuple>

#include "pybind/bind.h"
#include "sim/report/exports.h"
#include "sim/report/text.h"
#include "sim/script/loader.h"
#include "sim/trace/digest.h"
#include "sim/trace/file.h"
#include "sim/trace/words.h"

namespace quorumlab::python {
namespace {

using trace::Record;
using trace::RecordId;
using Shared = std::shared_ptr<Tape>;

trace::Context context(const Tape& tape) { return {tape.subject.names, &tape.trace}; }

const Record& at(const Tape& tape, RecordId id) {
  if (id < 1 || id > tape.trace.size()) throw py::index_error("the trace has no record " + std::to_string(id));
  return tape.trace[id];
}

// Records as NumPy knows them. Only who asks for arrays pays for importing NumPy.
void tell_numpy() {
  static bool told = false;  // the interpreter's lock guards it
  if (told) return;
  py::module_::import("numpy");
  PYBIND11_NUMPY_DTYPE(Record, time_ns, cause, kind, reason, node, peer, extra, a, b, c);
  told = true;
}

// Every record of one chunk, where it lies. The array keeps the trace alive.
py::array chunk(const Shared& tape, std::size_t i) {
  tell_numpy();
  const auto records = tape->trace.chunk(i);
  const py::capsule owner(new Shared(tape), [](void* p) { delete static_cast<Shared*>(p); });
  py::array_t<Record> out({records.size()}, {sizeof(Record)}, records.data(), owner);
  out.attr("flags").attr("writeable") = false;
  return out;
}

// Records [first, last), counted from 0, one after the other: copied once.
py::array records(const Shared& tape, std::size_t first, std::size_t last) {
  tell_numpy();
  last = std::min(last, tape->trace.size());
  first = std::min(first, last);
  py::array_t<Record> out(static_cast<py::ssize_t>(last - first));
  Record* to = out.mutable_data();
  Interrupts interrupts;
  {
    const py::gil_scoped_release release;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < tape->trace.chunk_count() && begin < last && !interrupts.look(); ++i) {
      const auto piece = tape->trace.chunk(i);
      const std::size_t from = std::max(first, begin), until = std::min(last, begin + piece.size());
      if (from < until) {
        std::memcpy(static_cast<void*>(to), piece.data() + (from - begin), (until - from) * sizeof(Record));
        to += until - from;
      }
      begin += piece.size();
    }
  }
  interrupts.rethrow();
  return out;
}

// The place, from 0, of the first record at or after a time.
std::size_t first_at(const Tape& tape, std::int64_t time_ns) {
  std::size_t low = 0, high = tape.trace.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (tape.trace[middle + 1].time_ns < time_ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

py::tuple as_tuple(const Tape& tape, RecordId id) {
  const Record& r = at(tape, id);
  return py::make_tuple(id, r.time_ns, std::string(trace::short_name(r)),
                        r.node == 0 ? std::string() : trace::host_name(r.node, context(tape)),
                        r.peer == 0 ? std::string() : trace::host_name(r.peer, context(tape)),
                        r.reason == 0 ? std::string() : std::string(trace::reason_name(r.reason)), r.cause, r.extra,
                        r.a, r.b, r.c, trace::words(r, context(tape)));
}

std::vector<std::string> words(const Tape& tape, const std::vector<RecordId>& ids) {
  std::vector<std::string> out;
  out.reserve(ids.size());
  for (const RecordId id : ids) out.push_back(trace::words(at(tape, id), context(tape)));
  return out;
}

std::vector<RecordId> why(const Tape& tape, RecordId id) {
  at(tape, id);
  return trace::why(tape.trace, id);
}

std::string drawn(const Tape& tape, const std::string& format, std::int64_t from_ns, std::int64_t to_ns, bool background,
                  std::size_t most, const std::string& replay) {
  const py::gil_scoped_release release;
  report::Subject subject = tape.subject;
  subject.trace = &tape.trace;
  if (!replay.empty()) subject.replay = replay;
  report::ChartOptions options;
  options.from_ns = from_ns;
  options.to_ns = to_ns;
  options.background = background;
  options.most = most;
  const report::Chart chart = report::make_chart(subject, options);
  if (format == "svg") return report::svg(subject, chart);
  if (format == "html") return report::run_html(subject, chart);
  if (format == "perfetto") return report::perfetto(subject, chart);
  if (format == "shiviz") return report::shiviz(subject, chart);
  if (format == "mermaid") return report::mermaid(subject, chart);
  throw py::value_error("there is no format \"" + format + "\"");
}

trace::FileInfo info(const Tape& tape) {
  trace::FileInfo out;
  out.scenario = tape.scenario;
  out.seed = tape.subject.seed;
  out.digest = tape.subject.digest;
  out.digest_version = trace::kDigestVersion;
  out.names = tape.subject.names;
  return out;
}

void save(const Tape& tape, const std::string& path) {
  const py::gil_scoped_release release;
  const auto done = path.ends_with(".jsonl") ? trace::write_json_lines(path, info(tape), tape.trace, true)
                                             : trace::write_file(path, info(tape), tape.trace);
  if (!done) {
    const py::gil_scoped_acquire acquire;
    PyErr_SetString(PyExc_OSError, done.error().text().c_str());
    throw py::error_already_set();
  }
}

Shared load(Result<trace::File>&& read, const std::string& where) {
  if (!read) {
    script::Problems problems;
    std::string what = read.error().text();
    if (!where.empty() && what.starts_with(where + ": ")) what.erase(0, where.size() + 2);  // refuse() says it, too
    problems.add(0, "", what);
    const py::gil_scoped_acquire acquire;
    refuse(problems, where);
  }
  auto tape = std::make_shared<Tape>();
  tape->trace = std::move(read->trace);
  tape->scenario = read->info.scenario;
  script::Problems problems;
  const script::OwnNodes looked_at;
  const script::Scenario scenario = script::load_text(tape->scenario, where, {}, problems, &looked_at);
  if (problems.empty()) {
    describe(scenario, *tape);
  } else {
    tape->subject.title = where;
    tape->subject.servers = static_cast<std::uint32_t>(read->info.names.size());
  }
  tape->subject.names = read->info.names;
  tape->subject.seed = read->info.seed;
  tape->subject.digest = read->info.digest;
  return tape;
}

// What a file does not hold: of the run whose tape this is, and its settings.
using Said = std::tuple<std::string, std::string, std::string, std::string, std::string, bool, std::uint32_t,
                        std::uint32_t, std::vector<std::string>>;

Said said(const Tape& tape) {
  const report::Subject& s = tape.subject;
  return {s.title, s.description, s.replay, s.verdict, s.account, s.held, s.servers, s.clients, tape.titles};
}

py::bytes pickled(const Tape& tape) {
  Bytes out;
  trace::encode_file(info(tape), tape.trace, out);
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

}  // namespace

void bind_trace(py::module_& m) {
  py::class_<Tape, std::shared_ptr<Tape>>(m, "Tape", "All records of a run; nothing changes it.")
      .def("__len__", [](const Tape& t) { return t.trace.size(); })
      .def("chunk_count", [](const Tape& t) { return t.trace.chunk_count(); })
      .def("chunk", [](const std::shared_ptr<Tape>& t, std::size_t i) {
        if (i >= t->trace.chunk_count()) throw py::index_error("there is no such chunk");
        return chunk(t, i);
      }, py::arg("i"))
      .def("records", [](const std::shared_ptr<Tape>& t, std::size_t first, std::size_t last) { return records(t, first, last); },
           py::arg("first"), py::arg("last"))
      .def("first_at", &first_at, py::arg("time_ns"))
      .def("event", &as_tuple, py::arg("id"))
      .def("words", &words, py::arg("ids"))
      .def("why", &why, py::arg("id"))
      .def("draw", &drawn, py::arg("format"), py::arg("from_ns"), py::arg("to_ns"), py::arg("background"), py::arg("most"),
           py::arg("replay"))
      .def("save", &save, py::arg("path"))
      .def("encode", &pickled)
      .def("said", &said)
      .def_property_readonly("names", [](const Tape& t) { return t.subject.names; })
      .def_property_readonly("servers", [](const Tape& t) { return t.subject.servers; })
      .def_property_readonly("clients", [](const Tape& t) { return t.subject.clients; })
      .def_property_readonly("title", [](const Tape& t) { return t.subject.title; })
      .def_property_readonly("replay", [](const Tape& t) { return t.subject.replay; })
      .def_property_readonly("seed", [](const Tape& t) { return t.subject.seed; })
      .def_property_readonly("digest", [](const Tape& t) { return report::digest_text(t.subject.digest); })
      .def_property_readonly("scenario", [](const Tape& t) { return t.scenario; });
  m.def("load_trace", [](const std::string& path) -> std::shared_ptr<Tape> {
    const py::gil_scoped_release release;
    return load(trace::read_file(path), path);
  }, py::arg("path"));
  m.def("decode_trace", [](const std::string& bytes, const Said& said) -> std::shared_ptr<Tape> {
    Shared tape = load(trace::decode_file(as_bytes(bytes), "a pickled trace"), "");
    report::Subject& s = tape->subject;
    std::tie(s.title, s.description, s.replay, s.verdict, s.account, s.held, s.servers, s.clients, tape->titles) = said;
    return tape;
  }, py::arg("data"), py::arg("said"));
}

}  // namespace quorumlab::python
