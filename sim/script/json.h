// Reading JSON as people write it: with comments, and with an answer to "where": each value knows
// its line. Numbers stay as they were written, so that no rounding decides anything. Stricter than
// most readers where leniency hides mistakes: a key may stand in an object once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quorumlab::script {

struct JsonMember;

struct Json {
  enum class Kind : unsigned char { null, boolean, number, text, list, object };
  Kind kind = Kind::null;
  bool truth = false;
  int line = 0;                                      // from 1; 0: not from a file
  std::string text;                                  // a text, or a number as written
  std::vector<Json> items;                           // of a list
  std::vector<JsonMember> members;                   // of an object, in the author's order

  bool is(Kind k) const { return kind == k; }
  // The member of this name; null if this is no object or has none.
  const Json* find(std::string_view key) const;
  Json* find(std::string_view key);
  static Json of_text(std::string value);
};

// A pair by the names of one; clang 14 takes no std::pair of a type that is not complete yet.
struct JsonMember {
  JsonMember(std::string key, Json value) : first(std::move(key)), second(std::move(value)) {}
  std::string first;
  Json second;
};

// What is wrong with a file, and where.
struct Problem {
  int line = 0;      // 0: of the file as a whole
  std::string path;  // "timeline[1].at"; empty: the document itself
  std::string what;  // "expected a duration like "2s", got 5"
};

// Every problem of one input, in the order they were found.
class Problems {
 public:
  void add(int line, std::string path, std::string what);
  bool empty() const { return list_.empty(); }
  const std::vector<Problem>& list() const { return list_; }
  // By line, so that they read along the file.
  void sort();
  // One line for each: "FILE:LINE: PATH: WHAT".
  std::string text(std::string_view file) const;

 private:
  std::vector<Problem> list_;
};

inline constexpr std::size_t kMaxFileBytes = 1 << 20;
inline constexpr int kMaxDepth = 32;

// Reads one document. A syntax error ends the reading, a doubled key is noted and skipped. Returns
// null and at least one problem when the text is no JSON.
Json parse_json(std::string_view text, Problems& problems);

// The document again, as a person would lay it out: what fits a line stands on one. Ends with a newline.
std::string write_json(const Json& value);

// A name for what this is, for messages: "a number", "the text "abc"".
std::string describe(const Json& value);

}  // namespace quorumlab::script
