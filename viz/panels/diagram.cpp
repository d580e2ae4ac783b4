// The space-time diagram: hosts side by side, time downwards and to scale, around the cursor that all
// panels share. What a host was is its line's look; what went between them are arrows.
#include <algorithm>
#include <cmath>

#include "core/raft/message.h"
#include "viz/panels/family.h"
#include "viz/panels/mouse.h"

namespace quorumlab::viz {
namespace {

constexpr std::int64_t kNearest = 2'000'000, kFurthest = 600'000'000'000;
constexpr std::size_t kMostArrows = 1'500;

struct Window {
  std::int64_t from_ns, to_ns;
  int top, bottom;
  int y(std::int64_t ns) const {
    return top + static_cast<int>(std::lround(static_cast<double>(ns - from_ns) / static_cast<double>(to_ns - from_ns) * (bottom - top)));
  }
  std::int64_t time(int at) const {
    return from_ns + static_cast<std::int64_t>(static_cast<double>(at - top) / (bottom - top) * static_cast<double>(to_ns - from_ns));
  }
};

class Diagram {
 public:
  Diagram(const Canvas& c, const Box& box) : c_(c), b_(c.brush), t_(c.brush.colours()), box_(box) {
    choose_hosts();
    View& view = c.view;
    if (view.diagram_ns == 0) view.diagram_ns = c.timeline.has_raft() ? 400'000'000 : 2'000'000'000;
    if (hovers(c, box) && ImGui::GetIO().MouseWheel != 0) {
      const double factor = ImGui::GetIO().MouseWheel > 0 ? 0.8 : 1.25;
      view.diagram_ns = std::clamp(static_cast<std::int64_t>(static_cast<double>(view.diagram_ns) * factor), kNearest, kFurthest);
    }
    window_.top = box.top + b_.line_height(Size::small) + b_.px(8);
    window_.bottom = box.bottom;
    // More of what was than of what will be.
    window_.from_ns = c.frame.time_ns - view.diagram_ns * 7 / 10;
    window_.to_ns = window_.from_ns + view.diagram_ns;
  }

  void draw() {
    b_.list()->PushClipRect(Point{box_.left, box_.top}.at(), Point{box_.right, box_.bottom}.at(), true);
    draw_axis();
    draw_bookmarks();
    for (const std::uint32_t host : hosts_) draw_life(host);
    draw_flights();
    draw_exchanges();
    draw_events();
    name_bookmarks();
    draw_heads();
    const int now = window_.y(c_.frame.time_ns);
    b_.line({box_.left, now}, {lanes_right_, now}, t_.text, b_.px(2));
    b_.list()->PopClipRect();
    answer_mouse();
    c_.remember("diagram", box_);
  }

 private:
  void choose_hosts() {
    for (std::uint32_t n = 1; n <= c_.frame.hosts.size(); ++n) {
      if (c_.timeline.has_kind(n, Host::Kind::server)) hosts_.push_back(n);
    }
    for (std::uint32_t n = 1; n <= c_.frame.hosts.size(); ++n) {
      if (!c_.timeline.has_kind(n, Host::Kind::server) && c_.timeline.busy(n)) hosts_.push_back(n);
    }
    if (!hosts_.empty()) common_ = plain(c_.title(hosts_[0]));
    for (const std::uint32_t host : hosts_) {
      while (c_.timeline.has_kind(host, Host::Kind::server) && !plain(c_.title(host)).starts_with(common_)) common_.pop_back();
    }
    constexpr std::size_t kMost = 40;
    if (hosts_.size() > kMost) hosts_.resize(kMost);
    // In a wide place the words of what happens stand on the right.
    const int axis = b_.width(time_text(c_.timeline.end_ns()), Size::small) + b_.px(16);
    const int words = box_.width() > b_.px(700) ? box_.width() * 2 / 5 : 0;
    lanes_left_ = box_.left + axis;
    lanes_right_ = box_.right - words;
    words_ = words > 0;
  }
  int x(std::uint32_t host) const {
    const auto at = std::find(hosts_.begin(), hosts_.end(), host);
    if (at == hosts_.end()) return -1;
    const int wide = lanes_right_ - lanes_left_, many = static_cast<int>(hosts_.size());
    return lanes_left_ + wide * (2 * static_cast<int>(at - hosts_.begin()) + 1) / (2 * many);
  }

