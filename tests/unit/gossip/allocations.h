// How often this test program has called operator new.
#pragma once

#include <cstdint>

namespace quorumlab {
std::uint64_t allocations();
}
