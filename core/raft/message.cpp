// The codec of messages and entries. On the wire: version, type and flags, then variable-length
// integers (source, target, term, and what the type uses), the body, and 32 bits of checksum over all
// of it. A heartbeat takes about 14 bytes.
#include "core/raft/message.h"

#include <array>
#include <bit>
#include <cstring>

namespace quorumlab::raft {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kReject = 0x20;
constexpr std::uint8_t kFlag = 0x40;
constexpr std::uint8_t kTypeMask = 0x1f;
constexpr std::size_t kChecksumBytes = 4;

// Which fields a type carries.
enum Field : std::uint8_t {
  kIndex = 1,
  kLogTerm = 2,
  kCommit = 4,
  kContext = 8,
  kContext2 = 16,
  kEntries = 32,
  kBody = 64
};
constexpr std::array<std::uint8_t, 32> kFields = [] {
  std::array<std::uint8_t, 32> f{};
  const auto set = [&f](MessageType type, int fields) {
    f[static_cast<std::size_t>(type)] = static_cast<std::uint8_t>(fields);
  };
  set(MessageType::request_vote, kIndex | kLogTerm);
  set(MessageType::request_pre_vote, kIndex | kLogTerm);
  set(MessageType::append_entries, kIndex | kLogTerm | kCommit | kEntries | kBody);
  set(MessageType::append_entries_response, kIndex);  // refused: with the hint, see fields_of
  set(MessageType::heartbeat, kCommit | kContext);
  set(MessageType::heartbeat_response, kContext);
  set(MessageType::install_snapshot, kIndex | kLogTerm | kContext | kContext2 | kBody);
  set(MessageType::install_snapshot_response, kIndex | kLogTerm | kContext);
  set(MessageType::propose, kContext2 | kBody);
  set(MessageType::propose_response, kIndex | kLogTerm | kContext | kContext2);
  set(MessageType::read_index, kContext);
  set(MessageType::read_index_response, kIndex | kContext);
  set(MessageType::transfer_leader, kContext);
  return f;
}();

std::uint8_t fields_of(MessageType type, bool reject) {
  if (reject && type == MessageType::append_entries_response) return kIndex | kLogTerm | kCommit;
  if (reject && (type == MessageType::request_vote_response ||
                 type == MessageType::request_pre_vote_response)) {
    return kIndex | kLogTerm;
  }
  return kFields[static_cast<std::size_t>(type) & kTypeMask];
}

// Calls act for each integer of a message with these fields but for the body's size, in the order of
// the wire.
template <unsigned kWhich, class SomeMessage, class Act>
void each_integer(SomeMessage& m, Act&& act) {
  act(m.source.value);
  act(m.target.value);
  act(m.term.value);
  if constexpr ((kWhich & kIndex) != 0) act(m.index.value);
  if constexpr ((kWhich & kLogTerm) != 0) act(m.log_term.value);
  if constexpr ((kWhich & kCommit) != 0) act(m.commit.value);
  if constexpr ((kWhich & kContext) != 0) act(m.context);
  if constexpr ((kWhich & kContext2) != 0) act(m.context2);
  if constexpr ((kWhich & kEntries) != 0) act(m.entry_count);
}

// Nearly every message: each of its integers is a byte, and all of them lie in one word. False for
// all others, damaged ones among them. REQUIRES: bytes.size() >= 10; `size` ends before the checksum.
template <unsigned kWhich>
bool decode_short(ByteView bytes, std::size_t size, Message& m) {
  constexpr bool kHasBody = (kWhich & kBody) != 0;
  constexpr unsigned kIntegers = 3 + std::popcount(kWhich);
  static_assert(kIntegers <= 8);
  std::uint64_t word = load_le64(bytes.data() + 2);
  if ((word << (64 - 8 * kIntegers) & 0x8080808080808080u) != 0) return false;
  each_integer<kWhich>(m, [&word](auto& integer) {
    integer = static_cast<std::uint8_t>(word);
    word >>= 8;
  });
  const std::size_t body = kHasBody ? static_cast<std::uint8_t>(word) : 0;
  if (2 + kIntegers + body != size) return false;
  if (kHasBody) m.body = bytes.subspan(2 + kIntegers, body);
  return true;
}

bool decode_short(std::uint8_t fields, ByteView bytes, std::size_t size, Message& m) {
  switch (fields) {
    case kIndex:
      return decode_short<kIndex>(bytes, size, m);
    case kIndex | kLogTerm:
      return decode_short<kIndex | kLogTerm>(bytes, size, m);
    case kCommit | kContext:
      return decode_short<kCommit | kContext>(bytes, size, m);
    case kContext:
      return decode_short<kContext>(bytes, size, m);
    case kIndex | kLogTerm | kCommit | kEntries | kBody:
      return decode_short<kIndex | kLogTerm | kCommit | kEntries | kBody>(bytes, size, m);
    default:
      return false;  // as if it were long
  }
}

inline std::uint8_t* put(std::uint8_t* at, std::uint64_t v) {
  while (v >= 0x80) {
    *at++ = static_cast<std::uint8_t>(v | 0x80);
    v >>= 7;
  }
  *at++ = static_cast<std::uint8_t>(v);
  return at;
}

inline void put_le32(std::uint8_t* at, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(v >> (8 * i));
}

}  // namespace

