// One pass over the trace.
#include "sim/report/chart.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "sim/report/telling.h"
#include "sim/report/text.h"
#include "sim/script/loader.h"
#include "sim/trace/words.h"

namespace quorumlab::report {
namespace {

using trace::Record;
using trace::RecordId;
using trace::WorldFact;

class Maker {
 public:
  Maker(const Subject& subject, const ChartOptions& options)
      : subject_(subject),
        options_(options),
        trace_(*subject.trace),
        context_{subject.names, subject.trace},
        news_(subject.names.size() > subject.servers + subject.clients) {}

  Chart make() {
    hosts();
    state_.resize(subject_.names.size() + 1);
    for (RecordId id = 1; id <= trace_.size(); ++id) {
      const Record& r = trace_[id];
      if (r.time_ns > options_.to_ns) break;
      const bool inside = r.time_ns >= options_.from_ns;
      if (inside && chart_.last == 0) chart_.first = id;
      chart_.last = id;
      follow(r, id);
      strips(r);
      operation(r, id);
      const bool news = news_.is_news(r);
      if (!inside) continue;
      message(r, id);
      if (r.is(WorldFact::caption) || r.is(WorldFact::bookmark) || r.is(WorldFact::question)) {
        remark(r, id);
      } else if (tells(r) && news) {
        point(r, id);
      }
    }
    finish();
    return std::move(chart_);
  }

 private:
  struct State {
    std::optional<Chart::Span> role, absence;
  };

  void hosts() {
    for (std::size_t i = 0; i < subject_.names.size(); ++i) {
      const auto kind = i < subject_.servers                      ? Chart::Host::Kind::server
                        : i < subject_.servers + subject_.clients ? Chart::Host::Kind::client
                                                                  : Chart::Host::Kind::program;
      chart_.hosts.push_back({kind, subject_.names[i]});
    }
  }

  void end(std::optional<Chart::Span>& span, RecordId id) {
    if (!span) return;
    span->to = id;
    // What was over before the picture begins is not in it.
    if (trace_[id].time_ns >= options_.from_ns) chart_.spans.push_back(*span);
    span.reset();
  }
  void begin(std::optional<Chart::Span>& span, Chart::Span::Kind kind, const Record& r, RecordId id) {
    end(span, id);
    span = Chart::Span{kind, r.node, id, id, r.kind < 256 ? r.a : 0};
  }
  // What each host is.
  void follow(const Record& r, RecordId id) {
    if (r.node == 0 || r.node >= state_.size()) return;
    State& s = state_[r.node];
    using Kind = Chart::Span::Kind;
    if (r.is(WorldFact::state_told) && r.a == 0) return end(s.role, id);
    if (r.is(Fact::became_leader) || r.is(WorldFact::state_told)) return begin(s.role, Kind::leader, r, id);
    if (r.is(Fact::became_candidate) || r.is(Fact::became_pre_candidate)) {
      return begin(s.role, Kind::candidate, r, id);
    }
    if (r.is(Fact::became_follower)) return end(s.role, id);
    if (r.is(WorldFact::process_killed) || r.is(WorldFact::process_crashed) || r.is(WorldFact::process_stopped)) {
      end(s.role, id);
      return begin(s.absence, Kind::down, r, id);
    }
    if (r.is(WorldFact::process_paused)) return begin(s.absence, Kind::paused, r, id);
    if (r.is(WorldFact::process_blocked)) return begin(s.absence, Kind::blocked, r, id);
    if (r.is(WorldFact::process_started) || r.is(WorldFact::process_resumed) ||
        r.is(WorldFact::process_unblocked)) {
      end(s.absence, id);
    }
  }

