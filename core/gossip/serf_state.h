// What serf's half of the engine keeps, as one plain value inside it.
#pragma once

namespace quorumlab::gossip {

struct SerfState {};

}  // namespace quorumlab::gossip
