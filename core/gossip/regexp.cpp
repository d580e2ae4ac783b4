// Regular expressions as a list of steps that all run side by side (Thompson 1968): the parser
// writes the steps, with relative jumps so that a repeated part is a copy, and the matcher holds the
// set of steps that the text so far can have led to.
#include "core/gossip/regexp.h"

#include <algorithm>
#include <optional>

namespace quorumlab::gossip {
namespace {

constexpr std::uint32_t kBadCodePoint = 0xfffd, kLastCodePoint = 0x10ffff;
constexpr int kMaxDepth = 100, kMaxRepeat = 1000;

// Reads one code point at `at`. A byte that is not UTF-8 counts as one, and `valid` is false.
std::uint32_t read_utf8(std::string_view text, std::size_t& at, bool& valid) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint32_t head = byte(at);
  valid = true;
  if (head < 0x80) return ++at, head;
  const unsigned more = head >= 0xf0 && head < 0xf5 ? 3 : head >= 0xe0 && head < 0xf0 ? 2
                      : head >= 0xc2 && head < 0xe0 ? 1 : 0;
  std::uint32_t value = more == 3 ? head & 7 : more == 2 ? head & 15 : head & 31;
  if (more != 0 && at + more < text.size()) {
    for (unsigned i = 1; i <= more; ++i) {
      if ((byte(at + i) & 0xc0) != 0x80) {
        ++at;
        valid = false;
        return kBadCodePoint;
      }
      value = value << 6 | (byte(at + i) & 0x3f);
    }
    at += more + 1;
    return value;
  }
  ++at;
  valid = false;
  return kBadCodePoint;
}

bool is_word(std::uint32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}
bool is_punctuation(std::uint32_t c) { return c > ' ' && c < 0x7f && (!is_word(c) || c == '_'); }
int hex_digit(std::uint32_t c) {
  if (c >= '0' && c <= '9') return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<int>(c - 'A') + 10;
  return -1;
}

struct NamedClass {
  std::string_view name;
  std::string_view ranges;  // pairs of bounds
};
constexpr NamedClass kNamedClasses[] = {
    {"alnum", "09AZaz"},  {"alpha", "AZaz"},   {"blank", "\t\t  "},      {"digit", "09"},
    {"graph", "!~"},      {"lower", "az"},     {"print", " ~"},          {"punct", "!/:@[`{~"},
    {"space", "\t\r  "},  {"upper", "AZ"},     {"word", "09AZaz__"},     {"xdigit", "09AFaf"},
};
// \d, \s and \w; RE2's \s has no vertical tab.
constexpr NamedClass kPerlClasses[] = {{"d", "09"}, {"s", "\t\n\f\r  "}, {"w", "09AZaz__"}};

}  // namespace

// Recursive descent over the pattern. Each part writes steps that fall through to their end.
class RegexpParser {
 public:
  RegexpParser(std::string_view pattern, Regexp& out) : pattern_(pattern), out_(out) {}

  bool parse() {
    alternatives(0);
    if (at_ < pattern_.size()) fail();  // a ) too many
    emit({Regexp::Op::match});
    return ok_;
  }

 private:
  using Step = Regexp::Step;
  using Op = Regexp::Op;
  struct Flags {
    bool fold = false, lines = false, dot_all = false;
  };

