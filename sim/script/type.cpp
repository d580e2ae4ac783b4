// Checking a value against a type, with messages for people.
#include "sim/script/type.h"

#include <algorithm>

#include "sim/script/quantity.h"

namespace quorumlab::script {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'; }

bool is_selector(std::string_view s) {
  if (s.empty() || s[0] != '@') return is_label(s);
  return is_label(s.substr(1));
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += "\"" + words[i] + "\"";
  }
  return out;
}

// Which kind of JSON value a type is written as; any_of tells its options apart by it.
Json::Kind written_as(const Type& type) {
  switch (type.kind) {
    case Type::Kind::boolean:
    case Type::Kind::yes: return Json::Kind::boolean;
    case Type::Kind::integer:
    case Type::Kind::number:
    case Type::Kind::fraction: return Json::Kind::number;
    case Type::Kind::list: return Json::Kind::list;
    case Type::Kind::map:
    case Type::Kind::object: return Json::Kind::object;
    default: return Json::Kind::text;
  }
}

void wrong(const Type& type, const Json& value, const std::string& path, Problems& problems) {
  problems.add(value.line, path, "expected " + type.title + ", got " + describe(value));
}

void check_object(const Type& type, const Json& value, const std::string& path, Problems& problems) {
  const auto at = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  std::vector<std::string> known;
  for (const Field& f : type.fields) known.push_back(f.name);
  for (const auto& [key, member] : value.members) {
    if (const Field* field = type.find(key)) {
      check(*field->type, member, at(key), problems);
      continue;
    }
    const std::string near = nearest(key, known);
    std::string what = "unknown key \"" + (key.size() > 40 ? key.substr(0, 40) + "..." : key) + "\"";
    if (!near.empty()) {
      what += "; did you mean \"" + near + "\"?";
    } else if (known.size() <= 16) {
      what += "; expected " + join(known);
    }
    problems.add(member.line, at(key), what);
  }
  for (const Field& f : type.fields) {
    if (f.required && value.find(f.name) == nullptr) {
      problems.add(value.line, path, "\"" + f.name + "\" is missing: " + f.doc);
    }
  }
  if (value.members.size() < type.least_fields || value.members.size() > type.most_fields) {
    problems.add(value.line, path,
                 std::string(type.most_fields == 1 ? "expected exactly one of " : "expected at least one of ") +
                     join(known) + ", got " + std::to_string(value.members.size()));
  }
  if (!type.needed.empty() && std::none_of(type.needed.begin(), type.needed.end(), [&](const std::string& n) {
        return value.find(n) != nullptr;
      })) {
    problems.add(value.line, path, "expected " + type.title);
  }
  for (const auto& group : type.exclusive) {
    std::vector<std::string> present;
    for (const auto& [key, member] : value.members) {
      if (std::find(group.begin(), group.end(), key) != group.end()) present.push_back(key);
    }
    if (present.size() > 1) {
      std::string both;
      for (const std::string& key : present) both += (both.empty() ? "\"" : " and \"") + key + "\"";
      problems.add(value.find(present[1])->line, path, both + " exclude each other; make them two steps");
    }
  }
  for (const auto& [first, second] : type.together) {
    if (value.find(first) != nullptr && value.find(second) == nullptr) {
      problems.add(value.find(first)->line, path, "\"" + first + "\" needs \"" + second + "\" beside it");
    }
  }
}

// The options that are written as this kind of value, those of nested choices among them.
void add_fitting(const Type& type, Json::Kind kind, std::vector<const Type*>& out) {
  for (const Type* option : type.options) {
    if (option->kind == Type::Kind::any_of) {
      add_fitting(*option, kind, out);
    } else if (written_as(*option) == kind) {
      out.push_back(option);
    }
  }
}

