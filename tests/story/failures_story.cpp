// Leaders die, networks part, machines lose power; what was acknowledged stays.
#include "tests/story/story.h"

using namespace quorumlab;
using namespace quorumlab::story;

TEST_CASE("five nodes elect one leader and agree on what is written") {
  Story story(5);
  const NodeId leader = story.elected();
  story.wait(seconds(2));
  CHECK(story.leader() == leader);
  for (const NodeId node : story.all()) {
    CHECK(story.status(node).leader == leader);
    CHECK(story.status(node).term == story.status(leader).term);
  }
  story.write("colour", "blue");
  story.agree("colour", "blue");
  CHECK(story.read("colour") == "blue");
  CHECK(story.read("shape") == std::nullopt);
}

TEST_CASE("a killed leader is replaced, and comes back as a follower with everything") {
  Story story(5);
  const NodeId old_leader = story.elected();
  story.write("a", "1");
  const Term old_term = story.status(old_leader).term;
  story.kill(old_leader);
  const NodeId new_leader = story.elected(story.others(old_leader));
  CHECK(story.status(new_leader).term > old_term);
  CHECK(story.read("a") == "1");
  story.write("a", "2");
  story.restart(old_leader);
  story.agree("a", "2");
  CHECK(story.status(old_leader).role == raft::Role::follower);
}

TEST_CASE("a minority cannot write, the majority goes on, and healing makes them one") {
  Story story(5);
  story.elect(n1);
  story.write("k", "before");
  const Term old_term = story.status(n1).term;
  story.partition({n1, n2}, {n3, n4, n5});
  const NodeId new_leader = story.elected({n3, n4, n5});
  CHECK_FALSE(story.try_write("k", "minority", n1));
  CHECK(story.try_write("k", "majority", new_leader));
  CHECK(story.value_at(n2, "k") == "before");
  CHECK(story.status(new_leader).term > old_term);
  story.heal();
  story.agree("k", "majority");
  CHECK(story.status(n1).term == story.status(story.leader()).term);
}

TEST_CASE("power fails everywhere, and nothing acknowledged is lost") {
  Story story(3);
  for (int i = 0; i < 20; ++i) story.write("k" + std::to_string(i), std::to_string(i));
  for (const NodeId node : story.all()) story.crash(node);
  story.wait(seconds(1));
  CHECK(story.running().empty());
  for (const NodeId node : story.all()) story.restart(node);
  for (int i = 0; i < 20; ++i) CHECK(story.read("k" + std::to_string(i)) == std::to_string(i));
}

TEST_CASE("without a quorum nothing is accepted; with one restart everything is again") {
  Story story(5);
  story.write("slide", "all up");
  story.kill(n1);
  story.write("slide", "one down");
  story.kill(n2);
  story.write("slide", "two down");
  CHECK(story.world().quorum() == QuorumState{true, 3, 3});
  story.kill(n3);
  CHECK(story.world().quorum() == QuorumState{false, 2, 3});
  CHECK_FALSE(story.try_write("slide", "three down"));
  story.restart(n1);
  CHECK(story.world().quorum() == QuorumState{true, 3, 3});
  story.write("slide", "one is back");
  CHECK(story.read("slide") == "one is back");
}

TEST_CASE("a paused leader is replaced, and steps down when it wakes") {
  Story story(3);
  story.elect(n1);
  story.write("k", "1");
  story.pause(n1);
  // Nobody may look for n1 among the leaders: it still believes, but its term is old.
  REQUIRE(story.wait_until([&] { return story.leader() != n1; }));
  story.write("k", "2");
  story.resume(n1);
  story.agree("k", "2");
  CHECK(story.status(n1).role == raft::Role::follower);
}

TEST_CASE("a follower that cannot hear but can speak does not disturb its leader") {
  Story story(3);
  story.elect(n1);
  const Term term = story.status(n1).term;
  story.cut({n1, n2}, {n3});
  story.wait(seconds(3));
  CHECK(story.leader() == n1);
  CHECK(story.status(n1).term == term);
  story.heal();
  story.write("k", "v");
  story.agree("k", "v");
}

TEST_CASE("a new leader has what the old one committed, whoever it is") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Story story(Story::cluster_of(5), seed);
    for (int round = 0; round < 3; ++round) {
      story.write("round", std::to_string(round));
      const NodeId leader = story.elected();
      story.crash(leader);
      CHECK(story.read("round") == std::to_string(round));
      story.restart(leader);
    }
  }
}
