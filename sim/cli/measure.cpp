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
}

bool Measure::after_event(const world::Simulation& sim) {
  if (!started_) return false;
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
  if (name == "messages") return grown(sim.count(trace::WorldFact::packet_sent), packets_);
  if (name == "events") return grown(sim.events(), events_);
  return value_;
}

}  // namespace quorumlab::cli
