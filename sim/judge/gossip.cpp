// Which fact means what to whom.
#include "sim/judge/gossip.h"

#include <algorithm>

namespace quorumlab::judge {
namespace {

using trace::WorldFact;

constexpr std::uint32_t kGossipPort = 0x80;  // in Record::extra of packets

}  // namespace

void Gossip::reset(const gossip::Config* config, std::uint32_t agents, bool links_calm) {
  on_ = config != nullptr;
  if (!on_) return;
  agents_.reset(*config, agents, links_calm);
  accuracy_.reset();
  convergence_.reset();
  events_.reset(agents);
  lamport_.reset(agents);
  budget_.reset(agents);
  gone_.clear();
  gone_.reserve(agents);
  next_death_ns_ = next_meeting_ns_ = INT64_MAX;
}

void Gossip::fact(const trace::Record& record, trace::RecordId id, Verdicts& verdicts) {
  const Moment moment{record.time_ns, id};
  if (record.time_ns >= next_death_ns_ || record.time_ns >= next_meeting_ns_) [[unlikely]]
    look(moment, verdicts);
  if (record.kind >= static_cast<std::uint16_t>(WorldFact::packet_sent)) return world(record);
  if (!agents_.is_agent({record.node})) return;
  const Fact kind = static_cast<Fact>(record.kind);
  switch (kind) {
    case Fact::probe_started:
    case Fact::member_alive:
    case Fact::member_suspect:
    case Fact::member_dead:
    case Fact::suspicion_timed_out:
    case Fact::member_forgotten:
    case Fact::serf_member_event:
    case Fact::intent_accepted:
      return member(record, moment, verdicts);
    default:
      return agent(record, moment, verdicts);
  }
}

void Gossip::clock(NodeId node, std::int64_t now_ns, std::int64_t drift_ppb, bool frozen) {
  constexpr std::int64_t kHundredth = 10'000'000;
  if (agents_.is_agent(node)) {
    agents_.clock(node, now_ns, frozen || drift_ppb > kHundredth || drift_ppb < -kHundredth);
  }
}

// --- the world ------------------------------------------------------------------------------------

void Gossip::world(const trace::Record& record) {
  const NodeId node{record.node};
  const std::int64_t now = record.time_ns;
  switch (static_cast<WorldFact>(record.kind)) {
    case WorldFact::packet_dropped:
      if (record.reason == static_cast<std::uint16_t>(trace::WorldReason::target_down) ||
          record.reason == static_cast<std::uint16_t>(trace::WorldReason::sender_died)) {
        return;
      }
      [[fallthrough]];
    case WorldFact::packet_duplicated:
    case WorldFact::packet_corrupted:
    case WorldFact::packet_held:
      if ((record.extra & kGossipPort) == 0) return;
      agents_.disturbed(now);
      break;
    case WorldFact::network_changed:
      agents_.cuts(now, record.a);
      break;
    case WorldFact::clock_changed:
      clock(node, now, static_cast<std::int64_t>(record.b), record.c != 0);
      break;
    default:
      if (!agents_.is_agent(node)) return;
      life(record);
      break;
  }
  meet();
}

void Gossip::life(const trace::Record& record) {
  const NodeId node{record.node};
  const std::int64_t now = record.time_ns;
  switch (static_cast<WorldFact>(record.kind)) {
    case WorldFact::process_started:
      std::erase(gone_, node);
      agents_.started(node, now);
      events_.started(node);
      lamport_.started(node);
      budget_.started(node);
      budget_.rise();  // it tells of itself
      break;
    case WorldFact::process_killed:
    case WorldFact::process_crashed:
    case WorldFact::process_stopped:
      if (agents_[node].life == Agent::Life::down) break;
      agents_.down(node, now);
      if (!agents_.pairs()) break;
      gone_.push_back(node);
      next_death_ns_ = std::min(next_death_ns_, now + agents_.settling().ns + 1);
      break;
    case WorldFact::process_paused:
    case WorldFact::process_blocked:
      agents_.paused(node, now);
      break;
    case WorldFact::process_resumed:
    case WorldFact::process_unblocked:
      agents_.resumed(node, now);
      accuracy_.resumed(now);
      break;
    default:
      break;
  }
}

void Gossip::links(std::int64_t now_ns, bool calm) {
  agents_.links(now_ns, calm);
  meet();
}

// Something changed: after the time in which all have to agree again it is looked whether they do.
void Gossip::meet() {
  if (!agents_.pairs()) return;
  next_meeting_ns_ =
      std::min(next_meeting_ns_, agents_.changed_ns() + agents_.settling().ns +
                                     agents_.bounds().exchanges.ns + 1);
}

void Gossip::look(Moment moment, Verdicts& verdicts) {
  if (agents_.is_confused()) {
    next_death_ns_ = next_meeting_ns_ = INT64_MAX;
    return;
  }
  if (moment.time_ns >= next_death_ns_) {
    next_death_ns_ = INT64_MAX;
    std::erase_if(gone_, [&](NodeId gone) {
      const std::int64_t next = completeness_.look(moment, gone, agents_, verdicts);
      next_death_ns_ = std::min(next_death_ns_, next);
      return next == INT64_MAX;
    });
  }
  if (moment.time_ns >= next_meeting_ns_) {
    next_meeting_ns_ = convergence_.look(moment, agents_, verdicts);
  }
}

// --- what agents say of members -------------------------------------------------------------------

void Gossip::member(const trace::Record& record, Moment moment, Verdicts& verdicts) {
  const NodeId node{record.node}, about{record.peer};
  const Fact kind = static_cast<Fact>(record.kind);
  if (kind == Fact::intent_accepted) {
    constexpr std::uint64_t kJoin = 1;
    budget_.news(node);
    lamport_.hears(node, Lamport::kMember, record.a);
    if (record.b != kJoin) {
      agents_.changed(moment.time_ns);
      meet();
      if (about == node) told_to_leave(record);
    }
  } else if (kind != Fact::probe_started && kind != Fact::serf_member_event) {
    budget_.news(node);
  }
  if (!agents_.pairs() || agents_.is_confused() || about == node || !agents_.is_agent(about)) {
    return;
  }
  Belief& belief = agents_.belief(node, about);
  const auto becomes = [&](gossip::State state) {
    const bool probed = belief.state == gossip::State::alive ||
                        belief.state == gossip::State::suspect;
    if (!probed || (state != gossip::State::alive && state != gossip::State::suspect)) {
      belief.probed = 0;
    }
    belief.state = state;
    agents_.believes_otherwise();
    belief.incarnation = static_cast<std::uint32_t>(record.a);
    belief.since_ns = moment.time_ns;
  };
  switch (kind) {
    case Fact::probe_started:
      completeness_.probes(moment, node, about, agents_, verdicts);
      break;
    case Fact::member_alive:
      Incarnations::alive(moment, node, about, record.a, belief, verdicts);
      becomes(gossip::State::alive);
      break;
    case Fact::member_suspect:
      Incarnations::accused(moment, node, about, record.a, belief, verdicts);
      becomes(gossip::State::suspect);
      break;
    case Fact::member_dead: {
      Incarnations::accused(moment, node, about, record.a, belief, verdicts);
      const bool left = record.c != 0;
      if (!left) {
        NodeId accuser{static_cast<std::uint32_t>(record.b)};
        // Its own word about an earlier life of the member may come back to it.
        if (accuser == node && agents_[about].starts > 1) accuser = kNobody;
        accuracy_.fails(moment, node, about, accuser, agents_, verdicts);
      }
      becomes(left ? gossip::State::left : gossip::State::dead);
      break;
    }
    case Fact::suspicion_timed_out:
      accuracy_.waited(moment, node, about, agents_, verdicts);
      break;
    case Fact::member_forgotten:
      becomes(gossip::State::unknown);
      break;
    case Fact::intent_accepted:
      if ((record.c & 0xff) == static_cast<std::uint64_t>(gossip::Status::leaving)) {
        belief.leave_ltime = static_cast<std::uint32_t>(record.a);
      }
      agents_.believes_otherwise();
      belief.status = static_cast<gossip::Status>(record.c & 0xff);
      break;
    case Fact::serf_member_event:
      // Leaving as it is met: by an intent that came before it and was not noted about it.
      belief.leave_ltime = UINT32_MAX;
      agents_.believes_otherwise();
      belief.status = static_cast<gossip::Status>(record.c & 0xff);
      break;
    default:
      break;
  }
}

void Gossip::told_to_leave(const trace::Record& record) {
  Agent& agent = agents_[NodeId{record.node}];
  agent.told_to_leave = std::max(agent.told_to_leave, record.a);
  agents_.believes_otherwise();
}

// --- what else they say ---------------------------------------------------------------------------

void Gossip::agent(const trace::Record& record, Moment moment, Verdicts& verdicts) {
  const NodeId node{record.node};
  switch (static_cast<Fact>(record.kind)) {
    case Fact::suspicion_confirmed:
    case Fact::join_ended:
      budget_.news(node);
      break;
    case Fact::refuted:
    case Fact::tags_changed:
      budget_.news(node);
      budget_.rise();
      break;
    case Fact::intent_ignored:
      // Who lives answers with an intent to join.
      if (record.reason == static_cast<std::uint16_t>(Reason::about_itself)) {
        budget_.news(node);
        told_to_leave(record);
      }
      break;
    case Fact::health_changed:
      agents_.health(record.a);
      break;
    case Fact::push_pull_done:
      if (agents_.is_agent({record.peer})) {
        agents_.exchanged(node, {record.peer}, moment.time_ns);
        meet();
      }
      break;
    case Fact::gossip_dropped:
    case Fact::queue_overflow:
      agents_.disturbed(moment.time_ns);
      meet();
      break;
    case Fact::address_conflict:
    case Fact::name_reclaimed:
    case Fact::name_conflict:
      agents_.confused();
      break;
    case Fact::leave_started:
      agents_[node].leaving = true;
      agents_.changed(moment.time_ns);
      budget_.news(node);
      meet();
      break;
    case Fact::user_event_accepted:
      budget_.news(node);
      lamport_.hears(node, Lamport::kEvent, record.a);
      events_.taken(moment, node, record.a, record.b, agents_, verdicts);
      break;
    case Fact::query_started:
      budget_.news(node);
      break;
    case Fact::query_received:
      budget_.news(node);
      budget_.answers(node, 2);
      lamport_.hears(node, Lamport::kQuery, record.a);
      break;
    case Fact::query_acked:
    case Fact::query_responded:
    case Fact::response_relayed:
      budget_.answers(node, 1);
      break;
    case Fact::snapshot_replayed:
      if (record.b != 0) lamport_.hears(node, Lamport::kMember, record.b);
      if (record.c != 0) {
        lamport_.hears(node, Lamport::kEvent, record.c);
        events_.replayed(node, record.c);
      }
      break;
    default:
      break;
  }
}

}  // namespace quorumlab::judge
