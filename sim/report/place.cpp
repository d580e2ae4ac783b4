// Names of places, understood with some goodwill.
#include "sim/report/place.h"

#include <string>

#include "sim/script/quantity.h"

namespace quorumlab::report {
namespace {
std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}
}  // namespace

std::optional<std::size_t> find_place(const std::vector<std::string_view>& bookmarks, std::string_view name) {
  const std::string wanted = lower(name);
  if (wanted.empty()) return std::nullopt;
  std::optional<std::size_t> part;
  std::size_t parts = 0;
  for (std::size_t i = 0; i < bookmarks.size(); ++i) {
    const std::string text = lower(bookmarks[i]);
    const std::size_t colon = text.starts_with("slide ") ? text.find(": ") : std::string::npos;
    const bool slide = colon != std::string::npos;
    if (text == wanted || (slide && (text.substr(colon + 2) == wanted || text.substr(0, colon) == wanted))) return i;
    // "slide 2" is no part of "slide 20: ...".
    const bool number_only = wanted.starts_with("slide ") && wanted.find(':') == std::string::npos;
    if (!number_only && text.find(wanted) != std::string::npos) {
      ++parts;
      part = i;
    }
  }
  return parts == 1 && !parse_time(name) ? part : std::nullopt;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  std::string whole(text);
  if (whole.starts_with('.')) whole.insert(0, "0");
  if (!whole.empty() && whole.back() >= '0' && whole.back() <= '9') whole += 's';
  const auto duration = script::parse_duration(whole);
  return duration ? std::optional(duration->ns) : std::nullopt;
}

}  // namespace quorumlab::report
