// What serf's half of the engine keeps, as one plain value inside it. What it believes of a member
// stands in the member's own 24 bytes; here is what few members have.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/gossip/coalescer.h"
#include "core/gossip/config.h"
#include "core/gossip/coordinate.h"
#include "core/gossip/event_ring.h"
#include "core/gossip/key_ring.h"
#include "core/gossip/lamport.h"
#include "core/gossip/recent_intents.h"
#include "core/gossip/side_table.h"

namespace quorumlab::gossip {

struct SerfState {
  enum class Phase : std::uint8_t { alive, leaving, left, stopped };

  // A member that failed or left, and since when.
  struct Gone {
    PeerId peer;
    Instant since;
  };

  // A query of our own whose answers are awaited.
  struct Running {
    enum class Purpose : std::uint8_t { user, name_conflict, key };
    struct KeyCount {
      std::string key;  // base64
      std::uint32_t nodes = 0;
    };
    bool active = false;
    Purpose purpose = Purpose::user;
    std::uint8_t key_op = 0;
    std::uint32_t id = 0;
    std::uint64_t ltime = 0;
    std::uint64_t request = 0;  // 0: nobody waits
    Instant deadline;
    std::vector<std::uint64_t> acked, answered;  // hashes of names, sorted
    std::uint32_t matching = 0;                  // name conflict: for us
    std::uint32_t nodes = 0, failures = 0;       // key
    std::vector<KeyCount> keys;                  // list of keys
  };

  // A query that was delivered here and may be answered.
  struct Delivered {
    std::uint64_t handle = 0;  // Ready::Delivery::query_id
    std::uint64_t ltime = 0;
    std::uint32_t id = 0;
    std::uint8_t relay_factor = 0;
    Address origin;
    std::string origin_name;
    Instant deadline;
    bool responded = false;
  };
  // More are not remembered: the oldest can no longer be answered.
  static constexpr std::size_t kMostDelivered = 4096;

  // Somebody waits for a broadcast to be sent often enough, but not for ever.
  struct Waiting {
    enum class For : std::uint8_t { leave_intent, memberlist_leave, force_leave, tags };
    std::uint32_t token = 0;
    For what = For::leave_intent;
    std::uint64_t request = 0;
  };

  struct Snapshot {
    bool leaving = false;     // nothing is recorded any more
    bool tick_armed = false;  // a look at the clock is due
    std::uint64_t clock = 0, event_clock = 0, query_clock = 0;  // as written last
    Instant flushed{INT64_MIN / 2};
    std::size_t size = 0;              // bytes of the file, those in `buffer` included
    std::uint32_t alive = 0;           // nodes that the file says are alive
    std::vector<RecordId> address;     // of those, by PeerId
    Bytes buffer;                      // lines that are not handed out yet
    std::vector<PeerId> rejoin;        // to be tried, the next one last
    bool rejoining = false;
    NodeId rejoined;                   // whom it tried last
  };

  Phase phase = Phase::alive;
  LamportClock clock, event_clock, query_clock;
  EventRing events, queries;
  RecentIntents intents;
  std::vector<Gone> failed, left;
  std::uint32_t members = 0;              // whose status is not none
  SideTable<std::uint64_t> status_ltimes;  // those that do not fit into a Member
  Tags tags;
  KeyRing keys;
  CoordinateClient coordinates;

  MemberCoalescer member_events;
  UserCoalescer user_events;
  CoalesceTimer member_timer, user_timer;
  bool member_flush_armed = false, user_flush_armed = false;

  std::vector<Running> running;  // places are reused
  std::vector<Delivered> delivered;
  Delivered arriving;       // the one that is being handled
  std::uint8_t key_op = 0;  // of the key request that is being started
  std::uint64_t last_handle = 0;

  std::vector<Waiting> waiting;
  std::uint32_t last_token = 0;
  std::uint64_t leave_request = 0;

  struct Join {
    std::uint64_t request = 0;
    bool replay = false;  // events from before it are wanted
  };
  std::vector<Join> joins;  // under way

  // The periodic works tick at start + k * interval, and only while there is something to do.
  Instant started;
  Instant reconnect_base;
  bool reap_armed = false, reconnect_armed = false, reconnecting = false;
  bool queue_check_armed = false;

  Snapshot snapshot;
};

}  // namespace quorumlab::gossip
