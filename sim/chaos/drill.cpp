// The calm drill. What an engine owes only while nothing is broken no safety checker can miss: a
// read through a follower that is never answered, a transfer that never ends, a change of
// membership that is never taken. So at the end of a seed, with everything healed, one of each is
// asked for and has to be done in time.
#include <fmt/format.h>

#include <algorithm>

#include "sim/chaos/seed_run.h"
#include "sim/script/quantity.h"

namespace quorumlab::chaos {

using world::Action;
using world::Operation;
using world::Verb;

namespace {

constexpr std::uint64_t kDrill = 3100;  // purpose of draws

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

}  // namespace

std::string_view drill_name(Drill drill) {
  switch (drill) {
#define X(name, what) \
  case Drill::name:   \
    return #name;
    QUORUMLAB_DRILLS(X)
#undef X
  }
  return "unknown";
}

std::string_view drill_words(Drill drill) {
  switch (drill) {
#define X(name, what) \
  case Drill::name:   \
    return what;
    QUORUMLAB_DRILLS(X)
#undef X
  }
  return "";
}

const raft::ConfState* SeedRun::conf_in_force() const {
  const NodeId leader = followed_leader(*sim_);
  return leader ? &sim_->node(leader).raft().conf() : nullptr;
}

// Whoever is a member, and up, has applied all that the leader has.
bool SeedRun::all_caught_up() const {
  const NodeId leader = followed_leader(*sim_);
  if (!leader) return false;
  const raft::Status& first = sim_->node(leader).status();
  if (first.applied != first.last_index) return false;
  const raft::ConfState& conf = sim_->node(leader).raft().conf();
  for (std::uint32_t id = 1; id <= sim_->node_count(); ++id) {
    const NodeId node{id};
    const bool member = contains(conf.voters, node) || contains(conf.voters_outgoing, node) ||
                        contains(conf.learners, node) || contains(conf.learners_next, node);
    if (!member || !sim_->is_running(node)) continue;
    if (sim_->node(node).status().applied < first.applied) return false;
  }
  return true;
}

bool SeedRun::drilled(Drill drill, bool done) {
  if (ended_) return false;
  if (done) {
    ++result_->drills[static_cast<std::size_t>(drill)];
    return true;
  }
  happenings_.push_back({Happening::Kind::late, sim_->now(), {}});
  fail(SeedResult::Verdict::no_progress,
       fmt::format("with everything healed and calm, within {}: {} ({})",
                   script::to_text(profile_.bound), drill_words(drill), drill_name(drill)));
  return false;
}

// What is asked is about one node: a client's request from before may still change another.
bool SeedRun::change_member(Drill drill, const Action& action, NodeId node, Place place) {
  const auto so = [&] {
    const raft::ConfState* conf = conf_in_force();
    if (conf == nullptr || !conf->voters_outgoing.empty()) return false;
    const Place is = contains(conf->voters, node)     ? Place::voter
                     : contains(conf->learners, node) ? Place::learner
                                                      : Place::stranger;
    return is == place && all_caught_up();
  };
  return insist(
      drill, [&] { return action; }, so, false);
}

// One that is no member learns, votes, and takes the place of another; or there and back again.
void SeedRun::drill_membership(Lots& lots) {
  const raft::ConfState* conf = conf_in_force();
  if (conf == nullptr) return;
  std::vector<NodeId> voters = conf->voters;
  const std::vector<NodeId> learners = conf->learners;
  NodeId newcomer, other;
  for (std::uint32_t id = 1; id <= sim_->node_count(); ++id) {
    if (!sim_->is_running({id})) return;  // none may be missed
    if (contains(voters, {id})) {
      if (!other || lots.percent(40)) other = {id};
    } else if (!contains(learners, {id})) {
      newcomer = {id};
    }
  }
  Action action;
  if (!newcomer) {
    if (voters.size() < 2) return;
    newcomer = other;
    std::erase(voters, newcomer);
    action.verb = Verb::remove;
    action.nodes = {newcomer};
    if (!change_member(Drill::removal, action, newcomer, Place::stranger)) return;
    other = voters[static_cast<std::size_t>(lots.below(voters.size()))];
  }
  action.verb = Verb::add;
  action.nodes = {newcomer};
  action.learner = true;
  if (!change_member(Drill::learner, action, newcomer, Place::learner)) return;
  voters.push_back(newcomer);
  action.verb = Verb::promote;
  action.learner = false;
  if (!change_member(Drill::promotion, action, newcomer, Place::voter)) return;
  if (voters.size() < 2 || other == newcomer) return;
  // By joint consensus another one leaves, and is shut down: it would go on asking for votes.
  action.verb = Verb::change;
  action.joint = true;
  action.nodes = {};
  action.groups = {{other}};
  if (!change_member(Drill::joint, action, other, Place::stranger)) return;
  Action kill;
  kill.verb = Verb::kill;
  kill.nodes = {other};
  give(std::move(kill));
}

// Nobody hears the leader: it steps down by itself, and the others find another one.
void SeedRun::drill_isolation() {
  const NodeId leader = followed_leader(*sim_);
  const raft::ConfState* conf = conf_in_force();
  if (conf == nullptr || !profile_.cluster.node.raft.check_quorum || conf->voters.size() < 3)
    return;
  for (const NodeId voter : conf->voters) {
    if (!sim_->is_running(voter)) return;
  }
  Action cut;
  cut.verb = Verb::partition;
  cut.groups = {{leader}, {}};
  for (std::uint32_t id = 1; id <= sim_->node_count(); ++id) {
    if (NodeId{id} != leader) cut.groups[1].push_back({id});
  }
  give(std::move(cut));
  if (ended_) return;
  const Instant end = sim_->now() + profile_.settle / 4;
  const bool stepped_down = wait(end, [&] {
    return !sim_->is_running(leader) || sim_->node(leader).status().role != raft::Role::leader;
  });
  if (!drilled(Drill::step_down, stepped_down)) return;
  const bool another = wait(sim_->now() + profile_.bound, [&] {
    const NodeId next = followed_leader(*sim_);
    return next && next != leader;
  });
  if (!drilled(Drill::succession, another)) return;
  give(Action{});
  if (ended_) return;
  drilled(Drill::rejoining, wait(sim_->now() + profile_.bound, [&] { return all_caught_up(); }));
}

// Leadership is to go to somebody who is down: the leader gives it up in time, and leads on.
void SeedRun::drill_dead_heir(Lots& lots) {
  const NodeId leader = followed_leader(*sim_);
  const std::vector<NodeId> others = voters_but(leader);
  if (others.size() < 2) return;
  Action action;
  action.verb = Verb::kill;
  action.nodes = {others[static_cast<std::size_t>(lots.below(others.size()))]};
  give(action);
  action.verb = Verb::transfer;
  action.to = leader;
  if (!ended_) give(action);
  if (!ended_) advance(sim_->now() + profile_.settle / 20);
  const auto write = [&] { return workload_.final_write({}); };
  if (ended_ || !insist(
                    Drill::dead_heir, write, [] { return true; }, true))
    return;
  action = {};
  action.verb = Verb::restart;
  action.nodes = {others.front()};
  for (std::uint32_t id = 1; id <= sim_->node_count(); ++id) {
    if (!sim_->is_running({id})) action.nodes = {{id}};
  }
  give(action);
}

// All voters but this one; none unless every voter runs, and is one for good.
std::vector<NodeId> SeedRun::voters_but(NodeId leader) const {
  const raft::ConfState* conf = conf_in_force();
  if (conf == nullptr || !leader || !conf->voters_outgoing.empty()) return {};
  std::vector<NodeId> others = conf->voters;
  for (const NodeId node : others) {
    if (!sim_->is_running(node)) return {};
  }
  std::erase(others, leader);
  return others;
}

// Reads by lease while others do all they may to find another leader within the lease: one that is
// cut off from the leader alone asks for votes, voters restart, leadership is handed over behind
// the leader's back, clocks run apart as far as the bound allows. The judges say whether any read
// was answered by a leader that had a successor.
void SeedRun::drill_lease(Lots& lots) {
  const raft::Config& raft = profile_.cluster.node.raft;
  if (raft.read_mode != raft::ReadMode::lease) return;
  const NodeId leader = followed_leader(*sim_);
  const std::vector<NodeId> others = voters_but(leader);
  if (others.size() < 2 || !all_caught_up()) return;
  const Duration pace = profile_.settle / 20;
  const Duration half = pace / 2;
  const NodeId rival = others[static_cast<std::size_t>(lots.below(others.size()))];
  Action act;
  const auto all_others = [&] {
    std::vector<NodeId> all;
    for (std::uint32_t id = 1; id <= sim_->node_count(); ++id) {
      if (NodeId{id} != leader) all.push_back({id});
    }
    return all;
  };
  const auto read_for = [&](Duration time, int times) {
    for (int i = 0; i < times && !ended_; ++i) {
      Action read = workload_.final_read(half);
      read.to = leader;
      give(std::move(read));
      if (!ended_) advance(sim_->now() + time / times);
    }
  };
  const std::uint64_t way = lots.below(4);
  if (way == 0) {  // the rival hears everybody but the leader
    act.verb = Verb::cut;
    act.groups = {{leader}, {rival}};
    give(act);
    read_for(pace * 3, 30);
  } else if (way == 1) {  // the leader hears nobody, and hands over
    act.verb = Verb::cut;
    act.groups = {all_others(), {leader}};
    give(act);
    act = {};
    act.verb = Verb::transfer;
    act.nodes = {rival};
    act.to = leader;
    if (!ended_) give(act);
    read_for(pace, 24);
  } else {
    if (way == 2) {  // the leader's clock is slow, theirs are fast
      const std::int64_t most = static_cast<std::int64_t>(raft.clock_drift_ppm) * 490;
      for (std::uint32_t id = 1; id <= sim_->node_count() && !ended_; ++id) {
        act = {};
        act.verb = Verb::clock;
        act.nodes = {NodeId{id}};
        act.clock.drift_ppb = NodeId{id} == leader ? -most : most;
        give(act);
      }
      if (!ended_) advance(sim_->now() + half);
    } else {  // the rival's timer runs ahead, the voters have just restarted
      act.verb = Verb::cut;
      act.groups = {{leader}, {rival}};
      give(act);
      if (!ended_) advance(sim_->now() + raft.timeouts.election_min - Duration{half.ns / 4});
      for (const NodeId voter : others) {
        if (voter == rival) continue;
        for (const Verb verb : {Verb::kill, Verb::restart}) {
          act = {};
          act.verb = verb;
          act.nodes = {voter};
          if (!ended_) give(act);
        }
      }
    }
    act = {};
    act.verb = Verb::cut;
    act.groups = {{leader}, all_others()};
    if (!ended_) give(act);
    act.groups = {all_others(), {leader}};
    if (!ended_) give(act);
    read_for(pace * 2, 40);
  }
  if (ended_) return;
  give(Action{});
  for (std::uint32_t id = 1; way == 2 && id <= sim_->node_count() && !ended_; ++id) {
    act = {};
    act.verb = Verb::clock;
    act.nodes = {NodeId{id}};
    give(act);
  }
  if (!ended_) ++result_->drills[static_cast<std::size_t>(Drill::lease)];
}

void SeedRun::drill() {
  Lots lots(result_->seed, kDrill);
  if (!drilled(Drill::catching_up,
               wait(sim_->now() + profile_.bound, [&] { return all_caught_up(); }))) {
    return;
  }
  const raft::ConfState* conf = conf_in_force();
  if (conf == nullptr) return;
  std::vector<NodeId> others = conf->voters;
  const NodeId leader = followed_leader(*sim_);
  std::erase_if(others, [&](NodeId n) { return n == leader || !sim_->is_running(n); });
  const auto always = [] { return true; };
  if (!others.empty()) {
    const NodeId other = others[static_cast<std::size_t>(lots.below(others.size()))];
    const raft::TimeoutPolicy& timeouts = profile_.cluster.node.raft.timeouts;
    // A client that runs out of patience sooner than the way there and back takes gets no answer.
    const bool patient = profile_.cluster.client_retry >= timeouts.election_min;
    const auto read = [&] {
      Action action = workload_.final_read({});
      action.to = other;
      return action;
    };
    if (patient && !insist(Drill::read_elsewhere, read, always, true)) return;
    if (patient && profile_.cluster.node.raft.forward_proposals) {
      const auto write = [&] {
        Action action = workload_.final_write({});
        action.to = other;
        return action;
      };
      if (!insist(Drill::write_elsewhere, write, always, true)) return;
    }
    // Asked of the leader, or of a follower that has to pass it on: no retry hides that it does not.
    const bool at_leader = lots.percent(50);
    const auto transfer = [&] {
      Action action;
      action.verb = Verb::transfer;
      action.nodes = {other};
      action.to = at_leader ? followed_leader(*sim_) : other;
      return action;
    };
    const auto moved = [&] { return followed_leader(*sim_) == other; };
    if (!insist(Drill::transfer, transfer, moved, false)) return;
  }
  if (lots.percent(50) && profile_.cluster.names.size() > 1) drill_membership(lots);
  if (!ended_ && lots.percent(30)) drill_isolation();
  if (!ended_ && lots.percent(30)) drill_dead_heir(lots);
  if (!ended_ && lots.percent(80)) drill_lease(lots);
  if (!ended_) {
    drilled(Drill::convergence,
            wait(sim_->now() + profile_.bound, [&] { return all_caught_up(); }));
  }
}

}  // namespace quorumlab::chaos
