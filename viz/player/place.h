// Places in a run as a person names them: a bookmark, a slide, a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "viz/model/timeline.h"

namespace quorumlab::viz {

// By its whole text, by what follows "Slide 20: ", by "slide 20", or by a part that no other
// has; upper and lower case are the same.
std::optional<std::size_t> find_bookmark(const std::vector<Bookmark>& bookmarks, std::string_view name);
// "1.5s", "500ms", "20us", "7ns"; without a unit: seconds.
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace quorumlab::viz
