// The Raft engine: a value that is told the time and what happened, and answers with what must be
// done. It never waits, never calls back and owns nothing outside itself; copying it copies the node.
//
//   on_*(...) or propose(...)   something happened
//   take_ready(ready)           what the owner must do about it
//   deadline()                  when to call on_deadline at the latest
//
// One .cpp for each concern: engine (dispatch, terms, roles), election, replication, reads, snapshot,
// membership; log, progress, quorum, message and wal are values of their own.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/fact.h"
#include "core/base/random.h"
#include "core/raft/config.h"
#include "core/raft/log.h"
#include "core/raft/message.h"
#include "core/raft/progress.h"
#include "core/raft/quorum.h"

namespace quorumlab::raft {

enum class Role : std::uint8_t { follower, pre_candidate, candidate, leader };
const char* role_name(Role role);

// What must survive a crash besides the log (Raft fig. 2). The commit index rides along with entries:
// a node that restarts must know of every membership change that was in force when it acknowledged.
struct HardState {
  Term term;
  NodeId voted_for;
  LogIndex commit;
  bool operator==(const HardState&) const = default;
};

// A snapshot's bytes are opaque to the engine; index, term, membership and chain hash are not.
struct SnapshotMeta {
  LogIndex index;
  Term term;
  std::uint64_t chain = 0;
  ConfState conf;
};

// What the disk gave back, read by wal.h.
struct Recovered {
  HardState hard_state;
  SnapshotMeta snapshot;
  Bytes snapshot_bytes;
  Log log;  // entries after the snapshot
  // The log file does not say that the log begins behind the snapshot: the first write must, else
  // entries behind it would stand on another history, or on a gap once a newer snapshot comes.
  bool log_start_missing = false;
};

// A change of membership, as proposed. Several changes, or `joint`, go through joint consensus.
struct ConfChange {
  enum class Kind : std::uint8_t { add_voter, add_learner, remove };
  struct Step {
    Kind kind = Kind::add_voter;
    NodeId node;
    bool operator==(const Step&) const = default;
  };
  std::vector<Step> steps;   // empty: leave the joint configuration
  bool joint = false;        // force joint consensus even for one step
  bool auto_leave = true;
  bool operator==(const ConfChange&) const = default;
};
void encode(const ConfChange& change, Bytes& out);
std::optional<ConfChange> decode_conf_change(ByteView bytes);
// What a change makes of a configuration; nothing, and why, when it may not be applied to it.
std::optional<ConfState> next_conf(const ConfState& conf, const ConfChange& change, Reason& why);

struct ProposeResult {
  enum class Status : std::uint8_t { accepted, forwarded, dropped };
  Status status = Status::dropped;
  Reason reason = Reason::none;  // why dropped
  LogIndex index;                // where it stands, if accepted
  Term term;
};

// A read that may be answered once `index` is applied, or that was dropped.
struct ReadReady {
  std::uint64_t id = 0;
  LogIndex index;
  bool dropped = false;
  Reason reason = Reason::none;
};

// What a forwarded proposal came to.
struct ProposalOutcome {
  std::uint64_t id = 0;
  bool accepted = false;
  LogIndex index;
  Term term;
  Reason reason = Reason::none;
};

// What the owner must do now, in this order: submit the write (wal.h encodes it), send, restore,
// apply, answer. Spans and views point into the engine and hold until its next call, except that
// applying may call apply_config and compact, and reads Engine::entry in between. Afterwards the
// owner asks has_ready() and starts over while there is more.
struct Ready {
  // Non-zero: make the next parts (start of the log, entries, hard state) durable as one write to the
  // log, then call on_durable(write_id). Writes to the log complete in the order of their ids; those
  // of a snapshot (one at a time) before or after them.
  std::uint64_t write_id = 0;
  bool write_hard_state = false;
  HardState hard_state;
  // The log begins anew behind an installed snapshot: everything written before is void.
  bool write_log_start = false;
  LogIndex log_start;
  Term log_start_term;
  std::uint64_t log_start_chain = 0;
  // Replace the log from `entries_first` on by these encoded entries (no entries: nothing changes).
  LogIndex entries_first;
  std::uint32_t entry_count = 0;
  ByteView entries;
  // Non-zero: a received snapshot to keep in place of everything before; its own write id, since it
  // and entries may be on their way to the disk at once.
  std::uint64_t snapshot_write_id = 0;
  const SnapshotMeta* snapshot = nullptr;
  ByteView snapshot_bytes;

