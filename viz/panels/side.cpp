// The side column: the lesson's words, the quorum, the three truths apart, and what happened last.
#include <algorithm>

#include "sim/trace/words.h"
#include "viz/panels/paint.h"

namespace quorumlab::viz {
namespace {

int draw_lesson(const Canvas& c, const Box& box) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const int pad = b.px(14), wide = box.width() - 2 * pad;
  const std::string heading = c.frame.bookmark == 0 ? plain(c.timeline.recording().title) : plain(c.words(c.frame.bookmark));
  const std::string caption = c.frame.caption == 0 ? std::string() : plain(c.words(c.frame.caption));
  constexpr int kMostHeading = 3, kMostCaption = 14;
  const auto lines = [&](const std::string& text, Size size, int most) {
    return std::min(most, static_cast<int>(b.fold(text, wide, size).size())) * b.line_height(size);
  };
  const int high = pad + lines(heading, Size::title, kMostHeading) +
                   (caption.empty() ? 0 : b.px(8) + lines(caption, Size::body, kMostCaption)) + pad;
  const Box panel{box.left, box.top, box.right, box.top + high};
  b.fill(panel, t.panel, b.px(6));
  b.fill({box.left, box.top, box.left + b.px(5), panel.bottom}, palette::kBlue);
  int y = box.top + pad;
  y += b.paragraph({box.left + pad, y}, wide, heading, Size::title, t.text, kMostHeading);
  if (!caption.empty()) b.paragraph({box.left + pad, y + b.px(8)}, wide, caption, Size::body, t.text, kMostCaption);
  c.remember("caption", panel);
  return panel.bottom;
}

// A cell for each voter; those that reach each other are full; a mark stands where a majority begins.
int draw_quorum(const Canvas& c, const Box& box) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const Quorum& q = c.frame.quorum;
  if (!q.known) return box.top;
  std::uint64_t voters = 0;
  for (std::uint32_t n = 1; n <= c.frame.hosts.size(); ++n) voters += c.timeline.has_kind(n, Host::Kind::server) ? 1 : 0;
  voters = std::clamp<std::uint64_t>(voters, std::max(q.have, q.need), std::max(2 * q.need, q.have));
  const ImU32 colour = q.available ? t.good : t.bad;
  const int top = box.top;
  const std::string verdict = q.available ? "quorum: AVAILABLE" : "quorum: UNAVAILABLE";
  const Point mark{box.left + b.px(11), top + b.line_height(Size::title) / 2};
  if (q.available) b.tick(mark, b.px(10), colour);
  else b.cross(mark, b.px(9), colour, b.px(4));
  b.text({box.left + b.px(30), top}, verdict, Size::title, colour);
  const int y = top + b.line_height(Size::title) + b.px(6), high = b.px(26), gap = b.px(6);
  const int cell = std::min(b.px(60), (box.width() - gap * static_cast<int>(voters)) / static_cast<int>(std::max<std::uint64_t>(voters, 1)));
  for (std::uint64_t i = 0; i < voters; ++i) {
    const int x = box.left + static_cast<int>(i) * (cell + gap);
    const Box each{x, y, x + cell, y + high};
    if (i < q.have) b.fill(each, colour);
    else b.frame(each, t.line, b.px(2));
  }
  const int x = box.left + static_cast<int>(q.need) * (cell + gap) - gap / 2;
  b.line({x, y - b.px(6)}, {x, y + high + b.px(6)}, t.text, b.px(3));
  const int below = y + high + b.px(8);
  const int text = b.paragraph({box.left, below}, box.width(),
                               std::to_string(q.have) + " of " + std::to_string(voters) + " reach each other, " +
                                   std::to_string(q.need) + " needed", Size::body, t.text, 2);
  c.remember("quorum", {box.left, top, box.right, below + text});
  return below + text;
}

