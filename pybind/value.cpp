// The exact types only: a subclass would arrive as something else than it was.
#include "pybind/value.h"

#include <bit>

#include "sim/trace/own_message.h"

namespace quorumlab::python {

using trace::ValueTag;

namespace {

void put_tag(ValueTag tag, Bytes& out) { out.push_back(static_cast<std::uint8_t>(tag)); }

bool put_text(PyObject* text, Bytes& out) {
  Py_ssize_t size = 0;
  const char* chars = PyUnicode_AsUTF8AndSize(text, &size);
  if (chars == nullptr) {
    PyErr_Clear();
    return false;
  }
  ByteWriter(out).sized(std::string_view(chars, static_cast<std::size_t>(size)));
  return true;
}

PyObject* text_of(ByteView bytes) {
  return PyUnicode_DecodeUTF8(reinterpret_cast<const char*>(bytes.data()), static_cast<Py_ssize_t>(bytes.size()), "strict");
}

}  // namespace

void ValueCodec::encode(py::handle value, const char* what, Bytes& out) {
  const std::size_t begin = out.size();
  out.resize(begin + 4);
  if (!put(value.ptr(), out, 0)) {
    out.resize(begin);
    const std::string text = what + place_ + ": " + problem_;
    throw py::type_error(text);
  }
  const std::uint32_t sum = trace::own_checksum(ByteView(out).subspan(begin + 4));
  for (int i = 0; i < 4; ++i) out[begin + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(sum >> (8 * i));
}

bool ValueCodec::put(PyObject* value, Bytes& out, int depth) {
  if (depth > trace::kMostValueDepth) return fail("it lies too deep, or inside itself");
  PyTypeObject* const type = Py_TYPE(value);
  if (type == &PyUnicode_Type) {
    put_tag(ValueTag::text, out);
    return put_text(value, out) || fail("the text is no Unicode (a lone surrogate)");
  }
  if (type == &PyLong_Type) {
    int beyond = 0;
    const long long number = PyLong_AsLongLongAndOverflow(value, &beyond);
    if (beyond == 0) {
      put_tag(ValueTag::integer, out);
      const auto n = static_cast<std::uint64_t>(number);
      ByteWriter(out).varint(n << 1 ^ (number < 0 ? UINT64_MAX : 0));
      return true;
    }
    put_tag(ValueTag::large, out);
    const py::str digits{py::handle(value)};
    return put_text(digits.ptr(), out);
  }
  if (value == Py_None) return put_tag(ValueTag::none, out), true;
  if (value == Py_False) return put_tag(ValueTag::no, out), true;
  if (value == Py_True) return put_tag(ValueTag::yes, out), true;
  if (type == &PyFloat_Type) {
    put_tag(ValueTag::real, out);
    ByteWriter(out).u64(std::bit_cast<std::uint64_t>(PyFloat_AS_DOUBLE(value)));
    return true;
  }
  if (type == &PyBytes_Type) {
    put_tag(ValueTag::bytes, out);
    ByteWriter(out).sized(
        std::string_view(PyBytes_AS_STRING(value), static_cast<std::size_t>(PyBytes_GET_SIZE(value))));
    return true;
  }
  if (type == &PyList_Type || type == &PyTuple_Type) {
    put_tag(type == &PyList_Type ? ValueTag::list : ValueTag::tuple, out);
    const Py_ssize_t count = PySequence_Fast_GET_SIZE(value);
    ByteWriter(out).varint(static_cast<std::uint64_t>(count));
    for (Py_ssize_t i = 0; i < count; ++i) {
      if (!put(PySequence_Fast_GET_ITEM(value, i), out, depth + 1)) return inside("[" + std::to_string(i) + "]");
    }
    return true;
  }
  if (type == &PyDict_Type) {
    put_tag(ValueTag::map, out);
    ByteWriter(out).varint(static_cast<std::uint64_t>(PyDict_GET_SIZE(value)));
    PyObject *key = nullptr, *item = nullptr;
    for (Py_ssize_t at = 0; PyDict_Next(value, &at, &key, &item) != 0;) {
      const auto place = [&] { return "[" + std::string(py::str(py::repr(py::handle(key)))) + "]"; };
      if (!put(key, out, depth + 1) || !put(item, out, depth + 1)) return inside(place());
    }
    return true;
  }
  return put_object(value, out, depth);
}

bool ValueCodec::put_object(PyObject* value, Bytes& out, int depth) {
  const Class* known = class_of(Py_TYPE(value));
  if (known == nullptr) {
    const std::string name = Py_TYPE(value)->tp_name;
    if (name == "set" || name == "frozenset") {
      return fail("a set has no order that two runs agree on; send sorted(...)");
    }
    if (name == "Request" || name == "quorumlab.node.Request") {
      return fail("a Request is answered where it came; send its key and value");
    }
    return fail("expected None, bool, int, float, str, bytes, list, tuple, dict, a dataclass or a named tuple, got " + name);
  }
  put_tag(ValueTag::object, out);
  ByteWriter(out).sized(known->name);
  ByteWriter(out).varint(known->fields.size());
  for (const py::handle field : known->fields) {
    (void)put_text(field.ptr(), out);
    const auto part = py::reinterpret_steal<py::object>(PyObject_GetAttr(value, field.ptr()));
    if (!part) throw py::error_already_set();
    if (!put(part.ptr(), out, depth + 1)) return inside("." + std::string(py::str(field)));
  }
  return true;
}

const ValueCodec::Class* ValueCodec::class_of(PyTypeObject* type) {
  const auto known = classes_.find(type);
  if (known != classes_.end()) return &known->second;
  const py::handle as_object(reinterpret_cast<PyObject*>(type));
  py::list names;
  if (py::hasattr(as_object, "__dataclass_fields__")) {
    const py::module_ dataclasses = py::module_::import("dataclasses");
    for (const py::handle field : dataclasses.attr("fields")(as_object)) names.append(field.attr("name"));
  } else if (PyType_IsSubtype(type, &PyTuple_Type) != 0 && py::hasattr(as_object, "_fields")) {
    for (const py::handle field : as_object.attr("_fields")) names.append(field);
  } else {
    return nullptr;
  }
  Class& made = classes_[type];
  made.type = py::reinterpret_borrow<py::object>(as_object);
  made.name = std::string(py::str(as_object.attr("__name__")));
  made.fields = py::tuple(names);
  by_name_[made.name] = &made;
  return &made;
}

py::object ValueCodec::decode(ByteView value) const {
  ByteReader in(value);
  auto out = py::reinterpret_steal<py::object>(get(in, 0));
  if (!out) throw py::error_already_set();
  return out;
}

// A new reference, or null with an exception set.
PyObject* ValueCodec::get(ByteReader& in, int depth) const {
  if (depth > trace::kMostValueDepth) return PyErr_Format(PyExc_ValueError, "a message lies too deep");
  switch (static_cast<ValueTag>(in.u8())) {
    case ValueTag::none: Py_RETURN_NONE;
    case ValueTag::no: Py_RETURN_FALSE;
    case ValueTag::yes: Py_RETURN_TRUE;
    case ValueTag::integer: {
      const std::uint64_t z = in.varint();
      return PyLong_FromLongLong(static_cast<long long>(z >> 1 ^ ((z & 1) != 0 ? UINT64_MAX : 0)));
    }
    case ValueTag::large: return PyLong_FromString(std::string(as_text(in.sized())).c_str(), nullptr, 10);
    case ValueTag::real: return PyFloat_FromDouble(std::bit_cast<double>(in.u64()));
    case ValueTag::text: return text_of(in.sized());
    case ValueTag::bytes: {
      const ByteView bytes = in.sized();
      return PyBytes_FromStringAndSize(reinterpret_cast<const char*>(bytes.data()), static_cast<Py_ssize_t>(bytes.size()));
    }
    case ValueTag::list: {
      const auto count = static_cast<Py_ssize_t>(std::min<std::uint64_t>(in.varint(), in.remaining()));
      auto out = py::reinterpret_steal<py::object>(PyList_New(count));
      for (Py_ssize_t i = 0; i < count; ++i) {
        PyObject* item = get(in, depth + 1);
        if (item == nullptr) return nullptr;
        PyList_SET_ITEM(out.ptr(), i, item);
      }
      return out.release().ptr();
    }
    case ValueTag::tuple: {
      const auto count = static_cast<Py_ssize_t>(std::min<std::uint64_t>(in.varint(), in.remaining()));
      auto out = py::reinterpret_steal<py::object>(PyTuple_New(count));
      for (Py_ssize_t i = 0; i < count; ++i) {
        PyObject* item = get(in, depth + 1);
        if (item == nullptr) return nullptr;
        PyTuple_SET_ITEM(out.ptr(), i, item);
      }
      return out.release().ptr();
    }
    case ValueTag::map: {
      auto out = py::reinterpret_steal<py::object>(PyDict_New());
      for (std::uint64_t count = in.varint(); count > 0 && in.ok(); --count) {
        const auto key = py::reinterpret_steal<py::object>(get(in, depth + 1));
        if (!key) return nullptr;
        const auto item = py::reinterpret_steal<py::object>(get(in, depth + 1));
        if (!item || PyDict_SetItem(out.ptr(), key.ptr(), item.ptr()) != 0) return nullptr;
      }
      return out.release().ptr();
    }
    case ValueTag::object: {
      const std::string_view name = as_text(in.sized());
      const auto known = by_name_.find(name);
      if (known == by_name_.end()) {
        return PyErr_Format(PyExc_ValueError, "there is no dataclass %s here", std::string(name).c_str());
      }
      const Class& made = *known->second;
      const std::uint64_t count = in.varint();
      constexpr std::size_t kMostFields = 32;
      PyObject* parts[kMostFields + 1] = {};
      std::size_t got = 0;
      PyObject* out = nullptr;
      if (count == made.fields.size() && count <= kMostFields) {
        for (; got < count; ++got) {
          (void)in.sized();
          parts[got + 1] = get(in, depth + 1);
          if (parts[got + 1] == nullptr) break;
        }
        if (got == count) {
          out = PyObject_Vectorcall(made.type.ptr(), parts + 1, PY_VECTORCALL_ARGUMENTS_OFFSET, made.fields.ptr());
        }
      } else {
        PyErr_Format(PyExc_ValueError, "%s has other fields here, or more than 32", made.name.c_str());
      }
      for (std::size_t i = 0; i < got; ++i) Py_DECREF(parts[i + 1]);
      return out;
    }
  }
  return PyErr_Format(PyExc_ValueError, "a message cannot be read");
}

}  // namespace quorumlab::python
