// Elections: who votes for whom, what must be durable, pre-votes, leases, quorum checks.
#include "tests/catch.h"
#include "tests/unit/raft/harness.h"

using namespace quorumlab;
using namespace quorumlab::raft;
using namespace quorumlab::raft::test;


TEST_CASE("a fresh cluster elects one leader, by both kinds of timeouts") {
  const auto kind = GENERATE(TimeoutPolicy::Kind::continuous, TimeoutPolicy::Kind::ticks);
  const bool pre_vote = GENERATE(false, true);
  const std::uint32_t n = GENERATE(1u, 2u, 3u, 5u);
  Cluster cluster(n, [&](Config& c) {
    c.timeouts.kind = kind;
    c.pre_vote = pre_vote;
  });
  cluster.run_for(seconds(10));
  const std::uint32_t leader = cluster.leader();
  REQUIRE(leader != 0);
  int leaders = 0;
  for (Host& h : cluster.hosts) {
    leaders += h.status().role == Role::leader;
    CHECK(h.status().leader.value == leader);
    CHECK(h.status().term == cluster.host(leader).status().term);
    CHECK(h.status().commit.value >= 1);  // the empty entry of the term
  }
  CHECK(leaders == 1);
}

TEST_CASE("commands are replicated, committed and applied everywhere, in order") {
  Cluster cluster(3);
  cluster.run_for(seconds(2));
  const std::uint32_t leader = cluster.leader();
  REQUIRE(leader != 0);
  for (int i = 0; i < 100; ++i) {
    CHECK(cluster.propose(leader, "v" + std::to_string(i)).status ==
          ProposeResult::Status::accepted);
  }
  cluster.run_for(seconds(1));
  for (Host& h : cluster.hosts) {
    CHECK(h.state.size() == 100);
    CHECK(h.state.rbegin()->second == "v99");
    CHECK(Cluster::values(h) == Cluster::values(cluster.host(1)));
    CHECK(h.status().commit == h.status().last_index);
  }
}

TEST_CASE("a cluster comes back from what its disks kept") {
  Cluster cluster(3);
  cluster.run_for(seconds(2));
  cluster.propose(cluster.leader(), "kept");
  cluster.run_for(seconds(1));
  const Term before = cluster[1].status().term;
  for (std::uint32_t id = 1; id <= 3; ++id) cluster.restart(id);
  for (Host& h : cluster.hosts) CHECK(h.status().term == before);
  cluster.run_for(seconds(2));
  REQUIRE(cluster.leader() != 0);
  for (Host& h : cluster.hosts) CHECK(Cluster::values(h) == "kept ");
}
