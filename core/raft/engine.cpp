// The engine's frame: birth, time, terms and roles, dispatch of messages.
#include "core/raft/engine.h"

#include <algorithm>

#include "core/raft/wal.h"

namespace quorumlab::raft {
namespace {

constexpr std::uint64_t kDrawPhase = 1;
constexpr std::uint64_t kDrawTimeout = 2;

// Floor division, since a clock may show less than the phase.
std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return a % b < 0 ? q - 1 : q;
}

// Requests that a member passes on to whom it believes to lead; their terms say nothing.
bool is_termless(MessageType type) {
  switch (type) {
    case MessageType::propose:
    case MessageType::propose_response:
    case MessageType::read_index:
    case MessageType::transfer_leader:
      return true;
    default:
      return false;
  }
}

bool is_from_leader(MessageType type) {
  return type == MessageType::append_entries || type == MessageType::heartbeat ||
         type == MessageType::install_snapshot;
}

}  // namespace

const char* role_name(Role role) {
  switch (role) {
    case Role::follower: return "follower";
    case Role::pre_candidate: return "pre_candidate";
    case Role::candidate: return "candidate";
    case Role::leader: return "leader";
  }
  return "unknown";
}

void Engine::reset(const Config& config, Recovered&& recovered, Random random, Now now) {
  config_ = config;
  random_ = random;
  status_ = {};
  status_.id = config.id;
  const bool ticks = config.timeouts.kind == TimeoutPolicy::Kind::ticks;
  phase_ = ticks ? static_cast<std::int64_t>(
                       below(random_.draw(kDrawPhase, 0),
                             static_cast<std::uint64_t>(config.timeouts.period.ns)))
                 : 0;
  tick_start_ = INT64_MIN / 2;
  minimum_timeout_ = ticks ? config.timeouts.election_ticks : config.timeouts.election_min.ns;
  heartbeat_interval_ = ticks ? config.timeouts.heartbeat_ticks : config.timeouts.heartbeat.ns;
  timeout_draws_ = 0;
  set_now(now);

  // A fresh node keeps the buffers of the engine that stood here before, and its list of members if
  // they are the same.
  const ConfState& begins_with =
      recovered.snapshot.index.value != 0 ? recovered.snapshot.conf : config_.initial;
  const bool same_members = begins_with == conf_;
  const bool fresh = recovered.log.last_index().value == 0 && recovered.snapshot.index.value == 0;
  if (fresh) {
    log_.reset({}, {}, 0);
    snapshot_ = {};
    snapshot_file_.clear();
    snapshot_payload_ = 0;
    if (!same_members) conf_ = config_.initial;
  } else {
    log_ = std::move(recovered.log);
    snapshot_ = std::move(recovered.snapshot);
    snapshot_file_.clear();
    if (snapshot_.index.value != 0) {
      encode_snapshot(snapshot_, recovered.snapshot_bytes, snapshot_file_);
      conf_ = snapshot_.conf;
    } else {
      conf_ = config_.initial;
    }
    snapshot_payload_ = snapshot_file_.size() - recovered.snapshot_bytes.size();
  }
  status_.term = recovered.hard_state.term;
  status_.voted_for = recovered.hard_state.voted_for;
  status_.applied = snapshot_.index;
  status_.commit = std::clamp(recovered.hard_state.commit, snapshot_.index, log_.last_index());
  status_.durable = log_.last_index();
  durable_term_ = status_.term;
  durable_vote_ = status_.voted_for;
  unsaved_ = log_.last_index().next();
  refresh_log_status();

  hard_state_dirty_ = false;
  log_start_pending_ = recovered.log_start_missing;
  write_counter_ = 0;
  log_writes_open_ = 0;
  promises_.clear();
  messages_.clear();
  bodies_.clear();
  scratch_.clear();
  scratch_out_.clear();
  notes_.clear();
  reads_.clear();
  outcomes_.clear();
  campaign_by_transfer_ = own_vote_counted_ = false;
  extra_grants_ = 0;
  broadcast_pending_ = lease_void_ = round_open_ = false;
  pending_conf_ = {};
  round_ = 0;
  std::fill(std::begin(round_sent_), std::end(round_sent_), 0);
  pending_reads_.clear();
  early_reads_.clear();
  waiting_reads_.clear();
  forwarded_reads_.clear();
  incoming_.index = {};
  incoming_.complete = false;
  incoming_.file.clear();
  installing_.active = false;
  installing_.write_id = 0;
  restore_pending_ = false;
  if (same_members) {
    derive_roles();
  } else {
    rebuild_members();
  }
  for (Progress& p : progress_) {
    p.vote = Progress::Vote::none;
    p.start(log_.last_index().next());
  }
  strict_ = config_.rules.all_on();

  restart_election_timer();
  heartbeat_reset_ = now_units_;
  draw_timeout();
  // The lease that this voter gave before it restarted is forgotten; the term alone tells that there
  // may have been one.
  const bool boot_lease = config_.read_mode == ReadMode::lease && status_.term.value != 0 &&
                          on(Rule::restarted_voter_keeps_lease);
  boot_lease_end_ = boot_lease ? now_units_ + minimum_timeout_ : INT64_MIN;
  if (config_.timeouts.advance_first_timeout && !boot_lease) {
    election_reset_ -= minimum_timeout_ - heartbeat_interval_;
  }
  note(Fact::started, {}, status_.term.value, log_.last_index().value, status_.commit.value,
       Reason::boot);
}

