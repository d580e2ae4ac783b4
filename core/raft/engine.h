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

// What the owner must do now, in this order: submit the write, send, apply, answer. Spans and views
// point into the engine and hold until its next call.
struct Ready {
  // Non-zero: make the next three durable, then call on_durable(write_id). Writes complete in any
  // order between log and snapshot, in order within each.
  std::uint64_t write_id = 0;
  bool write_hard_state = false;
  HardState hard_state;
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
  // REQUIRES: config.validate() holds. `recovered` comes from wal.h; a fresh node passes {}.
  Engine(Config config, Recovered recovered, Random random, Now now);

  void on_message(Now now, const Message& message);
  void on_deadline(Now now);
  // The write is durable. Unknown or repeated ids are our own bug and asserted.
  void on_durable(Now now, std::uint64_t write_id);
  void on_write_failed(Now now, std::uint64_t write_id);

  // Proposes a command. `id` names it for ProposalOutcome when it is forwarded. An accepted command
  // is committed later or never: watch `committed` at the index and term given.
  [[nodiscard]] ProposeResult propose(Now now, ByteView command, std::uint64_t id);
  [[nodiscard]] ProposeResult propose_change(Now now, const ConfChange& change);
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
  void compact(LogIndex index, ByteView snapshot_bytes, std::uint64_t keep);
  // Switches a rule while running (tests and lessons).
  void set_rule(Rule rule, bool on) { config_.rules.set(rule, on); }

  void take_ready(Ready& ready);
  // The next moment on the monotonic clock at which on_deadline must be called.
  Instant deadline() const;

  const Status& status() const { return status_; }
  const Config& config() const { return config_; }
  const Log& log() const { return log_; }
  const ConfState& conf() const;
  const SnapshotMeta& snapshot_meta() const;
  ByteView snapshot_bytes() const;
  // REQUIRES: first_index <= index <= last_index.
  Entry entry(LogIndex index) const { return log_.entry(index); }
  const Progress* progress(NodeId node) const;

 private:
  // Members belong to the concerns; see the .cpp files.
  Config config_;
  Status status_;
  Log log_;
};

}  // namespace quorumlab::raft
