// Families by the numbers of kinds.
#include "viz/panels/family.h"

#include "core/raft/message.h"

namespace quorumlab::viz {

Family family_of(std::uint32_t kind) {
  using raft::MessageType;
  if (kind >= 128) return Family::gossip;
  switch (static_cast<MessageType>(kind)) {
    case MessageType::heartbeat:
    case MessageType::heartbeat_response: return Family::heartbeat;
    case MessageType::append_entries:
    case MessageType::append_entries_response:
    case MessageType::install_snapshot:
    case MessageType::install_snapshot_response: return Family::log;
    case MessageType::request_vote:
    case MessageType::request_vote_response:
    case MessageType::request_pre_vote:
    case MessageType::request_pre_vote_response:
    case MessageType::timeout_now: return Family::vote;
    default: return Family::other;
  }
}

ImU32 colour_of(Family family) {
  switch (family) {
    case Family::heartbeat: return palette::kPurple;
    case Family::log: return palette::kGreen;
    case Family::vote: return palette::kOrange;
    case Family::gossip: return palette::kSky;
    case Family::other: return palette::kBlue;
  }
  return palette::kBlue;
}

}  // namespace quorumlab::viz
