// Cheap checks of the engine on itself, after every step. They state only what no message from
// outside can break: other nodes may run with a rule switched off, and what that leads to is for the
// judges of the simulation to find.
#include "core/base/assert.h"
#include "core/raft/engine.h"

namespace quorumlab::raft {

void Engine::check_invariants() const {
  const LogIndex last = log_.last_index();
  ASSERT(status_.last_index == last, "status() is behind the log");
  ASSERT(status_.durable <= last, "more is durable than the log holds");
  ASSERT(unsaved_ <= last.next(), "entries were written that the log does not hold");
  ASSERT(promises_.empty() || log_writes_open_ != 0 || hard_state_dirty_ || unsaved_ <= last ||
             hard_state_durable(),
         "a promise waits for a write that will never come");
  ASSERT(status_.role != Role::leader || status_.leader == status_.id,
         "a leader believes in another one");
  if (!strict_) return;
  ASSERT(snapshot_.index <= status_.commit || snapshot_.index.value == 0,
         "the snapshot is ahead of the commit index");
  ASSERT(status_.applied <= status_.commit, "more is applied than committed");
  ASSERT(log_.base_index() <= status_.applied, "entries were dropped that are not applied");
}

}  // namespace quorumlab::raft
