// Elections: Raft 5.2 and 5.4.1, pre-votes (thesis 9.6), the voters' lease (4.2.3), the leader's check
// of its quorum (6.2), and vote requests that overlap with the candidate's own write (10.2.1).
#include <algorithm>

#include "core/raft/engine.h"

namespace quorumlab::raft {

// Configurations take effect when applied: a committed change that is not applied yet means that this
// node would count the wrong votes.
bool Engine::has_unapplied_config() const {
  const LogIndex last = std::min(status_.commit, log_.last_index());
  for (LogIndex i = std::max(status_.applied.next(), log_.first_index()); i <= last; i = i.next()) {
    if (log_.entry(i).kind == EntryKind::config) return true;
  }
  return false;
}

bool Engine::in_lease() const {
  if (!config_.check_quorum || !on(Rule::voters_keep_lease)) return false;
  if (is_leader() && progress_.size() <= 1) return true;  // alone: it checks no quorum, and has one
  return (status_.leader && election_elapsed() < minimum_timeout_) || now_units_ < boot_lease_end_;
}

// What is not durable can be lost, and a vote was then won with a log that is gone.
LogIndex Engine::advertised_index() const {
  return on(Rule::advertise_durable_log) ? std::max(status_.durable, log_.base_index())
                                         : log_.last_index();
}

void Engine::campaign(bool by_transfer) {
  if (!promotable()) {
    note(Fact::campaign_put_off, {}, status_.term.value, 0, 0,
         installing_.active ? Reason::snapshot_pending : Reason::self_not_a_voter);
    return;
  }
  if (on(Rule::no_campaign_with_unapplied_config) && has_unapplied_config()) {
    note(Fact::campaign_put_off, {}, status_.term.value, 0, 0, Reason::config_not_applied);
    return;
  }
  if (config_.pre_vote && !by_transfer) {
    become_pre_candidate();
  } else {
    become_candidate(by_transfer);
  }
}

void Engine::clear_votes() {
  for (Progress& p : progress_) p.vote = Progress::Vote::none;
  extra_grants_ = 0;
  own_vote_counted_ = false;
  campaign_by_transfer_ = false;
}

void Engine::ask_for_votes(MessageType type, Term term, bool by_transfer) {
  const LogIndex last = advertised_index();
  const Term last_term = log_.term(last).value_or(Term{});
  for (const Progress& p : progress_) {
    if (p.node == status_.id || !(p.voter() || !on(Rule::only_voters_count))) continue;
    Message& m = send(type, p.node);
    m.term = term;
    m.index = last;
    m.log_term = last_term;
    m.flag = by_transfer;
  }
}

void Engine::become_pre_candidate() {
  status_.role = Role::pre_candidate;
  clear_votes();
  if (on(Rule::pre_candidate_forgets_leader)) set_leader(kNobody, Reason::election_timeout);
  draw_timeout();
  const LogIndex last = advertised_index();
  note(Fact::became_pre_candidate, {}, status_.term.next().value, last.value,
       log_.term(last).value_or(Term{}).value, Reason::election_timeout);
  ask_for_votes(MessageType::request_pre_vote, status_.term.next(), false);
  count_vote(status_.id, true);
}

void Engine::become_candidate(bool by_transfer) {
  status_.role = Role::candidate;
  set_leader(kNobody, by_transfer ? Reason::leadership_transfer : Reason::election_timeout);
  set_term(status_.term.next(), status_.id);
  set_vote(status_.id);
  clear_votes();
  campaign_by_transfer_ = by_transfer;
  restart_election_timer();
  draw_timeout();
  const LogIndex last = advertised_index();
  note(Fact::became_candidate, {}, status_.term.value, last.value,
       log_.term(last).value_or(Term{}).value,
       by_transfer ? Reason::leadership_transfer : Reason::election_timeout);
  // The requests leave at once, beside the own write; what they bring in counts when it is durable.
  ask_for_votes(MessageType::request_vote, status_.term, by_transfer);
  check_own_vote();
}

// Counts the candidate's own vote, and acts on all of them, as soon as its term and vote are durable:
// else a power loss would let it vote again, and lead, in the same term.
void Engine::check_own_vote() {
  if (own_vote_counted_) return;
  if (on(Rule::own_vote_counts_once_durable) && !hard_state_durable()) return;
  own_vote_counted_ = true;
  count_vote(status_.id, true);
}

VoteResult Engine::tally() const {
  std::size_t voters[2] = {}, granted[2] = {}, refused[2] = {};
  std::size_t all = 0, all_granted = extra_grants_, all_refused = 0;
  for (const Progress& p : progress_) {
    const bool yes = p.vote == Progress::Vote::granted;
    const bool no = p.vote == Progress::Vote::refused;
    if (p.incoming) ++voters[0], granted[0] += yes, refused[0] += no;
    if (p.outgoing) ++voters[1], granted[1] += yes, refused[1] += no;
    if (p.voter()) ++all, all_granted += yes, all_refused += no;
    if (!p.voter() && yes && !on(Rule::only_voters_count)) ++granted[0], ++all_granted;
  }
  granted[0] += extra_grants_;
  if (!on(Rule::election_needs_majority)) {
    if (all_granted > 0 && all_granted * 2 >= all - 1) return VoteResult::won;
  }
  if (!on(Rule::joint_needs_both_majorities)) {
    return count_votes(all, std::min(all, all_granted), std::min(all - all_granted, all_refused));
  }
  for (int half = 0; half < 2; ++half) granted[half] = std::min(granted[half], voters[half]);
  for (int half = 0; half < 2; ++half) {
    refused[half] = std::min(refused[half], voters[half] - granted[half]);
  }
  // No voters at all elect nobody.
  if (voters[0] == 0 && voters[1] == 0) return VoteResult::pending;
  return both(count_votes(voters[0], granted[0], refused[0]),
              count_votes(voters[1], granted[1], refused[1]));
}

void Engine::count_vote(NodeId voter, bool granted) {
  Progress* p = find(voter);
  const bool counts = p != nullptr && (p->voter() || !on(Rule::only_voters_count));
  if (!counts && on(Rule::only_voters_count)) {
    if (voter != status_.id) {
      note(Fact::message_ignored, voter, status_.term.value,
           static_cast<std::uint64_t>(MessageType::request_vote_response), 0,
           Reason::not_a_voter);
    }
  } else if (p != nullptr && p->vote == Progress::Vote::none) {
    p->vote = granted ? Progress::Vote::granted : Progress::Vote::refused;
  } else if (granted && (p == nullptr || !on(Rule::vote_reply_matches_campaign))) {
    ++extra_grants_;  // a stranger's vote, or the same vote once more
  }
  std::uint64_t grants = extra_grants_;
  for (const Progress& member : progress_) grants += member.vote == Progress::Vote::granted;
  note(Fact::vote_counted, voter, status_.term.value, granted ? 1 : 0, grants);
  if (status_.role == Role::candidate && !own_vote_counted_) return;
  switch (tally()) {
    case VoteResult::pending:
      break;
    case VoteResult::won:
      if (status_.role == Role::pre_candidate) {
        become_candidate(false);
      } else {
        become_leader();
      }
      break;
    case VoteResult::lost:
      note(Fact::campaign_lost, {}, status_.term.value, 0, 0, Reason::majority_refused);
      become_follower(status_.term, kNobody, Reason::majority_refused, kNobody);
      break;
  }
}

void Engine::become_leader() {
  std::uint64_t grants = extra_grants_;
  for (const Progress& p : progress_) grants += p.vote == Progress::Vote::granted;
  status_.role = Role::leader;
  note(Fact::became_leader, {}, status_.term.value, log_.last_index().value, grants, Reason::won);
  clear_votes();
  set_leader(status_.id, Reason::won);
  if (!on(Rule::leader_append_only)) {
    truncate_log(std::min(status_.commit, log_.last_index()).next(), status_.id);
  }
  for (Progress& p : progress_) {
    p.start(log_.last_index().next());
    if (p.node == status_.id) {
      p.become_replicate();
      p.recent_active = true;
    }
  }
  restart_election_timer();
  heartbeat_reset_ = now_units_;
  lease_void_ = false;
  round_open_ = false;
  // A change that stands in the log may or may not be applied elsewhere; none is added to it before.
  pending_conf_ = log_.last_index();
  if (on(Rule::noop_at_term_start)) leader_append(EntryKind::noop, {});
  broadcast_append();
  maybe_auto_leave();
}

void Engine::handle_vote_request(const Message& m) {
  const bool pre = m.type == MessageType::request_pre_vote;
  const auto refuse = [&](Reason why, std::uint64_t c) {
    note(Fact::vote_refused, m.source, m.term.value, pre ? 1 : 0, c, why);
    refuse_vote(pre ? MessageType::request_pre_vote_response : MessageType::request_vote_response,
                m);
  };
  if (!on(Rule::learners_answer_candidates)) {
    const Progress* self = find(status_.id);
    if (self == nullptr || !self->voter()) return refuse(Reason::self_not_a_voter, 0);
  }
  // A pre-vote is no promise: several candidates may have it, if the term is one to come.
  const bool pre_vote_ahead = pre && m.term > status_.term;
  if (!pre_vote_ahead && status_.voted_for != m.source) {
    if (status_.voted_for && on(Rule::one_vote_per_term)) {
      return refuse(Reason::already_voted, status_.voted_for.value);
    }
    if (status_.leader) return refuse(Reason::leader_of_this_term, status_.leader.value);
  }
  // The log that ends in the later term, or in the same term and further on, is up to date (5.4.1).
  const bool up_to_date =
      m.log_term > log_.last_term() ||
      (m.log_term == log_.last_term() && m.index >= log_.last_index());
  if (!up_to_date && on(Rule::vote_only_up_to_date)) {
    return refuse(Reason::log_behind, log_.last_index().value);
  }
  note(Fact::vote_granted, m.source, m.term.value, pre ? 1 : 0);
  Message reply;
  reply.type = pre ? MessageType::request_pre_vote_response : MessageType::request_vote_response;
  reply.source = status_.id;
  reply.target = m.source;
  reply.term = m.term;
  if (pre) {
    if (!on(Rule::pre_vote_changes_nothing)) restart_election_timer();
    messages_.push_back(reply);
    return;
  }
  set_vote(m.source);
  restart_election_timer();
  if (config_.timeouts.kind == TimeoutPolicy::Kind::continuous) draw_timeout();
  promise(reply, LogIndex{}, on(Rule::persist_vote_before_reply));
}

void Engine::refuse_vote(MessageType response, const Message& request) {
  const LogIndex known = std::min(status_.commit, request.index);
  Message& m = send(response, request.source);
  m.reject = true;
  // It has the term of today. Whoever asked may have come to that term meanwhile, and asked again.
  const bool pre = request.type == MessageType::request_pre_vote;
  m.flag = request.term < (pre ? status_.term.next() : status_.term);
  if (!on(Rule::refusal_tells_commit)) return;
  if (const std::optional<Term> term = log_.term(known)) {
    m.index = known;
    m.log_term = *term;
  }
}

// A candidate may need the vote of somebody whom a change that it does not know to be committed has
// removed, and whose log is longer: it would be refused for ever. So a refusal says how far, of
// what the candidate may hold, the log is committed; if it holds that entry it may commit as far, and
// apply the change. What is committed stays so: it does not matter in which term the refusal was
// sent, and a removed voter may well be terms behind. If there is such a change then the campaign was
// counted by the wrong configuration, and ends.
void Engine::learn_commit(const Message& m) {
  if (!m.reject || is_leader() || m.index <= status_.commit || log_.term(m.index) != m.log_term) {
    return;
  }
  commit_to(m.index);
  if (status_.role == Role::follower || !has_unapplied_config()) return;
  note(Fact::campaign_lost, m.source, status_.term.value, 0, 0, Reason::config_not_applied);
  become_follower(status_.term, kNobody, Reason::config_not_applied, kNobody);
}

void Engine::handle_vote_response(const Message& m) {
  if (is_leader() || status_.role == Role::follower) return;
  const bool strict = on(Rule::vote_reply_matches_campaign);
  const bool pre = m.type == MessageType::request_pre_vote_response;
  if (strict && m.reject && m.flag) {
    note(Fact::message_ignored, m.source, m.term.value, static_cast<std::uint64_t>(m.type), 0,
         Reason::stale_term);
    return;
  }
  if (status_.role == Role::pre_candidate) {
    const Term expected = m.reject ? status_.term : status_.term.next();
    if (!strict || (pre && m.term == expected)) count_vote(m.source, !m.reject);
  } else if (status_.role == Role::candidate) {
    if (!strict || (!pre && m.term == status_.term)) count_vote(m.source, !m.reject);
  }
}

// Thesis 6.2: a leader that cannot reach a majority steps down, so that clients look elsewhere.
void Engine::check_quorum_now() {
  if (!config_.check_quorum) return;
  std::size_t voters[2] = {}, active[2] = {}, all = 0, all_active = 0;
  for (Progress& p : progress_) {
    const bool is_active = p.recent_active || p.node == status_.id;
    p.recent_active = false;
    if (p.incoming) ++voters[0], active[0] += is_active;
    if (p.outgoing) ++voters[1], active[1] += is_active;
    if (p.voter()) ++all, all_active += is_active;
    if (!p.voter() && is_active && !on(Rule::only_voters_count)) ++active[0], ++all_active;
  }
  const bool alive =
      on(Rule::joint_needs_both_majorities)
          ? (voters[0] == 0 || active[0] >= majority(voters[0])) &&
                (voters[1] == 0 || active[1] >= majority(voters[1]))
          : all_active >= majority(all);
  if (alive) return;
  note(Fact::quorum_checked, {}, status_.term.value, all_active, majority(all),
       Reason::quorum_lost);
  if (on(Rule::leader_checks_quorum)) {
    become_follower(status_.term, kNobody, Reason::quorum_lost, kNobody);
  }
}

}  // namespace quorumlab::raft
