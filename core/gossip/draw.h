// What a gossip engine draws random numbers for. Each purpose has its own counter, so that one more
// draw for one of them shifts no other.
#pragma once

#include <cstdint>

namespace quorumlab::gossip {

enum class Draw : std::uint8_t {
  // memberlist
  probe_order,   // the shuffle at the end of each round
  probe_target,  // where round robin is switched off
  new_member,    // its place in the order of probing
  helpers,
  gossip_targets,
  push_pull_target,
  push_pull_phase,
  probe_phase,  // where phases are staggered
  gossip_phase,
  nonce,
  // serf
  query_id,
  relays,
  reconnect,
  rejoin_order,
  coordinate,
  end
};
inline constexpr std::size_t kDrawCount = static_cast<std::size_t>(Draw::end);

}  // namespace quorumlab::gossip