  void fail() {
    ok_ = false;
    at_ = pattern_.size();
  }
  std::int32_t here() const { return static_cast<std::int32_t>(out_.program_.size()); }
  void emit(const Step& step) {
    if (out_.program_.size() >= Regexp::kMaxProgram) return fail();
    out_.program_.push_back(step);
  }
  void insert(std::int32_t where, const Step& step) {
    if (out_.program_.size() >= Regexp::kMaxProgram) return fail();
    out_.program_.insert(out_.program_.begin() + where, step);
  }
  bool more() const { return at_ < pattern_.size(); }
  bool looking_at(char c) const { return more() && pattern_[at_] == c; }
  bool eat(char c) {
    if (!looking_at(c)) return false;
    ++at_;
    return true;
  }
  bool eat(std::string_view text) {
    if (pattern_.substr(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }
  std::uint32_t code_point() {
    if (!more()) return fail(), 0;
    bool valid = true;
    const std::uint32_t c = read_utf8(pattern_, at_, valid);
    if (!valid) fail();
    return c;
  }

  void alternatives(int depth) {
    if (depth > kMaxDepth) return fail();
    const std::int32_t begin = here();
    sequence(depth);
    while (ok_ && eat('|')) {
      // split(first, rest); first; jump over rest; rest
      const std::int32_t size = here() - begin;
      insert(begin, {Op::split, false, 1, size + 2});
      const std::int32_t jump = here();
      emit({Op::jump});
      sequence(depth);
      if (ok_) out_.program_[static_cast<std::size_t>(jump)].x = here() - jump;
      // Further alternatives hang on the whole.
    }
  }

  void sequence(int depth) {
    while (ok_ && more()) {
      if (eat(quoted_ ? "\\E" : "\\Q")) {
        quoted_ = !quoted_;
        continue;
      }
      if (!quoted_ && (looking_at('|') || looking_at(')'))) break;
      const std::int32_t begin = here();
      bool repeatable = true;
      if (quoted_) {
        literal(code_point());
        if (!eat("\\E")) continue;
        quoted_ = false;  // what repeats stands for the last letter
      } else {
        repeatable = atom(depth);
      }
      if (ok_) repeats(begin, repeatable);
    }
  }

  // False for what matches no text and must not be repeated, as a change of flags.
  bool atom(int depth) {
    const std::size_t start = at_;
    const std::uint32_t c = code_point();
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        bracket();
        return true;
      case '.':
        if (flags_.dot_all) {
          ranges({{0, kLastCodePoint}}, false);
        } else {
          ranges({{'\n', '\n'}}, true);
        }
        return true;
      case '^':
        emit({flags_.lines ? Op::line_begin : Op::text_begin});
        return true;
      case '$':
        emit({flags_.lines ? Op::line_end : Op::text_end});
        return true;
      case '\\':
        escape();
        return true;
      case '*':
      case '+':
      case '?':
        fail();  // nothing to repeat
        return false;
      case '{':
        at_ = start;
        if (repeat_count()) return fail(), false;
        at_ = start + 1;
        literal(c);
        return true;
      default:
        literal(c);
        return true;
    }
  }

  bool group(int depth) {
    const Flags outer = flags_;
    if (eat("?")) {
      if (eat("P<") || eat("<")) {
        const std::size_t end = pattern_.find('>', at_);
        if (end == std::string_view::npos || end == at_) return fail(), false;
        for (; at_ < end; ++at_) {
          if (!is_word(static_cast<std::uint8_t>(pattern_[at_]))) return fail(), false;
        }
        ++at_;
      } else if (!flags()) {
        return false;  // flags for the rest of the surrounding group, or an error
      }
    }
    alternatives(depth + 1);
    if (!eat(')')) fail();
    flags_ = outer;
    return true;
  }
  // After "(?": true when a group follows, "(?i:".
  bool flags() {
    bool on = true;
    while (ok_ && more()) {
      switch (pattern_[at_++]) {
        case 'i':
          flags_.fold = on;
          break;
        case 'm':
          flags_.lines = on;
          break;
        case 's':
          flags_.dot_all = on;
          break;
        case 'U':
          break;  // greed decides which match is found, never whether there is one
        case '-':
          if (!on) fail();
          on = false;
          break;
        case ':':
          return true;
        case ')':
          return false;
        default:
          fail();
      }
    }
    fail();
    return false;
  }

  struct Count {
    int low = 0, high = 0;  // high -1: no limit
  };
  // A well-formed {n}, {n,} or {n,m} right here; nothing else is read.
  std::optional<Count> repeat_count() {
    const std::size_t start = at_;
    Count count;
    if (eat('{') && number(count.low)) {
      count.high = count.low;
      if (eat(',')) {
        count.high = -1;
        if (!looking_at('}') && !number(count.high)) count.high = -2;
      }
      if (count.high != -2 && eat('}')) return count;
    }
    at_ = start;
    return std::nullopt;
  }
  bool number(int& out) {
    const std::size_t start = at_;
    out = 0;
    for (; more() && pattern_[at_] >= '0' && pattern_[at_] <= '9'; ++at_) {
      out = std::min(out * 10 + (pattern_[at_] - '0'), kMaxRepeat + 1);
    }
    return at_ != start;
  }

  void repeats(std::int32_t begin, bool repeatable) {
    for (bool first = true; ok_; first = false) {
      Count count;
      if (eat('*')) {
        count = {0, -1};
      } else if (eat('+')) {
        count = {1, -1};
      } else if (eat('?')) {
        count = {0, 1};
      } else if (looking_at('{')) {
        const auto counted = repeat_count();
        if (!counted) return;
        count = *counted;
        if (count.low > kMaxRepeat || count.high > kMaxRepeat ||
            (count.high >= 0 && count.high < count.low)) {
          return fail();
        }
      } else {
        return;
      }
      if (!repeatable || !first) return fail();  // a** is an error in RE2, too
      eat('?');                                  // lazy
      repeat(begin, count);
    }
  }
  void repeat(std::int32_t begin, Count count) {
    const std::int32_t size = here() - begin;
    const auto copy = [&] {
      for (std::int32_t i = 0; i < size && ok_; ++i) {
        emit(Step(out_.program_[static_cast<std::size_t>(begin + i)]));
      }
    };
    if (count.high == 0) return out_.program_.resize(static_cast<std::size_t>(begin));
    const bool optional = count.low == 0;
    if (optional) {
      insert(begin, {Op::split, false, 1, size + (count.high < 0 ? 2 : 1)});
      ++begin;
    }
    for (int i = 1; i < count.low && ok_; ++i) copy();
    if (count.high < 0) {
      emit(optional ? Step{Op::jump, false, -(size + 1)} : Step{Op::split, false, -size, 1});
    }
    for (int i = std::max(count.low, 1); i < count.high && ok_; ++i) {
      emit({Op::split, false, 1, size + 1});
      copy();
    }
  }

  void ranges(std::initializer_list<Regexp::Range> list, bool negated) {
    const auto first = static_cast<std::int32_t>(out_.ranges_.size());
    out_.ranges_.insert(out_.ranges_.end(), list);
    emit({Op::one_of, negated, first, static_cast<std::int32_t>(list.size())});
  }
  // One letter also stands for its other case when case is folded.
  void add_range(std::uint32_t low, std::uint32_t high) {
    out_.ranges_.push_back({low, high});
    if (!flags_.fold) return;
    const auto overlap = [&](std::uint32_t a, std::uint32_t z, std::int32_t shift) {
      const std::uint32_t from = std::max(low, a), to = std::min(high, z);
      if (from <= to) {
        out_.ranges_.push_back({from + static_cast<std::uint32_t>(shift),
                                to + static_cast<std::uint32_t>(shift)});
      }
    };
    overlap('a', 'z', -32);
    overlap('A', 'Z', 32);
  }
  void close_set(std::int32_t first, bool negated) {
    emit({Op::one_of, negated, first, static_cast<std::int32_t>(out_.ranges_.size()) - first});
  }
  void literal(std::uint32_t c) {
    const auto first = static_cast<std::int32_t>(out_.ranges_.size());
    add_range(c, c);
    close_set(first, false);
  }
  void add_named(std::string_view pairs, bool negated) {
    std::uint32_t next = 0;
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
      const auto low = static_cast<std::uint8_t>(pairs[i]);
      const auto high = static_cast<std::uint8_t>(pairs[i + 1]);
      if (negated) {
        if (low > next) out_.ranges_.push_back({next, low - 1u});
        next = high + 1u;
      } else {
        add_range(low, high);
      }
    }
    if (negated) out_.ranges_.push_back({next, kLastCodePoint});
  }
  // \d and its kin; the backslash was read.
  bool perl_class() {
    if (!more()) return false;
    const char c = pattern_[at_];
    for (const NamedClass& named : kPerlClasses) {
      const bool negated = c == named.name[0] - 32;
      if (c != named.name[0] && !negated) continue;
      ++at_;
      add_named(named.ranges, negated);
      return true;
    }
    return false;
  }
  // The code point that an escape stands for; the backslash was read.
  std::uint32_t escaped() {
    const std::uint32_t c = code_point();
    switch (c) {
      case 'a':
        return '\a';
      case 'f':
        return '\f';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'v':
        return '\v';
      case 'x':
        return hexadecimal();
      default:
        if (!is_punctuation(c)) fail();
        return c;
    }
  }
  std::uint32_t hexadecimal() {
    const bool braces = eat('{');
    std::uint32_t value = 0;
    int digits = 0;
    while (more() && (braces || digits < 2)) {
      const int digit = hex_digit(static_cast<std::uint8_t>(pattern_[at_]));
      if (digit < 0) break;
      value = std::min(value * 16 + static_cast<std::uint32_t>(digit), kLastCodePoint + 1);
      ++digits;
      ++at_;
    }
    if (braces ? digits == 0 || !eat('}') : digits != 2) fail();
    if (value > kLastCodePoint) fail();
    return value;
  }
  void escape() {
    if (eat('A')) return emit({Op::text_begin});
    if (eat('z')) return emit({Op::text_end});
    if (eat('b')) return emit({Op::word_boundary, false});
    if (eat('B')) return emit({Op::word_boundary, true});
    const auto first = static_cast<std::int32_t>(out_.ranges_.size());
    if (perl_class()) return close_set(first, false);
    literal(escaped());
  }

