// A run of a campaign as an ordinary scenario file: the cluster with every setting, each act at its
// nanosecond, and at the end what a healed cluster must do. Run with the same seed it has the same
// digest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/chaos/seed_run.h"

namespace quorumlab::chaos {

// `title` says what the run showed.
std::string write_scenario(const world::ClusterConfig& cluster, std::uint64_t seed,
                           const std::vector<Happening>& happenings, std::string_view title);

}  // namespace quorumlab::chaos
