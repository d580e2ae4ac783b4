// What the world tells the judges, handed on to the checkers.
#include "sim/judge/judges.h"

#include <algorithm>

#include "core/raft/message.h"

namespace quorumlab::judge {

using raft::MessageType;

constexpr std::uint8_t kGossipPort = 0x80;  // set in a packet's kind

std::string_view checker_name(Checker checker) {
  switch (checker) {
#define X(name, promise, source) \
  case Checker::name:            \
    return #name;
    QUORUMLAB_CHECKERS(X)
#undef X
  }
  return "unknown";
}

std::string_view checker_promise(Checker checker) {
  switch (checker) {
#define X(name, promise, source) \
  case Checker::name:            \
    return promise;
    QUORUMLAB_CHECKERS(X)
#undef X
  }
  return "";
}

std::optional<Checker> find_checker(std::string_view name) {
  std::string plain(name);
  for (char& c : plain) {
    if (c == '-') c = '_';
  }
  for (std::size_t i = 0; i < kCheckerCount; ++i) {
    if (checker_name(static_cast<Checker>(i)) == plain) return static_cast<Checker>(i);
  }
  return std::nullopt;
}

void Judges::reset(const Setup& setup) {
  setup_ = setup;
  verdicts_.reset();
  history_.reset();
  nodes_.resize(setup.nodes + 1);
  for (NodeState& state : nodes_) {
    state.shadow.reset();
    state.monotonic.reset();
    state.disk.reset();
    state.configuration.reset();
    state.leading = state.handing_over = false;
    state.appended = 0;
    state.written_ns = -1;
    state.leads_term = state.replaced_from = state.replaced_term = 0;
  }
  elections_.reset();
  completeness_.reset();
  configurations_.reset(setup.members);
  votes_.reset();
  commitment_.reset();
  reads_.reset();
  transfers_ = 0;
  reached_ = {};
  clients_.reset();
  holders_.reset();
  store_.reset();
  autopilot_.reset(setup.links_calm);
  gossip_.reset(setup.gossip, setup.nodes, setup.links_calm);
  setup_.gossip = nullptr;
}

Reached Judges::reached() const {
  Reached reached = reached_;
  for (std::size_t i = 1; i < configurations_.size(); ++i) {
    const Configuration &before = configurations_[i - 1].conf, &after = configurations_[i].conf;
    ++reached.changes;
    reached.joint_entered += after.outgoing != 0;
    reached.joint_left += before.outgoing != 0;
    reached.promotions += (before.learners & after.voters) != 0;
  }
  return reached;
}

void Judges::acts_as_leader(Moment moment, NodeId node, std::uint64_t term) {
  NodeState& state = nodes_[node.value];
  if (state.leads_term == term) return;
  state.leads_term = term;
  elections_.leads(moment, node, term, verdicts_);
  completeness_.leads(moment, node, term, state.shadow, verdicts_);
  // What it writes as it comes to lead is seen before it is known to lead. Entries of a term are
  // its leader's, so nobody else had it replace its log with them.
  verdicts_.check(Checker::leader_append_only, state.replaced_term != term, moment, node, kNobody,
                  state.replaced_from, state.shadow.last());
}

void Judges::packet_sent(std::int64_t time_ns, trace::RecordId record, NodeId source, NodeId target,
                         std::uint8_t kind, ByteView bytes) {
  if ((kind & kGossipPort) != 0) {
    if (gossip_.on()) {
      gossip_.packet_sent({time_ns, record}, source, static_cast<std::uint8_t>(kind & ~kGossipPort),
                          bytes.size(), verdicts_);
    }
    return;
  }
  if (!setup_.raft || !is_node(source)) return;
  NodeState& state = nodes_[source.value];
  const Moment moment{time_ns, record};
  state.disk.acts(moment, source, verdicts_);
  switch (static_cast<MessageType>(kind)) {
    case MessageType::heartbeat:
    case MessageType::append_entries:
    case MessageType::install_snapshot: {
      const auto m = raft::peek(bytes);
      if (!m) return;
      state.monotonic.sent(moment, source, m->term.value, state.shadow, verdicts_);
      acts_as_leader(moment, source, m->term.value);
      state.configuration.acts(moment, source, m->term.value, verdicts_);
      // The leader says what is committed; its own log says which entries those are.
      std::uint64_t chain = 0;
      if (completeness_.is_news(m->term.value, m->commit.value) &&
          state.shadow.chain_at(m->commit.value, chain)) {
        completeness_.committed(m->term.value, m->commit.value, chain);
      }
      return;
    }
    case MessageType::timeout_now: {
      // The target has all that stands in the leader's log, else it would lose, or lose entries.
      Place end{state.shadow.last(), state.shadow.last_term(), 0};
      if (state.written_ns == time_ns) end = state.before;  // what came after it in the same step
      const bool whole = !is_node(target) || nodes_[target.value].disk.lost_last != 0 ||
                         nodes_[target.value].shadow.holds(end.index, end.term);
      verdicts_.check(Checker::handover, whole, moment, source, target, end.index, 0);
      return;
    }
    case MessageType::request_pre_vote:
    case MessageType::request_vote: {
      const auto m = raft::peek(bytes);
      if (!m) return;
      // What it says its log ends with must not be lost to a power failure (thesis 10.2.1).
      Durability::acknowledges(moment, source, target, m->term.value, m->index.value, state.shadow,
                               verdicts_);
      if (static_cast<MessageType>(kind) == MessageType::request_pre_vote) return;
      state.monotonic.sent(moment, source, m->term.value, state.shadow, verdicts_);
      state.disk.takes_part(moment, source, m->term.value, state.shadow, verdicts_);
      return;
    }
    case MessageType::request_vote_response: {
      const auto m = raft::peek(bytes);
      if (!m || m->reject) return;
      elections_.votes(moment, source, target, m->term.value, verdicts_);
      votes_.granted(source, target, m->term.value);
      Durability::grants(moment, source, target, m->term.value, state.shadow, verdicts_);
      state.disk.takes_part(moment, source, m->term.value, state.shadow, verdicts_);
      return;
    }
    case MessageType::append_entries_response: {
      const auto m = raft::peek(bytes);
      if (!m || m->reject) return;
      Durability::acknowledges(moment, source, target, m->term.value, m->index.value, state.shadow,
                               verdicts_);
      return;
    }
    case MessageType::propose_response: {
      const auto m = raft::peek(bytes);
      if (m && !m->flag) ++reached_.forwarded;
      return;
    }
    case MessageType::read_index_response: {
      const auto m = raft::peek(bytes);
      if (!m || m->flag) return;
      ++reached_.reads_for_followers;
      reads_.answers(moment, source, m->context, m->term.value, m->index.value,
                     commitment_.known(moment), verdicts_);
      return;
    }
    default:
      return;
  }
}

void Judges::judge_change(Moment moment, NodeId node, const Change& change) {
  NodeState& state = nodes_[node.value];
  state.monotonic.submitted(moment, node, change, verdicts_);
  if (change.entries) {
    verdicts_.check(Checker::log_matching, change.mismatch == 0, moment, node, kNobody,
                    change.mismatch, change.mismatch_term);
  }
  if (change.replaced_from != 0) {
    state.replaced_from = change.replaced_from;
    state.replaced_term = state.shadow.last_term();
  }
  // While it leads, a leader only appends (Raft 5.3).
  if (state.leads_term != 0 && change.after.term.value == state.leads_term) {
    verdicts_.check(Checker::leader_append_only, change.replaced_from == 0, moment, node, kNobody,
                    change.replaced_from, change.last_before);
  }
  if (change.snapshot.index != 0) {
    verdicts_.check(Checker::state_machine_safety,
                    history_.covered(change.snapshot.index, change.snapshot.chain), moment, node,
                    kNobody, change.snapshot.index, change.snapshot.term);
    state.configuration.snapshot(moment, node, change.snapshot.index, state.shadow.snapshot_conf(),
                                 history_, configurations_, verdicts_);
  }
}

void Judges::write_submitted(std::int64_t time_ns, trace::RecordId record, NodeId node,
                             std::uint64_t write_id, FileId file, Write::Mode mode,
                             ByteView bytes) {
  if (!setup_.raft || !is_node(node)) return;
  NodeState& state = nodes_[node.value];
  const Moment moment{time_ns, record};
  state.disk.acts(moment, node, verdicts_);
  if (state.written_ns != time_ns) {
    state.before = {state.shadow.last(), state.shadow.last_term(), 0};
    state.written_ns = time_ns;
  }
  judge_change(moment, node, state.shadow.submitted(write_id, file, mode, bytes, history_));
}

void Judges::write_durable(std::int64_t, trace::RecordId, NodeId node, std::uint64_t write_id) {
  if (setup_.raft && is_node(node)) nodes_[node.value].shadow.durable(write_id);
}

void Judges::write_failed(std::int64_t, trace::RecordId, NodeId node, std::uint64_t write_id) {
  if (setup_.raft && is_node(node)) nodes_[node.value].shadow.failed(write_id);
}

void Judges::process_started(std::int64_t time_ns, trace::RecordId record, NodeId node,
                             std::span<const FileContent> files) {
  if (!setup_.raft || !is_node(node)) return;
  NodeState& state = nodes_[node.value];
  const DiskState before = state.shadow.disk_state();
  const bool readable = state.shadow.started(files);
  state.disk.started({time_ns, record}, node, readable, before, state.shadow.disk_state(),
                     verdicts_);
  state.monotonic.started();
  state.configuration.started(state.shadow.snapshot().index, configurations_);
  state.leads_term = 0;
  state.leading = false;
  end_handover(state);
}

void Judges::process_down(std::int64_t, trace::RecordId, NodeId node, Death) {
  if (setup_.raft && is_node(node)) nodes_[node.value].leads_term = 0;
}

void Judges::disk_damaged(std::int64_t, trace::RecordId, NodeId node, Damage) {
  if (setup_.raft && is_node(node)) nodes_[node.value].disk.damaged = true;
}

void Judges::judge_holder(trace::Record record, trace::RecordId id) {
  const NodeId node{record.node};
  const Moment moment{record.time_ns, id};
  switch (record.kind) {
    case static_cast<std::uint16_t>(Fact::holds):
      return holders_.holds(moment, node, record.a, record.b, verdicts_);
    case static_cast<std::uint16_t>(Fact::lets_go):
      return holders_.lets_go(node, record.b);
    case static_cast<std::uint16_t>(Fact::work_done):
      return holders_.work_done(moment, node, {record.peer}, record.a, record.b, verdicts_);
    case static_cast<std::uint16_t>(trace::WorldFact::process_paused):
      return holders_.stands_still(node, true);
    case static_cast<std::uint16_t>(trace::WorldFact::process_resumed):
      autopilot_.changed(record.time_ns, node);
      return holders_.stands_still(node, false);
    default:
      store_.dead(node);
      return holders_.dead(node);
  }
}

void Judges::judge_gossip(trace::Record record, trace::RecordId id) {
  gossip_.fact(record, id, verdicts_);
}

void Judges::judge_store(trace::Record record, trace::RecordId id) {
  const NodeId node{record.node};
  const Moment moment{record.time_ns, id};
  switch (static_cast<Fact>(record.kind)) {
    case Fact::store_changed:
      return store_.changed(moment, node, record.a, record.b, verdicts_);
    case Fact::session_applied:
      return store_.session_applied(moment, node, record.a, record.b, record.c, verdicts_);
    case Fact::watch_began:
      return store_.watch_began(node, record.a, record.b, record.c);
    case Fact::watch_told:
      return store_.watch_told(moment, node, record.a, record.b, record.c != 0, verdicts_);
    case Fact::watch_ended:
      return store_.watch_ended(node, record.a);
    case Fact::key_expired:
      return store_.expired(moment, node, record.a, static_cast<std::int64_t>(record.b), verdicts_);
    case Fact::expiry_proposed:
      return store_.expiry_proposed(node, static_cast<std::int64_t>(record.a));
    default:
      return store_.expiry_applied(moment, node, static_cast<std::int64_t>(record.a),
                                   static_cast<std::int64_t>(record.b), verdicts_);
  }
}

void Judges::judge_applied(Moment moment, NodeId node, std::uint64_t index, std::uint64_t term,
                           std::uint64_t chain) {
  if (!is_node(node)) return;
  NodeState& state = nodes_[node.value];
  state.monotonic.apply(moment, node, index, verdicts_);
  verdicts_.check(Checker::state_machine_safety, history_.applied(index, term, chain), moment, node,
                  kNobody, index, term);
  configurations_.learn(history_);
  state.configuration.snapshot_known(moment, node, index, configurations_, verdicts_);
  // Committed in the node's term at the latest.
  const std::uint64_t now_in = state.shadow.hard_state().term.value;
  if (completeness_.is_news(now_in, index)) completeness_.committed(now_in, index, chain);
}

std::uint64_t Judges::copies(std::uint64_t index, std::uint64_t term) const {
  std::uint64_t holders = 0;
  for (std::uint32_t id = 1; id < nodes_.size(); ++id) {
    const NodeState& state = nodes_[id];
    // A disk that lost what it had called durable is not the leader's fault.
    const bool excused = state.disk.damaged || state.disk.lost_last != 0;
    if (excused || state.shadow.holds(index, term)) holders |= Configuration::bit(NodeId{id});
  }
  return holders;
}

// Thesis 4.1: one change at a time, and (Ongaro on raft-dev, 2015) none before the leader has
// committed in its own term; leaving a joint configuration is the second half of a change.
void Judges::judge_proposed_change(Moment moment, NodeId node, std::uint64_t index,
                                   std::uint64_t kind) {
  constexpr std::uint64_t kLeave = 4;
  const NodeState& state = nodes_[node.value];
  const std::uint64_t before = state.shadow.last_change_before(index);
  const std::uint64_t applied = std::max(state.monotonic.applied, state.configuration.since);
  verdicts_.check(Checker::configuration, before <= applied, moment, node, kNobody, index, before);
  if (kind == kLeave) return;
  const std::uint64_t commit = state.monotonic.commit;
  const std::uint64_t term = state.shadow.term_at(commit);
  verdicts_.check(Checker::configuration, term == 0 || term == state.leads_term, moment, node,
                  kNobody, index, commit);
}

void Judges::judge_campaign(trace::Record record, trace::RecordId id) {
  const NodeId node{record.node};
  if (!is_node(node)) return;
  NodeState& state = nodes_[record.node];
  switch (static_cast<Fact>(record.kind)) {
    case Fact::transfer_started:
      transfers_ += !state.handing_over;
      state.handing_over = true;
      state.appended = 0;
      break;
    case Fact::transfer_ended:
      reached_.transfers += record.reason == static_cast<std::uint16_t>(Reason::won);
      end_handover(state);
      break;
    default: {
      // A snapshot that is on its way to disk may change who is a member.
      const std::uint64_t applied = std::max(state.monotonic.applied, state.configuration.since);
      verdicts_.check(Checker::configuration, state.shadow.snapshot().index <= applied,
                      {record.time_ns, id}, node, kNobody, record.a, state.shadow.snapshot().index);
    }
  }
}

void Judges::judge_proposal(trace::Record record, trace::RecordId id) {
  if (!is_node(NodeId{record.node})) return;
  NodeState& state = nodes_[record.node];
  if (!state.handing_over) return;
  // The world's notes may tell of a proposal before the engine's tell that the handover is over;
  // the engine's own come in order, the entry first.
  if (static_cast<Fact>(record.kind) == Fact::appended) {
    if (record.peer == record.node) state.appended = record.a;
  } else {
    verdicts_.check(Checker::handover, state.appended != record.a, {record.time_ns, id},
                    NodeId{record.node}, kNobody, record.a, 0);
  }
}

void Judges::judge_fact(trace::Record record, trace::RecordId id) {
  const NodeId node{record.node};
  if (!is_node(node)) return;
  NodeState& state = nodes_[record.node];
  const Moment moment{record.time_ns, id};
  switch (static_cast<Fact>(record.kind)) {
    case Fact::commit_advanced:
      state.monotonic.committed(moment, node, record.a, verdicts_);
      if (state.leading) {
        commitment_.by_leader(moment, node, record.a, copies(record.a, record.c),
                              configurations_[state.configuration.place].conf, verdicts_);
      } else {
        commitment_.by_hearsay(moment, node, record.a, verdicts_);
      }
      break;
    case Fact::became_leader:
      state.leading = true;
      acts_as_leader(moment, node, record.a);
      state.configuration.leads(moment, node, record.a, state.monotonic.applied, configurations_,
                                verdicts_);
      votes_.leads(moment, node, record.a, state.shadow,
                   configurations_[state.configuration.place].conf, verdicts_);
      reads_.leads(record.a);
      break;
    case Fact::became_follower:
      state.leading = false;
      end_handover(state);
      break;
    case Fact::config_applied:
      state.configuration.applied(moment, node, record.a, record.b, record.c, state.leading,
                                  configurations_, verdicts_);
      break;
    case Fact::config_proposed:
      judge_proposed_change(moment, node, record.a, record.b);
      break;
    case Fact::read_started:
      if (state.leading) {
        reads_.begins(node, record.a, state.leads_term, record.b, commitment_.known(moment));
      }
      break;
    case Fact::read_confirmed:
      ++(record.c != 0 ? reached_.reads_by_lease : reached_.reads_by_quorum);
      if (state.leading) {
        reads_.answers(moment, node, record.a, state.leads_term, record.b,
                       commitment_.known(moment), verdicts_);
      }
      break;
    case Fact::started: {
      const std::uint64_t term = state.shadow.hard_state().term.value;
      verdicts_.check(Checker::monotonic, record.a >= term, moment, node, kNobody, record.a, term);
      state.monotonic.commit = record.c;
      store_.dead(node);
      autopilot_.changed(record.time_ns, node);
      break;
    }
    case Fact::refused_to_start:
      state.disk.must_refuse = false;
      break;
    case Fact::snapshot_installed:
      state.monotonic.installed(moment, node, record.a, verdicts_);
      store_.jumped(node);
      state.configuration.installed(record.a, configurations_);
      break;
    default:
      break;
  }
}

void Judges::invoked(std::int64_t, trace::RecordId, std::uint64_t operation, NodeId,
                     ByteView request) {
  if (setup_.raft) clients_.invoked(operation, request);
}

void Judges::answered(std::int64_t time_ns, trace::RecordId record, std::uint64_t operation,
                      NodeId server, ByteView response) {
  if (!setup_.raft || !is_node(server)) return;
  const std::uint64_t term = nodes_[server.value].shadow.hard_state().term.value;
  clients_.answered({time_ns, record}, operation, server, term, response, history_, completeness_,
                    verdicts_);
}

}  // namespace quorumlab::judge
