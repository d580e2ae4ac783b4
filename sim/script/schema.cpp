// The registry as JSON Schema and as Markdown.
#include "sim/script/schema.h"

#include <nlohmann/json.hpp>

#include "sim/script/verbs.h"

namespace quorumlab::script {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr const char* kLabel = "^[A-Za-z][A-Za-z0-9_.-]{0,39}$";
constexpr const char* kSelector = "^@?[A-Za-z][A-Za-z0-9_.-]{0,39}$";
constexpr const char* kDuration = "^[0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h)$";
constexpr const char* kSignedDuration = "^-?[0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h)$";
constexpr const char* kPercentage = "^(0*100(\\.0+)?|[0-9]{1,2}(\\.[0-9]{1,7})?)%$";
constexpr const char* kDrift = "^-?[0-9]{1,9}(\\.[0-9]{1,3})?(ppb|ppm|%)$";

class Writer {
 public:
  OrderedJson document() {
    const Type& root = *registry().scenario;
    OrderedJson out;
    out["$schema"] = "http://json-schema.org/draft-07/schema#";
    out["title"] = "A scenario of quorumlab";
    out["description"] =
        "A cluster, a timeline of what happens to it, and what must hold. Made by `quorumlab schema`; do not edit.";
    out.update(shape(root));
    out["definitions"] = definitions_;
    return out;
  }

 private:
  // In place, or a reference to a definition.
  OrderedJson use(const Type& type) {
    if (type.id.empty()) return shape(type);
    if (!definitions_.contains(type.id)) {
      definitions_[type.id] = nullptr;  // holds its place while it is being made
      OrderedJson made = shape(type);
      definitions_[type.id] = std::move(made);
    }
    return {{"$ref", "#/definitions/" + type.id}};
  }

  static OrderedJson pattern(const char* regex) { return {{"type", "string"}, {"pattern", regex}}; }

  OrderedJson shape(const Type& type) {
    using Kind = Type::Kind;
    OrderedJson out;
    switch (type.kind) {
      case Kind::boolean: return {{"type", "boolean"}};
      case Kind::yes: return {{"const", true}};
      case Kind::number: return {{"type", "number"}};
      case Kind::text:
        out["type"] = "string";
        if (type.min > 0) out["minLength"] = type.min;
        return out;
      case Kind::integer:
        out["type"] = "integer";
        out["minimum"] = type.min;
        if (type.max == INT64_MAX) {
          out["maximum"] = UINT64_MAX;
        } else {
          out["maximum"] = type.max;
        }
        return out;
      case Kind::name:
      case Kind::label: return pattern(kLabel);
      case Kind::selector: {
        out = pattern(kSelector);
        std::string words = "A node's name, or: ";
        OrderedJson examples = OrderedJson::array();
        for (const Field& s : registry().selectors) {
          words += "@" + s.name + " (" + s.doc + "); ";
          examples.push_back("@" + s.name);
        }
        out["description"] = words + "@NAME (whom a step with \"as\": \"NAME\" hit).";
        out["examples"] = examples;
        return out;
      }
      case Kind::duration: return pattern(kDuration);
      case Kind::signed_duration: return pattern(kSignedDuration);
      case Kind::percentage: return pattern(kPercentage);
      case Kind::fraction: return {{"type", "number"}, {"minimum", 0}, {"maximum", 1}};
      case Kind::drift: return pattern(kDrift);
      case Kind::choice: return {{"enum", type.choices}};
      case Kind::list:
        out["type"] = "array";
        out["items"] = use(*type.item);
        if (type.min > 0) out["minItems"] = type.min;
        if (type.max != INT64_MAX) out["maxItems"] = type.max;
        return out;
      case Kind::map:
        out["type"] = "object";
        out["minProperties"] = 1;
        if (type.keys_are_names) out["propertyNames"] = {{"pattern", kLabel}};
        if (type.keys_not_empty) out["propertyNames"] = {{"minLength", 1}};
        out["additionalProperties"] = use(*type.item);
        return out;
      case Kind::any_of:
        out["anyOf"] = OrderedJson::array();
        for (const Type* option : type.options) out["anyOf"].push_back(use(*option));
        return out;
      case Kind::object: return object(type);
    }
    return out;
  }