  std::vector<Message> messages;               // may leave at once
  std::vector<Message> messages_once_durable;  // promises: wait for write_id
  // Apply a received snapshot to the state machine before the entries below (already durable).
  const SnapshotMeta* restore = nullptr;
  ByteView restore_bytes;
  // Apply these in order: indexes committed_first .. committed_last, read them with Engine::entry.
  LogIndex committed_first;  // 0: none
  LogIndex committed_last;
  std::vector<ReadReady> reads;
  std::vector<ProposalOutcome> outcomes;
  std::vector<Note> notes;

  void clear();
};

// What views, tests and checkers may know. A plain value.
struct Status {
  NodeId id;
  Role role = Role::follower;
  Term term;
  NodeId voted_for;
  NodeId leader;  // who this node believes leads; nobody if unknown
  LogIndex first_index, last_index, commit, applied, durable;
  Term last_term;
  NodeId transfer_target;
  bool stopped = false;  // after a failed write
};

class Engine {
 public:
  Engine() = default;
  // REQUIRES: config.validate() holds. `recovered` comes from wal.h; a fresh node passes {}. `random`
  // must differ from one start of a process to the next, else it repeats its timeouts.
  Engine(const Config& config, Recovered recovered, Random random, Now now) {
    reset(config, std::move(recovered), random, now);
  }
  // Becomes a new engine, as the constructor makes it, in the buffers of the old one.
  void reset(const Config& config, Recovered&& recovered, Random random, Now now);

  void on_message(Now now, const Message& message);
  void on_deadline(Now now);
  // The write is durable. Unknown or repeated ids are our own bug and asserted.
  void on_durable(Now now, std::uint64_t write_id);
  void on_write_failed(Now now, std::uint64_t write_id);

  // Proposes a command. `id` names it for ProposalOutcome when it is forwarded. An accepted command
  // is committed later or never: watch `committed` at the index and term given.
  [[nodiscard]] ProposeResult propose(Now now, ByteView command, std::uint64_t id);
  [[nodiscard]] ProposeResult propose_change(Now now, const ConfChange& change,
                                             std::uint64_t id = 0);
  // Asks for a linearizable read; the answer comes in Ready::reads under this id.
  void read(Now now, std::uint64_t id);
  // Moves leadership; on a follower the wish is handed to the leader.
  void transfer_leadership(Now now, NodeId target);
  // The owner has applied a membership entry of `committed`; called for each, in order, while it
  // applies. (Configurations take effect when applied, as in etcd.)
  void apply_config(Now now, LogIndex index, const ConfChange& change);
  // The owner has a snapshot of its state at `index` (applied): the log before it may go. The engine
  // keeps the bytes for followers that need them. `keep` entries before index stay for slow ones.
  // The owner makes the snapshot durable with the file write that wal.h describes.
  // REQUIRES: the state machine stands exactly at `index` (between two entries of `committed`).
  void compact(LogIndex index, ByteView snapshot_bytes, std::uint64_t keep);
  // Switches a rule while running (tests and lessons).
  void set_rule(Rule rule, bool on) {
    config_.rules.set(rule, on);
    strict_ = strict_ && on;
  }

  void take_ready(Ready& ready);
  // Whether take_ready would have anything to say.
  bool has_ready() const;
  // The next moment on the monotonic clock at which on_deadline must be called.
  Instant deadline() const;

