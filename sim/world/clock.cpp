// The parts of a clock that only drifting and frozen ones need.
#include "sim/world/clock.h"

namespace quorumlab::world {
namespace {
__extension__ using Int128 = __int128;
}

void NodeClock::reset(Instant epoch, const ClockSettings& settings) {
  *this = NodeClock();
  epoch_ns_ = epoch.ns;
  steps_ns_ = settings.wall_step.ns;
  settings_ = settings;
  derive();
}

void NodeClock::change(Instant truth, const ClockSettings& settings) {
  base_reading_ns_ = monotonic(truth).ns;
  base_truth_ns_ = truth.ns;
  steps_ns_ += settings.wall_step.ns;
  settings_ = settings;
  derive();
}

void NodeClock::derive() {
  rate_ = settings_.frozen ? 0 : kTrueRate + settings_.drift_ppb;
  if (rate_ < 0) rate_ = 0;  // a clock never runs backwards; -10^9 ppb is a frozen one
  plain_ = rate_ == kTrueRate;
  shift_ns_ = base_reading_ns_ - base_truth_ns_;
  wall_shift_ns_ = epoch_ns_ + settings_.wall_offset.ns + steps_ns_;
}

// reading = base + floor(elapsed * rate / 10^9)
std::int64_t NodeClock::slow_monotonic(std::int64_t truth_ns) const {
  const Int128 elapsed = truth_ns - base_truth_ns_;
  return base_reading_ns_ + static_cast<std::int64_t>(elapsed * rate_ / kTrueRate);
}

// floor(d * rate / 10^9) >= n exactly from d = ceil(n * 10^9 / rate) on.
Instant NodeClock::slow_when(Instant reading) const {
  if (reading.ns <= base_reading_ns_) return {base_truth_ns_};
  if (rate_ == 0) return kNever;
  const Int128 needed = static_cast<Int128>(reading.ns) - base_reading_ns_;
  const Int128 elapsed = (needed * kTrueRate + rate_ - 1) / rate_;
  const Int128 truth = base_truth_ns_ + elapsed;
  return truth >= kNever.ns ? kNever : Instant{static_cast<std::int64_t>(truth)};
}

}  // namespace quorumlab::world