  OrderedJson object(const Type& type) {
    OrderedJson out;
    out["type"] = "object";
    OrderedJson properties = OrderedJson::object();
    OrderedJson required = OrderedJson::array();
    for (const Field& f : type.fields) {
      OrderedJson member;
      member["description"] = f.doc + (f.missing.empty() ? "" : " Without it: " + f.missing + ".");
      // Draft-07 ignores what stands beside a reference, so that it needs an envelope.
      if (f.type->id.empty()) {
        member.update(shape(*f.type));
        member["description"] = f.doc + (f.missing.empty() ? "" : " Without it: " + f.missing + ".");
      } else {
        member["allOf"] = OrderedJson::array({use(*f.type)});
      }
      properties[f.name] = std::move(member);
      if (f.required) required.push_back(f.name);
    }
    out["properties"] = std::move(properties);
    out["additionalProperties"] = false;
    if (!required.empty()) out["required"] = std::move(required);
    if (type.least_fields > 0) out["minProperties"] = type.least_fields;
    if (type.most_fields != SIZE_MAX) out["maxProperties"] = type.most_fields;
    if (!type.needed.empty()) {
      out["anyOf"] = OrderedJson::array();
      for (const std::string& name : type.needed) out["anyOf"].push_back({{"required", {name}}});
    }
    if (!type.exclusive.empty()) {
      out["allOf"] = OrderedJson::array();
      for (const auto& group : type.exclusive) out["allOf"].push_back(at_most_one(group));
    }
    for (const auto& [first, second] : type.together) out["dependencies"][first] = {second};
    return out;
  }

  // Exactly one of: the first is there, the second is there, ..., none is there.
  static OrderedJson at_most_one(const std::vector<std::string>& group) {
    OrderedJson each = OrderedJson::array();
    for (const std::string& name : group) each.push_back({{"required", {name}}});
    OrderedJson one_of = each;
    one_of.push_back({{"not", {{"anyOf", each}}}});
    return {{"oneOf", one_of}};
  }

  OrderedJson definitions_ = OrderedJson::object();
};

std::string cell(std::string text) {
  for (std::size_t i = text.find('|'); i != std::string::npos; i = text.find('|', i + 2)) text.insert(i, "\\");
  return text;
}

std::string kind_text(const Type& type) {
  if (type.kind == Type::Kind::choice && type.choices.size() <= 8) {
    std::string out;
    for (const std::string& word : type.choices) out += (out.empty() ? "`" : ", `") + word + "`";
    return out;
  }
  return type.title;
}

void table(const std::vector<Field>& fields, const std::string& head, std::string& out) {
  out += "| " + head + " | value | meaning |\n|---|---|---|\n";
  for (const Field& f : fields) {
    out += "| `" + f.name + "`" + (f.required ? " (must)" : "") + " | " + cell(kind_text(*f.type)) + " | " + cell(f.doc);
    if (!f.missing.empty()) out += " Without it: " + cell(f.missing) + ".";
    out += " |\n";
  }
  out += "\n";
}

// The object among what a verb takes, if there is one with fields of its own.
const Type* object_of(const Type& type) {
  if (type.kind == Type::Kind::object) return &type;
  for (const Type* option : type.options) {
    if (option->kind == Type::Kind::object) return option;
  }
  return nullptr;
}

}  // namespace

std::string json_schema() { return Writer().document().dump(2) + "\n"; }

std::string markdown() {
  const Registry& r = registry();
  std::string out;
  out += "## A file\n\n";
  table(r.scenario->fields, "key", out);
  out += "## A step\n\nAt most one of `at`, `after` and `wait_until`, at most one verb, and what else is needed. "
         "A step without a trigger follows the one before at once.\n\n";
  std::vector<Field> frame = r.triggers;
  frame.insert(frame.end(), r.rest.begin(), r.rest.end());
  table(frame, "key", out);
  out += "## Verbs\n\n";
  table(r.verbs, "verb", out);
  out += "What is inside their objects:\n\n";
  for (const Field& verb : r.verbs) {
    const Type* inside = object_of(*verb.type);
    if (inside == nullptr) continue;
    out += "### " + verb.name + "\n\n";
    table(inside->fields, "key", out);
  }
  out += "## Conditions\n\nOf `wait_until`, `expect` and `finally`; all that stand in an object must hold.\n\n";
  table(r.conditions->fields, "condition", out);
  out += "What is inside those that are objects:\n\n";
  for (const Field& condition : r.conditions->fields) {
    if (condition.type->kind != Type::Kind::object) continue;
    out += "### " + condition.name + "\n\n";
    table(condition.type->fields, "key", out);
  }
  out += "## Selectors\n\n| selector | whom it means |\n|---|---|\n";
  for (const Field& s : r.selectors) out += "| `@" + s.name + "` | " + s.doc + " |\n";
  out += "| `@NAME` | whom a step with `\"as\": \"NAME\"` hit |\n\n";
  out += "Lots are drawn by the seed and the step's place. Selectors in one list hit different nodes: "
         "`[\"@follower\", \"@follower\"]` is two followers.\n\n";
  out += "## The cluster\n\n";
  table(r.cluster->fields, "key", out);
  for (const char* part : {"raft", "serf", "network", "disk", "client"}) {
    out += std::string("### cluster.") + part + "\n\n";
    table(r.cluster->find(part)->type->fields, "key", out);
  }
  out += "### cluster.clocks\n\n";
  table(r.cluster->find("clocks")->type->item->fields, "key", out);
  out.pop_back();
  return out;
}

}  // namespace quorumlab::script
