// The log in memory: entries stand ENCODED one after the other in one arena of bytes, beside an array
// of {place, term, chain hash}. What goes to a follower or to the disk is then a run of bytes, copied
// and never parsed. A prefix that a snapshot covers is dropped lazily, a conflicting tail at once.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/assert.h"
#include "core/base/bytes.h"
#include "core/base/types.h"
#include "core/raft/message.h"

namespace quorumlab::raft {

class Log {
 public:
  // Forgets everything; the log is empty and stands on the entry (base, term, chain).
  void reset(LogIndex base, Term term, std::uint64_t chain);

  // The entry before the first one: what the snapshot ends with, or 0.
  LogIndex base_index() const { return base_index_; }
  Term base_term() const { return base_term_; }
  std::uint64_t base_chain() const { return base_chain_; }

  LogIndex first_index() const { return base_index_.next(); }
  LogIndex last_index() const { return base_index_ + count(); }
  Term last_term() const { return count() == 0 ? base_term_ : records_.back().term; }
  std::uint64_t count() const { return records_.size() - head_; }
  bool has(LogIndex index) const { return index > base_index_ && index <= last_index(); }

  // The term of the entry at `index`, or of the base; nothing when it is not there any more or yet.
  std::optional<Term> term(LogIndex index) const {
    if (has(index)) return record(index).term;
    if (index == base_index_) return base_term_;
    return std::nullopt;
  }
  // REQUIRES: base_index <= index <= last_index, here and below without the base.
  std::uint64_t chain(LogIndex index) const {
    return index == base_index_ ? base_chain_ : record(index).chain;
  }
  Entry entry(LogIndex index) const {
    ASSERT(has(index), "the log has no such entry");
    EntryReader reader(index, ByteView(arena_).subspan(
                                  static_cast<std::size_t>(record(index).offset - arena_base_)));
    Entry entry;
    const bool read = reader.next(entry);
    ASSERT(read, "an entry of the log in memory cannot be read");
    return entry;
  }
  // What stands at an index that is there.
  struct Mark {
    Term term;
    std::uint64_t chain = 0;
  };
  Mark mark(LogIndex index) const { return {record(index).term, record(index).chain}; }
  // The encoded entries first..last; REQUIRES: both are there, or last is before first.
  ByteView slice(LogIndex first, LogIndex last) const;
  std::uint64_t bytes_between(LogIndex first, LogIndex last) const;
  // How far a message of at most max_bytes reaches that begins at `first`; at least one entry.
  LogIndex fit(LogIndex first, LogIndex last, std::uint64_t max_bytes) const;

  // The last index <= `index` whose term is <= `term`, and that term; nothing known there: term 0.
  // Entries of a later term than `term` cannot match, so both sides skip whole terms at a time.
  struct Position {
    LogIndex index;
    Term term;
  };
  Position last_not_after(LogIndex index, Term term) const;

  void append(Term term, EntryKind kind, ByteView payload);
  // Takes entries in the form they came in, one after the other, each with its encoding.
  // REQUIRES: it is a run of whole entries.
  void append_encoded(ByteView run);
  // Removes `first` and everything after it.
  void truncate_from(LogIndex first);
  // Drops everything up to and including `index`. REQUIRES: base_index <= index <= last_index.
  void compact_to(LogIndex index);

 private:
  struct Record {
    std::uint64_t offset;  // since the log began; the arena holds a window of it
    Term term;
    std::uint64_t chain;
  };
  const Record& record(LogIndex index) const {
    return records_[head_ + static_cast<std::size_t>(index - base_index_) - 1];
  }
  std::uint64_t offset_of(LogIndex index) const {
    return index > last_index() ? arena_base_ + arena_.size() : record(index).offset;
  }

  LogIndex base_index_;
  Term base_term_;
  std::uint64_t base_chain_ = 0;
  std::vector<Record> records_;
  std::size_t head_ = 0;  // records before this one are dropped but still there
  Bytes arena_;
  std::uint64_t arena_base_ = 0;  // the offset at which the arena begins
};

}  // namespace quorumlab::raft
