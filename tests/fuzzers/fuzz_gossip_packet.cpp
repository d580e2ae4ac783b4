// Packets of gossip: whatever comes in is taken apart or refused, within its bounds; what is read
// can be written, sent and read again. The first byte chooses label, key and checks.
#include <algorithm>
#include <cstddef>

#include "core/base/assert.h"
#include "tests/unit/gossip/transcode.h"

using namespace quorumlab;
using namespace quorumlab::gossip;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const std::vector<Bytes> keys{Bytes(16, 1), Bytes(32, 2)};
  WireSettings settings;
  settings.max_decompressed_bytes = 1 << 20;
  if ((data[0] & 1) != 0) settings.label = "blue";
  if ((data[0] & 2) != 0) settings.keys = keys;
  settings.verify_incoming = (data[0] & 4) == 0;
  settings.skip_inbound_label_check = (data[0] & 8) != 0;
  settings.compress = (data[0] & 16) != 0;
  const bool crc = (data[0] & 32) != 0;

  static PacketReader reader, again;
  const std::uint64_t drops = reader.drops().total();
  const auto parts = reader.read({data + 1, size - 1}, settings);
  ASSERT((reader.error() == WireError::none) == (reader.drops().total() == drops),
         "what is dropped is counted");
  std::vector<Bytes> messages;
  for (const Part& part : parts) {
    Bytes once, twice;
    if (transcode(part, false, once) != WireError::none) continue;
    ASSERT(transcode({part.type, once}, false, twice) == WireError::none && once == twice,
           "what was read can be written and read");
    if (once.size() <= 0xffff && messages.size() < kMaxCompoundParts) messages.push_back(once);
  }
  if (messages.empty()) return 0;
  Bytes compound, packet;
  make_compound(std::vector<ByteView>(messages.begin(), messages.end()), compound);
  settings.skip_inbound_label_check = false;
  make_packet(compound, settings, crc, Nonce{}, packet);
  settings.max_decompressed_bytes = kMaxDecompressedBytes;
  const auto sent = again.read(packet, settings);
  ASSERT(sent.size() == messages.size(), "what was packed is unpacked");
  for (std::size_t i = 0; i < sent.size(); ++i) {
    ASSERT(std::equal(sent[i].bytes.begin(), sent[i].bytes.end(), messages[i].begin(),
                      messages[i].end()),
           "and is the same");
  }
  return 0;
}
