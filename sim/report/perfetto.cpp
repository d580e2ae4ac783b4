// Trace-event JSON. Slices of one row must nest, so roles, states, messages and events have rows of their
// own; a flow must begin and end inside a slice, so each message has a short one at both ends, and a name
// of its own, since viewers match flows by category and name, too.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/report/exports.h"
#include "sim/trace/words.h"

namespace quorumlab::report {
namespace {

using trace::Record;
using trace::RecordId;
using trace::WorldFact;

enum Row : std::uint32_t { kRole, kState, kMessages, kEvents, kRows };

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

class Writer {
 public:
  Writer(const Subject& subject, const Chart& chart)
      : subject_(subject), chart_(chart), trace_(*subject.trace), context_{subject.names, subject.trace} {}

  std::string write() {
    out_ = "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"title\":" + quoted(subject_.title) +
           fmt::format(",\"seed\":{},\"digest\":\"{:016x}\",\"left_out\":", subject_.seed, subject_.digest) +
           quoted(left_out(chart_)) + "},\"traceEvents\":[\n";
    rows();
    static constexpr std::string_view kKinds[] = {"leader", "candidate", "down", "paused", "blocked"};
    for (const Chart::Span& s : chart_.spans) {
      const auto kind = static_cast<std::size_t>(s.kind);
      const std::int64_t from = std::max(trace_[s.from].time_ns, chart_.from_ns);
      std::string name(kKinds[kind]);
      if (s.term != 0) name += ", term " + std::to_string(s.term);
      slice(s.host, kind < 2 ? kRole : kState, name, from, trace_[s.to].time_ns - from);
    }
    for (const Chart::Arrow& a : chart_.arrows) message(a);
    for (const Chart::Point& p : chart_.points) {
      const Record& r = trace_[p.id];
      const bool global = r.node == 0 || r.node > chart_.hosts.size();
      event(fmt::format("\"ph\":\"i\",\"s\":\"{}\",\"name\":{},\"cat\":\"{}\",\"pid\":1,\"tid\":{},\"ts\":{}", global ? "g" : "t",
                        quoted(p.words), trace::short_name(r), global ? 0 : row(r.node, kEvents), micro(r.time_ns)));
    }
    for (const Chart::Remark& r : chart_.remarks) {
      event(fmt::format("\"ph\":\"i\",\"s\":\"g\",\"name\":{},\"cat\":\"script\",\"pid\":1,\"tid\":0,\"ts\":{}",
                        quoted(r.bookmark.empty() ? r.text : r.bookmark), micro(trace_[r.id].time_ns)));
    }
    for (const auto& [strip, name] : {std::pair{&chart_.quorum, "quorum"}, {&chart_.leader, "leader"}}) {
      for (const Chart::Stretch& s : *strip) {
        event(fmt::format("\"ph\":\"C\",\"name\":\"{}\",\"pid\":1,\"ts\":{},\"args\":{{\"{}\":{}}}", name, micro(s.from_ns),
                          name, s.good ? 1 : 0));
      }
    }
    for (const Chart::Asked& a : chart_.asked) {
      const std::string common = fmt::format("\"cat\":\"client\",\"name\":{},\"id\":{},\"pid\":1,\"tid\":{}", quoted(a.what), a.id,
                                             row(a.client, kEvents));
      event(fmt::format("\"ph\":\"b\",{},\"ts\":{}", common, micro(trace_[a.id].time_ns)));
      event(fmt::format("\"ph\":\"e\",{},\"ts\":{},\"args\":{{\"answer\":{}}}", common,
                        micro(a.ended_ns < 0 ? chart_.to_ns : a.ended_ns), quoted(a.ended_ns < 0 ? "none yet" : a.answer)));
    }
    out_ += "\n]}\n";
    return std::move(out_);
  }

 private:
  // Microseconds, with three digits behind the point: exact.
  static std::string micro(std::int64_t ns) { return fmt::format("{}.{:03}", ns / 1000, ns % 1000); }
  static std::uint32_t row(std::uint32_t host, Row row) { return host * kRows + row; }
  void event(const std::string& fields) {
    if (!first_) out_ += ",\n";
    first_ = false;
    out_ += '{';
    out_ += fields;
    out_ += '}';
  }
  // It ends a nanosecond early: readers add doubles, and a sum that is a hair too large would reach into the next.
  void slice(std::uint32_t host, Row kind, const std::string& name, std::int64_t from, std::int64_t length) {
    event(fmt::format("\"ph\":\"X\",\"name\":{},\"cat\":\"host\",\"pid\":1,\"tid\":{},\"ts\":{},\"dur\":{}", quoted(name),
                      row(host, kind), micro(from), micro(std::max<std::int64_t>(length - 1, 1))));
  }
  void rows() {
    event("\"ph\":\"M\",\"name\":\"process_name\",\"pid\":1,\"args\":{\"name\":\"quorumlab\"}");
    event("\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":0,\"args\":{\"name\":\"the world\"}");
    static constexpr std::string_view kNames[] = {"role", "state", "messages", "events"};
    for (std::uint32_t h = 1; h <= chart_.hosts.size(); ++h) {
      for (const Row r : {kRole, kState, kMessages, kEvents}) {
        event(fmt::format("\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":{},\"args\":{{\"name\":{}}}", row(h, r),
                          quoted(host_of(chart_, h) + " " + std::string(kNames[r]))));
        event(fmt::format("\"ph\":\"M\",\"name\":\"thread_sort_index\",\"pid\":1,\"tid\":{0},\"args\":{{\"sort_index\":{0}}}", row(h, r)));
      }
    }
  }
  void message(const Chart::Arrow& a) {
    const Record& sent = trace_[a.sent];
    const std::string name = quoted(trace::words(sent, context_) + (a.lost ? " (lost)" : ""));
    const auto end = [&](std::uint32_t host, std::int64_t time) {
      event(fmt::format("\"ph\":\"X\",\"name\":{},\"cat\":\"message\",\"pid\":1,\"tid\":{},\"ts\":{},\"dur\":0.001", name,
                        row(host, kMessages), micro(time)));
    };
    end(a.from, sent.time_ns);
    if (a.ended == 0 || a.lost) return;
    const std::int64_t arrived = trace_[a.ended].time_ns;
    end(a.to, arrived);
    const std::string flow = fmt::format("\"cat\":\"m{0}\",\"name\":\"m{0}\",\"id\":{1},\"pid\":1", a.sent, a.ended);
    event(fmt::format("\"ph\":\"s\",{},\"tid\":{},\"ts\":{}", flow, row(a.from, kMessages), micro(sent.time_ns)));
    event(fmt::format("\"ph\":\"f\",\"bp\":\"e\",{},\"tid\":{},\"ts\":{}", flow, row(a.to, kMessages), micro(arrived)));
  }

  const Subject& subject_;
  const Chart& chart_;
  const trace::Trace& trace_;
  trace::Context context_;
  std::string out_;
  bool first_ = true;
};

}  // namespace

std::string perfetto(const Subject& subject, const Chart& chart) { return Writer(subject, chart).write(); }

}  // namespace quorumlab::report
