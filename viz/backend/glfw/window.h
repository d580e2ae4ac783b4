// A real window: GLFW, OpenGL 3, and their part of Dear ImGui. It knows nothing of what is drawn.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace quorumlab::viz {

struct WindowOptions {
  std::string title;
  int width = 1280, height = 800;
  long frames = -1;  // closes after so many; -1: when somebody closes it
};

struct WindowCalls {
  std::function<void(int width, int height)> begin;  // once, with a context: add fonts
  // Between NewFrame and Render, with the real time since the last frame.
  std::function<void(std::int64_t real_ns)> draw;
  std::function<std::uint32_t()> background;  // 0xRRGGBB
  std::function<bool()> done;                 // closes the window; may be missing
};

// Answers false, with the reason, if there is no display or no OpenGL.
bool run_window(const WindowOptions& options, const WindowCalls& calls, std::string& problem);

}  // namespace quorumlab::viz
