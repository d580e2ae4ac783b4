// The page as HTML with pictures in SVG. Colours are told apart by the colour-blind, too (Okabe and
// Ito's), and everything that a colour says is also said by a pattern, a line or a word.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "sim/judge/linearizability/words.h"
#include "sim/report/history.h"
#include "sim/report/markup.h"
#include "sim/report/text.h"

namespace quorumlab::report {
namespace {

namespace lin = linearizability;

constexpr std::size_t kMostBars = 2000;

constexpr std::string_view kStyle = R"(
:root { --page:#fbfaf7; --panel:#ffffff; --ink:#1d1d1b; --soft:#63625c; --line:#dedcd5; --bad:#b84a00;
  --bad-fill:#fde8da; --good:#00704f; --write:#0072b2; --write-fill:#d5e7f4; --read:#008a64; --read-fill:#d6f0e6;
  --gone:#a3487b; --gone-fill:#f5dfeb; --open:#77756e; --open-fill:#ecebe6; --down:#77756e; --paused:#c98500; --cut:#7461c9; }
@media (prefers-color-scheme: dark) { :root { --page:#161614; --panel:#1f1f1c; --ink:#ecebe6; --soft:#a3a198;
  --line:#3b3a35; --bad:#ff9a57; --bad-fill:#4a2711; --good:#4fd3a5; --write:#63b9ec; --write-fill:#143850;
  --read:#3fcb9d; --read-fill:#11402f; --gone:#e69cc6; --gone-fill:#4b2339; --open:#a3a198; --open-fill:#33322d;
  --down:#a3a198; --paused:#f0b030; --cut:#a899f0; } }
* { box-sizing: border-box; }
body { margin:0 auto; max-width:1240px; padding:28px 24px 60px; background:var(--page); color:var(--ink);
  font:15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { font-size:24px; line-height:1.25; margin:0 0 6px; } h2 { font-size:17px; margin:34px 0 4px; }
p { margin:4px 0 10px; max-width:82ch; } .soft { color:var(--soft); }
code, .mono { font-family:ui-monospace, "SF Mono", Consolas, "DejaVu Sans Mono", monospace; font-size:13px; }
.verdict { border-left:6px solid var(--soft); background:var(--panel); padding:12px 16px; margin:18px 0; border-radius:0 8px 8px 0; }
.verdict.bad { border-color:var(--bad); } .verdict.good { border-color:var(--good); }
.verdict b { font-size:17px; } .verdict.bad b { color:var(--bad); } .verdict.good b { color:var(--good); }
.verdict p { margin:4px 0 0; }
.chart { display:flex; background:var(--panel); border:1px solid var(--line); border-radius:8px; overflow:hidden; }
.chart > svg { flex:none; border-right:1px solid var(--line); } .scroll { overflow-x:auto; flex:1; }
svg { display:block; } svg text { fill:var(--ink); font:12px system-ui, "Segoe UI", Arial, sans-serif; }
svg text.soft { fill:var(--soft); } svg .grid { stroke:var(--line); } svg .label { font-size:13px; }
.op rect { stroke-width:1.5; } .op text { pointer-events:none; font-size:11px; }
.write rect { fill:var(--write-fill); stroke:var(--write); } .read rect { fill:var(--read-fill); stroke:var(--read); }
.gone rect { fill:var(--gone-fill); stroke:var(--gone); }
.unknown rect { fill:var(--open-fill); stroke:var(--open); stroke-dasharray:4 3; }
.culprit rect { stroke:var(--bad); stroke-width:3; } .culprit.shows rect { fill:var(--bad-fill); }
.op:hover rect, .op:focus rect, .op:target rect { stroke-width:4; } .op { outline:none; }
.leads { fill:var(--ink); } .down { fill:url(#p-down); stroke:var(--down); } .paused { fill:url(#p-paused); stroke:var(--paused); }
.cut { fill:url(#p-cut); stroke:var(--cut); } .band { stroke:none; opacity:.15; }
.band.down { fill:var(--down); } .band.paused { fill:var(--paused); } .band.cut { fill:var(--cut); } .mark { fill:var(--soft); }
.legend { display:flex; flex-wrap:wrap; gap:6px 20px; margin:10px 0 0; padding:0; list-style:none; color:var(--soft); font-size:13px; }
.legend li { display:flex; align-items:center; gap:7px; }
table { border-collapse:collapse; width:100%; font-size:13px; } th, td { text-align:left; padding:4px 10px 4px 0; border-bottom:1px solid var(--line); vertical-align:top; }
th { color:var(--soft); font-weight:600; } tr.culprit td { background:var(--bad-fill); } td.num { font-variant-numeric:tabular-nums; white-space:nowrap; }
details { margin-top:26px; } summary { cursor:pointer; font-weight:600; } a { color:inherit; }
#tip { position:fixed; display:none; max-width:420px; padding:8px 11px; border-radius:6px; background:var(--ink); color:var(--page);
  font-size:13px; white-space:pre-line; pointer-events:none; z-index:9; }
)";

// Titles become tooltips that come at once; without scripts they stay what they are.
constexpr std::string_view kScript = R"(
(function () {
  var tip = document.getElementById('tip');
  document.querySelectorAll('svg [data-tip]').forEach(function (g) {
    var t = g.querySelector('title'); if (!t) return;
    var words = t.textContent; t.remove(); g.setAttribute('aria-label', words);
    function show(x, y) { tip.textContent = words; tip.style.display = 'block';
      tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - tip.offsetWidth - 8)) + 'px';
      tip.style.top = (y + 18 + tip.offsetHeight > innerHeight ? y - tip.offsetHeight - 10 : y + 18) + 'px'; }
    g.addEventListener('pointermove', function (e) { show(e.clientX, e.clientY); });
    g.addEventListener('focus', function () { var r = g.getBoundingClientRect(); show(r.left, r.bottom - 14); });
    ['pointerleave', 'blur'].forEach(function (n) { g.addEventListener(n, function () { tip.style.display = 'none'; }); });
  });
  var first = document.querySelector('#whole .shows'), box = document.querySelector('#whole .scroll');
  if (first && box) box.scrollLeft += first.getBoundingClientRect().left - box.getBoundingClientRect().left - box.clientWidth / 2;
})();
)";

std::string_view shape_of(const lin::Operation& op) {
  if (op.result == lin::Result::unknown) return "unknown";
  switch (op.kind) {
    case lin::Kind::get:
      return "read";
    case lin::Kind::erase:
    case lin::Kind::remove:
    case lin::Kind::compare_and_delete:
      return "gone";
    default:
      return "write";
  }
}

class Writer {
 public:
  explicit Writer(const HistoryPage& page) : page_(page) { choose(); }
  std::string write();

 private:
  bool bad() const { return page_.verdict.linear.verdict == lin::Verdict::not_linearizable; }
  bool culprit(std::uint32_t place) const {
    return std::any_of(culprits_.begin(), culprits_.end(),
                       [&](const lin::Culprit& c) { return c.place == place; });
  }
  std::string name(std::uint32_t host) const {
    return host >= 1 && host <= page_.names.size() ? page_.names[host - 1]
                                                   : fmt::format("host {}", host);
  }
  std::string tip(std::uint32_t place) const;
  std::string classes(std::uint32_t place) const;
  void choose();
  void head();
  void verdict();
  void no_order();
  void whole();
  void legend();
  void table();
  double x(std::int64_t ns) const {
    return static_cast<double>(ns - begin_ns_) / static_cast<double>(end_ns_ - begin_ns_) * width_;
  }
  template <class... T>
  void put(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(values)...);
  }

  const HistoryPage& page_;
  std::vector<lin::Culprit> culprits_;
  std::vector<std::uint32_t> drawn_;  // places in the history, by invocation
  std::int64_t begin_ns_ = 0, end_ns_ = 1;
  double width_ = 1000;
  std::string out_;
};

// What is drawn: all, or as much as a page can bear around the fault.
void Writer::choose() {
  const auto& history = page_.history;
  if (bad()) {
    culprits_ = page_.verdict.linear.minimal;
  } else if (!page_.verdict.sequential.holds()) {
    const auto& s = page_.verdict.sequential;
    if (s.earlier != s.read) culprits_.push_back({s.earlier, false});
    culprits_.push_back({s.read, false});
  }
  drawn_.resize(history.size());
  std::iota(drawn_.begin(), drawn_.end(), 0u);
  if (drawn_.size() > kMostBars) {
    const std::int64_t around =
        culprits_.empty() ? 0 : history[culprits_.back().place].invoked.ns;
    std::stable_sort(drawn_.begin(), drawn_.end(), [&](std::uint32_t a, std::uint32_t b) {
      const auto far = [&](std::uint32_t i) {
        if (culprit(i)) return std::int64_t{-1};
        const std::int64_t d = history[i].invoked.ns - around;
        return d < 0 ? -d : d;
      };
      return far(a) < far(b);
    });
    drawn_.resize(kMostBars);
  }
  std::sort(drawn_.begin(), drawn_.end(), [&](std::uint32_t a, std::uint32_t b) {
    return history[a].invoked != history[b].invoked ? history[a].invoked < history[b].invoked
                                                    : a < b;
  });
  begin_ns_ = 0;
  end_ns_ = std::max<std::int64_t>(page_.end_ns, 1);
  if (drawn_.size() < history.size()) {
    begin_ns_ = history[drawn_.front()].invoked.ns;
    end_ns_ = begin_ns_ + 1;
    for (const std::uint32_t i : drawn_) {
      end_ns_ = std::max(end_ns_, history[i].invoked.ns);
      if (history[i].returned != kNever) end_ns_ = std::max(end_ns_, history[i].returned.ns);
    }
  }
  std::vector<std::int64_t> lengths;
  for (const std::uint32_t i : drawn_) {
    if (history[i].returned != kNever) {
      lengths.push_back(std::max<std::int64_t>(1, (history[i].returned - history[i].invoked).ns));
    }
  }
  std::sort(lengths.begin(), lengths.end());
  const double usual = lengths.empty() ? 1e9 : static_cast<double>(lengths[lengths.size() / 2]);
  width_ = std::clamp(static_cast<double>(end_ns_ - begin_ns_) / usual * 14, 1080.0, 9000.0);
}

std::string Writer::tip(std::uint32_t place) const {
  const lin::Operation& op = page_.history[place];
  std::string out = fmt::format("{}: {}\n{}", name(op.client), lin::question(op), lin::answer(op));
  if (op.server != 0) out += ", by " + name(op.server);
  out += "\nasked at " + clock_text(op.invoked.ns);
  out += op.returned == kNever
             ? ", never answered: it may have taken effect at any time since, or never"
             : ", answered at " + clock_text(op.returned.ns);
  for (const lin::Culprit& c : culprits_) {
    if (c.place == place) out += "\none of those that fit into no order";
  }
  return out;
}

std::string Writer::classes(std::uint32_t place) const {
  std::string out = fmt::format("op {}", shape_of(page_.history[place]));
  if (!culprit(place)) return out;
  const bool shows = bad() ? place == page_.verdict.linear.shown_by
                           : place == page_.verdict.sequential.read;
  return out + (shows ? " culprit shows" : " culprit");
}

void Writer::head() {
  put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>{}</style>\n"
      "</head>\n<body>\n<h1>{}</h1>\n",
      escaped(page_.title), kStyle, escaped(page_.title));
  if (!page_.description.empty()) put("<p>{}</p>\n", escaped(page_.description));
  put("<p class=\"soft\">What clients asked and what they were told, seed {}, {} simulated.",
      page_.seed, clock_text(page_.end_ns, 3));
  if (!page_.replay.empty()) put("<br>Again: <code>{}</code>", escaped(page_.replay));
  put("</p>\n");
}

void Writer::verdict() {
  const auto& linear = page_.verdict.linear;
  const std::string why = escaped(lin::why(page_.history, linear, page_.names));
  const std::string counted =
      fmt::format("{} operation{} on {} key{}", grouped(linear.operations),
                  linear.operations == 1 ? "" : "s", grouped(linear.keys), linear.keys == 1 ? "" : "s");
  switch (linear.verdict) {
    case lin::Verdict::linearizable:
      put("<div class=\"verdict good\"><b>&#10003; Linearizable</b><p>{} {} were looked at.</p></div>\n",
          why, counted);
      break;
    case lin::Verdict::not_linearizable:
      put("<div class=\"verdict bad\"><b>&#10007; Not linearizable: key &quot;{}&quot;</b><p>{}</p>"
          "<p class=\"soft\">It shows at {}. {} were looked at.</p></div>\n",
          escaped(linear.key), why, clock_text(linear.shown.ns), counted);
      break;
    case lin::Verdict::undecided:
      put("<div class=\"verdict\"><b>? Undecided</b><p>{} {} of {} keys have no verdict.</p></div>\n",
          why, grouped(linear.undecided_keys), grouped(linear.keys));
      break;
  }
  const auto& sequential = page_.verdict.sequential;
  if (sequential.compared == 0) return;
  put("<div class=\"verdict {}\"><b>{} Stale reads</b><p>{} {} {} looked at.</p></div>\n",
      sequential.holds() ? "good" : "bad", sequential.holds() ? "&#10003;" : "&#10007;",
      escaped(lin::why(page_.history, sequential, page_.names)), grouped(sequential.compared),
      sequential.compared == 1 ? "was" : "were");
}

// The few operations by themselves: one a row, moments evenly apart in their order.
void Writer::no_order() {
  if (culprits_.empty()) return;
  std::vector<std::int64_t> moments;
  for (const lin::Culprit& c : culprits_) {
    const lin::Operation& op = page_.history[c.place];
    moments.push_back(op.invoked.ns);
    if (op.returned != kNever) moments.push_back(op.returned.ns);
  }
  std::sort(moments.begin(), moments.end());
  moments.erase(std::unique(moments.begin(), moments.end()), moments.end());
  const auto rank = [&](std::int64_t ns) {
    return static_cast<double>(std::lower_bound(moments.begin(), moments.end(), ns) -
                               moments.begin());
  };
  constexpr double kNames = 96, kRow = 54, kLeft = 44;
  const double step =
      std::clamp(960.0 / std::max<double>(1, static_cast<double>(moments.size()) - 1), 104.0, 240.0);
  const double last = kLeft + step * static_cast<double>(moments.size() - 1);
  const auto words_of = [&](const lin::Culprit& c) {
    const lin::Operation& op = page_.history[c.place];
    std::string words = lin::question(op) + "  \u2192  " + lin::answer(op);
    if (op.server != 0) words += "  (" + name(op.server) + ")";
    if (c.answer_needless && op.result != lin::Result::unknown) words += ", whenever it took effect";
    return words;
  };
  // Room for what is never answered, and for the words above each bar.
  double width = std::max(1000.0, last + 120);
  for (const lin::Culprit& c : culprits_) {
    width = std::max(width, kLeft + step * rank(page_.history[c.place].invoked.ns) +
                                7.2 * static_cast<double>(words_of(c).size()) + 20);
  }
  const double height = kRow * static_cast<double>(culprits_.size()) + 44;
  put("<h2>{}</h2>\n<p class=\"soft\">One below the other as they were asked; moments stand in their order, "
      "evenly apart, not to scale. What ends before another begins happened before it.</p>\n",
      bad() ? "The operations that fit into no order" : "The stale read");
  put("<div class=\"chart\" id=\"few\"><svg width=\"{:.0f}\" height=\"{:.0f}\">\n", kNames, height);
  for (std::size_t i = 0; i < culprits_.size(); ++i) {
    put("<text class=\"label\" x=\"14\" y=\"{:.0f}\">{}</text>\n", kRow * static_cast<double>(i) + 42,
        escaped(name(page_.history[culprits_[i].place].client)));
  }
  put("</svg><div class=\"scroll\"><svg width=\"{:.0f}\" height=\"{:.0f}\">\n", width, height);
  for (const std::int64_t m : moments) {
    const double at = kLeft + step * rank(m);
    put("<line class=\"grid\" stroke-dasharray=\"2 4\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"8\" y2=\"{1:.0f}\"/>"
        "<text class=\"soft\" text-anchor=\"middle\" x=\"{0:.1f}\" y=\"{2:.0f}\">{3}</text>\n",
        at, height - 30, height - 12, clock_text(m));
  }
  for (std::size_t i = 0; i < culprits_.size(); ++i) {
    const lin::Culprit& c = culprits_[i];
    const lin::Operation& op = page_.history[c.place];
    const double from = kLeft + step * rank(op.invoked.ns);
    const double to = op.returned == kNever ? width + 8 : kLeft + step * rank(op.returned.ns);
    const double top = kRow * static_cast<double>(i);
    put("<g class=\"{}\" tabindex=\"0\" data-tip><title>{}</title><rect x=\"{:.1f}\" y=\"{:.0f}\" width=\"{:.1f}\" "
        "height=\"18\" rx=\"4\"/></g><text class=\"label\" x=\"{:.1f}\" y=\"{:.0f}\">{}</text>\n",
        classes(c.place), escaped(tip(c.place)), from, top + 28, std::max(3.0, to - from), from,
        top + 22, escaped(words_of(c)));
  }
  put("</svg></div></div>\n");
}

void Writer::whole() {
  const auto& history = page_.history;
  put("<h2>The whole run</h2>\n<p class=\"soft\">To scale. Above, the servers: who leads, who is down or paused, and "
      "when the network is cut; below, each client's operations. Point at anything for its words.");
  if (drawn_.size() < history.size()) {
    put(" {} of {} operations are drawn, those nearest to {}.", grouped(drawn_.size()),
        grouped(history.size()), culprits_.empty() ? "the beginning" : "the fault");
  }
  put("</p>\n");

  // Operations of one client that overlap stand below each other.
  std::vector<std::uint32_t> clients;
  for (const std::uint32_t i : drawn_) clients.push_back(history[i].client);
  std::sort(clients.begin(), clients.end());
  clients.erase(std::unique(clients.begin(), clients.end()), clients.end());
  std::vector<std::vector<double>> free_from(clients.size());  // by client and line: the x it is free from
  std::vector<std::size_t> line_of(drawn_.size());
  struct Place {
    double from = 0, to = 0;
  };
  std::vector<Place> places(drawn_.size());
  const auto lane_of = [&](std::uint32_t client) {
    return static_cast<std::size_t>(std::lower_bound(clients.begin(), clients.end(), client) -
                                    clients.begin());
  };
  for (std::size_t d = 0; d < drawn_.size(); ++d) {
    const lin::Operation& op = history[drawn_[d]];
    // What never ends is drawn for a while; its dashes say that it goes on.
    const double from = x(op.invoked.ns);
    const double to = op.returned == kNever ? from + 46 : std::max(x(op.returned.ns), from + 4);
    places[d] = {from, to};
    auto& lines = free_from[lane_of(op.client)];
    std::size_t line = 0;
    while (line < lines.size() && lines[line] > from) ++line;
    if (line == lines.size()) lines.push_back(0);
    lines[line] = to + 2;
    line_of[d] = line;
  }
  constexpr double kTrack = 20, kLine = 22, kGap = 10;
  std::vector<double> tops;
  double y = 12;
  for (std::size_t i = 0; i < page_.tracks.size(); ++i) {
    tops.push_back(y);
    y += kTrack;
  }
  const double marks_at = y + 4;
  if (!page_.marks.empty()) y += kTrack;
  const double clients_from = y + kGap;
  y = clients_from;
  std::vector<double> lane_tops;
  for (const auto& lines : free_from) {
    y += kGap / 2;
    lane_tops.push_back(y);
    y += kLine * static_cast<double>(std::max<std::size_t>(1, lines.size())) + kGap / 2;
  }
  const double clients_to = y, height = y + 34;

  put("<div class=\"chart\" id=\"whole\"><svg width=\"96\" height=\"{:.0f}\">\n", height);
  for (std::size_t i = 0; i < page_.tracks.size(); ++i) {
    put("<text class=\"soft\" x=\"14\" y=\"{:.0f}\">{}</text>\n", tops[i] + 12,
        escaped(page_.tracks[i].name));
  }
  if (!page_.marks.empty()) put("<text class=\"soft\" x=\"14\" y=\"{:.0f}\">other acts</text>\n", marks_at + 10);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    put("<text class=\"label\" x=\"14\" y=\"{:.0f}\">{}</text>\n", lane_tops[i] + 14,
        escaped(name(clients[i])));
  }
  put("</svg><div class=\"scroll\"><svg width=\"{:.0f}\" height=\"{:.0f}\">\n", width_ + 60, height);
  put("<defs><pattern id=\"p-down\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
      "patternTransform=\"rotate(45)\"><rect width=\"2.5\" height=\"6\" style=\"fill:var(--down)\"/></pattern>"
      "<pattern id=\"p-paused\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
      "<circle cx=\"3\" cy=\"3\" r=\"1.6\" style=\"fill:var(--paused)\"/></pattern>"
      "<pattern id=\"p-cut\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\">"
      "<rect width=\"1.8\" height=\"7\" style=\"fill:var(--cut)\"/></pattern></defs>\n");

  // Time, in steps that leave room for their words.
  const AxisStep axis = axis_step(1e9 * width_ / static_cast<double>(end_ns_ - begin_ns_));
  for (std::int64_t t = (begin_ns_ + axis.ns - 1) / axis.ns * axis.ns; t <= end_ns_; t += axis.ns) {
    put("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"6\" y2=\"{1:.0f}\"/><text class=\"soft\" "
        "x=\"{0:.1f}\" y=\"{2:.0f}\">{3}</text>\n",
        x(t), height - 26, height - 10, clock_text(t, axis.digits));
  }
  static constexpr std::string_view kNames[] = {"leads", "down", "paused", "cut"};
  for (std::size_t i = 0; i < page_.tracks.size(); ++i) {
    for (const Stretch& s : page_.tracks[i].stretches) {
      if (s.to_ns < begin_ns_ || s.from_ns > end_ns_) continue;
      const double from = std::max(0.0, x(s.from_ns)), to = std::min(width_, x(s.to_ns));
      const std::string_view kind = kNames[static_cast<std::size_t>(s.kind)];
      const bool leads = s.kind == Stretch::Kind::leads;
      if (!leads) {
        put("<rect class=\"{} band\" x=\"{:.1f}\" y=\"{:.0f}\" width=\"{:.1f}\" height=\"{:.0f}\"/>\n", kind,
            from, clients_from, std::max(1.0, to - from), clients_to - clients_from);
      }
      put("<g tabindex=\"0\" data-tip><title>{}\n{} to {}</title><rect class=\"{}\" x=\"{:.1f}\" y=\"{:.0f}\" "
          "width=\"{:.1f}\" height=\"{}\" rx=\"2\"/></g>\n",
          escaped(s.words), clock_text(s.from_ns, 3), clock_text(s.to_ns, 3), kind, from,
          tops[i] + (leads ? 6 : 2), std::max(2.0, to - from), leads ? 4 : 12);
    }
  }
  for (const Mark& m : page_.marks) {
    if (m.at_ns < begin_ns_ || m.at_ns > end_ns_) continue;
    put("<g tabindex=\"0\" data-tip><title>{}\nat {}</title><path class=\"mark\" d=\"M{:.1f} {:.0f}l5 9h-10z\"/></g>\n",
        escaped(m.words), clock_text(m.at_ns, 3), x(m.at_ns), marks_at);
  }
  for (std::size_t d = 0; d < drawn_.size(); ++d) {
    const std::uint32_t i = drawn_[d];
    const lin::Operation& op = history[i];
    const double top =
        lane_tops[lane_of(op.client)] + kLine * static_cast<double>(line_of[d]);
    const Place& p = places[d];
    put("<g class=\"{}\" id=\"op-{}\" tabindex=\"0\" data-tip><title>{}</title><rect x=\"{:.1f}\" y=\"{:.0f}\" "
        "width=\"{:.1f}\" height=\"17\" rx=\"3\"/>",
        classes(i), i, escaped(tip(i)), p.from, top, p.to - p.from);
    const std::string words =
        op.kind == lin::Kind::get ? lin::answer(op) : lin::question(op, false);
    if (static_cast<double>(words.size()) * 6.3 + 8 < p.to - p.from) {
      put("<text x=\"{:.1f}\" y=\"{:.0f}\">{}</text>", p.from + 5, top + 12.5, escaped(words));
    }
    put("</g>\n");
  }
  put("</svg></div></div>\n");
  legend();
}

void Writer::legend() {
  put("<ul class=\"legend\">\n");
  const auto item = [&](std::string_view group, std::string_view shape, std::string_view words) {
    put("<li><svg width=\"26\" height=\"14\"><g class=\"{}\"><rect class=\"{}\" x=\"2\" y=\"2\" width=\"22\" "
        "height=\"10\" rx=\"2\"/></g></svg>{}</li>\n",
        group, shape, words);
  };
  item("op write", "", "write");
  item("op read", "", "read");
  item("op gone", "", "deletion");
  item("op unknown", "", "never answered: may take effect at any time, or never");
  if (!culprits_.empty()) item("op write culprit", "", "fits into no order");
  item("", "leads", "leads");
  item("", "down", "down");
  item("", "paused", "paused");
  item("", "cut", "network cut");
  put("</ul>\n");
}

void Writer::table() {
  put("<details><summary>Every operation drawn, in words</summary>\n<table>\n<thead><tr><th>asked</th><th>answered</th>"
      "<th>client</th><th>operation</th><th>answer</th><th>server</th></tr></thead>\n<tbody>\n");
  for (const std::uint32_t i : drawn_) {
    const lin::Operation& op = page_.history[i];
    put("<tr{}><td class=\"num\">{}</td><td class=\"num\">{}</td><td>{}</td><td><a href=\"#op-{}\">{}</a></td><td>{}</td>"
        "<td>{}</td></tr>\n",
        culprit(i) ? " class=\"culprit\"" : "", clock_text(op.invoked.ns),
        op.returned == kNever ? "never" : clock_text(op.returned.ns), escaped(name(op.client)), i,
        escaped(lin::question(op)), escaped(lin::answer(op)),
        op.server == 0 ? std::string("-") : escaped(name(op.server)));
  }
  put("</tbody></table></details>\n");
}

std::string Writer::write() {
  head();
  verdict();
  if (page_.history.empty()) {
    put("<p>No client asked for anything.</p>\n");
  } else {
    no_order();
    whole();
    table();
  }
  put("<div id=\"tip\" role=\"status\"></div>\n<script>{}</script>\n</body>\n</html>\n", kScript);
  return std::move(out_);
}

}  // namespace

std::string html(const HistoryPage& page) { return Writer(page).write(); }

}  // namespace quorumlab::report
