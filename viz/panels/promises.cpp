// What the checkers promise, and whether each promise held so far.
#include <algorithm>
#include <array>

#include "sim/trace/checkers.h"
#include "viz/panels/scroll.h"

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
  const bool counted = recording.checks.size() >= kPromises.size();
  // As the command line has it: who never looked has held nothing.
  const auto text_of = [&](std::uint32_t n) {
    const std::string text = kPromises[n].text;
    if (broken[n] != 0 || !counted) return text;
    if (recording.undecided && kPromises[n].name == std::string_view("linearizability")) return "unknown: " + text;
    return recording.checks[n] == 0 ? "no case" + std::string(recording.growing ? " yet: " : ": ") + text : text;
  };
  struct Row {
    std::string text, what;
    int text_high = 0, high = 0;
  };
  std::vector<Row> rows;
  const std::string note = counted ? "" : "This recording does not say how often each looked.";
  const int first = note.empty() ? 0 : static_cast<int>(b.fold(note, box.width(), Size::small).size()) * line + b.px(5);
  int whole = first;
  for (const std::uint32_t n : all) {
    Row row{text_of(n), "", 0, 0};
    row.text_high = static_cast<int>(b.fold(row.text, wide, Size::small).size()) * line;
    if (broken[n] != 0) row.what = time_text(recording.trace[broken[n]].time_ns) + "  " + plain(c.timeline.story().words(recording, broken[n]));
    row.high = row.text_high + (row.what.empty() ? 0 : static_cast<int>(b.fold(row.what, wide, Size::small).size()) * line);
    whole += row.high + b.px(5);
    rows.push_back(std::move(row));
  }
  const Scrolled view(c, box, "promises", 0, whole, true);
  if (!note.empty()) b.paragraph({box.left, box.top - view.offset()}, box.width(), note, Size::small, t.quiet);
  int y = box.top - view.offset() + first;
  for (std::size_t i = 0; i < all.size(); y += rows[i].high + b.px(5), ++i) {
    if (y > box.bottom || y + rows[i].high < box.top) continue;
    const std::uint32_t n = all[i];
    const bool bad = broken[n] != 0;
    const bool held = !bad && counted && rows[i].text == kPromises[n].text;
    const Point mark{box.left + b.px(10), y + line / 2};
    if (bad) b.cross(mark, b.px(6), t.bad, b.px(3));
    else if (held) b.tick(mark, b.px(7), t.good);
    else if (counted) b.line({mark.x - b.px(6), mark.y}, {mark.x + b.px(6), mark.y}, t.line, b.px(3));
    else b.circle(mark, b.px(5), 0, t.quiet, b.px(2));
    b.paragraph({left, y}, wide, rows[i].text, Size::small, bad ? t.bad : held || !counted ? t.text : t.quiet);
    if (bad) b.paragraph({left, y + rows[i].text_high}, wide, rows[i].what, Size::small, t.text);
    std::string name = kPromises[n].name;
    std::replace(name.begin(), name.end(), '_', '-');
    const Box row{box.left, y, box.right, y + rows[i].high};
    if (hovers(c, row)) {
      const std::string looked = counted ? "looked " + std::to_string(recording.checks[n]) + " times" + (recording.growing ? " so far" : " in this run") : "";
      ImGui::SetTooltip("%s\n%s", name.c_str(), looked.c_str());
    }
    if (bad && clicked(c, row)) {
      c.acts.push_back({UiAct::Kind::seek_record, 0, Mark::nothing, broken[n]});
      c.view.why = broken[n];
    }
    c.remember("promise:" + name, row);
    if (held) c.remember("held:" + name, row);
  }
}

}  // namespace quorumlab::viz
