// What a lesson asks before the answer plays: one text in a record, a line for each part.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quorumlab::trace {

// What happens next? For those who watch, before it does.
struct Question {
  std::string ask;                 // empty: there is none
  std::vector<std::string> choices;
  std::uint32_t answer = 0;        // the right one, from 1
  std::string because;
};

// As the record's text has it: what is asked, then a line for each choice ("- ", the right one "+ "),
// and perhaps why ("= ").
std::string question_text(const Question& question);
// The inverse; of any text it makes something.
Question read_question(std::string_view text);

}  // namespace quorumlab::trace
