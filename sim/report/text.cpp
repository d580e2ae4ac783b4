// What of a trace tells the story, and how it is grouped into sections.
#include "sim/report/text.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "core/raft/message.h"
#include "sim/judge/linearizability/words.h"
#include "sim/report/gaps.h"
#include "sim/report/page.h"
#include "sim/report/serf_lines.h"
#include "sim/script/loader.h"
#include "sim/trace/words.h"

namespace quorumlab::report {
namespace {

using trace::Record;
using trace::WorldFact;

std::string time_text(std::int64_t ns, bool fine) {
  const std::int64_t unit = fine ? 1'000 : 1'000'000;
  const std::int64_t n = ns / unit;
  const std::int64_t per_second = 1'000'000'000 / unit;
  const std::string rest = std::to_string(per_second + n % per_second).substr(1);
  return std::to_string(n / per_second) + "." + rest + " s";
}

bool is_background_message(std::uint32_t kind) {
  const auto type = static_cast<raft::MessageType>(kind);
  return type == raft::MessageType::heartbeat || type == raft::MessageType::heartbeat_response;
}

// Whether a record is part of the story, or only of the full account.
bool tells(const Record& r) {
  if (r.kind < 256) {
    switch (static_cast<Fact>(r.kind)) {
      case Fact::started: return false;
      case Fact::refused_to_start:
      case Fact::stopped_itself:
      case Fact::became_pre_candidate:
      case Fact::became_candidate:
      case Fact::became_leader:
      case Fact::vote_refused:
      case Fact::campaign_lost:
      case Fact::campaign_put_off:
      case Fact::snapshot_installed:
      case Fact::snapshot_send_started:
      case Fact::truncated:
      case Fact::config_refused:
      case Fact::transfer_started:
      case Fact::transfer_ended: return true;
      case Fact::vote_granted: return r.b == 0;
      case Fact::became_follower:
      case Fact::commit_advanced:
      case Fact::config_applied: return true;
      case Fact::probe_failed:
      case Fact::suspicion_timed_out:
      case Fact::refuted:
      case Fact::address_conflict:
      case Fact::serf_member_event:
      case Fact::key_request_ended:
      case Fact::name_conflict:
      case Fact::conflict_resolved:
      case Fact::leave_started:
      case Fact::serf_left:
      case Fact::reconnect_attempted:
      case Fact::rejoin_attempted:
      case Fact::holds:
      case Fact::lets_go:
      case Fact::follows:
      case Fact::work_refused:
      case Fact::autopilot_removes:
      case Fact::autopilot_keeps:
      case Fact::autopilot_adds: return true;
      default: return false;
    }
  }
  switch (static_cast<WorldFact>(r.kind)) {
    case WorldFact::writes_lost:
    case WorldFact::write_failed:
    case WorldFact::process_stopped:
    case WorldFact::process_resumed:
    case WorldFact::client_answered:
    case WorldFact::client_timed_out:
    case WorldFact::client_refused:
    case WorldFact::client_invoked:
    case WorldFact::event_delivered:
    case WorldFact::act:
    case WorldFact::caption:
    case WorldFact::bookmark:
    case WorldFact::expectation_held:
    case WorldFact::expectation_failed:
    case WorldFact::quorum_available:
    case WorldFact::quorum_unavailable:
    case WorldFact::said:
    case WorldFact::ask_refused:
    case WorldFact::violation: return true;
    case WorldFact::process_started: return r.a > 0;
    default: return false;
  }
}

Style style_of(const Record& r) {
  if (r.kind < 256) {
    switch (static_cast<Fact>(r.kind)) {
      case Fact::became_leader:
      case Fact::holds: return Style::good;
      case Fact::lets_go:
      case Fact::work_refused: return Style::warn;
      case Fact::became_candidate:
      case Fact::became_pre_candidate:
      case Fact::vote_refused:
      case Fact::campaign_lost: return Style::warn;
      case Fact::refused_to_start:
      case Fact::stopped_itself:
      case Fact::truncated: return Style::bad;
      case Fact::probe_failed:
      case Fact::suspicion_timed_out:
      case Fact::name_conflict: return Style::warn;
      case Fact::serf_member_event:
        return r.a == static_cast<std::uint64_t>(gossip::EventKind::member_failed) ? Style::bad
               : r.a == static_cast<std::uint64_t>(gossip::EventKind::member_join) ? Style::good
                                                                                   : Style::plain;
      default: return Style::plain;
    }
  }
  switch (static_cast<WorldFact>(r.kind)) {
    case WorldFact::act: return Style::act;
    case WorldFact::said: return Style::caption;
    case WorldFact::violation:
    case WorldFact::expectation_failed:
    case WorldFact::writes_lost:
    case WorldFact::client_timed_out: return Style::bad;
    case WorldFact::expectation_held: return Style::good;
    case WorldFact::client_invoked:
    case WorldFact::client_answered: return Style::client;
    default: return Style::plain;
  }
}

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
  };

