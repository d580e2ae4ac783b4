// The only JSON that clients send: the peer URLs of a member, with Go's words for what is wrong
// with it.
#include <algorithm>
#include <utility>

#include "core/kv/form.h"
#include "core/kv/json_text.h"

namespace quorumlab::kv {
namespace {

constexpr int kMaxDepth = 10'000;  // as encoding/json has it

// Reads one value; remembers the strings of a top-level array "peerURLs".
class Reader {
 public:
  Reader(std::string_view text, std::vector<std::string>& urls) : text_(text), urls_(urls) {}

  // What is wrong, or nothing.
  std::string read() {
    value(0);
    space();
    if (error_.empty() && at_ < text_.size()) unexpected("after top-level value");
    return error_.empty() ? type_error_ : error_;
  }

 private:
  void space() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
      ++at_;
    }
  }
  void unexpected(std::string_view where) {
    if (!error_.empty()) return;
    if (at_ >= text_.size()) {
      error_ = "unexpected end of JSON input";
      return;
    }
    error_ = "invalid character ";
    const char c = text_[at_];
    if (c == '\'') {
      error_ += "'\\''";
    } else if (c == '"') {
      error_ += "'\"'";
    } else {
      std::string quoted;
      quote(text_.substr(at_, 1), quoted);
      error_ += '\'' + quoted.substr(1, quoted.size() - 2) + '\'';
    }
    error_ += ' ';
    error_ += where;
  }
  bool good() const { return error_.empty(); }
  bool is(char c) const { return at_ < text_.size() && text_[at_] == c; }

  // Depth 1 is inside the outer object; `field` is the name that led here.
  void value(int depth, std::string_view field = {}, bool element = false) {
    space();
    if (depth > kMaxDepth) {
      error_ = "exceeded max depth";
      return;
    }
    const bool wanted = depth == 1 && !element && same(field, "peerURLs");
    const bool item = depth == 2 && element && in_urls_;
    const auto check = [&](std::string_view kind) {
      if (!type_error_.empty() || kind == "null") return;
      if (depth == 0 && kind != "object") {
        type_error_ =
            "json: cannot unmarshal " + std::string(kind) +
            " into Go value of type struct { PeerURLs []string \"json:\\\"peerURLs\\\"\" }";
      } else if (wanted && kind != "array") {
        type_error_ = "json: cannot unmarshal " + std::string(kind) +
                      " into Go struct field .peerURLs of type []string";
      } else if (item && kind != "string") {
        type_error_ = "json: cannot unmarshal " + std::string(kind) +
                      " into Go struct field .peerURLs of type string";
      }
    };
    if (is('{')) {
      check("object");
      object(depth);
    } else if (is('[')) {
      check("array");
      array(depth, wanted);
    } else if (is('"')) {
      check("string");
      std::string text = string();
      if (item) urls_.push_back(std::move(text));
    } else if (is('t')) {
      check("bool");
      literal("true");
    } else if (is('f')) {
      check("bool");
      literal("false");
    } else if (is('n')) {
      literal("null");
      if (item) urls_.emplace_back();
    } else if (is('-') || digit()) {
      check("number");
      number();
    } else {
      unexpected("looking for beginning of value");
    }
  }

