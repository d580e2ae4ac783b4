// Selectors, by looking at the running nodes.
#include "sim/script/selector.h"

#include <algorithm>

#include "sim/script/verbs.h"

namespace quorumlab::script {
namespace {

using Kind = Selector::Kind;

constexpr std::uint64_t kLots = 0x5e1ec7;  // the purpose of these draws

std::string_view word_of(Kind kind) {
  switch (kind) {
    case Kind::leader: return "leader";
    case Kind::follower: return "follower";
    case Kind::followers: return "followers";
    case Kind::candidate: return "candidate";
    case Kind::random: return "random";
    case Kind::minority: return "minority";
    case Kind::majority: return "majority";
    case Kind::all: return "all";
    case Kind::others: return "others";
    case Kind::last_crashed: return "last-crashed";
    case Kind::crashed: return "crashed";
    case Kind::paused: return "paused";
    case Kind::clients: return "clients";
    case Kind::spares: return "spares";
    case Kind::node:
    case Kind::alias: break;
  }
  return "";
}

bool contains(const std::vector<NodeId>& list, NodeId node) {
  return std::find(list.begin(), list.end(), node) != list.end();
}

}  // namespace

std::optional<Kind> find_selector(std::string_view word) {
  for (std::uint8_t i = 0; i < static_cast<std::uint8_t>(Kind::alias); ++i) {
    const Kind kind = static_cast<Kind>(i);
    if (!word.empty() && word_of(kind) == word) return kind;
  }
  return std::nullopt;
}

NodeId leading(const world::Simulation& sim) {
  NodeId best;
  Term term;
  for (std::uint32_t i = 1; i <= sim.node_count(); ++i) {
    if (!sim.is_running(NodeId{i})) continue;
    if (const world::ForeignBehaviour* own = sim.foreign(NodeId{i})) {
      if (own->leads() > term.value) {
        best = NodeId{i};
        term = {own->leads()};
      }
      continue;
    }
    const raft::Status& s = sim.node(NodeId{i}).status();
    if (s.role == raft::Role::leader && !s.stopped && (!best || s.term > term)) {
      best = NodeId{i};
      term = s.term;
    }
  }
  return best;
}

const raft::ConfState* configuration(const world::Simulation& sim) {
  if (sim.config().foreign != nullptr) return nullptr;
  NodeId best = leading(sim);
  for (std::uint32_t i = 1; !best && i <= sim.node_count(); ++i) {
    if (!sim.is_running(NodeId{i})) continue;
    best = NodeId{i};
    for (std::uint32_t j = i + 1; j <= sim.node_count(); ++j) {
      if (sim.is_running(NodeId{j}) &&
          sim.node(NodeId{j}).status().applied > sim.node(best).status().applied) {
        best = NodeId{j};
      }
    }
  }
  return best ? &sim.node(best).raft().conf() : nullptr;
}

std::vector<NodeId> voters(const world::Simulation& sim) {
  std::vector<NodeId> out;
  const raft::ConfState* conf = configuration(sim);
  if (conf != nullptr && sim.config().node.run_raft) {
    out = conf->voters;
    for (const NodeId node : conf->voters_outgoing) {
      if (!contains(out, node)) out.push_back(node);
    }
    std::sort(out.begin(), out.end());
  } else {
    const auto members = static_cast<std::uint32_t>(sim.config().names.size()) - sim.config().spare_nodes;
    for (std::uint32_t i = 1; i <= members; ++i) out.push_back(NodeId{i});
  }
  return out;
}

void Resolver::name(const std::vector<NodeId>& nodes) {
  named_.insert(named_.end(), nodes.begin(), nodes.end());
}

void Resolver::draw(std::vector<NodeId> from, std::size_t count, std::vector<NodeId>& out) {
  const Random random(sim_.seed());
  const std::size_t begin = out.size();
  for (; count > 0 && !from.empty(); --count) {
    const std::uint64_t lot = random.draw(kLots ^ (step_ << 32), place_++);
    const auto at = from.begin() + static_cast<std::ptrdiff_t>(below(lot, from.size()));
    out.push_back(*at);
    from.erase(at);
  }
  std::sort(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end());
}

bool Resolver::one(const Selector& selector, std::vector<NodeId>& out, std::string& why) {
  const auto nobody = [&](const char* what) {
    why = std::string("@") + std::string(word_of(selector.kind)) + " means nobody now: " + what;
    return false;
  };
  const std::vector<NodeId> members = voters(sim_);
  const auto taken = [&](NodeId n) { return contains(out, n); };
  std::vector<NodeId> from;
  const auto running_members = [&](auto fits) {
    for (const NodeId n : members) {
      if (sim_.is_running(n) && !taken(n) && fits(n)) from.push_back(n);
    }
  };
  switch (selector.kind) {
    case Kind::node: out.push_back(selector.node); return true;
    case Kind::alias:
      for (const NodeId n : memory_.aliases[selector.alias]) {
        if (!taken(n)) out.push_back(n);
      }
      return true;
    case Kind::leader: {
      const NodeId leader = leading(sim_);
      if (!leader) return nobody("no running node leads; wait_until a leader exists first");
      if (!taken(leader)) out.push_back(leader);
      return true;
    }
    case Kind::follower:
    case Kind::followers:
      running_members([&](NodeId n) { return n != leading(sim_) && !sim_.is_paused(n); });
      if (from.empty()) return nobody("there is no other running voter");
      draw(from, selector.kind == Kind::follower ? 1 : from.size(), out);
      return true;
    case Kind::candidate:
      running_members([&](NodeId n) {
        const raft::Role role = sim_.node(n).status().role;
        return role == raft::Role::candidate || role == raft::Role::pre_candidate;
      });
      if (from.empty()) return nobody("nobody campaigns");
      draw(from, 1, out);
      return true;
    case Kind::random:
      running_members([](NodeId) { return true; });
      if (from.empty()) return nobody("no member runs");
      draw(from, 1, out);
      return true;
    case Kind::minority:
    case Kind::majority: {
      for (const NodeId n : members) {
        if (!taken(n)) from.push_back(n);
      }
      const std::size_t majority = members.size() / 2 + 1;
      draw(from, selector.kind == Kind::majority ? majority : members.size() - majority, out);
      return true;
    }
    case Kind::all:
    case Kind::others:
      for (const NodeId n : members) {
        if (!taken(n) && (selector.kind == Kind::all || !contains(named_, n))) out.push_back(n);
      }
      return true;
    case Kind::last_crashed:
      for (auto it = memory_.down.rbegin(); it != memory_.down.rend(); ++it) {
        if (sim_.is_running(*it) || taken(*it)) continue;
        out.push_back(*it);
        return true;
      }
      for (std::uint32_t i = 1; i <= sim_.node_count(); ++i) {
        if (sim_.is_running(NodeId{i}) || taken(NodeId{i})) continue;
        out.push_back(NodeId{i});
        return true;
      }
      return nobody("every node runs");
    case Kind::crashed:
    case Kind::paused: {
      const std::size_t before = out.size();
      for (std::uint32_t i = 1; i <= sim_.node_count(); ++i) {
        const NodeId n{i};
        const bool hit = selector.kind == Kind::crashed ? !sim_.is_running(n) : sim_.is_running(n) && sim_.is_paused(n);
        if (hit && !taken(n)) out.push_back(n);
      }
      return out.size() > before || nobody(selector.kind == Kind::crashed ? "every node runs" : "no node is paused");
    }
    case Kind::clients:
      for (std::uint32_t i = 1; i <= sim_.config().clients; ++i) {
        const NodeId n{sim_.node_count() + i};
        if (!taken(n)) out.push_back(n);
      }
      return true;
    case Kind::spares: {
      const std::size_t before = out.size();
      for (std::uint32_t i = 1; i <= sim_.node_count(); ++i) {
        if (!contains(members, NodeId{i}) && !taken(NodeId{i})) out.push_back(NodeId{i});
      }
      return out.size() > before || nobody("every host is a member");
    }
  }
  return false;
}

bool Resolver::resolve(const Targets& targets, std::vector<NodeId>& out, std::string& why) {
  for (const Selector& selector : targets) {
    if (!one(selector, out, why)) return false;
  }
  return true;
}

std::vector<NodeId> Resolver::shuffled(std::vector<NodeId> nodes) {
  std::vector<NodeId> out;
  while (!nodes.empty()) {
    const std::uint64_t lot = Random(sim_.seed()).draw(kLots ^ (step_ << 32), place_++);
    const auto at = nodes.begin() + static_cast<std::ptrdiff_t>(below(lot, nodes.size()));
    out.push_back(*at);
    nodes.erase(at);
  }
  return out;
}

}  // namespace quorumlab::script
