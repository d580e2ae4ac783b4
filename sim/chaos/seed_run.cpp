// The two phases of a seed. Safety: anything may happen, and only what must never happen is judged.
// Liveness: everything is healed, or all but a minority, and standing still is judged, too.
#include "sim/chaos/seed_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/assert.h"
#include "sim/script/condition.h"
#include "sim/script/quantity.h"
#include "sim/trace/words.h"

namespace quorumlab::chaos {

using world::Action;
using world::Operation;
using world::Verb;

namespace {

constexpr std::uint64_t kMostEvents = 3'000'000;
constexpr std::uint64_t kEndGame = 3000;  // purpose of draws

}  // namespace

NodeId followed_leader(const world::Simulation& sim) {
  for (std::uint32_t id = 1; id <= sim.node_count(); ++id) {
    if (!sim.is_running({id}) || sim.is_paused({id})) continue;
    const Node& node = sim.node({id});
    const raft::Status& status = node.status();
    if (status.role != raft::Role::leader) continue;
    const auto majority = [&](const std::vector<NodeId>& voters) {
      std::size_t behind = 0;
      for (const NodeId voter : voters) {
        if (!sim.is_running(voter) || sim.is_paused(voter)) continue;
        const raft::Status& theirs = sim.node(voter).status();
        if (theirs.leader.value == id && theirs.term == status.term) ++behind;
      }
      return voters.empty() || behind > voters.size() / 2;
    };
    const raft::ConfState& conf = node.raft().conf();
    if (majority(conf.voters) && majority(conf.voters_outgoing)) return {id};
  }
  return kNobody;
}

std::string_view verdict_name(SeedResult::Verdict verdict) {
  switch (verdict) {
    case SeedResult::Verdict::held:
      return "held";
    case SeedResult::Verdict::violated:
      return "an invariant was violated";
    case SeedResult::Verdict::no_progress:
      return "no progress";
    case SeedResult::Verdict::ran_away:
      return "it ran away";
    case SeedResult::Verdict::detected:
      return "detected";
    case SeedResult::Verdict::interrupted:
      return "interrupted";
  }
  return "";
}

std::string violation_words(const judge::Violation& v, const std::vector<std::string>& names) {
  using judge::Checker;
  const trace::Context context{names, nullptr};
  const std::string node = trace::host_name(v.node.value, context);
  const std::string other = trace::host_name(v.other.value, context);
  std::string what;
  switch (v.checker) {
    case Checker::election_safety:
      what = fmt::format("{} and {} both lead in term {}", other, node, v.a);
      break;
    case Checker::vote_safety:
      what = fmt::format("{} gave away its vote of term {} twice", node, v.a);
      break;
    case Checker::leader_append_only:
      what = fmt::format("leader {} replaced its log from entry {} on", node, v.a);
      break;
    case Checker::log_matching:
      what = fmt::format("{} wrote entry {} of term {} on another past than others did", node, v.a,
                         v.b);
      break;
    case Checker::leader_completeness:
      what = fmt::format("{} leads term {} without committed entry {}", node, v.a, v.b);
      break;
    case Checker::state_machine_safety:
      what = fmt::format("{} applied at {} (term {}) what others did not", node, v.a, v.b);
      break;
    case Checker::monotonic:
      what = fmt::format("{} went from {} to {}", node, v.b, v.a);
      break;
    case Checker::durability:
      what = fmt::format("{} promised or lost something ({}, {})", node, v.a, v.b);
      break;
    case Checker::read_freshness:
      what = fmt::format("{} answered a read with {} where {} was due", node, v.a, v.b);
      break;
    case Checker::exactly_once:
      what = fmt::format("{} applied at {} what stands at {} already", node, v.a, v.b);
      break;
    case Checker::lying_disk_noticed:
      what = fmt::format("{} went on with a damaged disk", node);
      break;
    case Checker::configuration:
      what =
          fmt::format("{} holds to another configuration than the log's ({}, {})", node, v.a, v.b);
      break;
    case Checker::quorum:
      what = fmt::format("{} has no quorum for {}", node, v.a);
      break;
    case Checker::mutual_exclusion:
      what = fmt::format("{} holds a key with token {} while {} holds it with {}", node, v.a, other, v.b);
      break;
    case Checker::fencing:
      what = fmt::format("{} took work of {} with token {} after {}", node, other, v.a, v.b);
      break;
    case Checker::watch_order:
      what = fmt::format("{} told a watch of event {}, where {} was due", node, v.a, v.b);
      break;
    case Checker::ttl_bounds:
      what = v.a == 0 ? fmt::format("{} leads and has not told the time for {} ms, so that no key expires", node,
                                    v.b / 1'000'000)
                      : fmt::format("{} let a key expire too early or too late ({}, {})", node, v.a, v.b);
      break;
    case Checker::session_once:
      what = fmt::format("{} applied at {} what stands at {} already", node, v.a, v.b);
      break;
    case Checker::autopilot_quorum:
      what = fmt::format("{} has {} removed, which a majority reaches", node, other);
      break;
    case Checker::handover:
      what = fmt::format("{} hands leadership to {}, entry {}", node, other, v.a);
      break;
    case Checker::read_authority:
      what = fmt::format(
          "{} let a read be answered at {} although term {} has a leader or more is "
          "committed",
          node, v.a, v.b);
      break;
    case Checker::gossip_completeness:
      what = v.a < 1'000'000
                 ? fmt::format("{} probed {} only after {} probes among {}", node, other, v.a, v.b)
                 : fmt::format("{} has not found that {} is gone", node, other);
      break;
    case Checker::gossip_accuracy:
      what = fmt::format("{} declared {} failed ({}, {})", node, other, v.a, v.b);
      break;
    case Checker::gossip_convergence:
      what = fmt::format("{} does not know that {} is alive (state {}, status {})", node, other,
                         v.a, v.b);
      break;
    case Checker::event_delivery:
      what = fmt::format("{} took an event of time {} that it should not have", node, v.a);
      break;
    case Checker::lamport_monotonic:
      what = fmt::format("a clock of {} shows {} where {} is due", node, v.a, v.b);
      break;
    case Checker::incarnation_monotonic:
      what = fmt::format("{} believed incarnation {} of {} after {}", node, v.a, other, v.b);
      break;
    case Checker::linearizability:
      what = fmt::format(
          "what {} answered {} (operation {}) fits into no order; {} operations show it", node,
          other, v.a, v.b);
      break;
    case Checker::sequential_reads:
      what = v.b == 0 ? fmt::format("{} showed {} a version that nobody wrote (operation {})", node,
                                    other, v.a)
                      : fmt::format("{} showed {} an older version (operation {}) than before ({})",
                                    node, other, v.a, v.b);
      break;
    case Checker::message_budget:
      what = fmt::format("{} sent {} where {} are allowed", node, v.a, v.b);
      break;
  }
  return fmt::format("{} ({}): {}, at {}", judge::checker_name(v.checker),
                     judge::checker_promise(v.checker), what, script::to_text(Duration{v.time_ns}));
}

void SeedRun::fail(SeedResult::Verdict verdict, std::string reason) {
  if (ended_ && result_->verdict != SeedResult::Verdict::held) return;
  result_->verdict = verdict;
  result_->reason = std::move(reason);
  ended_ = true;
}

bool SeedRun::over() {
  if (ended_) return true;
  if (onlooker_ != nullptr) [[unlikely]] {
    if (std::string why = onlooker_->after_event(*sim_); !why.empty()) {
      sim_->remark(trace::WorldFact::expectation_failed, 0, why);
      fail(SeedResult::Verdict::violated, std::move(why));
      return true;
    }
  }
  if (const auto violation = sim_->violation()) [[unlikely]] {
    result_->violation = violation;
    fail(profile_.asks_beyond ? SeedResult::Verdict::detected : SeedResult::Verdict::violated,
         violation_words(*violation, profile_.cluster.host_names()));
  } else if (--countdown_ == 0) {
    countdown_ = 1024;
    if (stop_ != nullptr && stop_->load(std::memory_order_relaxed)) {
      fail(SeedResult::Verdict::interrupted, "interrupted");
    } else if (sim_->events() > kMostEvents) {
      fail(SeedResult::Verdict::ran_away, fmt::format("more than {} events", kMostEvents));
    }
  }
  return ended_;
}

// The same order of doings as in script::Runner, so that a scenario made of this run repeats it.
bool SeedRun::advance(Instant until) {
  while (sim_->next_event() <= until) {
    sim_->step();
    if (over()) return false;
  }
  if (sim_->now() < until) sim_->run_until(until);
  return !over();
}

void SeedRun::give(Action action) {
  operation_ = sim_->inject(action);
  happenings_.push_back({Happening::Kind::act, sim_->now(), std::move(action)});
  advance(sim_->now() + nanoseconds(1));
}

void SeedRun::chaos() {
  const Instant end = Instant{} + profile_.chaos;
  while (!ended_) {
    const Instant fault = nemesis_.next(), operation = workload_.next();
    const Instant next = std::min(fault, operation);
    if (next > end) break;
    if (next > sim_->now() && !advance(next)) return;
    if (fault <= operation) {
      actions_.clear();
      nemesis_.act(*sim_, actions_);
      for (Action& action : actions_) {
        give(std::move(action));
        if (ended_) return;
      }
    } else {
      give(workload_.ask(*sim_));
    }
  }
  if (sim_->now() < end) advance(end);
}

void SeedRun::heal() {
  actions_.clear();
  nemesis_.heal(*sim_, actions_);
  for (Action& action : actions_) {
    give(std::move(action));
    if (ended_) return;
  }
  // Writes that were already under way may still take long, or fail and end their node.
  if (!advance(sim_->now() + profile_.settle)) return;
  // Whoever is down comes back, unless a majority that nobody changed is up without it: then some
  // stay down, since a quorum is all that progress may need.
  Lots lots(result_->seed, kEndGame);
  const std::uint32_t nodes = sim_->node_count();
  const std::uint32_t members = nodes - profile_.cluster.spare_nodes;
  std::uint32_t may_stay_down = profile_.membership != 0 ? 0 : (members - 1) / 2;
  for (std::uint32_t id = 1; id <= nodes; ++id) {
    const bool leave = lots.percent(50) && profile_.system != System::own;
    if (sim_->is_running({id})) continue;
    if (id <= members && leave && may_stay_down > 0) {
      --may_stay_down;
      continue;
    }
    Action restart;
    restart.verb = Verb::restart;
    restart.nodes = {NodeId{id}};
    give(std::move(restart));
    if (ended_) return;
  }
  const auto hosts = static_cast<std::uint32_t>(profile_.cluster.host_count());
  for (std::uint32_t id = nodes + profile_.cluster.clients + 1; id <= hosts; ++id) {
    if (sim_->is_running({id})) continue;
    Action restart;
    restart.verb = Verb::restart;
    restart.nodes = {NodeId{id}};
    give(std::move(restart));
    if (ended_) return;
  }
}

// A leader that takes a write, then a read, asked again and again until the time is over.
bool SeedRun::progress(const char* after) {
  const Instant end = sim_->now() + profile_.bound;
  std::string last = "no leader was established";
  bool written = false;
  while (sim_->now() < end) {
    if (!wait(end, [&] { return followed_leader(*sim_).value != 0; })) break;
    Action action = written ? workload_.final_read(profile_.bound / 10)
                            : workload_.final_write(profile_.bound / 10);
    action.to = followed_leader(*sim_);
    give(std::move(action));
    if (ended_) return false;
    const std::uint64_t id = operation_;
    wait(kNever - nanoseconds(1),
         [&] { return sim_->operation(id).outcome != Operation::Outcome::pending; });
    if (ended_) return false;
    const Operation& operation = sim_->operation(id);
    if (operation.outcome == Operation::Outcome::accepted) {
      if (written) return true;
      written = true;
      continue;
    }
    last =
        fmt::format("a {} {}", written ? "read" : "write", script::outcome_word(operation.outcome));
    if (operation.reason != Reason::none) {
      trace::Record record;
      record.reason = static_cast<std::uint16_t>(operation.reason);
      last += ": " + trace::reason_words(record);
    }
    // Not at once again: a refusal may come without any time passing.
    if (!advance(sim_->now() + profile_.bound / 100)) return false;
  }
  if (!ended_) {
    happenings_.push_back({Happening::Kind::stuck, sim_->now(), {}});
    fail(SeedResult::Verdict::no_progress,
         fmt::format("{}, nothing moved for {}: {}", after, script::to_text(profile_.bound), last));
  }
  return false;
}

bool SeedRun::await_last_operation() {
  const std::uint64_t id = operation_;
  wait(kNever - nanoseconds(1), [&] { return sim_->operation(id).outcome != Operation::Outcome::pending; });
  return !ended_ && sim_->operation(id).outcome == Operation::Outcome::accepted;
}

// A write and a read, each asked until it is accepted or the time is over. Nobody is sought out: clients find their
// way, as in life.
bool SeedRun::own_progress() {
  const Instant end = sim_->now() + profile_.bound;
  bool written = false;
  while (sim_->now() < end) {
    give(written ? workload_.final_read(profile_.bound / 10) : workload_.final_write(profile_.bound / 10));
    if (ended_) return false;
    if (await_last_operation()) {
      if (written) return true;
      written = true;
    } else if (!ended_) {
      advance(sim_->now() + profile_.bound / 100);
    }
    if (ended_) return false;
  }
  happenings_.push_back({Happening::Kind::stuck, sim_->now(), {}});
  fail(SeedResult::Verdict::no_progress,
       fmt::format("after everything was healed no {} was accepted for {}", written ? "read" : "write",
                   script::to_text(profile_.bound)));
  return false;
}

// What was lost shows only to who looks.
void SeedRun::read_all_keys() {
  for (std::uint64_t key = 0; key < profile_.keys && !ended_; ++key) {
    Action action = workload_.final_read(profile_.bound / 10);
    action.key = "k" + std::to_string(key);
    give(std::move(action));
    if (!ended_) await_last_operation();
  }
}

void SeedRun::run(world::Simulation& sim, std::uint64_t seed, bool keep_trace,
                  const std::atomic<bool>* stop, SeedResult& result) {
  sim_ = &sim;
  result_ = &result;
  stop_ = stop;
  result = SeedResult{};
  result.seed = seed;
  ended_ = false;
  countdown_ = 1024;
  happenings_.clear();
  profile_ = draw_profile(seed, options_);
  nemesis_.reset(profile_, seed);
  workload_.reset(profile_, seed);
  sim.keep_trace(keep_trace);
  sim.reset(profile_.cluster, seed);
  if (!context_.empty()) set_assertion_context(context_.c_str());

  chaos();
  if (!ended_) heal();
  const bool serf = profile_.system == System::serf;
  // Agents promise no more than the checkers know, by when; they are given that time.
  if (!ended_ && serf) advance(sim.now() + profile_.bound);
  const bool own = profile_.system == System::own;
  if (!ended_ && own && options_.own.progress) own_progress();
  if (!ended_ && own) read_all_keys();
  // Beyond the model nothing is promised.
  if (!ended_ && !serf && !own && !profile_.asks_beyond && progress("after everything was healed")) {
    // Once more with a minority taken away for good; but a change of membership that is still asked
    // for might count on it.
    Lots lots(seed, kEndGame + 1);
    const raft::ConfState* conf = script::configuration(sim);
    if (profile_.membership == 0 && conf != nullptr && conf->voters_outgoing.empty() &&
        conf->voters.size() > 2 && lots.percent(40)) {
      std::vector<NodeId> up = conf->voters;
      const auto down = static_cast<std::size_t>(
          std::erase_if(up, [&](NodeId node) { return !sim.is_running(node); }));
      std::size_t more = (conf->voters.size() - 1) / 2;
      more = more > down ? more - down : 0;
      for (; more > 0 && !ended_; --more) {
        const auto at = static_cast<std::ptrdiff_t>(lots.below(up.size()));
        Action crash;
        crash.verb = Verb::crash;
        crash.nodes = {up[static_cast<std::size_t>(at)]};
        up.erase(up.begin() + at);
        give(std::move(crash));
      }
      if (!ended_) progress("with a minority down");
    }
    if (!ended_) profile_.system == System::etcd ? drill_etcd() : drill();
  }
  // To the end of this instant, as a scenario would.
  if (!ended_) advance(sim.now());
  if (!ended_) {
    sim.judge_clients();
    result.undecided = sim.client_verdict().undecided();
    over();
  }
  if (result.verdict == SeedResult::Verdict::held && profile_.asks_beyond &&
      sim.count(Fact::refused_to_start) > 0) {
    result.verdict = SeedResult::Verdict::detected;
  }

  happenings_.push_back({Happening::Kind::end, sim.now(), {}});
  result.digest = sim.digest().value();
  result.events = sim.events();
  result.end = sim.now();
  result.fired = nemesis_.fired();
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
    result.checks[i] = sim.checks(static_cast<judge::Checker>(i));
  }
  for (const Operation& operation : sim.operations()) {
    ++result.operations[static_cast<std::size_t>(operation.outcome)];
  }
  result.reached = sim.reached();
  result.leaders = sim.count(Fact::became_leader);
  result.snapshots_installed = sim.count(Fact::snapshot_installed);
  result.configs_applied = sim.count(Fact::config_applied);
  result.restarts = sim.count(trace::WorldFact::process_started) - sim.node_count();
  result.refused_to_start = sim.count(Fact::refused_to_start);
  result.packets_lost = sim.count(trace::WorldFact::packet_dropped);
  result.packets_corrupt = sim.count(Fact::packet_corrupt);
  result.writes_lost = sim.count(trace::WorldFact::writes_lost);
}

}  // namespace quorumlab::chaos
