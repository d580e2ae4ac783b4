// Names of places, understood with some goodwill.
#include "viz/player/place.h"

#include <algorithm>

namespace quorumlab::viz {
namespace {
std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}
}  // namespace

std::optional<std::size_t> find_bookmark(const std::vector<Bookmark>& bookmarks, std::string_view name) {
  const std::string wanted = lower(name);
  if (wanted.empty()) return std::nullopt;
  std::optional<std::size_t> part;
  std::size_t parts = 0;
  for (std::size_t i = 0; i < bookmarks.size(); ++i) {
    const std::string text = lower(bookmarks[i].text);
    const std::size_t colon = text.starts_with("slide ") ? text.find(": ") : std::string::npos;
    const bool slide = colon != std::string::npos;
    if (text == wanted || (slide && (text.substr(colon + 2) == wanted || text.substr(0, colon) == wanted))) return i;
    // "slide 2" is no part of "slide 20: ...".
    if (!wanted.starts_with("slide ") && text.find(wanted) != std::string::npos) {
      ++parts;
      part = i;
    }
  }
  return parts == 1 && !parse_time(name) ? part : std::nullopt;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  constexpr std::int64_t kLongest = 1'000'000'000;  // seconds; some thirty years
  std::int64_t whole = 0, part = 0, scale = 1;
  std::size_t at = 0, digits = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits) {
    whole = whole * 10 + (text[at] - '0');
    if (whole > kLongest) return std::nullopt;
  }
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, ++digits) {
      if (scale >= 1'000'000'000) continue;
      part = part * 10 + (text[at] - '0');
      scale *= 10;
    }
  }
  if (digits == 0) return std::nullopt;
  const std::string_view unit = text.substr(at);
  std::int64_t ns = 0;
  if (unit.empty() || unit == "s") ns = 1'000'000'000;
  else if (unit == "ms") ns = 1'000'000;
  else if (unit == "us") ns = 1'000;
  else if (unit == "ns") ns = 1;
  else return std::nullopt;
  return whole * ns + part * ns / scale;
}

}  // namespace quorumlab::viz
