// A list in rows, with a heading where the topic changes.
#include "viz/panels/chooser.h"

#include <algorithm>

#include "viz/panels/paint.h"

namespace quorumlab::viz {
namespace {

struct Row {
  std::size_t choice = 0;
  bool heading = false;
};

std::vector<Row> rows_of(const Chooser& chooser) {
  std::vector<Row> out;
  for (std::size_t i = 0; i < chooser.choices.size(); ++i) {
    if (i == 0 || chooser.choices[i].topic != chooser.choices[i - 1].topic) out.push_back({i, true});
    out.push_back({i, false});
  }
  return out;
}

bool pressed(Key key) { return ImGui::IsKeyPressed(static_cast<int>(key), true); }

}  // namespace

void draw_chooser(Chooser& chooser, View& view) {
  view.places.clear();
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  const Brush b(view, ImGui::GetBackgroundDrawList());
  const Theme& t = b.colours();
  const int width = static_cast<int>(size.x), height = static_cast<int>(size.y), left = b.px(60), top = b.px(96);
  b.text({left, b.px(28)}, "quorumlab: what would you like to see?", Size::title, t.text);
  b.text({left, b.px(60)}, "arrows and Return, or the mouse", Size::small, t.quiet);
  if (chooser.choices.empty()) {
    b.paragraph({left, top}, width - 2 * left, "No scenarios were found. Start with a file: quorumlab-viz FILE", Size::body, t.text);
    return;
  }
  const std::size_t last = chooser.choices.size() - 1;
  if (pressed(Key::down)) chooser.at = std::min(chooser.at + 1, last);
  if (pressed(Key::up)) chooser.at = chooser.at == 0 ? 0 : chooser.at - 1;
  if (pressed(Key::home)) chooser.at = 0;
  if (pressed(Key::end)) chooser.at = last;
  const std::vector<Row> rows = rows_of(chooser);
  const int line = b.line_height(Size::body) + b.px(6), shown = std::max(1, (height - top - b.px(20)) / line);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const auto place = static_cast<int>(std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.choice == chooser.at && !r.heading; }) - rows.begin());
  chooser.scrolled -= static_cast<int>(ImGui::GetIO().MouseWheel * 3);
  // What the arrows are at is on the screen, with its heading; the wheel may leave it.
  if (ImGui::GetIO().MouseWheel == 0) chooser.scrolled = std::clamp(chooser.scrolled, place - shown + 2, std::max(place - 1, 0));
  chooser.scrolled = std::clamp(chooser.scrolled, 0, std::max(0, static_cast<int>(rows.size()) - shown));
  for (int i = 0; i < shown && chooser.scrolled + i < static_cast<int>(rows.size()); ++i) {
    const Row& row = rows[static_cast<std::size_t>(chooser.scrolled + i)];
    const Choice& choice = chooser.choices[row.choice];
    const int y = top + i * line;
    if (row.heading) {
      b.text({left, y + b.px(4)}, choice.topic, Size::body, t.quiet);
      b.line({left + b.width(choice.topic, Size::body) + b.px(14), y + line / 2}, {width - left, y + line / 2}, t.faint, b.px(2));
      continue;
    }
    const Box box{left, y, width - left, y + line};
    const bool over = mouse.x >= static_cast<float>(box.left) && mouse.x < static_cast<float>(box.right) &&
                      mouse.y >= static_cast<float>(box.top) && mouse.y < static_cast<float>(box.bottom);
    if (over && (ImGui::GetIO().MouseDelta.x != 0 || ImGui::GetIO().MouseDelta.y != 0 || ImGui::IsMouseClicked(0))) chooser.at = row.choice;
    const bool here = chooser.at == row.choice;
    if (here) b.fill(box, palette::kBlue, b.px(5));
    const int name = b.px(310);
    b.text({box.left + b.px(24), y + b.px(3)}, b.shortened(plain(choice.title), width - left - name - box.left - b.px(40), Size::body), Size::body,
           here ? palette::kWhite : t.text);
    b.text({box.right - b.px(12), y + b.px(5)}, b.shortened(choice.name, name, Size::small), Size::small, here ? palette::kWhite : t.quiet, Align::right);
    view.places.push_back({"choose:" + choice.name, box.left, box.top, box.right, box.bottom});
    if (over && ImGui::IsMouseClicked(0)) chooser.chosen = choice.file;
  }
  if (pressed(Key::enter)) chooser.chosen = chooser.choices[chooser.at].file;
}

}  // namespace quorumlab::viz
