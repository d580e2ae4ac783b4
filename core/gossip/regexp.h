// Regular expressions for the tag filters of queries and of `serf members`, which are Go's (RE2's).
// Matching takes time linear in text and program: patterns come from the network, and a clever one
// must not be able to stall a node, which is also why it is not std::regex.
//
// Supported: literals, . [...] [^...] with ranges and [:alpha:] and the like, \d \w \s and their
// opposites, ^ $ \A \z \b \B, groups (also (?:...), (?P<name>...), the flags i m s U), |, * + ? {n}
// {n,} {n,m} and their lazy forms, \t \n \r \f \v \a \xHH \x{...}, \Q...\E. Not supported, and
// refused: Unicode classes (\pL), octal escapes, patterns of more than kMaxProgram steps. Letters
// fold by ASCII only.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace quorumlab::gossip {

class Regexp {
 public:
  static constexpr std::size_t kMaxProgram = 4096;

  // False when the pattern is wrong or not supported; then nothing matches.
  [[nodiscard]] bool compile(std::string_view pattern);
  // Whether some part of the text matches; ^ and $ tie the pattern to its ends.
  bool found_in(std::string_view text);

 private:
  friend class RegexpParser;
  enum class Op : std::uint8_t {
    one_of,  // a code point in `count` ranges from `first` on; negated if `flag`
    split,   // goes on at +x and at +y
    jump,    // goes on at +x
    text_begin,
    text_end,
    line_begin,
    line_end,
    word_boundary,  // negated if `flag`
    match
  };
  struct Step {
    Op op = Op::match;
    bool flag = false;
    std::int32_t x = 0, y = 0;  // relative to this step; of one_of: first and count
  };
  struct Range {
    std::uint32_t low = 0, high = 0;
  };
  struct Place {  // in the text, between two code points
    bool begin = false, end = false;
    std::uint32_t before = 0, after = 0;
  };
  void follow(std::int32_t step, const Place& place);
  bool holds(const Step& step, const Place& place) const;
  bool takes(const Step& step, std::uint32_t code_point) const;

  std::vector<Step> program_;
  std::vector<Range> ranges_;
  // While matching: the steps that wait for a code point, and when each step was last added.
  std::vector<std::int32_t> now_, next_, stack_;
  std::vector<std::uint32_t> seen_;
  std::uint32_t round_ = 0;
  bool matched_ = false;
};

}  // namespace quorumlab::gossip
