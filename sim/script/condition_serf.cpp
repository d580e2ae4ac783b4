// Conditions on what serf's agents believe, and on what their handlers were told.
#include "sim/script/condition.h"

#include <algorithm>
#include <array>

#include "core/gossip/codec.h"
#include "sim/script/quantity.h"
#include "sim/script/targets.h"
#include "sim/trace/words.h"

namespace quorumlab::script {
namespace {

using Kind = Condition::Kind;

constexpr const char* kNoObserver = "no agent runs that could";

bool has_agent(const world::Simulation& sim, NodeId node) {
  return sim.config().node.run_gossip && sim.is_running(node);
}

std::uint64_t count(const world::Simulation& sim, NodeId observer, gossip::Status status) {
  const gossip::Engine& engine = sim.node(observer).gossip();
  std::uint64_t n = 0;
  engine.for_each_member([&](gossip::PeerId id) { n += engine.member(id).status == status ? 1 : 0; });
  return n;
}

std::uint64_t times_delivered(const world::Simulation& sim, NodeId node, const std::string& event) {
  const auto& all = sim.delivered();
  return static_cast<std::uint64_t>(
      std::count_if(all.begin(), all.end(), [&](const world::Delivered& d) {
        return d.node == node && (d.name.empty() ? event == gossip::event_name(d.kind) : d.name == event);
      }));
}

// Calls `visit` with whom the condition speaks of: those named, else every agent that runs or has yet to
// start, but `except`. What nobody is there to see does not hold.
template <class Visit>
bool every(const world::Simulation& sim, const Targets& who, const Memory& memory, NodeId except, Visit visit) {
  if (!who.empty()) return all_of(sim, who, memory, visit);
  if (!sim.config().node.run_gossip) return false;
  bool any = false;
  for (std::uint32_t i = 1; i <= sim.node_count(); ++i) {
    const NodeId node{i};
    const bool gone = !sim.is_running(node) && sim.count(trace::WorldFact::process_started, node) > 0;
    if (gone || node == except) continue;
    any = true;
    if (!visit(node)) return false;
  }
  return any;
}

std::uint64_t answered(const world::Simulation& sim, const Condition& c, const Spoken& spoken) {
  std::uint64_t sum = 0;
  for (const std::uint64_t id : spoken.of[static_cast<std::size_t>(c.operation)]) {
    const world::Operation& op = sim.operation(id);
    sum += c.kind == Kind::acks ? op.acks : op.responses;
  }
  return sum;
}

bool within(const Condition& c, std::uint64_t n) { return n >= c.least && n <= c.most; }

std::int64_t estimate(const world::Simulation& sim, NodeId from, NodeId to) {
  const gossip::PeerId id = sim.names().find(sim.config().agent_name(to));
  const gossip::CoordinateClient& client = sim.node(from).gossip().coordinates();
  const gossip::Coordinate* there = id ? client.known(id) : nullptr;
  return there == nullptr ? -1 : gossip::estimated_rtt(client.own(), *there).ns;
}

}  // namespace

// The columns are as wide as their widest entry, with two spaces between; the real one lists members
// in no order at all.
gossip::Status believed(const world::Simulation& sim, NodeId observer, NodeId member) {
  if (!member || member.value > sim.node_count()) return gossip::Status::none;
  const gossip::PeerId id = sim.names().find(sim.config().agent_name(member));
  return id ? sim.node(observer).gossip().member(id).status : gossip::Status::none;
}

std::string serf_members(const world::Simulation& sim, NodeId node) {
  if (!has_agent(sim, node)) return "no agent runs there\n";
  const gossip::Engine& engine = sim.node(node).gossip();
  std::vector<std::array<std::string, 4>> rows;
  engine.for_each_member([&](gossip::PeerId id) {
    const gossip::Member& m = engine.member(id);
    const gossip::PeerRecord& record = sim.names().record(m.record);
    std::vector<gossip::Tag> list;
    (void)gossip::decode_tags(record.meta, list);  // what cannot be read shows none
    std::string tags;
    for (const gossip::Tag& tag : list) {
      tags.append(tags.empty() ? "" : ",").append(tag.name).append("=").append(tag.value);
    }
    rows.push_back({trace::printable(sim.names().name(id)), record.address.text(), gossip::status_name(m.status),
                    trace::printable(tags)});
  });
  std::sort(rows.begin(), rows.end());
  std::array<std::size_t, 3> width{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < width.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < width.size(); ++i) out += row[i] + std::string(width[i] - row[i].size() + 2, ' ');
    out += row[3] + "\n";
  }
  return out;
}

