// Changes of membership come from clients: each is read or refused, and has one form only.
#include <algorithm>
#include <cstddef>

#include "core/base/assert.h"
#include "core/raft/engine.h"

using namespace quorumlab;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto change = raft::decode_conf_change({data, size})) {
    Bytes again;
    raft::encode(*change, again);
    ASSERT(again.size() == size && std::equal(again.begin(), again.end(), data),
           "one change, one form");
  }
  return 0;
}
