// The judges of gossip as one value: hands facts to the checkers of completeness, accuracy,
// convergence, events, clocks, incarnations and budgets. What needs a bound of time is looked at
// when that time has come, at the next fact.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/judge/accuracy.h"
#include "sim/judge/agents.h"
#include "sim/judge/completeness.h"
#include "sim/judge/convergence.h"
#include "sim/judge/event_delivery.h"
#include "sim/judge/incarnation.h"
#include "sim/judge/lamport.h"
#include "sim/judge/message_budget.h"
#include "sim/judge/verdicts.h"
#include "sim/trace/record.h"

namespace quorumlab::judge {

class Gossip {
 public:
  // Without a configuration no gossip runs, and nothing is kept.
  void reset(const gossip::Config* config, std::uint32_t agents, bool links_calm);
  bool on() const { return on_; }

  // REQUIRES of all: on().
  void fact(const trace::Record& record, trace::RecordId id, Verdicts& verdicts);
  void packet_sent(Moment moment, NodeId node, std::uint8_t kind, std::size_t bytes,
                   Verdicts& verdicts) {
    if (agents_.is_agent(node)) budget_.sent(moment, node, kind, bytes, agents_, verdicts);
  }
  void clocks(Moment moment, NodeId node, const LamportTimes& times, Verdicts& verdicts) {
    lamport_.shows(moment, node, times, verdicts);
  }
  // Whether all links bring every packet within half a probe timeout, as far as they are configured.
  void links(std::int64_t now_ns, bool calm);
  void clock(NodeId node, std::int64_t now_ns, std::int64_t drift_ppb, bool frozen);

  void prefetch(NodeId node) const {
    if (!agents_.is_agent(node)) return;
    budget_.prefetch(node);
    lamport_.prefetch(node);
  }

  // Members declared failed that were up, and whose network was to blame.
  std::uint64_t false_positives() const { return accuracy_.false_positives(); }

 private:
  void world(const trace::Record& record);
  void life(const trace::Record& record);
  void member(const trace::Record& record, Moment moment, Verdicts& verdicts);
  void agent(const trace::Record& record, Moment moment, Verdicts& verdicts);
  void told_to_leave(const trace::Record& record);
  void look(Moment moment, Verdicts& verdicts);
  void meet();

  bool on_ = false;
  std::int64_t next_death_ns_ = 0, next_meeting_ns_ = 0;  // when completeness, convergence are due
  std::vector<NodeId> gone_;  // those whose death may not have been found by all
  Agents agents_;
  Completeness completeness_;
  Accuracy accuracy_;
  Convergence convergence_;
  EventDelivery events_;
  Lamport lamport_;
  MessageBudget budget_;
};

}  // namespace quorumlab::judge
