// Each checker trips on the one thing it forbids, stays silent on what only looks like it, and no
// other checker cries with it.
#include "tests/unit/judge/fake_world.h"

namespace quorumlab::judge {
namespace {

using Type = raft::MessageType;

TEST_CASE("names of checkers lead to them, with dashes, too", "[judge]") {
  for (std::size_t i = 0; i < kCheckerCount; ++i) {
    const auto checker = static_cast<Checker>(i);
    CHECK(find_checker(checker_name(checker)) == checker);
    CHECK_FALSE(checker_promise(checker).empty());
  }
  CHECK(find_checker("state-machine-safety") == Checker::state_machine_safety);
  CHECK_FALSE(find_checker("nonsense"));
}

TEST_CASE("two leaders of one term break election safety", "[judge]") {
  FakeWorld world;
  world.heartbeat(1, 2);
  world.heartbeat(1, 2);
  world.heartbeat(2, 3);
  CHECK(world.clean());
  world.heartbeat(3, 3);
  CHECK(world.only(Checker::election_safety));
  CHECK(world.judges.violation()->node == NodeId{3});
  CHECK(world.judges.violation()->other == NodeId{2});
  CHECK(world.judges.violation()->a == 3);
  CHECK(world.judges.checks()[static_cast<std::size_t>(Checker::election_safety)] == 3);
}

TEST_CASE("two votes in one term break vote safety, over a restart, too", "[judge]") {
  FakeWorld world;
  world.persist(1, 0, {}, 2, 3);
  world.grant(1, 3, 2);
  world.grant(1, 3, 2);  // said twice is still one vote
  CHECK(world.clean());
  world.crash(1);
  world.start(1);
  CHECK(world.clean());
  SECTION("a grant to another candidate") {
    world.grant(1, 2, 2);
    CHECK(world.judges.violation(Checker::vote_safety));
  }
  SECTION("a vote for itself") {
    world.heartbeat(1, 2);
    CHECK(world.only(Checker::vote_safety));
  }
  SECTION("the vote on disk is changed") {
    world.write(1, 0, {}, 2, 2);
    CHECK(world.only(Checker::vote_safety));
  }
  SECTION("the vote on disk is forgotten although the term goes on") {
    world.write(1, 0, {}, 2, 0);
    CHECK(world.only(Checker::vote_safety));
  }
  SECTION("a new term, a new vote") {
    world.persist(1, 0, {}, 3, 2);
    world.grant(1, 2, 3);
    CHECK(world.clean());
  }
}

TEST_CASE("a grant or an ack that leaves before its write is durable breaks durability",
          "[judge]") {
  FakeWorld world;
  SECTION("grant") {
    const auto id = world.write(1, 0, {}, 2, 3);
    SECTION("before") {
      world.grant(1, 3, 2);
      CHECK(world.only(Checker::durability));
    }
    SECTION("after") {
      world.durable(1, id);
      world.grant(1, 3, 2);
      CHECK(world.clean());
    }
    SECTION("a later term is on disk: nobody can be betrayed any more") {
      world.durable(1, world.write(1, 0, {}, 5));
      world.grant(1, 3, 2);
      CHECK(world.clean());
    }
  }
  SECTION("ack") {
    world.persist(1, 1, {{1}, {1, "a", "1"}}, 1);
    world.send(Type::append_entries_response, 1, 2, 1, 2);
    CHECK(world.clean());
    const auto id = world.write(1, 3, {{1, "b", "1"}}, 1);
    world.send(Type::append_entries_response, 1, 2, 1, 2);
    CHECK(world.clean());
    SECTION("before") {
      world.send(Type::append_entries_response, 1, 2, 1, 3);
      CHECK(world.only(Checker::durability));
    }
    SECTION("after") {
      world.durable(1, id);
      world.send(Type::append_entries_response, 1, 2, 1, 3);
      CHECK(world.clean());
    }
    SECTION("a refusal promises nothing") {
      world.send(Type::append_entries_response, 1, 2, 1, 9, 0, true);
      CHECK(world.clean());
    }
    SECTION("a shorter log is under way, but the longer one is what is on disk") {
      world.write(1, 2, {{2}}, 2);
      world.durable(1, id);
      world.send(Type::append_entries_response, 1, 2, 1, 3);
      CHECK(world.clean());
    }
  }
}

TEST_CASE("a leader that replaces or removes its own entries breaks leader append-only",
          "[judge]") {
  FakeWorld world;
  world.persist(1, 1, {{1}, {1, "a", "1"}}, 2, 1);
  SECTION("a follower may") {
    world.write(1, 2, {{2, "b", "2"}}, 2, 1);
    CHECK(world.clean());
  }
  SECTION("a leader may not replace") {
    world.heartbeat(1, 2);
    world.write(1, 3, {{2, "b", "2"}}, 2, 1);
    CHECK(world.clean());
    world.write(1, 2, {{2, "c", "2"}}, 2, 1);
    CHECK(world.only(Checker::leader_append_only));
    CHECK(world.judges.violation()->a == 2);
  }
  SECTION("not even as it comes to lead") {
    world.write(1, 2, {{2, "b", "2"}}, 2, 1);
    CHECK(world.clean());
    world.heartbeat(1, 2);
    CHECK(world.only(Checker::leader_append_only));
    CHECK(world.judges.violation()->a == 2);
  }
  SECTION("what an earlier leader replaced is no fault of the next") {
    world.write(1, 2, {{2, "b", "2"}}, 2, 1);
    world.heartbeat(1, 3);
    CHECK(world.clean());
  }
  SECTION("once deposed it may") {
    world.heartbeat(1, 2);
    world.write(1, 2, {{3, "c", "2"}}, 3);
    CHECK(world.clean());
  }
  SECTION("after a restart it is no leader any more") {
    world.heartbeat(1, 2);
    world.crash(1);
    world.start(1);
    world.write(1, 2, {{2, "c", "2"}}, 2, 1);
    CHECK(world.clean());
  }
}

TEST_CASE("two entries of one index and term with different pasts break log matching", "[judge]") {
  FakeWorld world;
  world.write(1, 1, {{1}, {1, "a", "1"}, {2, "b", "1"}}, 2);
  world.write(2, 1, {{1}, {1, "a", "1"}, {2, "b", "1"}}, 2);
  world.write(3, 1, {{1}, {3, "x", "1"}}, 3);
  CHECK(world.clean());
  SECTION("another entry of the same term") {
    world.write(2, 3, {{2, "c", "1"}}, 2);
    CHECK(world.only(Checker::log_matching));
    CHECK(world.judges.violation()->a == 3);
  }
  SECTION("the same entry on another past") {
    world.write(3, 3, {{2, "b", "1"}}, 3);
    CHECK(world.only(Checker::log_matching));
  }
  SECTION("also where the first entry known at that place was of another term") {
    world.write(2, 1, {{1}, {3, "y", "1"}}, 3);
    CHECK(world.only(Checker::log_matching));
  }
}

TEST_CASE("a leader without what was committed before breaks leader completeness", "[judge]") {
  FakeWorld world;
  world.persist(1, 1, {{1}, {1, "a", "1"}}, 1, 1);
  world.heartbeat(1, 1);
  world.heartbeat(1, 1, 2);
  SECTION("a later leader lacks it") {
    world.heartbeat(2, 2);
    CHECK(world.only(Checker::leader_completeness));
    CHECK(world.judges.violation()->b == 2);
  }
  SECTION("a later leader has something else there") {
    world.persist(2, 1, {{1}, {2, "b", "1"}}, 3, 2);
    world.heartbeat(2, 3);
    CHECK(world.only(Checker::leader_completeness));
  }
  SECTION("a later leader has it") {
    world.persist(2, 1, {{1}, {1, "a", "1"}, {2, "b", "1"}}, 3, 2);
    world.heartbeat(2, 3);
    CHECK(world.clean());
  }
  SECTION("a leader of an earlier term that only now wins is not bound") {
    world.persist(2, 1, {{1}, {1, "a", "1"}}, 5, 2);
    world.heartbeat(2, 5);
    world.persist(2, 3, {{5}}, 5, 2);
    world.heartbeat(2, 5, 3);
    world.persist(3, 1, {{1}, {1, "a", "1"}}, 4, 3);
    world.heartbeat(3, 4);  // lacks entry 3, which was committed in term 5
    CHECK(world.clean());
    CHECK(world.judges.checks()[static_cast<std::size_t>(Checker::leader_completeness)] == 2);
  }
}

TEST_CASE("two entries applied at one index break state machine safety", "[judge]") {
  FakeWorld world;
  world.write(1, 1, {{1}, {1, "a", "1"}}, 1);
  world.write(2, 1, {{1}, {2, "b", "1"}}, 2);
  world.apply(1, 1, 1);
  world.apply(2, 1, 1);
  world.apply(1, 2, 1);
  CHECK(world.clean());
  world.apply(2, 2, 2);
  CHECK(world.only(Checker::state_machine_safety));
  CHECK(world.judges.violation()->a == 2);
}

TEST_CASE("a snapshot of another history breaks state machine safety", "[judge]") {
  FakeWorld world;
  world.write(1, 1, {{1}, {1, "a", "1"}}, 1);
  world.apply(1, 1, 1);
  world.apply(1, 2, 1);
  std::uint64_t chain = 0;
  REQUIRE(world.judges.shadow(NodeId{1}).chain_at(2, chain));
  for (const std::uint64_t wrong : {0u, 1u}) {
    raft::SnapshotMeta meta;
    meta.index = {2};
    meta.term = {1};
    meta.chain = chain + wrong;
    meta.conf.voters = {NodeId{1}, NodeId{2}, NodeId{3}};
    Bytes bytes;
    raft::encode_snapshot(meta, {}, bytes);
    world.judges.write_submitted(++world.now, ++world.record, NodeId{2}, ++world.write_id,
                                 FileId::snapshot, Effects::Write::Mode::replace, bytes);
    CHECK(world.clean() == (wrong == 0));
  }
  CHECK(world.only(Checker::state_machine_safety));
}

TEST_CASE("what goes back breaks monotonic", "[judge]") {
  FakeWorld world;
  world.elect(2, 3, {1});
  for (const std::uint32_t node : {2u, 1u}) world.persist(node, 1, {{1}, {1}, {3}}, 3, 2);
  world.fact(Fact::commit_advanced, 2, 3, 0, 3);
  world.fact(Fact::commit_advanced, 1, 2, 0, 3);
  world.apply(1, 1, 1);
  world.apply(1, 2, 1);
  CHECK(world.clean());
  SECTION("the term on disk") {
    world.write(1, 0, {}, 2);
    CHECK(world.only(Checker::monotonic));
  }
  SECTION("the term of a request") {
    world.send(Type::request_vote, 1, 2, 4);
    CHECK(world.clean());
    world.send(Type::request_vote, 1, 2, 3);
    CHECK(world.only(Checker::monotonic));
  }
  SECTION("a request of a term below the one on disk") {
    world.send(Type::request_vote, 1, 2, 2);
    CHECK(world.only(Checker::monotonic));
  }
  SECTION("a grant that waited for its write may be of an older term than a request that did not") {
    const auto id = world.write(1, 0, {}, 4, 2);
    world.send(Type::request_vote, 1, 2, 5);
    world.durable(1, id);
    world.grant(1, 2, 4);
    CHECK(world.clean());
  }
  SECTION("the commit index") {
    world.fact(Fact::commit_advanced, 1, 1, 2, 3);
    CHECK(world.only(Checker::monotonic));
  }
  SECTION("the applied index") {
    world.apply(1, 1, 1);
    CHECK(world.only(Checker::monotonic));
  }
  SECTION("an applied index left out") {
    world.persist(1, 4, {{1}}, 3, 2);
    world.apply(1, 4, 1);
    CHECK(world.only(Checker::monotonic));
  }
  SECTION("not the commit index over a restart") {
    world.crash(1);
    world.start(1);
    world.fact(Fact::started, 1, 3, 3, 0);
    world.fact(Fact::commit_advanced, 1, 1, 0, 3);
    world.apply(1, 1, 1);
    CHECK(world.clean());
  }
  SECTION("the term over a restart") {
    world.crash(1);
    world.start(1);
    world.fact(Fact::started, 1, 2, 3, 0);
    CHECK(world.only(Checker::monotonic));
  }
}

TEST_CASE("an answered write that a later leader lacks breaks durability", "[judge]") {
  FakeWorld world;
  world.ask(7, Request::Kind::write, "a", "1", 5, 1);
  world.persist(1, 1, {{1}, {1, "a", "1", 5, 1}}, 1, 1);
  world.heartbeat(1, 1);
  world.apply(1, 1, 1);
  world.apply(1, 2, 1);
  world.answer(7, 1, Response::Status::ok, 2);
  CHECK(world.clean());
  world.heartbeat(2, 2);
  CHECK(world.judges.violation(Checker::durability));
  CHECK(world.judges.violation(Checker::leader_completeness));
}

TEST_CASE("an answer about an entry that nobody applied, or that is another's, breaks durability",
          "[judge]") {
  FakeWorld world;
  world.ask(7, Request::Kind::write, "a", "1", 5, 1);
  world.persist(1, 1, {{1}, {1, "a", "1", 5, 1}, {1, "a", "2", 6, 1}}, 1, 1);
  SECTION("nobody applied it") {
    world.answer(7, 1, Response::Status::ok, 2);
    CHECK(world.only(Checker::durability));
  }
  SECTION("it is another's") {
    for (const std::uint64_t index : {1u, 2u, 3u}) world.apply(1, index, 1);
    world.answer(7, 1, Response::Status::ok, 3);
    CHECK(world.only(Checker::durability));
  }
}

TEST_CASE("a read older than an answer before it breaks read freshness", "[judge]") {
  FakeWorld world;
  world.ask(1, Request::Kind::write, "a", "1");
  world.ask(2, Request::Kind::write, "a", "2");
  world.ask(3, Request::Kind::read, "a", "");  // began before any answer
  world.persist(1, 1, {{1, "a", "1"}, {1, "a", "2"}, {1, "b", "1"}}, 1, 1);
  for (const std::uint64_t index : {1u, 2u, 3u}) world.apply(1, index, 1);
  world.answer(1, 1, Response::Status::ok, 1);
  world.answer(2, 1, Response::Status::ok, 2);
  world.answer(3, 2, Response::Status::ok, 1, 1, "1");
  CHECK(world.clean());
  world.ask(4, Request::Kind::read, "a", "");
  SECTION("fresh") {
    world.answer(4, 1, Response::Status::ok, 3, 2, "2");
    CHECK(world.clean());
  }
  SECTION("stale") {
    world.answer(4, 2, Response::Status::ok, 1, 1, "1");
    CHECK(world.only(Checker::read_freshness));
  }
  SECTION("as new as it should be, but with an old value") {
    world.answer(4, 2, Response::Status::ok, 3, 1, "1");
    CHECK(world.only(Checker::read_freshness));
  }
  SECTION("as new as it should be, but with a value nobody wrote") {
    world.answer(4, 2, Response::Status::ok, 3, 2, "3");
    CHECK(world.only(Checker::read_freshness));
  }
  SECTION("not found although it is there") {
    world.answer(4, 2, Response::Status::not_found, 3);
    CHECK(world.only(Checker::read_freshness));
  }
  SECTION("after one client saw the new value, no other may see an older one") {
    world.answer(4, 1, Response::Status::ok, 3, 2, "2");
    world.ask(5, Request::Kind::read, "a", "");
    world.answer(5, 2, Response::Status::ok, 2, 2, "2");
    CHECK(world.only(Checker::read_freshness));
  }
  SECTION("a read that asks for any copy may be old, but not wrong") {
    world.ask(5, Request::Kind::read_stale, "a", "");
    world.answer(5, 2, Response::Status::ok, 1, 1, "1");
    CHECK(world.clean());
    world.ask(6, Request::Kind::read_stale, "a", "");
    world.answer(6, 2, Response::Status::ok, 1, 1, "2");
    CHECK(world.only(Checker::read_freshness));
  }
}

TEST_CASE("a retried command that takes effect twice breaks exactly-once", "[judge]") {
  FakeWorld world;
  world.ask(1, Request::Kind::write, "a", "1", 9, 1);
  world.persist(1, 1, {{1}, {1, "a", "1", 9, 1}, {1, "a", "5"}, {1, "a", "1", 9, 1}}, 1, 1);
  for (const std::uint64_t index : {1u, 2u, 3u, 4u}) world.apply(1, index, 1);
  SECTION("answered with its first place") {
    world.answer(1, 1, Response::Status::ok, 2);
    CHECK(world.clean());
  }
  SECTION("answered with its second place") {
    world.answer(1, 1, Response::Status::ok, 4);
    CHECK(world.only(Checker::exactly_once));
  }
  SECTION("a read shows that the second one was applied") {
    world.ask(2, Request::Kind::read, "a", "");
    world.answer(2, 1, Response::Status::ok, 4, 4, "1");
    CHECK(world.judges.violation(Checker::exactly_once));
  }
  SECTION("a read shows that it was not") {
    world.ask(2, Request::Kind::read, "a", "");
    world.answer(2, 1, Response::Status::ok, 4, 3, "5");
    CHECK(world.clean());
  }
}

TEST_CASE("a node that trusts a damaged disk is noticed", "[judge]") {
  FakeWorld world;
  world.persist(1, 1, {{1}, {1, "a", "1"}, {1, "b", "1"}}, 2, 3);
  world.persist(1, 4, {{2, "c", "1"}}, 2, 3);
  world.grant(1, 3, 2);
  world.crash(1);
  SECTION("unreadable files, and it goes on") {
    world.disk(1)[30] ^= 1;
    world.judges.disk_damaged(++world.now, ++world.record, NodeId{1}, Damage::rotted);
    world.start(1);
    CHECK(world.clean());
    SECTION("it acts") {
      world.send(Type::request_vote, 1, 2, 3);
      CHECK(world.judges.violation(Checker::lying_disk_noticed));
    }
    SECTION("it refuses to start") {
      world.fact(Fact::refused_to_start, 1, 10);
      CHECK(world.clean());
    }
  }
  SECTION("a wiped disk") {
    world.disk(1).clear();
    world.lose(1);
    world.judges.disk_damaged(++world.now, ++world.record, NodeId{1}, Damage::wiped);
    world.start(1);
    world.send(Type::append_entries_response, 1, 2, 2, 0);
    CHECK(world.clean());
    SECTION("it votes as if nothing had happened") {
      world.persist(1, 0, {}, 3, 2);
      world.grant(1, 2, 3);
      CHECK(world.only(Checker::lying_disk_noticed));
    }
    SECTION("it campaigns as if nothing had happened") {
      world.send(Type::request_vote, 1, 2, 3);
      CHECK(world.only(Checker::lying_disk_noticed));
    }
    SECTION("once it has caught up it may vote again, in a later term") {
      world.persist(1, 1, {{1}, {1, "a", "1"}, {1, "b", "1"}, {2, "c", "1"}}, 3, 2);
      world.grant(1, 2, 3);
      CHECK(world.clean());
    }
  }
  SECTION("a disk inside the model that lost something is the world's or the engine's mistake") {
    world.disk(1).clear();
    world.lose(1);
    world.start(1);
    CHECK(world.only(Checker::durability));
  }
}

TEST_CASE("a failed write that reached the disk all the same is no loss", "[judge]") {
  FakeWorld world;
  world.persist(1, 1, {{1}, {1, "a", "1"}, {1, "b", "1"}}, 1);
  const auto id = world.write(1, 2, {{2}}, 2);
  world.judges.write_failed(++world.now, ++world.record, NodeId{1}, id);
  SECTION("it did") { world.durable(1, 0); }
  SECTION("it did not") {}
  world.crash(1);
  world.start(1);
  CHECK(world.clean());
}

TEST_CASE("judges that are reset judge the same again, and a copy judges on its own", "[judge]") {
  FakeWorld world;
  world.heartbeat(1, 2);
  Judges fork = world.judges;
  world.heartbeat(2, 2);
  CHECK_FALSE(world.clean());
  CHECK_FALSE(fork.violation());
  world.judges.set_enabled(Checker::election_safety, false);
  CHECK(world.clean());
  CHECK(world.judges.violation(Checker::election_safety));
  world.judges.set_enabled(Checker::election_safety, true);
  world.judges.reset({3, true});
  CHECK(world.clean());
  world.heartbeat(2, 2);
  CHECK(world.clean());
}

TEST_CASE("damaged bytes never harm the judges", "[judge]") {
  FakeWorld world;
  world.persist(1, 1, {{1}, {1, "a", "1"}}, 1, 1);
  Bytes bytes;
  raft::Message m;
  m.type = Type::append_entries;
  m.source = {1};
  m.target = {2};
  m.term = {1};
  m.commit = {1};
  encode(m, bytes);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const std::uint8_t value : {0x00, 0x7f, 0x80, 0xff}) {
      Bytes damaged = bytes;
      damaged[at] = value;
      world.judges.packet_sent(1, 1, NodeId{1}, NodeId{2}, damaged[1] & 31, damaged);
      world.judges.write_submitted(1, 1, NodeId{2}, ++world.write_id, FileId::log,
                                   Effects::Write::Mode::append, damaged);
      world.judges.answered(1, 1, at, NodeId{1}, damaged);
    }
  }
  SUCCEED();
}

}  // namespace
}  // namespace quorumlab::judge
