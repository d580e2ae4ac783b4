// The whole run in lanes: whether there was a quorum, who led, what clients were told, and what broke;
// the mouse seeks on it.
#include <algorithm>
#include <array>

#include "viz/panels/paint.h"

namespace quorumlab::viz {
namespace {

struct Scale {
  int left, width;
  std::int64_t end_ns;
  int x(std::int64_t ns) const {
    return left + static_cast<int>(static_cast<double>(ns) / static_cast<double>(end_ns) * width + 0.5);
  }
  std::int64_t time(int at) const {
    return static_cast<std::int64_t>(static_cast<double>(std::clamp(at - left, 0, width)) / width * static_cast<double>(end_ns));
  }
};

void lane_name(const Canvas& c, const Box& lane, const char* name) {
  c.brush.text({lane.left - c.brush.px(10), lane.middle().y - c.brush.line_height(Size::small) / 2}, name, Size::small,
               c.brush.colours().quiet, Align::right);
}

// Calls with the left and right end of each span, and its value.
template <class Draw>
void each_span(const std::vector<Span>& spans, const Scale& scale, Draw draw) {
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const int from = scale.x(spans[i].from_ns);
    const int to = scale.x(i + 1 < spans.size() ? spans[i + 1].from_ns : scale.end_ns);
    if (to > from) draw(from, to, spans[i].value);
  }
}

void draw_quorum_lane(const Canvas& c, const Box& lane, const Scale& scale) {
  const Theme& t = c.brush.colours();
  each_span(c.timeline.quorum(), scale, [&](int from, int to, std::uint64_t value) {
    const Box box{from, lane.top, to, lane.bottom};
    if (value == 2) {
      c.brush.fill(box, palette::kGreen);
    } else if (value == 1) {
      // Hatched: not by its colour alone.
      c.brush.fill(box, t.panel);
      c.brush.list()->PushClipRect(Point{from, lane.top}.at(), Point{to, lane.bottom}.at(), true);
      for (int x = from - lane.height(); x < to; x += c.brush.px(8)) {
        c.brush.line({x, lane.bottom}, {x + lane.height(), lane.top}, palette::kVermillion, c.brush.px(3));
      }
      c.brush.list()->PopClipRect();
      c.brush.frame(box, palette::kVermillion, c.brush.px(2));
    }
  });
}

void draw_leader_lane(const Canvas& c, const Box& lane, const Scale& scale) {
  const Theme& t = c.brush.colours();
  each_span(c.timeline.leaders(), scale, [&](int from, int to, std::uint64_t value) {
    const Box box{from, lane.top, to, lane.bottom};
    if (value == 0) {
      c.brush.dashes({from, lane.middle().y}, {to, lane.middle().y}, t.line, c.brush.px(2), c.brush.px(4), c.brush.px(4));
      return;
    }
    c.brush.fill(box, palette::kOrange);
    c.brush.frame(box, t.back, c.brush.px(1));
    const std::string name = plain(c.title(static_cast<std::uint32_t>(value)));
    if (c.brush.width(name, Size::small) + c.brush.px(6) < to - from) {
      c.brush.text({(from + to) / 2, lane.middle().y - c.brush.line_height(Size::small) / 2}, name, Size::small, palette::kBlack,
                   Align::centre);
    }
  });
}

void draw_marks(const Canvas& c, const Box& answers, const Box& faults, const Scale& scale) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  std::array<int, 16> last;  // by mark: a run of an hour has a hundred of them in each pixel
  last.fill(-1);
  for (const Marked& m : c.timeline.marks()) {
    const int x = scale.x(m.time_ns);
    int& drawn = last[static_cast<std::size_t>(m.mark)];
    if (x == drawn) continue;
    drawn = x;
    const Point answer{x, answers.middle().y}, fault{x, faults.middle().y};
    const int s = b.px(6);
    switch (m.mark) {
      case Mark::accepted: b.tick(answer, s, t.good); break;
      case Mark::refused: b.cross(answer, b.px(5), t.bad, b.px(3)); break;
      case Mark::fault: b.polygon(fault, b.px(8), 3, 90, palette::kVermillion, 0, 0); break;
      case Mark::repair: b.polygon(fault, b.px(8), 3, -90, palette::kBlue, 0, 0); break;
      case Mark::violation:
        b.line({x, answers.top}, {x, faults.bottom}, t.bad, b.px(3));
        b.cross(fault, b.px(8), t.bad, b.px(4));
        break;
      default: break;
    }
  }
}

