// Every message of memberlist and of serf, as a plain struct with the wire's fields. Text and bytes
// are views: what was decoded points into the packet, what is encoded points to where its owner
// keeps it. A ByteView whose data() is null is the wire's nil; an empty one with data is an empty
// string. Copies are cheap, but live no longer than what they point to: an engine stores its own
// copies.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/types.h"
#include "core/gossip/address.h"

namespace quorumlab::gossip {

// The first byte of a memberlist message. 7, 9, 10, 12 and 244 are layers, not messages.
enum class MessageType : std::uint8_t {
  ping = 0,
  indirect_ping = 1,
  ack = 2,
  suspect = 3,
  alive = 4,
  dead = 5,
  push_pull = 6,  // streams only
  compound = 7,
  user = 8,  // a serf message follows
  compress = 9,
  encrypt = 10,  // streams only
  nack = 11,
  has_crc = 12,
  error = 13,  // streams only
  has_label = 244
};
const char* message_type_name(MessageType type);

// The first byte of a serf message: in a memberlist user message, in the user state of a push/pull,
// in the payload of a query or of its response.
enum class SerfType : std::uint8_t {
  leave = 0,
  join = 1,
  push_pull = 2,
  user_event = 3,
  query = 4,
  query_response = 5,
  conflict_response = 6,
  key_request = 7,
  key_response = 8,
  relay = 9
};
const char* serf_type_name(SerfType type);

// Limits of the wire (memberlist's constants; the last three since 2026).
inline constexpr std::size_t kMetaMaxBytes = 512;
inline constexpr std::size_t kMaxLabelBytes = 255;
inline constexpr std::size_t kMaxCompoundParts = 255;
inline constexpr std::int64_t kMaxPushStateBytes = 20 << 20;  // user state; encrypted frame
inline constexpr std::int64_t kMaxPushStateNodes = 1 << 20;
inline constexpr std::int64_t kMaxUserMessageBytes = 20 << 20;
inline constexpr std::size_t kMaxDecompressedBytes = 40u << 20;

// The versions that a node speaks: memberlist's protocol, then the delegate's (serf's). Short forms
// come in: what is missing is 0 and `size` says how many bytes there were (more than 6 count as 6).
struct Vsn {
  std::array<std::uint8_t, 6> bytes{1, 5, 2, 2, 5, 5};  // as `serf agent` says of itself
  std::uint8_t size = 6;

  std::uint8_t protocol_min() const { return bytes[0]; }
  std::uint8_t protocol_max() const { return bytes[1]; }
  std::uint8_t protocol_cur() const { return bytes[2]; }
  std::uint8_t delegate_min() const { return bytes[3]; }
  std::uint8_t delegate_max() const { return bytes[4]; }
  std::uint8_t delegate_cur() const { return bytes[5]; }
  bool operator==(const Vsn&) const = default;
};

// ---- memberlist -------------------------------------------------------------------------------

// To be answered by `node` only; an empty name is anybody. Without a source the answer goes to
// where the packet came from. The three source fields are left out when empty or zero.
struct Ping {
  std::uint32_t seq_no = 0;
  std::string_view node;
  Address source;
  std::string_view source_node;
};

// Asks a helper to ping `node` at target:port, and to say so when it got no ack.
struct IndirectPing {
  std::uint32_t seq_no = 0;
  Address target;  // port 0: the helper's own bind port
  std::string_view node;
  bool nack = false;
  Address source;
  std::string_view source_node;
};

struct Ack {
  std::uint32_t seq_no = 0;
  ByteView payload;  // serf: ping version 1, then a coordinate; nil from helpers and on streams
};

struct Nack {
  std::uint32_t seq_no = 0;
};

struct Suspect {
  std::uint32_t incarnation = 0;
  std::string_view node;
  std::string_view from;
};

struct Alive {
  std::uint32_t incarnation = 0;
  std::string_view node;
  Address address;  // port 0: the receiver's own bind port
  ByteView meta;    // serf: the tags, at most kMetaMaxBytes
  Vsn vsn;
};

// from == node: the node has left.
struct Dead {
  std::uint32_t incarnation = 0;
  std::string_view node;
  std::string_view from;
};

// What a push/pull begins with; then `nodes` of PushNodeState, then `user_state_len` bytes.
struct PushPullHeader {
  std::int64_t nodes = 0;
  std::int64_t user_state_len = 0;  // bytes
  bool join = false;
};

struct PushNodeState {
  std::string_view name;
  Address address;
  ByteView meta;
  std::uint32_t incarnation = 0;
  std::uint8_t state = 0;  // memberlist's: alive 0, suspect 1, dead 2, left 3; others come in
  Vsn vsn;
};

// On streams a user message says how long it is; in packets it fills its part.
struct UserMessageHeader {
  std::int64_t user_msg_len = 0;  // bytes
};

struct ErrorResponse {
  std::string_view error;
};

// ---- serf -------------------------------------------------------------------------------------

struct LeaveIntent {
  std::uint64_t ltime = 0;
  std::string_view node;
  bool prune = false;
};

struct JoinIntent {
  std::uint64_t ltime = 0;
  std::string_view node;
};

struct StatusLTime {
  std::string_view name;
  std::uint64_t ltime = 0;
};
struct BufferedEvent {
  std::string_view name;
  ByteView payload;
};
// The events of one Lamport time: `count` of PushPullState::event_items from `first` on.
struct BufferedEvents {
  std::uint32_t slot = 0;  // position in the array on the wire; the sender's ring: ltime mod 512
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  std::uint64_t ltime = 0;
};

// serf's part of a push/pull. Empty slots of the ring are not kept: `events` has the others, by
// ascending slot.
struct PushPullState {
  std::uint64_t ltime = 0;
  std::vector<StatusLTime> status_ltimes;
  std::vector<std::string_view> left_members;
  std::uint64_t event_ltime = 0;
  std::uint32_t event_slots = 512;  // length of the array on the wire; serf 0.9.4 writes all of it
  std::vector<BufferedEvents> events;
  std::vector<BufferedEvent> event_items;
  std::uint64_t query_ltime = 0;