  void bracket() {
    const auto first = static_cast<std::int32_t>(out_.ranges_.size());
    const bool negated = eat('^');
    for (bool begin = true; ok_; begin = false) {
      if (!more()) return fail();
      if (!begin && eat(']')) break;
      if (eat("[:")) {
        named_class();
        continue;
      }
      std::uint32_t low = code_point();
      if (low == '\\') {
        if (perl_class()) continue;
        low = escaped();
      }
      std::uint32_t high = low;
      if (looking_at('-') && at_ + 1 < pattern_.size() && pattern_[at_ + 1] != ']') {
        ++at_;
        high = code_point();
        if (high == '\\') high = escaped();
        if (high < low) return fail();
      }
      add_range(low, high);
    }
    close_set(first, negated);
  }
  void named_class() {
    const bool negated = eat('^');
    for (const NamedClass& named : kNamedClasses) {
      const std::size_t start = at_;
      if (eat(named.name) && eat(":]")) return add_named(named.ranges, negated);
      at_ = start;
    }
    fail();
  }

  std::string_view pattern_;
  Regexp& out_;
  std::size_t at_ = 0;
  Flags flags_;
  bool ok_ = true;
  bool quoted_ = false;  // between \Q and \E
};

bool Regexp::compile(std::string_view pattern) {
  program_.clear();
  ranges_.clear();
  seen_.clear();
  if (RegexpParser(pattern, *this).parse()) {
    seen_.resize(program_.size());
    return true;
  }
  program_.clear();
  return false;
}