// --- time ---------------------------------------------------------------------------------------

void Engine::set_now(Now now) {
  now_ = now.monotonic;
  if (config_.timeouts.kind == TimeoutPolicy::Kind::continuous) {
    now_units_ = now_.ns;
    return;
  }
  const std::int64_t period = config_.timeouts.period.ns;
  const std::int64_t since = now_.ns - tick_start_;
  if (since >= 0 && since < period) return;
  now_units_ = floor_div(now_.ns - phase_, period);
  tick_start_ = phase_ + now_units_ * period;
}

void Engine::draw_timeout() {
  if (!on(Rule::randomise_election_timeout)) {
    election_timeout_ = minimum_timeout_;
    return;
  }
  const TimeoutPolicy& policy = config_.timeouts;
  const std::uint64_t draw = random_.draw(kDrawTimeout, timeout_draws_++);
  election_timeout_ =
      policy.kind == TimeoutPolicy::Kind::ticks
          ? minimum_timeout_ + static_cast<std::int64_t>(below(draw, policy.election_ticks))
          : uniform(draw, policy.election_min, policy.election_max).ns;
}

void Engine::on_deadline(Now now) {
  set_now(now);
  if (status_.stopped) return;
  if (!is_leader()) {
    if (promotable() && election_elapsed() >= election_timeout_) {
      restart_election_timer();
      campaign(false);
    }
    return;
  }
  if (election_elapsed() >= minimum_timeout_) {
    restart_election_timer();
    check_quorum_now();
    if (!is_leader()) return;
    if (status_.transfer_target && on(Rule::transfer_times_out)) end_transfer(Reason::timed_out);
  }
  if (now_units_ - heartbeat_reset_ >= heartbeat_interval_) broadcast_heartbeat();
}

// --- terms and roles ----------------------------------------------------------------------------

void Engine::set_term(Term term, NodeId told_by) {
  if (term == status_.term) return;
  note(Fact::term_advanced, told_by, term.value, status_.term.value);
  status_.term = term;
  status_.voted_for = kNobody;
  hard_state_dirty_ = true;
  drop_promises();
}

void Engine::set_vote(NodeId node) {
  if (status_.voted_for == node) return;
  status_.voted_for = node;
  hard_state_dirty_ = true;
}

void Engine::set_leader(NodeId leader, Reason why) {
  if (status_.leader == leader) return;
  if (status_.leader) {
    if (status_.leader != status_.id) {
      note(Fact::leader_lost, status_.leader, status_.term.value, 0, 0, why);
    }
    drop_forwarded_reads(Reason::leadership_lost);
  }
  status_.leader = leader;
  if (leader) note(Fact::leader_known, leader, status_.term.value);
}

void Engine::become_follower(Term term, NodeId leader, Reason why, NodeId told_by) {
  const Role before = status_.role;
  if (before == Role::leader) {
    drop_reads(Reason::leadership_lost);
    if (status_.transfer_target) {
      end_transfer(told_by == status_.transfer_target ? Reason::won : Reason::leadership_lost);
    }
  }
  const bool same_term = term == status_.term;
  status_.role = Role::follower;
  if (!same_term) set_leader(kNobody, why);
  set_term(term, told_by);
  if (same_term && !on(Rule::keep_vote_within_term)) set_vote(kNobody);
  if (before != Role::follower) {
    note(Fact::became_follower, leader, term.value, 0, 0, why);
    clear_votes();
    broadcast_pending_ = false;
  }
  set_leader(leader, why);
  // etcd starts the timer anew at every change of term; in the paper only a leader's word or a
  // granted vote does that, and a leader that steps down has to start one.
  if (config_.timeouts.kind == TimeoutPolicy::Kind::ticks || before == Role::leader) {
    restart_election_timer();
    draw_timeout();
  }
}

void Engine::hear_leader(NodeId leader) {
  restart_election_timer();
  if (status_.role != Role::follower) {
    if (status_.role == Role::candidate) {
      note(Fact::campaign_lost, leader, status_.term.value, 0, 0, Reason::leader_of_this_term);
    }
    become_follower(status_.term, leader, Reason::leader_of_this_term, leader);
  } else if (status_.leader != leader) {
    set_leader(leader, Reason::higher_term);
  }
}

