// The disk's format, and recovery from it.
#include "core/raft/wal.h"

#include <algorithm>

namespace quorumlab::raft {
namespace {

constexpr std::size_t kFrameBytes = 9;

// Opens a record and, when it goes out of scope, fills in its size and checksum.
class RecordScope {
 public:
  RecordScope(RecordType type, Bytes& out) : out_(out), begin_(out.size()) {
    out_.resize(begin_ + kFrameBytes);
    out_[begin_ + 8] = static_cast<std::uint8_t>(type);
  }
  RecordScope(const RecordScope&) = delete;
  RecordScope& operator=(const RecordScope&) = delete;
  ~RecordScope() {
    const std::size_t size = out_.size() - begin_ - kFrameBytes;
    put(begin_, static_cast<std::uint32_t>(size));
    const ByteView rest = ByteView(out_).subspan(begin_ + 8);
    put(begin_ + 4, static_cast<std::uint32_t>(hash_bytes(rest, size)));
  }

 private:
  void put(std::size_t at, std::uint32_t v) {
    for (std::size_t i = 0; i < 4; ++i) out_[at + i] = static_cast<std::uint8_t>(v >> (8 * i));
  }
  Bytes& out_;
  std::size_t begin_;
};

struct Frame {
  std::uint8_t type = 0;
  ByteView payload;
  std::size_t size = 0;  // of the whole record
};

std::optional<Frame> read_frame(ByteView bytes, bool verify) {
  if (bytes.size() < kFrameBytes) return std::nullopt;
  const std::size_t size = load_le32(bytes.data());
  if (size > bytes.size() - kFrameBytes) return std::nullopt;
  const ByteView rest = bytes.subspan(8, size + 1);
  if (verify &&
      load_le32(bytes.data() + 4) != static_cast<std::uint32_t>(hash_bytes(rest, size))) {
    return std::nullopt;
  }
  return Frame{bytes[8], bytes.subspan(kFrameBytes, size), size + kFrameBytes};
}

bool parse_hard_state(ByteReader& in, HardState& state) {
  state.term = {in.varint()};
  const std::uint64_t vote = in.varint();
  state.voted_for = {static_cast<std::uint32_t>(vote)};
  state.commit = {in.varint()};
  return in.ok() && (vote >> 32) == 0;
}

void write_hard_state(const HardState& state, ByteWriter& writer) {
  writer.varint(state.term.value);
  writer.varint(state.voted_for.value);
  writer.varint(state.commit.value);
}

bool parse(const Frame& frame, WalRecord& record) {
  ByteReader in(frame.payload);
  record = {};
  record.type = static_cast<RecordType>(frame.type);
  switch (record.type) {
    case RecordType::header:
      record.version = in.u8();
      return in.ok();  // a newer version may say more
    case RecordType::hard_state:
      return parse_hard_state(in, record.hard_state) && in.finished();
    case RecordType::write:
      record.type = RecordType::entries;
      record.has_hard_state = true;
      if (!parse_hard_state(in, record.hard_state)) return false;
      [[fallthrough]];
    case RecordType::entries: {
      record.first = {in.varint()};
      const std::uint64_t count = in.varint();
      record.entries = in.raw(in.remaining());
      record.entry_count = static_cast<std::uint32_t>(count);
      if (!in.ok() || record.first.value == 0 || (count >> 32) != 0) return false;
      EntryReader entries(record.first, record.entries);
      Entry entry;
      std::uint64_t seen = 0;
      while (entries.next(entry)) ++seen;
      return entries.ok() && seen == count;
    }
    case RecordType::log_start:
      record.first = {in.varint()};
      record.term = {in.varint()};
      record.chain = in.u64();
      return in.finished();
    case RecordType::snapshot:
      break;
  }
  return false;
}

void encode_nodes(const std::vector<NodeId>& nodes, ByteWriter& out) {
  out.varint(nodes.size());
  for (const NodeId node : nodes) out.varint(node.value);
}

bool decode_nodes(ByteReader& in, std::vector<NodeId>& nodes) {
  const std::uint64_t count = in.varint();
  if (count > in.remaining()) return false;  // each takes at least a byte
  nodes.clear();
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t id = in.varint();
    if (id == 0 || (id >> 32) != 0) return false;
    nodes.push_back({static_cast<std::uint32_t>(id)});
  }
  return in.ok();
}

}  // namespace

