// Trials beside the recordings of real agents (serf.md section 8): failure detection, join, event
// and leave, the spread of single events.
#include <algorithm>

#include "tests/ground_truth/trials/trials.h"

namespace quorumlab::truth {

namespace {

void watch_starts(world::Simulation& sim, std::uint32_t nodes) {
  while (sim.count(trace::WorldFact::process_started) < nodes && sim.step()) {
  }
}

}  // namespace

// 8.2: wait until all know all, then 3 to 5 seconds, then kill -9 of a random one. Seconds from the
// kill.
void detect(world::Simulation& sim, const Options& options, std::uint64_t seed, Row& row) {
  sim.reset(cluster(options), seed);
  row.assign(4, kNone);
  watch_starts(sim, options.nodes);
  const Instant started = sim.now();
  if (!converge(sim, options.nodes)) return;
  row[3] = (sim.now() - started).ns;
  sim.run_for(uniform(lot(seed, Lot::pause), seconds(3), seconds(5)));
  const NodeId victim{1 + static_cast<std::uint32_t>(below(lot(seed, Lot::victim), options.nodes))};
  const Instant killed = sim.now();
  const std::uint64_t probes = sim.count(Fact::probe_failed);
  sim.inject(kill(victim));
  std::uint64_t seen = sim.count(Fact::serf_member_event);
  while (sim.now() < killed + seconds(200) && sim.step()) {
    if (row[0] == kNone && sim.count(Fact::probe_failed) != probes)
      row[0] = (sim.now() - killed).ns;
    if (sim.count(Fact::serf_member_event) == seen) continue;
    seen = sim.count(Fact::serf_member_event);
    std::uint32_t failed = 0;
    for (std::uint32_t i = 1; i <= options.nodes; ++i) {
      if (NodeId{i} != victim && believes(sim, {i}, victim) == gossip::Status::failed) ++failed;
    }
    if (failed > 0 && row[1] == kNone) row[1] = (sim.now() - killed).ns;
    if (failed == options.nodes - 1) {
      row[2] = (sim.now() - killed).ns;
      return;
    }
  }
}

namespace {

// When each member's count of a fact grew, from `since` on; true when all of them did.
class Times {
 public:
  Times(const world::Simulation& sim, Fact fact, Instant since, std::uint32_t members)
      : sim_(sim), fact_(fact), since_(since), at_(members, kNone) {
    for (std::uint32_t i = 1; i <= members; ++i) before_.push_back(sim.count(fact, {i}));
  }
  bool look() {
    bool all = true;
    for (std::uint32_t i = 0; i < at_.size(); ++i) {
      if (at_[i] == kNone && sim_.count(fact_, {i + 1}) != before_[i])
        at_[i] = (sim_.now() - since_).ns;
      all = all && at_[i] != kNone;
    }
    return all;
  }
  const std::vector<std::int64_t>& at() const { return at_; }
  std::int64_t first_but(std::uint32_t index) const {
    std::int64_t first = kNone;
    for (std::uint32_t i = 0; i < at_.size(); ++i) {
      if (i != index && at_[i] != kNone && (first == kNone || at_[i] < first)) first = at_[i];
    }
    return first;
  }
  std::int64_t last() const { return *std::max_element(at_.begin(), at_.end()); }

