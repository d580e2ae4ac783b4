// What one seed of a campaign is made of: a cluster with settings drawn at random, a random subset
// of fault kinds with a rate for each (swarm testing: what is left out matters as much as what is
// in), and what clients ask for. A function of the seed and the options alone.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/world/simulation.h"

namespace quorumlab::chaos {

// X(name, beyond Raft's model, what it does)
#define QUORUMLAB_FAULTS(X)                                               \
  X(kill, false, "a process ends and comes back")                         \
  X(crash, false, "the power fails and comes back")                       \
  X(pause, false, "a process stands still for a while")                   \
  X(partition, false, "the network falls into sides, a bridge or a ring") \
  X(one_way, false, "nothing gets through one way")                       \
  X(flaky_links, false, "packets are lost, doubled, reordered, damaged")  \
  X(slow_links, false, "packets take long")                               \
  X(clog, false, "packets are held back and released")                    \
  X(slow_disk, false, "writes take long")                                 \
  X(stall, false, "no write completes for a while")                       \
  X(failing_disk, false, "writes fail, or the disk is full")              \
  X(wall_clock, false, "a wall clock jumps")                              \
  X(drift, false, "clocks run apart, within what leases allow")           \
  X(wipe, true, "a node loses its disk and comes back")                   \
  X(lying_disk, true, "a disk says durable and forgets")                  \
  X(rot, true, "bits flip on a disk")                                     \
  X(wild_clock, true, "clocks run apart by more than leases allow, or freeze") \
  X(hang, false, "a process hangs in its sends for a while, while its timers run")

enum class FaultKind : std::uint8_t {
#define X(name, beyond, what) name,
  QUORUMLAB_FAULTS(X)
#undef X
};
inline constexpr std::size_t kFaultCount = 0
#define X(name, beyond, what) +1
    QUORUMLAB_FAULTS(X)
#undef X
    ;
std::string_view fault_name(FaultKind kind);
std::optional<FaultKind> find_fault(std::string_view name);
bool is_beyond_model(FaultKind kind);

// What runs on the nodes.
enum class System : std::uint8_t {
  raft,  // the engine with its map
  etcd,  // the engine with the store, programs on hosts of their own, requests over HTTP
  serf,  // agents that gossip, without Raft, and commands to them
  own    // a protocol of the user's own (Options::base brings it); clients write and read keys
};

// Of a protocol that the user brings.
struct Own {
  Duration pace = milliseconds(300);  // how fast it does things: its timeouts, say
  bool draws = true;                  // links, disks and clients are drawn, else they are the base's
  bool retries = true;                // clients ask again where no answer comes, others
  bool progress = true;               // once all is healed, a write and a read must be answered
  std::vector<FaultKind> only;        // no other faults, and these in every seed; empty: any
};

struct Options {
  System system = System::raft;
  // Take cluster and settings from here instead of drawing them.
  std::optional<world::ClusterConfig> base;
  std::vector<raft::Rule> rules_off;
  std::vector<kv::Rule> kv_rules_off;
  std::vector<gossip::Rule> gossip_rules_off;
  // Faults beyond the model, wanted in every seed: then detection is asked for, not survival.
  std::vector<FaultKind> beyond;
  Own own;
  // Bits of judge::Checker whose violations do not end a seed: tests of one checker ignore the others.
  std::uint32_t ignored_checkers = 0;
};

struct Profile {
  System system = System::raft;
  world::ClusterConfig cluster;
  Duration chaos;   // how long faults go on
  Duration settle;  // by then, all that was slow before the healing is over
  Duration bound;   // how long a healed cluster may take to make progress; serf: to agree
  struct Fault {
    bool on = false;
    Duration every;        // on average
    Duration least, most;  // how long one lasts
  };
  std::array<Fault, kFaultCount> faults;
  Duration operation_every;      // on average, over all clients
  std::uint64_t membership = 0;  // of a hundred operations, how many change who is in the cluster
  bool transfers = false;
  std::uint64_t keys = 4;
  bool asks_beyond = false;  // some fault beyond the model is on
  // etcd: how often a client sends a single request in place of one that it repeats, of a hundred.
  std::uint64_t requests = 0;
};

Profile draw_profile(std::uint64_t seed, const Options& options);
// The part of it that makes the nodes etcd servers and gives them programs (profile_etcd.cpp).
void draw_etcd(std::uint64_t seed, const Options& options, Profile& profile);
// The part that makes them serf agents and nothing else (profile_serf.cpp).
void draw_serf(std::uint64_t seed, const Options& options, Profile& profile);
// The part that is made for a protocol of the user's own (profile_own.cpp).
void draw_own(std::uint64_t seed, const Options& options, Profile& profile);

}  // namespace quorumlab::chaos
