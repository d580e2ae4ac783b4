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

// What a walk found wrong.
using Found = std::string;

class Walk {
 public:
  // With `off`, every node runs without that rule, and a violation is kept in `found`.
  Walk(std::uint64_t seed, std::uint32_t n, std::uint32_t voters, std::optional<Rule> off = {})
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
              if (off) c.rules.set(*off, false);
            },
            voters) {
    cluster_.sent = [this](const Packet& p) { check_promise(p); };
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;
  Found found;

  void run(int steps) {
    for (int i = 0; i < steps && found.empty(); ++i) {
      step();
      check();
    }
  }

  void settle() {
    for (std::uint32_t id = 1; id <= n_; ++id) {
      Host& h = cluster_.host(id);
      h.durable_at_once = true;
      if (!h.up) start(h);
      cluster_.flush(id);
    }
    for (int round = 0; round < 40; ++round) {
      cluster_.run_for(seconds(1));
      check();
    }
    INFO(found);
    REQUIRE(found.empty());
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
      if (h.up) {
        read_floor_[++reads_] = applied_.empty() ? 0 : applied_.rbegin()->first;
        cluster_.read(id, reads_);
      }
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
      start(h);
    }
  }

  void start(Host& h) {
    h.state.clear();
    last_applied_[h.config.id.value] = last_commit_[h.config.id.value] = 0;
    cluster_.start(h);
    expect(!h.refused, "it starts from its own disk");
    last_applied_[h.config.id.value] = h.engine.snapshot_meta().index.value;
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

  void expect(bool fact, const char* otherwise) {
    if (!fact && found.empty()) found = otherwise;
  }

  // What leaves a node is a promise: durable, and given once.
  void check_promise(const Packet& p) {
    if (p.type != MessageType::request_vote_response &&
        p.type != MessageType::append_entries_response) {
      return;
    }
    const std::optional<Message> m = peek(p.bytes);
    if (!m || m->reject) return;
    if (p.type == MessageType::request_vote_response) {
      expect(votes_.try_emplace({p.source.value, m->term.value}, p.target.value).first->second ==
                 p.target.value,
             "one vote in a term");
      return;
    }
    const Host& h = cluster_.host(p.source.value);
    const RecoverResult disk = recover(h.log_file, h.snapshot_file);
    const Log& log = disk.recovered.log;
    expect(m->index <= log.last_index(), "what is acknowledged is on disk");
    const Log& memory = h.engine.log();
    if (m->index <= log.last_index() && m->index >= log.base_index() &&
        memory.has(m->index) && m->term == h.status().term) {
      expect(log.chain(m->index) == memory.chain(m->index), "what is acknowledged is on disk");
    }
  }

  void check() {
    for (Host& h : cluster_.hosts) {
      const std::uint32_t id = h.config.id.value;
      for (const Note& note : h.notes) {
        seen.insert(note.fact);
        if (note.fact == Fact::became_leader) {
          expect(leaders_.try_emplace(note.a, id).second, "election safety");
          const Engine& e = h.engine;
          for (auto it = committed_.lower_bound(e.log().first_index().value);
               it != committed_.end(); ++it) {
            const LogIndex i{it->first};
            if (it->second.second < note.a && h.status().term.value == note.a) {
              expect(e.log().has(i) && e.log().chain(i) == it->second.first,
                     "leader completeness");
            }
          }
        } else if (note.fact == Fact::applied) {
          expect(applied_.try_emplace(note.a, note.c).first->second == note.c,
                 "state-machine safety");
          expect(note.a == ++last_applied_[id], "applied in order, each index once");
          committed_.try_emplace(note.a, note.c, h.status().term.value);
        } else if (note.fact == Fact::snapshot_installed) {
          expect(note.a >= last_applied_[id], "the state goes forward");
          last_applied_[id] = note.a;
        } else if (note.fact == Fact::commit_advanced) {
          expect(note.a > note.b, "commit goes forward");
          last_commit_[id] = note.a;
        } else if (note.fact == Fact::term_advanced) {
          expect(note.a > note.b, "the term goes forward");
        } else if (note.fact == Fact::truncated && note.peer.value == id) {
          expect(false, "leader append-only");
        } else if (note.fact == Fact::truncated && note.a <= last_commit_[id]) {
          expect(false, "what is committed stays");
        }
      }
      h.notes.clear();
      for (const ReadReady& read : h.reads) {
        if (read.dropped) continue;
        expect(read.index.value >= read_floor_[read.id], "reads are fresh");
        expect(read.index.value <= last_applied_[id], "a read waits for its index");
      }
      h.reads.clear();
      if (!h.up) continue;
      // Log matching: an entry of a term has one history, whoever holds it.
      const Log& log = h.engine.log();
      for (LogIndex i = std::max(log.first_index(), h.status().last_index.value > 6
                                                        ? LogIndex{h.status().last_index.value - 6}
                                                        : log.first_index());
           i <= log.last_index(); i = i.next()) {
        const auto key = std::make_pair(i.value, log.term(i)->value);
        expect(chains_.try_emplace(key, log.chain(i)).first->second == log.chain(i),
               "log matching");
      }
    }
  }

  Random random_;
  std::uint32_t n_;
  Cluster cluster_;
  std::uint64_t counter_ = 0, commands_ = 0, reads_ = 0;
  std::map<std::uint64_t, std::uint32_t> leaders_;   // by term
  std::map<std::uint64_t, std::uint64_t> applied_;   // chain hash by index
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>> committed_;  // chain, term known
  std::map<std::uint32_t, std::uint64_t> last_applied_, last_commit_;           // by node
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint32_t> votes_;      // by node, term
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> chains_;     // by index, term
  std::map<std::uint64_t, std::uint64_t> read_floor_;  // applied anywhere when the read began
};

}  // namespace

