// One node's disk as the judges see it, rebuilt from the very bytes of its writes: the log with a
// chain hash for each entry, term and vote, the snapshot, and how much of each is durable.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/node/event.h"
#include "core/raft/engine.h"
#include "sim/judge/configuration.h"
#include "sim/judge/history.h"

namespace quorumlab::judge {

// A place in a log.
struct Place {
  std::uint64_t index = 0, term = 0, chain = 0;
};

// What a power loss would leave.
struct DiskState {
  raft::HardState hard_state;
  std::uint64_t last = 0;           // of log and snapshot together
  std::uint64_t last_at_least = 0;  // less, if a write under way or failed shortens the log
  std::uint64_t snapshot = 0;       // what a snapshot covers
};

// What a write changed.
struct Change {
  bool readable = true;           // false: the bytes are no log or snapshot of ours
  raft::HardState before, after;  // term and vote as submitted
  std::uint64_t last_before = 0;  // of the log
  bool entries = false;           // it brought entries that did not stand there
  std::uint64_t replaced_from =
      0;  // the first index at which another entry stood or one was removed; 0: none
  std::uint64_t mismatch = 0;  // an index at which log matching broke; 0: none
  std::uint64_t mismatch_term = 0;
  Place snapshot;  // a snapshot submitted; index 0: none
};

class Shadow {
 public:
  void reset();
  // A write of a file of Raft's. Entries it brings become known to `history`.
  Change submitted(std::uint64_t write_id, FileId file, Effects::Write::Mode mode, ByteView bytes,
                   History& history);
  void durable(std::uint64_t write_id);
  // This write and all later ones of its file will not become durable.
  void failed(std::uint64_t write_id);
  // A process starts from these files: they are all there is, and durable. False if no process may
  // trust them; the shadow is empty then.
  [[nodiscard]] bool started(std::span<const FileContent> files);

  // The hard state as submitted, and as a power loss would leave it.
  const raft::HardState& hard_state() const { return submitted_; }
  const raft::HardState& durable_hard_state() const { return durable_; }
  std::uint64_t last() const { return base_.index + entries_.size(); }
  std::uint64_t last_term() const { return entries_.empty() ? base_.term : entries_.back().term; }
  // A power loss would leave the log up to here.
  std::uint64_t durable_last() const {
    return durable_last_ > durable_snapshot_.index ? durable_last_ : durable_snapshot_.index;
  }
  // How far what is durable is the log as it was last submitted: less, while a write is under way
  // that replaces entries.
  std::uint64_t durable_as_submitted() const;
  // Whether an entry of this term stands durably at `index`; where a snapshot covers it, one that
  // was committed does.
  bool holds(std::uint64_t index, std::uint64_t term) const {
    if (index > durable_as_submitted()) return false;
    return index <= base_.index || index <= snapshot_.index || term_at(index) == term;
  }
  // 0: it is not known.
  std::uint64_t term_at(std::uint64_t index) const {
    if (index == base_.index) return base_.term;
    return index > base_.index && index <= last() ? entries_[index - base_.index - 1].term : 0;
  }
  // The last change of membership before `index` in the submitted log; 0: there is none.
  std::uint64_t last_change_before(std::uint64_t index) const {
    std::size_t at = changes_.size();
    while (at > 0 && changes_[at - 1] >= index) --at;
    return at == 0 ? 0 : changes_[at - 1];
  }
  // Of the snapshot last submitted.
  const Configuration& snapshot_conf() const { return snapshot_conf_; }
  DiskState disk_state() const;
  const Place& snapshot() const { return snapshot_; }
  std::uint64_t durable_snapshot() const { return durable_snapshot_.index; }
  // The chain hash at an index of the submitted log, or of the snapshot's end; false if it is not
  // known there.
  bool chain_at(std::uint64_t index, std::uint64_t& chain) const {
    if (index >= base_.index && index <= last()) {
      chain = index == base_.index ? base_.chain : entries_[index - base_.index - 1].chain;
      return true;
    }
    if (index == snapshot_.index) {
      chain = snapshot_.chain;
      return true;
    }
    return false;
  }
  // Whether everything up to `index` is there, in the log or under a snapshot.
  bool covers(std::uint64_t index) const { return index <= last() || index <= snapshot_.index; }

 private:
  struct Entry {
    std::uint64_t term, chain;
  };
  struct Pending {
    std::uint64_t write_id = 0;
    FileId file = FileId::log;
    raft::HardState hard_state;
    std::uint64_t last = 0;
    Place snapshot;
    std::uint64_t replaced_from = UINT64_MAX;
  };
  void put(const raft::Entry& entry, History& history, Change& change);
  void read_log(ByteView bytes, History& history, Change& change);
  void begin_at(const Place& place, Change& change);
  // Entries from `index` on are gone.
  void forget_changes(std::uint64_t index) {
    while (!changes_.empty() && changes_.back() >= index) changes_.pop_back();
  }

  Place base_;  // the entry before entries_[0]
  std::vector<Entry> entries_;
  std::vector<std::uint64_t> changes_;  // where changes of membership stand, rising
  std::uint64_t valid_last_ = 0;        // while a write is read: how far it has got
  raft::HardState submitted_, durable_;
  std::uint64_t durable_last_ = 0;
  Place snapshot_, durable_snapshot_;
  Configuration snapshot_conf_;
  std::vector<Pending> pending_;  // oldest first
  // A failed write may have reached the disk: then the log ends here.
  std::uint64_t failed_last_ = UINT64_MAX;
};

}  // namespace quorumlab::judge
