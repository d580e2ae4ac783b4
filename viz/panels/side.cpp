// The side column below the lesson: the quorum, the three truths apart, what happened last, or a panel.
#include <algorithm>

#include "viz/panels/fit.h"
#include "viz/panels/mouse.h"

namespace quorumlab::viz {
namespace {

// A cell for each voter; those that reach each other are full; a mark stands where a majority begins.
void draw_cells(const Canvas& c, const Box& box, int widest, std::uint64_t voters, ImU32 colour) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const Quorum& q = c.frame.quorum;
  const int gap = b.px(6);
  const int cell = std::min(widest, (box.width() - gap * static_cast<int>(voters)) / static_cast<int>(std::max<std::uint64_t>(voters, 1)));
  for (std::uint64_t i = 0; i < voters; ++i) {
    const int x = box.left + static_cast<int>(i) * (cell + gap);
    const Box each{x, box.top, x + cell, box.bottom};
    if (i < q.have) b.fill(each, colour);
    else b.frame(each, t.line, b.px(2));
  }
  const int x = box.left + static_cast<int>(q.need) * (cell + gap) - gap / 2;
  b.line({x, box.top - b.px(6)}, {x, box.bottom + b.px(6)}, t.text, b.px(3));
}

int draw_quorum(const Canvas& c, const Box& box, const Fit& fit) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const Quorum& q = c.frame.quorum;
  if (!q.known) return box.top;
  std::uint64_t voters = 0;
  for (std::uint32_t n = 1; n <= c.frame.hosts.size(); ++n) voters += c.timeline.has_kind(n, Host::Kind::server) ? 1 : 0;
  voters = std::clamp<std::uint64_t>(voters, std::max(q.have, q.need), std::max(2 * q.need, q.have));
  const ImU32 colour = q.available ? t.good : t.bad;
  const Size size = fit.flat ? Size::body : Size::title;
  const std::string verdict = q.available ? "quorum: AVAILABLE" : "quorum: UNAVAILABLE";
  const int top = box.top, line = b.line_height(size);
  const Point mark{box.left + b.px(11), top + line / 2};
  if (q.available) b.tick(mark, b.px(10), colour);
  else b.cross(mark, b.px(9), colour, b.px(4));
  b.text({box.left + b.px(30), top}, verdict, size, colour);
  int below = top + line + b.px(4);
  const int right_of = box.left + b.px(44) + b.width(verdict, size);
  if (fit.flat && (box.right - right_of) / static_cast<int>(voters) >= b.px(14)) {
    draw_cells(c, {right_of, top + b.px(3), box.right, top + line - b.px(3)}, b.px(26), voters, colour);
  } else {
    const int y = top + line + b.px(6), high = b.px(fit.flat ? 18 : 26);
    draw_cells(c, {box.left, y, box.right, y + high}, b.px(60), voters, colour);
    below = y + high + b.px(8);
  }
  below += b.paragraph({box.left, below}, box.width(),
                       std::to_string(q.have) + " of " + std::to_string(voters) + " reach each other, " + std::to_string(q.need) + " needed",
                       fit.flat ? Size::small : Size::body, t.text, 2);
  c.remember("quorum", {box.left, top, box.right, below});
  return below;
}

int draw_truth(const Canvas& c, const Box& box, const Fit& fit, const char* name, bool known, bool holds, const std::string& text) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const Size size = fit.flat ? Size::small : Size::body;
  const Point mark{box.left + b.px(9), box.top + b.line_height(size) / 2};
  if (!known) b.line({mark.x - b.px(6), mark.y}, {mark.x + b.px(6), mark.y}, t.line, b.px(3));
  else if (holds) b.tick(mark, b.px(8), t.good);
  else b.cross(mark, b.px(6), t.bad, b.px(3));
  const int high = b.paragraph({box.left + b.px(28), box.top}, box.width() - b.px(28), text, size, known ? t.text : t.quiet, 3);
  c.remember(name, {box.left, box.top, box.right, box.top + high});
  return box.top + high + b.px(fit.flat ? 2 : 4);
}

