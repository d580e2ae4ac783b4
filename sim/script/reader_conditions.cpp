// Conditions: what wait_until, expect and finally ask.
#include <algorithm>

#include "sim/script/loader.h"
#include "sim/script/reader.h"
#include "sim/script/type.h"

namespace quorumlab::script {
namespace {

using Outcome = world::Operation::Outcome;

std::optional<Outcome> find_outcome(std::string_view word) {
  if (word == "accepted") return Outcome::accepted;
  if (word == "timed-out") return Outcome::timed_out;
  if (word == "refused") return Outcome::refused;
  if (word == "not-found") return Outcome::not_found;
  return std::nullopt;
}

// The condition as a short text, for messages.
std::string short_text(const Json& json) {
  switch (json.kind) {
    case Json::Kind::text: return json.text;
    case Json::Kind::number: return json.text;
    case Json::Kind::boolean: return json.truth ? "true" : "false";
    case Json::Kind::null: return "null";
    case Json::Kind::list: {
      std::string out;
      for (const Json& item : json.items) out += (out.empty() ? "" : ", ") + short_text(item);
      return out;
    }
    case Json::Kind::object: {
      std::string out;
      for (const auto& [key, value] : json.members) {
        out += (out.empty() ? "" : ", ") + (key == "at_least" ? "at least" : key == "at_most" ? "at most" : key) + " " +
               short_text(value);
      }
      return out;
    }
  }
  return "";
}

// As it is told when it held or not: "a leader exists".
std::string words_of(const std::string& key, const Json& json) {
  const std::string what = short_text(json);
  // {"not": ...} or {"value": ...}; the file may say something else there, or nothing.
  const std::string inner = json.members.empty() ? "" : short_text(json.members.front().second);
  if (key == "leader") {
    if (json.is(Json::Kind::object)) return "a leader exists other than " + inner;
    return what == "exists" ? "a leader exists" : what == "none" ? "nobody leads" : what + " leads";
  }
  if (key == "quorum") return "the quorum is " + what;
  if (key == "write" || key == "erase") return "the " + key + " is " + what;
  if (key == "change" || key == "command") return "the " + key + " is " + what;
  if (key == "read") {
    const bool outcome = json.is(Json::Kind::text) && find_outcome(json.text).has_value();
    return outcome ? "the read is " + what : "the read finds " + (json.is(Json::Kind::object) ? inner : what);
  }
  if (key == "term") return "the highest term is " + what;
  if (key == "elections" || key == "campaigns") return key + ": " + what;
  if (key == "running" || key == "down") return what + (key == "down" ? " is down" : " runs");
  if (key == "caught_up") return what + " has caught up";
  if (key == "snapshot_installed") return what + " took over a snapshot";
  if (key == "refused_to_start") return what + " refused to start";
  const auto of = [&](const char* name) {
    const Json* inside = json.is(Json::Kind::object) ? json.find(name) : nullptr;
    const std::string said = inside == nullptr ? std::string() : short_text(*inside);
    return said == "@all" ? "everybody" : said;
  };
  if (key == "acks" || key == "responses") {
    return json.is(Json::Kind::object) ? key + ": " + what : what + " " + (what == "1" ? key.substr(0, key.size() - 1) : key);
  }
  if (key == "seen") {
    return (of("by").empty() ? "everybody" : of("by")) + " takes " + of("members") + " for " + of("as");
  }
  if (key == "delivered") {
    const std::string times = of("times");
    return "handlers of " + (of("to").empty() ? "everybody" : of("to")) + " heard " + of("event") +
           (times.empty() ? "" : times == "1" ? " once" : times == "0" ? " never" : ", times: " + times);
  }
  return key + ": " + what;
}

}  // namespace

void Reader::bounds(const Json& json, const std::string& path, Condition& out) {
  if (json.is(Json::Kind::number)) {
    out.least = out.most = unsigned_integer(json.text).value_or(0);
    return;
  }
  read_integer(&json, "at_least", out.least);
  read_integer(&json, "at_most", out.most);
  if (out.least > out.most) problems_.add(json.line, path, "at_least is above at_most: it can never hold");
}

// What is asked of an engine that does not run would never hold, or always.
void Reader::expect_engines(const std::string& condition, const Json& json, const std::string& path) {
  const auto among = [&](std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), condition) != list.end();
  };
  if (among({"command", "acks", "responses", "seen", "sees", "delivered", "coordinates"})) {
    expect_agents(json.line, path);
  } else if (among({"answer"})) {
    if (!out_.cluster.node.run_kv) problems_.add(json.line, path, "nobody speaks HTTP here: the cluster needs \"etcd\"");
  } else if (among({"leader", "quorum", "write", "read", "erase", "change", "term", "elections", "campaigns", "knows_leader",
                    "committed", "applied", "caught_up", "snapshot_installed", "members"})) {
    expect_raft(json.line, path);
  } else if (condition == "role") {
    for (const auto& [name, role] : json.members) {
      if (role.text != "down" && role.text != "paused") expect_raft(role.line, path + "." + name);
    }
  }
}