void append_header(Bytes& out) {
  RecordScope record(RecordType::header, out);
  out.push_back(kWalVersion);
}

void append_hard_state(const HardState& state, Bytes& out) {
  RecordScope record(RecordType::hard_state, out);
  ByteWriter writer(out);
  write_hard_state(state, writer);
}

void append_entries_record(LogIndex first, std::uint32_t count, ByteView entries, Bytes& out,
                           const HardState* state) {
  RecordScope record(state != nullptr ? RecordType::write : RecordType::entries, out);
  ByteWriter writer(out);
  if (state != nullptr) write_hard_state(*state, writer);
  writer.varint(first.value);
  writer.varint(count);
  writer.raw(entries);
}

void append_log_start(LogIndex index, Term term, std::uint64_t chain, Bytes& out) {
  RecordScope record(RecordType::log_start, out);
  ByteWriter writer(out);
  writer.varint(index.value);
  writer.varint(term.value);
  writer.u64(chain);
}

void append_write(const Ready& ready, Bytes& out) {
  if (ready.write_log_start) {
    append_log_start(ready.log_start, ready.log_start_term, ready.log_start_chain, out);
  }
  if (ready.entry_count != 0) {
    append_entries_record(ready.entries_first, ready.entry_count, ready.entries, out,
                          ready.write_hard_state ? &ready.hard_state : nullptr);
  } else if (ready.write_hard_state) {
    append_hard_state(ready.hard_state, out);
  }
}

void encode_log_file(const Engine& engine, Bytes& out) {
  const Log& log = engine.log();
  append_header(out);
  append_log_start(log.base_index(), log.base_term(), log.base_chain(), out);
  if (log.count() != 0) {
    append_entries_record(log.first_index(), static_cast<std::uint32_t>(log.count()),
                          log.slice(log.first_index(), log.last_index()), out);
  }
  append_hard_state(engine.hard_state(), out);
}

void encode(const ConfState& conf, Bytes& out) {
  ByteWriter writer(out);
  encode_nodes(conf.voters, writer);
  encode_nodes(conf.voters_outgoing, writer);
  encode_nodes(conf.learners, writer);
  encode_nodes(conf.learners_next, writer);
  writer.u8(conf.auto_leave ? 1 : 0);
}

void encode_snapshot(const SnapshotMeta& meta, ByteView bytes, Bytes& out) {
  RecordScope record(RecordType::snapshot, out);
  ByteWriter writer(out);
  writer.u8(kWalVersion);
  writer.varint(meta.index.value);
  writer.varint(meta.term.value);
  writer.u64(meta.chain);
  encode(meta.conf, out);
  writer.raw(bytes);
}

std::optional<SnapshotFile> decode_snapshot(ByteView file, Reason& why, bool verify) {
  why = Reason::corrupt_record;
  const std::optional<Frame> frame = read_frame(file, verify);
  if (!frame || frame->size != file.size() ||
      frame->type != static_cast<std::uint8_t>(RecordType::snapshot)) {
    return std::nullopt;
  }
  ByteReader in(frame->payload);
  const std::uint8_t version = in.u8();
  if (in.ok() && version > kWalVersion) {
    why = Reason::newer_format;
    return std::nullopt;
  }
  SnapshotFile result;
  result.meta.index = {in.varint()};
  result.meta.term = {in.varint()};
  result.meta.chain = in.u64();
  ConfState& conf = result.meta.conf;
  if (!decode_nodes(in, conf.voters) || !decode_nodes(in, conf.voters_outgoing) ||
      !decode_nodes(in, conf.learners) || !decode_nodes(in, conf.learners_next)) {
    return std::nullopt;
  }
  const std::uint8_t auto_leave = in.u8();
  conf.auto_leave = auto_leave == 1;
  if (!in.ok() || auto_leave > 1 || version == 0 || result.meta.index.value == 0) {
    return std::nullopt;
  }
  result.payload = kFrameBytes + in.position();
  return result;
}

bool WalReader::next(WalRecord& record) {
  const std::optional<Frame> frame = read_frame(bytes_.subspan(at_), verify_);
  if (!frame || !parse(*frame, record)) return false;
  at_ += frame->size;
  return true;
}

