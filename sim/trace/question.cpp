// Questions as text and back.
#include "sim/trace/question.h"

namespace quorumlab::trace {

std::string question_text(const Question& question) {
  std::string out = question.ask;
  for (std::size_t i = 0; i < question.choices.size(); ++i) {
    out += (i + 1 == question.answer ? "\n+ " : "\n- ") + question.choices[i];
  }
  if (!question.because.empty()) out += "\n= " + question.because;
  return out;
}

Question read_question(std::string_view text) {
  Question out;
  out.ask = text.substr(0, text.find('\n'));
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    const std::string_view line = text.substr(at + 1, text.find('\n', at + 1) - at - 1);
    if (line.size() < 2) continue;
    if (line[0] == '=') {
      out.because = line.substr(2);
      continue;
    }
    out.choices.emplace_back(line.substr(2));
    if (line[0] == '+') out.answer = static_cast<std::uint32_t>(out.choices.size());
  }
  return out;
}

}  // namespace quorumlab::trace
