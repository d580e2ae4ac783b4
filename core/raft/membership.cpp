// Membership: single steps (thesis 4.1) and joint consensus (Raft section 6) with learners. As in etcd
// a configuration takes effect when its entry is applied, not when it is appended; what makes that
// safe are the gate of the own term, one change at a time, and no campaign before a committed change
// is applied. Leadership transfer (thesis 3.10) is here too.
#include <algorithm>

#include "core/raft/engine.h"

namespace quorumlab::raft {
namespace {

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
  return std::binary_search(nodes.begin(), nodes.end(), node);
}

void insert(std::vector<NodeId>& nodes, NodeId node) {
  const auto at = std::lower_bound(nodes.begin(), nodes.end(), node);
  if (at == nodes.end() || *at != node) nodes.insert(at, node);
}

void erase(std::vector<NodeId>& nodes, NodeId node) { std::erase(nodes, node); }

std::uint64_t bits(const std::vector<NodeId>& nodes) {
  std::uint64_t result = 0;
  for (const NodeId node : nodes) {
    if (node.value <= 64) result |= std::uint64_t{1} << (node.value - 1);
  }
  return result;
}

// The numbers with which facts name a change: 0..2 its only step's kind, 3 several, 4 leave joint.
std::uint64_t kind_of(const ConfChange& change) {
  if (change.steps.empty()) return 4;
  return change.steps.size() == 1 ? static_cast<std::uint64_t>(change.steps.front().kind) : 3;
}
std::uint64_t node_of(const ConfChange& change) {
  return change.steps.empty() ? 0 : change.steps.front().node.value;
}

}  // namespace

void encode(const ConfChange& change, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>((change.joint ? 1 : 0) | (change.auto_leave ? 2 : 0)));
  writer.varint(change.steps.size());
  for (const ConfChange::Step& step : change.steps) {
    writer.u8(static_cast<std::uint8_t>(step.kind));
    writer.varint(step.node.value);
  }
}

std::optional<ConfChange> decode_conf_change(ByteView bytes) {
  ByteReader in(bytes);
  ConfChange change;
  const std::uint8_t flags = in.u8();
  change.joint = (flags & 1) != 0;
  change.auto_leave = (flags & 2) != 0;
  const std::uint64_t count = in.varint();
  if (!in.ok() || flags > 3 || count > in.remaining()) return std::nullopt;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint8_t kind = in.u8();
    const std::uint64_t node = in.varint();
    if (kind > 2 || node == 0 || (node >> 32) != 0) return std::nullopt;
    change.steps.push_back(
        {static_cast<ConfChange::Kind>(kind), NodeId{static_cast<std::uint32_t>(node)}});
  }
  if (!in.finished()) return std::nullopt;
  return change;
}

std::optional<ConfState> next_conf(const ConfState& conf, const ConfChange& change, Reason& why) {
  ConfState next = conf;
  if (change.steps.empty()) {  // leave the joint configuration
    if (conf.voters_outgoing.empty()) {
      why = Reason::already_so;
      return std::nullopt;
    }
    for (const NodeId node : conf.learners_next) insert(next.learners, node);
    next.learners_next.clear();
    next.voters_outgoing.clear();
    next.auto_leave = false;
    return next;
  }
  if (!conf.voters_outgoing.empty()) {
    why = Reason::config_pending;
    return std::nullopt;
  }
  const bool joint = change.joint || change.steps.size() > 1;
  if (joint) {
    next.voters_outgoing = conf.voters;
    next.auto_leave = change.auto_leave;
  }
  bool changed = false;
  for (const ConfChange::Step& step : change.steps) {
    const NodeId node = step.node;
    switch (step.kind) {
      case ConfChange::Kind::add_voter:
        changed |= !contains(next.voters, node);
        erase(next.learners, node);
        erase(next.learners_next, node);
        insert(next.voters, node);
        break;
      case ConfChange::Kind::add_learner:
        changed |= !contains(next.learners, node) && !contains(next.learners_next, node);
        erase(next.voters, node);
        // A voter of the old half stays one until the joint configuration is left.
        insert(contains(next.voters_outgoing, node) ? next.learners_next : next.learners, node);
        break;
      case ConfChange::Kind::remove:
        changed |= contains(next.voters, node) || contains(next.learners, node) ||
                   contains(next.learners_next, node);
        erase(next.voters, node);
        erase(next.learners, node);
        erase(next.learners_next, node);
        break;
    }
  }
  if (!changed) {
    why = Reason::already_so;
    return std::nullopt;
  }
  if (next.voters.empty()) {
    why = Reason::would_lose_quorum;
    return std::nullopt;
  }
  if (next.voters.size() + next.voters_outgoing.size() + next.learners.size() > kMaxMembers) {
    why = Reason::too_many_members;
    return std::nullopt;
  }
  return next;
}