bool Regexp::holds(const Step& step, const Place& place) const {
  switch (step.op) {
    case Op::text_begin:
      return place.begin;
    case Op::text_end:
      return place.end;
    case Op::line_begin:
      return place.begin || place.before == '\n';
    case Op::line_end:
      return place.end || place.after == '\n';
    default: {
      const bool before = !place.begin && is_word(place.before);
      const bool after = !place.end && is_word(place.after);
      return (before != after) != step.flag;
    }
  }
}

bool Regexp::takes(const Step& step, std::uint32_t code_point) const {
  const auto begin = ranges_.begin() + step.x;
  const bool inside = std::any_of(begin, begin + step.y, [&](const Range& r) {
    return r.low <= code_point && code_point <= r.high;
  });
  return inside != step.flag;
}

// Adds the steps that can be reached from this one without reading. Each at most once a round, so
// loops around nothing end.
void Regexp::follow(std::int32_t first, const Place& place) {
  stack_.push_back(first);
  while (!stack_.empty()) {
    const std::int32_t at = stack_.back();
    stack_.pop_back();
    std::uint32_t& seen = seen_[static_cast<std::size_t>(at)];
    if (seen == round_) continue;
    seen = round_;
    const Step& step = program_[static_cast<std::size_t>(at)];
    switch (step.op) {
      case Op::one_of:
        next_.push_back(at);
        break;
      case Op::split:
        stack_.push_back(at + step.y);
        stack_.push_back(at + step.x);
        break;
      case Op::jump:
        stack_.push_back(at + step.x);
        break;
      case Op::match:
        matched_ = true;
        break;
      default:
        if (holds(step, place)) stack_.push_back(at + 1);
        break;
    }
  }
}

bool Regexp::found_in(std::string_view text) {
  if (program_.empty()) return false;
  now_.clear();
  next_.clear();
  stack_.clear();
  std::fill(seen_.begin(), seen_.end(), 0);
  round_ = 0;
  matched_ = false;
  Place place;
  std::size_t at = 0;
  for (bool begin = true;; begin = false) {
    // `place` lies between what was read and what comes; a match may begin here, too.
    bool valid = true;
    std::size_t after = at;
    place.begin = begin;
    place.end = at >= text.size();
    place.after = place.end ? 0 : read_utf8(text, after, valid);
    ++round_;
    next_.clear();
    for (const std::int32_t step : now_) follow(step + 1, place);
    follow(0, place);
    if (matched_) return true;
    if (place.end) return false;
    now_.clear();
    for (const std::int32_t step : next_) {
      if (takes(program_[static_cast<std::size_t>(step)], place.after)) now_.push_back(step);
    }
    place.before = place.after;
    at = after;
  }
}

}  // namespace quorumlab::gossip
