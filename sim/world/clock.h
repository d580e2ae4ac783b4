// A node's two clocks as functions of true time: straight lines between the moments at which
// somebody changes them. Drift and freezing act on both, offset and steps on the wall clock only.
// All in integers, with an exact inverse, so that a node is woken at the first nanosecond its own
// clock says.
#pragma once

#include <cstdint>

#include "core/base/hash.h"
#include "core/base/types.h"
#include "sim/world/action.h"

namespace quorumlab::world {

class NodeClock {
 public:
  // At true time 0 the monotonic clock shows 0 and the wall clock `epoch` plus the offset.
  void reset(Instant epoch, const ClockSettings& settings);
  // From `truth` on. The monotonic clock goes on from where it is, at the new rate.
  void change(Instant truth, const ClockSettings& settings);

  const ClockSettings& settings() const { return settings_; }

  Instant monotonic(Instant truth) const {
    if (plain_) return {truth.ns + shift_ns_};
    return {slow_monotonic(truth.ns)};
  }
  Now now(Instant truth) const {
    const Instant m = monotonic(truth);
    return {m, {m.ns + wall_shift_ns_}};
  }
  // The first true time at which the monotonic clock shows `reading` or more; may lie in the past.
  // kNever if that never comes.
  Instant when(Instant reading) const {
    if (reading == kNever) return kNever;
    if (plain_) return {reading.ns - shift_ns_};
    return slow_when(reading);
  }

 private:
  std::int64_t slow_monotonic(std::int64_t truth_ns) const;
  Instant slow_when(Instant reading) const;
  void derive();

  bool plain_ = true;               // runs at the true rate
  std::int64_t shift_ns_ = 0;       // monotonic - true, while plain
  std::int64_t wall_shift_ns_ = 0;  // wall - monotonic
  std::int64_t base_truth_ns_ = 0;  // since when the line goes this way
  std::int64_t base_reading_ns_ = 0;
  std::int64_t rate_ = kTrueRate;  // monotonic nanoseconds in 10^9 true ones; 0: frozen
  std::int64_t epoch_ns_ = 0;
  std::int64_t steps_ns_ = 0;  // sum of the steps so far
  ClockSettings settings_;

  static constexpr std::int64_t kTrueRate = 1'000'000'000;
};

}  // namespace quorumlab::world
