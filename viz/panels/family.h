// Messages by what they are about: each family has a colour and a shape.
#pragma once

#include <cstdint>

#include "viz/panels/paint.h"

namespace quorumlab::viz {

enum class Family : std::uint8_t { heartbeat, log, vote, gossip, other };

Family family_of(std::uint32_t kind);
ImU32 colour_of(Family family);

}  // namespace quorumlab::viz
