// Counts what this test program allocates, as the gossip tests do.
#include "tests/unit/gossip/allocations.cpp"
