// Servers as hexagons (leader), circles (follower) and diamonds (candidate); clients and programs as
// boxes. Who does not run is grey, dashed and crossed out.
#include "viz/panels/node.h"

#include <algorithm>

#include "viz/panels/mouse.h"

namespace quorumlab::viz {
namespace {

using Process = Host::Process;
using Role = Host::Role;

const char* role_text(const Host& h) {
  switch (h.process) {
    case Process::absent: return "not started";
    case Process::killed: return "killed";
    case Process::crashed: return "no power";
    case Process::stopped: return "stopped";
    case Process::paused: return "paused";
    case Process::up: break;
  }
  switch (h.role) {
    case Role::none: return "up";
    case Role::follower: return "follower";
    case Role::pre_candidate: return "asks first";
    case Role::candidate: return "candidate";
    case Role::leader: return "LEADER";
  }
  return "";
}

void dashed_circle(const Brush& b, Point centre, int radius, ImU32 colour, int thickness) {
  for (int degrees = 0; degrees < 360; degrees += 24) {
    b.line(on_circle(centre, radius, radius, degrees), on_circle(centre, radius, radius, degrees + 14), colour, thickness);
  }
}

// How much of its patience with the leader is used up: the whole round is the longest election timeout,
// the red notch is the shortest. What it drew in between shows only where it runs out: a black notch.
void timer(const Canvas& c, std::uint32_t host, Point at, int radius) {
  const Host& h = c.frame.hosts[host - 1];
  const Recording& recording = c.timeline.recording();
  if (recording.election_max_ns <= 0 || h.process != Process::up || h.role == Role::leader || h.role == Role::none) return;
  const Brush& b = c.brush;
  const auto degrees = [&](std::int64_t ns) {
    return static_cast<int>(360 * std::clamp<std::int64_t>(ns, 0, recording.election_max_ns) / recording.election_max_ns);
  };
  const int used = degrees(c.frame.time_ns - h.heard_ns), least = degrees(recording.election_min_ns), wide = b.px(4);
  for (int from = 0; from < used; from += 6) {
    const int to = std::min(from + 6, used);
    b.line(on_circle(at, radius, radius, from - 90), on_circle(at, radius, radius, to - 90),
           from < least ? b.colours().quiet : palette::kVermillion, wide);
  }
  const auto notch = [&](int where, ImU32 colour) {
    b.line(on_circle(at, radius - b.px(4), radius - b.px(4), where - 90), on_circle(at, radius + b.px(5), radius + b.px(5), where - 90), colour,
           b.px(3));
  };
  notch(least, b.colours().bad);
  // Of a run that is over it shows when it will run out.
  const std::int64_t ends = c.timeline.weave().ran_out(host, 0, h.heard_ns);
  if (ends != 0) notch(degrees(ends - h.heard_ns), b.colours().text);
}

// Points upwards, in three.
void crown(const Brush& b, Point foot, int size, ImU32 colour) {
  b.fill({foot.x - size, foot.y - size / 3, foot.x + size, foot.y}, colour);
  for (int i = -1; i <= 1; ++i) {
    const int x = foot.x + i * size * 2 / 3;
    b.list()->AddTriangleFilled(Point{x - size / 3, foot.y - size / 3}.at(), Point{x + size / 3, foot.y - size / 3}.at(),
                                Point{x, foot.y - size - (i == 0 ? size / 4 : 0)}.at(), colour);
  }
}

// Its term, and its last entries: committed ones are full, the others hollow.
void draw_log(const Canvas& c, const Host& h, Point top_middle, bool faint) {
  const Brush& b = c.brush;
  constexpr std::uint64_t kShown = 6;
  const int cell = b.px(11), gap = b.px(2), line = b.line_height(Size::small);
  const std::uint64_t first = h.last_index > kShown ? h.last_index - kShown + 1 : 1;
  const int count = static_cast<int>(std::min(h.last_index, kShown));
  const std::string term = "term " + std::to_string(h.term), number = h.last_index == 0 ? "" : std::to_string(h.last_index);
  const int before = b.width(term, Size::small) + (count > 0 ? b.px(10) : 0);
  const int wide = before + count * (cell + gap) + (count > 0 ? b.px(4) + b.width(number, Size::small) : 0);
  int x = top_middle.x - wide / 2;
  b.fill({x - b.px(4), top_middle.y, x + wide + b.px(4), top_middle.y + line}, b.colours().back, b.px(4));
  b.text({x, top_middle.y}, term, Size::small, faint ? b.colours().quiet : b.colours().text);
  x += before;
  const ImU32 colour = faint ? b.colours().line : b.colours().good;
  for (int i = 0; i < count; ++i, x += cell + gap) {
    const Box box{x, top_middle.y + b.px(3), x + cell, top_middle.y + b.px(3) + b.px(12)};
    if (first + static_cast<std::uint64_t>(i) <= h.commit) b.fill(box, colour);
    else b.frame(box, b.colours().quiet, b.px(2));
  }
  b.text({x + b.px(4), top_middle.y}, number, Size::small, b.colours().quiet);
}

// What a newer word said of a member's incarnation; 0: nobody said it yet.
std::uint64_t incarnation(const Canvas& c, std::uint32_t host) {
  std::uint64_t out = 0;
  for (const Spread& s : c.timeline.spreads().all()) {
    if (s.record > c.frame.record) break;
    if (s.kind == Spread::Kind::alive && s.about == host) out = std::max(out, s.number);
  }
  return out;
}

// All that is known of a server, also where it is drawn as a dot.
void tell_all(const Canvas& c, std::uint32_t host) {
  const Host& h = c.frame.hosts[host - 1];
  std::string text = plain(c.title(host)) + ": " + role_text(h);
  if (c.timeline.has_raft()) {
    text += "\nterm " + std::to_string(h.term) + ", voted for " + (h.voted_for == 0 || h.voted_for > c.frame.hosts.size() ? "nobody" : plain(c.title(h.voted_for)));
    text += "\nlog ends at " + std::to_string(h.last_index) + ", committed up to " + std::to_string(h.commit);
  } else {
    if (const std::uint64_t number = incarnation(c, host); number != 0) text += "\nincarnation " + std::to_string(number);
    std::uint32_t alive = 0, suspect = 0, dead = 0;
    for (std::uint32_t n = 1; n <= c.frame.hosts.size() && h.runs(); ++n) {
      const Belief b = n == host ? Belief::unknown : c.frame.belief(host, n);
      alive += b == Belief::alive ? 1 : 0;
      suspect += b == Belief::suspect ? 1 : 0;
      dead += b == Belief::dead ? 1 : 0;
    }
    if (!c.frame.beliefs.empty() && h.runs()) {
      text += "\nsees " + std::to_string(alive) + " others alive, " + std::to_string(suspect) + " suspected, " + std::to_string(dead) + " failed";
    }
  }
  ImGui::SetTooltip("%s", text.c_str());
  const ImVec2 size = ImGui::CalcTextSize(text.c_str());
  c.remember("tooltip", {0, 0, static_cast<int>(size.x), static_cast<int>(size.y)});
}

}  // namespace

void draw_server(const Canvas& c, const Layout& layout, std::uint32_t host) {
  const Brush& b = c.brush;
  const Host& h = c.frame.hosts[host - 1];
  const Point at = layout.at(host);
  const int r = layout.radius, edge = b.px(3);
  const Theme& t = b.colours();
  const ImU32 ink = c.view.dark ? palette::kWhite : palette::kBlack;
  ImU32 name = palette::kBlack;
  if (!h.runs()) {
    b.circle(at, r, t.panel, 0, 0);
    dashed_circle(b, at, r, t.line, edge);
    b.cross(at, r * 7 / 10, t.bad, b.px(6));
    name = t.text;
  } else if (h.role == Role::leader) {
    b.polygon(at, r + b.px(6), 6, 0, palette::kOrange, ink, edge);
    crown(b, {at.x, at.y - r - b.px(2)}, b.px(15), palette::kOrange);
  } else if (h.role == Role::candidate || h.role == Role::pre_candidate) {
    b.polygon(at, r + b.px(9), 4, 0, h.role == Role::candidate ? palette::kYellow : t.back, ink, edge);
    if (h.role == Role::pre_candidate) name = t.text;
  } else {
    b.circle(at, r, palette::kSky, ink, edge);
  }
  if (h.process == Process::paused) {
    for (const int side : {-1, 1}) {
      const int x = at.x + side * b.px(9);
      b.fill({x - b.px(4), at.y - r / 2 - b.px(14), x + b.px(4), at.y - r / 2 + b.px(4)}, palette::kVermillion);
    }
  }
  const bool small = r < b.px(30);
  if (!small) timer(c, host, at, r + b.px(h.role == Role::follower ? 7 : 14));
  const Box whole{at.x - r, at.y - r, at.x + r, at.y + r};
  c.remember("node:" + c.title(host), whole);
  if (clicked(c, whole)) ask_why(c, h.since);
  if (hovers(c, whole)) tell_all(c, host);
  const std::string title = plain(c.title(host));
  if (r < b.px(15)) return;
  const Size size = b.width(title, Size::title) < 2 * r - b.px(12) && !small ? Size::title
                    : b.width(title, Size::body) < 2 * r - b.px(6) && !small            ? Size::body
                                                                              : Size::small;
  const int high = b.line_height(size);
  if (!h.runs()) {
    const int wide = b.width(title, size);
    b.fill({at.x - wide / 2 - 2, at.y - high * 3 / 10, at.x + wide / 2 + 2, at.y + high * 4 / 10}, t.panel);
  }
  b.text({at.x, at.y - high * 9 / 20}, title, size, name, Align::centre);
  if (small) return;

  // Below: its role, then its term and log.
  std::string line = role_text(h);
  if (h.runs() && (h.role == Role::candidate || h.role == Role::pre_candidate)) {
    line += ": " + std::to_string(h.grants) + " yes";
  }
  const bool two = c.view.offer != nullptr && c.view.offer->beside_frame != nullptr;
  const Size letters = layout.servers.size() <= 5 && !two ? Size::body : Size::small;
  const int top = at.y + r + b.px(13);
  const int wide = b.width(line, letters), below = b.line_height(letters);
  b.fill({at.x - wide / 2 - b.px(4), top, at.x + wide / 2 + b.px(4), top + below}, t.back, b.px(4));
  b.text({at.x, top}, line, letters, h.runs() ? t.text : t.bad, Align::centre);
  if (c.timeline.has_raft()) draw_log(c, h, {at.x, top + below}, !h.runs());
}

void draw_outsider(const Canvas& c, const Layout& layout, std::uint32_t host) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const Host& h = c.frame.hosts[host - 1];
  const Point at = layout.at(host);
  const bool program = h.kind == Host::Kind::program;
  const bool off = program && !h.runs();
  const Box box{at.x - b.px(56), at.y - b.px(30), at.x + b.px(56), at.y + b.px(30)};
  const ImU32 ink = c.view.dark ? palette::kWhite : palette::kBlack;
  b.fill(box, off ? t.panel : h.holds ? palette::kOrange : t.panel, b.px(6));
  b.frame(box, off ? t.line : ink, b.px(3), b.px(6));
  const ImU32 name = h.holds && !off ? palette::kBlack : off ? t.quiet : t.text;
  if (h.process == Process::killed || h.process == Process::crashed || h.process == Process::stopped) {
    b.cross(at, b.px(24), t.bad, b.px(6));
    const int wide = b.width(c.title(host), Size::title);
    b.fill({at.x - wide / 2 - 2, at.y - b.px(10), at.x + wide / 2 + 2, at.y + b.px(11)}, t.panel);
  }
  const std::string title = plain(c.title(host));
  const Size letters = b.width(title, Size::title) < box.width() - b.px(10) ? Size::title : Size::small;
  b.text({at.x, at.y - b.line_height(letters) * 9 / 20}, title, letters, name, Align::centre);
  if (h.holds) crown(b, {at.x, box.top - b.px(3)}, b.px(15), palette::kOrange);
  c.remember("host:" + c.title(host), box);
  if (clicked(c, box)) ask_why(c, h.since);

