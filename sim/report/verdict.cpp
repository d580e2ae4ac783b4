// How a run ended: what failed, what was violated and how it came to that, and how often each checker
// looked.
#include <algorithm>

#include "sim/judge/linearizability/words.h"
#include "sim/report/page.h"
#include "sim/report/telling.h"
#include "sim/report/text.h"
#include "sim/trace/words.h"

namespace quorumlab::report {
namespace {

using trace::Record;

std::string dashed(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

void tell_broken(const judge::Violation& v, const trace::Context& context, Page& page) {
  page.paragraph("Violated: " + dashed(judge::checker_name(v.checker)) + " (" +
                     std::string(judge::checker_promise(v.checker)) + ") at " + time_text(v.time_ns, true) + ", by " +
                     trace::host_name(v.node.value, context) +
                     (v.other ? " and " + trace::host_name(v.other.value, context) : "") + ", record " +
                     std::to_string(v.record),
                 0, Style::bad);
}

void tell_causes(trace::RecordId record, const trace::Trace* trace, const trace::Context& context, Page& page) {
  if (trace == nullptr || record == 0 || record > trace->size()) return;
  page.paragraph("How it came to that, the newest first:", 2, Style::dim);
  int shown = 0;
  for (const trace::RecordId id : trace::why(*trace, record)) {
    const Record& r = (*trace)[id];
    page.row(time_text(r.time_ns, true), r.node == 0 ? "" : trace::host_name(r.node, context),
             trace::words(r, context), Style::plain);
    if (++shown == 12) break;
  }
}

void tell_violation(const script::RunResult& result, const trace::Trace* trace, const trace::Context& context, Page& page) {
  const judge::Violation& v = *result.violation;
  page.line();
  tell_broken(v, context, page);
  if (!result.no_order.empty()) {
    page.paragraph(result.no_order, 0);
    for (const auto& op : result.no_order_operations) {
      page.row(time_text(op.invoked.ns, true), trace::host_name(op.client, context),
               linearizability::question(op) + ": " + linearizability::answer(op) +
                   (op.returned == kNever ? "" : ", at " + time_text(op.returned.ns, true)),
               Style::client);
    }
  }
  tell_causes(v.record, trace, context, page);
}

std::string times(std::size_t n, const std::string& what) { return grouped(n) + " " + what + (n == 1 ? "" : "s"); }

}  // namespace

bool engine_runs(const script::Scenario& s, judge::Checker checker) {
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
  if (result.violation) tell_violation(result, trace, context, page);
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

Ending ending_of(const trace::Trace& trace, const std::vector<std::string>& names, const script::Scenario* s) {
  const TextOptions options;
  Page page(options);
  const trace::Context context{names, &trace};
  std::size_t kept = 0, failed = 0, violated = 0;
  bool wanted = false;
  std::string broken;
  for (trace::RecordId id = 1; id <= trace.size(); ++id) {
    const Record& r = trace[id];
    kept += r.is(trace::WorldFact::expectation_held);
    if (r.is(trace::WorldFact::expectation_failed)) {
      ++failed;
      page.paragraph("Failed: " + (s != nullptr && r.a < s->timeline.size() ? script::step_path(*s, r.a) + " " : "") + "at " +
                         time_text(r.time_ns, false) + ": " + (r.b == 0 ? trace::words(r, context) : std::string(trace.text_at(r.b))),
                     0, Style::bad);
    }
    if (r.is(trace::WorldFact::violation) && r.a < judge::kCheckerCount) {
      const auto checker = static_cast<judge::Checker>(r.a);
      ++violated;
      if (broken.empty()) broken = ": " + dashed(judge::checker_name(checker)) + " at " + time_text(r.time_ns, false);
      wanted = wanted || (s != nullptr && s->expect_violation == checker);
      tell_broken({checker, r.time_ns, r.cause, NodeId{r.node}, NodeId{r.peer}, r.b, r.c}, context, page);
      tell_causes(r.cause, &trace, context, page);
    }
  }
  Ending ending;
  ending.held = failed == 0 && (violated == 0 || wanted);
  if (failed > 0 && violated == 0) {
    ending.verdict = times(failed, "expectation") + " failed";
  } else if (violated > 0) {
    ending.verdict = ending.held ? "held (the violation came, as expected)" : "invariant violated" + broken;
  } else {
    ending.verdict = kept > 0 ? "held: " + times(kept, "expectation") + " came true" : "no invariant was violated; nothing was expected";
  }
  if (kept > 0) page.paragraph("As expected: " + times(kept, "time"), 0);
  if (s != nullptr) {
    page.line("The checkers that watched, and what they promise:");
    std::size_t width = 0;
    const auto watched = [&](std::size_t i) {
      return (s->watched >> i & 1) != 0 && engine_runs(*s, static_cast<judge::Checker>(i));
    };
    for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
      if (watched(i)) width = std::max(width, judge::checker_name(static_cast<judge::Checker>(i)).size());
    }
    for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
      const auto checker = static_cast<judge::Checker>(i);
      if (watched(i)) page.line("  " + padded(dashed(judge::checker_name(checker)), width) + "  " + std::string(judge::checker_promise(checker)));
    }
  }
  ending.account = page.take();
  return ending;
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
