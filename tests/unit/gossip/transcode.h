// Reads a message and writes it again, with all that is within it: what the captures, the golden
// vectors, the properties and the fuzzers have in common.
#pragma once

#include "core/gossip/codec.h"
#include "core/gossip/packet.h"

namespace quorumlab::gossip {

template <class Message>
WireError transcode_as(ByteView body, Bytes& out) {
  Message message;
  const WireError error = decode(body, message);
  if (error == WireError::none) encode(message, out);
  return error;
}

// `bytes` from the serf type byte on.
inline WireError transcode_serf(ByteView bytes, Bytes& out) {
  if (bytes.empty()) return WireError::empty;
  const ByteView body = bytes.subspan(1);
  switch (static_cast<SerfType>(bytes[0])) {
    case SerfType::leave:
      return transcode_as<LeaveIntent>(body, out);
    case SerfType::join:
      return transcode_as<JoinIntent>(body, out);
    case SerfType::push_pull:
      return transcode_as<PushPullState>(body, out);
    case SerfType::user_event:
      return transcode_as<UserEvent>(body, out);
    case SerfType::conflict_response:
      return transcode_as<ConflictResponse>(body, out);
    case SerfType::key_request:
      return transcode_as<KeyRequest>(body, out);
    case SerfType::key_response:
      return transcode_as<KeyResponse>(body, out);
    case SerfType::query_response:
      return transcode_as<QueryResponse>(body, out);
    case SerfType::query: {
      Query query;
      WireError error = decode(body, query);
      std::vector<Bytes> filters(query.filters.size());
      for (std::size_t i = 0; i < filters.size() && error == WireError::none; ++i) {
        Filter filter;
        error = decode_filter(query.filters[i], filter);
        if (error == WireError::none) encode_filter(filter, filters[i]);
        query.filters[i] = filters[i];
      }
      if (error == WireError::none) encode(query, out);
      return error;
    }
    case SerfType::relay: {
      Relay relay;
      WireError error = decode(body, relay);
      Bytes inner;
      if (error == WireError::none) error = transcode_serf(relay.message, inner);
      relay.message = inner;
      if (error == WireError::none) encode(relay, out);
      return error;
    }
  }
  return WireError::unsupported_type;
}

// A node's tags, if it has any.
inline WireError transcode_meta(ByteView meta, Bytes& out) {
  std::vector<Tag> tags;
  const WireError error = decode_tags(meta, tags);
  if (error == WireError::none) encode_tags(tags, out);
  return error;
}

inline WireError transcode_push_pull(ByteView body, Bytes& out) {
  PushPullReader reader(body);
  if (reader.error() != WireError::none) return reader.error();
  PushPullHeader header = reader.header();
  Bytes rest;
  PushNodeState node;
  while (reader.next(node)) {
    Bytes meta;
    if (!node.meta.empty()) {
      if (const WireError error = transcode_meta(node.meta, meta); error != WireError::none) {
        return error;
      }
      node.meta = meta;
    }
    encode(node, rest);
  }
  if (reader.error() != WireError::none) return reader.error();
  if (header.user_state_len != 0) {
    const std::size_t nodes = rest.size();
    const WireError error = transcode_serf(reader.user_state(), rest);
    if (error != WireError::none) return error;
    // Fields that we do not know are gone.
    header.user_state_len = static_cast<std::int64_t>(rest.size() - nodes);
  }
  encode(header, out);
  out.insert(out.end(), rest.begin(), rest.end());
  return WireError::none;
}

// `part` with its type byte; `stream`: a user message has its header, a push/pull may come.
inline WireError transcode(const Part& part, bool stream, Bytes& out) {
  const ByteView body = part.body();
  switch (part.type) {
    case MessageType::ping:
      return transcode_as<Ping>(body, out);
    case MessageType::indirect_ping:
      return transcode_as<IndirectPing>(body, out);
    case MessageType::nack:
      return transcode_as<Nack>(body, out);
    case MessageType::suspect:
      return transcode_as<Suspect>(body, out);
    case MessageType::dead:
      return transcode_as<Dead>(body, out);
    case MessageType::error:
      return transcode_as<ErrorResponse>(body, out);
    case MessageType::push_pull:
      return transcode_push_pull(body, out);
    case MessageType::ack: {
      Ack ack;
      WireError error = decode(body, ack);
      Bytes payload;
      if (error == WireError::none && !ack.payload.empty()) {
        Coordinate coordinate;
        error = decode_ack_payload(ack.payload, coordinate);
        encode_ack_payload(coordinate, payload);
        ack.payload = payload;
      }
      if (error == WireError::none) encode(ack, out);
      return error;
    }
    case MessageType::alive: {
      Alive alive;
      WireError error = decode(body, alive);
      Bytes meta;
      if (error == WireError::none && !alive.meta.empty()) {
        error = transcode_meta(alive.meta, meta);
        alive.meta = meta;
      }
      if (error == WireError::none) encode(alive, out);
      return error;
    }
    case MessageType::user: {
      if (!stream) {
        begin_user_message(out);
        return transcode_serf(body, out);
      }
      ByteView user;
      WireError error = decode_user_stream(body, user);
      Bytes inner;
      if (error == WireError::none) error = transcode_serf(user, inner);
      if (error != WireError::none) return error;
      encode(UserMessageHeader{static_cast<std::int64_t>(inner.size())}, out);
      out.insert(out.end(), inner.begin(), inner.end());
      return error;
    }
    default:
      return WireError::unsupported_type;
  }
}

}  // namespace quorumlab::gossip
