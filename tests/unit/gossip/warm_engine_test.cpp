// A warm engine allocates nothing: probes, gossip, suspicions, refutations and exchanges of states
// use what is there.
#include "tests/catch.h"
#include "tests/unit/gossip/allocations.h"
#include "tests/unit/gossip/harness.h"

namespace quorumlab::gossip::test {
namespace {

void live_through_a_pause(Cluster& c) {
  c.pause(4);
  c.run_for(seconds(3));
  c.resume(4);
  c.run_for(seconds(100));
}

TEST_CASE("a warm engine allocates nothing") {
  bool compress = false, key = false;
  SECTION("plain") {}
  SECTION("compressed and sealed") { compress = key = true; }
  Cluster c(7, [&](Config& config) {
    config.compression = compress;
    if (key) config.keys = {Bytes(16, 9)};
  });
  c.start_all();
  for (int i = 0; i < 60; ++i) live_through_a_pause(c);
  c.allocations = &allocations;
  for (int i = 0; i < 3; ++i) live_through_a_pause(c);
  CHECK(c.count(4, Fact::refuted) > 5);
  CHECK(c.allocated == 0);
}

}  // namespace
}  // namespace quorumlab::gossip::test