  void draw_axis() {
    std::int64_t step = 1'000'000;
    for (int i = 0; (window_.to_ns - window_.from_ns) / step * b_.px(44) > window_.bottom - window_.top; ++i) {
      step = step / (i % 3 == 1 ? 2 : 1) * (i % 3 == 1 ? 5 : 2);
    }
    for (std::int64_t at = std::max<std::int64_t>(0, (window_.from_ns + step - 1) / step * step);
         at <= std::min(window_.to_ns, c_.timeline.end_ns()); at += step) {
      const int y = window_.y(at);
      b_.line({lanes_left_ - b_.px(6), y}, {lanes_right_, y}, t_.faint, b_.px(1));
      b_.text({lanes_left_ - b_.px(10), y - b_.line_height(Size::small) / 2}, time_text(at), Size::small, t_.quiet, Align::right);
    }
  }

  void draw_bookmarks() {
    for (const Bookmark& m : c_.timeline.bookmarks()) {
      const int y = window_.y(m.at.time_ns);
      if (y < window_.top || y > window_.bottom) continue;
      b_.dashes({lanes_left_, y}, {lanes_right_, y}, palette::kBlue, b_.px(1), b_.px(5), b_.px(4));
    }
  }
  void name_bookmarks() {
    for (const Bookmark& m : c_.timeline.bookmarks()) {
      const int y = window_.y(m.at.time_ns);
      if (y < window_.top || y > window_.bottom || words_) continue;
      const std::string text = b_.shortened(plain(m.text), lanes_right_ - lanes_left_ - b_.px(8), Size::small);
      b_.fill({lanes_right_ - b_.width(text, Size::small) - b_.px(6), y + b_.px(2), lanes_right_, y + b_.px(2) + b_.line_height(Size::small)},
              t_.panel, b_.px(3));
      b_.text({lanes_right_ - b_.px(3), y + b_.px(2)}, text, Size::small, t_.text, Align::right);
    }
  }

  void draw_life(std::uint32_t host) {
    const auto& looks = c_.timeline.weave().looks(host);
    auto at = std::upper_bound(looks.begin(), looks.end(), window_.from_ns, [](std::int64_t ns, const Look& l) { return ns < l.from_ns; });
    if (at != looks.begin()) --at;
    const int middle = x(host);
    for (; at != looks.end() && at->from_ns <= window_.to_ns; ++at) {
      const std::int64_t end = at + 1 == looks.end() ? c_.timeline.end_ns() : (at + 1)->from_ns;
      const int from = std::max(window_.y(at->from_ns), window_.top), to = std::min(window_.y(end), window_.bottom);
      if (to <= from) continue;
      const int half = b_.px(5);
      const Box bar{middle - half, from, middle + half, to};
      switch (at->process) {
        case Host::Process::absent: break;
        case Host::Process::killed:
        case Host::Process::crashed:
        case Host::Process::stopped:
          b_.dashes({middle, from}, {middle, to}, t_.line, b_.px(2), b_.px(3), b_.px(7));
          if (at->from_ns >= window_.from_ns) b_.cross({middle, from}, b_.px(7), t_.bad, b_.px(4));
          break;
        case Host::Process::paused: b_.dashes({middle, from}, {middle, to}, t_.bad, b_.px(3), b_.px(8), b_.px(5)); break;
        case Host::Process::up:
          if (at->role == Host::Role::leader || at->holds) {
            b_.fill(bar, palette::kOrange, b_.px(3));
          } else if (at->role == Host::Role::candidate || at->role == Host::Role::pre_candidate) {
            b_.fill(bar, at->role == Host::Role::candidate ? palette::kYellow : t_.back, b_.px(3));
            b_.frame(bar, t_.text, b_.px(2), b_.px(3));
          } else {
            b_.line({middle, from}, {middle, to}, c_.timeline.has_kind(host, Host::Kind::server) ? palette::kSky : t_.quiet, b_.px(4));
          }
          break;
      }
    }
  }

