// Conditions, by looking at the running nodes.
#include "sim/script/condition.h"

#include <algorithm>

#include "sim/script/targets.h"

namespace quorumlab::script {
namespace {

using Kind = Condition::Kind;
using Outcome = world::Operation::Outcome;

bool is_up(const world::Simulation& sim, NodeId node) { return sim.is_running(node) && !sim.is_paused(node); }

// Whether `fits` holds for a majority, in both halves of a joint configuration.
template <class Fits>
bool majority(const world::Simulation& sim, Fits fits) {
  const raft::ConfState* conf = configuration(sim);
  if (conf == nullptr) return false;
  for (const std::vector<NodeId>* half : {&conf->voters, &conf->voters_outgoing}) {
    if (half->empty()) continue;
    std::size_t count = 0;
    for (const NodeId n : *half) count += fits(n) ? 1 : 0;
    if (count < half->size() / 2 + 1) return false;
  }
  return !conf->voters.empty();
}

// What a running node's state machine has there; nullptr: nothing.
const std::string* value_at(const world::Simulation& sim, NodeId node, const std::string& key) {
  const Node& server = sim.node(node);
  if (const kv::Server* kv = server.kv()) {
    kv::Refusal missing;
    const std::string path = std::string(kv::kUserRoot) + (key.starts_with('/') ? "" : "/") + key;
    const kv::Store::Handle at = kv->store().find(path, missing);
    return missing || kv->store().node(at).dir ? nullptr : &kv->store().node(at).value;
  }
  const StateMachine::Item* item = server.state().find(key);
  return item == nullptr ? nullptr : &item->value;
}

bool has_value(const world::Simulation& sim, NodeId node, const Condition& c) {
  if (!sim.is_running(node)) return false;
  const std::string* value = value_at(sim, node, c.key);
  return value != nullptr && *value == c.value;
}

std::uint64_t highest_term(const world::Simulation& sim) {
  std::uint64_t term = 0;
  for (std::uint32_t i = 1; i <= sim.node_count(); ++i) {
    if (sim.is_running(NodeId{i})) term = std::max(term, sim.node(NodeId{i}).status().term.value);
  }
  return term;
}

NodeId established(const world::Simulation& sim) {
  const NodeId leader = leading(sim);
  return leader && leader_established(sim, leader) ? leader : kNobody;
}

bool plays(const world::Simulation& sim, NodeId node, Condition::Role role) {
  using Role = Condition::Role;
  if (role == Role::down) return !sim.is_running(node);
  if (!sim.is_running(node)) return false;
  if (role == Role::paused) return sim.is_paused(node);
  const raft::Role is = sim.node(node).status().role;
  switch (role) {
    case Role::follower: return is == raft::Role::follower;
    case Role::pre_candidate: return is == raft::Role::pre_candidate;
    case Role::candidate: return is == raft::Role::candidate;
    case Role::leader: return is == raft::Role::leader;
    case Role::down:
    case Role::paused: break;
  }
  return false;
}

bool members_match(const world::Simulation& sim, const Condition& c) {
  const raft::ConfState* conf = configuration(sim);
  if (conf == nullptr) return false;
  if (c.voters_given && conf->voters != c.voters) return false;
  if (c.learners_given && conf->learners != c.learners) return false;
  return !c.joint_given || !conf->voters_outgoing.empty() == c.joint;
}

bool operations_match(const world::Simulation& sim, const Condition& c, const Spoken& spoken) {
  const auto& ids = spoken.of[static_cast<std::size_t>(c.operation)];
  if (ids.empty()) return false;
  return std::all_of(ids.begin(), ids.end(), [&](std::uint64_t id) {
    const world::Operation& op = sim.operation(id);
    if (c.kind == Kind::read_value) return op.outcome == Outcome::accepted && op.value == c.value;
    return op.outcome == c.outcome;
  });
}

}  // namespace

bool leader_established(const world::Simulation& sim, NodeId node) {
  if (!is_up(sim, node)) return false;
  if (const world::ForeignBehaviour* own = sim.foreign(node)) return own->leads() != 0;
  const raft::Status& s = sim.node(node).status();
  if (s.role != raft::Role::leader || s.term.value != highest_term(sim)) return false;
  return majority(sim, [&](NodeId n) {
    return n == node || (is_up(sim, n) && sim.node(n).status().leader == node && sim.node(n).status().term == s.term);
  });
}

Quorum quorum(const world::Simulation& sim) {
  // The world's own arithmetic, so that conditions and trace never differ.
  const world::QuorumState& state = sim.quorum();
  const raft::ConfState* conf = configuration(sim);
  const std::size_t initial = sim.config().names.size() - sim.config().spare_nodes;
  return {state.available, state.have, state.need,
          static_cast<std::uint32_t>(conf == nullptr ? initial : conf->voters.size())};
}

bool holds(const world::Simulation& sim, const Condition& c, const Memory& memory, const Spoken& spoken) {
  switch (c.kind) {
    case Kind::leader_exists: return static_cast<bool>(established(sim));
    case Kind::leader_none: return !leading(sim);
    case Kind::leader_is: {
      const NodeId leader = established(sim);
      return leader && all_of(sim, c.who, memory, [&](NodeId n) { return n == leader; });
    }
    case Kind::leader_not: {
      const NodeId leader = established(sim);
      return leader && !any_of(sim, c.who, memory, [&](NodeId n) { return n == leader; });
    }
    case Kind::quorum_available: return quorum(sim).available;
    case Kind::quorum_unavailable: return !quorum(sim).available;
    case Kind::outcome:
    case Kind::read_value: return operations_match(sim, c, spoken);
    case Kind::term: {
      const std::uint64_t term = highest_term(sim);
      return term >= c.least && term <= c.most;
    }
    case Kind::role:
      return all_of(sim, c.who, memory, [&](NodeId n) { return plays(sim, n, c.role); });
    case Kind::knows_leader:
      return all_of(sim, c.who, memory, [&](NodeId n) {
        if (!sim.is_running(n)) return false;
        const NodeId known = sim.node(n).status().leader;
        return all_of(sim, c.whom, memory, [&](NodeId leader) { return leader == known; });
      });
    case Kind::committed: return majority(sim, [&](NodeId n) { return has_value(sim, n, c); });
    case Kind::applied:
      for (const NodeId n : voters(sim)) {
        if (sim.is_running(n) && !has_value(sim, n, c)) return false;
      }
      return configuration(sim) != nullptr;
    case Kind::running:
      return all_of(sim, c.who, memory, [&](NodeId n) { return sim.is_running(n); });
    case Kind::down:
      return all_of(sim, c.who, memory, [&](NodeId n) { return !sim.is_running(n); });
    case Kind::members: return members_match(sim, c);
    case Kind::caught_up: {
      LogIndex commit;
      for (std::uint32_t i = 1; i <= sim.node_count(); ++i) {
        if (sim.is_running(NodeId{i})) commit = std::max(commit, sim.node(NodeId{i}).status().commit);
      }
      return all_of(sim, c.who, memory,
                    [&](NodeId n) { return sim.is_running(n) && sim.node(n).status().applied >= commit; });
    }
    case Kind::snapshot_installed:
      return all_of(sim, c.who, memory, [&](NodeId n) { return sim.count(Fact::snapshot_installed, n) > 0; });
    case Kind::refused_to_start:
      return all_of(sim, c.who, memory, [&](NodeId n) { return sim.count(Fact::refused_to_start, n) > 0; });
    case Kind::elections:
    case Kind::campaigns: {
      const std::uint64_t n = sim.count(c.kind == Kind::elections ? Fact::became_leader : Fact::became_candidate);
      return n >= c.least && n <= c.most;
    }
    case Kind::acks:
    case Kind::responses:
    case Kind::seen:
    case Kind::sees:
    case Kind::delivered:
    case Kind::coordinates: return serf_holds(sim, c, memory, spoken);
    case Kind::answer:
    case Kind::app_holds:
    case Kind::app_holds_nothing:
    case Kind::app_follows:
    case Kind::app_said: return etcd_holds(sim, c, memory, spoken);
  }
  return false;
}

bool hold(const world::Simulation& sim, const Conditions& conditions, const Memory& memory, const Spoken& spoken) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Condition& c) { return holds(sim, c, memory, spoken); });
}