TEST_CASE("safety holds on random walks, and a healed cluster makes progress") {
  std::set<Fact> seen;
  const char* seeds = std::getenv("QUORUMLAB_WALKS");
  const std::uint64_t count = seeds ? std::stoull(seeds) : 200;
  for (std::uint64_t seed = std::getenv("QUORUMLAB_SEED") ? std::stoull(std::getenv("QUORUMLAB_SEED")) : 1;
       seed <= count; ++seed) {
    INFO("seed " << seed);
    Walk walk(seed, seed % 3 == 0 ? 5 : 4, 3);
    walk.run(1500);
    INFO(walk.found);
    REQUIRE(walk.found.empty());
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

TEST_CASE("without a rule the walk finds what the rule was for") {
  // Each of these breaks safety by itself, within a few hundred walks.
  const Rule rule = GENERATE(
      Rule::persist_entries_before_ack, Rule::one_vote_per_term, Rule::vote_only_up_to_date,
      Rule::check_previous_entry, Rule::truncate_only_on_conflict, Rule::append_contiguous,
      Rule::leader_append_only, Rule::commit_never_regresses, Rule::commit_needs_quorum,
      Rule::commit_within_match, Rule::apply_only_committed, Rule::ack_names_durable_term,
      Rule::term_never_regresses, Rule::only_voters_count, Rule::missing_entry_matches_nothing,
      Rule::election_needs_majority, Rule::ignore_stale_snapshot,
      Rule::snapshot_before_later_entries, Rule::read_index_after_own_commit,
      Rule::read_waits_for_apply, Rule::own_vote_counts_once_durable,
      Rule::leader_counts_itself_once_durable);
  Found found;
  std::uint64_t seed = 0;
  while (found.empty() && seed < 400) {
    ++seed;
    Walk walk(seed, seed % 3 == 0 ? 5 : 4, 3, rule);
    walk.run(1500);
    found = walk.found;
  }
  INFO(rule_name(rule));
  CHECK_FALSE(found.empty());
}
