// What the checkers promise, and whether each promise held so far.
#include <algorithm>
#include <array>

#include "sim/trace/checkers.h"
#include "viz/panels/mouse.h"

namespace quorumlab::viz {
namespace {

struct Promise {
  const char *name, *text;
};
constexpr auto kPromises = std::to_array<Promise>({
#define X(name, promise, source) {#name, promise},
    QUORUMLAB_CHECKERS(X)
#undef X
});

}  // namespace

void draw_promises(const Canvas& c, const Box& box) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const Recording& recording = c.timeline.recording();
  std::vector<std::uint32_t> all = recording.checkers;
  std::array<trace::RecordId, kPromises.size()> broken{};
  for (const trace::RecordId id : c.timeline.violations()) {
    const auto number = recording.trace[id].a;
    if (id > c.frame.record || number >= broken.size()) continue;
    if (broken[number] == 0) broken[number] = id;
    if (std::find(all.begin(), all.end(), number) == all.end()) all.push_back(static_cast<std::uint32_t>(number));
  }
  if (all.empty()) {
    b.paragraph({box.left, box.top}, box.width(), "No checker watches this run.", Size::body, t.quiet);
    return;
  }
  // What was broken stands first.
  std::stable_partition(all.begin(), all.end(), [&](std::uint32_t n) { return broken[n] != 0; });
  const int line = b.line_height(Size::small), left = box.left + b.px(26), wide = box.right - left;
  const auto lines_of = [&](std::uint32_t n, int most) {
    return std::min(most, static_cast<int>(b.fold(kPromises[n].text, wide, Size::small).size()));
  };
  int whole = 0;
  for (const std::uint32_t n : all) whole += lines_of(n, 2) * line + b.px(5);
  const int most = box.top + whole <= box.bottom ? 2 : 1;
  int y = box.top;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::uint32_t n = all[i];
    const bool bad = broken[n] != 0;
    std::string text = kPromises[n].text;
    int high = lines_of(n, most) * line;
    std::string what;
    if (bad) {
      what = time_text(recording.trace[broken[n]].time_ns) + "  " + plain(c.timeline.story().words(recording, broken[n]));
      high = (lines_of(n, 2) + static_cast<int>(b.fold(what, wide, Size::small).size())) * line;
    }
    if (y + high > box.bottom) {
      b.text({left, y}, "... and " + std::to_string(all.size() - i) + " more, which held", Size::small, t.quiet);
      break;
    }
    const Point mark{box.left + b.px(10), y + line / 2};
    if (bad) b.cross(mark, b.px(6), t.bad, b.px(3));
    else b.tick(mark, b.px(7), t.good);
    const int used = b.paragraph({left, y}, wide, text, Size::small, bad ? t.bad : t.text, bad ? 2 : most);
    if (bad) b.paragraph({left, y + used}, wide, what, Size::small, t.text);
    std::string name = kPromises[n].name;
    std::replace(name.begin(), name.end(), '_', '-');
    const Box row{box.left, y, box.right, y + high};
    if (hovers(c, row)) ImGui::SetTooltip("%s\n%s", name.c_str(), kPromises[n].text);
    if (bad && clicked(c, row)) {
      c.acts.push_back({UiAct::Kind::seek_record, 0, Mark::nothing, broken[n]});
      c.view.why = broken[n];
    }
    c.remember("promise:" + name, row);
    y += high + b.px(5);
  }
}

}  // namespace quorumlab::viz