std::string_view outcome_word(Outcome outcome) {
  switch (outcome) {
    case Outcome::pending: return "pending";
    case Outcome::accepted: return "accepted";
    case Outcome::not_found: return "not-found";
    case Outcome::refused: return "refused";
    case Outcome::timed_out: return "timed-out";
  }
  return "";
}

std::string instead(const world::Simulation& sim, const Condition& c, const Memory& memory, const Spoken& spoken) {
  const auto& names = sim.config().names;
  const auto name = [&](NodeId n) { return n && n.value <= names.size() ? names[n.value - 1] : std::string("nobody"); };
  switch (c.kind) {
    case Kind::leader_exists:
    case Kind::leader_none:
    case Kind::leader_is:
    case Kind::leader_not: {
      const NodeId leader = leading(sim);
      if (!leader) return "nobody leads";
      return name(leader) + (established(sim) ? " leads" : " believes to lead, without a majority that knows it");
    }
    case Kind::quorum_available:
    case Kind::quorum_unavailable: {
      const Quorum q = quorum(sim);
      return std::to_string(q.have) + " of " + std::to_string(q.voters) + " voters can reach each other, " +
             std::to_string(q.need) + " are needed";
    }
    case Kind::outcome:
    case Kind::read_value: {
      const auto& ids = spoken.of[static_cast<std::size_t>(c.operation)];
      if (ids.empty()) return "there was no such operation";
      for (const std::uint64_t id : ids) {
        const world::Operation& op = sim.operation(id);
        if (c.kind == Kind::read_value && op.outcome == Outcome::accepted && op.value != c.value) {
          return "it found \"" + op.value + "\"";
        }
        if (c.kind == Kind::read_value ? op.outcome != Outcome::accepted : op.outcome != c.outcome) {
          return "it was " + std::string(outcome_word(op.outcome)) + (ids.size() > 1 ? ", at least once" : "");
        }
      }
      return "";
    }
    case Kind::term: return "the highest term is " + std::to_string(highest_term(sim));
    case Kind::elections: return std::to_string(sim.count(Fact::became_leader)) + " so far";
    case Kind::campaigns: return std::to_string(sim.count(Fact::became_candidate)) + " so far";
    case Kind::role: {
      for (const Selector& s : c.who) {
        if (!sim.is_running(s.node)) return name(s.node) + " is down";
        return name(s.node) + " is " + raft::role_name(sim.node(s.node).status().role) + (sim.is_paused(s.node) ? ", paused" : "");
      }
      return "";
    }
    case Kind::knows_leader:
      for (const Selector& s : c.who) {
        return name(s.node) + " believes in " + (sim.is_running(s.node) ? name(sim.node(s.node).status().leader) : "nothing: it is down");
      }
      return "";
    case Kind::committed:
    case Kind::applied: {
      std::string out;
      for (std::uint32_t i = 1; i <= sim.node_count(); ++i) {
        const NodeId n{i};
        if (!sim.is_running(n)) continue;
        const std::string* value = value_at(sim, n, c.key);
        out += (out.empty() ? "" : ", ") + name(n) + (value == nullptr ? " has nothing" : " has " + *value);
      }
      return out.empty() ? "no node runs" : out;
    }
    case Kind::members: {
      const raft::ConfState* conf = configuration(sim);
      if (conf == nullptr) return "no node runs";
      std::string out = "voters are";
      for (const NodeId n : conf->voters) out += " " + name(n);
      if (!conf->voters_outgoing.empty()) {
        out += ", jointly with";
        for (const NodeId n : conf->voters_outgoing) out += " " + name(n);
      }
      if (!conf->learners.empty()) {
        out += ", learners";
        for (const NodeId n : conf->learners) out += " " + name(n);
      }
      return out;
    }
    case Kind::running:
    case Kind::down:
    case Kind::caught_up:
    case Kind::snapshot_installed:
    case Kind::refused_to_start: break;
    case Kind::answer:
    case Kind::app_holds:
    case Kind::app_holds_nothing:
    case Kind::app_follows:
    case Kind::app_said: return etcd_instead(sim, c, memory, spoken);
    default: return serf_instead(sim, c, memory, spoken);
  }
  return "it is not so";
}

}  // namespace quorumlab::script
