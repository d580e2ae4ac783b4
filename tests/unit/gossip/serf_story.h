// What stories about serf have in common.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/unit/gossip/harness.h"

namespace quorumlab::gossip::test {

using Texts = std::vector<std::string>;

inline Status status(Cluster& c, std::uint32_t observer, std::uint32_t target) {
  return c.member(observer, target).status;
}
// The deliveries of one kind since then, by their payload or name.
inline Texts told(Cluster& c, std::uint32_t id, EventKind kind, Instant since = {}) {
  Texts texts;
  for (const TimedDelivery& d : c.host(id).deliveries) {
    if (d.kind != kind || d.at < since) continue;
    texts.push_back(kind == EventKind::user || kind == EventKind::query ? d.name : d.payload);
  }
  return texts;
}
inline void event(Cluster& c, std::uint32_t id, std::string_view name, std::string_view payload = "",
           bool coalesce = true, std::uint64_t request = 7) {
  c.step(id, [&](Engine& e, const Turn& t) {
    e.user_event(t, request, name, as_bytes(payload), coalesce);
  });
}
inline Cluster healthy(std::uint32_t n, const std::function<void(Config&)>& tweak = {},
                std::uint64_t seed = 1) {
  Cluster c(n, tweak, seed);
  c.start_all();
  REQUIRE(c.run_while_not([&] { return c.everybody_knows_everybody(); }, seconds(90)));
  c.run_for(seconds(5));
  return c;
}

}  // namespace quorumlab::gossip::test
