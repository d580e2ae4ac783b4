// The replicated state machine: a map from key to value, and the client sessions that make a retried
// command take effect once (thesis 6.3). Deterministic, a value, and fed by committed entries alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/slab_map.h"
#include "core/base/types.h"
#include "core/node/request.h"

namespace quorumlab {

class StateMachine {
 public:
  struct Item {
    std::string value;
    LogIndex modified;  // where it was last written
    bool operator==(const Item&) const = default;
  };
  struct Outcome {
    LogIndex index;          // where the command took effect
    bool duplicate = false;  // it had taken effect before
    bool unknown_session = false;  // the session was forgotten: refused, since a retry could not be told
  };
  // More sessions than this and the one unused for longest is forgotten, on every node alike.
  static constexpr std::size_t kMaxSessions = 10'000;

  void clear();
  // Applies the write or erase that stands at `index`. With `once` off (rule sessions_apply_once)
  // a retry takes effect again.
  Outcome apply(LogIndex index, const Request& command, bool once);
  // Null if the key is not there.
  const Item* find(std::string_view key) const;
  std::size_t size() const { return items_.size(); }
  // All items, ascending by key: entries with `key` and `value`. Valid until the next change.
  auto sorted() const { return items_.sorted(); }

  // The whole state as bytes, the same on every node that applied the same entries; and back.
  void encode(Bytes& out) const;
  [[nodiscard]] bool decode(ByteView bytes);
  bool operator==(const StateMachine&) const = default;

 private:
  struct Done {
    std::uint64_t sequence = 0;
    LogIndex index;
    bool operator==(const Done&) const = default;
  };
  struct Session {
    std::uint64_t forgotten_below = 1;  // sequences before this one were answered and are forgotten
    LogIndex last_used;
    std::vector<Done> done;             // ascending by sequence
    bool operator==(const Session&) const = default;
  };
  void forget_one_session();

  SlabMap<std::string, Item> items_;
  SlabMap<std::uint64_t, Session> sessions_;
  bool forgot_ = false;  // some session was forgotten
};

}  // namespace quorumlab
