// Escapes, paths, forms and numbers as Go 1.19 reads them.
#include "core/kv/form.h"

#include <algorithm>
#include <array>

namespace quorumlab::kv {
namespace {

constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
constexpr char kHex[] = "0123456789abcdef";
constexpr char kHexUpper[] = "0123456789ABCDEF";

constexpr bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// What of a path may stand as it is (net/url, encodePath).
constexpr bool plain_in_path(char c) {
  return is_alnum(c) || std::string_view("-_.~$&+,/:;=@").find(c) != std::string_view::npos;
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}
std::string_view trim_left(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}
std::string_view trim(std::string_view text) {
  text = trim_left(text);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// A run of RFC 2045 token characters, taken off the front.
std::string_view take_token(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && text[n] > 0x20 && text[n] < 0x7f &&
         std::string_view("()<>@,;:\\\"/[]?=").find(text[n]) == std::string_view::npos) {
    ++n;
  }
  const std::string_view token = text.substr(0, n);
  text.remove_prefix(n);
  return token;
}

// Takes a parameter's value off the front; false if there is none.
bool take_value(std::string_view& text, std::string& value) {
  value.clear();
  if (text.empty()) return false;
  if (text[0] != '"') {
    value = take_token(text);
    return !value.empty();
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      text.remove_prefix(i + 1);
      return true;
    }
    if (c == '\r' || c == '\n') return false;
    if (c == '\\' && i + 1 < text.size() &&
        std::string_view("()<>@,;:\\\"/[]?=").find(text[i + 1]) != std::string_view::npos) {
      ++i;
    }
    value += text[i];
  }
  return false;
}

}  // namespace

bool unescape(std::string_view text, bool query, std::string& out, std::string_view& bad) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) {
        bad = text.substr(i, 3);
        return false;
      }
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += c == '+' && query ? ' ' : c;
    }
  }
  return true;
}

void escape_path(std::string_view path, std::string& out) {
  for (const char c : path) {
    if (plain_in_path(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHexUpper[byte >> 4];
      out += kHexUpper[byte & 15];
    }
  }
}

void clean_path(std::string_view path, std::string& out) {
  out.assign(1, '/');
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      out.resize(std::max<std::size_t>(out.rfind('/'), 1));
      continue;
    }
    if (out.size() > 1) out += '/';
    out += part;
  }
}

bool is_clean_path(std::string_view path) {
  if (path == "/") return true;
  if (path.empty() || path[0] != '/') return false;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    path.remove_prefix(part.size());
  }
  return true;
}

void quote(std::string_view text, std::string& out) {
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const auto hex = [&](char kind, unsigned value, int digits) {
      out += '\\';
      out += kind;
      for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += kHex[value >> shift & 15];
    };
    if (c == '"' || c == '\\') {
      out += '\\';
      out += text[i];
    } else if (c >= 0x20 && c < 0x7f) {
      out += text[i];
    } else if (c < 0x80) {
      const std::size_t known = std::string_view("\a\b\f\n\r\t\v").find(text[i]);
      if (known == std::string_view::npos) {
        hex('x', c, 2);
      } else {
        out += '\\';
        out += "abfnrtv"[known];
      }
    } else if (c >= 0xc2 && c < 0xe0 && i + 1 < text.size() &&
               (static_cast<unsigned char>(text[i + 1]) & 0xc0) == 0x80) {
      const unsigned rune = (c & 0x1fu) << 6 | (static_cast<unsigned char>(text[i + 1]) & 0x3fu);
      if (rune > 0xa0 && rune != 0xad) {
        out += text.substr(i, 2);
      } else {
        hex('u', rune, 4);
      }
      ++i;
    } else {
      hex('x', c, 2);  // longer runes are not among what is quoted here: three bytes with their '%'
    }
  }
  out += '"';
}

std::optional<bool> parse_bool(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_uint(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

MediaType parse_media_type(std::string_view content_type) {
  MediaType result;
  const std::size_t semicolon = std::min(content_type.find(';'), content_type.size());
  for (const char c : trim(content_type.substr(0, semicolon))) result.type += lower(c);
  std::string_view rest = result.type;
  const auto fail = [&](std::string_view error) {
    result.type.clear();
    result.error = error;
    return result;
  };
  if (take_token(rest).empty()) return fail("mime: no media type");
  if (!rest.empty()) {
    if (rest[0] != '/') return fail("mime: expected slash after first token");
    rest.remove_prefix(1);
    if (take_token(rest).empty()) return fail("mime: expected token after slash");
    if (!rest.empty()) return fail("mime: unexpected content after media subtype");
  }
  std::vector<std::pair<std::string, std::string>> known;
  std::string_view text = content_type.substr(semicolon);
  while (!(text = trim_left(text)).empty()) {
    const std::string_view whole = text;
    std::string name, value;
    text = trim_left(text.substr(1));  // it begins with a semicolon: nothing else gets here
    for (const char c : take_token(text)) name += lower(c);
    text = trim_left(text);
    const bool equals = !name.empty() && !text.empty() && text[0] == '=';
    if (equals) text = trim_left(text.substr(1));
    if (whole[0] != ';' || !equals || !take_value(text, value)) {
      if (trim(whole) != ";") result.error = "mime: invalid media parameter";
      return result;
    }
    for (const auto& [other, its] : known) {
      if (other == name && its != value) return fail("mime: duplicate parameter name");
    }
    known.emplace_back(std::move(name), std::move(value));
  }
  return result;
}

void Form::clear() {
  text_.clear();
  fields_.clear();
  error_.clear();
}

void Form::parse(std::string_view method, std::string_view query, std::string_view content_type,
                 std::string_view body) {
  clear();
  if (method == "PUT" || method == "POST" || method == "PATCH") {
    // Nearly always this, to the letter.
    if (content_type == "application/x-www-form-urlencoded") {
      content_type = {};
    } else {
      const MediaType media =
          parse_media_type(content_type.empty() ? "application/octet-stream" : content_type);
      error_ = media.error;
      if (media.type != "application/x-www-form-urlencoded") body = {};
    }
    if (body.size() > kMaxBody) {
      error_ = "http: POST too large";
    } else {
      std::string error;
      parse_fields(body, error);
      if (error_.empty()) error_ = error;
    }
  }
  std::string error;
  parse_fields(query, error);
  if (error_.empty()) error_ = error;
}

void Form::parse_fields(std::string_view text, std::string& error) {
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    std::string_view field = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (field.find(';') != std::string_view::npos) {
      error = "invalid semicolon separator in query";
      continue;
    }
    if (field.empty()) continue;
    const std::size_t equals = field.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : field.substr(equals + 1);
    std::string_view bad;
    const auto begin = static_cast<std::uint32_t>(text_.size());
    bool good = unescape(field.substr(0, equals), true, text_, bad);
    const auto middle = static_cast<std::uint32_t>(text_.size());
    good = good && unescape(value, true, text_, bad);
    if (!good) {
      text_.resize(begin);
      if (error.empty()) {
        error = "invalid URL escape ";
        quote(bad, error);
      }
      continue;
    }
    fields_.push_back(
        {begin, middle - begin, middle, static_cast<std::uint32_t>(text_.size()) - middle});
  }
}

std::optional<std::string_view> Form::find(std::string_view name) const {
  for (const Field& field : fields_) {
    const std::string_view text = text_;
    if (text.substr(field.name, field.name_size) == name) {
      return text.substr(field.value, field.value_size);
    }
  }
  return std::nullopt;
}

}  // namespace quorumlab::kv