int draw_truth(const Canvas& c, Point at, int wide, bool known, bool holds, const std::string& text) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const Point mark{at.x + b.px(9), at.y + b.line_height(Size::body) / 2};
  if (!known) b.line({mark.x - b.px(6), mark.y}, {mark.x + b.px(6), mark.y}, t.line, b.px(3));
  else if (holds) b.tick(mark, b.px(8), t.good);
  else b.cross(mark, b.px(6), t.bad, b.px(3));
  return b.paragraph({at.x + b.px(28), at.y}, wide - b.px(28), text, Size::body, known ? t.text : t.quiet, 2);
}

// A quorum that could decide, a leader that could lead and a write that was taken are three things.
int draw_truths(const Canvas& c, const Box& box) {
  const Frame& f = c.frame;
  int y = box.top;
  const int gap = c.brush.px(4);
  if (f.quorum.known) {
    // Without a quorum a leader may go on to believe for a while; it decides nothing.
    const bool in_vain = f.leader != 0 && !f.quorum.available;
    const std::string who = f.leader == 0 ? std::string() : plain(c.title(f.leader));
    y += gap + draw_truth(c, {box.left, y}, box.width(), !in_vain, f.leader != 0,
                          f.leader == 0 ? "nobody leads"
                          : in_vain     ? who + " still thinks that it leads"
                                        : who + " leads, term " + std::to_string(f.leader_term));
  }
  const Request* last = nullptr;
  for (const Request& q : f.requests) {
    if (!q.by_program && is_write(c.words(q.text)) && (last == nullptr || q.begun_ns >= last->begun_ns)) last = &q;
  }
  const std::string accepted = f.accepted == 0 ? std::string() : short_act(c.words(f.accepted));
  if (last != nullptr && last->outcome != Request::Outcome::accepted) {
    const bool open = last->outcome == Request::Outcome::pending;
    y += gap + draw_truth(c, {box.left, y}, box.width(), !open, false,
                          short_act(c.words(last->text)) + (open ? ": no answer yet"
                                                        : last->outcome == Request::Outcome::refused ? ": refused"
                                                                                                     : ": timed out"));
  }
  if (f.accepted != 0) {
    y += gap + draw_truth(c, {box.left, y}, box.width(), true, true, accepted + ": accepted at " + time_text(f.accepted_ns));
  } else if (last == nullptr && c.timeline.has_writes()) {
    y += gap + draw_truth(c, {box.left, y}, box.width(), false, false, "no write was accepted yet");
  }
  return y;
}

// What each agent (a row) takes each other one (a column) for.
int draw_beliefs(const Canvas& c, const Box& box) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  std::vector<std::uint32_t> agents;
  for (std::uint32_t n = 1; n <= c.frame.hosts.size(); ++n) {
    if (c.timeline.has_kind(n, Host::Kind::server)) agents.push_back(n);
  }
  constexpr std::size_t kMost = 12;
  if (c.frame.beliefs.empty() || agents.empty() || agents.size() > kMost) return box.top;
  // What all names begin with says nothing above a narrow column.
  std::string common = c.title(agents[0]);
  for (const std::uint32_t n : agents) {
    while (!c.title(n).starts_with(common)) common.pop_back();
  }
  if (std::any_of(agents.begin(), agents.end(), [&](std::uint32_t n) { return c.title(n) == common; })) common.clear();
  int names = 0;
  for (const std::uint32_t n : agents) names = std::max(names, b.width(c.title(n), Size::small));
  names = std::min(names, b.px(110)) + b.px(10);
  const int line = b.line_height(Size::small);
  const int cell = std::min(b.px(30), (box.width() - names) / static_cast<int>(agents.size()));
  int y = box.top;
  // Half of it says nothing.
  if (y + 2 * (line + b.px(2)) + cell * static_cast<int>(agents.size()) > box.bottom) return box.top;
  b.text({box.left, y}, "who takes whom for alive", Size::small, t.quiet);
  y += line + b.px(2);
  for (std::size_t j = 0; j < agents.size(); ++j) {
    const std::string head = b.shortened(plain(c.title(agents[j]).substr(common.size())), cell * 2, Size::small);
    b.text({box.left + names + static_cast<int>(j) * cell + cell / 2, y}, head, Size::small, t.text, Align::centre);
  }
  y += line + b.px(2);
  for (const std::uint32_t observer : agents) {
    b.text({box.left, y + (cell - line) / 2}, b.shortened(plain(c.title(observer)), names - b.px(6), Size::small), Size::small, t.text);
    const bool runs = c.frame.hosts[observer - 1].runs();
    for (std::size_t j = 0; j < agents.size(); ++j) {
      const int x = box.left + names + static_cast<int>(j) * cell;
      const Box at{x + 1, y + 1, x + cell - 1, y + cell - 1};
      const Point m = at.middle();
      b.fill(at, t.panel);
      if (!runs) continue;
      if (agents[j] == observer) {
        b.circle(m, b.px(5), t.quiet, 0, 0);
        continue;
      }
      switch (c.frame.belief(observer, agents[j])) {
        case Belief::unknown: break;
        case Belief::alive: b.tick(m, cell / 4, t.good); break;
        case Belief::suspect:
          b.fill(at, palette::kYellow);
          b.text({m.x, m.y - b.line_height(Size::small) / 2}, "?", Size::small, palette::kBlack, Align::centre);
          break;
        case Belief::dead:
          b.fill(at, palette::kVermillion);
          b.cross(m, cell / 4, palette::kWhite, b.px(3));
          break;
        case Belief::left: b.line({m.x - cell / 4, m.y}, {m.x + cell / 4, m.y}, t.quiet, b.px(3)); break;
      }
    }
    y += cell;
  }
  c.remember("beliefs", {box.left, box.top, box.right, y});
  return y;
}