namespace {

// Whether a whole record stands anywhere behind a damaged one: then the damage is not a torn tail.
bool record_follows(ByteView bytes, std::size_t damage) {
  WalRecord record;
  for (std::size_t at = damage + 1; at + kFrameBytes <= bytes.size(); ++at) {
    const std::optional<Frame> frame = read_frame(bytes.subspan(at), true);
    if (frame && parse(*frame, record)) return true;
  }
  return false;
}

// Replays one record; false when it contradicts what came before.
bool replay(const WalRecord& record, Recovered& out) {
  switch (record.type) {
    case RecordType::header:
    case RecordType::snapshot:
    case RecordType::write:
      return false;  // the header stands first and once
    case RecordType::hard_state:
      out.hard_state = record.hard_state;
      return true;
    case RecordType::log_start:
      out.log.reset(record.first, record.term, record.chain);
      return true;
    case RecordType::entries:
      break;
  }
  // A gap may only stand between a log and the snapshot that replaced it; log_start says so.
  if (record.first > out.log.last_index().next()) {
    if (record.first != out.snapshot.index.next()) return false;
    out.log.reset(out.snapshot.index, out.snapshot.term, out.snapshot.chain);
  }
  EntryReader entries(record.first, record.entries);
  Entry entry;
  Bytes encoded;
  if (record.has_hard_state) out.hard_state = record.hard_state;
  while (entries.next(entry)) {
    if (entry.index <= out.log.base_index()) continue;
    out.log.truncate_from(entry.index);
    encoded.clear();
    encode_entry(entry.term, entry.kind, entry.payload, encoded);
    out.log.append_encoded(encoded);
  }
  return true;
}

// Puts the log on the snapshot: drops what it covers, or all of the log if it is another history.
bool join(Recovered& out) {
  const SnapshotMeta& snapshot = out.snapshot;
  Log& log = out.log;
  if (log.base_index() > snapshot.index) return false;  // what lies between is lost
  if (snapshot.index <= log.last_index() && log.chain(snapshot.index) == snapshot.chain &&
      log.term(snapshot.index) == snapshot.term) {
    log.compact_to(snapshot.index);
  } else {
    log.reset(snapshot.index, snapshot.term, snapshot.chain);
    out.log_start_missing = true;
  }
  return true;
}

}  // namespace

RecoverResult recover(ByteView log_file, ByteView snapshot_file, bool verify) {
  RecoverResult result;
  Recovered& out = result.recovered;
  if (!snapshot_file.empty()) {
    Reason why = Reason::none;
    std::optional<SnapshotFile> snapshot = decode_snapshot(snapshot_file, why, verify);
    if (!snapshot) {
      result.failure = why;
      result.failed_in_snapshot = true;
      return result;
    }
    out.snapshot = std::move(snapshot->meta);
    const ByteView bytes = snapshot_file.subspan(snapshot->payload);
    out.snapshot_bytes.assign(bytes.begin(), bytes.end());
  }
  WalReader reader(log_file, verify);
  WalRecord record;
  const auto fail = [&result](Reason why, std::uint64_t offset) {
    result.failure = why;
    result.offset = offset;
  };
  std::uint64_t begin = 0;
  while (reader.next(record)) {
    if (begin == 0) {
      if (record.type != RecordType::header || record.version == 0) {
        fail(Reason::corrupt_record, 0);
        return result;
      }
      if (record.version > kWalVersion) {
        fail(Reason::newer_format, 0);
        return result;
      }
      result.needs_header = false;
    } else if (!replay(record, out)) {
      fail(Reason::corrupt_record, begin);
      return result;
    }
    begin = reader.offset();
  }
  result.offset = begin;
  if (!reader.at_end()) {
    if (record_follows(log_file, static_cast<std::size_t>(begin))) {
      fail(Reason::corrupt_record, begin);
      return result;
    }
    result.torn = true;
  }
  if (!join(out)) {
    fail(Reason::corrupt_record, begin);
    return result;
  }
  // Only a write without its hard state (a rule switched off) leaves entries of a term not yet known.
  if (out.log.last_term() > out.hard_state.term) {
    out.hard_state.term = out.log.last_term();
    out.hard_state.voted_for = kNobody;
  }
  out.hard_state.commit = std::clamp(out.hard_state.commit, out.snapshot.index,
                                     out.log.last_index());
  return result;
}

}  // namespace quorumlab::raft
