// JSON for people: short values on one line, long ones a member a line.
#include "sim/script/json.h"
#include "sim/trace/json_string.h"

namespace quorumlab::script {
namespace {

constexpr std::size_t kWidth = 100;

void add_flat(const Json& value, std::string& out) {
  switch (value.kind) {
    case Json::Kind::null: out += "null"; break;
    case Json::Kind::boolean: out += value.truth ? "true" : "false"; break;
    case Json::Kind::number: out += value.text; break;
    case Json::Kind::text: trace::put_json_string(value.text, out); break;
    case Json::Kind::list:
      out += '[';
      for (const Json& item : value.items) {
        if (&item != &value.items.front()) out += ", ";
        add_flat(item, out);
      }
      out += ']';
      break;
    case Json::Kind::object:
      out += '{';
      for (const JsonMember& member : value.members) {
        if (&member != &value.members.front()) out += ", ";
        trace::put_json_string(member.first, out);
        out += ": ";
        add_flat(member.second, out);
      }
      out += '}';
      break;
  }
}

// `used`: how much of the line stands there already.
void add(const Json& value, std::size_t indent, std::size_t used, bool whole, std::string& out) {
  std::string flat;
  add_flat(value, flat);
  const bool list = value.is(Json::Kind::list), object = value.is(Json::Kind::object);
  const bool empty = value.items.empty() && value.members.empty();
  if ((!list && !object) || empty || (!whole && used + flat.size() + 1 <= kWidth)) {
    out += flat;
    return;
  }
  const std::string margin(indent + 2, ' ');
  out += list ? "[\n" : "{\n";
  for (const Json& item : value.items) {
    out += margin;
    add(item, indent + 2, margin.size(), false, out);
    out += &item == &value.items.back() ? "\n" : ",\n";
  }
  for (const JsonMember& member : value.members) {
    std::string name;
    trace::put_json_string(member.first, name);
    out += margin + name + ": ";
    // Steps stand below each other, however few they are.
    const bool steps = indent == 0 && member.second.is(Json::Kind::list) && !member.second.items.empty() &&
                       member.second.items[0].is(Json::Kind::object);
    add(member.second, indent + 2, margin.size() + name.size() + 2, steps, out);
    out += &member == &value.members.back() ? "\n" : ",\n";
  }
  out += std::string(indent, ' ') + (list ? ']' : '}');
}

}  // namespace

std::string write_json(const Json& value) {
  std::string out;
  add(value, 0, 0, true, out);
  out += '\n';
  return out;
}

}  // namespace quorumlab::script