  // What the mouse is nearest to, of all that was drawn.
  void offer(Point a, Point b, trace::RecordId record) {
    const ImVec2 m = ImGui::GetIO().MousePos;
    const double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
    const double along = length == 0 ? 0 : std::clamp(((m.x - a.x) * dx + (m.y - a.y) * dy) / length, 0.0, 1.0);
    const double off_x = m.x - (a.x + along * dx), off_y = m.y - (a.y + along * dy), off = off_x * off_x + off_y * off_y;
    const double near = b_.px(8);
    if (off > near * near || (nearest_ != 0 && off >= nearest_off_)) return;
    nearest_ = record;
    nearest_off_ = off;
  }
  void arrow(std::uint32_t source, std::uint32_t target, std::int64_t sent, std::int64_t ended, bool lost, ImU32 colour, bool faint,
             trace::RecordId record) {
    const int from_x = x(source), to_x = x(target);
    if (from_x < 0 || to_x < 0 || source == target) return;
    const int side = to_x > from_x ? 1 : -1;
    const Point from{from_x + side * b_.px(5), window_.y(sent)};
    Point to{to_x - side * b_.px(5), window_.y(ended)};
    if (lost) to = {from.x + (to.x - from.x) * 6 / 10, from.y + (to.y - from.y) * 6 / 10};
    const bool marked = c_.view.hovered == record;
    const ImU32 ink = lost ? t_.line : faint && !marked ? (colour & ~IM_COL32_A_MASK) | 0x60000000u : colour;
    b_.line(from, to, ink, b_.px(marked ? 4 : faint ? 1 : 2));
    if (lost) b_.cross(to, b_.px(5), t_.bad, b_.px(2));
    else if (ended <= window_.to_ns) b_.arrow_head(to, from, b_.px(faint ? 6 : 9), ink);
    offer(from, to, record);
  }

  void draw_flights() {
    const auto& all = c_.timeline.flights();
    auto at = std::lower_bound(all.begin(), all.end(), window_.from_ns, [](const Flight& f, std::int64_t ns) { return f.sent_ns < ns; });
    // Some were on their way already.
    for (int back = 0; back < 400 && at != all.begin(); ++back) --at;
    std::size_t drawn = 0;
    for (; at != all.end() && at->sent_ns <= window_.to_ns; ++at) {
      const std::int64_t ends = at->ended == 0 ? at->sent_ns + 20'000'000 : at->ended_ns;
      if (ends < window_.from_ns) continue;
      if (++drawn > kMostArrows) {
        left_out_ = true;
        break;
      }
      const Family family = family_of(at->kind);
      arrow(at->source, at->target, at->sent_ns, ends, at->dropped, colour_of(family), family == Family::heartbeat || family == Family::gossip,
            at->sent);
    }
  }
  void draw_exchanges() {
    const auto& all = c_.timeline.weave().exchanges();
    auto at = std::lower_bound(all.begin(), all.end(), window_.from_ns, [](const Exchange& e, std::int64_t ns) { return e.arrived_ns < ns; });
    std::size_t drawn = 0;
    for (; at != all.end() && at->sent_ns <= window_.to_ns && ++drawn <= kMostArrows; ++at) {
      arrow(at->source, at->target, at->sent_ns, at->arrived_ns, false, palette::kBlue, false, at->arrived);
    }
  }

