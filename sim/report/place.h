// Places in a run as a person names them: a bookmark, a slide, a time. The same for the command line
// and for the visualizer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace quorumlab::report {

// Which of the bookmarks is meant: by its whole text, by what follows "Slide 20: ", by "slide 20", or by
// a part that no other has; upper and lower case are the same. A time is no part.
std::optional<std::size_t> find_place(const std::vector<std::string_view>& bookmarks, std::string_view name);
// "1.5s", "500ms", "2m", ".25us"; without a unit: seconds.
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace quorumlab::report
