// Counts every operator new of the program. One thread only.
#include <cstdlib>
#include <new>

#include "tests/bench/workload.h"

namespace quorumlab::bench {
namespace {
Allocations counted;
}
Allocations allocations() { return counted; }

static void* count_and_allocate(std::size_t size) {
  ++counted.calls;
  counted.bytes += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
}  // namespace quorumlab::bench

void* operator new(std::size_t size) { return quorumlab::bench::count_and_allocate(size); }
void* operator new[](std::size_t size) { return quorumlab::bench::count_and_allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
