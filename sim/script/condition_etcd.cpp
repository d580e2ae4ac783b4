// Conditions on answers of the etcd API, and on what programs believe.
#include "sim/script/condition.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "sim/script/targets.h"

namespace quorumlab::script {
namespace {

using Kind = Condition::Kind;
using Part = Condition::Part;

// The request that the condition means; null if there was none.
const world::Operation* meant(const world::Simulation& sim, const Condition& c, const Spoken& spoken) {
  if (!c.key.empty()) {
    for (const auto& [name, id] : spoken.named) {
      if (name == c.key) return &sim.operation(id);
    }
    return nullptr;
  }
  const auto& ids = spoken.of[static_cast<std::size_t>(Condition::Operation::http)];
  return ids.empty() ? nullptr : &sim.operation(ids.back());
}

std::string text_of(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// What the answer says there; "nothing" where it says nothing.
std::string part(const world::Operation& op, Part which) {
  if (which == Part::status) return std::to_string(op.count);
  const nlohmann::json body = nlohmann::json::parse(op.value.substr(0, op.value.find('\n')), nullptr, false);
  const char* const path = which == Part::action     ? "/action"
                           : which == Part::key      ? "/node/key"
                           : which == Part::value    ? "/node/value"
                           : which == Part::previous ? "/prevNode/value"
                                                     : "/errorCode";
  const nlohmann::json::json_pointer at(path);
  return body.is_object() && body.contains(at) ? text_of(body[at]) : "nothing";
}

const recipes::App* program(const world::Simulation& sim, NodeId node) {
  return sim.is_running(node) ? sim.app(node) : nullptr;
}

}  // namespace

bool etcd_holds(const world::Simulation& sim, const Condition& c, const Memory& memory, const Spoken& spoken) {
  switch (c.kind) {
    case Kind::answer: {
      const world::Operation* op = meant(sim, c, spoken);
      if (op == nullptr) return false;
      if (c.part == Part::pending) return op->outcome == world::Operation::Outcome::pending;
      if (c.part == Part::contains) return op->value.find(c.value) != std::string::npos;
      return part(*op, c.part) == c.value;
    }
    case Kind::app_holds:
      return all_of(sim, c.who, memory, [&](NodeId n) {
        const recipes::App* app = program(sim, n);
        return app != nullptr && app->holds();
      });
    case Kind::app_holds_nothing:
      return all_of(sim, c.who, memory, [&](NodeId n) {
        const recipes::App* app = program(sim, n);
        return app == nullptr || !app->holds();
      });
    case Kind::app_follows:
      return all_of(sim, c.who, memory, [&](NodeId n) {
        const recipes::App* app = program(sim, n);
        if (app == nullptr) return false;
        if (c.whom.empty()) return !app->follows();
        return all_of(sim, c.whom, memory, [&](NodeId whom) { return app->follows() == whom; });
      });
    case Kind::app_said:
      return all_of(sim, c.who, memory, [&](NodeId n) { return sim.is_running(n) && sim.said(n, c.value); });
    default: return false;
  }
}

std::string etcd_instead(const world::Simulation& sim, const Condition& c, const Memory& memory,
                         const Spoken& spoken) {
  const std::vector<std::string> names = sim.config().host_names();
  const auto name = [&](NodeId n) { return n && n.value <= names.size() ? names[n.value - 1] : std::string("nobody"); };
  if (c.kind == Kind::answer) {
    const world::Operation* op = meant(sim, c, spoken);
    if (op == nullptr) return "there was no such request";
    if (op->outcome == world::Operation::Outcome::pending) return "there is no answer yet";
    if (op->outcome == world::Operation::Outcome::timed_out) return "there was no answer in time";
    if (c.part == Part::pending || c.part == Part::contains) return "it says " + op->value;
    return "it says " + part(*op, c.part);
  }
  std::string out;
  all_of(sim, c.who, memory, [&](NodeId n) {
    const recipes::App* app = program(sim, n);
    out += (out.empty() ? "" : ", ") + name(n);
    if (app == nullptr) {
      out += " does not run";
    } else if (c.kind == Kind::app_said) {
      out += sim.said(n, c.value) ? " said so" : " has not said so, nor was it told";
    } else if (c.kind == Kind::app_follows) {
      out += " goes to " + name(app->follows());
    } else {
      out += app->holds() ? " holds its key" : " holds nothing";
    }
    return true;
  });
  return out;
}

}  // namespace quorumlab::script
