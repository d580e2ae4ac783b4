// What became of a seed, as bytes: campaigns on several machines send it home.
#pragma once

#include "core/base/bytes.h"
#include "sim/chaos/seed_run.h"

namespace quorumlab::chaos {

void encode(const SeedResult& result, Bytes& out);
// False: these are no such bytes, or another version's.
[[nodiscard]] bool decode(ByteReader& in, SeedResult& out);

}  // namespace quorumlab::chaos
