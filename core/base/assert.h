// ASSERT states one fact that holds unless we made a mistake. It stays on in every build: a broken
// simulation that goes on is worth less than one that stops and says where. What comes from outside
// (files, packets, users) is never asserted, it is checked.
#pragma once

#include <string_view>

namespace quorumlab {

// Prints the failed fact, where it stands and, when the simulation has left one, the context (node,
// time, replay command), then aborts.
[[noreturn]] void assertion_failed(const char* fact, const char* file, int line,
                                   std::string_view message);

// The context that assertion_failed prints, for this thread: a text the caller keeps alive, or null.
void set_assertion_context(const char* text);

}  // namespace quorumlab

#define ASSERT(fact, ...)                                                              \
  (static_cast<bool>(fact)                                                             \
       ? static_cast<void>(0)                                                          \
       : ::quorumlab::assertion_failed(#fact, __FILE__, __LINE__, std::string_view{__VA_ARGS__}))