void check_any_of(const Type& type, const Json& value, const std::string& path, Problems& problems) {
  std::vector<const Type*> fitting;
  add_fitting(type, value.kind, fitting);
  if (fitting.size() == 1) return check(*fitting[0], value, path, problems);
  for (const Type* option : fitting) {
    Problems ignored;
    check(*option, value, path, ignored);
    if (ignored.empty()) return;
  }
  // A misspelt word of a choice deserves its hint even among other texts.
  for (const Type* option : fitting) {
    if (option->kind != Type::Kind::choice) continue;
    const std::string near = nearest(value.text, option->choices);
    if (near.empty()) continue;
    problems.add(value.line, path,
                 "expected " + type.title + ", got " + describe(value) + "; did you mean \"" + near + "\"?");
    return;
  }
  wrong(type, value, path, problems);
}

}  // namespace

const Field* Type::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= 40 && is_letter(text[0]) &&
         std::all_of(text.begin(), text.end(), is_word);
}

void check(const Type& type, const Json& value, const std::string& path, Problems& problems) {
  using Kind = Type::Kind;
  if (type.kind == Kind::any_of) return check_any_of(type, value, path, problems);
  if (!value.is(written_as(type))) return wrong(type, value, path, problems);
  bool good = true;
  switch (type.kind) {
    case Kind::boolean:
    case Kind::number:
    case Kind::any_of: break;
    case Kind::yes: good = value.truth; break;
    case Kind::integer: {
      // Seeds use all 64 bits, everything else fits into 63.
      if (type.max == INT64_MAX) {
        good = unsigned_integer(value.text).has_value() && type.min <= 0;
        if (const auto n = scaled_integer(value.text, 0); n && *n < type.min) good = false;
        if (type.min > 0) {
          const auto n = unsigned_integer(value.text);
          good = n && *n >= static_cast<std::uint64_t>(type.min);
        }
      } else {
        const auto n = scaled_integer(value.text, 0);
        good = n && *n >= type.min && *n <= type.max;
      }
      break;
    }
    case Kind::text: good = static_cast<std::int64_t>(value.text.size()) >= type.min; break;
    case Kind::name:
    case Kind::label: good = is_label(value.text); break;
    case Kind::selector: good = is_selector(value.text); break;
    case Kind::duration: good = parse_duration(value.text).has_value(); break;
    case Kind::signed_duration: good = parse_signed_duration(value.text).has_value(); break;
    case Kind::percentage: good = parse_percentage(value.text).has_value(); break;
    case Kind::fraction: good = parse_probability(value.text).has_value(); break;
    case Kind::drift: good = parse_drift(value.text).has_value(); break;
    case Kind::choice: {
      if (std::find(type.choices.begin(), type.choices.end(), value.text) != type.choices.end()) break;
      const std::string near = nearest(value.text, type.choices);
      problems.add(value.line, path,
                   "expected " + (type.title.empty() ? join(type.choices) : type.title) + ", got " +
                       describe(value) + (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
      return;
    }
    case Kind::list: {
      const auto n = static_cast<std::int64_t>(value.items.size());
      if (n < type.min || n > type.max) {
        problems.add(value.line, path,
                     "expected " + type.title + ", got a list of " + std::to_string(n));
      }
      for (std::size_t i = 0; i < value.items.size(); ++i) {
        check(*type.item, value.items[i], path + "[" + std::to_string(i) + "]", problems);
      }
      return;
    }
    case Kind::map: {
      if (value.members.empty()) {
        return problems.add(value.line, path, "expected " + type.title + ", at least one; got none");
      }
      for (const auto& [key, member] : value.members) {
        if (type.keys_are_names && !is_label(key)) {
          problems.add(member.line, path + "." + key, "expected the name of a node, got \"" + key + "\"");
        }
        if (type.keys_not_empty && key.empty()) problems.add(member.line, path, "expected a name, got \"\"");
        check(*type.item, member, path + "." + key, problems);
      }
      return;
    }
    case Kind::object: return check_object(type, value, path, problems);
  }
  if (!good) wrong(type, value, path, problems);
}

}  // namespace quorumlab::script
