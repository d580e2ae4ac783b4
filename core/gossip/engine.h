// The gossip engine: memberlist (SWIM with Lifeguard) and serf on top of it, as one value that is
// told the time and what happened, and answers with what must be done. It never waits, never calls
// back and owns nothing outside itself.
//
//   start, on_packet, on_stream_*, on_deadline   something happened
//   join, leave, user_event, query, ...          the agent's commands
//   deadline()                                   when to call on_deadline at the latest
//
// One .cpp for each concern. memberlist: engine (dispatch, timers), membership (alive, suspect,
// dead), suspicion, probe, gossip (queue and packets), push_pull. serf: members (intents and
// status), events, queries, coalesce, keys, leave, reap, conflict, snapshot.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.h"
#include "core/base/types.h"
#include "core/gossip/config.h"
#include "core/gossip/directory.h"
#include "core/gossip/ready.h"

namespace quorumlab::gossip {

// memberlist's state of a member; the numbers are those on the wire.
enum class State : std::uint8_t { alive = 0, suspect = 1, dead = 2, left = 3, unknown = 255 };
// serf's status of a member; the numbers are those on the wire.
enum class Status : std::uint8_t { none = 0, alive = 1, leaving = 2, left = 3, failed = 4 };
const char* state_name(State state);
const char* status_name(Status status);

// What everything about one step needs: the node's clocks, the names, and where effects go.
struct Turn {
  Now now;
  Directory& names;
  Ready& out;
};

// One member as this node believes it to be. 24 bytes, since ten thousand nodes each hold ten
// thousand of them.
struct Member {
  std::int64_t state_change_ns = 0;  // on this node's monotonic clock
  RecordId record;
  std::uint32_t incarnation = 0;
  std::uint32_t status_ltime = 0;    // Lamport time of the last intent; UINT32_MAX: in a side table
  State state = State::unknown;
  Status status = Status::none;
};

class Engine {
 public:
  Engine() = default;
  Engine(const Config& config, const Random& random) { reset(config, random); }
  // The same, keeping every buffer.
  void reset(const Config& config, const Random& random);

  // `snapshot` is what the disk kept of the snapshot file; empty on a first start.
  void start(const Turn& turn, ByteView snapshot);
  void on_packet(const Turn& turn, NodeId source, ByteView bytes);
  void on_stream_opened(const Turn& turn, std::uint64_t id, NodeId peer, bool by_us);
  void on_stream_refused(const Turn& turn, std::uint64_t id);
  void on_stream_bytes(const Turn& turn, std::uint64_t id, ByteView bytes);
  void on_stream_closed(const Turn& turn, std::uint64_t id);
  void on_deadline(const Turn& turn);
  Instant deadline() const;

  // The agent's commands. Answers come as Ready::answers with this request number, at once or later.
  void join(const Turn& turn, std::uint64_t request, std::span<const NodeId> hosts, bool replay);
  void leave(const Turn& turn, std::uint64_t request);
  void force_leave(const Turn& turn, std::uint64_t request, std::string_view name, bool prune);
  void set_tags(const Turn& turn, std::uint64_t request, const Tags& set,
                std::span<const std::string> erase);
  void user_event(const Turn& turn, std::uint64_t request, std::string_view name,
                  ByteView payload, bool coalesce);
  struct QueryParams {
    std::string_view name;
    ByteView payload;
    std::span<const std::string> nodes;                 // filter; empty: everybody
    std::span<const std::pair<std::string, std::string>> tags;  // name and regular expression
    bool want_ack = false;
    std::uint8_t relay_factor = 0;
    Duration timeout;  // 0: the default, from the number of members
  };
  void query(const Turn& turn, std::uint64_t request, const QueryParams& params);
  // A handler's answer to a query that was delivered to it.
  void respond(const Turn& turn, std::uint64_t query_id, ByteView payload);
  enum class KeyOp : std::uint8_t { install, use, remove, list };
  void key(const Turn& turn, std::uint64_t request, KeyOp op, ByteView key);
  void forget_request(std::uint64_t request);

  void set_rule(Rule rule, bool on) { config_.rules.set(rule, on); }

  // Views.
  const Config& config() const { return config_; }
  // Everybody this node has heard of and not forgotten, in probe order.
  std::span<const PeerId> members() const { return order_; }
  const Member& member(PeerId id) const;  // state unknown for strangers
  std::uint32_t awareness() const { return awareness_; }
  std::uint32_t incarnation() const { return incarnation_; }

 private:
  Config config_;
  Random random_;
  std::vector<Member> table_;  // by PeerId
  std::vector<PeerId> order_;
  std::uint32_t awareness_ = 0;
  std::uint32_t incarnation_ = 0;
};

}  // namespace quorumlab::gossip
