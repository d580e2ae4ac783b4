// By kind of record; those that change nothing visible are passed over.
#include "viz/model/fold.h"

#include <algorithm>
#include <utility>

#include "core/raft/message.h"

namespace quorumlab::viz {
namespace {

using trace::Record;
using trace::WorldFact;
using Process = Host::Process;
using Role = Host::Role;

// What a leader knows of its followers' logs.
void fold_progress(State& s, const Record& r, const trace::Trace& trace) {
  if (r.is(Fact::became_leader)) {
    for (Host& h : s.hosts) {
      h.match = 0;
      h.next = h.kind == Host::Kind::server ? r.b + 1 : 0;
    }
    s.hosts[r.node - 1].next = 0;
    return;
  }
  if (r.peer == 0 || r.peer > s.hosts.size()) return;
  Host& follower = s.hosts[r.peer - 1];
  if (r.is(Fact::progress_changed)) {
    follower.match = r.b;
    follower.next = r.c;
  } else if (r.is(WorldFact::packet_delivered) && r.cause != 0) {
    const auto answer = raft::peek(trace.kept(trace[r.cause].c));
    if (!answer || answer->reject || !s.hosts[r.node - 1].leads() || answer->term.value != s.hosts[r.node - 1].term) return;
    follower.match = std::max(follower.match, answer->index.value);
    follower.next = std::max(follower.next, follower.match + 1);
  }
}

bool is_message(const Record& r, raft::MessageType type) { return r.extra == static_cast<std::uint32_t>(type); }

// Who leads speaks: the election timer begins anew.
bool from_leader(const Record& r) {
  using raft::MessageType;
  return is_message(r, MessageType::heartbeat) || is_message(r, MessageType::append_entries) || is_message(r, MessageType::install_snapshot);
}

void fold_timer(Host& h, const Record& r, trace::RecordId id) {
  switch (static_cast<Fact>(r.kind)) {
    case Fact::started:
    case Fact::became_follower:
    case Fact::became_pre_candidate:
    case Fact::became_candidate:
    case Fact::became_leader: h.since = id; [[fallthrough]];
    case Fact::leader_known: h.heard_ns = r.time_ns; break;
    case Fact::vote_granted:
      if (r.b == 0) h.heard_ns = r.time_ns;
      break;
    default: break;
  }
}

void fold_core(Host& h, const Record& r) {
  switch (static_cast<Fact>(r.kind)) {
    case Fact::started:
      h.role = Role::follower;
      h.term = r.a;
      h.last_index = r.b;
      h.commit = h.applied = r.c;
      break;
    case Fact::became_follower:
      h.role = Role::follower;
      h.leader = r.peer;
      h.grants = 0;
      break;
    case Fact::became_pre_candidate:
      h.role = Role::pre_candidate;
      h.leader = 0;
      h.grants = 0;
      break;
    case Fact::became_candidate:
      h.role = Role::candidate;
      h.term = r.a;
      h.voted_for = r.node;
      h.grants = 0;
      break;
    case Fact::became_leader:
      h.role = Role::leader;
      h.leader = r.node;
      break;
    case Fact::leader_known: h.leader = r.peer; break;
    case Fact::leader_lost: h.leader = 0; break;
    case Fact::term_advanced:
      h.term = r.a;
      h.voted_for = 0;
      break;
    case Fact::vote_granted:
      if (r.b == 0) h.voted_for = r.peer;
      break;
    case Fact::vote_counted:
      if (r.b == 1) h.grants = r.c;
      break;
    case Fact::appended: h.last_index = r.b; break;
    case Fact::truncated: h.last_index = r.a == 0 ? 0 : r.a - 1; break;
    case Fact::commit_advanced: h.commit = r.a; break;
    case Fact::applied: h.applied = r.a; break;
    case Fact::snapshot_installed:
      h.last_index = std::max(h.last_index, r.a);
      h.commit = std::max(h.commit, r.a);
      h.applied = std::max(h.applied, r.a);
      break;
    case Fact::holds: h.holds = true; break;
    case Fact::lets_go: h.holds = false; break;
    case Fact::follows: h.follows = r.peer; break;
    default: break;
  }
}

void fold_belief(State& s, const Record& r) {
  if (s.beliefs.empty() || r.peer < 1 || r.peer > s.hosts.size()) return;
  const auto same = [&](const Suspicion& x) { return x.observer == r.node && x.subject == r.peer; };
  if (r.is(Fact::suspicion_confirmed)) {
    for (Suspicion& x : s.suspicions) {
      if (same(x)) x.confirmed = r.c;
    }
  } else if (r.is(Fact::member_alive) || r.is(Fact::member_suspect) || r.is(Fact::member_dead) || r.is(Fact::member_forgotten)) {
    std::erase_if(s.suspicions, same);
    if (r.is(Fact::member_suspect)) s.suspicions.push_back({r.node, r.peer, r.time_ns, r.time_ns + static_cast<std::int64_t>(r.c), 0});
  }
  Belief& belief = s.beliefs[(r.node - 1) * s.hosts.size() + r.peer - 1];
  switch (static_cast<Fact>(r.kind)) {
    case Fact::member_alive: belief = Belief::alive; break;
    case Fact::member_suspect: belief = Belief::suspect; break;
    case Fact::member_dead: belief = r.c == 1 ? Belief::left : Belief::dead; break;
    case Fact::member_forgotten: belief = Belief::unknown; break;
    default: break;
  }
}

// A process that starts or ends knows nobody.
void forget_beliefs(State& s, std::uint32_t host) {
  if (s.beliefs.empty()) return;
  std::erase_if(s.suspicions, [&](const Suspicion& x) { return x.observer == host; });
  std::fill_n(s.beliefs.begin() + static_cast<std::ptrdiff_t>((host - 1) * s.hosts.size()), s.hosts.size(), Belief::unknown);
}

void forget_what_ran(Host& h) {
  h.role = Role::none;
  h.leader = h.follows = 0;
  h.grants = 0;
  h.holds = false;
  h.speech = 0;
}

void end_of_process(State& s, const Record& r, Process process) {
  Host& h = s.hosts[r.node - 1];
  h.since = s.record;
  h.process = process;
  forget_what_ran(h);
  forget_beliefs(s, r.node);
  if (h.kind == Host::Kind::program) {
    std::erase_if(s.requests, [&](const Request& q) { return q.client == r.node; });
  }
}

Request* find(State& s, std::uint32_t client, std::uint64_t id, bool by_program) {
  for (Request& q : s.requests) {
    if (q.client == client && q.id == id && q.by_program == by_program) return &q;
  }
  return nullptr;
}

// Open ones stay; of the others each host keeps its last.
void begin(State& s, const Record& r, bool by_program, const trace::Trace& trace) {
  if (Request* again = find(s, r.node, r.a, by_program)) {
    again->target = r.peer;
    again->attempt = r.c;
    again->outcome = Request::Outcome::pending;
    return;
  }
  std::erase_if(s.requests, [&](const Request& q) {
    return q.client == r.node && q.outcome != Request::Outcome::pending;
  });
  Request& q = s.requests.emplace_back();
  q.client = r.node;
  q.target = r.peer;
  q.id = r.a;
  q.by_program = by_program;
  q.begun_ns = r.time_ns;
  if (!by_program && r.cause != 0 && trace[r.cause].is(WorldFact::act)) q.text = trace[r.cause].c;
}

void end(State& s, const Record& r, bool by_program, Request::Outcome outcome, const trace::Trace& trace) {
  Request* q = find(s, r.node, r.a, by_program);
  if (q == nullptr) return;
  q->outcome = outcome;
  q->ended_ns = r.time_ns;
  if (by_program) {
    // A program may have several open; what it heard is told by what it says.
    s.requests.erase(s.requests.begin() + (q - s.requests.data()));
    return;
  }
  if (outcome == Request::Outcome::timed_out) ++s.timed_out_count;
  if (outcome == Request::Outcome::refused) ++s.refused_count;
  if (outcome != Request::Outcome::accepted || !is_write(trace.text_at(q->text))) return;
  s.accepted = q->text;
  s.accepted_ns = r.time_ns;
  s.accepted_index = r.c;
  ++s.accepted_count;
}

void read_cuts(State& s, const Record& r, const trace::Trace& trace) {
  s.cut_count = r.a;
  s.cuts.clear();
  const ByteView bytes = r.a == 0 ? ByteView{} : trace.kept(r.c);
  if (bytes.size() < 2) return;
  const bool large = bytes[0] == 0;  // more than 64 hosts: see Cluster::keep_cuts
  s.cut_words = large ? std::max<std::size_t>(bytes[1], 1) : 1;
  s.cuts.resize(s.hosts.size() * s.cut_words);
  const std::size_t number = large ? 2 : 1, row = number + 8 * s.cut_words;
  const auto read = [&](std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value |= static_cast<std::uint64_t>(bytes[at + i]) << (8 * i);
    return value;
  };
  for (std::size_t at = large ? 2 : 0; at + row <= bytes.size(); at += row) {
    const std::uint64_t host = read(at, number);
    if (host < 1 || host > s.hosts.size()) continue;
    for (std::size_t word = 0; word < s.cut_words; ++word) {
      s.cuts[(host - 1) * s.cut_words + word] = read(at + number + 8 * word, 8);
    }
  }
}

Request::Outcome outcome_of(const Record& r) {
  constexpr std::uint64_t kOk = 1, kNotFound = 2;
  // Over HTTP the status is HTTP's own.
  if (r.extra == 2) return r.b < 400 ? Request::Outcome::accepted : Request::Outcome::refused;
  return r.b == kOk || r.b == kNotFound ? Request::Outcome::accepted : Request::Outcome::refused;
}

// A lesson's next step answers the question of the one before.
void go_on(State& s, const Record& r) {
  if (r.a == s.told_step) return;
  s.told_step = r.a;
  s.answered = std::exchange(s.question, 0);
  s.answered_record = std::exchange(s.question_record, 0);
}

void fold_world(State& s, const Record& r, trace::RecordId id, const trace::Trace& trace) {
  Host* h = r.node >= 1 && r.node <= s.hosts.size() ? &s.hosts[r.node - 1] : nullptr;
  switch (static_cast<WorldFact>(r.kind)) {
    case WorldFact::process_started:
      if (h == nullptr) break;
      forget_what_ran(*h);
      forget_beliefs(s, r.node);
      h->process = Process::up;
      h->since = id;
      break;
    case WorldFact::process_killed:
      if (h != nullptr) end_of_process(s, r, Process::killed);
      break;
    case WorldFact::process_crashed:
      if (h != nullptr) end_of_process(s, r, Process::crashed);
      break;
    case WorldFact::process_stopped:
      if (h != nullptr) end_of_process(s, r, Process::stopped);
      break;
    case WorldFact::process_paused:
      if (h == nullptr) break;
      h->process = Process::paused;
      h->since = id;
      break;
    case WorldFact::process_resumed:
      if (h == nullptr) break;
      h->process = Process::up;
      h->since = id;
      break;
    case WorldFact::process_wiped:
      if (h != nullptr) h->term = h->last_index = h->commit = h->applied = h->voted_for = 0;
      break;
    case WorldFact::packet_delivered:
      if (h == nullptr) break;
      if (from_leader(r) && r.peer == h->leader && h->role == Role::follower) h->heard_ns = r.time_ns;
      if (is_message(r, raft::MessageType::append_entries_response)) fold_progress(s, r, trace);
      break;
    case WorldFact::network_changed: read_cuts(s, r, trace); break;
    case WorldFact::client_invoked: begin(s, r, false, trace); break;
    case WorldFact::asked: begin(s, r, true, trace); break;
    case WorldFact::client_answered:
      if (r.extra != 1 && r.extra != 3) end(s, r, false, outcome_of(r), trace);  // no part of one
      break;
    case WorldFact::client_timed_out: end(s, r, false, Request::Outcome::timed_out, trace); break;
    case WorldFact::answered:
      if (r.extra == 1) end(s, r, true, Request::Outcome::accepted, trace);
      break;
    case WorldFact::ask_refused: end(s, r, true, Request::Outcome::refused, trace); break;
    case WorldFact::said:
      if (h == nullptr) break;
      h->speech = r.b;
      h->speech_ns = r.time_ns;
      h->speech_with = r.peer;
      h->speech_record = id;
      break;
    case WorldFact::caption:
      go_on(s, r);
      s.caption = r.b;
      break;
    case WorldFact::question:
      s.question = r.b;
      s.question_record = id;
      break;
    case WorldFact::bookmark:
      go_on(s, r);
      s.bookmark = r.b;
      s.bookmark_record = id;
      s.caption = 0;  // its own follows, if it has one
      break;
    case WorldFact::quorum_available:
    case WorldFact::quorum_unavailable: s.quorum = {true, r.is(WorldFact::quorum_available), r.a, r.b}; break;
    case WorldFact::violation:
      if (s.violation == 0) s.violation = id;
      break;
    default: break;
  }
}

}  // namespace

bool is_write(std::string_view act) {
  return act.starts_with("write ") || act.starts_with("erase ") || act.starts_with("curl -X ") ||
         act.starts_with("curl -L -X ");
}

void fold(State& state, const trace::Trace& trace, trace::RecordId id) {
  const Record& r = trace[id];
  state.record = id;
  state.time_ns = r.time_ns;
  if (r.kind >= static_cast<std::uint16_t>(WorldFact::packet_sent)) {
    fold_world(state, r, id, trace);
  } else if (r.node >= 1 && r.node <= state.hosts.size()) {
    Host& h = state.hosts[r.node - 1];
    fold_core(h, r);
    if (r.kind <= static_cast<std::uint16_t>(Fact::progress_changed)) {
      fold_timer(h, r, id);
      if (r.is(Fact::became_leader) || r.is(Fact::progress_changed)) fold_progress(state, r, trace);
    }
    if (r.is(Fact::holds) || r.is(Fact::lets_go) || r.is(Fact::follows)) h.since = id;
    if (r.kind >= static_cast<std::uint16_t>(Fact::member_alive)) fold_belief(state, r);
  }
}

Mark mark_of(const Record& r) {
  switch (static_cast<Fact>(r.kind)) {
    case Fact::became_leader: return Mark::election;
    case Fact::became_candidate:
    case Fact::became_pre_candidate:
    case Fact::vote_refused:
    case Fact::campaign_lost:
    case Fact::leader_lost:
    case Fact::truncated:
    case Fact::snapshot_installed:
    case Fact::config_applied:
    case Fact::transfer_started:
    case Fact::holds:
    case Fact::lets_go:
    case Fact::follows:
    case Fact::work_refused:
    case Fact::member_suspect:
    case Fact::member_dead:
    case Fact::refuted:
    case Fact::serf_member_event: return Mark::detail;
    case Fact::vote_granted: return r.b == 0 ? Mark::detail : Mark::nothing;
    case Fact::refused_to_start:
    case Fact::stopped_itself: return Mark::fault;
    default: break;
  }
  switch (static_cast<WorldFact>(r.kind)) {
    case WorldFact::process_killed:
    case WorldFact::process_crashed:
    case WorldFact::process_paused:
    case WorldFact::process_stopped:
    case WorldFact::process_wiped:
    case WorldFact::writes_lost:
    case WorldFact::write_failed:
    case WorldFact::disk_changed:
    case WorldFact::clock_changed:
    case WorldFact::link_changed:
    case WorldFact::rule_switched: return Mark::fault;
    case WorldFact::network_changed: return r.a != 0 ? Mark::fault : Mark::repair;
    case WorldFact::process_started: return r.a != 0 ? Mark::repair : Mark::nothing;
    case WorldFact::process_resumed: return Mark::repair;
    case WorldFact::client_answered:
      if (r.extra == 1 || r.extra == 3) return Mark::nothing;
      return outcome_of(r) == Request::Outcome::accepted ? Mark::accepted : Mark::refused;
    case WorldFact::client_timed_out: return Mark::refused;
    case WorldFact::client_invoked:
    case WorldFact::act:
    case WorldFact::quorum_available:
    case WorldFact::quorum_unavailable:
    case WorldFact::event_delivered:
    case WorldFact::noted:
    case WorldFact::state_told:
    case WorldFact::ask_refused: return Mark::detail;
    case WorldFact::said: return Mark::speech;
    case WorldFact::bookmark: return Mark::bookmark;
    case WorldFact::expectation_failed:
    case WorldFact::violation: return Mark::violation;
    default: return Mark::nothing;
  }
}

}  // namespace quorumlab::viz
