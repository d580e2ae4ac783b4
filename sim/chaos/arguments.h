// A campaign from words, as the command line and Python give them, and the words that repeat it.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "sim/chaos/campaign.h"
#include "sim/script/scenario.h"

namespace quorumlab::chaos {

struct Arguments {
  std::string system = "raft";                // raft, etcd or serf
  std::vector<std::string> rules_off, beyond;  // by name
};

// Fills the campaign's options and replay_arguments. An error says which argument, and what is wrong.
Result<void> choose(const Arguments& arguments, Campaign& campaign);
// Takes cluster and settings from a scenario that must fit the system. `name`: as the user calls it, for errors.
Result<void> take_base(const script::Scenario& scenario, const std::string& name, Campaign& campaign);

}  // namespace quorumlab::chaos
