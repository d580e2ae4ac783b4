// What a step does, as acts of the world: whom it means now, and the order in which they are given.
#include <algorithm>

#include "sim/script/runner.h"

namespace quorumlab::script {
namespace {

using world::Action;
using world::Verb;

// "{i}" becomes the number.
void number_text(std::string& text, std::uint64_t i) {
  for (std::size_t at = text.find("{i}"); at != std::string::npos; at = text.find("{i}", at)) {
    text.replace(at, 3, std::to_string(i));
  }
}

}  // namespace

void Runner::inject_load(Load& load) {
  Action action = load.act.action;
  ++load.count;
  number_text(action.key, load.count);
  number_text(action.value, load.count);
  if (!load.to.empty()) action.to = load.to[(load.count - 1) % load.to.size()];
  sim_->inject(action);
  load.next = load.next + load.act.every;
  if (load.next > load.act.load_until) load.next = kNever;
}

// The partition's shape as acts of the world.
void Runner::shape(const Act& act, Resolver& resolver, std::vector<NodeId>& nodes, std::vector<Action>& out) {
  const std::vector<NodeId> members = voters(*sim_);
  std::vector<NodeId> servers;
  for (std::uint32_t i = 1; i <= sim_->node_count(); ++i) servers.push_back(NodeId{i});
  const auto without = [&](std::vector<NodeId> all, const std::vector<NodeId>& some) {
    std::erase_if(all, [&](NodeId n) { return std::find(some.begin(), some.end(), n) != some.end(); });
    return all;
  };
  const auto split = [&](const std::vector<NodeId>& all) {
    const auto lot = resolver.shuffled(all);
    const auto middle = lot.begin() + static_cast<std::ptrdiff_t>(lot.size() / 2);
    std::vector<std::vector<NodeId>> sides{{lot.begin(), middle}, {middle, lot.end()}};
    for (auto& side : sides) std::sort(side.begin(), side.end());
    return sides;
  };
  Action action = act.action;
  switch (act.shape) {
    case Act::Shape::isolate: action.groups = {nodes, without(servers, nodes)}; break;
    case Act::Shape::halves:
      action.groups = split(members);
      nodes = action.groups[0];
      break;
    case Act::Shape::bridge: action.groups = split(without(members, nodes)); break;
    case Act::Shape::ring: {
      // Around a circle by lot, each sees as many neighbours as make a majority with itself.
      const auto circle = resolver.shuffled(members);
      const std::size_t n = circle.size();
      const std::size_t reach = (n / 2 + 1) / 2;
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
          const std::size_t distance = std::min((i + n - j) % n, (j + n - i) % n);
          if (distance <= reach) continue;
          action.verb = Verb::cut;
          action.groups = {{circle[i]}, {circle[j]}};
          out.push_back(action);
        }
      }
      return;
    }
    case Act::Shape::one_way: action.verb = Verb::cut; break;
    case Act::Shape::plain:
    case Act::Shape::groups: break;
  }
  out.push_back(action);
}

