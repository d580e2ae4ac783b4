// A recursive reader with a bound on its depth; see json.h.
#include "sim/script/json.h"

#include <algorithm>
#include <cstdint>

namespace quorumlab::script {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::uint32_t code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// The length of the well-formed UTF-8 sequence at the start of `s`; 0 if there is none.
std::size_t utf8_length(std::string_view s) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || s.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and what lies beyond Unicode.
  if (first == 0xe0 && byte(1) < 0xa0) return 0;
  if (first == 0xed && byte(1) > 0x9f) return 0;
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) > 0x8f) return 0;
  return length;
}

class Parser {
 public:
  Parser(std::string_view text, Problems& problems) : text_(text), problems_(problems) {}

  Json document() {
    if (text_.substr(0, 3) == "\xef\xbb\xbf") at_ = 3;  // a byte order mark says nothing
    Json root;
    skip();
    if (at_ == text_.size() && !failed_) {
      fail("the file is empty; expected a scenario: { \"cluster\": ..., \"timeline\": [...] }");
    }
    value(root, "", 0);
    skip();
    if (!failed_ && at_ != text_.size()) {
      fail("expected the end of the file after the document, got " + here());
    }
    if (failed_) root = Json{};
    return root;
  }

 private:
  // Only the first syntax error is told: what follows it cannot be trusted.
  void fail(std::string what) {
    if (failed_) return;
    failed_ = true;
    problems_.add(line_, path_, "not valid JSON: " + std::move(what));
  }
  std::string here() const {
    if (at_ >= text_.size()) return "the end of the file";
    const unsigned char c = static_cast<unsigned char>(text_[at_]);
    if (c < 0x20 || c >= 0x7f) {
      static constexpr char kHex[] = "0123456789abcdef";
      return std::string("the byte 0x") + kHex[c >> 4] + kHex[c & 15];
    }
    return std::string("'") + static_cast<char>(c) + "'";
  }
  bool next_is(char c) const { return at_ < text_.size() && text_[at_] == c; }

