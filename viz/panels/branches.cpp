// Branches: which one is shown, the tree of them, and two side by side.
#include <algorithm>

#include "viz/panels/acts.h"

namespace quorumlab::viz {
namespace {

bool pressed(Key key, bool repeat = false) { return ImGui::IsKeyPressed(static_cast<int>(key), repeat); }

void ask(const Canvas& c, UiAct::Kind kind, std::size_t branch) {
  UiAct act;
  act.kind = kind;
  act.number = branch;
  c.acts.push_back(std::move(act));
}

bool typed(char letter) {
  const auto& letters = ImGui::GetIO().InputQueueCharacters;
  return std::find(letters.begin(), letters.end(), static_cast<ImWchar>(letter)) != letters.end();
}

// The tree from its root, each branch before those that came of it.
std::vector<std::size_t> in_order(const std::vector<Offer::Branch>& all) {
  std::vector<std::size_t> out, open = {0};
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    out.push_back(at);
    for (std::size_t i = all.size(); i-- > at + 1;) {
      if (all[i].parent == at) open.push_back(i);
    }
  }
  return out;
}

}  // namespace

void draw_branch_name(const Canvas& c, const Box& area, bool beside) {
  const Offer& offer = *c.view.offer;
  if (offer.branches.size() < 2 || (beside && !offer.beside)) return;
  const Brush& b = c.brush;
  const Offer::Branch& branch = offer.branches[beside ? *offer.beside : offer.shown];
  // Left of the host at the top of the ring.
  const int room = area.width() / 2 - b.px(90);
  const std::vector<std::string> lines = b.fold(plain(branch.name), room, Size::body);
  const int shown = std::min<int>(static_cast<int>(lines.size()), 3);
  int wide = 0;
  for (const std::string& each : lines) wide = std::max(wide, b.width(each, Size::body));
  wide = std::min(wide, room) + b.px(20);
  const Box box{area.left + b.px(12), area.top + b.px(8), area.left + b.px(12) + wide,
                area.top + b.px(14) + shown * b.line_height(Size::body)};
  b.fill(box, b.colours().panel, b.px(5));
  b.frame(box, palette::kPurple, b.px(2), b.px(5));
  b.paragraph({box.left + b.px(10), box.top + b.px(3)}, room, plain(branch.name), Size::body, b.colours().text, 3);
  c.remember("branch", box);
}

bool draw_branches(const Canvas& c, const Box& box) {
  View& view = c.view;
  const Offer& offer = *view.offer;
  if (typed('g') || typed('G')) {
    view.branches = !view.branches;
    view.branch_at = offer.shown;
  }
  if (!view.branches || offer.branches.empty()) return false;
  const std::vector<std::size_t> order = in_order(offer.branches);
  view.branch_at = std::min(view.branch_at, offer.branches.size() - 1);
  auto at = static_cast<std::size_t>(std::find(order.begin(), order.end(), view.branch_at) - order.begin());
  bool taken = true;
  // What is put beside is to be seen.
  const auto compare = [&](std::size_t branch) {
    ask(c, UiAct::Kind::compare_branch, branch);
    view.branches = false;
  };
  if (pressed(Key::down, true)) at = (at + 1) % order.size();
  else if (pressed(Key::up, true)) at = (at + order.size() - 1) % order.size();
  else if (pressed(Key::escape)) view.branches = false;
  else if (pressed(Key::enter)) ask(c, UiAct::Kind::show_branch, view.branch_at);
  else if (typed('c') || typed('C')) compare(view.branch_at);
  else taken = false;
  view.branch_at = order[std::min(at, order.size() - 1)];

  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const int line = b.line_height(Size::body) + b.px(8), pad = b.px(12);
  b.fill(box, t.panel, b.px(8));
  b.frame(box, palette::kPurple, b.px(3), b.px(8));
  c.remember("branches", box);
  b.text({box.left + pad, box.top + pad}, "Branches", Size::title, t.text);
  int y = box.top + pad + b.line_height(Size::title) + b.px(10);
  const int bottom = box.bottom - pad - 3 * b.line_height(Size::small) - b.px(6);
  const auto most = static_cast<std::size_t>(std::max(1, (bottom - y) / line));
  const std::size_t first = at >= most ? at - most + 1 : 0;
  for (std::size_t i = first; i < order.size() && i < first + most; ++i) {
    const Offer::Branch& branch = offer.branches[order[i]];
    const Box row{box.left + b.px(5), y - b.px(4), box.right - b.px(5), y + line - b.px(4)};
    const bool here = order[i] == view.branch_at;
    if (here) b.fill(row, palette::kBlue, b.px(4));
    const ImU32 ink = here ? palette::kWhite : t.text;
    const int indent = b.px(18) * static_cast<int>(std::min<std::size_t>(branch.depth, 6));
    const int left = box.left + pad + b.px(16) + indent;
    if (branch.depth > 0) {
      b.line({left - b.px(13), y - b.px(2)}, {left - b.px(13), y + line / 2 - b.px(3)}, t.line, b.px(2));
      b.line({left - b.px(13), y + line / 2 - b.px(3)}, {left - b.px(4), y + line / 2 - b.px(3)}, t.line, b.px(2));
    }
    if (order[i] == offer.shown) b.polygon({box.left + pad + b.px(4), y + b.line_height(Size::body) / 2}, b.px(7), 3, 0, ink, 0, 0);
    else if (offer.beside == order[i]) b.circle({box.left + pad + b.px(4), y + b.line_height(Size::body) / 2}, b.px(5), 0, ink, b.px(2));
    const int cross = branch.failed ? b.px(22) : 0;
    b.text({left, y}, b.shortened(plain(branch.name), box.right - pad - left - cross, Size::body), Size::body, ink);
    if (branch.failed) b.cross({box.right - pad - b.px(6), y + b.line_height(Size::body) / 2}, b.px(6), here ? ink : t.bad, b.px(3));
    c.remember("branch:" + std::to_string(order[i]), row);
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const bool over = mouse.x >= static_cast<float>(row.left) && mouse.x < static_cast<float>(row.right) &&
                      mouse.y >= static_cast<float>(row.top) && mouse.y < static_cast<float>(row.bottom);
    if (over && ImGui::IsMouseClicked(0)) ask(c, UiAct::Kind::show_branch, order[i]);
    if (over && ImGui::IsMouseClicked(1)) compare(order[i]);
    y += line;
  }
  b.paragraph({box.left + pad, bottom + b.px(4)}, box.width() - 2 * pad,
              "Enter or a click: show it; C or the right button: beside the one shown; Ctrl+S: save; G: close. A cross: it failed.",
              Size::small, t.quiet, 3);
  return taken;
}

