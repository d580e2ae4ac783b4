// What the keys do.
#include <algorithm>

#include "viz/panels/paint.h"

namespace quorumlab::viz {

void draw_help(const Canvas& c, const Box& box) {
  struct Line {
    const char *keys, *what;
  };
  static constexpr Line kLines[] = {
      {"Page Down N / Page Up P", "next, previous bookmark (a presenter's remote)"},
      {"Space", "play, pause; a bookmark pauses by itself"},
      {"Right / Left", "next, previous visible event"},
      {"J / K", "next, previous event of any kind"},
      {"E  M  F  V", "election, commit, fault, violation; Shift: back"},
      {"Up / Down", "faster, slower"},
      {"Home / End", "to the beginning, to the end"},
      {"mouse on the timeline", "seek"},
      {"mouse on a message", "what it says"},
      {"Shift+Up / Shift+Down", "move what is longer than its panel (or the wheel)"},
      {"W", "why? (or click on a node, a message, an event)"},
      {"I  O", "invariants, logs (or gossip); Escape goes back"},
      {"D", "diagram of space and time; again: a large one"},
      {"A", "act: write, heal, divide, a rule, a timeout ..."},
      {"Tab, 1 2 3 ...", "a host: crash, pause, cut ... (or right button)"},
      {"mouse over the ring", "a line drawn there is a partition"},
      {"G", "branches: Enter shows one, C puts it beside"},
      {"Ctrl+S", "save what was done as a scenario file"},
      {"T", "light, dark"},
      {"L", "large type"},
      {"B  .", "black screen, and back (the remote's other key)"},
      {"1 ... 5", "answer a question"},
      {"?", "this help"},
  };
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const int line = std::min(b.line_height(Size::body) + b.px(6), (box.height() - b.px(96)) / static_cast<int>(std::size(kLines)));
  const int high = line * static_cast<int>(std::size(kLines)) + b.px(80), wide = b.px(b.large() ? 1180 : 900);
  const Point m = box.middle();
  const Box panel{m.x - wide / 2, m.y - high / 2, m.x + wide / 2, m.y + high / 2};
  b.fill(panel, t.panel, b.px(10));
  b.frame(panel, palette::kBlue, b.px(3), b.px(10));
  int y = panel.top + b.px(20);
  b.text({panel.left + b.px(30), y}, "Keys", Size::title, t.text);
  y += b.px(44);
  for (const Line& each : kLines) {
    b.text({panel.left + b.px(30), y}, each.keys, Size::body, t.text);
    b.text({panel.left + b.px(b.large() ? 430 : 330), y}, each.what, Size::body, t.quiet);
    y += line;
  }
  c.remember("help", panel);
}

}  // namespace quorumlab::viz
