// Small clusters that live through what serf.md measured on the real ones: start, kill, pause,
// restart, leave.
#include "tests/catch.h"
#include "tests/unit/gossip/harness.h"

namespace quorumlab::gossip::test {
namespace {

TEST_CASE("two nodes meet by push/pull and probe each other") {
  Cluster c(2);
  c.start(1);
  c.run_for(milliseconds(300));
  c.start(2);
  c.join(2, 1);
  c.run_for(milliseconds(10));
  CHECK(c.state(1, 2) == State::alive);
  CHECK(c.state(2, 1) == State::alive);
  REQUIRE(c.host(2).answers.size() == 1);
  CHECK(c.host(2).answers[0].count == 1);
  CHECK(c.host(2).answer_text.empty());
  c.run_for(seconds(60));
  CHECK(c.count(1, Fact::probe_acked) > 30);
  CHECK(c.count(1, Fact::probe_failed) == 0);
  CHECK(c.count(2, Fact::member_suspect) == 0);
}

TEST_CASE("five nodes learn of each other") {
  Cluster c(5);
  c.start_all();
  CHECK(c.run_while_not([&] { return c.everybody_knows_everybody(); }, seconds(60)));
  c.run_for(seconds(120));
  for (std::uint32_t i = 1; i <= 5; ++i) {
    CHECK(c.count(i, Fact::probe_failed) == 0);
    CHECK(c[i].members().size() == 5);
    CHECK(c[i].incarnation() == 1);
  }
}

TEST_CASE("a killed node is declared dead four seconds after the first suspicion") {
  int minimal = 0, missed = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Cluster c(5, {}, seed);
    // As in the recordings (serf.md 8.2): started one after the other, killed soon after, so that
    // everybody's rounds of probes begin at nearly the same time. Where they do not, the second
    // confirmation may come more than four seconds after the first suspicion.
    c.start_all(milliseconds(50));
    REQUIRE(c.run_while_not([&] { return c.everybody_knows_everybody(); }, seconds(60)));
    c.run_for(milliseconds(3000 + 97 * static_cast<std::int64_t>(seed)));
    const Instant killed = c.now();
    c.kill(3);
    c.run_for(seconds(12));
    Instant suspected = kNever, first = kNever, last{};
    // One in some hundred times gossip misses somebody in a cluster as small as this (F1), who
    // then waits for longer.
    if (c.state(1, 3) != State::dead || c.state(2, 3) != State::dead ||
        c.state(4, 3) != State::dead || c.state(5, 3) != State::dead) {
      ++missed;
      continue;
    }
    for (const std::uint32_t i : {1u, 2u, 4u, 5u}) {
      const TimedNote* suspect = c.find(i, Fact::member_suspect, killed);
      const TimedNote* dead = c.find(i, Fact::member_dead, killed);
      REQUIRE(dead != nullptr);
      if (suspect != nullptr) suspected = std::min(suspected, suspect->at);
      first = std::min(first, dead->at);
      last = std::max(last, dead->at);
    }
    INFO("seed " << seed << ": suspected after " << (suspected - killed).ns / 1000
                 << " us, dead first after " << (first - killed).ns / 1000 << " us, last "
                 << (last - killed).ns / 1000);
    CHECK(first - suspected >= seconds(4));
    CHECK(first - suspected <= milliseconds(5500));
    if (first - suspected <= milliseconds(4019)) ++minimal;
    CHECK(first - killed >= seconds(5));
    CHECK(first - killed <= milliseconds(8500));
    CHECK(last - first <= milliseconds(450));
  }
  CHECK(missed <= 1);
  CHECK(minimal >= 15);
}

TEST_CASE("a pause of four seconds is refuted and leaves no trace") {
  Cluster c(5);
  c.start_all();
  c.run_for(seconds(5));
  const Instant paused = c.now();
  c.pause(5);
  c.run_for(seconds(4));
  c.resume(5);
  c.run_for(seconds(20));
  bool suspected = false;
  for (std::uint32_t i = 1; i <= 4; ++i) {
    suspected = suspected || c.find(i, Fact::member_suspect, paused) != nullptr;
    CHECK(c.find(i, Fact::member_dead, paused) == nullptr);
    CHECK(c.state(i, 5) == State::alive);
    CHECK(c.member(i, 5).incarnation == 2);
  }
  CHECK(suspected);
  const TimedNote* refuted = c.find(5, Fact::refuted, paused);
  REQUIRE(refuted != nullptr);
  CHECK(refuted->at - paused < milliseconds(4200));
  CHECK(c[5].awareness() == 0);
}

TEST_CASE("a fast restart under the same name is seen by nobody but the restarted") {
  Cluster c(5);
  c.start_all();
  c.run_for(seconds(5));
  const Instant killed = c.now();
  c.kill(4);
  c.run_for(milliseconds(150));
  c.start(4);
  c.join(4, 1);
  c.run_for(seconds(30));
  for (const std::uint32_t i : {1u, 2u, 3u, 5u}) {
    CHECK(c.find(i, Fact::member_suspect, killed) == nullptr);
    CHECK(c.find(i, Fact::member_dead, killed) == nullptr);
    CHECK(c.state(i, 4) == State::alive);
  }
  CHECK(c.everybody_knows_everybody());
}

TEST_CASE("what failed and came back refutes what the others' lists say") {
  Cluster c(5);
  c.start_all();
  c.run_for(seconds(5));
  c.kill(2);
  c.run_for(seconds(10));
  REQUIRE(c.state(1, 2) == State::dead);
  const Instant restarted = c.now();
  c.start(2);
  c.join(2, 1);
  c.run_for(seconds(1));
  const TimedNote* refuted = c.find(2, Fact::refuted, restarted);
  REQUIRE(refuted != nullptr);
  CHECK(refuted->note.c == static_cast<std::uint64_t>(MessageType::suspect));
  for (const std::uint32_t i : {1u, 3u, 4u, 5u}) CHECK(c.state(i, 2) == State::alive);
}

TEST_CASE("who leaves is known to have left, and is never called dead") {
  Cluster c(5);
  c.start_all();
  c.run_for(seconds(5));
  c.step(3, [](Engine& e, const Turn& t) { e.leave(t, 9); });
  c.run_for(seconds(2));
  c.kill(3);
  c.run_for(seconds(60));
  for (const std::uint32_t i : {1u, 2u, 4u, 5u}) {
    CHECK(c.state(i, 3) == State::left);
    CHECK(c.count(i, Fact::probe_failed) == 0);
  }
}

TEST_CASE("joining where nobody listens says so in memberlist's words") {
  Cluster c(2);
  c.start(1);
  c.join(1, 2, 77);
  c.run_for(seconds(1));
  REQUIRE(c.host(1).answers.size() == 1);
  CHECK(c.host(1).answers[0].request == 77);
  CHECK(c.host(1).answers[0].count == 0);
  CHECK(c.host(1).answer_text ==
        "1 error occurred:\n\t* Failed to join 10.0.0.2: dial tcp 10.0.0.2:7946: connect: "
        "connection refused\n\n");
}

TEST_CASE("joining what does not answer gives up after the TCP timeout") {
  Cluster c(2);
  c.start(1);
  c.start(2);
  c.pause(2);
  c.join(1, 2);
  c.run_for(seconds(9));
  CHECK(c.host(1).answers.empty());
  c.run_for(seconds(2));
  REQUIRE(c.host(1).answers.size() == 1);
  CHECK(c.host(1).answer_text.find("i/o timeout") != std::string::npos);
}

}  // namespace
}  // namespace quorumlab::gossip::test