 private:
  const world::Simulation& sim_;
  Fact fact_;
  Instant since_;
  std::vector<std::int64_t> at_;
  std::vector<std::uint64_t> before_;
};

void say_event(world::Simulation& sim, NodeId node) {
  world::Action action = command(node, AgentCommand::Kind::event);
  action.agent.name = "deploy";
  action.agent.payload = "v1";
  sim.inject(action);
}

}  // namespace

// 8.4: a fifth agent, already running, joins four by the first; then the first says an event; then
// the fifth leaves. Times are from the command at the agent's door: the command line's own start is
// not simulated.
void talk(world::Simulation& sim, const Options& options, std::uint64_t seed, Row& row) {
  constexpr std::uint32_t kOld = 4;
  constexpr NodeId kJoiner{5};
  Options five = options;
  five.nodes = 5;
  sim.reset(cluster(five, false), seed);
  row.assign(12, kNone);
  sim.run_until(Instant{seconds(6).ns});
  for (std::uint32_t i = 2; i <= kOld; ++i) {
    world::Action join = command({i}, AgentCommand::Kind::join);
    join.agent.hosts = {NodeId{1}};
    sim.inject(join);
    sim.run_for(milliseconds(500));
  }
  if (!converge(sim, kOld)) return;
  sim.run_for(uniform(lot(seed, Lot::pause), seconds(3), seconds(5)));

  Instant begun = sim.now();
  Times joined(sim, Fact::serf_member_event, begun, kOld);
  const std::uint64_t known = sim.count(Fact::serf_member_event, kJoiner);
  world::Action join = command(kJoiner, AgentCommand::Kind::join);
  join.agent.hosts = {NodeId{1}};
  const std::uint64_t join_id = sim.inject(join);
  watch(sim, Fact::serf_member_event, begun + seconds(60), [&] {
    if (row[3] == kNone && sim.count(Fact::serf_member_event, kJoiner) - known >= kOld) {
      row[3] = (sim.now() - begun).ns;
    }
    return joined.look() && row[3] != kNone;
  });
  row[0] = (sim.operation(join_id).completed - sim.operation(join_id).invoked).ns;
  row[1] = joined.at()[0];
  row[2] = joined.last();

  sim.run_for(uniform(lot(seed, Lot::pause, 1), seconds(2), seconds(4)));
  begun = sim.now();
  Times heard(sim, Fact::user_event_accepted, begun, 5);
  const std::uint64_t pushes = sim.count(Fact::push_pull_done);
  const std::uint64_t copies =
      sim.count(Fact::user_event_accepted) + sim.count(Fact::event_dropped);
  say_event(sim, {1});
  if (watch(sim, Fact::user_event_accepted, begun + seconds(40), [&] { return heard.look(); })) {
    row[4] = heard.first_but(0);
    row[5] = heard.last();
  }
  sim.run_until(std::max(sim.now(), begun + seconds(2)));
  if (sim.count(Fact::push_pull_done) == pushes) {
    row[6] = static_cast<std::int64_t>(sim.count(Fact::user_event_accepted) +
                                       sim.count(Fact::event_dropped) - copies - 1);
  }

  sim.run_for(uniform(lot(seed, Lot::pause, 2), seconds(1), seconds(3)));
  begun = sim.now();
  const std::uint64_t leave_id = sim.inject(command(kJoiner, AgentCommand::Kind::leave));
  row[10] = 0;
  std::array<bool, kOld> told{};
  std::uint32_t all = 0;
  watch(sim, Fact::serf_member_event, begun + seconds(60), [&] {
    for (std::uint32_t i = 0; i < kOld; ++i) {
      const gossip::Status status = believes(sim, {i + 1}, kJoiner);
      const bool failed = status == gossip::Status::failed;
      if (told[i] || (!failed && status != gossip::Status::left)) continue;
      told[i] = true;
      row[10] += failed ? 1 : 0;
      if (row[8] == kNone) row[8] = (sim.now() - begun).ns;
      if (++all == kOld) row[9] = (sim.now() - begun).ns;
    }
    return all == kOld;
  });
  sim.run_until(std::max(sim.now(), begun + seconds(10)));
  const world::Operation& leave = sim.operation(leave_id);
  if (leave.outcome != world::Operation::Outcome::pending)
    row[7] = (leave.completed - leave.invoked).ns;
  row[11] = static_cast<std::int64_t>(leave.outcome);
}

// 8.6: one event in a cluster that has settled; when the last member had it, how many had not after
// a second, and how many copies came by gossip (kNone if states were exchanged meanwhile, since
// those bring copies, too).
void event(world::Simulation& sim, const Options& options, std::uint64_t seed, Row& row) {
  sim.reset(cluster(options), seed);
  row.assign(3, kNone);
  if (!converge(sim, options.nodes)) return;
  // The recorded clusters had been up for minutes. The first exchange of states comes one to two
  // periods after the start; from then on one is as likely at any moment.
  const Duration period = sim.config().node.gossip.push_pull_interval;
  sim.run_for(period * 2 + uniform(lot(seed, Lot::pause), {}, period));
  const auto who = static_cast<std::uint32_t>(below(lot(seed, Lot::who), options.nodes));
  const Instant begun = sim.now();
  Times heard(sim, Fact::user_event_accepted, begun, options.nodes);
  const std::uint64_t pushes = sim.count(Fact::push_pull_done);
  const std::uint64_t copies =
      sim.count(Fact::user_event_accepted) + sim.count(Fact::event_dropped);
  say_event(sim, {who + 1});
  watch(sim, Fact::user_event_accepted, begun + seconds(1), [&] {
    heard.look();
    return false;
  });
  const std::vector<std::int64_t>& at = heard.at();
  row[1] = std::count(at.begin(), at.end(), kNone);
  if (sim.count(Fact::push_pull_done) == pushes) {
    row[2] = static_cast<std::int64_t>(sim.count(Fact::user_event_accepted) +
                                       sim.count(Fact::event_dropped) - copies - 1);
  }
  if (heard.look() ||
      watch(sim, Fact::user_event_accepted, begun + seconds(120), [&] { return heard.look(); })) {
    row[0] = heard.last();
  }
}

// serf's own convergence page: how many have an event after k intervals of gossip.
void curve(world::Simulation& sim, const Options& options, std::uint64_t seed, Row& row) {
  constexpr std::size_t kRounds = 21;
  const world::ClusterConfig config = cluster(options);
  sim.reset(config, seed);
  row.assign(kRounds, kNone);
  if (!converge(sim, options.nodes)) return;
  sim.run_for(uniform(lot(seed, Lot::pause), seconds(3), seconds(5)));
  const std::uint64_t before = sim.count(Fact::user_event_accepted);
  const Instant begun = sim.now();
  say_event(sim, {1 + static_cast<std::uint32_t>(below(lot(seed, Lot::who), options.nodes))});
  for (std::size_t k = 0; k < kRounds; ++k) {
    sim.run_until(begun + config.node.gossip.gossip_interval * static_cast<std::int64_t>(k) +
                  Duration{2});
    row[k] = static_cast<std::int64_t>(sim.count(Fact::user_event_accepted) - before);
  }
}

}  // namespace quorumlab::truth
