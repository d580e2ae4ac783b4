// Operations and verdicts in words, the same in reports, pictures and tests.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "sim/judge/linearizability/check.h"
#include "sim/judge/linearizability/sequential.h"

namespace quorumlab::linearizability {

// What was asked, with or without the key: `write x = "red"`, `read`, `swap x from "a" to "b"`. Long
// values are cut.
std::string question(const Operation& op, bool with_key = true);
// What came back: `ok`, `"red"`, `nothing there`, `no answer`.
std::string answer(const Operation& op);

// Why the minimal sub-history has no order, as plainly as can be said. `names` by client, from 1.
std::string why(std::span<const Operation> history, const Outcome& outcome,
                std::span<const std::string> names);
std::string why(std::span<const Operation> history, const SequentialOutcome& outcome,
                std::span<const std::string> names);

}  // namespace quorumlab::linearizability
