// Rows first, then what lies between them.
#include "sim/report/ladder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "sim/report/markup.h"
#include "sim/report/telling.h"
#include "sim/trace/words.h"

namespace quorumlab::report {
namespace {

using trace::Record;
using trace::RecordId;
using trace::WorldFact;

constexpr double kTimes = 86, kStrip = 12, kLine = 17, kWords = 620;
constexpr double kColumn = 7.7;  // of a text, at most on average
constexpr auto kFold = static_cast<std::size_t>((kWords - 12) / kColumn);

template <class... T>
void put(std::string& out, fmt::format_string<T...> format, T&&... values) {
  fmt::format_to(std::back_inserter(out), format, std::forward<T>(values)...);
}

std::string_view class_of(Style style) {
  switch (style) {
    case Style::good: return "good";
    case Style::bad: return "bad";
    case Style::warn: return "warn";
    case Style::act: return "act";
    case Style::caption: return "said";
    case Style::client: return "client";
    default: return "plain";
  }
}

}  // namespace

Ladder::Ladder(const Chart& chart, const Subject& subject)
    : chart_(chart), subject_(subject), context_{subject.names, subject.trace} {
  const double hosts = static_cast<double>(std::max<std::size_t>(1, chart.hosts.size()));
  lane_ = std::clamp(std::floor(760 / hosts), 26.0, 104.0);
  first_lane_ = kTimes + (chart_.elects ? 2 * (kStrip + 6) : 0) + 16 + lane_ / 2;
  words_ = first_lane_ + lane_ * (hosts - 1) + lane_ / 2 + 18;
  width_ = words_ + kWords;
  lay_out();
}

double Ladder::x(std::uint32_t host) const { return first_lane_ + lane_ * (static_cast<double>(host) - 1); }

void Ladder::lay_out() {
  std::size_t p = 0, r = 0;
  while (p < chart_.points.size() || r < chart_.remarks.size()) {
    Row row;
    row.is_remark = r < chart_.remarks.size() &&
                    (p == chart_.points.size() || chart_.remarks[r].id < chart_.points[p].id);
    row.index = row.is_remark ? r++ : p++;
    if (row.is_remark) {
      row.id = chart_.remarks[row.index].id;
      const Chart::Remark& remark = chart_.remarks[row.index];
      std::string text = remark.text;
      if (!remark.question.ask.empty()) text += (text.empty() ? "? " : "\n? ") + remark.question.ask;
      row.lines = folded(text, static_cast<std::size_t>((width_ - 60) / kColumn));
    } else {
      row.id = chart_.points[row.index].id;
      // The host's name stands in front of them.
      const Record& record = (*subject_.trace)[row.id];
      const std::string who = record.is(WorldFact::act) ? "" : host_of(chart_, record.node);
      row.lines = folded(std::string(who.size(), 'x') + (who.empty() ? "" : " ") + chart_.points[row.index].words, kFold);
      if (!who.empty()) row.lines.front().erase(0, std::min(who.size() + 1, row.lines.front().size()));
    }
    rows_.push_back(std::move(row));
  }
  // Room between two rows for the messages that come and go there.
  std::vector<std::uint32_t> ends(rows_.size() + 1, 0);
  const auto count = [&](RecordId id) {
    if (id == 0) return;
    const auto at = std::lower_bound(rows_.begin(), rows_.end(), id,
                                     [](const Row& row, RecordId wanted) { return row.id < wanted; });
    ++ends[static_cast<std::size_t>(at - rows_.begin())];
  };
  for (const Chart::Arrow& a : chart_.arrows) {
    count(a.sent);
    count(a.ended);
  }
  double y = 12;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    Row& row = rows_[i];
    y += std::min(110.0, 3.0 * ends[i]);
    row.top = y;
    const double lines = static_cast<double>(row.lines.size());
    if (row.is_remark) {
      const double heading = chart_.remarks[row.index].bookmark.empty() ? 0 : 22;
      row.bottom = y + 16 + heading + 18 * lines + 14;
      row.y = row.bottom;
      y = row.bottom + 6;
    } else {
      row.y = y + 9;
      row.bottom = y + 4 + kLine * std::max(1.0, lines);
      y = row.bottom;
    }
  }
  height_ = y + std::min(110.0, 3.0 * ends.back()) + 24;
}

