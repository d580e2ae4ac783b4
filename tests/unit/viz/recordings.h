// Runs to look at: shipped scenarios, run here, and traces made by hand.
#pragma once

#include <string>

#include "sim/script/loader.h"
#include "sim/script/runner.h"
#include "tests/catch.h"
#include "viz/model/timeline.h"

namespace quorumlab::viz {

inline Recording record(const script::Scenario& scenario) {
  world::Simulation sim;
  script::Runner runner(scenario);
  script::RunResult result;
  script::RunOptions options;
  options.seed = scenario.seed;
  options.keep_trace = true;
  runner.run(sim, options, result);
  Recording out;
  out.name = scenario.name;
  out.title = scenario.title;
  out.seed = scenario.seed;
  out.names = out.titles = scenario.cluster.host_names();
  out.trace = sim.trace();
  out.checkers = {0, 1, 2, 3};
  out.election_min_ns = scenario.cluster.node.raft.timeouts.election_min.ns;
  out.election_max_ns = scenario.cluster.node.raft.timeouts.election_max.ns;
  return out;
}

// `name`: "talk/quorum".
inline Recording record_scenario(const std::string& name) {
  script::Problems problems;
  const script::Scenario scenario =
      script::load_file(std::string(QUORUMLAB_SOURCE_DIR) + "/scenarios/" + name + ".scenario.json", {}, problems);
  REQUIRE(problems.empty());
  return record(scenario);
}

// The frame at the bookmark with these words in its text.
inline Frame frame_at(Timeline& timeline, const std::string& words) {
  Frame frame;
  for (const Bookmark& b : timeline.bookmarks()) {
    if (b.text.find(words) == std::string::npos) continue;
    timeline.look(b.at, frame);
    return frame;
  }
  FAIL("no bookmark says \"" << words << "\"");
  return frame;
}

}  // namespace quorumlab::viz
