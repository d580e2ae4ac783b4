// Sessions, which make a command that is sent again take effect once (thesis 6.3; core/node's state
// machine keeps them the same way): who asked, what he asked, and what he was told. Replicated.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/slab_map.h"
#include "core/base/types.h"
#include "core/kv/command.h"

namespace quorumlab::kv {

class Sessions {
 public:
  // More sessions than this and the one unused for longest is forgotten, on every node alike.
  static constexpr std::size_t kMaxSessions = 10'000;
  enum class Verdict : std::uint8_t {
    first,             // do it, then keep() what came out
    again,             // it was done; answer() is what came out
    answer_forgotten,  // it was done, and the client has said that it knows what came out
    unknown            // the session was forgotten: whether it was done cannot be told
  };

  void clear();
  // REQUIRES: the command has a session.
  Verdict begin(const Command& command, LogIndex index);
  // What came out of the command that begin() called the first; encoded by the caller.
  void keep(const Command& command, ByteView answer);
  ByteView answer() const { return {answer_.data(), answer_.size()}; }
  std::size_t size() const { return sessions_.size(); }

  void encode(Bytes& out) const;
  [[nodiscard]] bool decode(ByteReader& r);
  bool same_state(const Sessions& other) const;

 private:
  struct Done {
    std::uint64_t sequence = 0;
    Bytes answer;
    bool operator==(const Done&) const = default;
  };
  struct Session {
    std::uint64_t forgotten_below = 1;
    LogIndex last_used;
    std::vector<Done> done;  // ascending by sequence
    bool operator==(const Session&) const = default;
  };
  void forget_one();

  SlabMap<std::uint64_t, Session> sessions_;
  bool forgot_ = false;
  Bytes answer_;
};

}  // namespace quorumlab::kv
