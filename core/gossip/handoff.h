// The two queues between the packets and the one worker that handles suspect, alive, dead and user
// messages: alive messages first, and of each the newest first (serf.md F4). A value.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/types.h"
#include "core/gossip/message.h"

namespace quorumlab::gossip {

class HandoffQueue {
 public:
  struct Entry {
    NodeId source;
    MessageType type = MessageType::user;
    Slice bytes;  // the body, without the type byte
  };

  void clear();
  bool empty() const { return high_.empty() && low_.empty(); }
  std::size_t depth(MessageType type) const { return queue(type).size(); }
  // False, and the message is lost, when `limit` messages of its priority wait already.
  bool push(NodeId source, MessageType type, ByteView body, std::uint32_t limit);
  // Takes the message to be handled now. `body` is valid until the next push. False if none waits.
  bool pop(Entry& entry, ByteView& body);

 private:
  const std::vector<Entry>& queue(MessageType type) const {
    return type == MessageType::alive ? high_ : low_;
  }
  std::vector<Entry> high_, low_;
  Bytes bytes_;  // emptied when both are
};

}  // namespace quorumlab::gossip
