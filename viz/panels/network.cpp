// The network: servers on a ring, clients and programs beside it, what travels between them, what is
// cut, and who says what.
#include <algorithm>

#include "core/raft/message.h"
#include "sim/trace/words.h"
#include "viz/panels/family.h"
#include "viz/panels/acts.h"
#include "viz/panels/layout.h"
#include "viz/panels/mouse.h"
#include "viz/panels/node.h"

namespace quorumlab::viz {
namespace {

bool is_answer(std::uint32_t kind) {
  using raft::MessageType;
  switch (static_cast<MessageType>(kind)) {
    case MessageType::heartbeat_response:
    case MessageType::append_entries_response:
    case MessageType::install_snapshot_response:
    case MessageType::request_vote_response:
    case MessageType::request_pre_vote_response:
    case MessageType::propose_response:
    case MessageType::read_index_response: return true;
    default: return false;
  }
}

// A shape for each family; what asks is full, what answers is hollow.
void glyph(const Canvas& c, Point at, Family family, bool answer, ImU32 colour, int size) {
  const Brush& b = c.brush;
  const ImU32 inner = answer ? b.colours().back : colour;
  const int edge = b.px(3);
  switch (family) {
    case Family::heartbeat: b.circle(at, size - b.px(1), inner, colour, edge); break;
    case Family::log: b.polygon(at, size + b.px(2), 4, 45, inner, colour, edge); break;
    case Family::vote: b.polygon(at, size + b.px(3), 3, -90, inner, colour, edge); break;
    case Family::gossip: b.polygon(at, size + b.px(1), 5, -90, inner, colour, edge); break;
    case Family::other: b.polygon(at, size + b.px(2), 4, 0, inner, colour, edge); break;
  }
}

std::string label_of(const Packet& p) {
  using raft::MessageType;
  if (p.kind >= 128) return {};
  switch (static_cast<MessageType>(p.kind)) {
    case MessageType::request_vote: return "vote?";
    case MessageType::request_pre_vote: return "could I?";
    case MessageType::request_vote_response:
    case MessageType::request_pre_vote_response: return p.refuses ? "no" : "yes";
    case MessageType::append_entries:
      return p.entries == 0 ? std::string() : p.entries == 1 ? "entry" : std::to_string(p.entries) + " entries";
    case MessageType::append_entries_response: return p.refuses ? "no match" : std::string();
    case MessageType::install_snapshot: return "snapshot";
    case MessageType::timeout_now: return "take over";
    case MessageType::propose: return "proposal";
    default: return {};
  }
}

// On its way, to the right of it as seen by who travels, so that both directions are apart.
Point place_of(const Canvas& c, const Layout& layout, const Packet& p) {
  const Point a = layout.at(p.source), b = layout.at(p.target);
  const int dx = b.x - a.x, dy = b.y - a.y;
  const int length = std::max(1, layout.distance(p.source, p.target));
  // Between the rims, not the centres.
  const int rim = layout.radius + c.brush.px(8);
  const int way = std::max(0, length - 2 * rim);
  const int along = rim + way * static_cast<int>(p.permille) / 1000;
  const int aside = c.brush.px(7);
  return {a.x + dx * along / length - dy * aside / length, a.y + dy * along / length + dx * aside / length};
}

void draw_links(const Canvas& c, const Layout& layout) {
  const auto servers = static_cast<std::uint32_t>(layout.servers.size());
  constexpr std::uint32_t kMostMeshed = 12;
  for (std::uint32_t i = 0; i < servers; ++i) {
    for (std::uint32_t j = i + 1; j < servers; ++j) {
      const std::uint32_t a = layout.servers[i], b = layout.servers[j];
      const bool there = !c.frame.cut(a, b), back = !c.frame.cut(b, a);
      const ImU32 cut = c.brush.colours().bad;
      if (there && back) {
        if (servers <= kMostMeshed) c.brush.line(layout.at(a), layout.at(b), c.brush.colours().faint, c.brush.px(2));
      } else if (there || back) {
        c.brush.line(layout.at(a), layout.at(b), c.brush.colours().line, c.brush.px(2));
      } else if (!layout.walled(a, b)) {
        c.brush.dashes(layout.at(a), layout.at(b), cut, c.brush.px(2), c.brush.px(8), c.brush.px(6));
        c.brush.cross(layout.towards(a, b, 500), c.brush.px(8), cut, c.brush.px(3));
      }
    }
  }
}

// What still gets through is an arrow towards its target, whose own words end in a cross.
void draw_one_way(const Canvas& c, const Layout& layout) {
  for (const std::uint32_t from : layout.servers) {
    for (const std::uint32_t to : layout.servers) {
      if (from == to || c.frame.cut(from, to) || !c.frame.cut(to, from)) continue;
      // Beyond the words below the target.
      const int length = std::max(1, layout.distance(from, to));
      const int cross = std::max(300, std::min(500, (layout.radius + c.brush.px(72)) * 1000 / length));
      c.brush.arrow_head(layout.towards(to, from, cross + 80), layout.at(from), c.brush.px(18), c.brush.colours().quiet);
      c.brush.cross(layout.towards(to, from, cross), c.brush.px(9), c.brush.colours().bad, c.brush.px(4));
    }
  }
}

// Between neighbours on the ring who cannot reach each other, from the middle outwards.
void draw_wall(const Canvas& c, const Layout& layout, const Box& area) {
  if (!layout.divided) return;
  const std::size_t count = layout.servers.size();
  bool named = false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t next = (i + 1) % count;
    if (layout.side[i] == layout.side[next]) continue;
    const int angle = layout.angle_of(i) + 360 / static_cast<int>(2 * count);
    const Point tip = on_circle(layout.centre, layout.ring + layout.radius + c.brush.px(24),
                                layout.ring + layout.radius + c.brush.px(24), angle);
    c.brush.dashes(layout.centre, tip, c.brush.colours().bad, c.brush.px(6), c.brush.px(18), c.brush.px(9));
    if (named) continue;
    named = true;
    // Not over the legend.
    const int y = std::min(tip.y - (angle % 360 + 360) % 360 / 180 * c.brush.px(20), area.bottom - c.brush.px(28) - c.brush.line_height(Size::body));
    c.brush.text({tip.x, y}, "partition", Size::body, c.brush.colours().bad, tip.x < layout.centre.x ? Align::right : Align::left);
  }
}

void draw_packets(const Canvas& c, const Layout& layout) {
  constexpr std::size_t kMostLabelled = 24;
  // Names of servers stay to be read.
  std::vector<Box> taken;
  for (const std::uint32_t host : layout.servers) {
    const Point at = layout.at(host);
    const int half = c.brush.width(plain(c.title(host)), Size::body) / 2, high = c.brush.line_height(Size::body) / 2;
    taken.push_back({at.x - half, at.y - high, at.x + half, at.y + high});
  }
  const bool labels = c.frame.packets.size() <= kMostLabelled;
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const Packet* hovered = nullptr;
  for (const Packet& p : c.frame.packets) {
    if (!layout.has(p.source) || !layout.has(p.target)) continue;
    const Point at = place_of(c, layout, p);
    const Family family = family_of(p.kind);
    const int size = c.brush.px(8);
    glyph(c, at, family, is_answer(p.kind), p.dropped ? c.brush.colours().line : colour_of(family), size);
    if (p.dropped) c.brush.cross(at, c.brush.px(6), c.brush.colours().bad, c.brush.px(2));
    if (p.sent == c.view.hovered) c.brush.circle(at, size + c.brush.px(7), 0, c.brush.colours().text, c.brush.px(3));
    if (std::abs(mouse.x - static_cast<float>(at.x)) < 12 && std::abs(mouse.y - static_cast<float>(at.y)) < 12) hovered = &p;
    const std::string label = labels ? label_of(p) : std::string();
    if (label.empty()) continue;
    const int wide = c.brush.width(label, Size::small), high = c.brush.line_height(Size::small);
    Box box{at.x + c.brush.px(12), at.y - high / 2, at.x + c.brush.px(12) + wide, at.y + high / 2};
    const auto overlaps = [&](const Box& o) {
      return box.left < o.right && o.left < box.right && box.top < o.bottom && o.top < box.bottom;
    };
    const auto covers = [&] { return std::any_of(taken.begin(), taken.end(), overlaps); };
    // On its other side, if the right is taken.
    if (covers()) box = {at.x - c.brush.px(12) - wide, box.top, at.x - c.brush.px(12), box.bottom};
    if (covers()) continue;
    taken.push_back(box);
    c.brush.fill({box.left - 2, box.top, box.right + 2, box.bottom}, (c.brush.colours().back & ~IM_COL32_A_MASK) | 0xC0000000u, 3);
    c.brush.text({box.left, box.top}, label, Size::small, c.brush.colours().text);
  }
  if (hovered == nullptr || c.view.help) return;
  c.view.hovered_next = hovered->sent;
  if (ImGui::IsMouseClicked(0)) ask_why(c, hovered->sent);
  const Recording& recording = c.timeline.recording();
  const std::string words = plain(trace::words(recording.trace[hovered->sent], recording.context()));
  ImGui::SetTooltip("%s\n%s", words.c_str(), hovered->dropped ? "it will not arrive" : "on its way");
}

// What asks whom: a line to the server for as long as the answer is open.
void draw_requests(const Canvas& c, const Layout& layout) {
  for (const Request& q : c.frame.requests) {
    if (q.outcome != Request::Outcome::pending || !layout.has(q.client) || !layout.has(q.target)) continue;
    const bool cut = c.frame.cut(q.client, q.target) || c.frame.cut(q.target, q.client);
    const ImU32 colour = cut ? c.brush.colours().bad : palette::kBlue;
    const Point from = layout.at(q.client), to = layout.towards(q.target, q.client, 0);
    const int dx = to.x - from.x, dy = to.y - from.y;
    const int length = std::max(1, layout.distance(q.client, q.target));
    const int rim = layout.radius + c.brush.px(6);
    const Point tip{to.x - dx * rim / length, to.y - dy * rim / length};
    c.brush.dashes(from, tip, colour, c.brush.px(3), c.brush.px(3), c.brush.px(7));
    c.brush.arrow_head(tip, from, c.brush.px(14), colour);
  }
}

void draw_bubbles(const Canvas& c, const Layout& layout, const Box& area) {
  constexpr std::int64_t kShown = 1'200'000'000, kNewestShown = 4'000'000'000;
  std::uint32_t newest = 0;
  for (const std::uint32_t host : layout.all) {
    const Host& h = c.frame.hosts[host - 1];
    if (h.speech != 0 && (newest == 0 || h.speech_record > c.frame.hosts[newest - 1].speech_record)) newest = host;
  }
  std::vector<std::uint32_t> speakers;
  for (const std::uint32_t host : layout.all) {
    const Host& h = c.frame.hosts[host - 1];
    const std::int64_t age = c.frame.time_ns - h.speech_ns;
    if (h.speech != 0 && age <= (host == newest ? kNewestShown : kShown)) speakers.push_back(host);
  }
  // The newest is drawn last, over the others.
  std::sort(speakers.begin(), speakers.end(), [&](std::uint32_t a, std::uint32_t b) {
    return c.frame.hosts[a - 1].speech_record < c.frame.hosts[b - 1].speech_record;
  });
  for (const std::uint32_t host : speakers) {
    const Host& h = c.frame.hosts[host - 1];
    const std::string said = plain(c.words(h.speech));
    const auto lines = c.brush.fold(said, c.brush.px(200), Size::body);
    int wide = 0;
    for (const std::string& each : lines) wide = std::max(wide, c.brush.width(each, Size::body));
    const int high = static_cast<int>(lines.size()) * c.brush.line_height(Size::body);
    const int pad = c.brush.px(9);
    const Point at = layout.at(host);
    const Theme& t = c.brush.colours();
    const int thick = c.brush.px(host == newest ? 3 : 2), tail = c.brush.px(9), edge_gap = c.brush.px(4);
    const ImU32 edge = host == newest ? palette::kBlue : t.line;
    // Above its host; beside it where there is no room above.
    Point foot{at.x, at.y - layout.radius - c.brush.px(4)};
    Box box;
    box.top = foot.y - c.brush.px(16) - high - 2 * pad;
    const bool above = box.top >= area.top + edge_gap;
    if (above) {
      box.left = std::clamp(foot.x - wide / 2 - pad, area.left + edge_gap,
                            std::max(area.left + edge_gap, area.right - wide - 2 * pad - edge_gap));
    } else {
      foot = {at.x + layout.radius + c.brush.px(6), at.y - c.brush.px(8)};
      box.left = foot.x + c.brush.px(18);
      box.top = std::max(at.y - high / 2 - pad - c.brush.px(8), area.top + edge_gap);
    }
    box.right = box.left + wide + 2 * pad;
    box.bottom = box.top + high + 2 * pad;
    c.brush.fill(box, t.back, c.brush.px(8));
    c.brush.frame(box, edge, thick, c.brush.px(8));
    const int x = std::clamp(foot.x - tail, box.left + tail, std::max(box.left + tail, box.right - 3 * tail));
    const Point one = above ? Point{x, box.bottom - thick} : Point{box.left + thick, foot.y - tail};
    const Point two = above ? Point{x + 2 * tail, box.bottom - thick} : Point{box.left + thick, foot.y + tail};
    c.brush.list()->AddTriangleFilled(one.at(), two.at(), foot.at(), t.back);
    c.brush.line({one.x - (above ? 0 : thick), one.y + (above ? thick : 0)}, foot, edge, thick);
    c.brush.line({two.x - (above ? 0 : thick), two.y + (above ? thick : 0)}, foot, edge, thick);
    int y = box.top + pad;
    for (const std::string& each : lines) {
      c.brush.text({box.left + pad, y}, each, Size::body, t.text);
      y += c.brush.line_height(Size::body);
    }
    c.remember("speech:" + c.title(host), box);
  }
}

void draw_legend(const Canvas& c, const Box& area) {
  struct Item {
    Family family;
    const char* text;
  };
  constexpr Item kRaft[] = {{Family::heartbeat, "heartbeat"}, {Family::log, "log entries"}, {Family::vote, "vote"}, {Family::other, "other"}};
  constexpr Item kGossip[] = {{Family::gossip, "gossip"}};
  const int y = area.bottom - c.brush.px(14);
  int x = area.left + c.brush.px(16);
  const auto items = c.timeline.has_raft() ? std::span<const Item>(kRaft) : std::span<const Item>(kGossip);
  for (const Item& item : items) {
    glyph(c, {x, y}, item.family, false, colour_of(item.family), c.brush.px(7));
    c.brush.text({x + c.brush.px(15), y - c.brush.line_height(Size::small) / 2}, item.text, Size::small, c.brush.colours().quiet);
    x += c.brush.px(15 + 26) + c.brush.width(item.text, Size::small);
  }
  if (c.timeline.has_raft()) {
    c.brush.text({x, y - c.brush.line_height(Size::small) / 2}, "hollow: an answer", Size::small, c.brush.colours().quiet);
  }
}

}  // namespace

void draw_network(const Canvas& c, const Box& area) {
  const Layout layout = lay_out(c, area);
  draw_links(c, layout);
  draw_wall(c, layout, area);
  draw_requests(c, layout);
  for (const std::uint32_t host : layout.outside) draw_outsider(c, layout, host);
  // From above to below: the words below one must not cover the crown of the next.
  std::vector<std::uint32_t> servers = layout.servers;
  std::stable_sort(servers.begin(), servers.end(), [&](std::uint32_t a, std::uint32_t b) { return layout.at(a).y < layout.at(b).y; });
  const Brush normal = c.brush.in_normal_type();
  const Canvas crowded = c.with(servers.size() > 5 ? normal : c.brush);
  for (const std::uint32_t host : servers) draw_server(crowded, layout, host);
  draw_one_way(c, layout);
  draw_packets(c, layout);
  draw_bubbles(c, layout, area);
  draw_legend(c, area);
  if (c.view.offer == nullptr) return;
  if (!c.view.beside) draw_hands(c, layout, area);
  draw_branch_name(c, area, c.view.beside);
}

}  // namespace quorumlab::viz
