// From a file to a recording: runs a scenario, or reads the trace of a run that was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "viz/model/recording.h"
#include "viz/panels/chooser.h"

namespace quorumlab::viz {

// `file`: a scenario's file or name, or a .qlt. 0, or an exit code after the reason was printed.
int open_recording(const std::string& file, std::optional<std::uint64_t> seed, const std::vector<std::string>& settings,
                   Recording& out);

// The scenarios that are found where scenarios are looked for, by topic.
std::vector<Choice> shipped_scenarios();

}  // namespace quorumlab::viz