  static bool same(std::string_view l, std::string_view r) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c + 0; };
    return l.size() == r.size() && std::equal(l.begin(), l.end(), r.begin(),
                                              [&](char a, char b) { return lower(a) == lower(b); });
  }

  void object(int depth) {
    ++at_;
    space();
    if (is('}')) {
      ++at_;
      return;
    }
    for (;;) {
      space();
      if (!is('"')) return unexpected("looking for beginning of object key string");
      const std::string key = string();
      space();
      if (!good()) return;
      if (!is(':')) return unexpected("after object key");
      ++at_;
      value(depth + 1, key);
      space();
      if (!good()) return;
      if (is('}')) {
        ++at_;
        return;
      }
      if (!is(',')) return unexpected("after object key:value pair");
      ++at_;
    }
  }

  void array(int depth, bool urls) {
    ++at_;
    if (urls) urls_.clear();
    const bool before = std::exchange(in_urls_, urls);
    space();
    if (is(']')) {
      ++at_;
      in_urls_ = before;
      return;
    }
    for (;;) {
      value(depth + 1, {}, true);
      space();
      if (!good()) return;
      if (is(']')) {
        ++at_;
        in_urls_ = before;
        return;
      }
      if (!is(',')) return unexpected("after array element");
      ++at_;
    }
  }

  std::string string() {
    std::string out;
    ++at_;
    for (;;) {
      if (at_ >= text_.size()) {
        unexpected({});
        return out;
      }
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return out;
      }
      if (static_cast<unsigned char>(c) < 0x20) {
        unexpected("in string literal");
        return out;
      }
      if (c != '\\') {
        out += c;
        ++at_;
        continue;
      }
      ++at_;
      const std::size_t known = at_ < text_.size() ? std::string_view("\"\\/bfnrt").find(text_[at_])
                                                   : std::string_view::npos;
      if (known != std::string_view::npos) {
        out += "\"\\/\b\f\n\r\t"[known];
        ++at_;
      } else if (is('u')) {
        ++at_;
        unsigned rune = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
          const std::size_t hex = at_ < text_.size()
                                      ? std::string_view("0123456789abcdefABCDEF").find(text_[at_])
                                      : std::string_view::npos;
          if (hex == std::string_view::npos) {
            unexpected("in \\u hexadecimal character escape");
            return out;
          }
          rune = rune * 16 + static_cast<unsigned>(hex > 15 ? hex - 6 : hex);
        }
        if (rune >= 0xd800 && rune < 0xe000) rune = 0xfffd;  // no URL has such
        if (rune < 0x80) {
          out += static_cast<char>(rune);
        } else if (rune < 0x800) {
          out += static_cast<char>(0xc0 | rune >> 6);
          out += static_cast<char>(0x80 | (rune & 0x3f));
        } else {
          out += static_cast<char>(0xe0 | rune >> 12);
          out += static_cast<char>(0x80 | (rune >> 6 & 0x3f));
          out += static_cast<char>(0x80 | (rune & 0x3f));
        }
      } else {
        unexpected("in string escape code");
        return out;
      }
    }
  }

  void literal(std::string_view word) {
    for (std::size_t i = 0; i < word.size(); ++i, ++at_) {
      if (is(word[i])) continue;
      const std::string_view expected = word.substr(i, 1);
      unexpected("in literal " + std::string(word) + " (expecting '" + std::string(expected) +
                 "')");
      return;
    }
  }

  bool digit() const { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; }
  void digits() {
    while (digit()) ++at_;
  }
  void number() {
    if (is('-')) ++at_;
    if (!digit()) return unexpected("in numeric literal");
    if (is('0')) {
      ++at_;
    } else {
      digits();
    }
    if (is('.')) {
      ++at_;
      if (!digit()) return unexpected("after decimal point in numeric literal");
      digits();
    }
    if (is('e') || is('E')) {
      ++at_;
      if (is('+') || is('-')) ++at_;
      if (!digit()) return unexpected("in exponent of numeric literal");
      digits();
    }
  }

  std::string_view text_;
  std::vector<std::string>& urls_;
  std::size_t at_ = 0;
  bool in_urls_ = false;
  std::string error_, type_error_;
};

// What pkg/types of etcd says of a URL; nothing if it is fine.
std::string url_error(std::string_view url) {
  const std::size_t colon = url.find("://");
  const std::string_view scheme =
      colon == std::string_view::npos ? std::string_view{} : url.substr(0, colon);
  if (scheme != "http" && scheme != "https" && scheme != "unix" && scheme != "unixs") {
    return "URL scheme must be http, https, unix, or unixs: " + std::string(url);
  }
  const std::string_view rest = url.substr(colon + 3);
  const std::size_t path = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view host = rest.substr(0, path);
  const std::size_t port = host.rfind(':');
  const bool bracketed =
      host.starts_with('[') && port != std::string_view::npos && port > 0 && host[port - 1] == ']';
  if (port == std::string_view::npos || (!bracketed && host.find(':') != port)) {
    return "URL address does not have the form \"host:port\": " + std::string(url);
  }
  if (path < rest.size() && rest[path] == '/') {
    return "URL must not contain a path: " + std::string(url);
  }
  return {};
}

}  // namespace

std::string parse_peer_urls(std::string_view body, std::vector<std::string>& urls) {
  urls.clear();
  std::string error = Reader(body, urls).read();
  if (!error.empty()) return error;
  if (urls.empty()) return "no valid URLs given";
  for (std::string& url : urls) {
    while (!url.empty() && url.front() == ' ') url.erase(url.begin());
    while (!url.empty() && url.back() == ' ') url.pop_back();
    error = url_error(url);
    if (!error.empty()) return error;
  }
  std::sort(urls.begin(), urls.end());
  return {};
}

}  // namespace quorumlab::kv
