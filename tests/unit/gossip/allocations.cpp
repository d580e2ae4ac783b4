// Replaces operator new for this test program, and counts.
#include "tests/unit/gossip/allocations.h"

#include <cstdlib>
#include <new>

// g++ 12 looks into the replaced operators and takes their malloc and free for a mismatch.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

namespace {
std::uint64_t counted = 0;
}

namespace quorumlab {
std::uint64_t allocations() { return counted; }
}  // namespace quorumlab

void* operator new(std::size_t size) {
  ++counted;
  void* p = std::malloc(size != 0 ? size : 1);
  if (p == nullptr) std::abort();
  return p;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return operator new(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
