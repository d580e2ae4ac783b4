// What an engine keeps on disk, as bytes: the log file is a run of records, appended to and now and
// then rewritten; the snapshot file is one record, always replaced whole. No file is touched here:
// the owner writes what these functions append, and hands back what survived.
//
//   record = u32 size of the payload, u32 checksum of the rest, u8 type, payload
//
// A write is one or more whole records. Entries and the hard state that was written with them are one
// record: a write cut short leaves both or neither. Entries without their commit index would let a
// node campaign under a membership that the entries' leader had already left behind.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/base/bytes.h"
#include "core/raft/engine.h"

namespace quorumlab::raft {

inline constexpr std::uint8_t kWalVersion = 1;

enum class RecordType : std::uint8_t {
  header = 1,      // first in a log file: version
  hard_state = 2,  // term, vote, commit
  entries = 3,     // first index, count, encoded entries: they replace the log from the first on
  log_start = 4,   // the log begins anew behind (index, term, chain)
  snapshot = 5,    // the only one in a snapshot file: version, meta, bytes
  write = 6        // a hard state and entries; read as `entries` with has_hard_state
};

struct WalRecord {
  RecordType type = RecordType::header;
  std::uint8_t version = 0;      // header
  HardState hard_state;          // hard_state; entries, if has_hard_state
  bool has_hard_state = false;   // entries: the hard state was written with them
  LogIndex first;                // entries: first index; log_start: index
  std::uint32_t entry_count = 0; // entries
  ByteView entries;              // entries; points into the bytes that are read
  Term term;                     // log_start
  std::uint64_t chain = 0;       // log_start
};

// The header that a new log file begins with.
void append_header(Bytes& out);
void append_hard_state(const HardState& state, Bytes& out);
// With a hard state, both become durable together or not at all.
void append_entries_record(LogIndex first, std::uint32_t count, ByteView entries, Bytes& out,
                           const HardState* state = nullptr);
void append_log_start(LogIndex index, Term term, std::uint64_t chain, Bytes& out);
// All records of one Ready with a write_id, in the right order. REQUIRES: the file has its header.
void append_write(const Ready& ready, Bytes& out);

// A whole log file as it may replace the old one after a compaction; the snapshot that its start
// stands on must be durable before.
void encode_log_file(const Engine& engine, Bytes& out);

void encode(const ConfState& conf, Bytes& out);
// A snapshot file, also the form in which a snapshot travels.
void encode_snapshot(const SnapshotMeta& meta, ByteView bytes, Bytes& out);
struct SnapshotFile {
  SnapshotMeta meta;
  std::size_t payload = 0;  // where the state machine's bytes begin; they end with the file
};
// `why`: corrupt_record or newer_format.
std::optional<SnapshotFile> decode_snapshot(ByteView file, Reason& why, bool verify = true);

// Walks over the records of a log file or of one write. Stops at the first that is not whole.
class WalReader {
 public:
  explicit WalReader(ByteView bytes, bool verify = true) : bytes_(bytes), verify_(verify) {}
  bool next(WalRecord& record);
  // Where the next record begins; after the last good one, where the damage begins.
  std::uint64_t offset() const { return at_; }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  ByteView bytes_;
  std::size_t at_ = 0;
  bool verify_ = true;
};

struct RecoverResult {
  Recovered recovered;
  std::optional<Reason> failure;  // corrupt_record or newer_format: the node must not start
  bool failed_in_snapshot = false;
  std::uint64_t offset = 0;  // of the damage in the file
  // The log file's tail was cut: bytes from `offset` on are void, and the owner must replace the file
  // (by its first `offset` bytes, or by encode_log_file) before it appends to it.
  bool torn = false;
  // Nothing survived, or not even the header: the file begins with append_header.
  bool needs_header = true;
};

// What a process may start from. A torn tail (the last record is cut short or damaged, and no whole
// record follows it) is cut; damage before it refuses, and so does a newer version. Without `verify`
// checksums are not looked at. Either file may be empty.
RecoverResult recover(ByteView log_file, ByteView snapshot_file, bool verify = true);

}  // namespace quorumlab::raft