 public:
  Story(const script::Scenario& scenario, const trace::Trace& trace, const TextOptions& options)
      : trace_(trace), options_(options), page_(options), names_(scenario.cluster.host_names()) {
    context_ = {names_, &trace};
    for (const std::string& name : names_) page_.node_width = std::max(page_.node_width, columns(name));
    voters_ = scenario.cluster.names.size() - scenario.cluster.spare_nodes;
    programs_ = !scenario.cluster.apps.empty();
  }

  std::string tell() {
    for (trace::RecordId id = 1; id <= trace_.size(); ++id) take(trace_[id]);
    flush_held();
    close_section();
    flush_lines();
    return page_.take();
  }

 private:
  // What a fact means depends on who the node was: only a leader's or a candidate's fall is news.
  bool is_news(const Record& r) {
    const auto role = roles_.find(r.node);
    const bool above = role != roles_.end() && role->second != Fact::became_follower;
    const bool leads = role != roles_.end() && role->second == Fact::became_leader;
    if (r.is(Fact::became_follower)) return leads || (above && r.reason != static_cast<std::uint16_t>(Reason::higher_term));
    // A refresh is no news, and what the store's programs say tells of its commits.
    if (r.is(Fact::holds)) {
      std::uint64_t& token = tokens_[r.node];
      return std::exchange(token, r.a) != r.a;
    }
    if (r.is(Fact::commit_advanced) && programs_) return false;
    // The leader's word is when a thing is committed; followers only hear of it.
    if (r.is(Fact::commit_advanced)) return leads;
    if (r.is(Fact::config_applied)) return leads;
    if (r.is(Fact::campaign_lost)) {
      return r.reason != static_cast<std::uint16_t>(Reason::higher_term) &&
             r.reason != static_cast<std::uint16_t>(Reason::leader_of_this_term);
    }
    return true;
  }
  void learn_role(const Record& r) {
    if (r.is(Fact::became_follower) || r.is(Fact::became_pre_candidate) || r.is(Fact::became_candidate) ||
        r.is(Fact::became_leader)) {
      roles_[r.node] = static_cast<Fact>(r.kind);
    }
    if (r.is(WorldFact::process_started)) roles_.erase(r.node);
  }