// A quorum that could decide, a leader that could lead and a write that was taken are three things.
int draw_truths(const Canvas& c, const Box& box, const Fit& fit) {
  const Frame& f = c.frame;
  int y = box.top;
  const auto truth = [&](const char* name, bool known, bool holds, const std::string& text) {
    y = draw_truth(c, {box.left, y, box.right, box.bottom}, fit, name, known, holds, text);
  };
  if (f.quorum.known) {
    // Without a quorum a leader may go on to believe for a while; it decides nothing.
    const bool in_vain = f.leader != 0 && !f.quorum.available;
    const std::string who = f.leader == 0 ? std::string() : plain(c.title(f.leader));
    truth("truth:leader", !in_vain, f.leader != 0,
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
    truth("truth:asked", !open, false,
          short_act(c.words(last->text)) + (open                                           ? ": no answer yet"
                                            : last->outcome == Request::Outcome::refused ? ": refused"
                                                                                         : ": timed out"));
  }
  if (f.accepted != 0) {
    truth("truth:accepted", true, true, accepted + ": accepted at " + time_text(f.accepted_ns));
  } else if (last == nullptr && c.timeline.has_writes()) {
    truth("truth:accepted", false, false, "no write was accepted yet");
  }
  return y;
}

// The seconds that are left to the suspect, and as much of the cell; others may shorten it.
void draw_suspicion(const Canvas& c, const Box& at, std::uint32_t observer, std::uint32_t subject, bool tiny) {
  const Brush& b = c.brush;
  b.fill(at, palette::kYellow);
  const auto found = std::find_if(c.frame.suspicions.begin(), c.frame.suspicions.end(), [&](const Suspicion& s) {
    return s.observer == observer && s.subject == subject;
  });
  if (tiny || found == c.frame.suspicions.end()) return;
  // How long it lasts depends on who confirms it; of a run that is over the end is known.
  const std::int64_t ran_out = c.timeline.weave().ran_out(observer, subject, found->from_ns);
  const std::int64_t until = ran_out != 0 ? ran_out : found->until_ns;
  const std::int64_t left = std::max<std::int64_t>(until - c.frame.time_ns, 0);
  const std::int64_t whole = std::max<std::int64_t>(until - found->from_ns, 1);
  const int high = static_cast<int>(static_cast<double>(left) / static_cast<double>(whole) * at.height());
  b.fill({at.left, at.top, at.right, at.bottom - high}, palette::kOrange);
  const std::string text = ran_out == 0              ? "?"
                           : left >= 10'000'000'000 ? std::to_string(left / 1'000'000'000)
                                                  : std::to_string(left / 1'000'000'000) + "." + std::to_string(left / 100'000'000 % 10);
  b.text({at.middle().x, at.middle().y - b.line_height(Size::small) / 2}, text, Size::small, palette::kBlack, Align::centre);
  if (hovers(c, at)) {
    ImGui::SetTooltip("%s suspects %s: %s left%s", plain(c.title(observer)).c_str(), plain(c.title(subject)).c_str(), time_text(left).c_str(),
                      ran_out != 0 ? "" : " at most: whoever confirms it shortens it");
  }
}

// What each agent (a row) takes each other one (a column) for.
int draw_beliefs(const Canvas& c, const Box& box) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  std::vector<std::uint32_t> agents;
  for (std::uint32_t n = 1; n <= c.frame.hosts.size(); ++n) {
    if (c.timeline.has_kind(n, Host::Kind::server)) agents.push_back(n);
  }
  constexpr std::size_t kMost = 128;
  if (c.frame.beliefs.empty() || agents.empty() || agents.size() > kMost) return box.top;
  // What all names begin with says nothing above a narrow column.
  std::string common = c.title(agents[0]);
  for (const std::uint32_t n : agents) {
    while (!c.title(n).starts_with(common)) common.pop_back();
  }
  if (std::any_of(agents.begin(), agents.end(), [&](std::uint32_t n) { return c.title(n) == common; })) common.clear();
  int names = 0;
  for (const std::uint32_t n : agents) names = std::max(names, b.width(c.title(n), Size::small));
  // Heads that would overlap are numbers, and so are the rows then.
  const bool numbers = std::any_of(agents.begin(), agents.end(), [&](std::uint32_t n) {
    return b.width(plain(c.title(n).substr(common.size())), Size::small) > b.px(32);
  });
  names = std::min(names, b.px(110)) + b.px(10) + (numbers ? b.width("12 ", Size::small) : 0);
  const int line = b.line_height(Size::small);
  const int many = static_cast<int>(agents.size());
  int cell = std::min(b.px(30), (box.width() - names) / many);
  const bool tiny = cell < line || 2 * (line + b.px(2)) + std::max(cell, line) * many > box.height();  // colours alone; the mouse tells the names
  if (tiny) {
    names = 0;
    cell = std::min({b.px(20), box.width() / many, (box.height() - line - b.px(4)) / many});
  }
  if (cell < (many <= 16 ? b.px(12) : 2)) return box.top;  // a few specks tell nothing
  const int row = tiny ? cell : std::max(cell, line);
  int y = box.top;
  // Half of it says nothing.
  if (y + (tiny ? 1 : 2) * (line + b.px(2)) + row * many > box.bottom) return box.top;
  b.text({box.left, y}, "who takes whom for alive", Size::small, t.quiet);
  y += line + b.px(2);
  for (std::size_t j = 0; j < agents.size() && !tiny; ++j) {
    const std::string head = numbers ? std::to_string(j + 1) : plain(c.title(agents[j]).substr(common.size()));
    b.text({box.left + names + static_cast<int>(j) * cell + cell / 2, y}, head, Size::small, t.text, Align::centre);
  }
  y += tiny ? 0 : line + b.px(2);
  for (const std::uint32_t observer : agents) {
    if (!tiny) {
      const auto place = std::find(agents.begin(), agents.end(), observer) - agents.begin() + 1;
      const std::string name = (numbers ? std::to_string(place) + " " : "") + plain(c.title(observer));
      b.text({box.left, y + (cell - line) / 2}, b.shortened(name, names - b.px(6), Size::small), Size::small, t.text);
    }
    const bool runs = c.frame.hosts[observer - 1].runs();
    for (std::size_t j = 0; j < agents.size(); ++j) {
      const int x = box.left + names + static_cast<int>(j) * cell;
      const int inset = cell > 4 ? 1 : 0;
      const Box at{x + inset, y + inset, x + cell - inset, y + cell - inset};
      const Point m = at.middle();
      b.fill(at, t.panel);
      if (!runs) continue;
      if (agents[j] == observer) {
        if (cell >= 6) b.circle(m, std::min(b.px(5), cell / 3), t.quiet, 0, 0);
        else b.fill(at, t.quiet);
        continue;
      }
      switch (c.frame.belief(observer, agents[j])) {
        case Belief::unknown: break;
        case Belief::alive:
          if (tiny) b.fill(at, palette::kGreen);
          else b.tick(m, cell / 4, t.good);
          break;
        case Belief::suspect: draw_suspicion(c, at, observer, agents[j], tiny); break;
        case Belief::dead:
          b.fill(at, palette::kVermillion);
          if (cell >= 6) b.cross(m, cell / 4, palette::kWhite, tiny ? 1 : b.px(3));
          break;
        case Belief::left: b.line({m.x - cell / 4, m.y}, {m.x + cell / 4, m.y}, t.quiet, b.px(3)); break;
      }
      if (tiny && hovers(c, at)) {
        static constexpr const char* kWords[] = {"does not know", "takes for alive:", "suspects", "takes for failed:", "knows to have left:"};
        ImGui::SetTooltip("%s %s %s", plain(c.title(observer)).c_str(), kWords[static_cast<std::size_t>(c.frame.belief(observer, agents[j]))],
                          plain(c.title(agents[j])).c_str());
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
  const auto& told = c.timeline.story().told();
  auto at = std::upper_bound(told.begin(), told.end(), c.frame.record, [](trace::RecordId id, const Told& x) { return id < x.record; });
  int y = box.bottom;
  bool newest = true;
  const int top = box.top + line + b.px(4);
  while (at != told.begin()) {
    --at;
    if (at->record == c.frame.violation) continue;  // it stands above
    const std::string words = plain(c.timeline.story().words(c.timeline.recording(), at->record));
    const std::string when = time_text(at->time_ns);
    const int indent = b.width("00.000 s ", Size::small);
    const int high = std::min(3, static_cast<int>(b.fold(words, box.width() - indent, Size::small).size())) * line;
    if (y - high < top) break;
    y -= high;
    const Box row{box.left, y, box.right, y + high};
    if (c.view.keys && hovers(c, row)) b.fill(row, t.panel, b.px(4));
    const bool bad = at->style == report::Style::bad || at->style == report::Style::act;
    b.text({box.left, y}, when, Size::small, t.quiet);
    b.paragraph({box.left + indent, y}, box.width() - indent, words, Size::small, bad ? t.bad : newest ? t.text : t.quiet, 3);
    if (newest) c.remember("newest", row);
    if (clicked(c, row)) ask_why(c, at->record);
    newest = false;
    y -= b.px(3);
  }
  if (!newest) b.text({box.left, y - line - b.px(2)}, "what happened last", Size::small, t.quiet);
}

// What can stand below the lesson's words.
int draw_tabs(const Canvas& c, const Box& box) {
  struct Tab {
    View::Panel panel;
    const char *text, *name;
  };
  static constexpr Tab kTabs[] = {{View::Panel::story, "story", "tab:story"},       {View::Panel::why, "why?", "tab:why"},
                                  {View::Panel::promises, "promises", "tab:promises"}, {View::Panel::diagram, "diagram", "tab:diagram"},
                                  {View::Panel::log, nullptr, "tab:log"}};
  if (!c.view.keys && c.view.panel == View::Panel::story) return box.top;
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const int high = b.line_height(Size::small) + b.px(6);
  int x = box.left;
  for (const Tab& tab : kTabs) {
    const char* text = tab.text != nullptr ? tab.text : c.timeline.has_raft() ? "logs" : "gossip";
    const bool here = tab.panel == c.view.panel;
    if (!c.view.keys && !here) continue;
    const int wide = b.width(text, Size::small) + b.px(14);
    if (x + wide > box.right) break;
    const Box at{x, box.top, x + wide, box.top + high};
    if (here) b.fill(at, palette::kBlue, b.px(4));
    else if (hovers(c, at)) b.fill(at, t.faint, b.px(4));
    b.text({at.middle().x, box.top + b.px(3)}, text, Size::small, here ? palette::kWhite : t.quiet, Align::centre);
    c.remember(tab.name, at);
    if (clicked(c, at)) c.view.panel = tab.panel;
    x += wide + b.px(4);
  }
  return box.top + high + b.px(10);
}

// What must stay on the screen: the lesson, the quorum, the truths.
int draw_facts(const Canvas& c, const Box& box, const Fit& fit) {
  const Brush normal = c.brush.in_normal_type();
  const Canvas canvas = fit.all_plain ? c.with(normal) : c;
  const int y = draw_quorum(canvas, box, fit) + c.brush.px(fit.flat ? 5 : 8);
  return draw_truths(canvas, {box.left, y, box.right, box.bottom}, fit);
}

void draw_story(const Canvas& c, const Box& box, const Fit& fit) {
  int y = draw_facts(c, box, fit) + c.brush.px(fit.flat ? 4 : 12);
  if (const int below = draw_beliefs(c, {box.left, y, box.right, box.bottom}); below != y) y = below + c.brush.px(10);
  if (const int below = draw_spread(c, {box.left, y, box.right, box.bottom}); below != y) y = below + c.brush.px(10);
  if (c.frame.violation != 0) {
    const Recording& recording = c.timeline.recording();
    const int top = y;
    y += c.brush.paragraph({box.left, y}, box.width(), plain(c.timeline.story().words(recording, c.frame.violation)), Size::body,
                           c.brush.colours().bad, 4);
    if (clicked(c, {box.left, top, box.right, y})) ask_why(c, c.frame.violation);
  }
  draw_feed(c, {box.left, y, box.right, box.bottom});
}

// As roomy as the lesson, the quorum and the truths together allow. `over`: by so much the smallest is too high.
Fit choose_fit(const Canvas& c, const Box& box, int gap, int& over) {
  const Brush measure = c.brush.dry();
  const Canvas dry = c.with(measure);
  if (c.view.panel != View::Panel::story) {
    Fit out;
    out.title = Size::body;
    const int lines = static_cast<int>(c.brush.fold(plain(c.words(c.frame.caption)), box.width() - c.brush.px(28), Size::body).size());
    if (c.frame.caption != 0 && (lines > 4 || c.brush.large())) out.caption = Size::small;
    out.words_plain = c.brush.large();
    return out;
  }
  Fit fit;
  for (int level = 0; level < kFits; ++level) {
    fit = fit_of(level, c.brush.large());
    int y = draw_lesson(dry, box, fit, box.bottom) + gap / (fit.dense ? 2 : 1);
    if (fit.tabs) y = draw_tabs(dry, {box.left, y, box.right, box.bottom});
    over = draw_facts(dry, {box.left, y, box.right, box.bottom}, fit) - box.bottom;
    if (over <= 0) break;
  }
  return fit;
}

}  // namespace

void draw_side(const Canvas& c, const Box& box) {
  const int gap = c.brush.px(16);
  c.brush.list()->PushClipRect(Point{box.left - gap, box.top - gap}.at(), Point{box.right + gap, box.bottom}.at(), true);
  int over = 0;
  const Fit fit = choose_fit(c, box, gap, over);
  const Brush measure = c.brush.dry();
  // A panel gets half of it at least.
  const int most = c.view.panel != View::Panel::story ? box.middle().y
                   : over <= 0                        ? box.bottom
                                                      : draw_lesson(c.with(measure), box, fit, box.bottom) - over;
  int y = draw_lesson(c, box, fit, most) + gap / (fit.dense ? 2 : 1);
  if (fit.tabs) y = draw_tabs(c, {box.left, y, box.right, box.bottom});
  const Box rest{box.left, y, box.right, box.bottom};
  switch (c.view.panel) {
    case View::Panel::story: draw_story(c, rest, fit); break;
    case View::Panel::why: draw_why(c, rest); break;
    case View::Panel::promises: draw_promises(c, rest); break;
    case View::Panel::diagram: draw_diagram(c, rest); break;
    case View::Panel::log:
      if (c.timeline.has_raft()) draw_logs(c, rest);
      else draw_spread(c, {rest.left, draw_beliefs(c, rest) + gap, rest.right, rest.bottom});
      break;
  }
  c.brush.list()->PopClipRect();
}

}  // namespace quorumlab::viz