// The last things that happened, in the words that the command line has for them; the newest below.
void draw_feed(const Canvas& c, const Box& box) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const int line = b.line_height(Size::small);
  if (box.height() < 4 * line) return;
  const auto& marks = c.timeline.marks();
  auto at = std::upper_bound(marks.begin(), marks.end(), c.frame.record,
                             [](trace::RecordId id, const Marked& m) { return id < m.record; });
  const Recording& recording = c.timeline.recording();
  int y = box.bottom;
  bool newest = true;
  const int top = box.top + line + b.px(4);
  while (at != marks.begin()) {
    --at;
    // What an act did stands there as well, and who is asked first matters to nobody.
    const trace::Record& r = recording.trace[at->record];
    if (at->mark == Mark::bookmark || (r.is(trace::WorldFact::client_invoked) && r.c <= 1) ||
        (r.is(trace::WorldFact::act) && r.node != 0)) {
      continue;
    }
    const std::string words = plain(trace::words(recording.trace[at->record], recording.context()));
    const std::string when = time_text(at->time_ns);
    const int indent = b.width("00.000 s ", Size::small);
    const int high = std::min(3, static_cast<int>(b.fold(words, box.width() - indent, Size::small).size())) * line;
    if (y - high < top) break;
    y -= high;
    const bool bad = at->mark == Mark::fault || at->mark == Mark::refused || at->mark == Mark::violation;
    b.text({box.left, y}, when, Size::small, t.quiet);
    b.paragraph({box.left + indent, y}, box.width() - indent, words, Size::small, bad ? t.bad : newest ? t.text : t.quiet, 3);
    newest = false;
    y -= b.px(3);
  }
  if (!newest) b.text({box.left, y - line - b.px(2)}, "what happened last", Size::small, t.quiet);
}

}  // namespace

void draw_side(const Canvas& c, const Box& box) {
  int y = draw_lesson(c, box) + c.brush.px(16);
  y = draw_quorum(c, {box.left, y, box.right, box.bottom}) + c.brush.px(8);
  y = draw_truths(c, {box.left, y, box.right, box.bottom}) + c.brush.px(12);
  if (const int below = draw_beliefs(c, {box.left, y, box.right, box.bottom}); below != y) y = below + c.brush.px(10);
  if (c.frame.violation != 0) {
    const Recording& recording = c.timeline.recording();
    y += c.brush.paragraph({box.left, y}, box.width(), plain(trace::words(recording.trace[c.frame.violation], recording.context())),
                           Size::body, c.brush.colours().bad, 4);
  }
  draw_feed(c, {box.left, y, box.right, box.bottom});
}

}  // namespace quorumlab::viz
