// One function for each kind of fault would be longer than the switch; what they share is that a
// fault begins now and its end is already written down.
#include "sim/chaos/nemesis.h"

#include <algorithm>

#include "sim/script/selector.h"

namespace quorumlab::chaos {

using world::Action;
using world::Verb;

namespace {

constexpr std::uint64_t kNemesis = 1000;  // purposes kNemesis + kind

Action on(Verb verb, NodeId node) {
  Action action;
  action.verb = verb;
  action.nodes = {node};
  return action;
}

Probability ppm(std::uint64_t n) { return Probability::of_million(n); }

}  // namespace

void Nemesis::reset(const Profile& profile, std::uint64_t seed) {
  profile_ = &profile;
  now_ = {};
  undo_.clear();
  fired_.fill(0);
  drift_.assign(profile.cluster.host_count() + 1, 0);
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    lots_[i] = Lots(seed, kNemesis + i);
    const Profile::Fault& fault = profile.faults[i];
    next_[i] = fault.on ? Instant{} + lots_[i].between({1}, fault.every * 2) : kNever;
  }
}

Instant Nemesis::next() const {
  Instant first = *std::min_element(next_.begin(), next_.end());
  if (!undo_.empty()) first = std::min(first, undo_.back().at);
  return first;
}

void Nemesis::act(const world::Simulation& sim, std::vector<Action>& out) {
  now_ = next();
  while (!undo_.empty() && undo_.back().at <= now_) {
    out.push_back(std::move(undo_.back().action));
    undo_.pop_back();
  }
  for (std::size_t i = 0; i < kFaultCount; ++i) {
    if (next_[i] > now_) continue;
    const std::size_t before = out.size();
    begin(static_cast<FaultKind>(i), sim, out);
    if (out.size() > before) ++fired_[i];
    next_[i] = now_ + lots_[i].between({1}, profile_->faults[i].every * 2);
  }
}

void Nemesis::later(Duration after, Action action) {
  const Instant at = now_ + after;
  // Equal times keep their order: the later one is undone later.
  const auto place =
      std::find_if(undo_.begin(), undo_.end(), [&](const Undo& u) { return u.at <= at; });
  undo_.insert(place, {at, std::move(action)});
}

// Any node; one time in three the one that leads, since that is where it hurts.
NodeId Nemesis::pick(Lots& lots, const world::Simulation& sim) {
  const bool leader = lots.percent(33);
  const NodeId any{static_cast<std::uint32_t>(lots.from(1, sim.node_count()))};
  if (!leader) return any;
  const NodeId leading = script::leading(sim);
  return leading ? leading : any;
}

NodeId Nemesis::victim(Lots& lots, const world::Simulation& sim) {
  const world::ClusterConfig& cluster = profile_->cluster;
  if (cluster.apps.empty() || !lots.percent(40)) return pick(lots, sim);
  const std::uint64_t last = cluster.host_count();
  return {static_cast<std::uint32_t>(lots.from(last - cluster.apps.size() + 1, last))};
}

std::vector<NodeId> Nemesis::pick_some(Lots& lots, std::size_t least, std::size_t most) {
  std::vector<NodeId> all;
  for (std::uint32_t id = 1; id <= profile_->cluster.names.size(); ++id) all.push_back({id});
  const std::size_t count =
      std::min<std::size_t>(all.size(), static_cast<std::size_t>(lots.from(least, most)));
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(all[i], all[i + static_cast<std::size_t>(lots.below(all.size() - i))]);
  }
  all.resize(count);
  std::sort(all.begin(), all.end());
  return all;
}

