// What a hand is about to do: remembered by the window between frames.
#pragma once

#include <cstdint>
#include <string>

#include "viz/player/deed.h"

namespace quorumlab::viz {

// The menu that is open; of what, and how far somebody has come with it.
struct Menu {
  enum class Kind : std::uint8_t { none, host, message, messages, world, rules, settings, pick, type };
  Kind kind = Kind::none;
  std::uint32_t host = 0;
  trace::RecordId message = 0;
  std::size_t at = 0;           // the line that stands out
  int x = 0, y = 0;             // beside this
  int since = 0;                // the frame in which it was opened: its click is none of the menu's
  // On the way: what is chosen or typed completes it.
  Deed deed;
  std::string title, typed;
};

// A line over the network while it is drawn.
struct Stroke {
  bool drawn = false;
  int x = 0, y = 0;  // where it began
};

}  // namespace quorumlab::viz
