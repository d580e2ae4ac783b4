// Fetching memory into the cache before it is needed. It changes nothing that anybody can observe.
#pragma once

#include <cstddef>

namespace quorumlab {

// All lines from `begin` to before `end`.
inline void prefetch_lines(const void* begin, const void* end) {
  constexpr std::size_t kLine = 64;
  const char* const last = static_cast<const char*>(end);
  for (const char* at = static_cast<const char*>(begin); at < last; at += kLine) {
    __builtin_prefetch(at, 1);
  }
}

}  // namespace quorumlab
