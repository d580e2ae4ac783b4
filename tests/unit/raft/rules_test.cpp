// What each rule is for: the same story with the rule on, where all is well, and with it off, where
// the wrong thing really happens. (random_test.cpp does it for rules that a walk trips over.)
#include <set>

#include "tests/catch.h"
#include "tests/unit/raft/harness.h"

using namespace quorumlab;
using namespace quorumlab::raft;
using namespace quorumlab::raft::test;

namespace {

using Tweak = std::function<void(Config&)>;

// A story is told a way to configure its nodes and says whether something wrong happened.
struct Story {
  Rule rule;
  bool (*wrong)(const Tweak&);
};

Tweak plain(const Tweak& more) {
  return [more](Config& c) {
    c.pre_vote = c.check_quorum = false;
    more(c);
  };
}

Message message(MessageType type, std::uint32_t source, std::uint32_t target, std::uint64_t term) {
  Message m;
  m.type = type;
  m.source = {source};
  m.target = {target};
  m.term = {term};
  return m;
}

Message vote(MessageType type, std::uint32_t source, std::uint32_t target, std::uint64_t term) {
  Message m = message(type, source, target, term);
  m.index = {100};
  m.log_term = {term};
  return m;
}

Message ack(std::uint32_t source, std::uint32_t target, std::uint64_t term, std::uint64_t index) {
  Message m = message(MessageType::append_entries_response, source, target, term);
  m.index = {index};
  return m;
}

bool queued(const Cluster& c, MessageType type, std::uint32_t source) {
  return std::any_of(c.queue.begin(), c.queue.end(), [&](const Packet& p) {
    return p.type == type && p.source.value == source;
  });
}

void lose(Cluster& c, MessageType type, std::uint32_t target = 0) {
  std::erase_if(c.queue, [&](const Packet& p) {
    return p.type == type && (target == 0 || p.target.value == target);
  });
}

bool answered(const Host& h) {
  return std::any_of(h.reads.begin(), h.reads.end(), [](const ReadReady& r) { return !r.dropped; });
}

ConfChange replace_two(bool auto_leave) {
  ConfChange change;
  change.steps = {{ConfChange::Kind::add_voter, {4}},
                  {ConfChange::Kind::add_voter, {5}},
                  {ConfChange::Kind::remove, {2}},
                  {ConfChange::Kind::remove, {3}}};
  change.auto_leave = auto_leave;
  return change;
}

ConfChange one(ConfChange::Kind kind, std::uint32_t node) {
  ConfChange change;
  change.steps = {{kind, {node}}};
  return change;
}

Tweak with_leases(const Tweak& more) {
  return [more](Config& c) {
    c.pre_vote = false;
    c.read_mode = ReadMode::lease;
    more(c);
  };
}

// --- elections ----------------------------------------------------------------------------------

const Story kElections[] = {
    {Rule::persist_vote_before_reply,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.host(2).durable_at_once = false;
       c.give(vote(MessageType::request_vote, 1, 2, 1));
       return queued(c, MessageType::request_vote_response, 2);
     }},
    {Rule::advertise_durable_log,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.elect(1);
       c.host(2).durable_at_once = false;
       c.propose(1, "a");
       c.deliver();
       c.queue.clear();
       c.timeout(2);
       return decode(c.queue.front().bytes)->index > c[2].status().durable;
     }},
    {Rule::vote_reply_matches_campaign,
     [](const Tweak& t) {
       Cluster c(5, plain(t));
       c.timeout(1);
       c.give(message(MessageType::request_vote_response, 2, 1, 1));
       c.give(message(MessageType::request_vote_response, 2, 1, 1));  // the same vote, doubled
       return c[1].status().role == Role::leader;
     }},
    {Rule::keep_vote_within_term,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.timeout(1);
       c.give(message(MessageType::heartbeat, 3, 1, 1));
       return c[1].status().term == Term{1} && c[1].status().voted_for != NodeId{1};
     }},
    {Rule::only_voters_campaign,
     [](const Tweak& t) {
       Cluster c(4, plain(t), 3);
       return c[4].deadline() != kNever;
     }},
    {Rule::only_voters_count,
     [](const Tweak& t) {
       Cluster c(4, plain(t), 3);
       c.timeout(1);
       c.give(message(MessageType::request_vote_response, 4, 1, 1));
       return c[1].status().role == Role::leader;
     }},
    {Rule::learners_answer_candidates,
     [](const Tweak& t) {  // promoted, but it has not heard of it
       Cluster c(4, plain(t), 3);
       c.give(vote(MessageType::request_vote, 1, 4, 1));
       return c[4].status().voted_for != NodeId{1};
     }},
    {Rule::no_campaign_with_unapplied_config,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.elect(1);
       Bytes change, entry;
       encode(one(ConfChange::Kind::remove, 3), change);
       encode_entry({1}, EntryKind::config, change, entry);
       Message m = message(MessageType::append_entries, 1, 2, 1);
       m.index = {1};
       m.log_term = {1};
       m.commit = {2};
       m.entry_count = 1;
       m.body = entry;
       c[2].on_message(c.now(), m);  // its owner has not had the time to apply
       c[2].on_message(c.now(), message(MessageType::timeout_now, 1, 2, 1));
       return c[2].status().role == Role::candidate;
     }},
    {Rule::refusal_tells_commit,
     [](const Tweak& t) {  // the candidate knows less of what is committed than who refuses it
       Cluster c(3, plain(t));
       c.elect(1);
       c.filter = [](const Packet& p) {
         const auto m = peek(p.bytes);
         return p.target.value != 3 || m->entry_count != 0;
       };
       c.propose(1, "a");
       c.deliver();  // node 3 holds the entry and does not know that it is committed
       c.propose(1, "b");
       lose(c, MessageType::append_entries, 3);
       c.deliver();
       c.heal();
       const LogIndex before = c[3].status().commit;
       c.timeout(3);
       c.deliver();
       return c[3].status().commit == before;
     }},
    {Rule::step_down_on_higher_term,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.elect(1);
       c.give(vote(MessageType::request_vote, 2, 1, 9));
       return c[1].status().role == Role::leader;
     }},
    {Rule::voters_keep_lease,
     [](const Tweak& t) {
       Cluster c(3, t);
       c.elect(1);
       c.run_for(milliseconds(60));
       c.give(vote(MessageType::request_vote, 3, 2, 9));
       return c[2].status().term == Term{9};
     }},
    {Rule::leader_checks_quorum,
     [](const Tweak& t) {
       Cluster c(3, t);
       c.elect(1);
       c.isolate({1});
       c.run_for(seconds(1));
       return c[1].status().role == Role::leader;
     }},
    {Rule::pre_vote_changes_nothing,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.give(vote(MessageType::request_pre_vote, 3, 2, 5));
       return c[2].status().term != Term{};
     }},
    {Rule::pre_candidate_forgets_leader,
     [](const Tweak& t) {
       Cluster c(3, t);
       c.elect(1);
       c.timeout(2);
       return c[2].status().role == Role::pre_candidate && c[2].status().leader;
     }},
    {Rule::answer_lower_term,
     [](const Tweak& t) {  // everybody's lease runs, and the candidate is deaf to the leader
       Cluster c(3, [&t](Config& config) {
         config.pre_vote = false;
         t(config);
       });
       c.elect(1);
       c.isolate({3});
       c.run_for(milliseconds(700));
       c.heal();
       c.run_for(seconds(5));
       return c[3].status().term != c[1].status().term;
     }},
    {Rule::randomise_election_timeout,
     [](const Tweak& t) {
       Cluster c(3, t);
       return c[1].deadline() == c[2].deadline() && c[2].deadline() == c[3].deadline();
     }},
    {Rule::restarted_voter_keeps_lease,
     [](const Tweak& t) {
       Cluster c(3, with_leases(t));
       c.elect(1);
       c.run_for(milliseconds(60));
       c.restart(2);
       c.give(vote(MessageType::request_vote, 3, 2, 9));
       return c[2].status().voted_for == NodeId{3};
     }},
};

