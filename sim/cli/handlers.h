// Handler scripts for real (serf.md 3.8): what the agents told their handlers, run again as child
// processes once the simulation is over. So they can never change it.
#pragma once

#include <string>
#include <vector>

#include "sim/script/scenario.h"

namespace quorumlab::cli {

struct HandlerRun {
  Instant at;
  std::string host, event, script;
  std::string output;      // standard output and error, the last 8 KiB as serf keeps them
  int status = 0;          // exit code; 128 + the signal's number if one ended it
  bool timed_out = false;  // it was killed, with its process group
};

// The executables of a folder, sorted by name; a name may begin with serf's own filter, as in
// "member-join,user:deploy=notify.sh", and is then run for these events only. False, and why on standard error, if there are none.
bool find_handlers(const std::string& folder, std::vector<std::string>& out);

// Runs every script for every delivery, one after the other, each for at most `limit`. Ends early
// when Ctrl-C was pressed.
std::vector<HandlerRun> run_handlers(const std::vector<std::string>& scripts,
                                     const script::Scenario& scenario,
                                     const world::Simulation& sim, Duration limit = seconds(5));
// As lines for people.
std::string handlers_text(const std::vector<HandlerRun>& runs);

}  // namespace quorumlab::cli