  // Empties it and keeps the memory.
  void clear();
};

struct UserEvent {
  std::uint64_t ltime = 0;
  std::string_view name;
  ByteView payload;
  bool cc = false;  // may be coalesced
};

inline constexpr std::uint32_t kQueryFlagAck = 1;  // of a query: acks wanted; of a response:
                                                   // this is an ack
inline constexpr std::uint32_t kQueryFlagNoBroadcast = 2;  // not to be gossiped on

struct Query {
  std::uint64_t ltime = 0;
  std::uint32_t id = 0;  // random, 31 bits
  Address address;       // where answers go
  std::string_view source_node;
  std::vector<ByteView> filters;  // each one encoded: see decode_filter
  std::uint32_t flags = 0;
  std::uint8_t relay_factor = 0;
  Duration timeout;  // since its origin sent it
  std::string_view name;
  ByteView payload;
};

enum class FilterType : std::uint8_t { node = 0, tag = 1 };
// One filter of a query; which half means something depends on `type`.
struct Filter {
  FilterType type = FilterType::node;
  std::vector<std::string_view> nodes;  // passes who is named here
  std::string_view tag;                 // passes whose tag matches
  std::string_view expr;                // a regular expression, not anchored
};

struct QueryResponse {
  std::uint64_t ltime = 0;
  std::uint32_t id = 0;
  std::string_view from;
  std::uint32_t flags = 0;
  ByteView payload;
  bool is_ack() const { return (flags & kQueryFlagAck) != 0; }
};

struct Tag {
  std::string_view name;
  std::string_view value;
};

// What serf knows of a member, in the answer to a conflict query.
struct MemberRecord {
  std::string_view name;
  Address address;
  std::vector<Tag> tags;
  std::uint8_t status = 0;  // serf's: none 0, alive 1, leaving 2, left 3, failed 4
  Vsn vsn;
};

// The answer to `_serf_conflict`: whom the answering node knows under that name, if anybody.
struct ConflictResponse {
  std::optional<MemberRecord> member;
};

// The payload of `_serf_install-key`, `_serf_use-key`, `_serf_remove-key`.
struct KeyRequest {
  ByteView key;  // 16, 24 or 32 bytes
};

struct KeyResponse {
  bool result = false;
  std::string_view message;
  std::vector<std::string_view> keys;  // base64; list-keys only
  std::string_view primary_key;
};

// A query response that goes by way of another member. The inner serf message follows the header.
struct Relay {
  Address dest;
  std::string_view dest_zone;  // of an IPv6 address
  std::string_view dest_name;
  ByteView message;  // from its serf type byte on
};

inline constexpr std::uint8_t kPingVersion = 1;  // first byte of an ack's payload
inline constexpr std::size_t kCoordinateDimensions = 8;
// Where a node lies in the network (Vivaldi), in seconds. More dimensions than ours are refused.
struct Coordinate {
  std::array<double, kCoordinateDimensions> vec{};
  std::uint8_t dimensions = kCoordinateDimensions;
  double error = 1.5;
  double adjustment = 0;
  double height = 1e-5;
  bool operator==(const Coordinate&) const = default;
};

}  // namespace quorumlab::gossip
