// A part of a panel that is higher than its room: the wheel above it, or Shift+Up and Shift+Down, moves it.
#pragma once

#include <cstdint>

#include "viz/panels/mouse.h"

namespace quorumlab::viz {

// While it lives, what is drawn is cut to `box`; rows belong at their places less offset().
class Scrolled {
 public:
  // `about`: of what `name` is drawn; another one begins at its top. `whole`: the height of all rows.
  Scrolled(const Canvas& canvas, const Box& box, const char* name, std::uint64_t about, int whole, bool takes_keys);
  ~Scrolled();
  Scrolled(const Scrolled&) = delete;
  Scrolled& operator=(const Scrolled&) = delete;
  int offset() const { return offset_; }

 private:
  const Canvas& canvas_;
  Box box_;
  int whole_, offset_ = 0;
};

}  // namespace quorumlab::viz
