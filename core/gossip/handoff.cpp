// The queues, and the worker: how gossip that came in packets waits, and is handled.
#include "core/gossip/handoff.h"

#include "core/gossip/codec.h"
#include "core/gossip/engine.h"

namespace quorumlab::gossip {

void HandoffQueue::clear() {
  high_.clear();
  low_.clear();
  bytes_.clear();
}

bool HandoffQueue::push(NodeId source, MessageType type, ByteView body, std::uint32_t limit) {
  std::vector<Entry>& to = type == MessageType::alive ? high_ : low_;
  if (to.size() >= limit) return false;
  if (empty()) bytes_.clear();
  to.push_back(
      {source,
       type,
       {static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(body.size())}});
  bytes_.insert(bytes_.end(), body.begin(), body.end());
  return true;
}

bool HandoffQueue::pop(Entry& entry, ByteView& body) {
  std::vector<Entry>& from = high_.empty() ? low_ : high_;
  if (from.empty()) return false;
  entry = from.back();
  from.pop_back();
  body = ByteView(bytes_).subspan(entry.bytes.offset, entry.bytes.size);
  return true;
}

void Engine::hand_off(const Turn& turn, NodeId source, const Part& part) {
  if (handoff_.push(source, part.type, part.body(), config_.handoff_queue_depth)) return;
  note(turn, Fact::queue_overflow, source, static_cast<std::uint64_t>(part.type),
       config_.handoff_queue_depth);
}

void Engine::handle_waiting(const Turn& turn) {
  HandoffQueue::Entry entry;
  ByteView body;
  while (handoff_.pop(entry, body)) {
    WireError error = WireError::none;
    switch (entry.type) {
      case MessageType::alive: {
        Alive alive;
        error = decode(body, alive);
        if (error == WireError::none) handle_alive(turn, entry.source, alive);
        break;
      }
      case MessageType::suspect: {
        Suspect suspect;
        error = decode(body, suspect);
        if (error == WireError::none) handle_suspect(turn, suspect);
        break;
      }
      case MessageType::dead: {
        Dead dead;
        error = decode(body, dead);
        if (error == WireError::none) handle_dead(turn, dead);
        break;
      }
      default:
        notify_message(turn, body);
        break;
    }
    if (error != WireError::none) {
      note(turn, Fact::gossip_dropped, entry.source, static_cast<std::uint64_t>(error),
           body.size());
    }
  }
  handle_at_ = kNever;
}

}  // namespace quorumlab::gossip
