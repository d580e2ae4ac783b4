// Prints what was broken, where and in which run, and aborts.
#include "core/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace quorumlab {
namespace {
thread_local const char* assertion_context = nullptr;
}

void set_assertion_context(const char* text) { assertion_context = text; }

void assertion_failed(const char* fact, const char* file, int line, std::string_view message) {
  std::fprintf(stderr, "quorumlab: %s:%d: this should hold: %s\n", file, line, fact);
  if (!message.empty()) {
    std::fprintf(stderr, "  %.*s\n", static_cast<int>(message.size()), message.data());
  }
  if (assertion_context != nullptr) std::fprintf(stderr, "  %s\n", assertion_context);
  std::abort();
}

}  // namespace quorumlab