// --- replication --------------------------------------------------------------------------------

const Story kReplication[] = {
    {Rule::reject_stale_term,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.elect(1);
       c.elect(3);
       c.propose(3, "new");
       c.filter = [](const Packet& p) { return p.type != MessageType::append_entries_response; };
       c.deliver();
       Bytes old;
       encode_entry({1}, EntryKind::normal, as_bytes("old"), old);
       Message m = message(MessageType::append_entries, 1, 2, 1);
       m.index = {2};
       m.log_term = {2};
       m.entry_count = 1;
       m.body = old;
       c.give(m);
       return c[2].log().term({3}) == Term{1};
     }},
    {Rule::match_never_regresses,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.elect(1);
       c.propose(1, "a");
       c.deliver();
       c.give(ack(2, 1, 1, 1));  // an old answer, late
       return c[1].progress({2})->match < LogIndex{2};
     }},
    {Rule::commit_only_own_term,
     [](const Tweak& t) {  // Raft figure 8
       Cluster c(5, plain(t));
       c.elect(1);
       c.isolate({1, 2});
       c.propose(1, "a");
       c.deliver();
       c.restart(1);
       c.heal();
       c.timeout(1);
       c.filter = [](const Packet& p) { return p.type != MessageType::append_entries; };
       c.deliver();
       REQUIRE(c[1].status().role == Role::leader);
       c.give(ack(2, 1, 2, 2));
       c.give(ack(3, 1, 2, 2));  // a majority has the old entry, nobody has one of this term
       return c[1].status().commit >= LogIndex{2};
     }},
    {Rule::noop_at_term_start,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.elect(1);
       c.propose(1, "a");
       c.filter = [](const Packet& p) { return p.type != MessageType::append_entries_response; };
       c.deliver();  // everybody has it, nobody knows
       c.heal();
       c.elect(2);
       c.run_for(milliseconds(100));
       return c[2].status().commit < c[2].status().last_index;
     }},
    {Rule::persist_commit_with_entries,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.elect(1);
       c.propose(1, "a");
       c.deliver();
       c.propose(1, "b");
       c.deliver();
       c.restart(2);
       return c[2].status().commit < LogIndex{2};
     }},
    {Rule::stop_after_failed_write,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.elect(1);
       c.host(2).durable_at_once = false;
       c.propose(1, "a");
       c.deliver();
       c[2].on_write_failed(c.now(), c.host(2).writes.front().id);
       c.pump(c.host(2));
       return !c[2].status().stopped && c[2].status().durable == LogIndex{2};
     }},
    {Rule::probe_resumes,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.filter = [](const Packet& p) {
         return p.target.value != 3 || p.type != MessageType::append_entries;
       };
       c.elect(1);
       c.heal();
       c.run_for(milliseconds(120));
       return c[3].status().last_index != LogIndex{1};
     }},
    {Rule::inflight_window_reopens,
     [](const Tweak& t) {
       Cluster c(2, plain([&t](Config& config) {
                   config.max_inflight_messages = 1;
                   t(config);
                 }));
       c.elect(1);
       c.propose(1, "a");
       c.queue.clear();
       c.run_for(milliseconds(120));
       return c[2].status().last_index != LogIndex{2};
     }},
    {Rule::lost_chunk_is_resent,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.elect(1);
       c.isolate({3});
       c.propose(1, "a");
       c.deliver();
       c.compact(1);
       bool lost = false;
       c.filter = [&lost](const Packet& p) {
         if (p.type != MessageType::install_snapshot || lost) return true;
         lost = true;
         return false;
       };
       c.run_for(milliseconds(400));
       REQUIRE(lost);
       return Cluster::values(c.host(3)) != "a ";
     }},
    {Rule::no_campaign_while_installing,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.elect(1);
       c.isolate({3});
       c.propose(1, "a");
       c.deliver();
       c.compact(1);
       c.heal();
       c.host(3).durable_at_once = false;
       c.timeout(1);
       c.deliver();
       REQUIRE(!c.host(3).writes.empty());
       return c[3].deadline() != kNever;
     }},
};

