// What only costs time when it is wrong: a client's second attempt, the next heartbeat or the next
// election brings it about all the same, so that neither checkers nor campaigns mind. Each case
// stands for a mutant of the engine that fuzzing left alive.
#include "core/raft/progress.h"
#include "tests/catch.h"
#include "tests/unit/raft/harness.h"

namespace quorumlab::raft {
namespace {

using namespace test;

TEST_CASE("a new term of leadership begins without what the last one waited for") {
  Progress p;
  p.paused = p.recent_active = p.chunk_moved = true;
  p.match = p.commit_sent = p.pending_snapshot = {7};
  p.acked_round = 3;
  p.snapshot_offset = 100;
  p.inflights.add({7}, 10);
  p.state = Progress::State::snapshot;
  p.start({9});
  CHECK(p.state == Progress::State::probe);
  CHECK(p.may_send());
  CHECK_FALSE(p.recent_active);
  CHECK_FALSE(p.chunk_moved);
  CHECK(p.match == LogIndex{});
  CHECK(p.next == LogIndex{9});
  CHECK(p.commit_sent == LogIndex{});
  CHECK(p.pending_snapshot == LogIndex{});
  CHECK(p.acked_round == 0);
  CHECK(p.snapshot_offset == 0);
  CHECK(p.inflights.count() == 0);
}

TEST_CASE("a follower that changes its state may be sent to at once") {
  Progress p;
  p.match = {3};
  p.next = {8};
  p.paused = true;
  p.become_probe();
  CHECK(p.may_send());
  CHECK(p.next == LogIndex{4});
  p.paused = true;
  p.become_replicate();
  CHECK(p.may_send());
  p.paused = true;
  p.become_snapshot({6});
  CHECK_FALSE(p.paused);
  CHECK(p.chunk_moved);
  CHECK(p.next == LogIndex{7});
  p.become_probe();  // it may have the snapshot and not have said so
  CHECK(p.next == LogIndex{7});
  p.paused = true;
  CHECK(p.update({7}));
  CHECK(p.may_send());
  CHECK(p.next == LogIndex{8});
  CHECK_FALSE(p.update({7}));
}

TEST_CASE("a refusal moves the probe back once, and never before what matched") {
  Progress p;
  p.start({9});
  p.paused = true;
  CHECK_FALSE(p.decrease({7}, {2}));  // not the answer to the append in flight
  CHECK(p.paused);
  CHECK(p.decrease({8}, {2}));
  CHECK(p.next == LogIndex{3});
  CHECK(p.may_send());
  CHECK_FALSE(p.decrease({8}, {2}));
  p.match = {2};
  CHECK_FALSE(p.decrease({2}, {0}));
  p.match = {5};
  p.become_replicate();
  p.next = {9};
  CHECK_FALSE(p.decrease({5}, {0}));  // it has matched beyond that since
  CHECK(p.next == LogIndex{9});
  CHECK(p.decrease({6}, {0}));
  CHECK(p.next == LogIndex{6});
}

TEST_CASE("a tick passes at its very nanosecond") {
  Cluster c(3, [](Config& config) {
    config.pre_vote = false;
    config.timeouts.kind = TimeoutPolicy::Kind::ticks;
  });
  const Term before = c[1].status().term;
  const Instant due = c[1].deadline();
  c[1].on_deadline({{due.ns - 1}, {}});
  CHECK(c[1].status().term == before);
  c[1].on_deadline({due, {}});
  CHECK(c[1].status().term > before);
}

TEST_CASE("whoever waits for a read is told that the leader is gone") {
  Cluster c(3);
  c.elect(1);
  c.isolate({1});
  c.read(2, 7);  // asks n1, and the question is lost
  c.deliver();
  REQUIRE(c.host(2).reads.empty());
  c.elect(3);
  REQUIRE(c.host(2).reads.size() == 1);
  CHECK(c.host(2).reads[0].id == 7);
  CHECK(c.host(2).reads[0].dropped);
  CHECK(c.host(2).reads[0].reason == Reason::leadership_lost);
}

TEST_CASE("a new leader answers the reads of its first moments once it has committed") {
  Cluster c(3);
  c.elect(1);
  c.isolate({1});
  for (int i = 0; i < 20 && c[2].status().role != Role::leader; ++i) {
    c.skip(seconds(10));
    c.timeout(2);
    while (c[2].status().role != Role::leader && c.deliver_one()) {
    }
  }
  REQUIRE(c[2].status().role == Role::leader);
  c.read(2, 1);  // its own entry is in nobody's log yet
  CHECK(c.host(2).reads.empty());
  CHECK_FALSE(c.host(2).noted(Fact::read_started));
  c.deliver();
  REQUIRE(c.host(2).reads.size() == 1);
  CHECK(c.host(2).reads[0].id == 1);
  CHECK_FALSE(c.host(2).reads[0].dropped);
}

TEST_CASE("a follower that is asked to hand over asks its leader") {
  Cluster c(3);
  c.elect(1);
  c.transfer(2, 3);
  c.deliver();
  CHECK(c[3].status().role == Role::leader);
  CHECK(c[1].status().leader == NodeId{3});
}

TEST_CASE("a change of membership goes through a follower, if it may and knows a leader") {
  const bool forward = GENERATE(true, false);
  Cluster c(4, [forward](Config& config) { config.forward_proposals = forward; }, 3);
  ConfChange change;
  change.steps = {{ConfChange::Kind::add_voter, {4}}};
  const ProposeResult early = c.change(2, change);
  CHECK(early.status == ProposeResult::Status::dropped);
  CHECK(early.reason == Reason::no_leader);
  c.elect(1);
  const ProposeResult result = c.change(2, change);
  c.deliver();
  if (forward) {
    CHECK(result.status == ProposeResult::Status::forwarded);
    CHECK(c[1].conf().voters.size() == 4);
  } else {
    CHECK(result.status == ProposeResult::Status::dropped);
    CHECK(result.reason == Reason::forwarding_off);
    CHECK(c[1].conf().voters.size() == 3);
  }
}

TEST_CASE("a change of membership keeps both of its flags") {
  for (const bool joint : {false, true}) {
    for (const bool auto_leave : {false, true}) {
      ConfChange change;
      change.joint = joint;
      change.auto_leave = auto_leave;
      change.steps = {{ConfChange::Kind::remove, {2}}};
      Bytes bytes;
      encode(change, bytes);
      const auto decoded = decode_conf_change(bytes);
      REQUIRE(decoded);
      CHECK(decoded->joint == joint);
      CHECK(decoded->auto_leave == auto_leave);
      bytes[0] |= 4;  // a flag that nobody knows
      CHECK_FALSE(decode_conf_change(bytes));
    }
  }
}

TEST_CASE("the entry that a snapshot ends with is a place where a follower may match") {
  Log log;
  log.reset({5}, {3}, 0);
  CHECK(log.last_not_after({5}, {3}).index == LogIndex{5});
  CHECK(log.last_not_after({5}, {3}).term == Term{3});
  CHECK(log.last_not_after({5}, {2}).index == LogIndex{4});
  CHECK(log.last_not_after({5}, {2}).term == Term{});
  CHECK(log.last_not_after({4}, {3}).index == LogIndex{4});
  CHECK(log.last_not_after({4}, {3}).term == Term{});
}

}  // namespace
}  // namespace quorumlab::raft