  // White space and comments.
  void skip() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') {
        ++line_;
        ++at_;
      } else if (c == ' ' || c == '\t' || c == '\r') {
        ++at_;
      } else if (text_.substr(at_, 2) == "//") {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (text_.substr(at_, 2) == "/*") {
        const std::size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return fail("a comment is not closed: no \"*/\"");
        line_ += static_cast<int>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                             text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
        at_ = end + 2;
      } else {
        return;
      }
    }
  }

  void value(Json& out, const std::string& path, int depth) {
    skip();
    if (failed_) return;
    out.line = line_;
    path_ = path;
    if (depth > kMaxDepth) {
      return fail("nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    if (at_ >= text_.size()) return fail("expected a value, got the end of the file");
    const char c = text_[at_];
    if (c == '{') return object(out, path, depth);
    if (c == '[') return list(out, path, depth);
    if (c == '"') {
      out.kind = Json::Kind::text;
      return string(out.text);
    }
    if (c == '-' || is_digit(c)) return number(out);
    if (word("true")) {
      out.kind = Json::Kind::boolean;
      out.truth = true;
    } else if (word("false")) {
      out.kind = Json::Kind::boolean;
    } else if (!word("null")) {
      fail("expected a value, got " + here() + hint(c));
    }
  }

  static std::string hint(char c) {
    if (c == '\'') return "; texts stand in double quotes";
    if (c == '}' || c == ']') return "; is there a comma too many before it?";
    if (c == '.' || c == '+') return "; a number starts with a digit or '-'";
    return "";
  }

  bool word(std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return false;
    at_ += w.size();
    return true;
  }

  void object(Json& out, const std::string& path, int depth) {
    out.kind = Json::Kind::object;
    const int opened = line_;
    ++at_;
    skip();
    if (next_is('}')) {
      ++at_;
      return;
    }
    while (!failed_) {
      skip();
      path_ = path;
      if (at_ >= text_.size()) {
        return fail("the '{' of line " + std::to_string(opened) + " is not closed");
      }
      if (!next_is('"')) return fail("expected a key in double quotes, got " + here() + hint(text_[at_]));
      std::string key;
      const int key_line = line_;
      string(key);
      skip();
      if (failed_) return;
      if (!next_is(':')) return fail("expected ':' after the key \"" + key + "\", got " + here());
      ++at_;
      Json member;
      const std::string member_path = path.empty() ? key : path + "." + key;
      value(member, member_path, depth + 1);
      if (failed_) return;
      if (const Json* before = out.find(key)) {
        problems_.add(key_line, member_path,
                      "the key \"" + key + "\" stands here twice, first in line " +
                          std::to_string(before->line));
      } else {
        out.members.emplace_back(std::move(key), std::move(member));
      }
      skip();
      path_ = path;
      if (next_is(',')) {
        ++at_;
      } else if (next_is('}')) {
        ++at_;
        return;
      } else if (at_ >= text_.size()) {
        return fail("the '{' of line " + std::to_string(opened) + " is not closed");
      } else {
        return fail("expected ',' or '}', got " + here());
      }
    }
  }

  void list(Json& out, const std::string& path, int depth) {
    out.kind = Json::Kind::list;
    const int opened = line_;
    ++at_;
    skip();
    if (next_is(']')) {
      ++at_;
      return;
    }
    while (!failed_) {
      const std::string item_path = path + "[" + std::to_string(out.items.size()) + "]";
      value(out.items.emplace_back(), item_path, depth + 1);
      skip();
      if (failed_) return;
      path_ = path;
      if (next_is(',')) {
        ++at_;
      } else if (next_is(']')) {
        ++at_;
        return;
      } else if (at_ >= text_.size()) {
        return fail("the '[' of line " + std::to_string(opened) + " is not closed");
      } else {
        return fail("expected ',' or ']', got " + here());
      }
    }
  }

  void number(Json& out) {
    out.kind = Json::Kind::number;
    const std::size_t begin = at_;
    if (next_is('-')) ++at_;
    if (next_is('0')) {
      ++at_;
      if (at_ < text_.size() && is_digit(text_[at_])) return fail("a number has a zero before it");
    } else if (!digits()) {
      return fail("expected a digit, got " + here());
    }
    if (next_is('.')) {
      ++at_;
      if (!digits()) return fail("expected a digit after the point, got " + here());
    }
    if (next_is('e') || next_is('E')) {
      ++at_;
      if (next_is('+') || next_is('-')) ++at_;
      if (!digits()) return fail("expected a digit in the exponent, got " + here());
    }
    out.text = std::string(text_.substr(begin, at_ - begin));
  }
  bool digits() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ != begin;
  }

  void string(std::string& out) {
    const int opened = line_;
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return;
      }
      if (static_cast<unsigned char>(c) < 0x20) {
        return fail(c == '\n' ? "the text that begins in line " + std::to_string(opened) +
                                    " has no closing '\"'"
                              : "a text holds a control character; write it as \\u00xx");
      }
      if (c == '\\') {
        escape(out);
        if (failed_) return;
        continue;
      }
      const std::size_t length = utf8_length(text_.substr(at_));
      if (length == 0) return fail("a text is not UTF-8: " + here());
      out.append(text_.substr(at_, length));
      at_ += length;
    }
    fail("the text that begins in line " + std::to_string(opened) + " has no closing '\"'");
  }

  void escape(std::string& out) {
    ++at_;
    if (at_ >= text_.size()) return fail("the file ends inside a text");
    const char c = text_[at_++];
    static constexpr std::string_view kFrom = "\"\\/bfnrt";
    static constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    if (const std::size_t i = kFrom.find(c); i != std::string_view::npos) {
      out += kTo[i];
      return;
    }
    if (c != 'u') {
      --at_;
      return fail("unknown escape: '\\' before " + here());
    }
    std::uint32_t code = 0;
    if (!hex4(code)) return;
    if (code >= 0xd800 && code < 0xdc00) {
      std::uint32_t low = 0;
      if (!word("\\u")) return fail("half of a surrogate pair");
      if (!hex4(low)) return;
      if (low < 0xdc00 || low > 0xdfff) return fail("half of a surrogate pair");
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
      return fail("half of a surrogate pair");
    }
    append_utf8(code, out);
  }
  bool hex4(std::uint32_t& code) {
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : ' ';
      if (is_digit(c)) {
        code = code * 16 + static_cast<std::uint32_t>(c - '0');
      } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        code = code * 16 + static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
      } else {
        fail("expected four hexadecimal digits after \\u, got " + here());
        return false;
      }
    }
    return true;
  }

  std::string_view text_;
  Problems& problems_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::string path_;  // of what is being read, for messages
  bool failed_ = false;
};

}  // namespace

const Json* Json::find(std::string_view key) const {
  for (const auto& [name, value] : members) {
    if (name == key) return &value;
  }
  return nullptr;
}
Json* Json::find(std::string_view key) {
  return const_cast<Json*>(static_cast<const Json*>(this)->find(key));
}
Json Json::of_text(std::string value) {
  Json json;
  json.kind = Kind::text;
  json.text = std::move(value);
  return json;
}

void Problems::add(int line, std::string path, std::string what) {
  // A broken file of a megabyte has too many mistakes to read; nobody reads past these.
  constexpr std::size_t kMost = 100;
  if (list_.size() < kMost) list_.push_back({line, std::move(path), std::move(what)});
}

void Problems::sort() {
  std::stable_sort(list_.begin(), list_.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
}

std::string Problems::text(std::string_view file) const {
  std::string out;
  for (const Problem& p : list_) {
    out += file;
    if (p.line > 0) out += ":" + std::to_string(p.line);
    out += ": ";
    if (!p.path.empty()) out += p.path + ": ";
    out += p.what + "\n";
  }
  return out;
}

Json parse_json(std::string_view text, Problems& problems) {
  if (text.size() > kMaxFileBytes) {
    problems.add(0, "",
                 "the file has " + std::to_string(text.size()) +
                     " bytes; a scenario has at most " + std::to_string(kMaxFileBytes));
    return {};
  }
  return Parser(text, problems).document();
}

std::string describe(const Json& value) {
  switch (value.kind) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return value.truth ? "true" : "false";
    case Json::Kind::number: return value.text.size() > 40 ? "a long number" : value.text;
    case Json::Kind::text:
      return value.text.size() > 40 ? "a text of " + std::to_string(value.text.size()) + " bytes"
                                    : "\"" + value.text + "\"";
    case Json::Kind::list: return "a list";
    case Json::Kind::object: return "an object";
  }
  return "";
}

}  // namespace quorumlab::script
