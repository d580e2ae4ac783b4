// The three checkers that know who is in the cluster: what the judges make of changes of
// membership, and every way in which a node can hold to something else.
#include "tests/unit/judge/fake_world.h"

namespace quorumlab::judge {
namespace {

using Kind = raft::ConfChange::Kind;
using Steps = std::vector<raft::ConfChange::Step>;
using Type = raft::MessageType;

const Steps kAdd4{{Kind::add_voter, NodeId{4}}};
const Steps kLearn4{{Kind::add_learner, NodeId{4}}};
const Steps kRemove3{{Kind::remove, NodeId{3}}};
const Steps kSwap3For4{{Kind::add_voter, NodeId{4}}, {Kind::remove, NodeId{3}}};

// Five hosts of which the first three are members.
struct Members : FakeWorld {
  Members() : FakeWorld(5) {
    Configuration members;
    members.voters = 0b111;
    judges.reset({5, true, members});
    for (std::uint32_t id = 1; id <= 5; ++id) start(id);
  }
  // Node 1 leads term 1, and its first entry is on two disks and committed.
  void lead() {
    elect(1, 1, {2});
    for (const std::uint32_t node : {1u, 2u}) persist(node, 1, {{1}}, 1, 1);
    fact(Fact::commit_advanced, 1, 1, 0, 1);
    apply(1, 1, 1);
  }
  // The leader's next entry, on these disks, committed and applied by the leader.
  void commit(const FakeEntry& entry, const std::vector<std::uint32_t>& nodes = {1, 2}) {
    ++last;
    for (const std::uint32_t node : nodes) persist(node, last, {entry}, 1, 1);
    fact(Fact::commit_advanced, 1, last, last - 1, 1);
    apply(1, last, 1);
  }
  void says(std::uint32_t node, std::uint64_t index, std::uint64_t voters,
            std::uint64_t outgoing = 0) {
    fact(Fact::config_applied, node, index, voters, outgoing);
  }
  std::uint64_t last = 1;
};

// The judges' arithmetic against the engine's, on every change of up to two steps.
TEST_CASE("the judges and the engine make the same of every small change", "[judge]") {
  std::vector<raft::ConfState> starts(1);
  starts[0].voters = {NodeId{1}, NodeId{2}, NodeId{3}};
  std::size_t compared = 0, effective = 0;
  for (int round = 0; round < 2; ++round) {
    std::vector<raft::ConfState> reached;
    for (const raft::ConfState& start : starts) {
      for (int code = 0; code < 2 * 13 * 13; ++code) {
        raft::ConfChange change;
        change.joint = code % 2 != 0;
        for (int step = code / 2; step != 0; step /= 13) {
          if (step % 13 == 0) continue;
          const int one = step % 13 - 1;
          change.steps.push_back({static_cast<Kind>(one % 3), NodeId{std::uint32_t(one / 3 + 1)}});
        }
        FakeWorld world(4);
        Bytes payload;
        raft::encode(change, payload);
        History history;
        history.written({{1}, {1}, raft::EntryKind::config, payload}, 7);
        REQUIRE(history.applied(1, 1, 7));
        REQUIRE(history.changes_applied().size() == 1);
        Configuration mine = configuration_of(start);
        const bool takes = take(history.change(1), mine);
        Reason why = Reason::none;
        const auto theirs = raft::next_conf(start, change, why);
        REQUIRE(takes == theirs.has_value());
        REQUIRE(mine == configuration_of(theirs.value_or(start)));
        ++compared;
        effective += takes;
        if (theirs && reached.size() < 60) reached.push_back(*theirs);
      }
    }
    starts = reached;
  }
  CHECK(compared > 10'000);
  CHECK(effective > 1'000);
}

TEST_CASE("a node that takes something else for the configuration breaks configuration",
          "[judge]") {
  Members world;
  world.lead();
  world.fact(Fact::config_proposed, 1, 2, 0, 4);
  world.commit(changing(1, kAdd4));
  CHECK(world.clean());
  SECTION("what the entry says") {
    world.says(1, 2, 0b1111);
    CHECK(world.clean());
    SECTION("once more") {
      world.says(1, 2, 0b1111);
      CHECK(world.only(Checker::configuration));
    }
    SECTION("by another node, too") {
      world.apply(2, 1, 1);
      world.apply(2, 2, 1);
      world.says(2, 2, 0b1111);
      CHECK(world.clean());
    }
    SECTION("again after a restart") {
      world.crash(1);
      world.start(1);
      world.apply(1, 1, 1);
      world.apply(1, 2, 1);
      world.says(1, 2, 0b1111);
      CHECK(world.clean());
    }
  }
  SECTION("other voters") {
    world.says(1, 2, 0b111);
    CHECK(world.only(Checker::configuration));
  }
  SECTION("as if it were joint") {
    world.says(1, 2, 0b1111, 0b111);
    CHECK(world.only(Checker::configuration));
  }
  SECTION("from another entry on") {
    world.says(1, 1, 0b1111);
    CHECK(world.only(Checker::configuration));
  }
  SECTION("one left out") {
    world.commit(changing(1, kRemove3));
    world.says(1, 3, 0b1011);
    CHECK(world.only(Checker::configuration));
  }
  SECTION("a change that changes nothing") {
    world.commit(changing(1, kAdd4));
    world.says(1, 2, 0b1111);
    CHECK(world.clean());
    world.says(1, 3, 0b1111);
    CHECK(world.only(Checker::configuration));
  }
}

TEST_CASE("a joint configuration is entered and left as Raft says", "[judge]") {
  Members world;
  world.lead();
  world.commit(changing(1, kSwap3For4));
  world.says(1, 2, 0b1011, 0b111);
  CHECK(world.clean());
  SECTION("left") {
    world.commit(changing(1, {}));
    world.says(1, 3, 0b1011);
    CHECK(world.clean());
  }
  SECTION("no other change while it lasts") {
    world.commit(changing(1, {{Kind::add_voter, NodeId{5}}}));
    world.says(1, 3, 0b11011, 0b111);
    CHECK(world.only(Checker::configuration));
  }
  SECTION("a snapshot keeps both halves") {
    raft::ConfState conf;
    conf.voters = {NodeId{1}, NodeId{2}, NodeId{4}};
    conf.voters_outgoing = {NodeId{1}, NodeId{2}, NodeId{3}};
    conf.auto_leave = true;
    std::uint64_t chain = 0;
    REQUIRE(world.judges.shadow(NodeId{1}).chain_at(2, chain));
    SECTION("both") {
      world.write_snapshot(1, 2, 1, chain, conf);
      CHECK(world.clean());
    }
    SECTION("one") {
      conf.voters_outgoing.clear();
      world.write_snapshot(1, 2, 1, chain, conf);
      CHECK(world.only(Checker::configuration));
    }
    SECTION("or forgets that it is to be left") {
      conf.auto_leave = false;
      world.write_snapshot(1, 2, 1, chain, conf);
      CHECK(world.only(Checker::configuration));
    }
  }
}

TEST_CASE("a snapshot written before its last entry is known to be applied is judged then",
          "[judge]") {
  Members world;
  world.lead();
  world.persist(1, 2, {changing(1, kLearn4)}, 1, 1);
  raft::ConfState conf;
  conf.voters = {NodeId{1}, NodeId{2}, NodeId{3}};
  std::uint64_t chain = 0;
  REQUIRE(world.judges.shadow(NodeId{1}).chain_at(2, chain));
  SECTION("with the learner") {
    conf.learners = {NodeId{4}};
    world.write_snapshot(1, 2, 1, chain, conf);
    world.apply(1, 2, 1);
    CHECK(world.clean());
  }
  SECTION("without") {
    world.write_snapshot(1, 2, 1, chain, conf);
    CHECK(world.clean());
    world.apply(1, 2, 1);
    CHECK(world.only(Checker::configuration));
  }
}

TEST_CASE("who leads has applied every change, and votes itself", "[judge]") {
  Members world;
  world.lead();
  SECTION("a stranger") {
    world.elect(4, 2, {1, 2, 3});
    CHECK(world.judges.violation(Checker::configuration));
  }
  SECTION("one that has not made the change its own") {
    world.commit(changing(1, kAdd4), {1, 2});
    world.says(1, 2, 0b1111);
    world.apply(2, 1, 1);
    world.apply(2, 2, 1);
    world.elect(2, 2, {1, 3}, 2);
    CHECK(world.only(Checker::configuration));
  }
  SECTION("one that has") {
    world.commit(changing(1, kAdd4), {1, 2});
    world.says(1, 2, 0b1111);
    world.apply(2, 1, 1);
    world.apply(2, 2, 1);
    world.says(2, 2, 0b1111);
    world.elect(2, 2, {1, 3}, 2);
    CHECK(world.clean());
  }
  SECTION("a leader that is removed falls silent") {
    world.commit(changing(1, {{Kind::remove, NodeId{1}}}), {1, 2, 3});
    world.says(1, 2, 0b110);
    CHECK(world.clean());
    SECTION("it does") {
      world.fact(Fact::became_follower, 1, 1);
      CHECK(world.clean());
    }
    SECTION("it does not") {
      world.heartbeat(1, 1, 2);
      CHECK(world.only(Checker::configuration));
    }
  }
}

TEST_CASE("one change at a time, and none before a commit in the leader's own term", "[judge]") {
  Members world;
  SECTION("the first entry of the term is not committed yet") {
    world.persist(1, 1, {{1}}, 1, 1);
    world.persist(2, 1, {{1}}, 1, 1);
    world.elect(1, 2, {2}, 1);
    world.persist(1, 2, {{2}, changing(2, kAdd4)}, 2, 1);
    world.fact(Fact::config_proposed, 1, 3, 0, 4);
    CHECK(world.clean());  // nothing is committed at all: nobody can tell
    world.persist(2, 2, {{2}, changing(2, kAdd4)}, 2, 1);
    world.fact(Fact::commit_advanced, 1, 2, 0, 2);
    world.fact(Fact::started, 3, 0, 0, 1);
    world.elect(3, 3, {2}, 3);
    world.persist(3, 1, {{1}, {2}, {3}, changing(3, kRemove3)}, 3, 3);
    world.fact(Fact::commit_advanced, 3, 1, 0, 3);
    world.fact(Fact::config_proposed, 3, 4, 2, 3);
    CHECK(world.judges.violation(Checker::configuration));
  }
  SECTION("another one is in the log, and not applied") {
    world.lead();
    world.persist(1, 2, {changing(1, kAdd4)}, 1, 1);
    world.fact(Fact::config_proposed, 1, 2, 0, 4);
    CHECK(world.clean());
    world.persist(1, 3, {changing(1, kRemove3)}, 1, 1);
    world.fact(Fact::config_proposed, 1, 3, 2, 3);
    CHECK(world.only(Checker::configuration));
  }
}

TEST_CASE("a leader without the votes of a majority breaks quorum", "[judge]") {
  Members world;
  SECTION("two of three") {
    world.elect(1, 1, {2});
    CHECK(world.clean());
  }
  SECTION("alone") {
    world.elect(1, 1, {});
    CHECK(world.only(Checker::quorum));
  }
  SECTION("with strangers") {
    world.elect(1, 1, {4, 5});
    CHECK(world.only(Checker::quorum));
  }
  SECTION("its own vote is not on disk") {
    world.persist(2, 0, {}, 1, 1);
    world.persist(3, 0, {}, 1, 1);
    world.grant(2, 1, 1);
    world.grant(3, 1, 1);
    world.write(1, 0, {}, 1, 1);
    world.fact(Fact::became_leader, 1, 1, 0, 3);
    CHECK(world.only(Checker::quorum));
  }
  SECTION("votes of another term") {
    world.persist(2, 0, {}, 1, 1);
    world.grant(2, 1, 1);
    world.elect(1, 2, {});
    CHECK(world.only(Checker::quorum));
  }
  SECTION("an older term that it lost to a power failure may come again") {
    world.persist(2, 0, {}, 9, 1);
    world.grant(2, 1, 9);
    world.elect(1, 5, {3});
    CHECK(world.clean());
  }
}

TEST_CASE("a commit without copies on a majority of each half breaks quorum", "[judge]") {
  Members world;
  world.lead();
  SECTION("one copy") {
    world.persist(1, 2, {{1}}, 1, 1);
    world.fact(Fact::commit_advanced, 1, 2, 1, 1);
    CHECK(world.only(Checker::quorum));
  }
  SECTION("the second one is not durable") {
    world.persist(1, 2, {{1}}, 1, 1);
    world.write(2, 2, {{1}}, 1, 1);
    world.fact(Fact::commit_advanced, 1, 2, 1, 1);
    CHECK(world.only(Checker::quorum));
  }
  SECTION("strangers hold it") {
    world.commit({1}, {1, 4, 5});
    CHECK(world.only(Checker::quorum));
  }
  SECTION("learners hold it") {
    world.commit(changing(1, kLearn4), {1, 2, 4});
    world.says(1, 2, 0b111);
    CHECK(world.clean());
    world.commit({1}, {1, 4});
    CHECK(world.only(Checker::quorum));
  }
  SECTION("an entry of an older term") {
    world.persist(2, 2, {{1}}, 1, 1);
    world.elect(2, 2, {3}, 2);
    world.persist(2, 2, {{1}}, 2, 2);
    world.persist(3, 1, {{1}, {1}}, 2, 2);
    world.fact(Fact::commit_advanced, 2, 2, 1, 2);
    CHECK(world.only(Checker::quorum));
  }
  SECTION("in a joint configuration both halves are needed") {
    const FakeEntry change = changing(1, {{Kind::add_voter, NodeId{4}},
                                          {Kind::add_voter, NodeId{5}},
                                          {Kind::remove, NodeId{2}},
                                          {Kind::remove, NodeId{3}}});
    world.commit(change);
    world.says(1, 2, 0b11001, 0b111);
    world.persist(3, 1, {{1}, change}, 1, 1);
    for (const std::uint32_t node : {4u, 5u}) world.persist(node, 1, {{1}, change}, 1, 1);
    SECTION("the old one only") {
      world.commit({1}, {1, 2, 3});
      CHECK(world.only(Checker::quorum));
    }
    SECTION("the new one only") {
      world.commit({1}, {1, 4, 5});
      CHECK(world.only(Checker::quorum));
    }
    SECTION("a majority of each") {
      world.commit({1}, {1, 2, 4});
      CHECK(world.clean());
    }
  }
  SECTION("a follower that knows more than any leader") {
    world.fact(Fact::commit_advanced, 2, 1, 0, 1);
    CHECK(world.clean());
    world.fact(Fact::commit_advanced, 2, 2, 1, 1);
    CHECK(world.only(Checker::quorum));
  }
}

TEST_CASE("leadership handed to who lacks an entry, or entries taken meanwhile, break handover",
          "[judge]") {
  Members world;
  world.lead();
  const auto appends = [&](std::uint64_t index) {
    trace::Record r;
    r.time_ns = ++world.now;
    r.kind = static_cast<std::uint16_t>(Fact::appended);
    r.node = r.peer = 1;
    r.a = r.b = index;
    world.judges.fact(r, ++world.record);
    world.fact(Fact::proposal_accepted, 1, index, 1);
  };
  world.fact(Fact::transfer_started, 1, 1);
  SECTION("the target has all") {
    world.send(Type::timeout_now, 1, 2, 1);
    CHECK(world.clean());
  }
  SECTION("it lacks one") {
    world.persist(1, 2, {{1}}, 1, 1);
    world.send(Type::timeout_now, 1, 2, 1);
    CHECK(world.only(Checker::handover));
  }
  SECTION("it has it, but not on disk") {
    world.persist(1, 2, {{1}}, 1, 1);
    world.write(2, 2, {{1}}, 1, 1);
    world.send(Type::timeout_now, 1, 2, 1);
    CHECK(world.only(Checker::handover));
  }
  SECTION("a proposal is taken") {
    appends(2);
    CHECK(world.only(Checker::handover));
  }
  SECTION("a proposal is taken once it is over") {
    world.fact(Fact::transfer_ended, 1, 1);
    appends(2);
    CHECK(world.clean());
  }
}

TEST_CASE("who asks for votes names what is on disk, and has no snapshot under way", "[judge]") {
  Members world;
  world.lead();
  world.write(1, 2, {{1}}, 1, 1);
  SECTION("what is on disk") {
    world.send(Type::request_vote, 1, 2, 1, 1);
    CHECK(world.clean());
  }
  SECTION("what is not") {
    world.send(Type::request_pre_vote, 1, 2, 1, 2);
    CHECK(world.only(Checker::durability));
  }
  SECTION("a snapshot that it has not applied") {
    raft::ConfState conf;
    conf.voters = {NodeId{1}, NodeId{2}, NodeId{3}};
    world.write_snapshot(3, 9, 1, 77, conf);
    world.fact(Fact::became_candidate, 3, 2);
    CHECK(world.only(Checker::configuration));
  }
}

TEST_CASE("a read that a deposed leader lets be answered breaks read authority", "[judge]") {
  Members world;
  world.lead();
  const auto response = [&](std::uint64_t id, std::uint64_t index) {
    raft::Message m;
    m.type = Type::read_index_response;
    m.source = {1};
    m.target = {2};
    m.term = {1};
    m.index = {index};
    m.context = id;
    world.send(m);
  };
  world.fact(Fact::read_started, 1, 70, 1);
  SECTION("it leads") {
    world.fact(Fact::read_confirmed, 1, 70, 1);
    world.fact(Fact::read_confirmed, 1, 71, 1, 1);  // by lease
    response(72, 1);
    CHECK(world.clean());
  }
  SECTION("it has a successor since") {
    world.elect(2, 2, {3}, 1);
    CHECK(world.clean());
    SECTION("the read began before: a quorum may have confirmed it in time") {
      world.fact(Fact::read_confirmed, 1, 70, 1);
      CHECK(world.clean());
    }
    SECTION("by lease") {
      world.fact(Fact::read_confirmed, 1, 71, 1, 1);
      CHECK(world.only(Checker::read_authority));
    }
    SECTION("for a follower") {
      response(72, 1);
      CHECK(world.only(Checker::read_authority));
    }
    SECTION("the read began afterwards") {
      world.fact(Fact::read_started, 1, 73, 1);
      CHECK(world.clean());
      world.fact(Fact::read_confirmed, 1, 73, 1);
      CHECK(world.only(Checker::read_authority));
    }
  }
  SECTION("at an index behind what it has committed") {
    world.commit({1});
    world.fact(Fact::read_confirmed, 1, 70, 1);
    CHECK(world.clean());
    world.fact(Fact::read_confirmed, 1, 71, 1, 1);
    CHECK(world.only(Checker::read_authority));
  }
}

}  // namespace
}  // namespace quorumlab::judge