  void turn(std::vector<Chart::Stretch>& strip, std::int64_t now, bool good, std::string words) {
    if (!strip.empty()) {
      if (strip.back().good == good && strip.back().words == words) return;
      strip.back().to_ns = now;
    }
    strip.push_back({now, now, good, std::move(words)});
  }
  void strips(const Record& r) {
    chart_.elects |= r.is(WorldFact::quorum_available) || r.is(WorldFact::quorum_unavailable) ||
                     r.is(Fact::became_follower) || r.is(Fact::became_pre_candidate) || r.is(Fact::became_candidate) ||
                     r.is(Fact::became_leader) || r.is(WorldFact::state_told);
    if (r.is(WorldFact::quorum_available) || r.is(WorldFact::quorum_unavailable)) {
      turn(chart_.quorum, r.time_ns, r.is(WorldFact::quorum_available), trace::words(r, context_));
    }
    if (r.node != 0 && r.node <= subject_.servers &&
        (r.is(Fact::became_leader) || r.is(Fact::became_follower) || r.is(WorldFact::state_told) || r.is(WorldFact::process_killed) ||
         r.is(WorldFact::process_crashed) || r.is(WorldFact::process_stopped))) {
      // A protocol of one's own has no terms: who says it last leads.
      const bool own = r.is(WorldFact::state_told);
      const bool leads = r.is(Fact::became_leader) || (own && r.a == 1);
      own_ = own_ || own;
      if (leads) {
        leaders_[r.node] = own ? static_cast<std::uint64_t>(r.time_ns) : r.a;
      } else {
        leaders_.erase(r.node);
      }
      // Of two that believe it, the one of the higher term.
      const auto first = std::max_element(leaders_.begin(), leaders_.end(),
                                          [](const auto& a, const auto& b) { return a.second < b.second; });
      turn(chart_.leader, r.time_ns, first != leaders_.end(),
           first == leaders_.end() ? "nobody leads"
                                   : trace::host_name(first->first, context_) +
                                         (own_ ? " leads" : " leads in term " + std::to_string(first->second)));
    }
    if (r.is(WorldFact::act) && static_cast<world::Verb>(r.b) == world::Verb::write) writes_.insert(r.a);
    if (r.time_ns < options_.from_ns) return;
    const bool ended = r.is(WorldFact::client_answered) || r.is(WorldFact::client_timed_out);
    if (ended && writes_.contains(r.a)) {
      chart_.writes.push_back({r.time_ns, r.is(WorldFact::client_answered) && (r.b == 1 || (r.extra == 2 && r.b < 300))});
    }
  }

  void operation(const Record& r, RecordId id) {
    if (r.is(WorldFact::act)) chart_.operations.learn(r.a, trace_.text_at(r.c));
    if (r.is(WorldFact::client_invoked) && r.c <= 1 && r.time_ns >= options_.from_ns) {
      places_[r.a] = chart_.asked.size();
      const std::string& known = chart_.operations.of(r.a);
      chart_.asked.push_back({id, r.node, -1, known.empty() ? trace::words(r, context_) : known, {}, false});
      return;
    }
    const bool answered = r.is(WorldFact::client_answered) && r.extra != 1 && r.extra != 3;
    if (!answered && !r.is(WorldFact::client_timed_out) && !r.is(WorldFact::client_refused)) return;
    const auto place = places_.find(r.a);
    if (place == places_.end()) return;
    Chart::Asked& asked = chart_.asked[place->second];
    asked.ended_ns = r.time_ns;
    asked.accepted = answered && (r.b == 1 || (r.extra == 2 && r.b < 300));
    asked.answer = answered ? trace::words(r, context_) : r.is(WorldFact::client_timed_out) ? "no answer in time" : "nobody listens there";
    // "c1 hears from n2 about operation 7: ok, at entry 9"
    if (const std::size_t at = asked.answer.find(": "); answered && at != std::string::npos) {
      asked.answer = asked.answer.substr(at + 2) + " (" + trace::host_name(r.peer, context_) + ")";
    }
  }

  static bool is_background(const Record& r) {
    constexpr std::uint32_t kGossip = 1u << 7;  // the port is the kind's top bit
    return (r.extra & kGossip) != 0 || is_background_message(r.extra);
  }
  void arrow(RecordId sent, RecordId arrived, std::uint32_t from, std::uint32_t to, bool lost) {
    if (chart_.arrows.size() >= options_.most) {
      ++chart_.left_out_arrows;
      return;
    }
    chart_.arrows.push_back({sent, arrived, from, to, lost, false});
  }
  void message(const Record& r, RecordId id) {
    if (r.is(WorldFact::packet_sent)) {
      if (is_background(r) && !options_.background) {
        ++chart_.hidden_background;
        return;
      }
      under_way_.insert({id, {r.node, r.peer}});
      return;
    }
    if (r.is(WorldFact::packet_delivered) || r.is(WorldFact::packet_dropped)) {
      const auto sent = under_way_.find(r.cause);
      if (sent == under_way_.end()) return;
      arrow(r.cause, id, sent->second.first, sent->second.second, r.is(WorldFact::packet_dropped));
      if (r.is(WorldFact::packet_dropped)) under_way_.erase(sent);
      return;
    }
    // What is asked and answered has no record of its own on the way.
    if (r.cause == 0 || !(r.is(Fact::request_received) || r.is(WorldFact::client_answered) || r.is(WorldFact::answered))) {
      return;
    }
    const Record& cause = trace_[r.cause];
    if (cause.node != 0 && cause.node != r.node) arrow(r.cause, id, cause.node, r.node, false);
  }

  void remark(const Record& r, RecordId id) {
    const std::string text(trace_.text_at(r.b));
    const bool same = !chart_.remarks.empty() && remark_step_ == r.a;
    if (!same) chart_.remarks.push_back({id, {}, {}, {}});
    remark_step_ = r.a;
    if (r.is(WorldFact::question)) {
      chart_.remarks.back().question = trace::read_question(text);
      return;
    }
    (r.is(WorldFact::bookmark) ? chart_.remarks.back().bookmark : chart_.remarks.back().text) = text;
  }

