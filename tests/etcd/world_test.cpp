// What the virtual world owes to servers with the etcd store and to programs that use them: forks
// and seeds, snapshots, restarts, and programs that are paused, killed or cut off.
#include <array>

#include "tests/catch.h"
#include "tests/etcd/etcd_world.h"

using namespace quorumlab;
using namespace quorumlab::etcd_world;
using world::Operation;
using world::Simulation;
using world::Verb;

namespace {

constexpr NodeId n1{1}, n2{2}, n3{3};
// The hosts of a world with programs: three servers, one client, then these.
constexpr NodeId dbx{5}, dby{6}, follower{7};

// Two programs that want to be the master for two seconds at a time, and one that follows.
world::ClusterConfig with_programs() {
  world::ClusterConfig config = etcd_world::config(3);
  std::vector<recipes::Host> hosts;
  for (std::uint32_t i = 0; i < 3; ++i) hosts.push_back({config.names[i], NodeId{i + 1}, {}, {}});
  for (const auto& [name, id] : {std::pair{"dbx", dbx}, {"dby", dby}, {"app", follower}}) {
    hosts.push_back({name, id, {}, {}});
  }
  for (const auto& [name, id] : {std::pair{"dbx", dbx}, {"dby", dby}, {"app", follower}}) {
    world::AppHost& host = config.apps.emplace_back();
    host.app.kind =
        id == follower ? recipes::AppConfig::Kind::follower : recipes::AppConfig::Kind::election;
    host.app.id = id;
    host.app.name = name;
    host.app.key = "/master";
    host.app.ttl = seconds(2);
    host.app.servers = {n1, n2, n3};
    host.app.hosts = hosts;
    host.starts = Instant{} + (id == dbx ? seconds(2) : seconds(3));
  }
  return config;
}

void boot(Simulation& sim) {
  REQUIRE(run_until(sim, seconds(20), [&] { return introduced(sim); }));
}
void now(Simulation& sim, const world::Action& action) {
  sim.inject(action);
  sim.run_for(nanoseconds(1));
}
void cut_off(Simulation& sim, NodeId host, const std::vector<NodeId>& others) {
  world::Action action = act(Verb::partition);
  action.groups = {{host}, others};
  now(sim, action);
}
NodeId other_than(NodeId one) { return one == n1 ? n2 : n1; }

// All servers hold the same store: the very bytes that a snapshot would have.
bool same_store(const Simulation& sim) {
  Bytes first, next;
  for (std::uint32_t i = 1; i <= sim.node_count(); ++i) {
    if (!sim.is_running({i})) return false;
    next.clear();
    sim.node({i}).kv()->encode(next);
    if (i == 1) first = next;
    if (next != first || !sim.node({i}).kv()->same_state(*sim.node(n1).kv())) return false;
  }
  return !first.empty();
}
std::string listing(Simulation& sim, NodeId at) {
  const Operation& op = curl(sim, at, "GET", "/v2/keys/?recursive=true&sorted=true");
  REQUIRE(op.count == 200);
  return op.value;
}
bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// A life with a bit of everything, in two halves.
void first_half(Simulation& sim) {
  sim.run_for(seconds(4));
  curl(sim, n2, "PUT", "/v2/keys/a/b", "value=1&ttl=5");
  ask(sim, n3, "GET", "/v2/keys/a?wait=true&recursive=true");
  now(sim, act(Verb::kill, {dbx}));
  sim.run_for(milliseconds(300));
}
void second_half(Simulation& sim) {
  curl(sim, n2, "POST", "/v2/keys/q", "value=job");
  sim.run_for(seconds(3));
  now(sim, act(Verb::crash, {n1}));
  sim.run_for(seconds(4));
  now(sim, act(Verb::restart, {n1}));
  curl(sim, n3, "GET", "/v2/keys/q?quorum=true");
  sim.run_for(seconds(3));
}

}  // namespace

