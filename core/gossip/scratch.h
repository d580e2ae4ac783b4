// Buffers that an engine uses during a step and that mean nothing afterwards. They come with the
// Ready, so that the engines of one world share them and find them in the cache.
#pragma once

#include <vector>

#include "core/base/bytes.h"
#include "core/gossip/directory.h"
#include "core/gossip/packet.h"
#include "core/gossip/serf_scratch.h"
#include "core/gossip/stream.h"

namespace quorumlab::gossip {

// What a push/pull says of a member.
struct PushedState {
  PeerId peer;               // as far as it was known when it was read
  RecordId record;           // it says what this record says; none: it has to be decoded
  std::uint32_t offset = 0;  // of its bytes in the body
  std::uint32_t incarnation = 0;
  std::uint8_t state = 0;
};

struct Scratch {
  PacketReader reader;
  Bytes message;  // what is about to be sent
  Bytes payload, rumour;
  Bytes part_bytes;          // messages that are to share a packet
  std::vector<Slice> parts;  // each of them
  std::vector<ByteView> views;
  std::vector<std::uint32_t> finished;
  std::vector<StreamReader> spare_readers;
  std::vector<PushedState> pushed;  // of the push/pull at hand, in its order
  SerfScratch serf;
};

}  // namespace quorumlab::gossip