void Reader::condition(const std::string& key, const Json& json, const std::string& path, Conditions& out) {
  using Kind = Condition::Kind;
  Condition c;
  c.line = json.line;
  c.words = words_of(key, json);
  const auto put = [&](Kind kind) {
    c.kind = kind;
    out.push_back(c);
  };
  const auto put_targets = [&](Kind kind) {
    c.who = targets(json, path);
    put(kind);
  };
  if (!out_.cluster.foreign_name.empty()) {
    for (const char* known : {"leader", "write", "read", "erase", "running", "down"}) {
      if (key == known) break;
      if (std::string_view(known) != "down") continue;
      problems_.add(json.line, path, "asks for what only Raft has; a protocol of one's own runs here");
      return;
    }
  }
  expect_engines(key, json, path);
  if (serf_condition(key, json, path, c, out) || etcd_condition(key, json, path, c, out)) return;
  static constexpr std::pair<const char*, Condition::Operation> kOperations[] = {
      {"write", Condition::Operation::write}, {"read", Condition::Operation::read},
      {"erase", Condition::Operation::erase}, {"change", Condition::Operation::change},
      {"command", Condition::Operation::command}};
  for (const auto& [name, operation] : kOperations) {
    if (key != name) continue;
    c.operation = operation;
    const auto outcome = json.is(Json::Kind::text) ? find_outcome(json.text) : std::nullopt;
    if (outcome) {
      c.outcome = *outcome;
      return put(Kind::outcome);
    }
    if (key == "read") {
      const Json* value = json.is(Json::Kind::object) ? json.find("value") : &json;
      if (value != nullptr) c.value = scalar(*value);
      return put(Kind::read_value);
    }
    return;
  }
  if (key == "leader") {
    if (json.is(Json::Kind::object)) {
      if (const Json* other = json.find("not")) c.who = targets(*other, path + ".not");
      return put(Kind::leader_not);
    }
    if (json.text == "exists") return put(Kind::leader_exists);
    if (json.text == "none") return put(Kind::leader_none);
    // A misspelt word is more likely than a node of that name.
    if (json.is(Json::Kind::text) && is_label(json.text) &&
        std::find(hosts_.begin(), hosts_.end(), json.text) == hosts_.end()) {
      std::vector<std::string> known = hosts_;
      known.insert(known.begin(), {"exists", "none"});
      const std::string near = nearest(json.text, known);
      problems_.add(json.line, path,
                    "expected \"exists\", \"none\" or a node, got \"" + json.text + "\"" +
                        (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
      return;
    }
    return put_targets(Kind::leader_is);
  }
  if (key == "quorum") return put(json.text == "available" ? Kind::quorum_available : Kind::quorum_unavailable);
  if (key == "running") return put_targets(Kind::running);
  if (key == "down") return put_targets(Kind::down);
  if (key == "caught_up") return put_targets(Kind::caught_up);
  if (key == "snapshot_installed") return put_targets(Kind::snapshot_installed);
  if (key == "refused_to_start") return put_targets(Kind::refused_to_start);
  if (key == "term" || key == "elections" || key == "campaigns") {
    bounds(json, path, c);
    return put(key == "term" ? Kind::term : key == "elections" ? Kind::elections : Kind::campaigns);
  }
  if (key == "committed" || key == "applied") {
    for (const auto& [item, value] : json.members) {
      c.key = item;
      c.value = scalar(value);
      c.words = item + " = " + c.value + (key == "committed" ? " is committed" : " is applied everywhere");
      put(key == "committed" ? Kind::committed : Kind::applied);
    }
    return;
  }
  if (key == "role" || key == "knows_leader") {
    static constexpr const char* kRoles[] = {"follower", "pre_candidate", "candidate", "leader", "down", "paused"};
    for (const auto& [name, value] : json.members) {
      Selector who;
      who.node = host(name, value.line, path + "." + name, true);
      c.who = {who};
      c.words = key == "role" ? name + " is " + short_text(value) : name + " believes in " + short_text(value);
      if (key == "knows_leader") {
        c.whom = targets(value, path + "." + name);
      } else {
        for (std::size_t i = 0; i < std::size(kRoles); ++i) {
          if (value.text == kRoles[i]) c.role = static_cast<Condition::Role>(i);
        }
      }
      put(key == "role" ? Kind::role : Kind::knows_leader);
    }
    return;
  }
  if (key == "members") {
    const auto ids = [&](const char* which, bool& given, std::vector<NodeId>& to) {
      const Json* list = member(&json, which, Json::Kind::list);
      if (list == nullptr) return;
      given = true;
      for (const Json& item : list->items) {
        if (const NodeId id = host(item.text, item.line, path + "." + which, true)) to.push_back(id);
      }
      std::sort(to.begin(), to.end());
    };
    ids("voters", c.voters_given, c.voters);
    ids("learners", c.learners_given, c.learners);
    if (const Json* joint = member(&json, "joint", Json::Kind::boolean)) {
      c.joint_given = true;
      c.joint = joint->truth;
    }
    put(Kind::members);
  }
}

Conditions Reader::conditions(const Json& json, const std::string& path) {
  Conditions out;
  for (const auto& [key, value] : json.members) condition(key, value, path + "." + key, out);
  return out;
}

}  // namespace quorumlab::script
