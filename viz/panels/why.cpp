// "Why?": from one record back along its causes, in the words of the command line and of the page.
#include <algorithm>

#include "viz/panels/scroll.h"

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
  const int line = b.line_height(Size::small), gap = b.px(10), pad = b.px(8), bar = b.px(14);
  const int text_left = box.left + bar + pad;
  std::vector<std::string> words;
  std::vector<int> tops = {box.top};
  for (std::size_t i = 0; i < chain.size(); ++i) {
    words.push_back(plain(c.timeline.story().words(recording, chain[i])));
    const Size size = i == 0 ? Size::body : Size::small;
    tops.push_back(tops.back() + static_cast<int>(b.fold(words[i], box.right - text_left, size).size()) * b.line_height(size) + line + gap);
  }
  const Scrolled view(c, box, "why", about, tops.back() - box.top, true);
  for (std::size_t i = 0; i < chain.size(); ++i) {
    const trace::Record& r = recording.trace[chain[i]];
    const Size size = i == 0 ? Size::body : Size::small;
    const int y = tops[i] - view.offset(), below = tops[i + 1] - view.offset(), high = below - gap - y;
    if (below < box.top || y > box.bottom) continue;
    const Box row{box.left, y - b.px(3), box.right, y + high + b.px(3)};
    if (hovers(c, row)) b.fill(row, t.panel, b.px(4));
    if (i == 0) b.fill({box.left, y, box.left + b.px(5), y + high}, palette::kBlue);
    if (i > 0) b.circle({box.left + b.px(6), y + line / 2}, b.px(4), t.quiet, 0, 0);
    if (i + 1 < chain.size()) b.line({box.left + b.px(6), y + high + b.px(2)}, {box.left + b.px(6), y + high + gap}, t.line, b.px(2));
    std::string when = time_text(r.time_ns);
    if (i > 0) when += "  because";
    b.text({text_left, y}, when, Size::small, t.quiet);
    b.paragraph({text_left, y + line}, box.right - text_left, words[i], size, t.text);
    c.remember("why:" + std::to_string(i), row);
    if (clicked(c, row)) c.acts.push_back({UiAct::Kind::seek_record, 0, Mark::nothing, chain[i]});
  }
  // That there is more.
  const std::size_t seen = static_cast<std::size_t>(std::count_if(tops.begin(), tops.end() - 1, [&](int top) { return top - view.offset() + line < box.bottom; }));
  if (seen >= chain.size()) return;
  const std::size_t rest = chain.size() - seen;
  const std::string more = "... " + std::to_string(rest) + (rest == 1 ? " cause" : " causes") + " more" + (c.view.keys ? ": wheel, Shift+Down" : "");
  const Box foot{box.left, box.bottom - line - b.px(4), box.right, box.bottom};
  b.fill(foot, t.back);
  b.text({text_left, foot.top + b.px(4)}, b.shortened(more, box.right - text_left, Size::small), Size::small, t.quiet);
}

}  // namespace quorumlab::viz
