// Wheel, keys, and the bar that says where one is.
#include "viz/panels/scroll.h"

#include <algorithm>

namespace quorumlab::viz {

Scrolled::Scrolled(const Canvas& canvas, const Box& box, const char* name, std::uint64_t about, int whole, bool takes_keys)
    : canvas_(canvas), box_(box), whole_(whole) {
  View& view = canvas.view;
  auto found = std::find_if(view.scrolls.begin(), view.scrolls.end(), [&](const View::Scroll& s) { return s.name == name; });
  if (found == view.scrolls.end()) found = view.scrolls.insert(found, {name, about, 0});
  if (found->about != about) *found = {name, about, 0};
  const int most = std::max(0, whole - box.height()), step = 2 * canvas.brush.line_height(Size::small);
  const ImGuiIO& io = ImGui::GetIO();
  const auto pressed = [&](Key key) { return takes_keys && io.KeyShift && ImGui::IsKeyPressed(static_cast<int>(key), true); };
  if (most > 0) {
    if (hovers(canvas, box)) found->offset -= static_cast<int>(io.MouseWheel * static_cast<float>(step));
    if (pressed(Key::down)) found->offset += step;
    if (pressed(Key::up)) found->offset -= step;
    view.scrolls_now |= takes_keys;
  }
  offset_ = found->offset = std::clamp(found->offset, 0, most);
  view.clip_top = box.top;
  view.clip_bottom = box.bottom;
  canvas.brush.list()->PushClipRect(Point{box.left - canvas.brush.px(4), box.top}.at(), Point{box.right + canvas.brush.px(12), box.bottom}.at(), true);
}

Scrolled::~Scrolled() {
  canvas_.view.clip_top = canvas_.view.clip_bottom = 0;
  if (whole_ > box_.height()) {
    const Brush& b = canvas_.brush;
    const int high = std::max(b.px(16), box_.height() * box_.height() / whole_);
    const int top = box_.top + (box_.height() - high) * offset_ / std::max(1, whole_ - box_.height());
    const int left = box_.right + b.px(4);
    b.fill({left, box_.top, left + b.px(6), box_.bottom}, b.colours().faint, b.px(3));
    b.fill({left, top, left + b.px(6), top + high}, b.colours().line, b.px(3));
  }
  canvas_.brush.list()->PopClipRect();
}

}  // namespace quorumlab::viz