bool serf_holds(const world::Simulation& sim, const Condition& c, const Memory& memory, const Spoken& spoken) {
  switch (c.kind) {
    case Kind::acks:
    case Kind::responses: return within(c, answered(sim, c, spoken));
    case Kind::seen:
      return all_of(sim, c.whom, memory, [&](NodeId member) {
        return every(sim, c.who, memory, member, [&](NodeId observer) {
          return has_agent(sim, observer) && believed(sim, observer, member) == c.status;
        });
      });
    case Kind::sees:
      return every(sim, c.who, memory, kNobody, [&](NodeId observer) {
        return has_agent(sim, observer) && within(c, count(sim, observer, c.status));
      });
    case Kind::delivered:
      // Of those named also who is gone: it was told what it was told.
      return every(sim, c.who, memory, kNobody, [&](NodeId node) {
        return (!c.who.empty() || has_agent(sim, node)) && within(c, times_delivered(sim, node, c.key));
      });
    case Kind::coordinates:
      return all_of(sim, c.who, memory, [&](NodeId from) {
        return has_agent(sim, from) && all_of(sim, c.whom, memory, [&](NodeId to) {
                 const std::int64_t rtt = to.value <= sim.node_count() ? estimate(sim, from, to) : -1;
                 return rtt >= 0 && within(c, static_cast<std::uint64_t>(rtt));
               });
      });
    default: return false;
  }
}

std::string serf_instead(const world::Simulation& sim, const Condition& c, const Memory& memory,
                         const Spoken& spoken) {
  const auto name = [&](NodeId n) {
    return n && n.value <= sim.config().names.size() ? sim.config().names[n.value - 1] : std::string("nobody");
  };
  // The first few that keep it from being so: clusters can be large.
  constexpr std::size_t kTold = 5;
  std::string out;
  std::size_t found = 0;
  const auto add = [&](const std::string& text) {
    if (++found <= kTold) out += (out.empty() ? "" : ", ") + text;
  };
  const auto all = [&] {
    if (found > kTold) out += ", and " + std::to_string(found - kTold) + " more";
    return out;
  };
  switch (c.kind) {
    case Kind::acks: return std::to_string(answered(sim, c, spoken)) + " did";
    case Kind::responses: return std::to_string(answered(sim, c, spoken)) + " answered";
    case Kind::seen:
      all_of(sim, c.whom, memory, [&](NodeId member) {
        return every(sim, c.who, memory, member, [&](NodeId observer) {
          if (!has_agent(sim, observer)) {
            add("no agent runs on " + name(observer));
          } else if (const auto is = believed(sim, observer, member); is != c.status) {
            add(name(observer) + " takes " + name(member) + " for " +
                (is == gossip::Status::none ? "a stranger" : gossip::status_name(is)));
          }
          return true;
        });
      });
      return out.empty() ? kNoObserver : all();
    case Kind::sees:
      every(sim, c.who, memory, kNobody, [&](NodeId observer) {
        if (!has_agent(sim, observer)) {
          add("no agent runs on " + name(observer));
        } else if (const auto n = count(sim, observer, c.status); !within(c, n)) {
          add(name(observer) + " sees " + std::to_string(n));
        }
        return true;
      });
      return out.empty() ? kNoObserver : all();
    case Kind::delivered:
      every(sim, c.who, memory, kNobody, [&](NodeId node) {
        const std::uint64_t times = times_delivered(sim, node, c.key);
        if (c.who.empty() && !has_agent(sim, node)) {
          add("no agent runs on " + name(node));
        } else if (!within(c, times)) {
          add(name(node) + " heard of it " + std::to_string(times) + (times == 1 ? " time" : " times"));
        }
        return true;
      });
      return out.empty() ? kNoObserver : all();
    case Kind::coordinates:
      all_of(sim, c.who, memory, [&](NodeId from) {
        return all_of(sim, c.whom, memory, [&](NodeId to) {
          const std::int64_t rtt = has_agent(sim, from) && to.value <= sim.node_count() ? estimate(sim, from, to) : -1;
          add(name(from) + " expects " + (rtt < 0 ? "nothing yet" : to_text(Duration{rtt})) + " to " + name(to));
          return true;
        });
      });
      return all();
    default: return "it is not so";
  }
}

}  // namespace quorumlab::script
