// The story, line by line, and how it is grouped into sections.
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "sim/report/gaps.h"
#include "sim/report/page.h"
#include "sim/report/serf_lines.h"
#include "sim/report/telling.h"
#include "sim/report/text.h"
#include "sim/script/loader.h"
#include "sim/trace/question.h"
#include "sim/trace/words.h"

namespace quorumlab::report {
namespace {

using trace::Record;
using trace::WorldFact;

class Story {
  struct Line {
    std::int64_t time_ns, last_ns;
    std::string node, text;
    Style style;
    std::vector<std::string> printed, others;
    bool own = false;
  };
  // To an agent: where it stands, to put beneath it what it printed.
  struct Command {
    std::string host, words;
    std::size_t line = 0;
    std::uint64_t flushed = 0;
    bool hidden = false;
    bool http = false;  // a client's, as curl prints it
    bool failed = false;
  };

 public:
  Story(const script::Scenario& scenario, const trace::Trace& trace, const TextOptions& options)
      : trace_(trace),
        options_(options),
        page_(options),
        names_(scenario.cluster.host_names()),
        news_(!scenario.cluster.apps.empty()) {
    context_ = {names_, &trace};
    for (const std::string& name : names_) page_.node_width = std::max(page_.node_width, columns(name));
    voters_ = scenario.cluster.names.size() - scenario.cluster.spare_nodes;
  }

  std::string tell() {
    for (trace::RecordId id = 1; id <= trace_.size(); ++id) take(trace_[id]);
    flush_held();
    close_section();
    flush_lines();
    answer();
    answer();  // of the last one as well
    return page_.take();
  }

 private:
  void take(const Record& r) {
    const bool news = news_.is_news(r);
    gap_ns_ = gaps_.on(r);
    if (r.is(WorldFact::act)) learn_operation(r);
    if (r.is(Fact::config_applied)) voters_ = static_cast<std::size_t>(__builtin_popcountll(r.b));
    if (r.is(WorldFact::packet_sent)) ++(is_background_message(r.extra) ? heartbeats_ : messages_);
    if (r.is(WorldFact::packet_dropped)) ++lost_;
    if (r.is(WorldFact::caption) || r.is(WorldFact::bookmark)) return remark(r);
    if (r.is(WorldFact::question)) return question(r);
    flush_remark();
    const bool prints = r.is(WorldFact::command_printed) || r.is(WorldFact::members_listed);
    if (!r.is(WorldFact::expectation_held) && (tells(r) || prints || options_.verbose)) flush_held();
    if (r.is(WorldFact::quorum_available) || r.is(WorldFact::quorum_unavailable)) return quorum(r);
    if (prints) return printed(r);
    if (!options_.verbose && (!tells(r) || !news)) return;
    if (r.is(WorldFact::expectation_held) && !options_.verbose) {
      const std::string text(trace_.text_at(r.b));
      held_text_ += (held_text_.empty() ? "" : "; ") + text;
      held_time_ = r.time_ns;
      return;
    }
    row(r);
  }

  // What held at one moment stands in one line.
  void flush_held() {
    if (held_text_.empty()) return;
    gap();
    put(held_time_, "", std::string(options_.ascii ? "as expected: " : "\u2713 as expected: ") + held_text_, Style::good);
    held_text_.clear();
  }

  // A step's bookmark, caption and question come one after the other and share a box.
  void open_box(const Record& r) {
    flush_held();
    if (box_open_ && box_step_ != r.a) flush_remark();
    if (!box_open_) {
      close_section();
      flush_lines();
      answer();
    }
    box_open_ = true;
    box_step_ = r.a;
  }
  void remark(const Record& r) {
    open_box(r);
    const std::string text(trace_.text_at(r.b));
    (r.is(WorldFact::bookmark) ? box_heading_ : box_text_) = text;
  }
  void flush_remark() {
    if (!box_open_) return;
    box_open_ = false;
    flush_lines();
    std::vector<std::string> paragraphs;
    if (!box_text_.empty()) paragraphs.push_back(box_text_);
    if (!question_.ask.empty()) {
      if (!box_text_.empty()) paragraphs.emplace_back();
      paragraphs.push_back("? " + question_.ask);
      for (std::size_t i = 0; i < question_.choices.size(); ++i) {
        paragraphs.push_back("  " + std::to_string(i + 1) + ". " + question_.choices[i]);
      }
    }
    page_.box(box_heading_, paragraphs);
    box_heading_.clear();
    box_text_.clear();
  }
  // It asks what the next box tells: its answer stands behind that.
  void question(const Record& r) {
    open_box(r);
    question_ = trace::read_question(trace_.text_at(r.b));
  }
  void answer() {
    const std::size_t right = told_.answer;
    if (right >= 1 && right <= told_.choices.size()) {
      page_.paragraph("Answer: " + std::to_string(right) + ". " + told_.choices[right - 1] + ". " + told_.because, 2,
                      Style::caption);
    }
    told_ = std::move(question_);
    question_ = {};
  }

