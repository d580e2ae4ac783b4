// Every recorded answer of a real etcd against ours, byte for byte after what
// tests/data/etcd/README.md takes away.
#include "tests/unit/kv/cases.h"

#include "tests/catch.h"

using namespace quorumlab;
using namespace quorumlab::kv;
using namespace quorumlab::kv::test;

TEST_CASE("all recorded answers of etcd 3.4.23 are ours") {
  const auto cases = recorded_cases();
  REQUIRE(cases.size() == 222);
  Cluster cluster(1, recorded_config());
  cluster.advance(seconds(4));
  std::map<std::string, std::uint64_t> watches;
  int compared = 0, differ = 0;
  for (const Json& record : cases) {
    replay_case(
        cluster, record, watches, [&](const Json& r, const Answer& expected, const Answer& ours) {
          ++compared;
          if (expected == ours) return;
          ++differ;
          INFO("case " << r["n"] << ": " << r["method"] << " " << r["path"] << " " << r["body"]);
          CHECK(show(ours) == show(expected));
        });
  }
  CHECK(compared == 218);
  CHECK(differ == 0);
}
