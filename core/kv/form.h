// What Go's net/url, net/http, mime and strconv make of a request's target and form, as far as a
// client can tell: percent escapes, path cleaning, ParseForm, ParseBool and ParseUint, with Go's
// words for what is wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quorumlab::kv {

// Appends `text` with its escapes decoded; '+' is a space in queries, itself in paths. False at a
// bad escape: `bad` are the up to three bytes there.
[[nodiscard]] bool unescape(std::string_view text, bool query, std::string& out,
                            std::string_view& bad);
// Appends a path escaped as url.URL.String() does.
void escape_path(std::string_view path, std::string& out);
// path.Clean: no empty, "." and ".." components, no slash at the end; rooted if `path` is.
void clean_path(std::string_view path, std::string& out);
// Whether clean_path() would leave an absolute path as it is.
bool is_clean_path(std::string_view path);
// Appends strconv.Quote of up to a few bytes.
void quote(std::string_view text, std::string& out);

// strconv.ParseBool and strconv.ParseUint(text, 10, 64).
std::optional<bool> parse_bool(std::string_view text);
std::optional<std::uint64_t> parse_uint(std::string_view text);

// The fields of a request: of the body, if it is a form, then of the query. Reused from one request
// to the next.
class Form {
 public:
  // Longer bodies are refused.
  static constexpr std::size_t kMaxBody = 10u << 20;

  void clear();
  // `method` says whether the body counts. Good until the next parse; `error` says what Go would,
  // if it is not empty.
  void parse(std::string_view method, std::string_view query, std::string_view content_type,
             std::string_view body);
  const std::string& error() const { return error_; }
  // The first value of that name; nothing if there is none.
  std::optional<std::string_view> find(std::string_view name) const;
  std::string_view value(std::string_view name) const {
    return find(name).value_or(std::string_view{});
  }

 private:
  struct Field {
    std::uint32_t name, name_size, value, value_size;
  };
  void parse_fields(std::string_view text, std::string& error);

  std::string text_;  // names and values, decoded
  std::vector<Field> fields_;
  std::string error_;
};

// mime.ParseMediaType: the type in lower case, and what is wrong with the whole, if anything.
struct MediaType {
  std::string type;
  std::string_view error;
};
MediaType parse_media_type(std::string_view content_type);

}  // namespace quorumlab::kv
