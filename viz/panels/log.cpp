// All logs below each other: which entry each server has, of which term, how far it is committed, and
// what the leader knows of it.
#include <algorithm>

#include "viz/panels/mouse.h"

namespace quorumlab::viz {

void draw_logs(const Canvas& c, const Box& box) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const Frame& f = c.frame;
  const trace::Trace& trace = c.timeline.recording().trace;
  std::vector<std::uint32_t> servers;
  std::uint64_t last = 0;
  for (std::uint32_t n = 1; n <= f.hosts.size(); ++n) {
    if (!c.timeline.has_kind(n, Host::Kind::server)) continue;
    servers.push_back(n);
    last = std::max({last, f.hosts[n - 1].last_index, f.leader != 0 && n != f.leader ? f.hosts[n - 1].next : 0});
  }
  if (!c.timeline.has_raft() || servers.empty()) {
    b.paragraph({box.left, box.top}, box.width(), "There are no logs without Raft.", Size::body, t.quiet);
    return;
  }
  const int line = b.line_height(Size::small);
  int names = 0;
  for (const std::uint32_t n : servers) names = std::max(names, b.width(plain(c.title(n)), Size::small));
  names = std::min(names, b.px(90)) + b.px(12);
  const int cell = b.px(30), shown = std::max(1, (box.width() - names) / cell);
  const std::uint64_t first = last > static_cast<std::uint64_t>(shown) ? last - static_cast<std::uint64_t>(shown) + 1 : 1;
  const auto left_of = [&](std::uint64_t index) { return box.left + names + static_cast<int>(index - first) * cell; };
  int y = box.top;
  for (std::uint64_t i = first; i < first + static_cast<std::uint64_t>(shown); ++i) {
    b.text({left_of(i) + cell / 2, y}, std::to_string(i % 1000), Size::small, t.quiet, Align::centre);
  }
  y += line + b.px(4);
  const int high = b.px(24), row = high + b.px(22);
  for (const std::uint32_t n : servers) {
    if (y + row > box.bottom) break;
    const Host& h = f.hosts[n - 1];
    const bool leads = n == f.leader;
    if (leads) b.fill({box.left - b.px(4), y - b.px(2), box.left + names - b.px(4), y + high + b.px(2)}, palette::kOrange, b.px(4));
    b.text({box.left, y + (high - line) / 2}, b.shortened(plain(c.title(n)), names - b.px(10), Size::small), Size::small,
           leads ? palette::kBlack : h.runs() ? t.text : t.quiet);
    for (std::uint64_t i = first; i <= h.last_index && i < first + static_cast<std::uint64_t>(shown); ++i) {
      const Box at{left_of(i) + 1, y, left_of(i) + cell - 1, y + high};
      const bool committed = i <= h.commit;
      const trace::RecordId appended = c.timeline.weave().appended(trace, n, i, f.record);
      const std::uint64_t term = Weave::entry_term(trace, appended, i);
      const ImU32 colour = !h.runs() ? t.line : palette::kGreen;
      if (committed) b.fill(at, colour, b.px(3));
      else b.frame(at, h.runs() ? t.quiet : t.line, b.px(2), b.px(3));
      if (term != 0) {
        b.text({at.middle().x, y + (high - line) / 2}, std::to_string(term), Size::small, committed ? palette::kBlack : t.text, Align::centre);
      }
      if (hovers(c, at)) {
        ImGui::SetTooltip("%s", (plain(c.title(n)) + ", entry " + std::to_string(i) + (term != 0 ? " of term " + std::to_string(term) : "") +
                                 (committed ? ": committed, as far as it knows" : ": not committed yet, as far as it knows")).c_str());
      }
      if (clicked(c, at)) ask_why(c, appended);
      c.remember("entry:" + plain(c.title(n)) + ":" + std::to_string(i), at);
    }
    // Up to where the leader knows that this log is its own, and what it would send next.
    if (f.leader != 0 && !leads && h.next != 0) {
      const int foot = y + high + b.px(3);
      if (h.match >= first) b.polygon({left_of(h.match) + cell / 2, foot + b.px(7)}, b.px(7), 3, -90, palette::kBlue, 0, 0);
      if (h.next >= first && left_of(h.next) + cell <= box.right) {
        const int x = left_of(h.next) + b.px(3);
        b.line({x, foot}, {x, foot + b.px(13)}, t.text, b.px(3));
        b.line({x, foot + b.px(1)}, {x + b.px(8), foot + b.px(1)}, t.text, b.px(2));
      }
    }
    y += row;
  }
  if (y + 3 * line > box.bottom) return;
  b.fill({box.left, y + b.px(2), box.left + b.px(16), y + b.px(16)}, palette::kGreen, b.px(3));
  b.text({box.left + b.px(24), y}, "committed, with its term", Size::small, t.quiet);
  y += line;
  b.polygon({box.left + b.px(8), y + line / 2 + b.px(2)}, b.px(7), 3, -90, palette::kBlue, 0, 0);
  b.text({box.left + b.px(24), y}, "match: the leader knows", Size::small, t.quiet);
  y += line;
  b.line({box.left + b.px(4), y + b.px(3)}, {box.left + b.px(4), y + b.px(16)}, t.text, b.px(3));
  b.line({box.left + b.px(4), y + b.px(4)}, {box.left + b.px(12), y + b.px(4)}, t.text, b.px(2));
  b.text({box.left + b.px(24), y}, "next: what it would send", Size::small, t.quiet);
}

}  // namespace quorumlab::viz
