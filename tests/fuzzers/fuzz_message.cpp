// Packets of Raft: whatever comes in is read or refused, within its bounds; what is read encodes
// back to the same bytes, so that a message has one form only.
#include <cstddef>

#include "core/base/assert.h"
#include "core/raft/message.h"

using namespace quorumlab;

namespace {

void walk_entries(const raft::Message& message) {
  if (message.type != raft::MessageType::append_entries) return;
  raft::EntryReader reader(message.index.next(), message.body);
  raft::Entry entry;
  std::uint64_t chain = 0;
  while (reader.next(entry)) chain = chain_hash(chain, entry.term, entry.kind, entry.payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  if (const auto message = raft::decode(bytes)) {
    Bytes again;
    raft::encode(*message, again);
    ASSERT(ByteView(again).size() == size && std::equal(again.begin(), again.end(), data),
           "one message, one form");
    walk_entries(*message);
  }
  // Without the checksum nearly every input is read: what comes out is a message all the same.
  if (const auto message = raft::decode(bytes, false)) {
    walk_entries(*message);
    Bytes again;
    raft::encode(*message, again);
    ASSERT(raft::decode(again).has_value(), "what was read can be sent on");
  }
  (void)raft::peek(bytes);
  return 0;
}