  const Status& status() const { return status_; }
  const Config& config() const { return config_; }
  const Log& log() const { return log_; }
  const ConfState& conf() const { return conf_; }
  // The hard state as it would be written now; what a rewritten log file begins with.
  HardState hard_state() const;
  // The snapshot that is served to followers; index 0: there is none.
  const SnapshotMeta& snapshot_meta() const { return snapshot_; }
  ByteView snapshot_bytes() const;
  // REQUIRES: first_index <= index <= last_index.
  Entry entry(LogIndex index) const { return log_.entry(index); }
  // Nothing for nodes that are no members.
  const Progress* progress(NodeId node) const;

 private:
  // A message that must not leave before the node's term and vote, and its log up to `needs`, are
  // durable.
  struct Promise {
    Message message;
    LogIndex needs;
  };
  // Bodies are filled in when messages leave, since buffers move until then.
  struct PendingBody {
    enum class From : std::uint8_t { log, scratch, snapshot };
    From from = From::log;
    std::uint32_t message = 0;   // its place in messages_
    std::uint64_t begin = 0;     // log: first index; else offset
    std::uint64_t size = 0;      // log: count of entries; else bytes
  };
  // A write to the log on its way to the disk. Entries wait for the one before (group commit), a
  // changed term or vote does not: up to kMaxLogWrites are under way and complete in order.
  static constexpr std::size_t kMaxLogWrites = 4;
  struct LogWrite {
    std::uint64_t id = 0;
    LogIndex last;         // the last of its entries that the log still holds
    bool has_hard_state = false;
    Term term;
    NodeId voted_for;
  };
  struct PendingRead {
    std::uint64_t id = 0;
    NodeId from;
    LogIndex index;
    std::uint64_t round = 0;
  };
  // A snapshot on its way in: its file, as far as it came.
  struct IncomingSnapshot {
    LogIndex index;
    Term term;
    NodeId from;
    std::uint64_t total = 0;
    bool complete = false;
    Bytes file;
  };
  // A received snapshot that is being written.
  struct InstallingSnapshot {
    bool active = false;
    std::uint64_t write_id = 0;  // 0: not submitted yet
    NodeId from;
    SnapshotMeta meta;
    Bytes file;
    std::size_t payload = 0;  // where the state machine's bytes begin in `file`
  };

  bool on(Rule rule) const { return config_.rules[rule]; }
  bool is_leader() const { return status_.role == Role::leader; }

  // engine.cpp: time, terms, roles, what must be durable
  void set_now(Now now);
  Instant instant_of(std::int64_t units) const;
  std::int64_t election_elapsed() const { return now_units_ - election_reset_; }
  void draw_timeout();
  void restart_election_timer() { election_reset_ = now_units_; }
  void note(Fact fact, NodeId peer = {}, std::uint64_t a = 0, std::uint64_t b = 0,
            std::uint64_t c = 0, Reason reason = Reason::none) {
    notes_.push_back({fact, reason, peer, a, b, c});
  }
  Message& send(MessageType type, NodeId target);
  void promise(const Message& message, LogIndex needs, bool rule_holds);
  void drop_promises();
  bool hard_state_durable() const {
    return durable_term_ == status_.term && durable_vote_ == status_.voted_for;
  }
  void set_term(Term term, NodeId told_by);
  void set_vote(NodeId node);
  void set_leader(NodeId leader, Reason why);
  void become_follower(Term term, NodeId leader, Reason why, NodeId told_by);
  void hear_leader(NodeId leader);
  bool handle_terms(const Message& message);
  void dispatch(const Message& message);
  void truncate_log(LogIndex first, NodeId peer);
  void refresh_log_status();
  // A write may begin now.
  bool may_write() const {
    return log_writes_open_ == 0 || (hard_state_dirty_ && log_writes_open_ < kMaxLogWrites);
  }
  void take_write(Ready& ready);
  void take_messages(Ready& ready);
  LogIndex apply_limit() const;
  void take_committed(Ready& ready);
  void take_reads();
  void finish_log_write();
  void check_invariants() const;  // invariants.cpp