  std::string below;
  ImU32 colour = t.quiet;
  if (program) {
    if (off) {
      below = role_text(h);
      if (h.process != Process::absent) colour = t.bad;
    } else if (h.holds) {
      below = "has the key";
      colour = t.text;
    } else if (h.follows != 0) {
      below = "uses " + plain(c.title(h.follows));
      colour = t.text;
    }
  }
  if (!below.empty()) b.text({at.x, box.bottom + b.px(5)}, below, Size::body, colour, Align::centre);
  if (program) return;

  // What it asked last, and what came of it.
  const auto last = std::find_if(c.frame.requests.rbegin(), c.frame.requests.rend(),
                                 [&](const Request& q) { return q.client == host && !q.by_program; });
  if (last == c.frame.requests.rend()) return;
  const int wide = b.px(150);
  int y = box.bottom + b.px(6);
  const int x = std::max(at.x - wide / 2, b.px(8));
  y += b.paragraph({x, y}, wide, short_act(c.words(last->text)), Size::body, t.text, 3);
  const Point mark{x + b.px(7), y + b.line_height(Size::body) / 2};
  switch (last->outcome) {
    case Request::Outcome::pending:
      b.text({x, y}, last->attempt > 1 ? "asks again ..." : "waits ...", Size::body, t.quiet);
      break;
    case Request::Outcome::accepted:
      b.tick(mark, b.px(8), t.good);
      b.text({x + b.px(22), y}, "accepted", Size::body, t.good);
      break;
    case Request::Outcome::refused:
      b.cross(mark, b.px(6), t.bad, b.px(3));
      b.text({x + b.px(22), y}, "refused", Size::body, t.bad);
      break;
    case Request::Outcome::timed_out:
      b.cross(mark, b.px(6), t.bad, b.px(3));
      b.text({x + b.px(22), y}, "no answer", Size::body, t.bad);
      break;
  }
}

}  // namespace quorumlab::viz
