// The buffer of intents.
#include "core/gossip/recent_intents.h"

#include <algorithm>

#include "core/base/bytes.h"

namespace quorumlab::gossip {
namespace {

struct Key {
  std::uint64_t hash;
  std::string_view name;
};
bool before(const RecentIntents::Intent& a, const Key& b) {
  return a.hash != b.hash ? a.hash < b.hash : a.name < b.name;
}

}  // namespace

bool RecentIntents::upsert(std::string_view name, Kind kind, std::uint64_t ltime, Instant now,
                           bool newer_only) {
  const Key key{hash_bytes(as_bytes(name)), name};
  const auto at = std::lower_bound(intents_.begin(), intents_.end(), key, before);
  if (at != intents_.end() && at->hash == key.hash && at->name == name) {
    if (ltime <= at->ltime && newer_only) return false;
    at->ltime = ltime;
    at->kind = kind;
    at->heard = now;
    return true;
  }
  if (intents_.size() >= kMost) return false;
  intents_.insert(at, {key.hash, ltime, now, kind, std::string(name)});
  return true;
}

const RecentIntents::Intent* RecentIntents::find(std::string_view name) const {
  if (intents_.empty()) return nullptr;
  const Key key{hash_bytes(as_bytes(name)), name};
  const auto at = std::lower_bound(intents_.begin(), intents_.end(), key, before);
  return at != intents_.end() && at->hash == key.hash && at->name == name ? &*at : nullptr;
}

void RecentIntents::expire(Instant now, Duration timeout) {
  std::erase_if(intents_, [&](const Intent& i) { return now - i.heard > timeout; });
}

}  // namespace quorumlab::gossip