Progress* Engine::find(NodeId node) {
  // Numbers mostly begin at 1 and have no gaps.
  const std::size_t guess = std::size_t{node.value} - 1;
  if (guess < progress_.size() && progress_[guess].node == node) [[likely]] return &progress_[guess];
  for (Progress& p : progress_) {
    if (p.node == node) return &p;
  }
  return nullptr;
}

ProposeResult Engine::propose_change(Now now, const ConfChange& change, std::uint64_t id) {
  set_now(now);
  ProposeResult result;
  if (status_.stopped) {
    result.reason = Reason::write_failed;
  } else if (!is_leader()) {
    if (status_.leader && config_.forward_proposals) {
      const std::size_t begin = scratch_.size();
      encode(change, scratch_);
      bodies_.push_back({PendingBody::From::scratch, static_cast<std::uint32_t>(messages_.size()),
                         begin, scratch_.size() - begin});
      Message& m = send(MessageType::propose, status_.leader);
      m.context2 = id;
      m.flag = true;
      note(Fact::proposal_forwarded, status_.leader, id);
      result.status = ProposeResult::Status::forwarded;
      return result;
    }
    result.reason = status_.leader ? Reason::forwarding_off : Reason::no_leader;
  } else if (on(Rule::config_one_at_a_time) && pending_conf_ > status_.applied) {
    // Also at the start of a term: what the log ends with may hold a change.
    result.reason = committed_in_own_term() ? Reason::config_pending : Reason::no_commit_in_term;
  } else if (on(Rule::config_only_after_own_commit) && !committed_in_own_term()) {
    result.reason = Reason::no_commit_in_term;
  } else {
    next_conf(conf_, change, result.reason);
  }
  if (result.reason == Reason::none) {
    Bytes payload;
    encode(change, payload);
    result = append_proposal(EntryKind::config, payload, id);
    if (result.status == ProposeResult::Status::accepted) {
      pending_conf_ = result.index;
      note(Fact::config_proposed, {}, result.index.value, kind_of(change), node_of(change));
      return result;
    }
  }
  note(Fact::config_refused, {}, kind_of(change), node_of(change), 0, result.reason);
  return result;
}

void Engine::apply_config(Now now, LogIndex index, const ConfChange& change) {
  set_now(now);
  Reason why = Reason::none;
  std::optional<ConfState> next = next_conf(conf_, change, why);
  if (!next) {
    note(Fact::config_refused, {}, kind_of(change), node_of(change), 0, why);
    return;
  }
  const bool was_voter = promotable();
  adopt_conf(std::move(*next));
  note(Fact::config_applied, {}, index.value, bits(conf_.voters), bits(conf_.voters_outgoing));
  if (!is_leader()) {
    if (!was_voter && promotable() && election_elapsed() >= election_timeout_) {
      restart_election_timer();  // a new voter does not begin with a campaign that is overdue
    }
    return;
  }
  if (status_.transfer_target) {
    const Progress* target = find(status_.transfer_target);
    if (target == nullptr || !target->voter()) end_transfer(Reason::removed);
  }
  const Progress* self = find(status_.id);
  if ((self == nullptr || !self->voter()) && on(Rule::removed_leader_steps_down)) {
    // It has told the others of the commitment with the appends that left before.
    become_follower(status_.term, kNobody, self == nullptr ? Reason::removed : Reason::learner,
                    kNobody);
    return;
  }
  // A smaller quorum may have been reached already; new members must hear of the log at once.
  if (on(Rule::recheck_commit_on_config)) maybe_commit();
  broadcast_append();
  maybe_auto_leave();
}

