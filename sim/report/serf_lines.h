// How the story tells of commands to serf agents: as lines typed on the host itself, with what
// serf's own command line prints (serf.md section 8.1).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quorumlab::report {

// "serf join n1 on n2", as the act's text says it, without the host.
std::string command_words(std::string_view act, std::string_view host);
// Whether it only settles what a handler answers later, and is no command of serf.
bool sets_answer(std::string_view words);
// The line as typed, or what a handler answers from now on.
std::string typed(std::string_view words);
// What serf prints before any answer is there.
std::vector<std::string> first_words(std::string_view words);
// What serf prints when the command has succeeded; `count` is the answer's number. Empty: nothing,
// or only what came with the answer itself.
std::string success_words(std::string_view words, std::uint64_t count);
// Cuts into lines, and ends a query's answers with its totals as serf does; before why a join failed
// stands what serf says there.
std::vector<std::string> printed_lines(std::string_view words, std::string_view text, bool failed);
// "n1, n2 and n3", in order; of many only how many.
std::string names_text(std::vector<std::string> names);

}  // namespace quorumlab::report