void Nemesis::partition(Lots& lots, const world::Simulation& sim, std::vector<Action>& out) {
  const std::uint32_t nodes = sim.node_count();
  const auto hosts = static_cast<std::uint32_t>(profile_->cluster.host_count());
  if (nodes < 2) return;
  Action action;
  action.verb = Verb::partition;
  const std::uint64_t shape = lots.below(5);
  if (shape == 0) {  // one on its own
    const NodeId alone = pick(lots, sim);
    action.groups = {{alone}, {}};
    for (std::uint32_t id = 1; id <= nodes; ++id) {
      if (NodeId{id} != alone) action.groups[1].push_back({id});
    }
  } else if (shape == 4 && nodes > 2) {  // a ring: each sees its neighbours only, one way or both
    action.verb = Verb::cut;
    for (std::uint32_t i = 1; i <= nodes; ++i) {
      for (std::uint32_t j = 1; j <= nodes; ++j) {
        const std::uint32_t distance = (j + nodes - i) % nodes;
        if (distance <= 1 || distance == nodes - 1) continue;
        action.groups = {{{i}}, {{j}}};
        out.push_back(action);
      }
    }
    return;
  } else {  // sides by lot; whom a bridge is made of stands in none of them
    const std::size_t sides = shape == 3 ? 3 : 2;
    action.groups.resize(sides);
    const std::uint32_t bridge = shape == 2 ? pick(lots, sim).value : 0;
    const std::uint32_t named = lots.percent(50) ? hosts : nodes;
    for (std::uint32_t id = 1; id <= named; ++id) {
      const std::size_t side = static_cast<std::size_t>(lots.below(sides));
      if (id != bridge) action.groups[side].push_back({id});
    }
    std::erase_if(action.groups, [](const auto& group) { return group.empty(); });
    if (action.groups.size() < 2) return;
  }
  out.push_back(action);
}

// Settings for every link, for all links of a node one way, or for one link.
Action Nemesis::links(Lots& lots, world::LinkSettings settings) const {
  Action action;
  action.verb = Verb::link;
  action.link = settings;
  const auto nodes = static_cast<std::uint32_t>(profile_->cluster.names.size());
  const NodeId one{static_cast<std::uint32_t>(lots.from(1, nodes))};
  const NodeId other{static_cast<std::uint32_t>(lots.from(1, nodes))};
  const std::uint64_t shape = lots.below(4);
  if (shape == 0 && one != other) {
    action.groups = {{one}, {other}};
  } else if (shape == 1) {
    action.groups = {{one}, {}};
    for (std::uint32_t id = 1; id <= nodes; ++id) {
      if (NodeId{id} != one) action.groups[1].push_back({id});
    }
    if (action.groups[1].empty()) action.groups.clear();
  }
  return action;
}

Action Nemesis::clock(NodeId node, Duration offset, Duration step, std::int64_t drift,
                      bool frozen) {
  Action action = on(Verb::clock, node);
  action.clock = {offset, step, drift, frozen};
  drift_[node.value] = drift;
  return action;
}