  void quorum(const Record& r) {
    close_section();
    const bool good = r.is(WorldFact::quorum_available);
    const std::size_t voters = std::max<std::size_t>(voters_, r.a);
    std::string dots;
    for (std::size_t i = 0; i < voters && voters <= 15; ++i) {
      dots += options_.ascii ? (i < r.a ? "*" : ".") : (i < r.a ? "\u25cf" : "\u25cb");
    }
    flush_lines();
    page_.bar(std::string("Quorum: ") + (good ? "available" : "unavailable") + "  " + dots + "  (" + std::to_string(r.a) +
                  " of " + std::to_string(voters) + " up and connected, " + std::to_string(r.b) + " needed)",
              good ? Style::good : Style::bad);
  }

  // The act's number is the operation's: later lines speak of what was asked.
  void learn_operation(const Record& r) {
    const auto verb = static_cast<world::Verb>(r.b);
    if (script::is_operation(verb)) operations_.learn(r.a, trace_.text_at(r.c));
    if (verb == world::Verb::agent || verb == world::Verb::http) {
      commands_[r.a] = {};
      commands_[r.a].http = verb == world::Verb::http;
    }
  }

  void row(const Record& r) {
    std::string text = trace::words(r, context_);
    std::string node = r.node == 0 ? "" : trace::host_name(r.node, context_);
    if (r.is(WorldFact::act)) {
      const auto verb = static_cast<world::Verb>(r.b);
      // A client's wish is told by the client's own line.
      if (script::is_operation(verb) && !options_.verbose) return;
      node = "";
      text = std::string(options_.ascii ? ">> " : "\u25b6 ") + text;
      close_section();
    } else {
      text = operations_.named(r, without_name(std::move(text), node));
    }
    if (gap_ns_ >= 0) text += "; for " + time_text(gap_ns_, false) + " nobody did";
    if (!options_.verbose && (command(r) || same_elsewhere(r, node, text) || repeated(r))) return;
    gap();
    put(r.time_ns, node, text, style_of(r));
    if (r.is(Fact::became_leader)) close_section();
  }

  // Lines wait until their section ends, so that what happens elsewhere joins the line it repeats.
  Line& put(std::int64_t time_ns, const std::string& node, const std::string& text, Style style) {
    if (options_.verbose) flush_lines();
    lines_.push_back({time_ns, time_ns, node, text, style, {}, {}, false});
    return lines_.back();
  }
  void note(const std::string& text) {
    put(-1, "", std::string(options_.ascii ? "... " : "\u22ef ") + text, Style::dim);
  }
  void flush_lines() {
    for (const Line& line : lines_) {
      page_.row(line.time_ns < 0 ? "" : time_text(line.time_ns, options_.verbose), line.node, line.text, line.style);
      for (const std::string& text : line.printed) page_.verbatim(text);
      if (line.others.empty()) continue;
      const std::string last = time_text(line.last_ns, false);
      page_.row("", "",
                std::string(options_.ascii ? "... " : "\u22ef ") + "and on " + names_text(line.others) +
                    (last == time_text(line.time_ns, false) ? "" : line.others.size() == 1 ? ", at " + last : ", by " + last),
                Style::dim);
    }
    lines_.clear();
    mergeable_from_ = 0;
    ++flushed_;
  }

