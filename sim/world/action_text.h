// An act in words, for the trace and for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/world/action.h"

namespace quorumlab::world {

// The verb as scenarios write it.
std::string_view verb_name(Verb verb);

// For example "partition n1 | n2 n3". `names` are those of the nodes; other hosts are clients, c1
// on.
std::string action_text(const Action& action, const std::vector<std::string>& names);

}  // namespace quorumlab::world
