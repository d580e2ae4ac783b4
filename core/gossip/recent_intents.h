// Intents to join or leave about members that this node has not met yet: gossip about a member's
// intent may overtake the gossip that the member exists. The newest for each name is kept for some
// minutes and decides the status with which the member appears (serf.md 2.2, serf GH-510).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.h"

namespace quorumlab::gossip {

class RecentIntents {
 public:
  enum class Kind : std::uint8_t { join, leave };
  struct Intent {
    std::uint64_t hash = 0;  // of the name
    std::uint64_t ltime = 0;
    Instant heard;
    Kind kind = Kind::join;
    std::string name;
  };
  // More than this many at once is no cluster but an attack; the surplus is ignored.
  static constexpr std::size_t kMost = 65'536;

  void clear() { intents_.clear(); }
  bool empty() const { return intents_.empty(); }
  std::size_t size() const { return intents_.size(); }
  // Keeps the intent if none of that name is kept or `newer_only` does not hold it back. Answers
  // whether it was news.
  bool upsert(std::string_view name, Kind kind, std::uint64_t ltime, Instant now, bool newer_only);
  const Intent* find(std::string_view name) const;
  // Forgets what was heard longer ago than `timeout`.
  void expire(Instant now, Duration timeout);

 private:
  std::vector<Intent> intents_;  // by hash, then name
};

}  // namespace quorumlab::gossip