double Ladder::y(RecordId id) const {
  const auto after = std::lower_bound(rows_.begin(), rows_.end(), id,
                                      [](const Row& row, RecordId wanted) { return row.id < wanted; });
  if (after != rows_.end() && after->id == id) return after->y;
  const bool first = after == rows_.begin(), last = after == rows_.end();
  const RecordId from = first ? chart_.first : (after - 1)->id;
  const RecordId to = last ? chart_.last + 1 : after->id;
  const double above = first ? 4 : (after - 1)->y;
  const double below = last ? height_ - 8 : after->is_remark ? after->top - 2 : after->y;
  if (id <= from || to <= from) return above;
  return above + (below - above) * static_cast<double>(id - from) / static_cast<double>(to - from);
}

double Ladder::y_at(std::int64_t time_ns) const {
  RecordId low = chart_.first, high = chart_.last;
  while (low < high) {
    const RecordId middle = low + (high - low) / 2;
    if ((*subject_.trace)[middle].time_ns < time_ns) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return y(low);
}

std::string Ladder::head() const {
  std::string out;
  put(out, "<text class=\"soft\" x=\"12\" y=\"22\">time</text>\n");
  for (const auto& [letter, words, at] : {std::tuple{'Q', "quorum: a majority can talk to each other", kTimes},
                                          {'L', "leader: somebody leads", kTimes + kStrip + 6}}) {
    if (!chart_.elects) break;
    put(out, "<text class=\"soft\" text-anchor=\"middle\" x=\"{:.0f}\" y=\"22\">{}<title>{}</title></text>\n", at + kStrip / 2, letter, words);
  }
  for (std::size_t i = 0; i < chart_.hosts.size(); ++i) {
    static constexpr std::string_view kKinds[] = {"server", "client", "program"};
    const double at = x(static_cast<std::uint32_t>(i + 1));
    const std::string& name = chart_.hosts[i].name;
    const auto room = static_cast<std::size_t>(lane_ / 7.4);
    put(out, "<text class=\"host {}\" text-anchor=\"middle\" x=\"{:.1f}\" y=\"22\">{}<title>{}</title></text>\n",
        kKinds[static_cast<std::size_t>(chart_.hosts[i].kind)], at,
        escaped(name.size() > room ? name.substr(0, room - 1) : name) + (name.size() > room ? "&#8230;" : ""), escaped(name));
  }
  put(out, "<text class=\"soft\" x=\"{:.1f}\" y=\"22\">what happened, and why</text>\n", words_);
  return out;
}

void Ladder::strip(const std::vector<Chart::Stretch>& stretches, double at, std::string_view name, std::string& out) const {
  for (const Chart::Stretch& s : stretches) {
    const double from = y_at(s.from_ns), to = s.to_ns >= chart_.to_ns ? height_ - 8 : y_at(s.to_ns);
    put(out, "<rect class=\"strip {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.0f}\" height=\"{:.1f}\"><title>{}: {}</title></rect>\n",
        s.good ? "yes" : "no", at, from, kStrip, std::max(1.0, to - from), name, escaped(s.words));
  }
}

void Ladder::span(const Chart::Span& s, std::string& out) const {
  static constexpr std::string_view kNames[] = {"leader", "candidate", "down", "paused", "blocked"};
  static constexpr double kWidths[] = {11, 7, 15, 11, 11};
  const std::size_t kind = static_cast<std::size_t>(s.kind);
  const double w = kWidths[kind], from = y(std::max(s.from, chart_.first));
  const double to = s.to == chart_.last ? height_ - 8 : y(s.to);
  const std::string term = s.term == 0 ? "" : fmt::format(", term {}", s.term);
  put(out, "<rect class=\"span {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.0f}\" height=\"{:.1f}\" rx=\"2\"><title>{}: {}{}</title></rect>\n",
      kNames[kind], x(s.host) - w / 2, from, w, std::max(2.0, to - from), escaped(host_of(chart_, s.host)),
      kNames[kind], term);
  if (to - from <= 40 || lane_ <= 60 || s.kind == Chart::Span::Kind::candidate) return;
  const std::string label = s.kind == Chart::Span::Kind::leader && s.term != 0 ? fmt::format("term {}", s.term) : std::string(kNames[kind]);
  put(out, "<text class=\"tag {}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", kNames[kind], x(s.host) + 11, from + 22, label);
}

void Ladder::arrow(const Chart::Arrow& a, std::string& out) const {
  const Record& sent = (*subject_.trace)[a.sent];
  const double x1 = x(a.from), x2 = x(a.to), y1 = y(a.sent);
  double y2 = a.ended == 0 ? height_ - 10 : y(a.ended);
  double to = x2;
  if (a.lost || a.ended == 0) {
    // It gets half-way.
    to = x1 + (x2 - x1) * 0.55;
    y2 = y1 + std::min(26.0, std::max(8.0, (y2 - y1) * 0.55));
  }
  const bool packet = sent.is(WorldFact::packet_sent);
  std::string words = chart_.operations.named(sent, trace::words(sent, context_));
  if (a.lost) words += "; " + trace::words((*subject_.trace)[a.ended], context_);
  const std::int64_t end_ns = a.ended == 0 ? 0 : (*subject_.trace)[a.ended].time_ns;
  words += a.ended == 0 ? "\nstill under way" : a.lost ? "" : "\narrives after " + fmt::format("{:.3f} ms", static_cast<double>(end_ns - sent.time_ns) / 1e6);
  put(out, "<g class=\"msg {}{}\" data-id=\"{}\"><title>{}</title><line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>",
      packet ? "packet" : "request", a.lost ? " lost" : "", a.sent, escaped(words), x1, y1, to, y2);
  if (a.lost) {
    put(out, "<path d=\"M{:.1f} {:.1f}l8 8m0 -8l-8 8\"/>", to - 4, y2 - 4);
  } else if (a.ended != 0) {
    const double angle = std::atan2(y2 - y1, to - x1), size = 7;
    put(out, "<path class=\"tip\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}Z\"/>", to, y2,
        to - size * std::cos(angle - 0.42), y2 - size * std::sin(angle - 0.42),
        to - size * std::cos(angle + 0.42), y2 - size * std::sin(angle + 0.42));
  }
  put(out, "</g>\n");
}

void Ladder::remark(const Row& row, std::string& out) const {
  const Chart::Remark& r = chart_.remarks[row.index];
  put(out, "<g class=\"remark\" id=\"r{}\" data-id=\"{}\"><rect x=\"8\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"6\"/>",
      r.id, r.id, row.top + 4, width_ - 16, row.bottom - row.top - 8);
  double y = row.top + 24;
  if (!r.bookmark.empty()) {
    put(out, "<text class=\"bookmark\" x=\"22\" y=\"{:.1f}\">{}</text>", y, escaped(r.bookmark));
    y += 22;
  }
  for (const std::string& line : row.lines) {
    put(out, "<text x=\"22\" y=\"{:.1f}\">{}</text>", y, escaped(line));
    y += 18;
  }
  put(out, "</g>\n");
}

void Ladder::point(const Row& row, std::string& out) const {
  const Chart::Point& p = chart_.points[row.index];
  const Record& r = (*subject_.trace)[p.id];
  put(out, "<g class=\"ev {}\" id=\"e{}\" data-id=\"{}\" tabindex=\"-1\"><rect class=\"row\" x=\"0\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>"
      "<text class=\"soft num\" x=\"12\" y=\"{:.1f}\">{}</text>",
      class_of(p.style), p.id, p.id, row.top, width_, row.bottom - row.top, row.y + 4, time_text(r.time_ns, false));
  const std::string host = host_of(chart_, r.node);
  double y = row.y + 4;
  for (std::size_t i = 0; i < row.lines.size(); ++i, y += kLine) {
    const std::string who = i == 0 && !host.empty() && !r.is(WorldFact::act) ? "<tspan class=\"who\">" + escaped(host) + "</tspan> " : "";
    put(out, "<text x=\"{:.1f}\" y=\"{:.1f}\">{}{}</text>", words_ + (i == 0 ? 0 : 12), y, who, escaped(row.lines[i]));
  }
  put(out, "</g>\n");
}

std::string Ladder::body() const {
  std::string out;
  for (const Row& row : rows_) {
    if (!row.is_remark) point(row, out);
  }
  put(out, "<g class=\"lanes\">\n");
  for (std::uint32_t h = 1; h <= chart_.hosts.size(); ++h) {
    put(out, "<line class=\"lane {}\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"0\" y2=\"{:.1f}\"/>\n",
        chart_.hosts[h - 1].kind == Chart::Host::Kind::server ? "server" : "other", x(h), x(h), height_ - 8);
  }
  strip(chart_.quorum, kTimes, "quorum", out);
  strip(chart_.leader, kTimes + kStrip + 6, "leader", out);
  for (const Chart::Span& s : chart_.spans) span(s, out);
  put(out, "</g>\n<g class=\"msgs\">\n");
  for (const Chart::Arrow& a : chart_.arrows) arrow(a, out);
  put(out, "</g>\n<g class=\"dots\">\n");
  for (const Row& row : rows_) {
    if (row.is_remark) {
      remark(row, out);
      continue;
    }
    const Record& r = (*subject_.trace)[row.id];
    if (r.node != 0 && r.node <= chart_.hosts.size()) {
      put(out, "<circle class=\"dot {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\"/>\n", class_of(chart_.points[row.index].style),
          x(r.node), row.y);
    }
  }
  put(out, "</g>\n");
  return out;
}

std::string_view ladder_style() {
  return R"(
svg text { fill:var(--ink); font:13px system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif; }
svg text.soft { fill:var(--soft); } svg text.num { font-variant-numeric:tabular-nums; }
svg text.host { font-weight:700; } svg text.host.client, svg text.host.program { fill:var(--request); }
.lane { stroke:var(--lane); stroke-width:1.5; } .lane.other { stroke-dasharray:2 4; }
.strip.yes { fill:var(--yes); } .strip.no { fill:var(--no); }
.span.leader { fill:var(--leader); stroke:var(--ink); stroke-width:.8; } .span.candidate { fill:var(--candidate); stroke:var(--ink); stroke-dasharray:3 2; }
.span.down { fill:var(--page); stroke:var(--bad); stroke-width:1.5; stroke-dasharray:5 4; }
.span.paused, .span.blocked { fill:var(--page); stroke:var(--warn); stroke-width:2; stroke-dasharray:1 3; }
svg text.tag { font-size:11px; font-weight:700; } svg text.tag.down { fill:var(--bad); }
.msg line { stroke:var(--packet); stroke-width:1.1; } .msg .tip { fill:var(--packet); }
.msg.request line { stroke:var(--request); stroke-dasharray:5 3; } .msg.request .tip { fill:var(--request); }
.msg.lost line { stroke:var(--bad); stroke-dasharray:3 3; } .msg.lost path { stroke:var(--bad); stroke-width:2; fill:none; }
.row { fill:none; pointer-events:all; } .who { font-weight:700; }
.dot { fill:var(--ink); stroke:var(--page); } .dot.good { fill:var(--yes); } .dot.bad { fill:var(--bad); } .dot.warn { fill:var(--warn); }
.dot.client, .dot.said { fill:var(--request); }
.ev.bad text { fill:var(--bad); font-weight:700; } .ev.good .who { fill:var(--yes); } .ev.act text { font-weight:700; } .ev.said text { font-style:italic; }
.ev text.soft { fill:var(--soft); font-weight:400; font-style:normal; }
.remark rect { fill:var(--panel); stroke:var(--line); } .remark .bookmark { font-size:16px; font-weight:700; }
)";
}