void draw_bookmarks(const Canvas& c, const Box& lane, int bottom, const Scale& scale) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const auto current = c.player.bookmark();
  int free_from = lane.left - b.px(100);
  // Numbers of slides and of bookmarks in one row would be read as one.
  const auto& all = c.timeline.bookmarks();
  const bool slides = std::any_of(all.begin(), all.end(), [](const Bookmark& m) { return m.text.starts_with("Slide "); });
  for (std::size_t i = 0; i < c.timeline.bookmarks().size(); ++i) {
    const Bookmark& mark = c.timeline.bookmarks()[i];
    const int x = scale.x(mark.at.time_ns);
    const bool here = current && *current == i;
    b.line({x, lane.top + b.px(2)}, {x, bottom}, here ? palette::kBlue : t.line, b.px(here ? 3 : 1));
    const bool slide = mark.text.starts_with("Slide ");
    const std::string number = slide ? mark.text.substr(6, mark.text.find(':') - 6) : slides ? "+" : std::to_string(i + 1);
    const int wide = b.width(number, Size::small) + b.px(8);
    if (x < free_from && !here) continue;
    const Box flag{x, lane.top, x + wide, lane.bottom - b.px(2)};
    b.fill(flag, here ? palette::kBlue : t.faint);
    b.text({flag.middle().x, flag.middle().y - b.line_height(Size::small) / 2}, number, Size::small,
           here ? palette::kWhite : t.text, Align::centre);
    c.remember("bookmark:" + std::to_string(i), flag);
    free_from = flag.right + b.px(2);
  }
}

void draw_axis(const Canvas& c, const Box& lane, const Scale& scale) {
  // The smallest round step that leaves room for the numbers.
  std::int64_t step = 1'000'000;
  for (int i = 0; scale.end_ns / step * c.brush.px(90) > scale.width; ++i) step = step / (i % 3 == 1 ? 2 : 1) * (i % 3 == 1 ? 5 : 2);
  for (std::int64_t at = 0; at <= scale.end_ns; at += step) {
    const int x = scale.x(at);
    c.brush.line({x, lane.top}, {x, lane.top + c.brush.px(5)}, c.brush.colours().line, c.brush.px(1));
    const std::string text = step >= 1'000'000'000 ? std::to_string(at / 1'000'000'000) + " s" : time_text(at);
    if (x + c.brush.px(40) > scale.left + scale.width + c.brush.px(30)) break;
    c.brush.text({x, lane.top + c.brush.px(6)}, text, Size::small, c.brush.colours().quiet, Align::centre);
  }
}

}  // namespace

void draw_scrubber(const Canvas& c, const Box& box) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  b.fill(box, t.panel);
  const Scale scale{box.left + b.px(96), box.width() - b.px(126), std::max<std::int64_t>(c.timeline.end_ns(), 1)};
  int y = box.top + b.px(8);
  const auto lane = [&](int high) {
    const Box out{scale.left, y, scale.left + scale.width, y + b.px(high)};
    y += b.px(high + 4);
    return out;
  };
  const Box flags = lane(20), quorum = lane(16), leader = lane(19), answers = lane(16), faults = lane(16), axis = lane(24);
  draw_bookmarks(c, flags, faults.bottom, scale);
  lane_name(c, flags, "marks");
  if (c.timeline.has_raft()) {
    draw_quorum_lane(c, quorum, scale);
    draw_leader_lane(c, leader, scale);
    lane_name(c, quorum, "quorum");
    lane_name(c, leader, "leader");
  }
  lane_name(c, answers, "answers");
  lane_name(c, faults, "faults");
  draw_marks(c, answers, faults, scale);
  draw_axis(c, axis, scale);

  if (const Offer* offer = c.view.offer) {
    // What was done by hand, and where the branch beside this one differs.
    for (const std::int64_t at : offer->deeds_ns) b.polygon({scale.x(at), faults.bottom - b.px(6)}, b.px(8), 3, 90, palette::kPurple, t.text, b.px(1));
    if (offer->beside && offer->differs_ns) {
      const int at = scale.x(*offer->differs_ns);
      b.dashes({at, flags.top}, {at, axis.top + b.px(4)}, palette::kPurple, b.px(3), b.px(6), b.px(4));
      c.remember("difference", {at - b.px(2), flags.top, at + b.px(2), axis.top});
    }
  }
  const int x = scale.x(c.frame.time_ns);
  b.line({x, flags.bottom}, {x, axis.top + b.px(4)}, t.text, b.px(3));
  b.polygon({x, axis.top + b.px(8)}, b.px(9), 3, -90, t.text, 0, 0);

  ImGui::SetCursorScreenPos(Point{scale.left - b.px(8), box.top}.at());
  ImGui::InvisibleButton("scrubber", Point{scale.width + b.px(16), box.height()}.at());
  if (ImGui::IsItemActive()) {
    c.acts.push_back({UiAct::Kind::seek, scale.time(static_cast<int>(ImGui::GetIO().MousePos.x)), Mark::nothing});
  }
  c.remember("scrubber", {scale.left, box.top, scale.left + scale.width, box.bottom});
}

}  // namespace quorumlab::viz
