// Python values as bytes (sim/trace/own_message.h says how), and back: messages between nodes that are written in
// Python, and what their disks keep. The same value has the same bytes in every process.
#pragma once

#include <pybind11/pybind11.h>

#include <map>
#include <string>

#include "core/base/bytes.h"

namespace quorumlab::python {

namespace py = pybind11;

// The dataclasses and named tuples that were met, by type and by name. REQUIRES, as all here: the interpreter's lock is held.
class ValueCodec {
 public:
  // Appends checksum and value; throws TypeError or ValueError, which name the place inside the value.
  void encode(py::handle value, const char* what, Bytes& out);
  // The value that encode() wrote, without its checksum. Throws if the class of an object in it cannot be made.
  py::object decode(ByteView value) const;

 private:
  struct Class {
    py::object type;
    std::string name;
    py::tuple fields;  // their names
  };
  bool put(PyObject* value, Bytes& out, int depth);
  bool put_object(PyObject* value, Bytes& out, int depth);
  bool fail(std::string what) {
    problem_ = std::move(what);
    place_.clear();
    return false;
  }
  bool inside(const std::string& place) {
    place_ = place + place_;
    return false;
  }
  const Class* class_of(PyTypeObject* type);
  PyObject* get(ByteReader& in, int depth) const;

  std::map<PyTypeObject*, Class> classes_;
  std::map<std::string, const Class*, std::less<>> by_name_;
  std::string problem_, place_;
};

}  // namespace quorumlab::python