bool Runner::resolve(std::size_t number, const Step& step, std::vector<Action>& out) {
  const Act& act = *step.act;
  Resolver resolver(*sim_, carried_.memory, number);
  std::string why;
  std::vector<NodeId> nodes;
  std::vector<std::vector<NodeId>> groups(act.groups.size());
  const auto settle = [&](const Targets& targets, std::vector<NodeId>& to) {
    if (!resolver.resolve(targets, to, why)) return false;
    resolver.name(to);
    return true;
  };
  const auto has_others = [](const Targets& t) {
    return std::any_of(t.begin(), t.end(), [](const Selector& s) { return s.kind == Selector::Kind::others; });
  };
  bool good = settle(act.nodes, nodes);
  // Those that say @others come last: it means whom nobody else named.
  for (const bool last : {false, true}) {
    for (std::size_t i = 0; good && i < act.groups.size(); ++i) {
      if (has_others(act.groups[i]) == last) good = settle(act.groups[i], groups[i]);
    }
  }
  std::vector<NodeId> to;
  good = good && resolver.resolve(act.to, to, why);
  if (!good) {
    fail(number, step.line, why, Verdict::expectation_failed);
    return false;
  }
  const bool ways = act.verb == Verb::cut || act.verb == Verb::link || act.verb == Verb::clog || act.verb == Verb::unclog;
  Action action = act.action;
  action.nodes = nodes;
  action.groups = groups;
  if (!to.empty()) action.to = to[0];
  // "Everywhere" is said to the world by no groups at all; one side missing means every host.
  if (ways && action.groups.size() == 2) {
    if (action.groups[0].empty() && action.groups[1].empty()) {
      action.groups.clear();
    } else {
      const auto hosts = static_cast<std::uint32_t>(sim_->config().host_count());
      for (auto& side : action.groups) {
        for (std::uint32_t i = 1; side.empty() && i <= hosts; ++i) {
          for (std::uint32_t j = i; j <= hosts; ++j) side.push_back(NodeId{j});
        }
      }
    }
  }
  if (act.verb == Verb::partition) {
    Act copy = act;
    copy.action = action;
    shape(copy, resolver, nodes, out);
    for (Action& a : out) a.nodes.clear();
  } else if (act.verb == Verb::set_rule) {
    for (const raft::Rule rule : act.rules) {
      action.rule = rule;
      out.push_back(action);
    }
    for (const gossip::Rule rule : act.gossip_rules) {
      action.gossip_rule = rule;
      out.push_back(action);
    }
    action.gossip_rule.reset();
    for (const kv::Rule rule : act.kv_rules) {
      action.kv_rule = rule;
      out.push_back(action);
    }
  } else if (act.verb == Verb::agent) {  // each agent gets a command of its own
    std::vector<NodeId> hosts;
    if (!resolver.resolve(act.hosts, hosts, why)) {
      fail(number, step.line, why, Verdict::expectation_failed);
      return false;
    }
    action.agent.hosts = hosts;
    for (const NodeId node : nodes) {
      action.nodes = {node};
      if (act.verb == Verb::agent) {
        std::erase(action.agent.hosts = hosts, node);
        if (action.agent.hosts.empty()) action.agent.hosts = hosts;  // it was told to join itself
      }
      out.push_back(action);
    }
  } else if (act.load) {
    carried_.loads.push_back({act, to, 0, sim_->now()});
  } else {
    out.push_back(action);
    if (act.both && action.groups.size() == 2) {
      std::swap(action.groups[0], action.groups[1]);
      out.push_back(action);
    }
  }
  // "as" names the first ones that the step speaks of: the nodes, one side, who sends.
  if (step.alias) carried_.memory.aliases[*step.alias] = !nodes.empty() || groups.empty() ? nodes : groups[0];
  return true;
}

void Runner::remember(const Action& action) {
  for (const NodeId n : action.nodes) {
    if (action.verb == Verb::kill || action.verb == Verb::crash || action.verb == Verb::restart) {
      std::erase(carried_.memory.down, n);
      if (action.verb != Verb::restart) carried_.memory.down.push_back(n);
    }
  }
}

void Runner::give(const Step& step) {
  const Act& act = *step.act;
  std::vector<std::uint64_t>* spoken = nullptr;
  if (is_operation(act.verb)) {
    using Kind = Condition::Operation;
    const Kind kind = act.verb == Verb::write   ? Kind::write
                      : act.verb == Verb::read  ? Kind::read
                      : act.verb == Verb::erase ? Kind::erase
                      : act.verb == Verb::agent ? Kind::command
                      : act.verb == Verb::http  ? Kind::http
                                                : Kind::change;
    spoken = &carried_.spoken.of[static_cast<std::size_t>(kind)];
    if (given_ == 0) spoken->clear();
  }
  ++given_;
  for (Action action : actions_) {
    number_text(action.key, given_);
    number_text(action.value, given_);
    const std::uint64_t id = sim_->inject(action);
    remember(action);
    if (spoken != nullptr) spoken->push_back(id);
    if (!act.label.empty()) {
      std::erase_if(carried_.spoken.named, [&](const auto& n) { return n.first == act.label; });
      carried_.spoken.named.emplace_back(act.label, id);
    }
  }
}

// No condition speaks of what these ask for.
void Runner::give_meanwhile() {
  const std::size_t number = meanwhile_++;
  const Step& step = scenario_->meanwhile[number];
  std::vector<Action> actions;
  if (!resolve(scenario_->timeline.size() + 1 + number, step, actions)) return;
  for (const Action& action : actions) {
    sim_->inject(action);
    remember(action);
  }
}

}  // namespace quorumlab::script
