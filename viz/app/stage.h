// A screen without a display: panels are drawn into memory, mouse and keys come from the caller.
// Pictures, recordings and scripts are made on it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "viz/backend/software/rasteriser.h"
#include "viz/panels/panels.h"
#include "viz/session/session.h"

namespace quorumlab::viz {

// Does what the panels asked for: the window's own acts change `view`, the others go to the session.
void do_acts(const std::vector<UiAct>& acts, Session& session, View& view);

// One ImGui frame of the branch that is shown, at its cursor.
void draw_session(Session& session, Frame& frame, View& view, std::vector<UiAct>& acts);

// Only one may exist at a time: Dear ImGui's context is the process's.
class Stage {
 public:
  // The session must outlive the stage.
  Stage(Session& session, int width, int height);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // One frame: so much real time goes by, panels are drawn, and what they ask for is done.
  void step(std::int64_t real_ns);
  // What the last frame looks like.
  const Image& picture();

  void point_at(int x, int y);
  void press(int button, bool down);
  void press(Key key, bool down);
  void shift(bool down);
  void control(bool down);
  void wheel(int notches);
  void letter(char c);

  View view;

 private:
  Session& session_;
  Rasteriser rasteriser_;
  Frame frame_;
  Image image_;
  std::vector<UiAct> acts_;
};

}  // namespace quorumlab::viz
