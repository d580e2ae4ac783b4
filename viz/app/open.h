// From a file to a session: the run of a scenario, or the trace of a run that was.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "viz/panels/chooser.h"
#include "viz/session/session.h"

namespace quorumlab::viz {

// `file`: a scenario's file or name, or a .qlt. Null, with an exit code, after the reason was printed.
std::unique_ptr<Session> open_session(const std::string& file, std::optional<std::uint64_t> seed,
                                      const std::vector<std::string>& settings, int& code);

// The scenarios that are found where scenarios are looked for, by topic.
std::vector<Choice> shipped_scenarios();

}  // namespace quorumlab::viz
