// The registry as documents: a JSON Schema (draft-07, the one that editors support fully) and the
// page of verbs in scenarios/README.md.
#pragma once

#include <string>

namespace quorumlab::script {

// Ends with a newline, keys in the registry's order.
std::string json_schema();
// Sections on steps, verbs, conditions, selectors and the cluster, in Markdown.
std::string markdown();

}  // namespace quorumlab::script
