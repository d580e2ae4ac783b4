// What a disk gives back after anything may have happened to it: recovery takes it, cuts it or
// refuses it. The first two bytes say how much of the input is the log file; the rest is the
// snapshot file.
#include <algorithm>
#include <cstddef>

#include "core/base/assert.h"
#include "core/raft/wal.h"

using namespace quorumlab;

namespace {

void check(ByteView log, ByteView snapshot, bool verify) {
  const raft::RecoverResult result = raft::recover(log, snapshot, verify);
  if (result.failure) return;
  ASSERT(result.offset <= log.size() || result.failed_in_snapshot, "damage is inside the file");
  const raft::Log& kept = result.recovered.log;
  for (LogIndex i = kept.first_index(); i <= kept.last_index(); i = i.next()) {
    ASSERT(kept.entry(i).index == i, "entries stand where they should");
  }
  if (!result.torn) return;
  // What a cut leaves is whole.
  const raft::RecoverResult again =
      raft::recover(log.first(static_cast<std::size_t>(result.offset)), snapshot, verify);
  ASSERT(!again.failure && !again.torn, "a cut file is whole");
  ASSERT(again.recovered.hard_state == result.recovered.hard_state, "and says the same");
  ASSERT(again.recovered.log.last_index() == kept.last_index(), "with the same entries");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const ByteView bytes(data + 2, size - 2);
  const std::size_t split = std::min<std::size_t>(data[0] | data[1] << 8, bytes.size());
  check(bytes.first(split), bytes.subspan(split), true);
  check(bytes.first(split), bytes.subspan(split), false);
  return 0;
}