// --- membership and transfer --------------------------------------------------------------------

const Story kMembership[] = {
    {Rule::joint_needs_both_majorities,
     [](const Tweak& t) {
       Cluster c(5, plain(t), 3);
       c.elect(1);
       c.change(1, replace_two(false));
       c.deliver();
       c.isolate({1, 4, 5});  // a majority of the new half and of all, not of the old half
       const LogIndex before = c[1].status().commit;
       c.propose(1, "a");
       c.deliver();
       return c[1].status().commit > before;
     }},
    {Rule::config_one_at_a_time,
     [](const Tweak& t) {
       Cluster c(5, plain(t), 3);
       c.elect(1);
       (void)c.change(1, one(ConfChange::Kind::add_voter, 4));
       return c.change(1, one(ConfChange::Kind::add_voter, 5)).status ==
              ProposeResult::Status::accepted;
     }},
    {Rule::config_only_after_own_commit,
     [](const Tweak& t) {
       Cluster c(4, plain(t), 3);
       c.timeout(1);
       c.filter = [](const Packet& p) { return p.type != MessageType::append_entries; };
       c.deliver();
       return c.change(1, one(ConfChange::Kind::add_voter, 4)).status ==
              ProposeResult::Status::accepted;
     }},
    {Rule::snapshot_keeps_outgoing_voters,
     [](const Tweak& t) {
       Cluster c(5, plain(t), 3);
       c.elect(1);
       c.change(1, replace_two(false));
       c.deliver();
       c.compact(1);
       c.restart(1);
       return c[1].conf().voters_outgoing.empty();
     }},
    {Rule::joint_leaves_by_itself,
     [](const Tweak& t) {
       Cluster c(5, plain(t), 3);
       c.elect(1);
       c.change(1, replace_two(true));
       c.deliver();
       return !c[1].conf().voters_outgoing.empty();
     }},
    {Rule::removed_leader_steps_down,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.elect(1);
       c.change(1, one(ConfChange::Kind::remove, 1));
       c.deliver();
       return c[1].status().role == Role::leader;
     }},
    {Rule::recheck_commit_on_config,
     [](const Tweak& t) {
       Cluster c(2, plain(t));
       c.elect(1);
       c.change(1, one(ConfChange::Kind::remove, 2));
       c.propose(1, "a");
       c.queue.clear();
       c.give(ack(2, 1, 1, 2));  // it has the change, and not what comes behind
       return c[1].status().commit != LogIndex{3};
     }},
    {Rule::stop_proposals_during_transfer,
     [](const Tweak& t) {
       Cluster c(3, t);
       c.elect(1);
       c.transfer(1, 2);
       return c.propose(1, "a").status == ProposeResult::Status::accepted;
     }},
    {Rule::transfer_times_out,
     [](const Tweak& t) {
       Cluster c(3, t);
       c.elect(1);
       c.isolate({2});
       c.transfer(1, 2);
       c.run_for(seconds(1));
       return c[1].status().transfer_target == NodeId{2};
     }},
    {Rule::transfer_needs_caught_up,
     [](const Tweak& t) {
       Cluster c(3, t);
       c.elect(1);
       c.isolate({2});
       c.propose(1, "a");
       c.deliver();
       c.transfer(1, 2);
       return queued(c, MessageType::timeout_now, 1);
     }},
};

