// The page: an overview to scale, the space-time diagram, and beside it why the chosen event came to be.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/report/exports.h"
#include "sim/report/ladder.h"
#include "sim/report/markup.h"
#include "sim/report/run_page.h"
#include "sim/report/telling.h"
#include "sim/report/text.h"
#include "sim/trace/words.h"

namespace quorumlab::report {
namespace {

using trace::Record;
using trace::RecordId;

class Writer {
 public:
  Writer(const Subject& subject, const Chart& chart)
      : subject_(subject), chart_(chart), trace_(*subject.trace), context_{subject.names, subject.trace}, ladder_(chart, subject),
        ending_{subject.held, subject.verdict, subject.account} {
    if (ending_.verdict.empty()) ending_ = ending_of(trace_, subject.names, nullptr);
  }

  std::string write() {
    head();
    overview();
    controls();
    // It shrinks with the window as far as it can be read, then the page scrolls sideways: a box that
    // scrolls by itself would hold the sticky heads.
    put("<div class=\"ladder\" style=\"max-width:{0:.0f}px; min-width:{5:.0f}px\"><svg class=\"heads\" viewBox=\"0 0 {0:.0f} {1:.0f}\">\n{2}</svg>\n"
        "<svg id=\"ladder\" viewBox=\"0 0 {0:.0f} {3:.0f}\">\n{4}</svg></div>\n",
        ladder_.width(), Ladder::head_height(), ladder_.head(), ladder_.height(), ladder_.body(), 0.8 * ladder_.width());
    out_ += ladder_legend(chart_.elects);
    questions();
    operations();
    if (!ending_.account.empty()) {
      put("<details><summary>The verdict at length</summary><pre>{}</pre></details>\n", escaped(ending_.account));
    }
    put("<aside id=\"why\" aria-live=\"polite\"><button id=\"close\" title=\"close (Esc)\">&#10005;</button><h2>Why?</h2>"
        "<ol id=\"chain\"></ol></aside>\n<dialog id=\"help\"><h2>Keys</h2><table>{}</table></dialog>\n",
        kKeysTable);
    put("<script id=\"records\" type=\"application/json\">{}</script>\n<script>{}</script>\n</body>\n</html>\n", records(), kRunScript);
    return std::move(out_);
  }

 private:
  template <class... T>
  void put(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(values)...);
  }

  void head() {
    put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{0}</title>\n<link rel=\"icon\" href=\"data:,\">\n"
        "<style>{1}{2}</style>\n</head>\n<body>\n<h1>{0}</h1>\n",
        escaped(subject_.title), kRunStyle, ladder_style());
    if (!subject_.description.empty()) put("<p>{}</p>\n", escaped(subject_.description));
    put("<div class=\"verdict {}\"><b>{} {}</b>", ending_.held ? "good" : "bad", ending_.held ? "&#10003;" : "&#10007;", escaped(ending_.verdict));
    if (!chart_.broken.empty()) put("<p>Press <kbd>v</kbd> to go to what was violated or failed.</p>");
    put("<p class=\"soft\">{} to {} of the run, seed {}, digest <code>{}</code>, {} events and {} messages drawn. {}</p>",
        clock_text(chart_.from_ns, 3), clock_text(chart_.to_ns, 3), subject_.seed, digest_text(subject_.digest),
        grouped(chart_.points.size()), grouped(chart_.arrows.size()), escaped(left_out(chart_)));
    if (!subject_.replay.empty()) put("<p class=\"soft\">Again: <code>{}</code></p>", escaped(subject_.replay));
    put("</div>\n");
  }

  double at(std::int64_t ns) const {
    return 96 + (kOverview - 110) * static_cast<double>(ns - chart_.from_ns) / static_cast<double>(chart_.to_ns - chart_.from_ns);
  }
  // The three truths apart: a majority, a leader, a write.
  void overview() {
    const double raised = chart_.elects ? 0 : 66;  // without these three nothing stands above the acts
    put("<div class=\"overview\"><svg id=\"overview\" viewBox=\"0 0 {:.0f} {:.0f}\">\n<g transform=\"translate(0 {:.0f})\">\n",
        kOverview, 132 - raised, -raised);
    const auto strip = [&](const std::vector<Chart::Stretch>& stretches, double y, std::string_view name) {
      put("<text class=\"soft\" x=\"4\" y=\"{:.0f}\">{}</text>\n", y + 12, name);
      for (const Chart::Stretch& s : stretches) {
        put("<rect class=\"strip {}\" x=\"{:.1f}\" y=\"{:.0f}\" width=\"{:.1f}\" height=\"14\"><title>{}\n{} to {}</title></rect>\n",
            s.good ? "yes" : "no", at(s.from_ns), y + (s.good ? 0 : 5), std::max(1.0, at(s.to_ns) - at(s.from_ns)), escaped(s.words),
            clock_text(s.from_ns, 3), clock_text(s.to_ns, 3));
      }
    };
    if (chart_.elects) {
      strip(chart_.quorum, 6, "quorum");
      strip(chart_.leader, 28, "leader");
    }
    if (chart_.elects) put("<text class=\"soft\" x=\"4\" y=\"62\">writes</text>\n");
    for (const Chart::Write& w : chart_.writes) {
      put("<path class=\"write {}\" d=\"M{:.1f} {}\"><title>a write is {} at {}</title></path>\n", w.accepted ? "yes" : "no",
          at(w.time_ns), w.accepted ? "50v14" : "53l8 8m0 -8l-8 8", w.accepted ? "accepted" : "not accepted", clock_text(w.time_ns, 3));
    }
    put("<text class=\"soft\" x=\"4\" y=\"84\">acts</text>\n");
    for (const RecordId id : chart_.faults) {
      put("<path class=\"fault\" data-go=\"{}\" d=\"M{:.1f} 72l6 12h-12z\"><title>{}</title></path>\n", id, at(trace_[id].time_ns),
          escaped(trace::words(trace_[id], context_)));
    }
    for (const RecordId id : chart_.broken) {
      put("<path class=\"broken\" data-go=\"{}\" d=\"M{:.1f} 4v104\"><title>{}</title></path>\n", id, at(trace_[id].time_ns),
          escaped(trace::words(trace_[id], context_)));
    }
    for (const Chart::Remark& r : chart_.remarks) {
      if (r.bookmark.empty()) continue;
      put("<path class=\"mark\" data-go=\"{}\" d=\"M{:.1f} 92h8v12l-4 -4l-4 4z\"><title>{}</title></path>\n", r.id, at(trace_[r.id].time_ns),
          escaped(r.bookmark));
    }
    const AxisStep axis = axis_step((kOverview - 110) * 1e9 / static_cast<double>(chart_.to_ns - chart_.from_ns));
    for (std::int64_t t = (chart_.from_ns + axis.ns - 1) / axis.ns * axis.ns; t <= chart_.to_ns; t += axis.ns) {
      put("<text class=\"soft\" text-anchor=\"middle\" x=\"{:.1f}\" y=\"126\">{}</text>\n", at(t), clock_text(t, axis.digits));
    }
    put("</g>\n</svg></div>\n");
  }

