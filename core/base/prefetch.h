// Fetching memory into the cache before it is needed. It changes nothing that anybody can observe.
#pragma once

#include <cstddef>

namespace quorumlab {

// The line of this address.
inline void prefetch_line(const void* at) {
  __builtin_prefetch(at);
  // A function that does nothing but prefetch has no effect for the compiler: calls of it would go.
  asm volatile("");
}

// All lines from `begin` to before `end`.
inline void prefetch_lines(const void* begin, const void* end) {
  constexpr std::size_t kLine = 64;
  const char* const last = static_cast<const char*>(end);
  for (const char* at = static_cast<const char*>(begin); at < last; at += kLine) prefetch_line(at);
}

}  // namespace quorumlab