  ImU32 colour_of_style(report::Style style) const {
    switch (style) {
      case report::Style::good: return t_.good;
      case report::Style::bad:
      case report::Style::act: return t_.bad;
      case report::Style::warn: return palette::kOrange;
      case report::Style::client: return palette::kBlue;
      default: return t_.quiet;
    }
  }
  void draw_events() {
    const auto& told = c_.timeline.story().told();
    const Recording& recording = c_.timeline.recording();
    auto at = std::lower_bound(told.begin(), told.end(), window_.from_ns, [](const Told& a, std::int64_t ns) { return a.time_ns < ns; });
    const int line = b_.line_height(Size::small);
    int free_from = window_.top;
    for (int drawn = 0; at != told.end() && at->time_ns <= window_.to_ns && drawn < 600; ++at, ++drawn) {
      const trace::Record& r = recording.trace[at->record];
      const int y = window_.y(at->time_ns);
      if (y < window_.top) continue;
      const int where = r.node == 0 ? -1 : x(r.node);
      const bool to_come = at->record > c_.frame.record;
      const ImU32 colour = to_come ? t_.line : colour_of_style(at->style);
      if (where >= 0) {
        b_.circle({where, y}, b_.px(5), colour, t_.back, b_.px(1));
        offer({where, y}, {where, y}, at->record);
      }
      if (!words_ || y - line / 2 < free_from || y + line / 2 > window_.bottom) continue;
      const int left = lanes_right_ + b_.px(22);
      const std::string text = b_.shortened(plain(c_.timeline.story().words(recording, at->record)), box_.right - left, Size::small);
      b_.line({where < 0 ? lanes_left_ : lanes_right_, y}, {left - b_.px(4), y}, t_.faint, b_.px(1));
      b_.circle({left - b_.px(8), y}, b_.px(4), colour, 0, 0);
      const bool bad = at->style == report::Style::bad;
      b_.text({left, y - line / 2}, text, Size::small, to_come ? t_.quiet : bad ? t_.bad : t_.text);
      const Box row{left, y - line / 2, box_.right, y + line / 2};
      if (hovers(c_, row)) nearest_ = at->record, nearest_off_ = 0;
      c_.remember("told:" + std::to_string(at->record), row);
      free_from = y + line / 2;
    }
  }

  void draw_heads() {
    const int high = b_.line_height(Size::small) + b_.px(6);
    b_.fill({box_.left, box_.top, box_.right, box_.top + high}, t_.panel);
    for (const std::uint32_t host : hosts_) {
      const int wide = (lanes_right_ - lanes_left_) / static_cast<int>(hosts_.size()) - b_.px(2);
      const bool leads = host == c_.frame.leader;
      std::string name = plain(c_.title(host));
      // What all servers' names begin with says nothing in a narrow place.
      if (b_.width(name, Size::small) > wide && name.size() > common_.size() && name.starts_with(common_)) name.erase(0, common_.size());
      name = b_.shortened(name, wide, Size::small);
      if (leads) {
        const int half = b_.width(name, Size::small) / 2 + b_.px(4);
        b_.fill({x(host) - half, box_.top + b_.px(1), x(host) + half, box_.top + high - b_.px(1)}, palette::kOrange, b_.px(3));
      }
      b_.text({x(host), box_.top + b_.px(3)}, name, Size::small, leads ? palette::kBlack : t_.text, Align::centre);
    }
    std::string scale = time_text(c_.view.diagram_ns);
    if (left_out_) scale += " (not all)";
    b_.text({box_.left + b_.px(4), box_.top + b_.px(3)}, scale, Size::small, t_.quiet);
  }

  void answer_mouse() {
    if (!hovers(c_, {box_.left, window_.top, box_.right, box_.bottom})) return;
    if (nearest_ != 0) {
      c_.view.hovered_next = nearest_;
      const Recording& recording = c_.timeline.recording();
      const std::string words = plain(c_.timeline.story().words(recording, nearest_));
      ImGui::SetTooltip("%s\n%s", time_text(recording.trace[nearest_].time_ns).c_str(), words.c_str());
    }
    if (!ImGui::IsMouseClicked(0)) return;
    if (nearest_ != 0) {
      c_.view.why = nearest_;
      c_.acts.push_back({UiAct::Kind::seek_record, 0, Mark::nothing, nearest_});
    } else {
      c_.acts.push_back({UiAct::Kind::seek, window_.time(static_cast<int>(ImGui::GetIO().MousePos.y)), Mark::nothing});
    }
  }

  const Canvas& c_;
  const Brush& b_;
  const Theme& t_;
  Box box_;
  std::vector<std::uint32_t> hosts_;
  Window window_{};
  int lanes_left_ = 0, lanes_right_ = 0;
  std::string common_;  // what the servers' names begin with
  bool words_ = false, left_out_ = false;
  trace::RecordId nearest_ = 0;
  double nearest_off_ = 0;
};

}  // namespace

void draw_diagram(const Canvas& c, const Box& box) {
  if (box.width() < c.brush.px(160) || box.height() < c.brush.px(80)) return;
  Diagram(c, box).draw();
}

}  // namespace quorumlab::viz
