// What a sweep measures in one run: watchers that look on and come to one number.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/script/runner.h"

namespace quorumlab::cli {

struct MeasureInfo {
  const char* name;
  bool is_time;  // nanoseconds; else a count
  const char* meaning;
  bool of_serf = false;  // what agents believe and hear
};
const std::vector<MeasureInfo>& measures();
const MeasureInfo* find_measure(const std::string& name);

class Measure : public script::Watcher {
 public:
  // Measures from the beginning of the step with this bookmark on; empty: from the start.
  Measure(const MeasureInfo& info, std::string since) : info_(&info), since_(std::move(since)) {}
  void begin(const world::Simulation& sim) override;
  void step_begun(const world::Simulation& sim, const script::Step& step) override;
  bool after_event(const world::Simulation& sim) override;
  // After the run: the value, if there is one.
  std::optional<std::int64_t> value(const world::Simulation& sim);

 private:
  void start(const world::Simulation& sim);
  bool serf_after_event(const world::Simulation& sim);
  void look_for_failures(const world::Simulation& sim);
  std::uint64_t campaigns(const world::Simulation& sim) const { return sim.count(Fact::became_candidate); }

  const MeasureInfo* info_;
  std::string since_;
  bool started_ = false;
  Instant from_;
  std::uint64_t leaders_ = 0, campaigns_ = 0, packets_ = 0, events_ = 0, finished_ = 0;
  std::size_t operations_ = 0;
  std::optional<std::int64_t> value_;
  Instant last_;
  bool available_ = false;
  Duration unavailable_;
  // Of serf: how much news there was when it was looked at last, whom each agent took for failed then,
  // and user events that each had taken before.
  std::uint64_t news_ = 0, failures_ = 0, wrong_failures_ = 0;
  std::vector<bool> failed_;
  std::vector<std::uint64_t> had_;
};

}  // namespace quorumlab::cli
