// Holders and their ends, by key.
#include "sim/report/gaps.h"

namespace quorumlab::report {

void Gaps::end(std::uint32_t holder, std::int64_t time_ns) {
  for (auto& [key, held] : keys_) {
    if (held.holder == holder && held.until_ns < 0) held.until_ns = time_ns;
  }
}

std::int64_t Gaps::on(const trace::Record& r) {
  using trace::WorldFact;
  if (r.is(WorldFact::process_crashed) || r.is(WorldFact::process_killed)) {
    end(r.node, r.time_ns);
  } else if (r.is(Fact::lets_go)) {
    Held& held = keys_[r.b];
    if (held.holder == r.node && held.until_ns < 0) held.until_ns = r.time_ns;
  } else if (r.is(Fact::holds)) {
    Held& held = keys_[r.b];
    const std::int64_t gap = held.until_ns < 0 ? -1 : r.time_ns - held.until_ns;
    held = {r.node, -1};
    return gap;
  }
  return -1;
}

}  // namespace quorumlab::report
