// A timeline's bookmarks by name.
#include "viz/player/place.h"

namespace quorumlab::viz {

std::optional<std::size_t> find_bookmark(const std::vector<Bookmark>& bookmarks, std::string_view name) {
  std::vector<std::string_view> texts;
  texts.reserve(bookmarks.size());
  for (const Bookmark& b : bookmarks) texts.push_back(b.text);
  return report::find_place(texts, name);
}

}  // namespace quorumlab::viz
