// Deeds as a scenario file says them: an entry of "meanwhile". What is saved is what was run, since
// both are made of the same document.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/script/json.h"
#include "sim/script/scenario.h"
#include "viz/model/recording.h"
#include "viz/player/deed.h"

namespace quorumlab::viz {

// A deed at its time.
struct Done {
  std::int64_t time_ns = 0;
  script::Json entry;  // {"at": "1.25s", "crash": "n1"}
};

// `time_ns`: of the cursor; a message is taken by its name before it is sent, so its deed stands earlier.
// Nothing, and why, if it cannot be done. REQUIRES: deed.kind is none of setting and run_on.
std::optional<Done> as_entry(const Deed& deed, std::int64_t time_ns, const Recording& recording,
                             const script::Scenario& scenario, std::string& why_not);

// An entry that only makes the run last so long.
script::Json look_on(std::int64_t time_ns);

}  // namespace quorumlab::viz
