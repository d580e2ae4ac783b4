// What is known of all logs together: which entry stands at (index, term) and on which chain, and
// what has been committed. Checkers look things up here in constant time; memory is one record for
// each distinct entry.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/types.h"
#include "core/raft/message.h"
#include "sim/judge/flat_map.h"

namespace quorumlab::judge {

// An entry as it was first written anywhere.
struct KnownEntry {
  std::uint64_t term = 0;  // 0: nothing is known
  std::uint64_t chain = 0;
  std::uint64_t session = 0;  // of the command; 0: none
  std::uint64_t sequence = 0;
  std::uint64_t first_outstanding = 0;
  std::uint64_t key = 0;     // hash of the key it changes; 0: none
  std::uint64_t value = 0;   // hash of the value; of an erased key: 0
  std::uint64_t change = 0;  // place of the change of membership, from 1; 0: it is none
};

// A change of membership, as its entry says it.
struct MembershipChange {
  enum class Kind : std::uint8_t { voter, learner, gone };
  struct Step {
    Kind kind = Kind::voter;
    NodeId node;
  };
  bool joint = false;
  bool auto_leave = false;
  std::span<const Step> steps;  // none: leave the joint configuration
};

// A committed entry, in the order of the log.
struct CommittedEntry {
  std::uint64_t chain = 0;    // 0: not seen
  std::uint64_t command = 0;  // session and sequence in one word; 0: none
  std::uint64_t key = 0, value = 0;
  std::uint64_t previous = 0;  // index of the change of the same key before this one; 0: none
  bool effect =
      false;  // false: a retry of what stands earlier, or of what its session has forgotten
};

class History {
 public:
  void reset();

  // Somebody writes this entry. False if another entry of the same index and term was written
  // before: logs that agree on (index, term) must agree on everything up to it.
  bool written(const raft::Entry& entry, std::uint64_t chain) {
    const std::size_t at = static_cast<std::size_t>(entry.index.value);
    if (at < entries_.size()) {
      const KnownEntry& known = entries_[at];
      if (known.term == entry.term.value) return known.chain == chain;
    }
    return written_first(entry, chain);
  }
  // Null if none was written.
  const KnownEntry* known(std::uint64_t index, std::uint64_t term) const;

  // Somebody applied the entry (index, term, chain). False if another one was applied there.
  bool applied(std::uint64_t index, std::uint64_t term, std::uint64_t chain) {
    if (index < committed_.size() && committed_[static_cast<std::size_t>(index)].chain != 0) {
      return committed_[static_cast<std::size_t>(index)].chain == chain;
    }
    applied_first(index, term, chain);
    return true;
  }
  // A snapshot covers everything up to (index, chain). False if something else was applied there.
  bool covered(std::uint64_t index, std::uint64_t chain) const {
    const CommittedEntry* entry = committed(index);
    return entry == nullptr || entry->chain == chain;
  }
  // Null if nothing is known to be committed there.
  const CommittedEntry* committed(std::uint64_t index) const {
    if (index >= committed_.size() || committed_[static_cast<std::size_t>(index)].chain == 0) {
      return nullptr;
    }
    return &committed_[static_cast<std::size_t>(index)];
  }
  // Every index up to here has been applied by somebody.
  std::uint64_t frontier() const { return frontier_; }
  // The last change of the key at or before `index`; 0: none.
  std::uint64_t last_change(std::uint64_t key, std::uint64_t index) const;
  // Changes of membership among the committed entries, in the order in which they were first
  // applied.
  struct ChangeApplied {
    std::uint64_t index = 0, place = 0;
  };
  const std::vector<ChangeApplied>& changes_applied() const { return changes_applied_; }
  MembershipChange change(std::uint64_t place) const {
    const Change& change = changes_[static_cast<std::size_t>(place - 1)];
    return {change.joint, change.auto_leave, {steps_.data() + change.begin, change.count}};
  }
  // Where a command stands first among the committed entries; 0: nowhere.
  std::uint64_t first_place(std::uint64_t command) const;

 private:
  struct Change {
    bool joint = false, auto_leave = false;
    std::uint32_t begin = 0, count = 0;  // in steps_
  };
  KnownEntry describe(const raft::Entry& entry, std::uint64_t chain);
  std::uint64_t read_change(ByteView payload);
  bool written_first(const raft::Entry& entry, std::uint64_t chain);
  bool takes_effect(const KnownEntry& entry, std::uint64_t index);
  void applied_first(std::uint64_t index, std::uint64_t term, std::uint64_t chain);

  std::vector<KnownEntry> entries_;        // by index: the one first written there
  std::vector<KnownEntry> more_;           // entries of other terms at the same index
  FlatMap more_places_;                    // (index, term) -> place in more_
  std::vector<CommittedEntry> committed_;  // by index
  std::vector<Change> changes_;
  std::vector<MembershipChange::Step> steps_;
  std::vector<ChangeApplied> changes_applied_;
  FlatMap last_change_;  // key -> index
  FlatMap first_place_;  // command -> index
  FlatMap sessions_;     // session -> sequences below this one are forgotten
  std::uint64_t frontier_ = 0;
};

// Session and sequence in one word; 0 for a command without a session.
std::uint64_t command_key(std::uint64_t session, std::uint64_t sequence);
std::uint64_t key_hash(ByteView key);
std::uint64_t value_hash(ByteView value);

}  // namespace quorumlab::judge
