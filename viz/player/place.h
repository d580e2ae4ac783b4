// Places in a run as a person names them; see sim/report/place.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/report/place.h"
#include "viz/model/timeline.h"

namespace quorumlab::viz {

using report::parse_time;
std::optional<std::size_t> find_bookmark(const std::vector<Bookmark>& bookmarks, std::string_view name);

}  // namespace quorumlab::viz
