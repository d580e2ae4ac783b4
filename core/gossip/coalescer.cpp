// What is kept of events until the handlers are told.
#include "core/gossip/coalescer.h"

#include <algorithm>

namespace quorumlab::gossip {
namespace {

constexpr std::uint8_t kSentMask = 0x0f, kWaits = 0x80;

// After a storm that many events are not kept room for.
constexpr std::size_t kPendingKept = 64;

std::uint8_t code(EventKind kind) { return static_cast<std::uint8_t>(static_cast<int>(kind) + 1); }

}  // namespace

void MemberCoalescer::clear() {
  known_.clear();
  pending_.clear();
}

void MemberCoalescer::add(const Event& event) {
  if (event.peer.value >= known_.size()) known_.resize(event.peer.value + 1);
  std::uint8_t& known = known_[event.peer.value];
  if ((known & kWaits) != 0) {
    // The earlier one of this member is forgotten. Seldom: looked for from the end.
    const auto earlier = std::find_if(pending_.rbegin(), pending_.rend(),
                                      [&](const Event& e) { return e.peer == event.peer; });
    pending_.erase(std::next(earlier).base());
  }
  known |= kWaits;
  pending_.push_back(event);
}

bool MemberCoalescer::news(const Event& event) {
  std::uint8_t& known = known_[event.peer.value];
  const bool told = (known & kSentMask) == code(event.kind);
  known = code(event.kind);
  return !told || event.kind == EventKind::member_update;
}

void MemberCoalescer::started_anew() {
  if (pending_.capacity() > kPendingKept) {
    pending_ = {};
  } else {
    pending_.clear();
  }
}

void UserCoalescer::clear() {
  pending_.clear();
  bytes_.clear();
}

Slice UserCoalescer::keep(ByteView bytes) {
  const Slice slice{static_cast<std::uint32_t>(bytes_.size()),
                    static_cast<std::uint32_t>(bytes.size())};
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return slice;
}

void UserCoalescer::add(const Event& event) {
  const std::uint64_t hash = hash_bytes(as_bytes(event.name));
  bool newer = false;
  for (const Pending& p : pending_) {
    if (p.superseded || p.hash != hash || as_text(view(p.name)) != event.name) continue;
    if (event.ltime < p.ltime) return;
    newer = event.ltime > p.ltime;
    break;
  }
  if (newer) {
    for (Pending& p : pending_) {
      if (p.hash == hash && as_text(view(p.name)) == event.name) p.superseded = true;
    }
  }
  Pending p;
  p.ltime = event.ltime;
  p.hash = hash;
  p.name = keep(as_bytes(event.name));
  p.payload = keep(event.payload);
  pending_.push_back(p);
}

}  // namespace quorumlab::gossip