// Makes this the configuration in force, keeping what is known of members that stay.
void Engine::adopt_conf(ConfState conf) {
  conf_ = std::move(conf);
  rebuild_members();
}

void Engine::rebuild_members() {
  const auto wanted = [this](NodeId node) {
    return contains(conf_.voters, node) || contains(conf_.voters_outgoing, node) ||
           contains(conf_.learners, node) || contains(conf_.learners_next, node);
  };
  std::erase_if(progress_, [&](const Progress& p) { return !wanted(p.node); });
  for (const auto* nodes :
       {&conf_.voters, &conf_.voters_outgoing, &conf_.learners, &conf_.learners_next}) {
    for (const NodeId node : *nodes) {
      const auto at = std::lower_bound(progress_.begin(), progress_.end(), node,
                                       [](const Progress& p, NodeId n) { return p.node < n; });
      if (at != progress_.end() && at->node == node) continue;
      Progress p;
      p.node = node;
      p.start(log_.last_index().next());
      p.recent_active = true;  // it has a whole election timeout to show itself
      progress_.insert(at, std::move(p));
    }
  }
  derive_roles();
}

// What the configuration makes of each member.
void Engine::derive_roles() {
  self_is_voter_ = false;
  for (Progress& p : progress_) {
    p.incoming = contains(conf_.voters, p.node);
    p.outgoing = contains(conf_.voters_outgoing, p.node);
    p.learner = !p.voter();
    if (p.node == status_.id) self_is_voter_ = p.voter();
  }
}

// A joint configuration is left as soon as the entry that began it is applied.
void Engine::maybe_auto_leave() {
  if (!is_leader() || !is_joint() || !conf_.auto_leave || pending_conf_ > status_.applied ||
      !on(Rule::joint_leaves_by_itself)) {
    return;
  }
  Bytes payload;
  encode(ConfChange{}, payload);
  leader_append(EntryKind::config, payload);
  pending_conf_ = log_.last_index();
  note(Fact::config_proposed, {}, pending_conf_.value, 4, 0);
}

// --- leadership transfer ------------------------------------------------------------------------

void Engine::transfer_leadership(Now now, NodeId target) {
  set_now(now);
  if (status_.stopped) return;
  if (!is_leader()) {
    if (status_.leader && status_.leader != target) {
      send(MessageType::transfer_leader, status_.leader).context = target.value;
    }
    return;
  }
  Progress* p = find(target);
  if (target == status_.id || p == nullptr || !p->voter()) {
    note(Fact::transfer_ended, target, status_.term.value, 0, 0,
         target == status_.id ? Reason::already_so : Reason::not_a_voter);
    return;
  }
  if (status_.transfer_target == target) return;
  if (status_.transfer_target) end_transfer(Reason::transferring);
  status_.transfer_target = target;
  restart_election_timer();  // it has one election timeout
  note(Fact::transfer_started, target, status_.term.value);
  if (p->match == log_.last_index() || !on(Rule::transfer_needs_caught_up)) {
    send_timeout_now(target);
  } else {
    send_append(*p, true);
  }
}

void Engine::send_timeout_now(NodeId target) {
  // From now on the target may lead although the voters' leases run, however late this arrives.
  lease_void_ = true;
  send(MessageType::timeout_now, target);
}

void Engine::end_transfer(Reason why) {
  note(Fact::transfer_ended, status_.transfer_target, status_.term.value, 0, 0, why);
  status_.transfer_target = kNobody;
}

}  // namespace quorumlab::raft