  // election.cpp
  bool promotable() const;
  bool has_unapplied_config() const;
  bool in_lease() const;
  LogIndex advertised_index() const;
  void campaign(bool by_transfer);
  void become_pre_candidate();
  void become_candidate(bool by_transfer);
  void become_leader();
  void clear_votes();
  void ask_for_votes(MessageType type, Term term, bool by_transfer);
  void count_vote(NodeId voter, bool granted);
  VoteResult tally() const;
  void handle_vote_request(const Message& message);
  void handle_vote_response(const Message& message);
  void refuse_vote(MessageType response, const Message& request);
  void learn_commit(const Message& refusal);
  void check_own_vote();

  // replication.cpp
  ProposeResult append_proposal(EntryKind kind, ByteView payload, std::uint64_t id);
  void leader_append(EntryKind kind, ByteView payload);
  void broadcast_append() { broadcast_pending_ = true; }
  void send_appends();
  bool send_append(Progress& to, bool even_if_empty);
  void broadcast_heartbeat();
  std::uint64_t reached(const Progress& member) const;
  bool maybe_commit();
  void commit_to(LogIndex index);
  bool committed_in_own_term() const;
  void handle_append(const Message& message);
  void take_entries(const Message& message, LogIndex& last_new);
  void handle_append_response(const Message& message);
  void handle_heartbeat(const Message& message);
  void handle_heartbeat_response(const Message& message);
  void handle_propose(const Message& message);
  void note_progress(const Progress& member);
  void check_quorum_now();

  // reads.cpp
  void add_read(std::uint64_t id, NodeId from);
  void answer_read(std::uint64_t id, NodeId from, LogIndex index, bool by_lease);
  void drop_read(std::uint64_t id, NodeId from, Reason why);
  void drop_reads(Reason why);
  void drop_forwarded_reads(Reason why);
  void start_early_reads();
  void start_round();
  void confirm_rounds();
  std::uint64_t confirmed_round() const;
  bool lease_holds() const;
  Duration lease_length() const;
  void handle_read_index_response(const Message& message);

  // snapshot.cpp
  void send_snapshot(Progress& to);
  void send_chunk(Progress& to);
  void handle_install_snapshot(const Message& message);
  void handle_install_snapshot_response(const Message& message);
  void start_installing();
  void finish_installing();
  void install(NodeId from);

  // membership.cpp
  Progress* find(NodeId node);
  void adopt_conf(ConfState conf);
  void rebuild_members();
  void derive_roles();
  bool is_joint() const { return !conf_.voters_outgoing.empty(); }
  void maybe_auto_leave();
  void send_timeout_now(NodeId target);
  void end_transfer(Reason why);

  Config config_;
  Status status_;
  Random random_;
  Log log_;
  ConfState conf_;
  std::vector<Progress> progress_;  // all members, by id
  bool self_is_voter_ = false;      // this node, among them

  // Time, in units: nanoseconds (continuous) or ticks of this node's own grid.
  Instant now_;
  std::int64_t now_units_ = 0;
  std::int64_t tick_start_ = 0;  // the grid point that now_units_ counts
  std::int64_t phase_ = 0;
  std::int64_t election_reset_ = 0;   // leader: of the quorum check
  std::int64_t heartbeat_reset_ = 0;
  std::int64_t election_timeout_ = 0;  // as drawn
  std::int64_t minimum_timeout_ = 0;
  std::int64_t heartbeat_interval_ = 0;
  std::uint64_t timeout_draws_ = 0;
  // Until then a lease may run that was given before a restart.
  std::int64_t boot_lease_end_ = INT64_MIN;