namespace {
// Who stands still there is not at work any more.
void say_ended(const Canvas& c, const Box& area, std::int64_t end_ns) {
  const Brush& b = c.brush;
  b.fill(area, (b.colours().back & ~IM_COL32_A_MASK) | 0x90000000u);
  const std::string text = "ended at " + time_text(end_ns);
  const int wide = b.width(text, Size::title) + b.px(28), high = b.line_height(Size::title) + b.px(14);
  const Point m = area.middle();
  const Box box{m.x - wide / 2, m.y - high / 2, m.x + wide / 2, m.y + high / 2};
  b.fill(box, b.colours().panel, b.px(6));
  b.frame(box, palette::kPurple, b.px(3), b.px(6));
  b.text({m.x, box.top + b.px(7)}, text, Size::title, b.colours().text, Align::centre);
  c.remember("ended", box);
}
}  // namespace

void draw_two_networks(const Canvas& c, const Box& box) {
  const Offer& offer = *c.view.offer;
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const int text = 3 * b.line_height(Size::body) + b.px(16), middle = box.middle().x;
  const Box left{box.left, box.top, middle, box.bottom - text}, right{middle, box.top, box.right, box.bottom - text};
  draw_network(c, left);
  b.line({middle, box.top + b.px(8)}, {middle, left.bottom - b.px(8)}, t.line, b.px(2));

  // The other one is only looked at: what lies under the mouse there is none of this run's.
  View& view = c.view;
  const trace::RecordId hovered = view.hovered, next = view.hovered_next;
  ImGuiIO& io = ImGui::GetIO();
  const ImVec2 mouse = io.MousePos;
  io.MousePos = ImVec2(-1e6f, -1e6f);
  view.hovered = 0;
  view.beside = true;
  ImGui::PushID("beside");
  const Canvas other{*offer.beside_timeline, *offer.beside_frame, c.player, view, b, c.acts};
  draw_network(other, right);
  const std::int64_t end_ns = offer.beside_timeline->end_ns();
  if (!offer.beside_timeline->recording().growing && c.frame.time_ns > end_ns) say_ended(other, right, end_ns);
  ImGui::PopID();
  view.beside = false;
  view.hovered = hovered;
  view.hovered_next = next;
  io.MousePos = mouse;

  const Box words{box.left + b.px(16), left.bottom, box.right - b.px(16), box.bottom};
  const bool before = offer.differs_ns && c.frame.time_ns < *offer.differs_ns;
  b.paragraph({words.left, words.top + b.px(4)}, words.width(), plain(offer.difference), Size::body, before ? t.quiet : t.text, 3);
  c.remember("difference in words", words);
}

}  // namespace quorumlab::viz
