// How long a key was nobody's: from the moment its holder let go of it or died until the next one
// held it. What a failover costs.
#pragma once

#include <cstdint>
#include <map>

#include "sim/trace/trace.h"

namespace quorumlab::report {

class Gaps {
 public:
  // Learns from a record. The gap in ns that it ends; -1 if it ends none.
  std::int64_t on(const trace::Record& r);

 private:
  struct Held {
    std::uint32_t holder = 0;
    std::int64_t until_ns = -1;  // -1: it is held
  };
  void end(std::uint32_t holder, std::int64_t time_ns);

  std::map<std::uint64_t, Held> keys_;  // by hash of the key
};

}  // namespace quorumlab::report
