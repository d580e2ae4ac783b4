// One server host: its process, clock and disk, and what waits for the process.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/node/node.h"
#include "core/recipes/app.h"
#include "sim/world/clock.h"
#include "sim/world/disk.h"
#include "sim/world/event_queue.h"
#include "sim/world/foreign.h"

namespace quorumlab::world {

struct Process {
  enum class State : std::uint8_t {
    never_started,
    running,
    paused,
    blocked,  // nothing leaves and nothing is received, but timers run on
    killed,  // also one that ended itself: the host is up and refuses connections
    crashed  // the host is down and silent
  };

  NodeId id;
  State state = State::never_started;
  bool behind = false;  // it runs, and is still busy with what waited
  std::variant<Node, ForeignNode, recipes::App> node;
  NodeClock clock;
  Disk disk;
  std::uint32_t life = 0;  // starts so far
  raft::Rules rules;       // of this node, also when it starts again
  gossip::Rules gossip_rules;
  kv::Rules kv_rules;

  // The deadline that the node asked for, on its monotonic clock, and what set it. The queue holds
  // at most one valid entry for it, at queued_ns, which may be too early: then it is put back. A
  // later deadline therefore costs nothing.
  Instant wake_at = kNever;
  trace::RecordId wake_cause = 0;
  std::int64_t due_ns = kNever.ns;  // true time of wake_at
  std::int64_t queued_ns = kNever.ns;
  std::uint32_t wake_generation = 0;

  // What a program said since its start, and what was said to it; each text once.
  std::vector<std::string> said;

  // While paused or blocked: events in order, and how many bytes of packets are among them.
  std::vector<SlotId> waiting;
  std::size_t handled = 0;  // of those in front, while it is behind
  std::uint32_t backlog_generation = 0;
  std::uint64_t waiting_bytes = 0;

  // Says that an event for it comes soon.
  void prefetch() const {
    prefetch_lines(&clock, &disk);
    prefetch_lines(&life, this + 1);
    if (const Node* n = std::get_if<Node>(&node)) n->prefetch();
  }

  // The same for a deadline that is at hand.
  void prefetch_probe() const {
    if (const Node* n = std::get_if<Node>(&node)) n->gossip().prefetch_probe();
  }

  bool up() const {
    return state == State::running || state == State::paused || state == State::blocked;
  }
  // What comes from outside waits.
  bool deaf() const { return state == State::paused || state == State::blocked || behind; }
};

}  // namespace quorumlab::world
