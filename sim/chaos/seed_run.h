// One seed of a campaign: faults and operations for a while, then a healed cluster that must make
// progress. Every act is written down with its time, so that the run can be left as a scenario.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/chaos/nemesis.h"
#include "sim/chaos/profile.h"
#include "sim/chaos/workload.h"
#include "sim/world/simulation.h"

namespace quorumlab::chaos {

// What was done in a run, in order.
struct Happening {
  enum class Kind : std::uint8_t {
    act,    // `action` was given at `at`
    stuck,  // at `at` a cluster that should have a leader and take writes did not
    late,   // at `at` something was overdue that a calm cluster should have done
    end     // the run was over at `at`
  };
  Kind kind = Kind::act;
  Instant at;
  world::Action action;
};

// X(name, what did not happen)
#define QUORUMLAB_DRILLS(X)                                                             \
  X(catching_up, "not every member had all that is committed")                          \
  X(read_elsewhere, "a read through a follower was not answered")                       \
  X(write_elsewhere, "a write through a follower was not answered")                     \
  X(transfer, "leadership did not move to whom it was handed")                          \
  X(removal, "a voter was not removed")                                                 \
  X(learner, "a newcomer did not come to learn all that is committed")                  \
  X(promotion, "a learner did not become a voter")                                      \
  X(joint, "a joint change was not entered and left")                                   \
  X(step_down, "a leader that nobody hears did not step down")                          \
  X(succession, "nobody took the place of a leader that is cut off")                    \
  X(rejoining, "a deposed leader that is back did not follow")                          \
  X(dead_heir, "no write was taken after leadership was to go to somebody who is down") \
  X(lease, "reads by lease while others look for another leader")                       \
  X(convergence, "at the end not every member had all that is committed")               \
  X(same_store, "two members made different stores of the same log")                    \
  X(holder, "nobody came to hold a key that programs want")                             \
  X(follower, "a program did not find out who holds the key")

enum class Drill : std::uint8_t {
#define X(name, what) name,
  QUORUMLAB_DRILLS(X)
#undef X
};
inline constexpr std::size_t kDrillCount = 0
#define X(name, what) +1
    QUORUMLAB_DRILLS(X)
#undef X
    ;
std::string_view drill_name(Drill drill);
std::string_view drill_words(Drill drill);

// Whether campaigns on this system do it.
bool is_drilled(Drill drill, System system);

struct SeedResult {
  enum class Verdict : std::uint8_t {
    held,
    violated,     // a checker tripped
    no_progress,  // the healed cluster stood still
    ran_away,     // far more events than such a run can need
    detected,     // faults beyond the model were asked for, and were noticed
    interrupted
  };
  std::uint64_t seed = 0;
  Verdict verdict = Verdict::held;
  std::string reason;  // of a failure, in words
  std::optional<judge::Violation> violation;
  std::uint64_t digest = 0;
  std::uint64_t events = 0;
  Instant end;
  std::array<std::uint64_t, kFaultCount> fired{};
  std::array<std::uint64_t, judge::kCheckerCount> checks{};
  std::array<std::uint64_t, kDrillCount> drills{};  // done
  judge::Reached reached;
  // By world::Operation::Outcome.
  std::array<std::uint64_t, 5> operations{};
  bool undecided = false;  // the search for an order of the clients' operations was given up
  std::uint64_t leaders = 0, snapshots_installed = 0, configs_applied = 0, restarts = 0,
                refused_to_start = 0, packets_lost = 0, packets_corrupt = 0, writes_lost = 0;
  bool failed() const {
    return verdict == Verdict::violated || verdict == Verdict::no_progress ||
           verdict == Verdict::ran_away;
  }
};

// Looks on while a seed runs, and may find something wrong.
struct Onlooker {
  virtual ~Onlooker() = default;
  // After each event: why the run fails here, empty: it does not.
  virtual std::string after_event(const world::Simulation& sim) = 0;
};

// A node that leads with a majority behind it, or nobody. Terms of others do not matter: a server
// that was removed and does not know it may climb through them for ever.
NodeId followed_leader(const world::Simulation& sim);

class SeedRun {
 public:
  explicit SeedRun(const Options& options) : options_(options) {}
  // Resets `sim` and runs. `stop` set by somebody else ends it early.
  void run(world::Simulation& sim, std::uint64_t seed, bool keep_trace,
           const std::atomic<bool>* stop, SeedResult& result);
  // Printed if an assertion fails during a run.
  void set_context(std::string text) { context_ = std::move(text); }
  // Null: nobody. It outlives the runs.
  void set_onlooker(Onlooker* onlooker) { onlooker_ = onlooker; }
  // Of the last run.
  const std::vector<Happening>& happenings() const { return happenings_; }
  const Profile& profile() const { return profile_; }

