// What a node remembers of user events or queries in order to take each of them once: a ring of slots
// by Lamport time, as serf's event and query buffers (serf.md 3.3, 3.4). A slot belongs to the last
// Lamport time that fell on it and holds everything met at that time; the oldest times fall out.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/gossip/lamport.h"
#include "core/gossip/rules.h"

namespace quorumlab::gossip {

enum class RingVerdict : std::uint8_t {
  accepted,
  before_min_time,  // from before the join or the restart
  outside_window,   // so old that the buffer forgot whether it was there
  duplicate,
  full  // too much was said at one Lamport time
};

class EventRing {
 public:
  // `slots`: how many Lamport times are remembered. Memory comes as it is needed: slot after slot.
  explicit EventRing(std::uint32_t slots = 512) { reset(slots); }
  void reset(std::uint32_t slots);

  // Takes (ltime, key) when it is new. `now` is the clock after it witnessed ltime. `once` is the
  // rule that keeps duplicates out.
  RingVerdict take(std::uint64_t ltime, ByteView name, ByteView payload, std::uint64_t now,
                   Rule once, const Rules& rules);
  // The same for a query, whose key is its id.
  RingVerdict take(std::uint64_t ltime, std::uint32_t id, std::uint64_t now, const Rules& rules);

  // Nothing before this Lamport time is taken; only ever raised.
  void raise_min_time(std::uint64_t ltime) {
    if (ltime > min_time_) min_time_ = ltime;
  }
  std::uint64_t min_time() const { return min_time_; }

  // For push/pull: what the slots hold, by ascending slot.
  struct Entry {
    std::uint64_t ltime = 0;
    std::uint32_t slot = 0;
    bool first = false;  // of its slot
    ByteView name, payload;
  };
  // Walks all entries: `position` starts at 0, false at the end.
  struct Position {
    std::uint32_t slot = 0, offset = 0;
  };
  bool next(Position& position, Entry& entry) const;
  std::uint32_t slots() const { return slots_wanted_; }

 private:
  struct Slot {
    std::uint64_t ltime = 0;
    bool used = false;
    Bytes entries;  // each: two sizes of 32 bits, name, payload
  };
  static Entry entry_at(const Slot& slot, std::uint32_t offset, std::uint32_t& next);

  std::vector<Slot> slots_;
  std::uint32_t slots_wanted_ = 0;
  std::uint64_t min_time_ = 0;
};

}  // namespace quorumlab::gossip
