// Text formats that follow single messages: ShiViz and Mermaid.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/report/exports.h"
#include "sim/report/text.h"
#include "sim/trace/words.h"

namespace quorumlab::report {
namespace {

using trace::Record;
using trace::RecordId;

// What happened at one host, in the order of the trace.
struct Happening {
  RecordId id = 0;
  std::uint32_t host = 0;
  RecordId sent = 0;  // of the message that it takes; 0: none
  std::string words;
  bool operator<(const Happening& o) const { return id != o.id ? id < o.id : host < o.host; }
};

std::vector<Happening> happenings(const Subject& subject, const Chart& chart) {
  const trace::Context context{subject.names, subject.trace};
  const trace::Trace& trace = *subject.trace;
  std::vector<Happening> all;
  const auto words = [&](RecordId id) { return trace::words(trace[id], context); };
  for (const Chart::Arrow& a : chart.arrows) {
    all.push_back({a.sent, a.from, 0, words(a.sent)});
    if (a.ended != 0 && !a.lost) all.push_back({a.ended, a.to, a.sent, words(a.ended)});
  }
  for (const Chart::Point& p : chart.points) {
    const std::uint32_t host = trace[p.id].node;
    if (host >= 1 && host <= chart.hosts.size()) all.push_back({p.id, host, 0, words(p.id)});
  }
  // One record may be told, be sent and be the answer of another: once, with what it takes.
  std::stable_sort(all.begin(), all.end(), [](const Happening& a, const Happening& b) {
    return a < b || (!(b < a) && a.sent > b.sent);
  });
  all.erase(std::unique(all.begin(), all.end(),
                        [](const Happening& a, const Happening& b) { return a.id == b.id && a.host == b.host; }),
            all.end());
  return all;
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\r', ' ');
  return text;
}

}  // namespace

std::string shiviz(const Subject& subject, const Chart& chart) {
  std::string out = "(?<host>\\S*) (?<clock>{.*})\\n(?<event>.*)\n\n";
  using Clock = std::map<std::uint32_t, std::uint64_t>;
  std::map<std::uint32_t, Clock> clocks;
  std::map<RecordId, Clock> sent;
  std::map<RecordId, bool> is_sent;
  for (const Chart::Arrow& a : chart.arrows) is_sent[a.sent] = true;
  for (const Happening& h : happenings(subject, chart)) {
    Clock& clock = clocks[h.host];
    if (h.sent != 0) {
      for (const auto& [host, count] : sent[h.sent]) clock[host] = std::max(clock[host], count);
    }
    ++clock[h.host];
    if (is_sent.contains(h.id)) sent[h.id] = clock;
    std::string text;
    for (const auto& [host, count] : clock) {
      text += fmt::format("{}\"{}\":{}", text.empty() ? "" : ", ", host_of(chart, host), count);
    }
    out += fmt::format("{} {{{}}}\n{}\n", host_of(chart, h.host), text, one_line(h.words));
  }
  return out;
}

std::string mermaid(const Subject& subject, const Chart& chart) {
  // More makes renderers give up, and readers too.
  constexpr std::size_t kMost = 300;
  const trace::Context context{subject.names, subject.trace};
  const trace::Trace& trace = *subject.trace;
  const auto text = [](std::string words) {
    std::string clean;
    for (const char c : one_line(std::move(words))) {
      clean += c == '#' ? "#35;" : c == ';' ? "#59;" : std::string(1, c);
    }
    return clean;
  };
  std::string out = "sequenceDiagram\n";
  out += fmt::format("  %% {}, seed {}\n", one_line(subject.title), subject.seed);
  for (const Chart::Host& host : chart.hosts) out += fmt::format("  participant {}\n", host.name);
  struct Line {
    RecordId id;
    std::string words;
  };
  std::vector<Line> lines;
  for (const Chart::Arrow& a : chart.arrows) {
    if (a.ended == 0) continue;
    const Record& sent = trace[a.sent];
    std::string words = trace::words(sent, context);
    const std::string front = host_of(chart, a.from) + " sends " + host_of(chart, a.to) + " ";
    if (words.starts_with(front)) words.erase(0, front.size());
    lines.push_back({a.ended, fmt::format("  {}{}{}: {}\n", host_of(chart, a.from), a.lost ? "-x" : "->>",
                                          host_of(chart, a.to), text(words))});
  }
  for (const Chart::Point& p : chart.points) {
    const Record& r = trace[p.id];
    if (r.node == 0 || r.node > chart.hosts.size()) {
      lines.push_back({p.id, fmt::format("  Note over {}{}: {}\n", host_of(chart, 1),
                                         chart.hosts.size() > 1 ? "," + chart.hosts.back().name : "", text(p.words))});
    } else {
      lines.push_back({p.id, fmt::format("  Note over {}: {}\n", host_of(chart, r.node), text(p.words))});
    }
  }
  for (const Chart::Remark& r : chart.remarks) {
    const std::string both = r.bookmark.empty() ? r.text : r.text.empty() ? r.bookmark : r.bookmark + ": " + r.text;
    lines.push_back({r.id, fmt::format("  Note over {}{}: {}\n", host_of(chart, 1),
                                       chart.hosts.size() > 1 ? "," + chart.hosts.back().name : "", text(both))});
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) { return a.id < b.id; });
  for (std::size_t i = 0; i < std::min(kMost, lines.size()); ++i) out += lines[i].words;
  if (lines.size() > kMost) {
    out += fmt::format("  %% {} more lines are left out: choose a shorter stretch of time\n", grouped(lines.size() - kMost));
  }
  if (const std::string note = left_out(chart); !note.empty()) out += "  %% " + note + "\n";
  return out;
}

}  // namespace quorumlab::report
