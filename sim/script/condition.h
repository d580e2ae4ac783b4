// What can be asked of a running world: the conditions of wait_until, expect and finally. Asking
// changes nothing and costs little: a look at each node.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sim/script/selector.h"

namespace quorumlab::script {

struct Condition {
  enum class Kind : std::uint8_t {
    leader_exists, leader_none, leader_is, leader_not, quorum_available, quorum_unavailable,
    outcome,            // of an operation of kind `operation`
    read_value, term, role, knows_leader, committed, applied, running, down, members, caught_up,
    snapshot_installed, refused_to_start, elections, campaigns,
    // of serf
    acks, responses, seen, sees, delivered, coordinates,
    // of etcd and programs
    answer, app_holds, app_holds_nothing, app_follows, app_said
  };
  enum class Operation : std::uint8_t { write, read, erase, change, command, http };
  enum class Part : std::uint8_t { pending, status, action, key, value, previous, error, contains };
  enum class Role : std::uint8_t { follower, pre_candidate, candidate, leader, down, paused };

  Kind kind = Kind::leader_exists;
  Operation operation = Operation::write;
  world::Operation::Outcome outcome = world::Operation::Outcome::accepted;
  Targets who;
  Targets whom;                       // knows_leader
  Role role = Role::follower;
  Part part = Part::status;           // answer
  std::string key, value;             // committed, applied; read_value
  std::uint64_t least = 0, most = UINT64_MAX;
  bool voters_given = false, learners_given = false, joint_given = false, joint = false;
  std::vector<NodeId> voters, learners;
  gossip::Status status = gossip::Status::alive;  // seen, sees; none: unknown to it
  std::string words;                  // as the file says it: "leader: exists"
  int line = 0;

  // Whether it speaks of how an operation ended.
  bool about_operation() const {
    return kind == Kind::outcome || kind == Kind::read_value || kind == Kind::acks ||
           kind == Kind::responses || (kind == Kind::answer && part != Part::pending);
  }
};
using Conditions = std::vector<Condition>;

// The operations that conditions speak of, by kind: those of the step, else the last ones.
struct Spoken {
  std::vector<std::uint64_t> of[6];
  std::vector<std::pair<std::string, std::uint64_t>> named;  // requests over HTTP that have a name
};

// Answers whether the condition holds now.
bool holds(const world::Simulation& sim, const Condition& condition, const Memory& memory, const Spoken& spoken);
bool hold(const world::Simulation& sim, const Conditions& conditions, const Memory& memory, const Spoken& spoken);
// The same of what serf's agents believe and do (condition_serf.cpp).
bool serf_holds(const world::Simulation& sim, const Condition& condition, const Memory& memory,
                const Spoken& spoken);
std::string serf_instead(const world::Simulation& sim, const Condition& condition, const Memory& memory,
                         const Spoken& spoken);
// The same of answers and programs (condition_etcd.cpp).
bool etcd_holds(const world::Simulation& sim, const Condition& condition, const Memory& memory,
                const Spoken& spoken);
std::string etcd_instead(const world::Simulation& sim, const Condition& condition, const Memory& memory,
                         const Spoken& spoken);
// What `observer`, whose agent runs, takes the member of this host's name for.
gossip::Status believed(const world::Simulation& sim, NodeId observer, NodeId member);
// What `serf members` prints on this host, one member a line, by name (serf.md 8.1).
std::string serf_members(const world::Simulation& sim, NodeId node);
// What is the case instead, for messages: "the write timed out".
std::string instead(const world::Simulation& sim, const Condition& condition, const Memory& memory,
                    const Spoken& spoken);

struct Quorum {
  bool available = false;
  std::uint32_t have = 0;    // the largest group of voters that run and reach each other
  std::uint32_t need = 0;    // of the smaller half, in a joint configuration
  std::uint32_t voters = 0;
};
Quorum quorum(const world::Simulation& sim);
// A node that runs, unpaused, leads in the highest term of all running nodes, and a majority of the
// voters runs and knows it.
bool leader_established(const world::Simulation& sim, NodeId node);

std::string_view outcome_word(world::Operation::Outcome outcome);

}  // namespace quorumlab::script
