// The registry of verbs as Python data: what the methods of Scenario and Cluster are made from, and how their
// arguments are turned into what a scenario file holds.
#include <map>

#include "pybind/bind.h"
#include "sim/judge/judges.h"
#include "sim/script/rule_list.h"
#include "sim/script/schema.h"
#include "sim/script/verbs.h"
#include "sim/trace/words.h"

namespace quorumlab::python {
namespace {

using script::Field;
using script::Type;

const char* kind_name(Type::Kind kind) {
  switch (kind) {
    case Type::Kind::boolean: return "boolean";
    case Type::Kind::yes: return "yes";
    case Type::Kind::integer: return "integer";
    case Type::Kind::number: return "number";
    case Type::Kind::text: return "text";
    case Type::Kind::name: return "name";
    case Type::Kind::label: return "label";
    case Type::Kind::selector: return "selector";
    case Type::Kind::duration: return "duration";
    case Type::Kind::signed_duration: return "signed_duration";
    case Type::Kind::percentage: return "percentage";
    case Type::Kind::fraction: return "fraction";
    case Type::Kind::drift: return "drift";
    case Type::Kind::choice: return "choice";
    case Type::Kind::list: return "list";
    case Type::Kind::map: return "map";
    case Type::Kind::object: return "object";
    case Type::Kind::any_of: return "any_of";
  }
  return "";
}

// Types are shared; each becomes one dict.
class Export {
 public:
  py::dict type(const Type& t) {
    if (const auto known = done_.find(&t); known != done_.end()) return known->second;
    py::dict out;
    done_.emplace(&t, out);
    out["kind"] = kind_name(t.kind);
    out["title"] = t.title;
    if (!t.choices.empty()) {
      py::list choices;
      for (const std::string& c : t.choices) choices.append(c);
      out["choices"] = choices;
    }
    if (t.item != nullptr) out["item"] = type(*t.item);
    if (!t.options.empty()) {
      py::list options;
      for (const Type* o : t.options) options.append(type(*o));
      out["options"] = options;
    }
    if (t.kind == Type::Kind::object) out["fields"] = fields(t.fields);
    return out;
  }
  py::list fields(const std::vector<Field>& list) {
    py::list out;
    for (const Field& f : list) {
      py::dict one;
      one["name"] = f.name;
      one["doc"] = f.doc;
      one["missing"] = f.missing;
      one["required"] = f.required;
      if (f.type != nullptr) one["type"] = type(*f.type);
      out.append(one);
    }
    return out;
  }

 private:
  std::map<const Type*, py::dict> done_;
};

py::dict registry() {
  const script::Registry& r = script::registry();
  Export out;
  py::dict all;
  all["verbs"] = out.fields(r.verbs);
  all["triggers"] = out.fields(r.triggers);
  all["rest"] = out.fields(r.rest);
  all["selectors"] = out.fields(r.selectors);
  all["scenario"] = out.type(*r.scenario);
  all["cluster"] = out.type(*r.cluster);
  all["step"] = out.type(*r.step);
  all["conditions"] = out.type(*r.conditions);
  return all;
}

py::list checkers() {
  py::list out;
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
    const auto checker = static_cast<judge::Checker>(i);
    const char* const judges = judge::judges_gossip(checker)     ? "gossip"
                               : judge::judges_store(checker)    ? "store"
                               : judge::judges_programs(checker) ? "programs"
                               : judge::judges_autopilot(checker) ? "serf and raft"
                                                                 : "raft";
    out.append(py::make_tuple(std::string(judge::checker_name(checker)), judges,
                              std::string(judge::checker_promise(checker))));
  }
  return out;
}

py::list rules() {
  py::list out;
  for (const script::ListedRule& r : script::rule_list()) {
    out.append(py::make_tuple(std::string(r.engine), std::string(r.name), std::string(r.source), std::string(r.meaning)));
  }
  return out;
}

py::dict kinds() {
  py::dict out;
  for (const std::uint16_t kind : trace::all_kinds()) out[py::int_(kind)] = std::string(trace::short_name(kind));
  return out;
}

// How the words of a kind begin to be said, of a record that knows nothing but two hosts.
std::string kind_example(std::uint16_t kind) {
  static const std::vector<std::string> names{"n1", "n2", "n3"};
  trace::Record record;
  record.kind = kind;
  record.node = 1;
  record.peer = 2;
  record.a = record.b = record.c = 3;
  return trace::words(record, {names, nullptr});
}

py::dict reasons() {
  py::dict out;
  for (const std::uint16_t reason : trace::all_reasons()) {
    out[py::int_(reason)] = reason == 0 ? std::string() : std::string(trace::reason_name(reason));
  }
  return out;
}

}  // namespace

void bind_registry(py::module_& m) {
  m.def("registry", &registry, "Every key that a scenario file may hold, as nested dicts.");
  m.def("checkers", &checkers, "Every checker as (name, whom it judges, what it promises).");
  m.def("rules", &rules, "Every rule of the engines as (engine, name, source, meaning).");
  m.def("kinds", &kinds, "The names of all kinds of records, by number.");
  m.def("kind_example", &kind_example, py::arg("kind"), "What a record of this kind says, as an example.");
  m.def("reasons", &reasons, "The names of all reasons, by number; of none: empty.");
  m.def("json_schema", &script::json_schema, "The JSON Schema of scenario files.");
}

}  // namespace quorumlab::python