  // A command to an agent stands on the host itself, with what serf's command line prints.
  bool command(const Record& r) {
    if (!r.is(WorldFact::client_invoked) && !r.is(WorldFact::client_answered) &&
        !r.is(WorldFact::client_timed_out) && !r.is(WorldFact::client_refused)) {
      return false;
    }
    const auto found = commands_.find(r.a);
    if (found == commands_.end()) return false;
    Command& c = found->second;
    if (c.http) return request(r, c);
    if (r.is(WorldFact::client_invoked)) {
      c.host = trace::host_name(r.peer, context_);
      c.words = command_words(operations_.of(r.a), c.host);
      if (sets_answer(c.words)) {
        merge(r, c.host, typed(c.words), Style::client);
        return true;
      }
      c.hidden = too_many(r.kind, 0);
      if (c.hidden) return true;
      gap();
      put(r.time_ns, c.host, typed(c.words), Style::client).printed = first_words(c.words);
      // What follows is told anew.
      c.line = lines_.size() - 1;
      mergeable_from_ = lines_.size();
      c.flushed = flushed_;
      return true;
    }
    if (sets_answer(c.words)) return true;
    if (r.is(WorldFact::client_answered)) {
      constexpr std::uint32_t kPart = 3;
      if (r.extra == kPart) return true;
      c.failed = r.b != 1;
      // Why it failed is printed next; before that serf says nothing.
      if (c.failed && near(r.time_ns, c)) lines_[c.line].printed.clear();
      const std::string text = c.failed ? std::string{} : success_words(c.words, r.c);
      if (!text.empty() && !c.hidden) print(r.time_ns, c, {text}, Style::client);
      return true;
    }
    print(r.time_ns, c, {"No agent answers."}, Style::bad);
    return true;
  }
  // A request over HTTP stands as the command that makes it.
  bool request(const Record& r, Command& c) {
    if (r.is(WorldFact::client_invoked)) {
      if (r.c > 1) return true;  // it follows a redirect
      c.host = trace::host_name(r.node, context_);
      c.words = operations_.of(r.a);
      c.hidden = too_many(r.kind, 0);
      if (c.hidden) return true;
      gap();
      put(r.time_ns, c.host, "$ " + c.words, Style::client);
      c.line = lines_.size() - 1;
      mergeable_from_ = lines_.size();
      c.flushed = flushed_;
    } else if (r.is(WorldFact::client_timed_out)) {
      print(r.time_ns, c, {"curl: (28) Operation timed out"}, Style::bad);
    } else if (r.is(WorldFact::client_refused)) {
      print(r.time_ns, c, {"curl: (7) Failed to connect to " + trace::host_name(r.peer, context_)}, Style::bad);
    }
    return true;
  }
  // Whether the command still stands at the end of what is told.
  bool near(std::int64_t time_ns, const Command& c) const {
    constexpr std::int64_t kAtOnce = 50'000'000;
    return !c.hidden && c.flushed == flushed_ && c.line < lines_.size() && time_ns - lines_[c.line].time_ns < kAtOnce;
  }
  // Beneath the command if nothing lies between, else as a line of its own.
  void print(std::int64_t time_ns, const Command& c, const std::vector<std::string>& lines, Style style) {
    if (near(time_ns, c)) {
      lines_[c.line].printed.insert(lines_[c.line].printed.end(), lines.begin(), lines.end());
    } else if (lines.size() == 1) {
      put(time_ns, c.host, lines.front(), style);
    } else {
      put(time_ns, c.host, "`" + c.words + "` has printed:", Style::client).printed = lines;
    }
  }

  // What serf agents say or hear of one thing, one after the other, is told once, and then who else.
  bool same_elsewhere(const Record& r, const std::string& node, const std::string& text) {
    if (!r.is(Fact::serf_member_event) && !r.is(WorldFact::event_delivered) &&
        !r.is(Fact::suspicion_timed_out) && !r.is(Fact::probe_failed) && !r.is(Fact::join_began) &&
        !r.is(Fact::join_ended)) {
      return false;
    }
    merge(r, node, text, style_of(r));
    return true;
  }
  void merge(const Record& r, const std::string& node, const std::string& text, Style style) {
    // That it knows itself is another thing than that others learn of it.
    const bool own = r.is(Fact::serf_member_event) && r.node == r.peer;
    for (std::size_t i = own ? 0 : lines_.size(); i-- > mergeable_from_;) {
      Line* line = &lines_[i];
      if (line->text != text || line->own) continue;
      if (line->node == node || std::find(line->others.begin(), line->others.end(), node) != line->others.end()) break;
      line->others.push_back(node);
      line->last_ns = r.time_ns;
      return;
    }
    if (too_many(r.kind, r.is(WorldFact::event_delivered) ? r.extra : r.kind < 256 ? r.a : 0)) return;
    gap();
    put(r.time_ns, node, text, style).own = own;
  }
  // A dozen lines of a kind make the picture of a section; the rest is counted.
  bool too_many(std::uint16_t kind, std::uint64_t of) {
    constexpr std::uint32_t kMost = 12;
    if (++seen_[{kind, 0, 0, 0, of}] <= kMost) return false;
    ++suppressed_;
    return true;
  }

