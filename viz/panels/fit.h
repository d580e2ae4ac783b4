// How the side column gives way when its room is short: choices, tabs and type shrink, so that the
// caption stays whole and the quorum and the truths stay on the screen.
#pragma once

#include "viz/panels/paint.h"

namespace quorumlab::viz {

struct Fit {
  Size title = Size::title, caption = Size::body, ask = Size::body;
  bool dense = false;       // choices stand closer to each other
  bool flat = false;        // the quorum in two lines, truths in small type
  bool tabs = true;
  bool brief = false;       // choices in one line each
  bool ask_plain = false;   // questions in normal type on a screen of large type
  bool words_plain = false;  // the caption, too
  bool all_plain = false;    // the quorum and the truths, too
};

// From all the room there is to none; the last is as small as it gets.
inline constexpr int kFits = 9;
inline Fit fit_of(int level, bool large) {
  Fit out;
  if (large) out.ask = Size::small;
  if (level >= 1) out.dense = true, out.ask = Size::small;
  if (level >= 2) out.flat = true;
  if (level >= 3) out.title = Size::body;
  if (level >= 4) out.caption = Size::small;
  if (level >= 5) out.tabs = false;
  if (level >= 6) out.ask_plain = true;
  if (level >= 7) out.words_plain = out.all_plain = true;
  if (level >= 8) out.title = Size::small, out.brief = true;
  return out;
}

int draw_lesson(const Canvas& canvas, const Box& box, const Fit& fit, int bottom);  // lesson.cpp; answers where it ends

}  // namespace quorumlab::viz
