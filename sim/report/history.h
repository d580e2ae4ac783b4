// What clients asked and were told in a run, as a picture: a page of HTML that needs nothing else,
// with operations as bars on a time axis, what befell the servers behind them, and the operations
// that have no order by themselves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/judge/linearizability/check.h"
#include "sim/world/client_history.h"
#include "sim/world/simulation.h"

namespace quorumlab::report {

// A stretch of time in which something was so.
struct Stretch {
  enum class Kind : std::uint8_t { leads, down, paused, cut };
  Kind kind = Kind::down;
  std::int64_t from_ns = 0, to_ns = 0;
  std::string words;
};
// A server, or the network between them.
struct Track {
  std::string name;
  std::vector<Stretch> stretches;
};
struct Mark {
  std::int64_t at_ns = 0;
  std::string words;
};

struct HistoryPage {
  std::string title, description, replay;
  std::uint64_t seed = 0;
  std::vector<std::string> names;  // of hosts, from 1
  std::vector<linearizability::Operation> history;
  world::ClientVerdict verdict;
  std::vector<Track> tracks;
  std::vector<Mark> marks;  // acts that last no time: rules, clocks, disks, links
  std::int64_t end_ns = 0;
};

// The page of a run that is over. REQUIRES: the simulation kept its trace; without it the picture
// has operations only.
HistoryPage make_history_page(std::string title, std::string description,
                              const world::Simulation& sim);
std::string html(const HistoryPage& page);

}  // namespace quorumlab::report
