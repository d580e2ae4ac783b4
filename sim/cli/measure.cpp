// Measures of a run; see the table.
#include "sim/cli/measure.h"

#include <algorithm>
#include <string_view>

namespace quorumlab::cli {
namespace {

std::uint64_t highest_term(const world::Simulation& sim) {
  std::uint64_t term = 0;
  for (std::uint32_t i = 1; i <= sim.node_count(); ++i) {
    if (sim.is_running(NodeId{i})) term = std::max(term, sim.node(NodeId{i}).status().term.value);
  }
  return term;
}

// Every running, unpaused node knows the leader of the newest term.
bool known_to_all(const world::Simulation& sim) {
  const NodeId leader = script::leading(sim);
  if (!leader) return false;
  const Term term = sim.node(leader).status().term;
  for (std::uint32_t i = 1; i <= sim.node_count(); ++i) {
    const NodeId n{i};
    if (!sim.is_running(n) || sim.is_paused(n)) continue;
    const raft::Status& s = sim.node(n).status();
    if (s.term != term || s.leader != leader) return false;
  }
  return true;
}

// Grows with whatever may change what agents know of each other.
std::uint64_t news(const world::Simulation& sim) {
  using trace::WorldFact;
  std::uint64_t sum = sim.count(Fact::serf_member_event) + sim.count(Fact::user_event_accepted);
  for (const WorldFact fact : {WorldFact::process_started, WorldFact::process_killed, WorldFact::process_crashed,
                               WorldFact::process_stopped}) {
    sum += sim.count(fact);
  }
  return sum;
}

// Whether `fits` holds for each pair of a running agent and another node, of which there must be one.
template <class Fits>
bool each_pair(const world::Simulation& sim, Fits fits) {
  bool any = false;
  for (std::uint32_t i = 1; i <= sim.node_count(); ++i) {
    if (!sim.is_running(NodeId{i})) continue;
    for (std::uint32_t j = 1; j <= sim.node_count(); ++j) {
      if (i == j) continue;
      if (!fits(NodeId{i}, NodeId{j}, any)) return false;
    }
  }
  return any;
}

// Every running agent takes every node that is down for failed, or for one that left.
bool deaths_known(const world::Simulation& sim) {
  return each_pair(sim, [&](NodeId observer, NodeId member, bool& any) {
    if (sim.is_running(member)) return true;
    any = true;
    const gossip::Status is = script::believed(sim, observer, member);
    return is == gossip::Status::failed || is == gossip::Status::left;
  });
}

// Every agent has started, and those that run take each other for alive.
bool members_known(const world::Simulation& sim) {
  for (std::uint32_t i = 1; i <= sim.node_count(); ++i) {
    if (sim.count(trace::WorldFact::process_started, NodeId{i}) == 0) return false;
  }
  return each_pair(sim, [&](NodeId observer, NodeId member, bool& any) {
    any = any || sim.is_running(member);
    return !sim.is_running(member) || script::believed(sim, observer, member) == gossip::Status::alive;
  });
}

}  // namespace

const std::vector<MeasureInfo>& measures() {
  static const std::vector<MeasureInfo> table = {
      {"time_to_leader", true, "until a node wins an election"},
      {"time_to_leader_known", true, "until every running node knows the leader of the newest term"},
      {"time_to_write", true, "until a write that was asked for after the moment is answered: accepted"},
      {"first_campaign", true, "until a node becomes a candidate"},
      {"unavailable_time", true, "all time without a leader that a majority knows"},
      {"duration", true, "until the end of the run"},
      {"leader_term", false, "the term of the first leader elected"},
      {"terms", false, "the highest term at the end"},
      {"campaigns", false, "how many times a node became a candidate"},
      {"elections", false, "how many elections were won"},
      {"time_to_first_failed", true, "until an agent of serf takes a member for failed", true},
      {"time_to_failed_known", true, "until every running agent takes all who are down for failed or left", true},
      {"time_to_members_known", true, "until all running agents take each other for alive", true},
      {"time_to_event_known", true, "until every running agent took a user event that was new to it", true},
      {"false_failures", false, "how often an agent took a member for failed whose process ran", true},
      {"messages", false, "packets sent"},
      {"events", false, "events handled"},
  };
  return table;
}

const MeasureInfo* find_measure(const std::string& name) {
  for (const MeasureInfo& info : measures()) {
    if (name == info.name) return &info;
  }
  return nullptr;
}

void Measure::begin(const world::Simulation& sim) {
  started_ = false;
  value_.reset();
  unavailable_ = {};
  if (since_.empty()) start(sim);
}

void Measure::step_begun(const world::Simulation& sim, const script::Step& step) {
  if (!started_ && !since_.empty() && step.bookmark == since_) start(sim);
}

void Measure::start(const world::Simulation& sim) {
  started_ = true;
  from_ = last_ = sim.now();
  leaders_ = sim.count(Fact::became_leader);
  campaigns_ = campaigns(sim);
  packets_ = sim.count(trace::WorldFact::packet_sent);
  events_ = sim.events();
  operations_ = sim.operations().size();
  finished_ = sim.operations_finished();
  available_ = false;
  news_ = failures_ = wrong_failures_ = 0;
  if (!sim.config().node.run_gossip) return;
  const std::size_t n = sim.node_count();
  failed_.assign(n * n, false);
  look_for_failures(sim);
  failures_ = wrong_failures_ = 0;
  had_.clear();
  for (std::uint32_t i = 1; i <= n; ++i) had_.push_back(sim.count(Fact::user_event_accepted, NodeId{i}));
}

// Counts who is taken for failed and was not at the last look.
void Measure::look_for_failures(const world::Simulation& sim) {
  const std::uint32_t n = sim.node_count();
  for (std::uint32_t i = 1; i <= n; ++i) {
    if (!sim.is_running(NodeId{i})) continue;
    for (std::uint32_t j = 1; j <= n; ++j) {
      const bool failed = script::believed(sim, NodeId{i}, NodeId{j}) == gossip::Status::failed;
      const std::size_t at = std::size_t{i - 1} * n + (j - 1);
      if (failed && !failed_[at]) {
        ++failures_;
        if (sim.is_running(NodeId{j})) ++wrong_failures_;
      }
      failed_[at] = failed;
    }
  }
}

bool Measure::serf_after_event(const world::Simulation& sim) {
  const std::uint64_t now = news(sim);
  if (now == news_) return false;
  news_ = now;
  const std::string_view name = info_->name;
  bool known = false;
  if (name == "time_to_failed_known") {
    known = deaths_known(sim);
  } else if (name == "time_to_members_known") {
    known = members_known(sim);
  } else if (name == "time_to_event_known") {
    for (std::uint32_t i = 1; i <= sim.node_count(); ++i) {
      if (!sim.is_running(NodeId{i})) continue;
      known = sim.count(Fact::user_event_accepted, NodeId{i}) > had_[i - 1];
      if (!known) break;
    }
  } else {
    look_for_failures(sim);
    known = name == "time_to_first_failed" && failures_ > 0;
  }
  if (known) value_ = (sim.now() - from_).ns;
  return known;
}

bool Measure::after_event(const world::Simulation& sim) {
  if (!started_) return false;
  if (info_->of_serf) return sim.config().node.run_gossip && serf_after_event(sim);
  const std::string_view name = info_->name;
  if (name == "time_to_leader" || name == "leader_term") {
    if (sim.count(Fact::became_leader) == leaders_) return false;
    value_ = info_->is_time ? (sim.now() - from_).ns : static_cast<std::int64_t>(highest_term(sim));
    return true;
  }
  if (name == "time_to_leader_known") {
    if (!known_to_all(sim)) return false;
    value_ = (sim.now() - from_).ns;
    return true;
  }
  if (name == "first_campaign") {
    if (campaigns(sim) == campaigns_) return false;
    value_ = (sim.now() - from_).ns;
    return true;
  }
  if (name == "time_to_write") {
    if (sim.operations_finished() == finished_) return false;
    finished_ = sim.operations_finished();
    for (std::size_t i = operations_; i < sim.operations().size(); ++i) {
      const world::Operation& op = sim.operations()[i];
      if (op.verb == world::Verb::write && op.outcome == world::Operation::Outcome::accepted) {
        value_ = (op.completed - from_).ns;
        return true;
      }
    }
    return false;
  }
  if (name == "unavailable_time") {
    if (!available_) unavailable_ = unavailable_ + (sim.now() - last_);
    last_ = sim.now();
    const NodeId leader = script::leading(sim);
    available_ = leader && script::leader_established(sim, leader);
  }
  return false;
}

std::optional<std::int64_t> Measure::value(const world::Simulation& sim) {
  if (!started_) return std::nullopt;
  const std::string_view name = info_->name;
  const auto grown = [](std::uint64_t now, std::uint64_t then) { return static_cast<std::int64_t>(now - then); };
  if (name == "duration") return (sim.now() - from_).ns;
  if (name == "unavailable_time") {
    return (available_ ? unavailable_ : unavailable_ + (sim.now() - last_)).ns;
  }
  if (name == "terms") return static_cast<std::int64_t>(highest_term(sim));
  if (name == "campaigns") return grown(campaigns(sim), campaigns_);
  if (name == "elections") return grown(sim.count(Fact::became_leader), leaders_);
  if (name == "false_failures") {
    if (!sim.config().node.run_gossip) return std::nullopt;
    return static_cast<std::int64_t>(wrong_failures_);
  }
  if (name == "messages") return grown(sim.count(trace::WorldFact::packet_sent), packets_);
  if (name == "events") return grown(sim.events(), events_);
  return value_;
}

}  // namespace quorumlab::cli
