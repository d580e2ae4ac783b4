// How the newest piece of news spreads: the share of the running agents that know it, by time.
#include <algorithm>

#include "viz/panels/mouse.h"

namespace quorumlab::viz {
namespace {

std::string news_words(const Canvas& c, const Spread& s) {
  const std::string who = s.about >= 1 && s.about <= c.frame.hosts.size() ? plain(c.title(s.about)) : "somebody";
  switch (s.kind) {
    case Spread::Kind::alive: return who + " is alive";
    case Spread::Kind::suspect: return who + " is suspected";
    case Spread::Kind::dead: return who + " has failed";
    case Spread::Kind::left: return who + " has left";
    case Spread::Kind::event: return "event from " + who;
  }
  return {};
}

}  // namespace

int draw_spread(const Canvas& c, const Box& box) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const Spread* s = c.timeline.spreads().newest(c.frame.record);
  const int line = b.line_height(Size::small);
  const int high = std::min(b.px(90), box.bottom - box.top - 2 * line - b.px(6));
  if (c.timeline.has_raft() || s == nullptr || high < b.px(36)) return box.top;
  std::size_t agents = 0;
  for (std::uint32_t n = 1; n <= c.frame.hosts.size(); ++n) {
    agents += c.timeline.has_kind(n, Host::Kind::server) && c.frame.hosts[n - 1].runs() && n != (s->kind == Spread::Kind::event ? 0 : s->about) ? 1 : 0;
  }
  const auto known = static_cast<std::size_t>(
      std::upper_bound(s->known_ns.begin(), s->known_ns.end(), c.frame.time_ns) - s->known_ns.begin());
  agents = std::max(agents, known);
  if (agents == 0) return box.top;
  int y = box.top;
  const std::string text = news_words(c, *s) + ": " + std::to_string(known) + " of " + std::to_string(agents) + " know";
  b.text({box.left, y}, b.shortened(text, box.width(), Size::small), Size::small, t.text);
  y += line + b.px(4);
  const Box plot{box.left + b.px(44), y, box.right - b.px(8), y + high};
  b.fill(plot, t.panel);
  const std::int64_t begin = s->known_ns.front();
  // Round, and so long that the curve's end can be seen.
  std::int64_t span = 500'000'000;
  const std::int64_t needed = std::max(s->known_ns.back() - begin, std::int64_t{1});
  while (span < needed + needed / 8 && span < 1'000'000'000'000) span *= 2;
  const auto x = [&](std::int64_t ns) {
    return plot.left + static_cast<int>(static_cast<double>(std::clamp<std::int64_t>(ns - begin, 0, span)) / static_cast<double>(span) * plot.width());
  };
  const auto up = [&](std::size_t n) { return plot.bottom - static_cast<int>(n) * (high - b.px(6)) / static_cast<int>(agents); };
  b.line({plot.left, up(agents)}, {plot.right, up(agents)}, t.line, b.px(1));
  b.text({plot.left - b.px(6), up(agents) - line / 2}, "all", Size::small, t.quiet, Align::right);
  b.text({plot.left - b.px(6), plot.bottom - line / 2}, "0", Size::small, t.quiet, Align::right);
  Point at{plot.left, plot.bottom};
  for (std::size_t i = 0; i < known; ++i) {
    const int next = x(s->known_ns[i]);
    b.line(at, {next, at.y}, palette::kBlue, b.px(3));
    b.line({next, at.y}, {next, up(i + 1)}, palette::kBlue, b.px(3));
    at = {next, up(i + 1)};
  }
  const int now = x(c.frame.time_ns);
  b.line(at, {std::max(now, at.x), at.y}, palette::kBlue, b.px(3));
  b.line({now, plot.top}, {now, plot.bottom}, t.text, b.px(2));
  b.text({plot.left, plot.bottom + b.px(2)}, time_text(begin), Size::small, t.quiet);
  const std::string later = "+" + std::to_string(span / 1'000'000) + " ms";
  b.text({plot.right, plot.bottom + b.px(2)}, later, Size::small, t.quiet, Align::right);
  const Box whole{box.left, box.top, box.right, plot.bottom + b.px(2) + line};
  c.remember("spread", whole);
  if (clicked(c, whole)) ask_why(c, s->record);
  return whole.bottom;
}

}  // namespace quorumlab::viz
