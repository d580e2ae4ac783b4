// Everything at once: random faults of every kind that Raft's model allows, then calm. Nothing may
// be violated, the cluster must work again, and a fork taken in the middle must live the same life.
#include "tests/story/story.h"

using namespace quorumlab;
using namespace quorumlab::story;

namespace {

// One random act, decided by (seed, number) alone.
Action random_act(std::uint64_t seed, std::uint64_t number, std::uint32_t nodes) {
  const auto draw = [&](std::uint64_t what, std::uint64_t bound) {
    return below(mix(seed, number, what), bound);
  };
  const auto node = [&](std::uint64_t what) {
    return NodeId{static_cast<std::uint32_t>(draw(what, nodes)) + 1};
  };
  Action action;
  switch (draw(0, 18)) {
    case 0:
      return Story::act(Verb::kill, {node(1)});
    case 1:
      return Story::act(Verb::crash, {node(1)});
    case 2:
    case 3:
    case 4:
      return Story::act(Verb::restart, {node(1)});
    case 5:
      return Story::act(Verb::pause, {node(1)});
    case 6:
    case 7:
      return Story::act(Verb::resume, {node(1)});
    case 8:
      return Story::act(Verb::partition, {}, {{node(1)}, {node(2), node(3)}});
    case 9:
      return Story::act(Verb::cut, {}, {{node(1)}, {node(2)}});
    case 10:
    case 11:
      return Story::act(Verb::heal);
    case 12:
      return Story::act(Verb::clog, {}, {{node(1)}, {node(2)}});
    case 13:
      return Story::act(Verb::unclog);
    case 14:
      action = Story::act(Verb::stall, {node(1)});
      action.duration = milliseconds(static_cast<std::int64_t>(draw(2, 400)));
      return action;
    case 15:
      action = Story::act(Verb::clock, {node(1)});
      action.clock.wall_step = milliseconds(static_cast<std::int64_t>(draw(2, 4'000)) - 2'000);
      action.clock.drift_ppb = static_cast<std::int64_t>(draw(3, 10'000'000)) - 5'000'000;
      return action;
    case 16:
      action = Story::act(Verb::transfer, {node(1)});
      return action;
    default:
      action = Story::act(Verb::link);
      action.link.loss = Probability::of_million(draw(1, 200'000));
      action.link.duplicate = Probability::of_million(draw(2, 100'000));
      action.link.corrupt = Probability::of_million(draw(3, 50'000));
      action.link.reorder = Probability::of_million(draw(4, 300'000));
      if (draw(5, 4) == 0) action.link.bandwidth = 200'000;
      if (draw(6, 3) == 0) action.link.latency.kind = Latency::Kind::heavy_tail;
      return action;
  }
}

void storm(Simulation& world, std::uint64_t seed, std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t i = from; i < to; ++i) {
    world.run_for(milliseconds(static_cast<std::int64_t>(below(mix(seed, i, 100), 120))));
    world.inject(random_act(seed, i, world.node_count()));
    Action write = Story::act(i % 5 == 0 ? Verb::read : Verb::write);
    write.key = "k" + std::to_string(i % 3);
    write.value = std::to_string(i);
    world.inject(write);
  }
}

void calm(Story& story) {
  story.heal();
  story.now(Story::act(Verb::unclog));
  Action link = Story::act(Verb::link);
  story.now(link);
  for (const NodeId node : story.all()) {
    story.resume(node);
    story.restart(node);
  }
}

}  // namespace

TEST_CASE("after any weather the cluster works again, and nothing was violated") {
  std::uint64_t accepted = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    ClusterConfig config = Story::cluster_of(seed % 2 == 0 ? 5 : 3);
    config.node.snapshot_every = 20;
    config.node.snapshot_keep = 3;
    Story story(config, seed);
    INFO("seed " << seed);
    storm(story.world(), seed, 0, 150);
    calm(story);
    story.write("after", "the storm");
    story.agree("after", "the storm");
    for (const Operation& op : story.world().operations()) {
      accepted += op.outcome == Operation::Outcome::accepted ? 1 : 0;
    }
  }
  CHECK(accepted > 60 * 50);
}

TEST_CASE("a fork in the middle of a storm lives the same life") {
  for (std::uint64_t seed = 100; seed < 110; ++seed) {
    ClusterConfig config = Story::cluster_of(5);
    config.node.snapshot_every = 20;
    config.node.snapshot_keep = 3;
    Simulation original(config, seed);
    storm(original, seed, 0, 60);
    Simulation fork = original;
    Simulation traced(config, seed);
    traced.keep_trace(true);
    storm(traced, seed, 0, 120);
    storm(original, seed, 60, 120);
    storm(fork, seed, 60, 120);
    CHECK(original.digest() == fork.digest());
    CHECK(original.digest() == traced.digest());
    CHECK(original.records() == fork.records());
    CHECK(traced.trace().size() == traced.records());
  }
}
