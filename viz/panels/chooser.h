// What to look at, for whoever started without a file: the shipped scenarios by topic.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "viz/panels/panels.h"

namespace quorumlab::viz {

struct Choice {
  std::string topic, name, title, file;
};

struct Chooser {
  std::vector<Choice> choices;  // those of a topic stand together
  std::size_t at = 0;
  int scrolled = 0;             // rows
  std::string chosen;           // a file; empty: not yet
};

// One ImGui frame between NewFrame and Render: arrows and Return, or the mouse. `view` says how.
void draw_chooser(Chooser& chooser, View& view);

}  // namespace quorumlab::viz
