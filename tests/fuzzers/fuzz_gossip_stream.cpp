// Streams of gossip: whatever comes in is read or refused, the same in one piece as in many; what
// is read can be written and read again. The first byte chooses label, key and side, the second how
// large the pieces are.
#include <algorithm>
#include <cstddef>

#include "core/base/assert.h"
#include "core/gossip/stream.h"
#include "tests/unit/gossip/transcode.h"

using namespace quorumlab;
using namespace quorumlab::gossip;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static const std::vector<Bytes> keys{Bytes(16, 1), Bytes(32, 2)};
  WireSettings settings;
  settings.max_decompressed_bytes = 1 << 20;
  if ((data[0] & 1) != 0) settings.label = "blue";
  if ((data[0] & 2) != 0) settings.keys = keys;
  settings.verify_incoming = (data[0] & 4) == 0;
  settings.skip_inbound_label_check = (data[0] & 8) != 0;
  settings.compress = (data[0] & 16) != 0;
  const StreamSide side = (data[0] & 32) != 0 ? StreamSide::accepted : StreamSide::dialled;
  const std::size_t piece = data[1] + std::size_t{1};
  const ByteView bytes(data + 2, size - 2);

  using Progress = StreamReader::Progress;
  StreamReader whole(side), pieces(side);
  const Progress progress = whole.feed(bytes, settings);
  Progress slow = Progress::need_more;
  for (std::size_t at = 0; at < bytes.size() && slow == Progress::need_more; at += piece) {
    slow = pieces.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)), settings);
  }
  if (bytes.empty()) slow = pieces.feed(bytes, settings);
  ASSERT(slow == progress, "pieces make no difference");
  if (progress == Progress::error) {
    ASSERT(whole.error() == pieces.error() && whole.error() != WireError::none,
           "nor to the reason");
  }
  if (progress != Progress::message) return 0;
  const Part part = whole.message();
  ASSERT(part.bytes.size() == pieces.message().bytes.size(), "nor to the message");
  Bytes once, twice, stream;
  if (transcode(part, true, once) != WireError::none) return 0;
  ASSERT(transcode({part.type, once}, true, twice) == WireError::none && once == twice,
         "what was read can be written and read");
  settings.skip_inbound_label_check = false;
  settings.max_decompressed_bytes = kMaxDecompressedBytes;
  make_stream(once, settings, side, Nonce{}, stream);
  whole.reset(side);
  ASSERT(whole.feed(stream, settings) == Progress::message, "what was sent arrives");
  return 0;
}
