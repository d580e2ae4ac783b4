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

TEST_CASE("a refusal from an earlier term still tells what is committed") {
  // A removed voter lags terms behind, and its longer log would refuse the candidate for ever.
  Cluster c(3, [](Config& config) { config.check_quorum = false; });
  c.elect(1);
  c.filter = [](const Packet& p) { return p.target.value != 3; };
  c.propose(1, "a");
  c.deliver();
  c.filter = {};
  Message append;
  append.type = MessageType::append_entries;
  append.source = {1};
  append.target = {3};
  append.term = c[1].status().term;
  append.index = {1};
  append.log_term = append.term;
  append.commit = {1};
  Bytes entry;
  encode_entry(append.term, EntryKind::normal, as_bytes("a"), entry);
  append.body = entry;
  append.entry_count = 1;
  c.give(append);
  REQUIRE(c[3].status().commit == LogIndex{1});
  Message later;  // the candidate's term runs ahead
  later.type = MessageType::append_entries_response;
  later.source = {2};
  later.target = {3};
  later.term = {9};
  c.give(later);
  c.timeout(3);
  REQUIRE(c[3].status().role == Role::pre_candidate);
  Message refusal;
  refusal.type = MessageType::request_pre_vote_response;
  refusal.source = {2};
  refusal.target = {3};
  refusal.term = append.term;
  refusal.reject = true;
  refusal.index = {2};
  refusal.log_term = append.term;
  c.give(refusal);
  CHECK(c[3].status().commit == LogIndex{2});
  CHECK(c[3].status().term == Term{9});
}

TEST_CASE("a candidate of an earlier term learns the later one, unless the voter has a leader") {
  for (const bool led : {false, true}) {
    Cluster c(3, [](Config& config) { config.pre_vote = false; });
    if (led) {
      c.elect(1);
    } else {
      Message later;
      later.type = MessageType::append_entries_response;
      later.source = {1};
      later.target = {2};
      later.term = {9};
      c.give(later);
    }
    c.queue.clear();
    Message request;
    request.type = MessageType::request_vote;
    request.source = {3};
    request.target = {2};
    request.term = {0};
    c.give(request);
    CHECK(c.queue.size() == (led ? 0u : 1u));
  }
}
