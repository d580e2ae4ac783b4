// Nodes that fall far behind, join, leave, or take over.
#include "tests/story/story.h"

using namespace quorumlab;
using namespace quorumlab::story;

TEST_CASE("a follower that missed too much is caught up by a snapshot") {
  ClusterConfig config = Story::cluster_of(3);
  config.node.snapshot_every = 50;
  config.node.snapshot_keep = 5;
  Story story(config, 1);
  story.elect(n1);
  story.kill(n3);
  for (int i = 0; i < 200; ++i) story.write("k" + std::to_string(i % 10), std::to_string(i));
  CHECK(story.status(n1).first_index > LogIndex{100});
  story.restart(n3);
  story.agree("k9", "199");
  CHECK(story.world().count(Fact::snapshot_installed, n3) >= 1);
  CHECK(story.value_at(n3, "k0") == "190");
  // It can lead at once, with all of it.
  story.kill(n1);
  CHECK(story.read("k9") == "199");
}

TEST_CASE("a node that restarts from its own snapshot has all of it") {
  ClusterConfig config = Story::cluster_of(3);
  config.node.snapshot_every = 20;
  config.node.snapshot_keep = 5;
  Story story(config, 1);
  for (int i = 0; i < 100; ++i) story.write("k", std::to_string(i));
  for (const NodeId node : story.all()) story.crash(node);
  for (const NodeId node : story.all()) story.restart(node);
  CHECK(story.read("k") == "99");
  story.agree("k", "99");
}

TEST_CASE("leadership moves where it is asked to") {
  Story story(3);
  for (const NodeId node : {n2, n3, n1, n3}) {
    story.elect(node);
    story.write("leader", std::to_string(node.value));
  }
  story.agree("leader", "3");
}

TEST_CASE("a spare joins, the cluster outlives two of the old, and one leaves") {
  ClusterConfig config = Story::cluster_of(5);
  config.spare_nodes = 2;
  Story story(config, 1);
  story.write("k", "1");
  CHECK(story.world().quorum() == QuorumState{true, 3, 2});
  CHECK(story.ask(Story::act(Verb::add, {n4, n5})) == Operation::Outcome::accepted);
  story.agree("k", "1");
  CHECK(story.world().quorum() == QuorumState{true, 5, 3});
  story.kill(n1);
  story.kill(n2);
  story.write("k", "2");
  story.restart(n1);
  CHECK(story.ask(Story::act(Verb::remove, {n2})) == Operation::Outcome::accepted);
  story.wait(seconds(1));
  CHECK(story.world().quorum() == QuorumState{true, 4, 3});
  story.write("k", "3");
  story.agree("k", "3");
}

TEST_CASE("two are exchanged for two in one joint change") {
  ClusterConfig config = Story::cluster_of(5);
  config.spare_nodes = 2;
  Story story(config, 3);
  story.elect(n3);
  Action change = Story::act(Verb::change, {n4, n5}, {{n1, n2}});
  CHECK(story.ask(change) == Operation::Outcome::accepted);
  story.wait(seconds(1));
  story.kill(n1);
  story.kill(n2);
  story.write("k", "by the new three");
  CHECK(story.value_at(n3, "k") == "by the new three");
}

TEST_CASE("a learner gets everything, counts for nothing, and may be promoted") {
  ClusterConfig config = Story::cluster_of(4);
  config.spare_nodes = 1;
  Story story(config, 1);
  Action add = Story::act(Verb::add, {n4});
  add.learner = true;
  CHECK(story.ask(add) == Operation::Outcome::accepted);
  story.write("k", "v");
  story.agree("k", "v");
  CHECK(story.world().quorum() == QuorumState{true, 3, 2});
  CHECK(story.ask(Story::act(Verb::promote, {n4})) == Operation::Outcome::accepted);
  story.wait(seconds(1));
  CHECK(story.world().quorum() == QuorumState{true, 4, 3});
}
