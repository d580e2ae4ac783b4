// A random walk through everything at once: loss, doubling, disorder, slow disks, power losses,
// snapshots, membership changes, transfers, reads. Safety is checked after each step, and at the end,
// with everything healed, the cluster must make progress. The simulation does this far more
// thoroughly; here it runs in the unit tests' own time.
#include <set>

#include "tests/catch.h"
#include "tests/unit/raft/harness.h"

using namespace quorumlab;
using namespace quorumlab::raft;
using namespace quorumlab::raft::test;

namespace {

class Walk {
 public:
  Walk(std::uint64_t seed, std::uint32_t n, std::uint32_t voters)
      : random_(seed),
        n_(n),
        cluster_(
            n,
            [&](Config& c) {
              c.pre_vote = (seed & 1) != 0;
              c.check_quorum = (seed & 2) != 0;
              if (seed & 4) c.timeouts.kind = TimeoutPolicy::Kind::ticks;
              if ((seed & 8) && c.check_quorum) c.read_mode = ReadMode::lease;
              c.batch_while_writing = (seed & 16) != 0;
              c.max_append_bytes = 64;
              c.max_inflight_messages = 3;
              c.snapshot_chunk_bytes = 40;
            },
            voters) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      check();
    }
  }

  void settle() {
    for (std::uint32_t id = 1; id <= n_; ++id) {
      Host& h = cluster_.host(id);
      h.durable_at_once = true;
      if (!h.up) cluster_.restart(id);
      cluster_.flush(id);
    }
    for (int round = 0; round < 40; ++round) {
      cluster_.run_for(seconds(1));
      check();
    }
    // A removed server that has not heard of it disturbs the others with its terms (thesis 4.2.3),
    // unless one of the two remedies is on.
    const Config& config = cluster_.host(1).config;
    if (!config.pre_vote && !config.check_quorum) return;
    const std::uint32_t leader = cluster_.leader();
    if (leader == 0) tell();
    REQUIRE(leader != 0);
    const ProposeResult result = cluster_.propose(leader, "last");
    REQUIRE(result.status == ProposeResult::Status::accepted);
    cluster_.run_for(seconds(5));
    check();
    const std::string all = Cluster::values(cluster_.host(leader));
    CHECK(all.find("last") != std::string::npos);
    const ConfState& conf = cluster_[leader].conf();
    for (const NodeId voter : conf.voters) {
      CHECK(Cluster::values(cluster_.host(voter.value)) == all);
    }
  }
  std::set<Fact> seen;

 private:
  std::uint64_t draw(std::uint64_t bound) { return below(random_.draw(9, counter_++), bound); }
  std::uint32_t any() { return static_cast<std::uint32_t>(1 + draw(n_)); }

  void step() {
    const std::uint64_t dice = draw(100);
    Host& h = cluster_.host(any());
    const std::uint32_t id = h.config.id.value;
    if (dice < 45) {
      if (!cluster_.queue.empty()) {  // any packet: delivered, lost or doubled
        const std::size_t at = draw(std::min<std::size_t>(cluster_.queue.size(), 8));
        const Packet p = cluster_.queue[at];
        const std::uint64_t fate = draw(20);
        if (fate != 0) cluster_.queue.erase(cluster_.queue.begin() + static_cast<long>(at));
        if (fate != 1) cluster_.give(p);
      }
    } else if (dice < 60) {
      cluster_.skip(milliseconds(static_cast<std::int64_t>(draw(30))));
      for (Host& host : cluster_.hosts) {
        if (host.up && host.engine.deadline() <= cluster_.now().monotonic) cluster_.fire(host);
      }
    } else if (dice < 75) {
      if (h.up && !h.writes.empty()) {
        if (draw(2) == 0 && h.writes.size() > 1 && h.writes[0].snapshot != h.writes[1].snapshot) {
          std::swap(h.writes[0], h.writes[1]);  // no order across files
        }
        cluster_.complete_write(h);
        cluster_.pump(h);
      }
    } else if (dice < 85) {
      if (h.up) (void)cluster_.propose(id, "c" + std::to_string(commands_++));
    } else if (dice < 89) {
      if (h.up) cluster_.read(id, ++reads_);
    } else if (dice < 91) {
      if (h.up) cluster_.transfer(id, any());
    } else if (dice < 94) {
      if (h.up) {
        ConfChange change;
        const std::uint64_t steps = 1 + draw(2);
        for (std::uint64_t i = 0; i < steps; ++i) {
          change.steps.push_back({static_cast<ConfChange::Kind>(draw(3)), {any()}});
        }
        (void)cluster_.change(id, change);
      }
    } else if (dice < 96) {
      if (h.up && h.status().applied > h.engine.snapshot_meta().index && h.writes.empty()) {
        cluster_.compact(id, draw(3));
      }
    } else if (dice < 98) {
      if (h.up) {
        h.durable_at_once = draw(2) == 0;
      }
    } else if (h.up) {
      cluster_.crash(id);
    } else {
      h.state.clear();
      cluster_.start(h);
      REQUIRE_FALSE(h.refused);
    }
  }

  // For whoever looks for the reason of a failure.
  void tell() {
    for (Host& h : cluster_.hosts) {
      const Status& s = h.status();
      std::string line = "n" + std::to_string(h.config.id.value) + " " + role_name(s.role) +
                         " term " + std::to_string(s.term.value) + " log " +
                         std::to_string(s.first_index.value) + ".." +
                         std::to_string(s.last_index.value) + "@" +
                         std::to_string(s.last_term.value) + " durable " +
                         std::to_string(s.durable.value) + " commit " +
                         std::to_string(s.commit.value) + " leader " +
                         std::to_string(s.leader.value) + " voters";
      for (const NodeId v : h.engine.conf().voters) line += " " + std::to_string(v.value);
      line += " outgoing";
      for (const NodeId v : h.engine.conf().voters_outgoing) line += " " + std::to_string(v.value);
      line += " deadline in ms " +
              std::to_string((h.engine.deadline() - cluster_.now().monotonic).ns / 1'000'000);
      WARN(line);
    }
  }

  void check() {
    for (Host& h : cluster_.hosts) {
      for (const Note& note : h.notes) {
        seen.insert(note.fact);
        if (note.fact == Fact::became_leader) {
          const auto [at, fresh] = leaders_.try_emplace(note.a, h.config.id.value);
          REQUIRE(fresh);  // election safety
        } else if (note.fact == Fact::applied) {
          const auto [at, fresh] = applied_.try_emplace(note.a, note.c);
          REQUIRE(at->second == note.c);  // state-machine safety
        } else if (note.fact == Fact::read_confirmed) {
          REQUIRE(note.b >= 1);
        }
      }
      h.notes.clear();
      if (!h.up) continue;
      if (h.status().role == Role::leader) {  // leader completeness
        for (const auto& [index, chain] : applied_) {
          const LogIndex i{index};
          if (i < h.engine.log().base_index()) continue;
          if (leaders_[h.status().term.value] != h.config.id.value) continue;
          if (i <= h.status().commit) REQUIRE(h.engine.log().chain(i) == chain);
        }
      }
    }
  }

  Random random_;
  std::uint32_t n_;
  Cluster cluster_;
  std::uint64_t counter_ = 0, commands_ = 0, reads_ = 0;
  std::map<std::uint64_t, std::uint32_t> leaders_;   // by term
  std::map<std::uint64_t, std::uint64_t> applied_;   // chain hash by index
};

}  // namespace

TEST_CASE("safety holds on random walks, and a healed cluster makes progress") {
  std::set<Fact> seen;
  const char* seeds = std::getenv("QUORUMLAB_WALKS");
  const std::uint64_t count = seeds ? std::stoull(seeds) : 200;
  for (std::uint64_t seed = std::getenv("QUORUMLAB_SEED") ? std::stoull(std::getenv("QUORUMLAB_SEED")) : 1; seed <= count; ++seed) {
    INFO("seed " << seed);
    Walk walk(seed, seed % 3 == 0 ? 5 : 4, 3);
    walk.run(1500);
    walk.settle();
    seen.insert(walk.seen.begin(), walk.seen.end());
  }
  // What never happened was not tested.
  for (const Fact fact : {Fact::became_leader, Fact::snapshot_installed, Fact::truncated,
                          Fact::config_applied, Fact::read_confirmed, Fact::transfer_started,
                          Fact::campaign_lost, Fact::append_refused}) {
    CHECK(seen.count(fact) == 1);
  }
}
