// The panels' own numbering of keys, so that they need no window and a window needs no panels: places
// in ImGuiIO::KeysDown, below all of GLFW's.
#pragma once

namespace quorumlab::viz {

enum class Key : int {
  space = 1,
  left,
  right,
  up,
  down,
  page_up,
  page_down,
  home,
  end,
  help,
  theme,
  escape,
  event_next,
  event_previous,
  election,
  commit,
  fault,
  violation,
  large,
  why,
  promises,
  diagram,
  log,
  black,
  enter,
  choice_1,
  choice_2,
  choice_3,
  choice_4,
  choice_5,
  tab,
  backspace,
  save,  // with Control
};

}  // namespace quorumlab::viz