void Nemesis::begin(FaultKind kind, const world::Simulation& sim, std::vector<Action>& out) {
  Lots& lots = lots_[static_cast<std::size_t>(kind)];
  const Profile::Fault& fault = profile_->faults[static_cast<std::size_t>(kind)];
  const world::ClusterConfig& base = profile_->cluster;
  const Duration lasts = lots.scale(fault.least, fault.most);
  switch (kind) {
    case FaultKind::kill:
    case FaultKind::crash: {
      const Verb verb = kind == FaultKind::kill ? Verb::kill : Verb::crash;
      // Now and then all at once: a power cut.
      const bool all = lots.percent(8);
      const NodeId one = victim(lots, sim);
      for (std::uint32_t id = 1; id <= base.host_count(); ++id) {
        if (NodeId{id} != one && (!all || id > sim.node_count())) continue;
        if (!sim.is_running({id}) && kind == FaultKind::kill) continue;
        out.push_back(on(verb, {id}));
        later(all ? lots.scale(fault.least, fault.most) : lasts, on(Verb::restart, {id}));
      }
      break;
    }
    case FaultKind::pause: {
      const NodeId node = victim(lots, sim);
      if (!sim.is_running(node) || sim.is_paused(node)) break;
      out.push_back(on(Verb::pause, node));
      later(lasts, on(Verb::resume, node));
      break;
    }
    case FaultKind::hang: {
      const NodeId node = pick(lots, sim);
      if (!sim.is_running(node) || sim.is_blocked(node)) break;
      out.push_back(on(Verb::block, node));
      later(lasts, on(Verb::unblock, node));
      break;
    }
    case FaultKind::partition: {
      const std::size_t before = out.size();
      partition(lots, sim, out);
      if (out.size() > before)
        later(lasts, Action{});  // an Action is a heal unless it says otherwise
      break;
    }
    case FaultKind::one_way: {
      if (sim.node_count() < 2) break;
      const std::vector<NodeId> some = pick_some(lots, 1, sim.node_count() - 1);
      std::vector<NodeId> rest;
      for (std::uint32_t id = 1; id <= sim.node_count(); ++id) {
        if (std::find(some.begin(), some.end(), NodeId{id}) == some.end()) rest.push_back({id});
      }
      Action action;
      action.verb = Verb::cut;
      action.groups = {some, rest};
      if (lots.percent(50)) std::swap(action.groups[0], action.groups[1]);
      out.push_back(action);
      later(lasts, Action{});
      break;
    }
    case FaultKind::flaky_links: {
      world::LinkSettings settings = base.link;
      settings.loss = ppm(lots.percent(60) ? lots.scale(1'000, 400'000) : 0);
      settings.duplicate = ppm(lots.percent(60) ? lots.scale(1'000, 400'000) : 0);
      settings.reorder = ppm(lots.percent(60) ? lots.scale(1'000, 500'000) : 0);
      settings.reorder_by = lots.scale(milliseconds(1), fault.most);
      // Members of etcd talk over TCP, which doubles nothing; a forwarded write that arrives twice would
      // be written twice.
      if (profile_->system == System::etcd) settings.duplicate = base.link.duplicate;
      settings.corrupt = ppm(lots.percent(40) ? lots.scale(1'000, 200'000) : 0);
      out.push_back(links(lots, settings));
      Action undo = out.back();
      undo.link = base.link;
      later(lasts, undo);
      break;
    }
    case FaultKind::slow_links: {
      world::LinkSettings settings = base.link;
      const Duration typical = lots.scale(base.link.latency.b, fault.most);
      settings.latency = {world::Latency::Kind::uniform, typical / 2, typical * 2, 0};
      out.push_back(links(lots, settings));
      Action undo = out.back();
      undo.link = base.link;
      later(lasts, undo);
      break;
    }
    case FaultKind::clog: {
      if (sim.node_count() < 2) break;
      const NodeId source = pick(lots, sim);
      Action action;
      action.verb = Verb::clog;
      action.groups = {{source}, {}};
      for (const NodeId node : pick_some(lots, 1, sim.node_count())) {
        if (node != source) action.groups[1].push_back(node);
      }
      if (action.groups[1].empty()) break;
      if (lots.percent(50)) std::swap(action.groups[0], action.groups[1]);
      out.push_back(action);
      action.verb = Verb::unclog;
      later(lasts, action);
      break;
    }
    case FaultKind::slow_disk:
    case FaultKind::failing_disk:
    case FaultKind::lying_disk: {
      const NodeId node = pick(lots, sim);
      Action action = on(Verb::disk, node);
      action.disk = base.disk;
      if (kind == FaultKind::slow_disk) {
        const Duration typical = lots.scale(base.disk.latency.b, fault.most);
        action.disk.latency = {world::Latency::Kind::uniform, typical / 2, typical, 0};
      } else if (kind == FaultKind::failing_disk) {
        action.disk.full = lots.percent(30);
        action.disk.failure = ppm(lots.scale(10'000, 500'000));
      } else {
        action.disk.lying = true;
      }
      out.push_back(action);
      action.disk = base.disk;
      later(lasts, action);
      // A node whose write failed has ended itself.
      if (kind == FaultKind::failing_disk) later(lasts, on(Verb::restart, node));
      break;
    }
    case FaultKind::stall: {
      Action action = on(Verb::stall, pick(lots, sim));
      action.duration = lasts;
      out.push_back(action);
      break;
    }
    case FaultKind::wall_clock: {
      const NodeId node = victim(lots, sim);
      const Duration jump = lots.between(seconds(-100), seconds(100));
      out.push_back(clock(node, lots.percent(50) ? jump : Duration{},
                          lots.percent(50) ? jump : Duration{}, drift_[node.value], false));
      break;
    }
    case FaultKind::drift: {
      // Reads by lease are safe while two clocks differ by less than the bound; half of it for
      // each, and a little less.
      const bool lease = base.node.raft.read_mode == raft::ReadMode::lease;
      const std::uint64_t bound_ppb =
          lease ? static_cast<std::uint64_t>(base.node.raft.clock_drift_ppm) * 490 : 300'000'000;
      if (bound_ppb == 0) break;
      const NodeId node = victim(lots, sim);
      const auto drift = static_cast<std::int64_t>(lots.scale(1, bound_ppb));
      out.push_back(clock(node, {}, {}, lots.percent(50) ? drift : -drift, false));
      break;
    }
    case FaultKind::wild_clock: {
      const NodeId node = pick(lots, sim);
      const bool frozen = lots.percent(30);
      const std::int64_t drift =
          lots.percent(50) ? static_cast<std::int64_t>(lots.scale(100'000'000, 990'000'000))
                           : -static_cast<std::int64_t>(lots.scale(100'000'000, 990'000'000));
      out.push_back(clock(node, {}, {}, drift, frozen));
      later(lasts, clock(node, {}, {}, 0, false));
      break;
    }
    case FaultKind::wipe: {
      const NodeId node = pick(lots, sim);
      out.push_back(on(Verb::wipe, node));
      later(lasts, on(Verb::restart, node));
      break;
    }
    case FaultKind::rot: {
      const NodeId node = pick(lots, sim);
      Action rot = on(Verb::rot, node);
      rot.file = static_cast<std::uint8_t>(lots.percent(75) ? FileId::log : FileId::snapshot);
      rot.count = lots.from(1, 3);
      out.push_back(on(Verb::kill, node));
      out.push_back(rot);
      later(lasts, on(Verb::restart, node));
      break;
    }
  }
}

