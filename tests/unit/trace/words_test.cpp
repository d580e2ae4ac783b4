// Every fact and every reason has words, and the words say who, what and why.
#include "sim/trace/words.h"

#include <set>
#include <string>

#include "tests/catch.h"

namespace quorumlab::trace {
namespace {

Record record(std::uint16_t kind, Reason reason = Reason::none) {
  Record r;
  r.kind = kind;
  r.reason = static_cast<std::uint16_t>(reason);
  r.node = 4;
  r.peer = 2;
  r.extra = 7;
  r.a = 4;
  r.b = 5;
  r.c = 3;
  return r;
}

Record record(Fact fact, Reason reason = Reason::none) {
  return record(static_cast<std::uint16_t>(fact), reason);
}

TEST_CASE("every kind of record has words of its own and a name that leads back") {
  std::set<std::string> sentences, names;
  for (const std::uint16_t kind : all_kinds()) {
    const std::string sentence = words(record(kind));
    INFO(short_name(kind) << ": " << sentence);
    CHECK(sentence.size() > 4);
    CHECK(sentence.find("of kind") == std::string::npos);
    CHECK(sentence.find('{') == std::string::npos);
    CHECK(sentences.insert(sentence).second);
    CHECK(names.insert(std::string(short_name(kind))).second);
    CHECK(find_kind(short_name(kind)) == kind);
  }
  CHECK(words(record(9999)).find("of kind 9999") != std::string::npos);
  CHECK(find_kind("no_such_fact") == 0);
}

TEST_CASE("every reason has words, without a place left unfilled") {
  std::set<std::string> seen;
  for (const std::uint16_t reason : all_reasons()) {
    Record r = record(Fact::vote_refused);
    r.reason = reason;
    const std::string text = reason_words(r);
    INFO(reason_name(reason) << ": " << text);
    CHECK(reason_name(reason) != "unknown");
    CHECK(text.find('{') == std::string::npos);
    CHECK(seen.insert(text).second);
    if (reason != 0) {
      CHECK(words(r).find(text) != std::string::npos);
    }
  }
}

TEST_CASE("sentences that the talk's replay shows") {
  Record refused = record(Fact::vote_refused, Reason::already_voted);
  refused.b = 0;
  CHECK(words(refused) == "n4 refused n2 its vote: already voted for n3 in term 4");
  Record timer = record(Fact::became_candidate, Reason::election_timeout);
  timer.node = 1;
  timer.a = 3;
  CHECK(words(timer) == "n1's election timer ran out: it asks for votes in term 3");
  const std::vector<std::string> names = {"a", "b", "c", "d"};
  CHECK(words(refused, {names, nullptr}) == "d refused b its vote: already voted for c in term 4");
}

TEST_CASE("a chain of causes ends at what nothing caused, and never circles") {
  Trace trace;
  Record r = record(Fact::started);
  trace.append(r);  // 1
  r.cause = 1;
  trace.append(r);  // 2
  r.cause = 0;
  trace.append(r);  // 3
  r.cause = 2;
  trace.append(r);  // 4
  r.cause = 5;      // its own number: a damaged file
  trace.append(r);  // 5
  CHECK(why(trace, 4) == std::vector<RecordId>{4, 2, 1});
  CHECK(why(trace, 3) == std::vector<RecordId>{3});
  CHECK(why(trace, 5) == std::vector<RecordId>{5});
  CHECK(why(trace, 6).empty());
  CHECK(why(trace, 0).empty());
}

}  // namespace
}  // namespace quorumlab::trace
