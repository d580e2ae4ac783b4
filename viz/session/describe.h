// What a scenario tells of a recording of it.
#pragma once

#include "sim/script/scenario.h"
#include "viz/model/recording.h"

namespace quorumlab::viz {

// Names for people, checkers, timeouts. REQUIRES: out.titles has every host.
void describe(const script::Scenario& scenario, Recording& out);

}  // namespace quorumlab::viz