  // What is durable, and what waits for it.
  LogIndex unsaved_;  // the first entry that no write has taken yet
  Term durable_term_;
  NodeId durable_vote_;
  bool hard_state_dirty_ = false;
  bool log_start_pending_ = false;
  std::uint64_t write_counter_ = 0;
  std::array<LogWrite, kMaxLogWrites> log_writes_;  // the first `log_writes_open_`, oldest first
  std::size_t log_writes_open_ = 0;
  std::vector<Promise> promises_;

  // What leaves with the next Ready.
  std::vector<Message> messages_;
  std::vector<PendingBody> bodies_;
  Bytes scratch_, scratch_out_;
  std::vector<Note> notes_;
  std::vector<ReadReady> reads_;
  std::vector<ProposalOutcome> outcomes_;

  // Candidate.
  bool campaign_by_transfer_ = false;
  bool own_vote_counted_ = false;
  std::uint32_t extra_grants_ = 0;  // grants that count only while a rule is off

  // Leader.
  bool broadcast_pending_ = false;
  LogIndex pending_conf_;  // no further change until this index is applied
  bool lease_void_ = false;
  std::uint64_t round_ = 0;  // of heartbeats, the last one sent; never reused in an engine's life
  static constexpr std::uint64_t kRoundsKept = 32;
  std::int64_t round_sent_[kRoundsKept] = {};  // when, by round modulo kRoundsKept
  bool round_open_ = false;                    // a round for reads is under way
  std::vector<PendingRead> pending_reads_;     // in the order of their rounds
  std::vector<PendingRead> early_reads_;       // before the first commit of the term

  // Anybody.
  std::vector<ReadReady> waiting_reads_;         // until their index is applied
  std::vector<std::uint64_t> forwarded_reads_;   // asked of the leader
  SnapshotMeta snapshot_;
  Bytes snapshot_file_;
  std::size_t snapshot_payload_ = 0;
  IncomingSnapshot incoming_;
  InstallingSnapshot installing_;
  bool restore_pending_ = false;
  bool strict_ = true;  // no rule was ever off: the engine checks itself
};

// Asked in every step.

inline bool Engine::promotable() const {
  if (installing_.active && on(Rule::no_campaign_while_installing)) return false;
  return self_is_voter_ || !on(Rule::only_voters_campaign);
}

inline Instant Engine::instant_of(std::int64_t units) const {
  if (config_.timeouts.kind == TimeoutPolicy::Kind::continuous) return {units};
  return {phase_ + units * config_.timeouts.period.ns};
}

inline Instant Engine::deadline() const {
  if (status_.stopped) return kNever;
  if (is_leader()) {
    if (progress_.size() <= 1 && !status_.transfer_target) return kNever;  // alone: nothing to say
    return instant_of(std::min(heartbeat_reset_ + heartbeat_interval_,
                               election_reset_ + minimum_timeout_));
  }
  return promotable() ? instant_of(election_reset_ + election_timeout_) : kNever;
}

// How far the owner may apply.
inline LogIndex Engine::apply_limit() const {
  const LogIndex last = log_.last_index();
  return on(Rule::apply_only_committed) ? std::min(status_.commit, last) : last;
}

inline bool Engine::has_ready() const {
  if (!notes_.empty()) return true;
  if (status_.stopped) return false;
  const bool free = log_writes_open_ == 0;
  if (!messages_.empty() || !reads_.empty() || !outcomes_.empty() || restore_pending_) return true;
  if (may_write() && hard_state_dirty_) return true;
  if (free && (log_start_pending_ || unsaved_ <= log_.last_index() || !promises_.empty())) {
    return true;
  }
  if (broadcast_pending_ && (free || !config_.batch_while_writing)) return true;
  if (installing_.active && installing_.write_id == 0) return true;
  return status_.applied < apply_limit();
}

}  // namespace quorumlab::raft