std::string ladder_legend(bool elects) {
  std::string out = "<ul class=\"legend\">\n";
  const auto item = [&](std::string_view shape, std::string_view words) {
    put(out, "<li><svg width=\"30\" height=\"14\">{}</svg>{}</li>\n", shape, words);
  };
  if (elects) item("<rect class=\"strip yes\" x=\"2\" y=\"1\" width=\"11\" height=\"12\"/><rect class=\"strip no\" x=\"16\" y=\"1\" width=\"11\" height=\"12\"/>",
       "left: a majority can talk to each other, or not; right: somebody leads, or nobody");
  if (elects) item("<rect class=\"span leader\" x=\"9\" y=\"0\" width=\"11\" height=\"14\"/>", "leads");
  if (elects) item("<rect class=\"span candidate\" x=\"11\" y=\"1\" width=\"7\" height=\"12\"/>", "asks for votes");
  item("<rect class=\"span down\" x=\"8\" y=\"1\" width=\"14\" height=\"12\"/>", "down");
  item("<rect class=\"span paused\" x=\"9\" y=\"1\" width=\"11\" height=\"12\"/>", "paused");
  item("<g class=\"msg packet\"><line x1=\"1\" y1=\"4\" x2=\"27\" y2=\"10\"/></g>", "message");
  item("<g class=\"msg request\"><line x1=\"1\" y1=\"4\" x2=\"27\" y2=\"10\"/></g>", "request and answer");
  item("<g class=\"msg packet lost\"><line x1=\"1\" y1=\"4\" x2=\"18\" y2=\"8\"/><path d=\"M16 4l8 8m0 -8l-8 8\"/></g>", "lost");
  return out + "</ul>\n";
}

}  // namespace quorumlab::report
