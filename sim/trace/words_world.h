// Facts of the world in words; words.h is what others include.
#pragma once

#include <string>

#include "sim/trace/words.h"

namespace quorumlab::trace {

// REQUIRES: record.kind >= 256.
std::string world_words(const Record& record, const Context& context);

}  // namespace quorumlab::trace
