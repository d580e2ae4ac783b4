// The names of message types, as memberlist and serf call them.
#include "core/gossip/message.h"

namespace quorumlab::gossip {

const char* message_type_name(MessageType type) {
  switch (type) {
    case MessageType::ping: return "ping";
    case MessageType::indirect_ping: return "indirect ping";
    case MessageType::ack: return "ack";
    case MessageType::suspect: return "suspect";
    case MessageType::alive: return "alive";
    case MessageType::dead: return "dead";
    case MessageType::push_pull: return "push/pull";
    case MessageType::compound: return "compound";
    case MessageType::user: return "user";
    case MessageType::compress: return "compress";
    case MessageType::encrypt: return "encrypt";
    case MessageType::nack: return "nack";
    case MessageType::has_crc: return "crc";
    case MessageType::error: return "error";
    case MessageType::has_label: return "label";
  }
  return "unknown";
}

const char* serf_type_name(SerfType type) {
  switch (type) {
    case SerfType::leave: return "leave";
    case SerfType::join: return "join";
    case SerfType::push_pull: return "push/pull";
    case SerfType::user_event: return "user event";
    case SerfType::query: return "query";
    case SerfType::query_response: return "query response";
    case SerfType::conflict_response: return "conflict response";
    case SerfType::key_request: return "key request";
    case SerfType::key_response: return "key response";
    case SerfType::relay: return "relay";
  }
  return "unknown";
}

void PushPullState::clear() {
  ltime = event_ltime = query_ltime = 0;
  event_slots = 512;
  status_ltimes.clear();
  left_members.clear();
  events.clear();
  event_items.clear();
}

}  // namespace quorumlab::gossip