const char* message_type_name(MessageType type) {
  switch (type) {
    case MessageType::request_vote: return "request_vote";
    case MessageType::request_vote_response: return "request_vote_response";
    case MessageType::request_pre_vote: return "request_pre_vote";
    case MessageType::request_pre_vote_response: return "request_pre_vote_response";
    case MessageType::append_entries: return "append_entries";
    case MessageType::append_entries_response: return "append_entries_response";
    case MessageType::heartbeat: return "heartbeat";
    case MessageType::heartbeat_response: return "heartbeat_response";
    case MessageType::install_snapshot: return "install_snapshot";
    case MessageType::install_snapshot_response: return "install_snapshot_response";
    case MessageType::timeout_now: return "timeout_now";
    case MessageType::propose: return "propose";
    case MessageType::propose_response: return "propose_response";
    case MessageType::read_index: return "read_index";
    case MessageType::read_index_response: return "read_index_response";
    case MessageType::transfer_leader: return "transfer_leader";
  }
  return "unknown";
}

void encode(const Message& m, Bytes& out) {
  std::uint8_t buffer[128];  // two bytes, at most ten integers of at most ten bytes, the checksum
  std::uint8_t* at = buffer;
  *at++ = kVersion;
  *at++ = static_cast<std::uint8_t>(static_cast<std::uint8_t>(m.type) | (m.reject ? kReject : 0) |
                                    (m.flag ? kFlag : 0));
  at = put(at, m.source.value);
  at = put(at, m.target.value);
  at = put(at, m.term.value);
  const std::uint8_t fields = fields_of(m.type, m.reject);
  if (fields & kIndex) at = put(at, m.index.value);
  if (fields & kLogTerm) at = put(at, m.log_term.value);
  if (fields & kCommit) at = put(at, m.commit.value);
  if (fields & kContext) at = put(at, m.context);
  if (fields & kContext2) at = put(at, m.context2);
  if (fields & kEntries) at = put(at, m.entry_count);
  if (fields & kBody) at = put(at, m.body.size());
  const std::size_t header = static_cast<std::size_t>(at - buffer);
  if ((fields & kBody) == 0 || m.body.empty()) {
    put_le32(at, static_cast<std::uint32_t>(hash_bytes({buffer, header})));
    out.insert(out.end(), buffer, at + kChecksumBytes);
    return;
  }
  const std::size_t begin = out.size();
  out.insert(out.end(), buffer, at);
  out.insert(out.end(), m.body.begin(), m.body.end());
  put_le32(buffer,
           static_cast<std::uint32_t>(hash_bytes({out.data() + begin, out.size() - begin})));
  out.insert(out.end(), buffer, buffer + kChecksumBytes);
}

std::optional<Message> decode(ByteView bytes, bool verify_checksum) {
  std::optional<Message> result;
  if (bytes.size() < 2 + 3 + kChecksumBytes) return result;
  const std::size_t size = bytes.size() - kChecksumBytes;
  if (verify_checksum &&
      load_le32(bytes.data() + size) != static_cast<std::uint32_t>(hash_bytes(bytes.first(size)))) {
    return result;
  }
  const std::uint8_t head = bytes[1];
  const std::uint8_t type = head & kTypeMask;
  if (bytes[0] != kVersion || (head & 0x80) != 0 || type == 0 || type >= kMessageTypeCount) {
    return result;
  }
  Message& m = result.emplace();
  m.type = static_cast<MessageType>(type);
  m.reject = (head & kReject) != 0;
  m.flag = (head & kFlag) != 0;
  const std::uint8_t fields = fields_of(m.type, m.reject);
  if (bytes.size() >= 10 && decode_short(fields, bytes, size, m)) [[likely]] return result;
  ByteReader in(bytes.subspan(2, size - 2));
  const std::uint64_t source = in.varint();
  const std::uint64_t target = in.varint();
  m.term = {in.varint()};
  std::uint64_t count = 0;
  if (fields & kIndex) m.index = {in.varint()};
  if (fields & kLogTerm) m.log_term = {in.varint()};
  if (fields & kCommit) m.commit = {in.varint()};
  if (fields & kContext) m.context = in.varint();
  if (fields & kContext2) m.context2 = in.varint();
  if (fields & kEntries) count = in.varint();
  if (fields & kBody) m.body = in.sized();
  m.source = {static_cast<std::uint32_t>(source)};
  m.target = {static_cast<std::uint32_t>(target)};
  m.entry_count = static_cast<std::uint32_t>(count);
  if (!in.finished() || ((source | target | count) >> 32) != 0) result.reset();
  return result;
}

std::optional<Message> peek(ByteView bytes) { return decode(bytes, false); }

void encode_entry(Term term, EntryKind kind, ByteView payload, Bytes& out) {
  std::uint8_t buffer[24];
  std::uint8_t* at = put(buffer, term.value);
  *at++ = static_cast<std::uint8_t>(kind);
  at = put(at, payload.size());
  out.insert(out.end(), buffer, at);
  out.insert(out.end(), payload.begin(), payload.end());
}

bool EntryReader::next_long(Entry& entry) {
  if (bad_ || at_ == end_) return false;
  ByteReader reader(ByteView(at_, end_));
  const Term term{reader.varint()};
  const std::uint8_t kind = reader.u8();
  const ByteView payload = reader.sized();
  if (!reader.ok() || kind > static_cast<std::uint8_t>(EntryKind::noop)) {
    bad_ = true;
    at_ = end_;
    return false;
  }
  at_ += reader.position();
  entry.index = next_;
  entry.term = term;
  entry.kind = static_cast<EntryKind>(kind);
  entry.payload = payload;
  next_ = next_.next();
  return true;
}

}  // namespace quorumlab::raft