// The rules that all messages share (Raft 5.1). True when the message is to be handled.
bool Engine::handle_terms(const Message& m) {
  if (m.term == status_.term || is_termless(m.type)) return true;
  const bool asks_vote =
      m.type == MessageType::request_vote || m.type == MessageType::request_pre_vote;
  if (m.term > status_.term) {
    if (asks_vote && !m.flag && in_lease()) {
      // Thesis 4.2.3: who hears a leader does not let others disturb it, not even with a term.
      std::int64_t left = minimum_timeout_ - election_elapsed();
      if (now_units_ < boot_lease_end_) left = std::max(left, boot_lease_end_ - now_units_);
      note(Fact::vote_refused, m.source, m.term.value,
           m.type == MessageType::request_pre_vote ? 1 : 0, static_cast<std::uint64_t>(left),
           Reason::lease_not_expired);
      return false;
    }
    if (m.type == MessageType::request_pre_vote && on(Rule::pre_vote_changes_nothing)) return true;
    // A granted pre-vote names the term of the campaign, which has not begun.
    if (m.type == MessageType::request_pre_vote_response && !m.reject) return true;
    if (!on(Rule::step_down_on_higher_term) && status_.role != Role::follower) {
      note(Fact::message_ignored, m.source, m.term.value, static_cast<std::uint64_t>(m.type), 0,
           Reason::higher_term);
      return false;
    }
    if (status_.role == Role::pre_candidate || status_.role == Role::candidate) {
      note(Fact::campaign_lost, m.source, status_.term.value, 0, 0, Reason::higher_term);
    }
    become_follower(m.term, is_from_leader(m.type) ? m.source : kNobody, Reason::higher_term,
                    m.source);
    return true;
  }
  if (is_from_leader(m.type) && !on(Rule::term_never_regresses)) {
    become_follower(m.term, m.source, Reason::stale_term, m.source);
    return true;
  }
  if (!on(Rule::reject_stale_term)) return true;
  if (!on(Rule::vote_reply_matches_campaign) &&
      (m.type == MessageType::request_vote_response ||
       m.type == MessageType::request_pre_vote_response)) {
    return true;
  }
  // Fig. 2: reply false, and with it the term. A deposed leader learns of its successor so; and a
  // node whose term ran ahead while it was cut off, deaf to a leader that its own requests cannot
  // disturb, gets back in (etcd#8243, #8501). etcd leaves candidates of an older term without an
  // answer where leases or pre-votes are in use; so does a voter that hears its leader, which owes
  // them nothing. Without a leader silence would be for ever: if a removed server keeps raising the
  // terms of the others, the only one that can be elected never learns how far they are.
  if (on(Rule::answer_lower_term)) {
    if (is_from_leader(m.type)) {
      send(MessageType::append_entries_response, m.source);
    } else if (m.type == MessageType::request_pre_vote) {
      refuse_vote(MessageType::request_pre_vote_response, m);
    } else if (m.type == MessageType::request_vote && !in_lease()) {
      refuse_vote(MessageType::request_vote_response, m);
    }
  }
  if (asks_vote) {
    note(Fact::vote_refused, m.source, m.term.value,
         m.type == MessageType::request_pre_vote ? 1 : 0, status_.term.value, Reason::stale_term);
  } else {
    note(Fact::message_ignored, m.source, m.term.value, static_cast<std::uint64_t>(m.type), 0,
         Reason::stale_term);
  }
  return false;
}

void Engine::on_message(Now now, const Message& message) {
  set_now(now);
  if (status_.stopped || message.target != status_.id || message.source == status_.id) return;
  if (message.type == MessageType::request_vote_response ||
      message.type == MessageType::request_pre_vote_response) {
    learn_commit(message);
  }
  if (handle_terms(message)) dispatch(message);
  check_invariants();
}

void Engine::dispatch(const Message& m) {
  if (is_from_leader(m.type)) {
    if (is_leader()) {  // two leaders of a term: only if a rule is off somewhere
      note(Fact::message_ignored, m.source, m.term.value, static_cast<std::uint64_t>(m.type), 0,
           Reason::leader_of_this_term);
      return;
    }
    hear_leader(m.source);
  }
  switch (m.type) {
    case MessageType::request_vote:
    case MessageType::request_pre_vote:
      return handle_vote_request(m);
    case MessageType::request_vote_response:
    case MessageType::request_pre_vote_response:
      return handle_vote_response(m);
    case MessageType::append_entries:
      return handle_append(m);
    case MessageType::append_entries_response:
      return handle_append_response(m);
    case MessageType::heartbeat:
      return handle_heartbeat(m);
    case MessageType::heartbeat_response:
      return handle_heartbeat_response(m);
    case MessageType::install_snapshot:
      return handle_install_snapshot(m);
    case MessageType::install_snapshot_response:
      return handle_install_snapshot_response(m);
    case MessageType::timeout_now:
      if (!is_leader()) campaign(true);
      return;
    case MessageType::propose:
      return handle_propose(m);
    case MessageType::propose_response:
      outcomes_.push_back({m.context2, !m.flag, m.index, m.log_term,
                           static_cast<Reason>(static_cast<std::uint16_t>(m.context))});
      return;
    case MessageType::read_index:
      return add_read(m.context, m.source);
    case MessageType::read_index_response:
      return handle_read_index_response(m);
    case MessageType::transfer_leader:
      if (is_leader()) {
        transfer_leadership(Now{now_, {}}, NodeId{static_cast<std::uint32_t>(m.context)});
      }
      return;
  }
}

}  // namespace quorumlab::raft
