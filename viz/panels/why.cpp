// "Why?": from one record back along its causes, in the words of the command line and of the page.
#include <algorithm>

#include "viz/panels/mouse.h"

namespace quorumlab::viz {

void draw_why(const Canvas& c, const Box& box) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const Recording& recording = c.timeline.recording();
  const Told* last = c.timeline.story().last(c.frame.record);
  // Without a question: about what happened last.
  const trace::RecordId about = c.view.why != 0 && c.view.why <= c.timeline.size() ? c.view.why : last == nullptr ? 0 : last->record;
  if (about == 0) {
    b.paragraph({box.left, box.top}, box.width(), "Nothing happened yet.", Size::body, t.quiet);
    return;
  }
  const std::vector<trace::RecordId> chain = trace::why(recording.trace, about);
  int y = box.top;
  const int line = b.line_height(Size::small), gap = b.px(10), pad = b.px(8), bar = b.px(14);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const trace::Record& r = recording.trace[chain[i]];
    const std::string words = plain(c.timeline.story().words(recording, chain[i]));
    const Size size = i == 0 ? Size::body : Size::small;
    const int text_left = box.left + bar + pad;
    const int high = static_cast<int>(b.fold(words, box.right - text_left, size).size()) * b.line_height(size) + line;
    const bool room = y + high + (i + 1 < chain.size() ? line + gap : 0) <= box.bottom;
    if (!room && i > 0) {
      const std::size_t rest = chain.size() - i;
      b.text({text_left, y}, "... and " + std::to_string(rest) + (rest == 1 ? " cause" : " causes") + " before", Size::small, t.quiet);
      break;
    }
    const Box row{box.left, y - b.px(3), box.right, y + high + b.px(3)};
    if (hovers(c, row)) b.fill(row, t.panel, b.px(4));
    if (i == 0) b.fill({box.left, y, box.left + b.px(5), y + high}, palette::kBlue);
    if (i > 0) b.circle({box.left + b.px(6), y + line / 2}, b.px(4), t.quiet, 0, 0);
    if (i + 1 < chain.size()) b.line({box.left + b.px(6), y + high + b.px(2)}, {box.left + b.px(6), y + high + gap}, t.line, b.px(2));
    std::string when = time_text(r.time_ns);
    if (i > 0) when += "  because";
    b.text({text_left, y}, when, Size::small, t.quiet);
    b.paragraph({text_left, y + line}, box.right - text_left, words, size, t.text);
    c.remember("why:" + std::to_string(i), row);
    if (clicked(c, row)) c.acts.push_back({UiAct::Kind::seek_record, 0, Mark::nothing, chain[i]});
    y += high + gap;
  }
}

}  // namespace quorumlab::viz