  // What a command line printed, line by line.
  void printed(const Record& r) {
    const std::string_view text = trace_.text_at(r.b);
    const std::string node = trace::host_name(r.peer, context_);
    if (r.is(WorldFact::members_listed)) {
      put(r.time_ns, node, "$ serf members", Style::client).printed = printed_lines({}, text, false);
      return;
    }
    const auto found = commands_.find(r.a);
    Command unknown;
    unknown.host = node;
    unknown.hidden = true;
    const Command& c = found == commands_.end() ? unknown : found->second;
    if (r.extra == 1) return answered(r, c, text);
    print(r.time_ns, c, printed_lines(c.words, text, c.failed), c.failed ? Style::bad : Style::client);
  }

  // What curl prints: the body; without one the status, which it would keep to itself.
  void answered(const Record& r, const Command& c, std::string_view text) {
    const std::size_t end_of_head = text.find("\r\n\r\n");
    std::string_view body = end_of_head == std::string_view::npos ? text : text.substr(end_of_head + 4);
    if (body.empty() || options_.verbose) body = text;
    std::vector<std::string> lines;
    while (!body.empty()) {
      const std::size_t end = std::min(body.find('\n'), body.size());
      std::string line(body.substr(0, end));
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) lines.push_back(std::move(line));
      body.remove_prefix(std::min(end + 1, body.size()));
    }
    if (c.hidden) return;
    // What is streamed comes when it comes.
    const bool part = r.cause != 0 && trace_[r.cause].is(WorldFact::client_answered) && trace_[r.cause].extra == 1;
    if (!part) return print(r.time_ns, c, lines, Style::client);
    for (const std::string& line : lines) put(r.time_ns, c.host, line, Style::client);
  }

  // Each kind of line of a node about a peer is told twice in a section, then only counted.
  bool repeated(const Record& r) {
    const std::uint64_t about = r.kind >= 256 ? r.a : 0;
    std::uint32_t& n = seen_[{r.kind, r.node, r.kind < 256 && r.is(Fact::vote_refused) ? 0 : r.peer, r.reason, about}];
    if (++n <= 2 || r.is(WorldFact::act) || r.is(WorldFact::said) || r.is(WorldFact::expectation_failed) || r.is(WorldFact::violation)) {
      return false;
    }
    ++suppressed_;
    return true;
  }
  void gap() {
    if (options_.verbose) return;
    constexpr std::uint64_t kWorthTelling = 20;
    if (heartbeats_ >= kWorthTelling) {
      std::string text = grouped(heartbeats_) + " heartbeats and answers";
      if (lost_ > 0) text += ", " + grouped(lost_) + " messages lost";
      note(text);
      lost_ = 0;
      heartbeats_ = 0;
    }
  }
  void close_section() {
    flush_remark();
    if (!options_.verbose && suppressed_ > 0) {
      note(grouped(suppressed_) + (suppressed_ == 1 ? " more line like these" : " more lines like these"));
    }
    gap();
    flush_lines();
    suppressed_ = 0;
    seen_.clear();
  }

  const trace::Trace& trace_;
  const TextOptions& options_;
  Page page_;
  std::vector<std::string> names_;
  trace::Context context_;
  std::size_t voters_ = 0;
  OperationNames operations_;
  std::map<std::tuple<std::uint16_t, std::uint32_t, std::uint32_t, std::uint16_t, std::uint64_t>, std::uint32_t> seen_;
  std::uint64_t suppressed_ = 0, heartbeats_ = 0, messages_ = 0, lost_ = 0;
  News news_;
  Gaps gaps_;
  std::int64_t gap_ns_ = -1;  // that the record at hand ended
  std::string held_text_;
  std::int64_t held_time_ = 0;
  std::vector<Line> lines_;
  std::size_t mergeable_from_ = 0;
  std::uint64_t flushed_ = 0;  // how often
  std::map<std::uint64_t, Command> commands_;
  bool box_open_ = false;
  std::uint64_t box_step_ = 0;
  std::string box_heading_, box_text_;
  trace::Question question_, told_;  // asked in the newest box, and in the one before
};

}  // namespace

std::string timeline(const script::Scenario& scenario, const trace::Trace& trace, const TextOptions& options) {
  return Story(scenario, trace, options).tell();
}

}  // namespace quorumlab::report