// --- reads --------------------------------------------------------------------------------------

const Story kReads[] = {
    {Rule::read_index_needs_quorum,
     [](const Tweak& t) {
       Cluster c(3, plain(t));
       c.elect(1);
       c.isolate({1});
       c.read(1, 1);
       c.deliver();
       return answered(c.host(1));
     }},
    {Rule::read_context_never_reused,
     [](const Tweak& t) {  // etcd#20418: an answer to an earlier heartbeat, late
       Cluster c(3, plain(t));
       c.elect(1);
       c.timeout(1);
       std::deque<Packet> heartbeats;
       std::swap(heartbeats, c.queue);
       for (const Packet& p : heartbeats) c.give(p);
       std::deque<Packet> late;
       std::swap(late, c.queue);
       c.isolate({1});
       c.elect(2);
       c.propose(2, "new");
       c.deliver();
       c.read(1, 1);
       for (const Packet& p : late) c.give(p);
       return answered(c.host(1));
     }},
    {Rule::lease_void_during_transfer,
     [](const Tweak& t) {
       Cluster c(3, with_leases(t));
       c.elect(1);
       c.run_for(milliseconds(60));
       c.transfer(1, 2);
       const Packet timeout_now = c.queue.front();
       REQUIRE(timeout_now.type == MessageType::timeout_now);
       c.isolate({1});
       c.give(timeout_now);
       c.deliver();
       REQUIRE(c[2].status().role == Role::leader);
       c.read(1, 1);
       c.deliver();
       return answered(c.host(1));
     }},
    {Rule::lease_needs_check_quorum,
     [](const Tweak& t) {
       Cluster c(3, with_leases([&t](Config& config) {
                   config.check_quorum = false;
                   t(config);
                 }));
       c.elect(1);
       c.isolate({1});
       c.run_for(seconds(2));  // the others have elected somebody else long since
       c.read(1, 1);
       c.deliver();
       return answered(c.host(1));
     }},
    {Rule::lease_bounds_clock_drift,
     [](const Tweak& t) {
       Cluster c(3, with_leases([&t](Config& config) {
                   config.clock_drift_ppm = 500'000;
                   t(config);
                 }));
       c.elect(1);
       c.run_for(milliseconds(51));
       c.isolate({1});
       c.run_for(milliseconds(90));  // clocks may differ by half: the voters' 150 ms may be over
       c.read(1, 1);
       return answered(c.host(1));
     }},
};

template <std::size_t N>
void tell(const Story (&stories)[N]) {
  for (const Story& story : stories) {
    INFO(rule_name(story.rule));
    CHECK_FALSE(story.wrong([](Config&) {}));
    CHECK(story.wrong([&story](Config& c) { c.rules.set(story.rule, false); }));
  }
}

}  // namespace

TEST_CASE("what the rules of elections are for") { tell(kElections); }
TEST_CASE("what the rules of replication are for") { tell(kReplication); }
TEST_CASE("what the rules of membership and transfer are for") { tell(kMembership); }
TEST_CASE("what the rules of reads are for") { tell(kReads); }

TEST_CASE("rules are found by name, and are all on by default") {
  CHECK(Rules{}.all_on());
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kRuleCount; ++i) {
    const RuleInfo& info = kRules[i];
    CHECK(static_cast<std::size_t>(info.rule) == i);
    CHECK(find_rule(info.name) == info.rule);
    CHECK(rule_name(info.rule) == info.name);
    CHECK(names.insert(info.name).second);
    Rules rules;
    rules.set(info.rule, false);
    CHECK_FALSE(rules[info.rule]);
    CHECK_FALSE(rules.all_on());
    rules.set(info.rule, true);
    CHECK(rules.all_on());
  }
  CHECK_FALSE(find_rule("no_such_rule"));
}