 private:
  bool advance(Instant until);
  void give(world::Action action);
  bool over();
  void chaos();
  bool progress(const char* after);
  bool own_progress();
  void read_all_keys();
  bool await_last_operation();
  void heal();
  // drill.cpp
  void drill();
  void drill_membership(Lots& lots);
  void drill_isolation();
  void drill_dead_heir(Lots& lots);
  void drill_lease(Lots& lots);
  // drill_etcd.cpp
  void drill_etcd();
  bool same_stores();
  std::vector<NodeId> voters_but(NodeId leader) const;
  bool drilled(Drill drill, bool done);
  template <class Make, class So>
  bool insist(Drill drill, Make make, So so, bool answer_counts);
  enum class Place : std::uint8_t { stranger, learner, voter };
  bool change_member(Drill drill, const world::Action& action, NodeId node, Place place);
  const raft::ConfState* conf_in_force() const;
  bool all_caught_up() const;

  // Until `done` holds or the time has come; whether it held.
  template <class Done>
  bool wait(Instant until, Done done);
  void fail(SeedResult::Verdict verdict, std::string reason);

  const Options& options_;
  Profile profile_;
  Nemesis nemesis_;
  Workload workload_;
  std::vector<Happening> happenings_;
  std::vector<world::Action> actions_;
  world::Simulation* sim_ = nullptr;
  SeedResult* result_ = nullptr;
  const std::atomic<bool>* stop_ = nullptr;
  std::uint64_t countdown_ = 0;
  std::uint64_t operation_ = 0;
  std::string context_;
  Onlooker* onlooker_ = nullptr;
  bool ended_ = false;
};

template <class Done>
bool SeedRun::wait(Instant until, Done done) {
  while (!done()) {
    const Instant next = sim_->next_event();
    if (next == kNever) return false;
    if (next > until) {
      advance(until);
      return !ended_ && done();
    }
    if (!advance(next)) return false;
  }
  return true;
}

// Asks until it is accepted, and then `so` holds, or the time is over. Not at all where it is so
// already, unless the answer is what counts.
template <class Make, class So>
bool SeedRun::insist(Drill drill, Make make, So so, bool answer_counts) {
  const Instant end = sim_->now() + profile_.bound;
  bool done = false;
  while (!done && !ended_ && sim_->now() < end) {
    if (!wait(end, [&] { return followed_leader(*sim_).value != 0; })) break;
    done = !answer_counts && so();
    if (done) break;
    world::Action action = make();
    action.timeout = profile_.bound / 4;
    give(std::move(action));
    if (ended_) return false;
    const std::uint64_t id = operation_;
    wait(kNever - nanoseconds(1),
         [&] { return sim_->operation(id).outcome != world::Operation::Outcome::pending; });
    if (ended_) return false;
    const world::Operation::Outcome outcome = sim_->operation(id).outcome;
    const bool accepted =
        outcome == world::Operation::Outcome::accepted || outcome == world::Operation::Outcome::not_found;
    const Instant soon = std::min(end, sim_->now() + profile_.settle / 4);
    if (accepted) done = wait(soon, so);
    if (!done && !ended_ && !advance(sim_->now() + profile_.bound / 100)) return false;
  }
  return drilled(drill, done);
}

std::string_view verdict_name(SeedResult::Verdict verdict);
// "election_safety: at most one leader in a term. n2 and n3, term 5, at 1.25 s".
std::string violation_words(const judge::Violation& violation,
                            const std::vector<std::string>& names);

}  // namespace quorumlab::chaos
