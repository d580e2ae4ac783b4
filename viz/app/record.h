// A stretch of a run as moving pictures: GIF, MP4 or a folder of PNGs, without a display.
#pragma once

#include <string>

#include "viz/app/stage.h"

namespace quorumlab::viz {

struct RecordOptions {
  std::string out;           // ends in .gif, .mp4, or is a folder's name
  std::string from, to;      // bookmarks or times; empty: the beginning, the end
  int fps = 10;              // pictures for each second of watching
  std::string speed = "1";   // of real time: "2", "1/10", "0.1"
  double hold_s = 0;         // a bookmark on the way stands still for so long
};

// 0, or an exit code after the reason was printed.
int record_run(const RecordOptions& options, const Timeline& timeline, Player& player, Stage& stage);

// Simulated nanoseconds for a second of watching; 0: it is no speed.
std::int64_t parse_speed(std::string_view text);

}  // namespace quorumlab::viz
