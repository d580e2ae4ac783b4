// Everything that anybody can do to a running world, as data: scenarios, fuzzer, shrinker, live views
// and Python all say it this way, and Simulation::inject is the one door. An action is recorded in
// the trace with its targets resolved, and can be replayed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/base/types.h"
#include "core/gossip/rules.h"
#include "core/kv/rules.h"
#include "core/node/agent.h"
#include "core/raft/rules.h"

namespace quorumlab::world {

// The order is part of the trace format.
enum class Verb : std::uint8_t {
  kill,       // nodes: the process ends; the page cache survives; connections are refused
  crash,      // nodes: power is lost; unsynced writes are gone (perhaps torn); the network is silent
  restart,    // nodes: starts again with what the disk kept
  pause,      // nodes: SIGSTOP: nothing runs, buffers fill
  resume,     // nodes: SIGCONT: what waited is handled in order, late
  wipe,       // nodes: its files are removed (the process must be down)
  partition,  // groups: no traffic between different groups; hosts not named stay connected to all
  cut,        // groups[0] -> groups[1]: one way
  heal,       // all partitions and cuts end (groups empty), or those between the groups named
  link,       // groups[0] -> groups[1] (empty: every link): `link` from now on
  clog,       // groups[0] -> groups[1]: packets are held
  unclog,     // what was held is delivered, in order
  disk,       // nodes: `disk` from now on
  stall,      // nodes: no write completes for `duration`
  rot,        // nodes: flips `count` bits in file `file`, of what is durable
  clock,      // nodes: `clock` from now on
  set_rule,   // nodes (empty: all): `rule`, `on`
  write,      // client: `key` := `value`
  read,       // client: `key`, `mode`
  erase,      // client: `key`
  add,        // client asks: nodes become voters (or learners with `learner`), by `joint` or one by one
  remove,     // client asks: nodes leave the configuration
  promote,    // client asks: learners become voters
  change,     // client asks: joint change, `nodes` added and `groups[0]` removed at once
  transfer,   // client asks: leadership moves to nodes[0]
  drop_message,      // the message named by (groups[0][0], groups[1][0], kind, ordinal)
  duplicate_message, // the same
  delay_message,     // the same, by `duration`
  // Commands to the serf agents of `nodes`, given on the host itself (core/node/agent.h).
  agent,             // nodes: `agent`
  http,              // client asks `to` over HTTP: `request`; waits for the whole answer; `on`: follows redirects
  block,      // nodes (servers): sends block and nothing is received, while timers run on
  unblock     // nodes: what was to be sent leaves, then what waited is handled in order
};

// Whether a client asks for it, and is answered.
constexpr bool is_operation(Verb verb) {
  return (verb >= Verb::write && verb <= Verb::transfer) || verb == Verb::agent || verb == Verb::http;
}
inline constexpr int kVerbCount = 32;

// How long something takes; all integers, so that every machine draws the same.
struct Latency {
  enum class Kind : std::uint8_t {
    constant,     // a
    uniform,      // [a, b]
    exponential,  // at least a, then exponential with mean b beyond it
    heavy_tail,   // Pareto: at least a, tail index 1.5 scaled so that the median is b; at most 1,000 b
    measured      // quantiles in `table`, linear between them
  };
  Kind kind = Kind::uniform;
  Duration a = milliseconds(5);
  Duration b = milliseconds(15);
  std::uint32_t table = 0;  // number of a table of the cluster's configuration
  bool operator==(const Latency&) const = default;
};

struct LinkSettings {
  Latency latency;
  Probability loss, duplicate, corrupt;
  Probability reorder;                // a packet hit takes an extra uniform [0, reorder_by]
  Duration reorder_by = milliseconds(20);
  std::uint64_t bandwidth = 0;        // bytes a second; 0: no limit
  bool operator==(const LinkSettings&) const = default;
};

struct DiskSettings {
  Latency latency{Latency::Kind::uniform, microseconds(500), milliseconds(2), 0};
  Probability failure;      // of a write: WriteFailed
  bool full = false;        // every write fails
  bool lying = false;       // says durable at once and keeps it in a cache that a crash loses
  bool torn = true;         // a crash may leave a part of the write that was under way
  bool operator==(const DiskSettings&) const = default;
};

// What changes of a node's clocks. Drift and freeze act on both, offset and step on wall only.
struct ClockSettings {
  Duration wall_offset;             // set to
  Duration wall_step;               // jump by, once
  std::int64_t drift_ppb = 0;       // 10^9 ppb: twice as fast
  bool frozen = false;
  bool operator==(const ClockSettings&) const = default;
};

enum class ReadKind : std::uint8_t { linearizable, stale };

// What an act of any verb may read.
struct PlainAction {
  Verb verb = Verb::heal;
  std::vector<NodeId> nodes;
  std::vector<std::vector<NodeId>> groups;
  LinkSettings link;
  DiskSettings disk;
  ClockSettings clock;
  Duration duration;
  raft::Rule rule = raft::Rule::one_vote_per_term;
  std::optional<gossip::Rule> gossip_rule;  // set_rule: this one in place of `rule`
  std::optional<kv::Rule> kv_rule;          // set_rule: or this one
  bool on = true;
  bool learner = false;
  bool joint = false;
  std::uint8_t file = 0;
  std::uint8_t kind = 0;
  ReadKind mode = ReadKind::linearizable;
  std::uint64_t ordinal = 0;
  std::uint64_t count = 1;
  NodeId client;       // who asks; nobody: the first client
  NodeId to;           // which node is asked; nobody: the client chooses
  Duration timeout;    // of the operation; 0: the cluster's default
  std::string key, value;
};

struct Action : PlainAction {
  AgentCommand agent;  // agent
  Bytes request;       // http: an encoded kv::HttpRequest
};

}  // namespace quorumlab::world
