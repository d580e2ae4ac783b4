// How requests to the keys API are written, by the world's own clients and by scenarios.
#pragma once

#include <string>
#include <string_view>

namespace quorumlab::world {

// RFC 3986: everything but unreserved characters, and '/' in paths, is escaped; appended to `out`.
void percent_encode(std::string_view text, bool path, std::string& out);
// The key as a path on the request line.
std::string keys_target(std::string_view key);

}  // namespace quorumlab::world
