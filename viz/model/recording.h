// A run to look at: its trace and the words around it. Where it comes from, a scenario that just ran
// or a file, makes no difference.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/trace/words.h"
#include "viz/model/frame.h"

namespace quorumlab::viz {

struct Recording {
  std::string name, title;
  std::uint64_t seed = 0;
  std::vector<std::string> names;   // of hosts, by id from 1, as the trace has them
  std::vector<std::string> titles;  // the same for people: "DB X"
  // The checkers that watch (sim/trace/checkers.h), and below how long a follower waits for its leader;
  // both as the scenario says.
  std::vector<std::uint32_t> checkers;
  // How often each checker looked, by its number, in all that was run; empty: nobody knows. And whether
  // linearizability was left undecided.
  std::vector<std::uint64_t> checks;
  bool undecided = false;
  std::int64_t election_min_ns = 0, election_max_ns = 0;
  // What hosts are, where that is known; empty: what they do in the trace tells.
  std::vector<Host::Kind> kinds;
  bool raft = false;     // with `kinds`: whether servers run Raft
  std::vector<bool> busy;  // hosts to show even if they do nothing here; may be empty
  bool growing = false;  // the trace is that of a world that runs on
  std::int64_t reached_ns = 0;  // nothing more happens until then, where that is known
  trace::Trace trace;

  trace::Context context() const { return {titles, &trace}; }
};

}  // namespace quorumlab::viz
