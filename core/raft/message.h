// Raft messages, and their encoding. The encoded form of log entries is the same in a message, in
// the log in memory and in the log on disk, so that replication copies bytes and parses nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/types.h"

namespace quorumlab::raft {

// The order is part of the wire format.
enum class MessageType : std::uint8_t {
  request_vote = 1,
  request_vote_response = 2,
  request_pre_vote = 3,
  request_pre_vote_response = 4,
  append_entries = 5,
  append_entries_response = 6,
  heartbeat = 7,
  heartbeat_response = 8,
  install_snapshot = 9,
  install_snapshot_response = 10,
  timeout_now = 11,      // thesis 3.10
  propose = 12,          // a follower hands proposals to its leader
  propose_response = 13, // where they went, or why not
  read_index = 14,       // a follower asks its leader for a read index
  read_index_response = 15,
  transfer_leader = 16   // a follower hands on the wish to move leadership
};
inline constexpr int kMessageTypeCount = 17;
const char* message_type_name(MessageType type);

enum class EntryKind : std::uint8_t { normal = 0, config = 1, noop = 2 };

// One log entry as it is read; `payload` points into the log or into a packet.
struct Entry {
  LogIndex index;
  Term term;
  EntryKind kind = EntryKind::normal;
  ByteView payload;
};

// A message as it is read or about to be written. Which fields mean something depends on `type`;
// the others are zero and cost one byte each, or none, on the wire.
struct Message {
  MessageType type = MessageType::heartbeat;
  bool reject = false;
  bool flag = false;        // vote: campaign by leadership transfer; refused vote: asked for in an
                            // older term; snapshot: last chunk; proposal and read: dropped
  NodeId source;
  NodeId target;
  Term term;                // of the sender; pre-vote: the term it would campaign in
  LogIndex index;           // vote: last index; append: previous index; response: match or, when
                            // refused, the previous index refused; snapshot: its index; refused
                            // vote: how far the candidate's log is committed, as the voter knows
  Term log_term;            // vote: last term; append: previous term; snapshot: its term;
                            // refused append: term of the hint; refused vote: term at its commit
  LogIndex commit;          // append and heartbeat: leader's commit index; refused append: hint index
  std::uint64_t context = 0;  // read: number of the round or of the read; snapshot: offset
  std::uint64_t context2 = 0; // proposal: request id; snapshot: total bytes
  std::uint32_t entry_count = 0;
  ByteView body;            // append: encoded entries; snapshot: chunk; proposal: command
};

// Appends the encoded message, versioned and with a checksum over all of it, to `out`.
void encode(const Message& message, Bytes& out);
// Reads one message that fills `bytes`. Nothing when it is damaged, cut short, of a newer version or
// in any way not what encode writes; `body` points into `bytes`. With `verify_checksum` off a damaged
// message may be read as another, but never out of bounds.
std::optional<Message> decode(ByteView bytes, bool verify_checksum = true);
// Only type and term, and for votes and appends what a judge needs; cheap, no checksum.
// The same as decode(bytes, false) but named for what it is for.
std::optional<Message> peek(ByteView bytes);

// Encoded entries, one after the other: varint term, kind, varint size, payload.
void encode_entry(Term term, EntryKind kind, ByteView payload, Bytes& out);
// Walks over encoded entries. `next` is false at the end and on damage; then ok() tells which.
class EntryReader {
 public:
  EntryReader(LogIndex first, ByteView bytes)
      : next_(first), at_(bytes.data()), end_(bytes.data() + bytes.size()) {}
  bool next(Entry& entry) {
    if (at_ == end_) return false;
    const std::size_t left = static_cast<std::size_t>(end_ - at_);
    // Nearly every entry: term and size below 128, a byte each.
    if (left < 3 || ((at_[0] | at_[2]) & 0x80) != 0 || at_[2] > left - 3 ||
        at_[1] > static_cast<std::uint8_t>(EntryKind::noop)) [[unlikely]] {
      return next_long(entry);
    }
    entry.index = next_;
    entry.term = Term{at_[0]};
    entry.kind = static_cast<EntryKind>(at_[1]);
    entry.payload = {at_ + 3, at_[2]};
    at_ += 3 + at_[2];
    next_ = next_.next();
    return true;
  }
  bool ok() const { return !bad_; }

 private:
  bool next_long(Entry& entry);
  LogIndex next_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool bad_ = false;
};

// The chain hash of a log: each entry's hash covers the one before, its term, kind and payload, so
// equal hashes at an index mean equal logs up to it. 0 stands before the first entry.
inline std::uint64_t chain_hash(std::uint64_t previous, Term term, EntryKind kind,
                                ByteView payload) {
  return mix(previous, (term.value << 2) | static_cast<std::uint64_t>(kind),
             hash_bytes(payload, kHash1));
}

}  // namespace quorumlab::raft
