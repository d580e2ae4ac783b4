// A lesson's question survives the way through a record's text.
#include "sim/trace/question.h"

#include "tests/catch.h"

namespace quorumlab::trace {

TEST_CASE("a question comes back from its text") {
  const Question asked{"Who leads?", {"n1", "nobody", "both: - and + and ="}, 2, "Two of five are no majority."};
  const Question read = read_question(question_text(asked));
  CHECK(read.ask == asked.ask);
  CHECK(read.choices == asked.choices);
  CHECK(read.answer == asked.answer);
  CHECK(read.because == asked.because);
}

TEST_CASE("a question without reasons, and a text that is none") {
  CHECK(question_text({"What?", {"this", "that"}, 1, ""}) == "What?\n+ this\n- that");
  CHECK(read_question("What?\n+ this\n- that").because.empty());
  const Question none = read_question("only words");
  CHECK(none.ask == "only words");
  CHECK(none.choices.empty());
  CHECK(none.answer == 0);
  CHECK(read_question("").ask.empty());
}

}  // namespace quorumlab::trace
