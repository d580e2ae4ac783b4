// Handlers are told of member events and of coalescible user events in batches: the first event
// starts the quantum (3 s), each one restarts the quiescent period (1 s), and whichever ends first
// flushes (serf.md 3.2, F5). So a single event is late by exactly the quiescent period, and under a
// steady flow nothing waits longer than the quantum.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/types.h"
#include "core/gossip/directory.h"
#include "core/gossip/ready.h"

namespace quorumlab::gossip {

// When to flush.
class CoalesceTimer {
 public:
  void touch(Instant now, Duration quantum, Duration quiescent) {
    if (quantum_end_ == kNever) quantum_end_ = now + quantum;
    quiescent_end_ = now + quiescent;
  }
  void stop() { quantum_end_ = quiescent_end_ = kNever; }
  Instant deadline() const { return quantum_end_ < quiescent_end_ ? quantum_end_ : quiescent_end_; }

 private:
  Instant quantum_end_ = kNever, quiescent_end_ = kNever;
};

// Keeps the latest event of each member, and drops it at the flush when the handlers were told the
// same thing of that member last time; updates always pass.
class MemberCoalescer {
 public:
  struct Event {
    EventKind kind = EventKind::member_join;
    PeerId peer;
    RecordId record;  // the member as it was at the event
  };

  void clear();
  bool empty() const { return pending_.empty(); }
  void add(const Event& event);
  // Hands out what handlers must be told, grouped by kind and within a kind in the order of arrival
  // (the real one's order is random), and starts anew.
  template <class Take>
  void flush(Take&& take) {
    for (const EventKind kind : kKinds) {
      for (const Event& event : pending_) {
        if (event.kind == kind && news(event)) take(event);
      }
    }
    started_anew();
  }

 private:
  // For each peer: the low four bits are the kind that was sent last, the others whether an event
  // waits. 0: nothing, else kind + 1.
  std::vector<std::uint8_t> known_;
  std::vector<Event> pending_;

  static constexpr EventKind kKinds[] = {EventKind::member_join, EventKind::member_leave,
                                         EventKind::member_failed, EventKind::member_update,
                                         EventKind::member_reap};
  bool news(const Event& event);  // and it is told from now on
  void started_anew();
};

// Keeps, for each name, the events of the highest Lamport time.
class UserCoalescer {
 public:
  struct Event {
    std::uint64_t ltime = 0;
    std::string_view name;
    ByteView payload;
  };

  void clear();
  bool empty() const { return pending_.empty(); }
  void add(const Event& event);
  // What is left, by order of arrival; valid until the next add or clear.
  template <class Take>
  void flush(Take&& take) {
    for (const Pending& p : pending_) {
      if (p.superseded) continue;
      take(Event{p.ltime, as_text(view(p.name)), view(p.payload)});
    }
    clear();
  }

 private:
  struct Pending {
    std::uint64_t ltime = 0;
    std::uint64_t hash = 0;  // of the name
    Slice name, payload;
    bool superseded = false;
  };
  ByteView view(Slice s) const { return {bytes_.data() + s.offset, s.size}; }
  Slice keep(ByteView bytes);

  std::vector<Pending> pending_;
  Bytes bytes_;
};

}  // namespace quorumlab::gossip
