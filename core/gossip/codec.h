// memberlist's and serf's messages to bytes and back, exactly as HashiCorp's write them: a type
// byte, then a msgpack map with the fields in alphabetical order. encode() appends the type byte
// and the body to `out`; decode() reads a body, the bytes after the type byte. Neither allocates
// once its buffers have grown. What comes in may have its fields in any order, twice (the last
// counts), missing (zero) or unknown (skipped), and bytes after the map are ignored, as the real
// ones do.
//
// What decode() fills points into `body`. On an error the message is half filled and must not be
// used.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "core/gossip/message.h"
#include "core/gossip/wire_error.h"

namespace quorumlab::gossip {

// ---- memberlist: with the type byte ------------------------------------------------------------
void encode(const Ping& message, Bytes& out);
void encode(const IndirectPing& message, Bytes& out);
void encode(const Ack& message, Bytes& out);
void encode(const Nack& message, Bytes& out);
void encode(const Suspect& message, Bytes& out);
void encode(const Alive& message, Bytes& out);
void encode(const Dead& message, Bytes& out);
void encode(const ErrorResponse& message, Bytes& out);
// A push/pull is written in three steps: this, then header.nodes times the node state (no type
// byte), then header.user_state_len bytes, which begin with SerfType::push_pull.
void encode(const PushPullHeader& header, Bytes& out);
void encode(const PushNodeState& node, Bytes& out);
// A user message on a stream: this, then header.user_msg_len bytes.
void encode(const UserMessageHeader& header, Bytes& out);

[[nodiscard]] WireError decode(ByteView body, Ping& message);
[[nodiscard]] WireError decode(ByteView body, IndirectPing& message);
[[nodiscard]] WireError decode(ByteView body, Ack& message);
[[nodiscard]] WireError decode(ByteView body, Nack& message);
[[nodiscard]] WireError decode(ByteView body, Suspect& message);
[[nodiscard]] WireError decode(ByteView body, Alive& message);
[[nodiscard]] WireError decode(ByteView body, Dead& message);
[[nodiscard]] WireError decode(ByteView body, ErrorResponse& message);

// Reads a node state in the very form in which encode() and the Go codec write it, of an IPv4
// address and six versions; answers how many bytes it takes, 0: it has another form, and `node`
// means nothing. All but the strangest states of a push/pull have that form, and there are
// millions of them: at ten thousand nodes most of the time goes into their push/pulls, which
// bring hardly ever any news.
std::size_t read_usual_node(ByteView bytes, PushNodeState& node);
// A node state of any form, at the beginning of `bytes`; `size`: how many of them it takes.
[[nodiscard]] WireError read_node(ByteView bytes, PushNodeState& node, std::size_t& size);
// The body of a push/pull. Counts below 0, above the limits or beyond the bytes are refused.
class PushPullReader {
 public:
  explicit PushPullReader(ByteView body);
  const PushPullHeader& header() const { return header_; }
  // False after the last node and on damage; then error() tells which.
  bool next(PushNodeState& node);
  // What was not read yet: the next node's state comes first.
  ByteView rest() const { return rest_; }
  // Takes the next node's state as read, since the caller knows its bytes. False if there is none, or
  // if it is damaged.
  bool pass(std::size_t size) {
    if (error_ != WireError::none || read_ == header_.nodes ||
        static_cast<std::size_t>(header_.user_state_len) + size > rest_.size()) {
      return false;
    }
    rest_ = rest_.subspan(size);
    ++read_;
    return true;
  }
  WireError error() const { return error_; }
  // Everything after the nodes, from its SerfType on. REQUIRES: next() returned false, no error.
  ByteView user_state() const {
    return rest_.first(static_cast<std::size_t>(header_.user_state_len));
  }

 private:
  ByteView rest_;
  PushPullHeader header_;
  std::int64_t read_ = 0;
  WireError error_ = WireError::none;
};

// The user bytes of a message of type `user` that came by stream, from its SerfType on.
[[nodiscard]] WireError decode_user_stream(ByteView body, ByteView& user);

// ---- serf: with the serf type byte, without memberlist's `user` in front ------------------------
// Begins a user message in a packet; a serf message is to follow.
inline void begin_user_message(Bytes& out) {
  out.push_back(static_cast<std::uint8_t>(MessageType::user));
}
void encode(const LeaveIntent& message, Bytes& out);
void encode(const JoinIntent& message, Bytes& out);
void encode(const PushPullState& message, Bytes& out);  // REQUIRES: events by ascending slot
void encode(const UserEvent& message, Bytes& out);
void encode(const Query& message, Bytes& out);
void encode(const QueryResponse& message, Bytes& out);
void encode(const ConflictResponse& message, Bytes& out);
void encode(const KeyRequest& message, Bytes& out);
void encode(const KeyResponse& message, Bytes& out);
void encode(const Relay& message, Bytes& out);  // message.message included

[[nodiscard]] WireError decode(ByteView body, LeaveIntent& message);
[[nodiscard]] WireError decode(ByteView body, JoinIntent& message);
[[nodiscard]] WireError decode(ByteView body, PushPullState& message);
[[nodiscard]] WireError decode(ByteView body, UserEvent& message);
[[nodiscard]] WireError decode(ByteView body, Query& message);
[[nodiscard]] WireError decode(ByteView body, QueryResponse& message);
[[nodiscard]] WireError decode(ByteView body, ConflictResponse& message);
[[nodiscard]] WireError decode(ByteView body, KeyRequest& message);
[[nodiscard]] WireError decode(ByteView body, KeyResponse& message);
[[nodiscard]] WireError decode(ByteView body, Relay& message);

// One of a query's filters, with its type byte in front.
void encode_filter(const Filter& filter, Bytes& out);
[[nodiscard]] WireError decode_filter(ByteView bytes, Filter& filter);

// Tags as a node's meta: 255, then a map in the order given (serf's own order is random). Bytes
// that do not begin with 255 are the tag `role`, as serf wrote before tags existed; no bytes: no
// tags.
void encode_tags(std::span<const Tag> tags, Bytes& out);
void encode_tags(std::span<const std::pair<std::string, std::string>> tags, Bytes& out);
[[nodiscard]] WireError decode_tags(ByteView meta, std::vector<Tag>& tags);

// The payload of an ack: kPingVersion, then the coordinate. An empty or nil payload carries none:
// check that before.
void encode_ack_payload(const Coordinate& coordinate, Bytes& out);
[[nodiscard]] WireError decode_ack_payload(ByteView payload, Coordinate& coordinate);

}  // namespace quorumlab::gossip
