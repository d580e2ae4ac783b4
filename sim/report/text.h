// A run as a timeline that reads without any other knowledge: when, which node, what happened and
// why, with the script's captions, the quorum's state, and the verdict at the end. Made of the
// trace's records and of nothing else.
#pragma once

#include <string>
#include <vector>

#include "sim/script/runner.h"
#include "sim/script/scenario.h"
#include "sim/trace/trace.h"

namespace quorumlab::report {

struct TextOptions {
  bool colour = false;   // ANSI escapes
  bool verbose = false;  // every record, not only what tells the story
  bool ascii = false;    // no box drawing characters
  int width = 100;       // columns; lines are folded, never cut
  std::string replay;    // the command that repeats the run
};

// Title, nodes, seed.
std::string header(const script::Scenario& scenario, std::uint64_t seed, const TextOptions& options);
// The story.
std::string timeline(const script::Scenario& scenario, const trace::Trace& trace, const TextOptions& options);
// Verdict, checkers, operations, seed, digest; ends with the line "digest: 0123456789abcdef".
// Whether the scenario's nodes speak what the checker judges.
bool engine_runs(const script::Scenario& scenario, judge::Checker checker);
std::string verdict(const script::Scenario& scenario, const script::RunResult& result, const trace::Trace* trace,
                    const TextOptions& options);
// How a run ended, as far as its trace tells: what was violated and what was expected in vain. How often
// the checkers looked is not in it.
struct Ending {
  bool held = true;
  std::string verdict;  // in a few words
  std::string account;  // at length
};
// `scenario`: null if it is not known.
Ending ending_of(const trace::Trace& trace, const std::vector<std::string>& names, const script::Scenario* scenario);
// One line: "held  NAME  seed 1  digest ...".
std::string summary_line(const script::Scenario& scenario, const script::RunResult& result);

std::string digest_text(std::uint64_t digest);
// "12,345".
std::string grouped(std::uint64_t number);

}  // namespace quorumlab::report
