// One run, as far as it was run: a document, its world, and what there is to see of it. Points on the
// way are kept from which it can go on otherwise.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/script/loader.h"
#include "sim/script/runner.h"
#include "viz/model/timeline.h"
#include "viz/player/player.h"
#include "viz/session/deeds.h"

namespace quorumlab::viz {

class Branch {
 public:
  // A run from its start. REQUIRES: `document` loads as `scenario`.
  Branch(script::Json document, script::Scenario scenario, std::uint64_t seed);
  // The run of another scenario that is the same as `from` up to and including `last_ns`: goes on from
  // the nearest point that `from` or whom it came from kept before. Null if none did.
  static std::unique_ptr<Branch> fork(const Branch& from, std::int64_t last_ns, script::Json document, script::Scenario scenario);
  // A recording without a world: it can only be looked at. `scenario`: what it is said to be of, perhaps.
  explicit Branch(Recording recording, script::Scenario scenario = {});
  Branch(const Branch&) = delete;
  Branch& operator=(const Branch&) = delete;

  bool has_world() const { return has_world_; }
  bool over() const { return !recording.growing; }
  // Runs on until the trace reaches beyond this time, so many events were handled, or the run is over.
  void grow(std::int64_t until_ns, std::uint64_t most_events = UINT64_MAX);
  void grow_whole() { grow(INT64_MAX); }

  const script::Scenario& scenario() const { return scenario_; }
  const script::RunResult& result() const { return result_; }  // REQUIRES: over()
  std::uint64_t digest() const { return sim_.digest().value(); }
  std::int64_t reached_ns() const { return reached_ns_; }
  // Whether the run, once over, is one that failed; and the event that shows it, 0: none does.
  bool failed() const;
  trace::RecordId failure() const;
  // Says of each rule whether it is on, once all up to this record has happened.
  void rules_on(std::vector<Offer::Rule>& rules, trace::RecordId by) const;

  std::string name;
  std::size_t parent = 0;
  std::int64_t forked_ns = 0;
  script::Json document;      // what is saved
  std::vector<Done> deeds;    // by hand, in order of their time
  script::Json plain;         // the document without them
  Recording recording;
  std::unique_ptr<Timeline> timeline;
  std::unique_ptr<Player> player;

 private:
  struct Point {
    std::int64_t until_ns = 0;  // all that happened by then was handled, and nothing later
    world::Simulation sim;
    script::Runner runner;
    script::RunResult result;
  };
  void take_words();
  void watch();
  void keep_point();

  script::Scenario scenario_;
  bool has_world_ = false;
  world::Simulation sim_;
  script::Runner runner_{scenario_};
  script::RunResult result_;
  std::int64_t reached_ns_ = -1;
  std::int64_t slice_ns_ = 1'000'000;
  std::uint64_t point_events_ = 0;     // when the last point was kept
  std::uint64_t point_distance_ = 2'000;
  // Immutable, and shared with branches that came from here.
  std::vector<std::shared_ptr<const Point>> points_;
};

}  // namespace quorumlab::viz