TEST_CASE("the same seed gives the same life of servers and programs, another seed another one") {
  std::array<Simulation, 3> runs{Simulation(with_programs(), 7), Simulation(with_programs(), 7),
                                 Simulation(with_programs(), 8)};
  for (Simulation& sim : runs) {
    first_half(sim);
    second_half(sim);
    CHECK(sim.app(dby)->holds());
    CHECK_FALSE(sim.violation());
  }
  CHECK(runs[0].digest().count() > 1'000);
  CHECK(runs[0].digest() == runs[1].digest());
  CHECK(runs[0].events() == runs[1].events());
  CHECK_FALSE(runs[0].digest() == runs[2].digest());
}

TEST_CASE("a copy of a world with servers and programs goes on as the original, traced or not") {
  Simulation original(with_programs(), 7), traced;
  traced.keep_trace(true);
  traced.reset(with_programs(), 7);
  first_half(original);
  first_half(traced);
  Simulation copy = original, elsewhere = original;
  second_half(original);
  // Another future of the same past changes nothing in the others.
  now(elsewhere, act(Verb::kill, {dby}));
  elsewhere.run_for(seconds(5));
  second_half(copy);
  second_half(traced);
  CHECK(copy.digest() == original.digest());
  CHECK(traced.digest() == original.digest());
  CHECK_FALSE(elsewhere.digest() == original.digest());
  Bytes ours, theirs;
  for (const NodeId node : {n1, n2, n3}) {
    ours.clear();
    theirs.clear();
    original.node(node).kv()->encode(ours);
    copy.node(node).kv()->encode(theirs);
    CHECK(ours == theirs);
  }
  CHECK(copy.app(dby)->token() == original.app(dby)->token());
}

TEST_CASE("a server that lags is brought back by a snapshot and then holds the same store") {
  world::ClusterConfig config = etcd_world::config(3);
  config.node.snapshot_every = 50;
  config.node.snapshot_keep = 5;
  Simulation sim(config, 1);
  boot(sim);
  const NodeId late = etcd_world::leader(sim) == n3 ? n2 : n3, asked = other_than(late);
  now(sim, act(Verb::kill, {late}));
  curl(sim, asked, "PUT", "/v2/keys/lease", "value=x&ttl=30");
  for (int i = 0; i < 200; ++i) {
    const std::string key = "/v2/keys/d/k" + std::to_string(i % 10);
    REQUIRE(curl(sim, asked, "PUT", key, "value=" + std::to_string(i)).count < 300);
  }
  REQUIRE(curl(sim, asked, "DELETE", "/v2/keys/d/k3").count == 200);
  REQUIRE(sim.node(asked).status().first_index > LogIndex{100});
  now(sim, act(Verb::restart, {late}));
  CHECK(run_until(sim, seconds(10), [&] { return same_store(sim); }));
  CHECK(sim.count(Fact::snapshot_installed, late) >= 1);
  CHECK(listing(sim, late) == listing(sim, asked));
  CHECK(has(listing(sim, late), "\"value\":\"199\""));
  // Its history goes back as far as that of the others, and it goes on with them.
  const std::string past = "/v2/keys/d/k3?wait=true&waitIndex=203";
  CHECK(curl(sim, late, "GET", past).value == curl(sim, asked, "GET", past).value);
  CHECK(has(curl(sim, late, "GET", past).value, "\"action\":\"delete\""));
  curl(sim, late, "POST", "/v2/keys/q", "value=job");
  sim.run_for(seconds(31));
  CHECK(curl(sim, late, "GET", "/v2/keys/lease").count == 404);
  CHECK(same_store(sim));
  CHECK_FALSE(sim.violation());
}

TEST_CASE("a server keeps its store over a crash and a restart") {
  const std::uint32_t servers = GENERATE(1U, 3U);
  const bool snapshots = GENERATE(false, true);
  CAPTURE(servers, snapshots);
  world::ClusterConfig config = etcd_world::config(servers);
  if (snapshots) {
    config.node.snapshot_every = 20;
    config.node.snapshot_keep = 3;
  }
  Simulation sim(config, 2);
  boot(sim);
  for (int i = 0; i < 60; ++i) {
    curl(sim, n1, "PUT", "/v2/keys/k" + std::to_string(i % 7), "value=" + std::to_string(i));
  }
  curl(sim, n1, "POST", "/v2/keys/q", "value=job");
  sim.run_for(seconds(1));
  CHECK(same_store(sim));
  const std::string before = listing(sim, n1);
  CHECK(has(before, "\"value\":\"59\""));
  std::vector<NodeId> all;
  for (std::uint32_t i = 1; i <= servers; ++i) all.push_back({i});
  const Verb end = GENERATE(Verb::crash, Verb::kill);
  now(sim, act(end, all));
  sim.run_for(seconds(1));
  now(sim, act(Verb::restart, all));
  REQUIRE(run_until(sim, seconds(20), [&] { return bool(etcd_world::leader(sim)); }));
  sim.run_for(seconds(2));
  for (const NodeId node : all) CHECK(listing(sim, node) == before);
  CHECK(same_store(sim));
  CHECK(curl(sim, n1, "PUT", "/v2/keys/k0?prevValue=56", "value=next").count == 200);
  CHECK_FALSE(sim.violation());
}

TEST_CASE(
    "a wait is answered by the server asked, ends with it, and is forgotten with its client") {
  Simulation sim(etcd_world::config(3), 3);
  boot(sim);
  const auto watchers = [&] { return sim.node(n3).kv()->store().watchers().size(); };
  const std::uint64_t wait = ask(sim, n3, "GET", "/v2/keys/k?wait=true");
  sim.run_for(milliseconds(10));
  CHECK(watchers() == 1);
  curl(sim, n1, "PUT", "/v2/keys/k", "value=1");
  CHECK(has(outcome(sim, wait).value, "\"action\":\"set\""));
  CHECK(watchers() == 0);
  const std::uint64_t left = ask(sim, n3, "GET", "/v2/keys/k?wait=true", {}, {}, seconds(2));
  sim.run_for(seconds(1));
  CHECK(watchers() == 1);
  CHECK(outcome(sim, left).outcome == Operation::Outcome::timed_out);
  sim.run_for(milliseconds(10));
  CHECK(watchers() == 0);
  const std::uint64_t ended = ask(sim, n3, "GET", "/v2/keys/k?wait=true");
  sim.run_for(milliseconds(10));
  now(sim, act(Verb::kill, {n3}));
  CHECK(outcome(sim, ended).reason == Reason::connection_refused);
}

TEST_CASE("only the new leader blames the one before for what was lost with it") {
  Simulation sim(etcd_world::config(3), 1);
  boot(sim);
  sim.run_for(seconds(3));
  const NodeId before = etcd_world::leader(sim);
  now(sim, act(Verb::kill, {before}));
  std::vector<std::pair<NodeId, std::uint64_t>> puts;
  for (const NodeId node : {n1, n2, n3}) {
    if (node != before) puts.emplace_back(node, ask(sim, node, "PUT", "/v2/keys/k", "value=x"));
  }
  REQUIRE(run_until(sim, seconds(3), [&] { return bool(etcd_world::leader(sim)); }));
  const NodeId after = etcd_world::leader(sim);
  for (const auto& [node, put] : puts) {
    const Operation& op = outcome(sim, put);
    CHECK(op.count == 500);
    CHECK((op.completed - op.invoked).ns / 1'000'000 == 7'000);
    CHECK(has(op.value, node == after ? "timed out, possibly due to previous leader failure\""
                                      : "etcdserver: request timed out\""));
  }
}

TEST_CASE("who was cut off from its leader says so, once it can follow again") {
  world::ClusterConfig config = etcd_world::config(3);
  config.node.raft.pre_vote = true;  // else it comes back with a higher term and elects anew
  Simulation sim(config, 1);
  boot(sim);
  const NodeId leads = etcd_world::leader(sim), away = other_than(leads);
  std::vector<NodeId> others;
  for (const NodeId node : {n1, n2, n3}) {
    if (node != away) others.push_back(node);
  }
  cut_off(sim, away, others);
  const std::uint64_t put = ask(sim, away, "PUT", "/v2/keys/k", "value=x");
  sim.run_for(seconds(4));
  now(sim, act(Verb::heal));
  CHECK(has(outcome(sim, put).value, "timed out, possibly due to connection lost"));
  CHECK(etcd_world::leader(sim) == leads);
}

TEST_CASE("a master that is killed is followed by the other one") {
  Simulation sim(with_programs(), 4);
  sim.run_for(seconds(4));
  REQUIRE(sim.app(dbx)->holds());
  CHECK_FALSE(sim.app(dby)->holds());
  CHECK(sim.app(follower)->follows() == dbx);
  const std::uint64_t token = sim.app(dbx)->token();
  now(sim, act(Verb::kill, {dbx}));
  const Instant killed = sim.now();
  REQUIRE(run_until(sim, seconds(10), [&] { return sim.app(dby)->holds(); }));
  // The last refresh was within a third of the lease; SYNC comes each half second.
  CHECK(sim.now() - killed >= milliseconds(1'300));
  CHECK(sim.now() - killed <= milliseconds(2'600));
  CHECK(sim.app(dby)->token() > token);
  sim.run_for(seconds(1));
  CHECK(sim.app(follower)->follows() == dby);
  // It comes back, and waits its turn.
  now(sim, act(Verb::restart, {dbx}));
  sim.run_for(seconds(5));
  CHECK_FALSE(sim.app(dbx)->holds());
  CHECK(sim.app(dby)->holds());
}

TEST_CASE("a master that is paused for longer than its lease holds nothing when it wakes up") {
  Simulation sim(with_programs(), 4);
  sim.run_for(seconds(4));
  REQUIRE(sim.app(dbx)->holds());
  const std::uint64_t token = sim.app(dbx)->token();
  now(sim, act(Verb::pause, {dbx}));
  CHECK(sim.is_paused(dbx));
  REQUIRE(run_until(sim, seconds(10), [&] { return sim.app(dby)->holds(); }));
  // It cannot know: two masters, and the token tells which is the later one.
  CHECK(sim.app(dbx)->holds());
  CHECK(sim.app(dby)->token() > token);
  now(sim, act(Verb::resume, {dbx}));
  sim.run_for(milliseconds(50));
  CHECK_FALSE(sim.app(dbx)->holds());
  sim.run_for(seconds(5));
  CHECK_FALSE(sim.app(dbx)->holds());
  CHECK(sim.app(dby)->holds());
}

TEST_CASE("a short pause costs a master nothing") {
  Simulation sim(with_programs(), 4);
  sim.run_for(seconds(4));
  REQUIRE(sim.app(dbx)->holds());
  const std::uint64_t token = sim.app(dbx)->token();
  for (int i = 0; i < 5; ++i) {
    now(sim, act(Verb::pause, {dbx}));
    sim.run_for(milliseconds(600));
    now(sim, act(Verb::resume, {dbx}));
    sim.run_for(seconds(1));
  }
  CHECK(sim.app(dbx)->holds());
  CHECK(sim.app(dbx)->token() == token);
  CHECK_FALSE(sim.app(dby)->holds());
}

TEST_CASE("a master that is cut off gives up by its own clock before another one takes over") {
  Simulation sim(with_programs(), 4);
  sim.run_for(seconds(4));
  REQUIRE(sim.app(dbx)->holds());
  cut_off(sim, dbx, {n1, n2, n3, dby, follower});
  while (!sim.app(dby)->holds()) {
    REQUIRE(sim.now() < Instant{} + seconds(12));
    CHECK_FALSE((sim.app(dbx)->holds() && sim.app(dby)->holds()));
    sim.step();
  }
  CHECK_FALSE(sim.app(dbx)->holds());
  sim.run_for(seconds(1));
  CHECK(sim.app(follower)->follows() == dby);
  now(sim, act(Verb::heal));
  sim.run_for(seconds(5));
  CHECK_FALSE(sim.app(dbx)->holds());
  CHECK(sim.app(dby)->holds());
}