  void controls() {
    put("<div class=\"controls\"><input id=\"search\" type=\"search\" placeholder=\"search (press /)\" aria-label=\"search\">"
        "<span id=\"found\" class=\"soft\"></span><select id=\"marks\" aria-label=\"bookmarks\"><option value=\"\">go to ...</option>");
    for (const Chart::Remark& r : chart_.remarks) {
      if (!r.bookmark.empty()) put("<option value=\"{}\">{}  {}</option>", r.id, time_text(trace_[r.id].time_ns, false), escaped(r.bookmark));
    }
    put("</select><span class=\"soft\">click an event or a message to see why; <kbd>?</kbd> shows the keys</span></div>\n");
  }

  // What a lesson asks; a click on the summary shows what comes.
  void questions() {
    for (const Chart::Remark& r : chart_.remarks) {
      const trace::Question& q = r.question;
      if (q.ask.empty()) continue;
      put("<div class=\"question\"><p><a href=\"#r{}\" data-go=\"{}\">{}</a> {}</p><ol>", r.id, r.id,
          escaped(r.bookmark.empty() ? time_text(trace_[r.id].time_ns, false) : r.bookmark), escaped(q.ask));
      for (const std::string& choice : q.choices) put("<li>{}</li>", escaped(choice));
      put("</ol>");
      if (q.answer >= 1 && q.answer <= q.choices.size()) {
        put("<details><summary>What happens</summary><p><b>{}. {}.</b> {}</p></details>", q.answer, escaped(q.choices[q.answer - 1]),
            escaped(q.because));
      }
      put("</div>\n");
    }
  }

  void operations() {
    if (chart_.asked.empty()) return;
    constexpr std::size_t kMost = 2000;
    put("<details id=\"operations\"><summary>What clients asked: {} operations</summary>\n<table><thead><tr><th>asked</th><th>ended</th>"
        "<th>client</th><th>what</th><th>answer</th></tr></thead><tbody>\n",
        grouped(chart_.asked.size()));
    for (std::size_t i = 0; i < std::min(kMost, chart_.asked.size()); ++i) {
      const Chart::Asked& a = chart_.asked[i];
      put("<tr class=\"{}\"><td class=\"num\">{}</td><td class=\"num\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
          a.accepted ? "yes" : "no", time_text(trace_[a.id].time_ns, false), a.ended_ns < 0 ? "-" : time_text(a.ended_ns, false),
          escaped(host_of(chart_, a.client)), escaped(a.what), escaped(a.ended_ns < 0 ? "none yet" : a.answer));
    }
    put("</tbody></table>");
    if (chart_.asked.size() > kMost) put("<p class=\"soft\">{} more are left out.</p>", grouped(chart_.asked.size() - kMost));
    put("</details>\n");
  }

  // Every record drawn, and all that led to one of them: [time, host, words, cause].
  std::string records() const {
    std::map<RecordId, bool> wanted;
    const auto want = [&](RecordId id) {
      while (id != 0 && !wanted[id]) {
        wanted[id] = true;
        id = trace_[id].cause;
      }
    };
    for (const Chart::Point& p : chart_.points) want(p.id);
    for (const Chart::Arrow& a : chart_.arrows) want(a.ended != 0 ? a.ended : a.sent);
    nlohmann::ordered_json all = nlohmann::ordered_json::object();
    for (const auto& [id, yes] : wanted) {
      const Record& r = trace_[id];
      all[std::to_string(id)] = {time_text(r.time_ns, true), host_of(chart_, r.node), chart_.operations.named(r, trace::words(r, context_)), r.cause};
    }
    std::string text = all.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    // Nothing in it may end the script.
    for (std::size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3) text.insert(at + 1, "\\");
    return text;
  }

  static constexpr double kOverview = 1200;
  const Subject& subject_;
  const Chart& chart_;
  const trace::Trace& trace_;
  trace::Context context_;
  Ladder ladder_;
  Ending ending_;
  std::string out_;
};

}  // namespace

std::string run_html(const Subject& subject, const Chart& chart) { return Writer(subject, chart).write(); }

}  // namespace quorumlab::report