void Nemesis::heal(const world::Simulation& sim, std::vector<Action>& out) const {
  out.push_back(Action{});
  Action unclog;
  unclog.verb = Verb::unclog;
  out.push_back(unclog);
  Action link;
  link.verb = Verb::link;
  link.link = profile_->cluster.link;
  out.push_back(link);
  for (std::uint32_t id = 1; id <= sim.node_count(); ++id) {
    Action disk = on(Verb::disk, {id});
    disk.disk = profile_->cluster.disk;
    out.push_back(disk);
    Action stall = on(Verb::stall, {id});
    stall.duration = {1};  // what stalled until later is over now
    out.push_back(stall);
    out.push_back(on(Verb::clock, {id}));
    if (sim.is_running({id}) && sim.is_paused({id})) out.push_back(on(Verb::resume, {id}));
    if (sim.is_blocked({id})) out.push_back(on(Verb::unblock, {id}));
  }
  const world::ClusterConfig& cluster = profile_->cluster;
  for (std::size_t i = 0; i < cluster.apps.size(); ++i) {
    const NodeId id{static_cast<std::uint32_t>(cluster.host_count() - i)};
    out.push_back(on(Verb::clock, id));
    if (sim.is_running(id) && sim.is_paused(id)) out.push_back(on(Verb::resume, id));
  }
}

}  // namespace quorumlab::chaos