  void point(const Record& r, RecordId id) {
    if (r.is(WorldFact::violation) || r.is(WorldFact::expectation_failed)) chart_.broken.push_back(id);
    if (r.is(WorldFact::act)) {
      const auto verb = static_cast<world::Verb>(r.b);
      if (script::is_operation(verb)) return;
      chart_.faults.push_back(id);
    }
    if (chart_.points.size() >= options_.most) {
      ++chart_.left_out_points;
      return;
    }
    const std::string name = r.node == 0 ? "" : trace::host_name(r.node, context_);
    std::string words = without_name(trace::words(r, context_), name);
    // Who did it stands in front.
    if (r.is(WorldFact::violation)) {
      const std::size_t by = words.rfind(" by " + name);
      if (by != std::string::npos) words.replace(by, name.size() + 4, "");
    }
    chart_.points.push_back({id, style_of(r), chart_.operations.named(r, std::move(words))});
  }

  void finish() {
    if (chart_.last == 0) return;
    chart_.from_ns = std::max<std::int64_t>(options_.from_ns, 0);
    chart_.to_ns = std::max(trace_[chart_.last].time_ns, chart_.from_ns + 1);
    for (State& s : state_) {
      end(s.role, chart_.last);
      end(s.absence, chart_.last);
    }
    // A packet may arrive twice; one that never did is on its way still.
    std::unordered_set<RecordId> ended;
    for (const Chart::Arrow& a : chart_.arrows) ended.insert(a.sent);
    std::vector<std::pair<RecordId, std::pair<std::uint32_t, std::uint32_t>>> open;
    for (const auto& [id, ends] : under_way_) {
      if (!ended.contains(id)) open.push_back({id, ends});
    }
    std::sort(open.begin(), open.end());
    for (const auto& [id, ends] : open) arrow(id, 0, ends.first, ends.second, false);
    std::stable_sort(chart_.arrows.begin(), chart_.arrows.end(),
                     [](const Chart::Arrow& a, const Chart::Arrow& b) { return a.sent < b.sent; });
    for (auto* strip : {&chart_.quorum, &chart_.leader}) {
      if (!chart_.elects) strip->clear();
      if (!strip->empty()) strip->back().to_ns = chart_.to_ns;
      std::erase_if(*strip, [&](const Chart::Stretch& s) { return s.to_ns < chart_.from_ns || s.to_ns == s.from_ns; });
      for (Chart::Stretch& s : *strip) s.from_ns = std::max(s.from_ns, chart_.from_ns);
    }
  }

  const Subject& subject_;
  const ChartOptions& options_;
  const trace::Trace& trace_;
  trace::Context context_;
  News news_;
  Chart chart_;
  std::vector<State> state_;
  std::map<std::uint32_t, std::uint64_t> leaders_;  // who believes to lead, and in which term
  bool own_ = false;  // a protocol of one's own: no term, but since when
  std::unordered_set<std::uint64_t> writes_;
  std::unordered_map<RecordId, std::pair<std::uint32_t, std::uint32_t>> under_way_;
  std::unordered_map<std::uint64_t, std::size_t> places_;  // of operations, in what was asked
  std::uint64_t remark_step_ = UINT64_MAX;
};

}  // namespace

Chart make_chart(const Subject& subject, const ChartOptions& options) { return Maker(subject, options).make(); }

std::string host_of(const Chart& chart, std::uint32_t id) {
  return id >= 1 && id <= chart.hosts.size() ? chart.hosts[id - 1].name : std::string();
}

std::string left_out(const Chart& chart) {
  std::string out;
  if (chart.hidden_background > 0) {
    out += grouped(chart.hidden_background) + " messages of the background (heartbeats, probes, gossip) are not drawn.";
  }
  if (chart.left_out_points + chart.left_out_arrows > 0) {
    const auto counted = [](std::size_t n, const char* what) { return grouped(n) + " " + what + (n == 1 ? "" : "s"); };
    std::string what = chart.left_out_points == 0 ? "" : counted(chart.left_out_points, "event");
    if (chart.left_out_arrows > 0) what += (what.empty() ? "" : " and ") + counted(chart.left_out_arrows, "message");
    const bool one = chart.left_out_points + chart.left_out_arrows == 1;
    out += (out.empty() ? "" : " ") + what + (one ? " is" : " are") + " left out: a picture bears " + grouped(chart.points.size()) + " events and " +
           grouped(chart.arrows.size()) + " messages; choose a shorter stretch of time.";
  }
  return out;
}

}  // namespace quorumlab::report
