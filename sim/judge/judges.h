// The checkers, always on. They look at what the world sees: bytes of packets, of writes and of
// replies; a node's own notes are only used where the judged thing is itself a note (applied). Each
// check costs O(1) for each fact. The first violation is kept, with the record that shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/node/event.h"
#include "sim/trace/record.h"

namespace quorumlab::judge {

// X(name, what it promises, source)
#define QUORUMLAB_CHECKERS(X)                                                                     \
  X(election_safety, "at most one leader in a term", "Raft fig. 3")                               \
  X(vote_safety, "a node grants one vote in a term", "Raft 5.2")                                  \
  X(leader_append_only, "a leader never removes or replaces entries of its log", "Raft fig. 3")   \
  X(log_matching, "logs that agree on an entry agree on all before it", "Raft fig. 3")            \
  X(leader_completeness, "a leader has every committed entry", "Raft fig. 3")                     \
  X(state_machine_safety, "no two nodes apply different entries at an index", "Raft fig. 3")      \
  X(monotonic, "term, commit and applied index never go back", "Raft fig. 2")                     \
  X(durability, "what a node promised or a client was told survives", "Raft fig. 2")              \
  X(read_freshness, "a read sees every write that was answered before it began", "thesis 6.4")    \
  X(exactly_once, "a command of a session takes effect once", "thesis 6.3")                       \
  X(lying_disk_noticed, "a damaged disk is noticed, never believed", "own")

enum class Checker : std::uint8_t {
#define X(name, promise, source) name,
  QUORUMLAB_CHECKERS(X)
#undef X
};
inline constexpr std::size_t kCheckerCount = 0
#define X(name, promise, source) +1
    QUORUMLAB_CHECKERS(X)
#undef X
    ;
std::string_view checker_name(Checker checker);
// Also accepts dashes for underscores.
std::optional<Checker> find_checker(std::string_view name);

struct Violation {
  Checker checker = Checker::election_safety;
  std::int64_t time_ns = 0;
  trace::RecordId record = 0;  // the fact at which it showed
  NodeId node, other;
  std::uint64_t a = 0, b = 0;  // by checker: term, index, ...
};

}  // namespace quorumlab::judge
