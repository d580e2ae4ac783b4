// Facts of the gossip engine in words. Where serf's own agent logs a line, its text is used.
#pragma once

#include <string>

#include "sim/trace/words.h"

namespace quorumlab::trace {

std::string gossip_words(const Record& record, const Context& context);
// Of its serf half; the last resort for facts that nobody knows.
std::string serf_words(const Record& record, const Context& context);

}  // namespace quorumlab::trace