  void take(const Record& r) {
    const bool news = is_news(r);
    learn_role(r);
    gap_ns_ = gaps_.on(r);
    if (r.is(WorldFact::act)) learn_operation(r);
    if (r.is(Fact::config_applied)) voters_ = static_cast<std::size_t>(__builtin_popcountll(r.b));
    if (r.is(WorldFact::packet_sent)) ++(is_background_message(r.extra) ? heartbeats_ : messages_);
    if (r.is(WorldFact::packet_dropped)) ++lost_;
    if (r.is(WorldFact::caption) || r.is(WorldFact::bookmark)) return remark(r);
    flush_remark();
    if (!r.is(WorldFact::expectation_held) && (tells(r) || options_.verbose)) flush_held();
    if (r.is(WorldFact::quorum_available) || r.is(WorldFact::quorum_unavailable)) return quorum(r);
    if (r.is(WorldFact::command_printed) || r.is(WorldFact::members_listed)) return printed(r);
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

  // A step's bookmark and caption come one after the other and share a box.
  void remark(const Record& r) {
    flush_held();
    if (!box_open_) close_section();
    const std::string text(trace_.text_at(r.b));
    if (box_open_ && box_step_ != r.a) flush_remark();
    box_open_ = true;
    box_step_ = r.a;
    (r.is(WorldFact::bookmark) ? box_heading_ : box_text_) = text;
  }
  void flush_remark() {
    if (!box_open_) return;
    box_open_ = false;
    flush_lines();
    page_.box(box_heading_, box_text_.empty() ? std::vector<std::string>{} : std::vector{box_text_});
    box_heading_.clear();
    box_text_.clear();
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
    if (script::is_operation(verb)) operations_[r.a] = std::string(trace_.text_at(r.c));
    if (verb == world::Verb::agent || verb == world::Verb::http) {
      commands_[r.a] = {};
      commands_[r.a].http = verb == world::Verb::http;
    }
  }

  std::string name_operation(std::string text) const {
    for (const std::string_view prefix : {"about operation ", "operation "}) {
      const std::size_t at = text.find(prefix);
      if (at == std::string::npos) continue;
      std::size_t end = at + prefix.size();
      std::uint64_t number = 0;
      while (end < text.size() && text[end] >= '0' && text[end] <= '9') {
        number = number * 10 + static_cast<std::uint64_t>(text[end++] - '0');
      }
      const auto found = operations_.find(number);
      if (found != operations_.end()) {
        text.replace(at, end - at, (prefix[0] == 'a' ? "about \"" : "\"") + found->second + "\"");
      }
      break;
    }
    return text;
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
    } else if (!node.empty()) {
      // The name stands in its column.
      if (text.starts_with(node + " ") || text.starts_with(node + ":")) {
        text.erase(0, text.find(' ') + 1);
      } else if (text.starts_with(node + "'s ")) {
        text = "its " + text.substr(node.size() + 3);
      }
    }
    if (r.kind >= static_cast<std::uint16_t>(WorldFact::client_invoked) &&
        r.kind <= static_cast<std::uint16_t>(WorldFact::client_refused)) {
      text = name_operation(std::move(text));
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
      c.words = command_words(operations_[r.a], c.host);
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
    const bool good = r.is(WorldFact::client_answered) && r.b == 1;
    const std::string text = good ? success_words(c.words, r.c)
                             : r.is(WorldFact::client_answered) ? "The command failed."
                                                                : "No agent answers.";
    if (!text.empty() && !(good && c.hidden)) print(r.time_ns, c, {text}, good ? Style::client : Style::bad);
    return true;
  }
  // A request over HTTP stands as the command that makes it.
  bool request(const Record& r, Command& c) {
    if (r.is(WorldFact::client_invoked)) {
      if (r.c > 1) return true;  // it follows a redirect
      c.host = trace::host_name(r.node, context_);
      c.words = operations_[r.a];
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
  // Beneath the command if nothing lies between, else as a line of its own.
  void print(std::int64_t time_ns, const Command& c, const std::vector<std::string>& lines, Style style) {
    constexpr std::int64_t kAtOnce = 50'000'000;
    const bool near = !c.hidden && c.flushed == flushed_ && c.line < lines_.size() &&
                      time_ns - lines_[c.line].time_ns < kAtOnce;
    if (near) {
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
        !r.is(Fact::suspicion_timed_out) && !r.is(Fact::probe_failed)) {
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
      put(r.time_ns, node, "$ serf members", Style::client).printed = printed_lines({}, text);
      return;
    }
    const auto found = commands_.find(r.a);
    Command unknown;
    unknown.host = node;
    unknown.hidden = true;
    const Command& c = found == commands_.end() ? unknown : found->second;
    if (r.extra == 1) return answered(r, c, text);
    print(r.time_ns, c, printed_lines(c.words, text), Style::client);
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
  std::map<std::uint64_t, std::string> operations_;
  std::map<std::tuple<std::uint16_t, std::uint32_t, std::uint32_t, std::uint16_t, std::uint64_t>, std::uint32_t> seen_;
  std::uint64_t suppressed_ = 0, heartbeats_ = 0, messages_ = 0, lost_ = 0;
  std::map<std::uint32_t, Fact> roles_;
  std::map<std::uint32_t, std::uint64_t> tokens_;  // of holders of keys
  Gaps gaps_;
  std::int64_t gap_ns_ = -1;  // that the record at hand ended
  bool programs_ = false;
  std::string held_text_;
  std::int64_t held_time_ = 0;
  std::vector<Line> lines_;
  std::size_t mergeable_from_ = 0;
  std::uint64_t flushed_ = 0;  // how often
  std::map<std::uint64_t, Command> commands_;
  bool box_open_ = false;
  std::uint64_t box_step_ = 0;
  std::string box_heading_, box_text_;
};

std::string dashed(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

void tell_violation(const script::RunResult& result, const trace::Trace* trace, const trace::Context& context,
                    const TextOptions& options, Page& page) {
  const judge::Violation& v = *result.violation;
  page.line();
  page.paragraph("Violated: " + dashed(judge::checker_name(v.checker)) + " (" +
                     std::string(judge::checker_promise(v.checker)) + ") at " + time_text(v.time_ns, true) + ", by " +
                     trace::host_name(v.node.value, context) +
                     (v.other ? " and " + trace::host_name(v.other.value, context) : "") + ", record " +
                     std::to_string(v.record),
                 0, Style::bad);
  if (!result.no_order.empty()) {
    page.paragraph(result.no_order, 0);
    for (const auto& op : result.no_order_operations) {
      page.row(time_text(op.invoked.ns, true), trace::host_name(op.client, context),
               linearizability::question(op) + ": " + linearizability::answer(op) +
                   (op.returned == kNever ? "" : ", at " + time_text(op.returned.ns, true)),
               Style::client);
    }
  }
  if (trace == nullptr || v.record == 0 || v.record > trace->size()) return;
  page.paragraph("How it came to that, the newest first:", 2, Style::dim);
  int shown = 0;
  for (const trace::RecordId id : trace::why(*trace, v.record)) {
    const Record& r = (*trace)[id];
    page.row(time_text(r.time_ns, true), r.node == 0 ? "" : trace::host_name(r.node, context),
             trace::words(r, context), Style::plain);
    if (++shown == 12) break;
  }
  (void)options;
}

}  // namespace

std::string grouped(std::uint64_t number) {
  std::string out = std::to_string(number);
  for (std::size_t i = out.size(); i > 3; i -= 3) out.insert(i - 3, ",");
  return out;
}

std::string digest_text(std::uint64_t digest) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += kHex[digest >> shift & 15];
  return out;
}

std::string header(const script::Scenario& s, std::uint64_t seed, const TextOptions& options) {
  Page page(options);
  for (const std::string& name : s.cluster.host_names()) page.node_width = std::max(page.node_width, columns(name));
  page.line(page.styled(s.title.empty() ? s.name : s.title, Style::bold));
  if (!s.description.empty()) page.paragraph(s.description, 0);
  const std::size_t members = s.cluster.names.size() - s.cluster.spare_nodes;
  std::string who = std::to_string(members) + (members == 1 ? " node:" : " nodes:");
  for (std::size_t i = 0; i < members; ++i) who += " " + s.cluster.names[i];
  if (s.cluster.spare_nodes > 0) {
    who += "; spare:";
    for (std::size_t i = members; i < s.cluster.names.size(); ++i) who += " " + s.cluster.names[i];
  }
  // serf's commands are given on the hosts themselves.
  if (s.cluster.node.run_raft) who += s.cluster.clients == 1 ? "; a client: c1" : "; clients: c1 to c" + std::to_string(s.cluster.clients);
  for (std::size_t i = 0; i < s.cluster.apps.size(); ++i) {
    const recipes::AppConfig& app = s.cluster.apps[i].app;
    who += (i == 0 ? "; programs: " : ", ") + app.name;
    if (!app.title.empty() && app.title != app.name) who += " (" + app.title + ")";
  }
  page.paragraph(who + "; seed " + std::to_string(seed), 0, Style::dim);
  page.line();
  page.row("time", "who", "what happened, and why", Style::dim);
  return page.take();
}

std::string timeline(const script::Scenario& scenario, const trace::Trace& trace, const TextOptions& options) {
  return Story(scenario, trace, options).tell();
}

// Whether nodes speak what the checker judges.
static bool engine_runs(const script::Scenario& s, judge::Checker checker) {
  if (judge::judges_programs(checker)) return !s.cluster.apps.empty();
  if (judge::judges_autopilot(checker)) return s.cluster.node.autopilot.on;
  if (judge::judges_store(checker)) return s.cluster.node.run_kv;
  return judge::judges_gossip(checker) ? s.cluster.node.run_gossip : s.cluster.node.run_raft;
}

std::string verdict(const script::Scenario& s, const script::RunResult& result, const trace::Trace* trace,
                    const TextOptions& options) {
  Page page(options);
  const std::vector<std::string> names = s.cluster.host_names();
  const trace::Context context{names, trace};
  page.line();
  const bool good = result.verdict == script::Verdict::held;
  std::string head = "Verdict: " + std::string(script::verdict_word(result.verdict));
  if (good && s.expect_violation) head += " (the violation came, as expected)";
  page.bar(head, good ? Style::good : Style::bad);
  for (const script::Failure& f : result.failures) {
    page.paragraph("Failed: " + script::step_path(s, f.step) + (f.line > 0 ? " (line " + std::to_string(f.line) + ")" : "") +
                       " at " + time_text(f.time.ns, false) + ": " + f.what,
                   0, Style::bad);
  }
  if (result.violation) tell_violation(result, trace, context, options, page);
  page.line();
  const bool looked = s.cluster.node.run_raft || result.violation ||
                      std::any_of(std::begin(result.checks), std::end(result.checks), [](std::uint64_t n) { return n > 0; });
  if (looked) page.line("The checkers, what they promise, and how often each looked:");
  std::size_t width = 0, promise_width = 0;
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
    const auto checker = static_cast<judge::Checker>(i);
    if (!engine_runs(s, checker)) continue;
    width = std::max(width, judge::checker_name(checker).size());
    promise_width = std::max(promise_width, judge::checker_promise(checker).size());
  }
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
    const auto checker = static_cast<judge::Checker>(i);
    const bool broken = result.violation && result.violation->checker == checker;
    const bool watched = (s.watched >> i & 1) != 0;
    // The checkers of an engine that does not run have nothing to say.
    if (!broken && result.checks[i] == 0 && !engine_runs(s, checker)) continue;
    const bool undecided = result.undecided && checker == judge::Checker::linearizability;
    const std::string mark = broken ? "VIOLATED" : undecided ? "unknown " : watched ? (result.checks[i] == 0 ? "no case " : "held    ") : "ignored ";
    page.line(page.styled(mark, broken ? Style::bad : watched && result.checks[i] > 0 ? Style::good : Style::dim) +
              "  " + padded(dashed(judge::checker_name(checker)), width) + "  " +
              page.styled(padded(std::string(judge::checker_promise(checker)), promise_width), Style::dim) + "  " +
              (result.checks[i] == 0 ? "-" : grouped(result.checks[i]) + "x"));
  }
  if (looked) page.line();
  const std::uint64_t all = result.accepted + result.not_found + result.refused + result.timed_out + result.pending;
  std::string operations = (s.cluster.node.run_raft ? "Clients asked " : "Agents were told ") + grouped(all) + (all == 1 ? " time: " : " times: ") + grouped(result.accepted) + " accepted";
  if (result.not_found > 0) operations += ", " + grouped(result.not_found) + " not found";
  operations += ", " + grouped(result.timed_out) + " timed out, " + grouped(result.refused) + " refused";
  if (result.pending > 0) operations += ", " + grouped(result.pending) + " without an end";
  page.paragraph(operations, 0);
  page.paragraph("Simulated " + time_text(result.end.ns, false) + " in " + grouped(result.events) + " events, " +
                     grouped(result.records) + " facts; seed " + std::to_string(result.seed),
                 0);
  // Whole, however long: it is there to be copied.
  if (!options.replay.empty()) page.line("Again: " + page.styled(options.replay, Style::bold));
  page.line("digest: " + digest_text(result.digest));
  return page.take();
}

std::string summary_line(const script::Scenario& s, const script::RunResult& result) {
  std::string out = s.name + ": " + std::string(script::verdict_word(result.verdict));
  if (result.violation) out += " (" + dashed(judge::checker_name(result.violation->checker)) + ")";
  if (!result.failures.empty()) {
    const script::Failure& f = result.failures.front();
    out += ": " + script::step_path(s, f.step) + ": " + f.what;
  }
  return out + "; seed " + std::to_string(result.seed);
}

}  // namespace quorumlab::report
