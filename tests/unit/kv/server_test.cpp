// A server among others: founding, indexes, timeouts and their causes, expiry, members, statistics,
// the redirect of etcd 0.4, sessions, snapshots.
#include "tests/catch.h"
#include "tests/unit/kv/cases.h"

using namespace quorumlab;
using namespace quorumlab::kv;
using namespace quorumlab::kv::test;

namespace {

constexpr std::string_view kTimedOut = "\"cause\":\"etcdserver: request timed out\"";

HttpResponse send_json(Cluster& c, std::string_view method, std::string_view target,
                       std::string_view body, std::size_t i = 0) {
  HttpRequest request;
  request.method = method;
  request.target = target;
  request.content_type = "application/json";
  request.body = body;
  return c.responses[c.ask(request, i)];
}

std::uint64_t ask_write(Cluster& c, std::string_view session, std::string_view form,
                        std::size_t i = 0) {
  HttpRequest request;
  request.method = "PUT";
  request.target = "/v2/keys/k";
  request.content_type = "application/x-www-form-urlencoded";
  request.session = session;
  request.body = form;
  return c.ask(request, i);
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the first key of n members has index 2n + 2, on every node") {
  for (const std::size_t n : {1u, 2u, 3u, 5u}) {
    Cluster c(n);
    CHECK(c.log.size() == 2 * n + 2);  // with the leader's empty entry
    const auto answer = c.send("PUT", "/v2/keys/a", "value=1", n - 1);
    CHECK(*answer.header("X-Etcd-Index") == std::to_string(2 * n + 2));
    CHECK(*answer.header("X-Raft-Index") == std::to_string(2 * n + 3));
    for (std::size_t i = 0; i < n; ++i) {
      CHECK(c.hosts[i].server.same_state(c.hosts[0].server));
      CHECK(c.hosts[i].server.members().all().size() == n);
      CHECK(c.hosts[i].server.members().version == "3.4.0");
    }
  }
}

TEST_CASE("a leader that fails while it founds the cluster leaves the rest to the next") {
  Cluster c(3);
  Cluster again(3);
  for (auto& host : again.hosts) host.server.reset(host.server.config());
  again.log.clear();
  again.term = Term{1};
  again.leader = -1;
  for (std::size_t i = 0; i < 3; ++i) {
    again.hosts[i].applied = 0;
    again.out.clear();
    again.hosts[i].server.start(again.clock(i), again.view(i), again.out);
  }
  again.term = Term{2};
  // Of the first leader's entries two came through: one member, and its own empty one.
  again.log.push_back(c.log[0]);
  again.log.push_back(c.log[1]);
  again.settle();
  CHECK(again.hosts[1].server.members().all().size() == 1);
  again.elect(1);
  CHECK(again.hosts[0].server.members().all().size() == 3);
  CHECK(*again.send("PUT", "/v2/keys/a", "value=1").header("X-Etcd-Index") == "8");
}

TEST_CASE("without a quorum, reads go on and writes end after seven seconds") {
  Cluster c(3);
  c.send("PUT", "/v2/keys/k", "value=1");
  c.send("PUT", "/v2/keys/lease", "value=1&ttl=3");
  c.advance(milliseconds(100));
  c.lose_quorum();
  const auto started = c.time;
  const auto write = ask_write(c, "", "value=lost", 1);
  const auto read = c.watch("/v2/keys/k?quorum=true", 1);
  CHECK(c.get("/v2/keys/k", 1).status == 200);
  CHECK(c.get("/v2/members/leader", 1).body == "{\"message\":\"During election\"}");
  CHECK(c.get("/v2/members/leader", 1).status == 503);
  CHECK(c.get("/health", 1).status == 503);
  CHECK(c.get("/health", 1).body == "{\"health\":\"false\"}\n");
  CHECK(c.get("/v2/stats/leader", 1).status == 403);
  CHECK(c.get("/v2/members", 1).status == 200);
  c.advance(milliseconds(6999));
  CHECK(c.responses[write].status == 0);
  c.advance(milliseconds(1));
  CHECK(c.time - started == seconds(7).ns);
  CHECK(c.responses[write].status == 500);
  CHECK(c.responses[write].body ==
        "{\"errorCode\":300,\"message\":\"Raft Internal Error\",\"cause\":\"etcdserver: request "
        "timed out\","
        "\"index\":0}\n");
  CHECK(c.responses[write].header("X-Raft-Index") == nullptr);
  CHECK(has(c.responses[read].body, kTimedOut));
  // Nobody can let it expire.
  c.advance(seconds(2));
  CHECK(has(c.get("/v2/keys/lease", 1).body, "\"ttl\":-6"));
  CHECK(c.hosts[1].server.pending() == 0);
}

TEST_CASE("answered 500, applied later") {
  Cluster c(3);
  c.send("PUT", "/v2/keys/k", "value=1");
  const auto write = ask_write(c, "", "value=late");
  CHECK(c.responses[write].status == 200);
  // In the leader's log, and committed only after its client was told that it failed.
  for (auto& host : c.hosts) host.up = false;
  const auto late = ask_write(c, "", "value=later");
  c.hosts[0].up = true;
  const std::size_t applied = c.hosts[0].applied;
  c.hosts[0].applied = c.log.size();
  c.advance(seconds(7));
  CHECK(c.responses[late].status == 500);
  c.hosts[0].applied = applied;
  for (auto& host : c.hosts) host.up = true;
  c.settle();
  CHECK(has(c.get("/v2/keys/k").body, "\"value\":\"later\""));
  CHECK(c.responses[late].status == 500);
}

TEST_CASE("three causes of a timeout are told apart") {
  Cluster c(3);
  c.advance(seconds(10));
  Server& server = c.hosts[1].server;
  const auto ask = [&](RaftView view) {
    c.out.clear();
    HttpRequest request{"PUT", "/v2/keys/k", "", "", "", false};
    server.on_request(c.clock(1), ++c.requests, request, view, c.out);
    c.out.proposals.clear();  // lost on its way
    return c.requests;
  };
  const auto wait = [&](RaftView view, std::uint64_t request) {
    c.time += seconds(7).ns;
    c.out.clear();
    server.on_deadline(c.clock(1), view, c.out);
    c.collect(1);
    return c.responses[request].body;
  };
  RaftView follows = c.view(1);
  RaftView leads = follows;
  leads.leader = NodeId{2};
  leads.is_leader = true;
  CHECK(has(wait(follows, ask(follows)), kTimedOut));
  {
    RaftView cut = follows;
    const auto request = ask(follows);
    cut.connected_since = Instant{c.time + 1};
    CHECK(has(wait(cut, request), "timed out, possibly due to connection lost"));
    cut.leader = kNobody;
    const auto second = ask(follows);
    CHECK(has(wait(cut, second), kTimedOut));
  }
  {
    const auto early = ask(follows);
    c.time += milliseconds(2500).ns;
    const auto request = ask(follows);
    c.time += milliseconds(1500).ns;
    c.out.clear();
    server.on_view(c.clock(1), leads, c.out);
    const std::string told = wait(leads, request);
    CHECK(has(told, "timed out, possibly due to previous leader failure"));
    CHECK(has(c.responses[early].body, kTimedOut));  // more than two election timeouts before
  }
}

TEST_CASE("/health asks the log, and gives up after a second") {
  Cluster c(3);
  const std::size_t before = c.log.size();
  CHECK(c.get("/health", 2).body == "{\"health\":\"true\"}");
  CHECK(c.log.size() == before + 1);
  for (auto& host : c.hosts) host.up = false;
  const auto request = c.watch("/health", 2);
  c.hosts[2].up = true;
  c.hosts[2].applied = c.log.size();
  c.advance(milliseconds(999));
  CHECK(c.responses[request].status == 0);
  c.advance(milliseconds(1));
  CHECK(c.responses[request].status == 503);
}

TEST_CASE("a key lives for its time and up to half a second more") {
  // As measured: the expire event comes ttl + U(0, 500) ms after the write.
  std::int64_t least = INT64_MAX, most = 0;
  for (int phase = 0; phase < 500; phase += 7) {
    Cluster c(1);
    c.advance(seconds(3) + milliseconds(phase));
    const auto w = c.watch("/v2/keys/a?wait=true&waitIndex=5");
    const std::int64_t began = c.time;
    c.send("PUT", "/v2/keys/a", "value=1&ttl=1");
    while (!c.responses[w].complete && c.time - began < seconds(3).ns) c.advance(milliseconds(1));
    CHECK(has(c.responses[w].body, "\"action\":\"expire\""));
    least = std::min(least, c.time - began);
    most = std::max(most, c.time - began);
  }
  CHECK(least >= milliseconds(1000).ns);
  CHECK(least < milliseconds(1010).ns);
  CHECK(most > milliseconds(1490).ns);
  CHECK(most <= milliseconds(1501).ns);
}

TEST_CASE("a key's life is as long as two clocks say") {
  // The receiver's says when it ends, the leader's when that is.
  for (const int skew : {-400, 2000}) {
    Cluster c(3);
    c.hosts[1].clock_offset = milliseconds(skew);
    const auto w = c.watch("/v2/keys/a?wait=true&waitIndex=9");
    const std::int64_t began = c.time;
    c.send("PUT", "/v2/keys/a", "value=1&ttl=1", 1);
    while (!c.responses[w].complete && c.time - began < seconds(5).ns) c.advance(milliseconds(1));
    const std::int64_t life = (c.time - began) / 1'000'000;
    CHECK(life >= 1000 + skew);
    CHECK(life <= 1501 + skew);
  }
}

TEST_CASE("no key, no SYNC; and a new leader lets overdue keys go at once") {
  Cluster c(3);
  const std::size_t before = c.log.size();
  c.advance(seconds(5));
  CHECK(c.log.size() == before);
  c.send("PUT", "/v2/keys/a", "value=1&ttl=1");
  c.advance(milliseconds(100));
  c.lose_quorum();
  c.advance(seconds(3));
  CHECK(c.get("/v2/keys/a").status == 200);
  c.elect(2);
  c.advance(milliseconds(0));
  CHECK(c.get("/v2/keys/a").status == 404);
  for (auto& host : c.hosts) CHECK(host.server.same_state(c.hosts[0].server));
}

TEST_CASE("etcd 0.4 sent what needs the leader to it") {
  ServerConfig config;
  config.redirect = ServerConfig::Redirect::v0_4;
  Cluster c(3, config);
  c.send("PUT", "/v2/keys/a", "value=0");
  const auto moved = c.send("PUT", "/v2/keys/a%20b?x=1", "value=1", 1);
  CHECK(moved.status == 307);
  CHECK(*moved.header("Location") == "http://127.0.0.1:4001/v2/keys/a%20b?x=1");
  CHECK(c.get("/v2/keys/a", 1).status == 200);
  CHECK(c.get("/v2/keys/a?quorum=true", 1).status == 307);
  CHECK(c.send("PUT", "/v2/keys/a", "value=1", 0).status == 200);
  CHECK(c.send("PUT", "/v2/keys/a", "ttl=x", 1).status == 400);
  c.lose_quorum();
  const auto lost = c.send("PUT", "/v2/keys/a", "value=1", 1);
  CHECK(lost.status == 500);
  CHECK(lost.body == "{\"errorCode\":300,\"message\":\"Raft Internal Error\",\"index\":9}\n");
}

TEST_CASE("members are added, changed and removed through the log") {
  Cluster c(3);
  CHECK(send_json(c, "POST", "/v2/members", R"({"peerURLs":["http://127.0.0.1:7009"]})").status ==
        500);  // younger than five seconds
  c.advance(seconds(6));
  const auto added =
      send_json(c, "POST", "/v2/members", R"({"peerURLs":["http://127.0.0.1:7009"]})");
  CHECK(added.status == 201);
  REQUIRE(c.memberships.size() == 1);
  CHECK(c.memberships[0].kind == MembershipRequest::Kind::add);
  CHECK(has(added.body,
            "\"name\":\"\",\"peerURLs\":[\"http://127.0.0.1:7009\"],\"clientURLs\":[]}\n"));
  CHECK(c.hosts[2].server.members().all().size() == 4);
  const std::string id = added.body.substr(7, added.body.find('"', 7) - 7);
  const std::string path = "/v2/members/" + id;
  c.advance(seconds(1));  // within the same one it would have the same id
  CHECK(send_json(c, "POST", "/v2/members", R"({"peerURLs":["http://127.0.0.1:7009"]})", 1).body ==
        "{\"message\":\"membership: peerURL exists\"}");
  CHECK(send_json(c, "PUT", path, R"({"peerURLs":["http://127.0.0.1:7010"]})").status == 204);
  CHECK(send_json(c, "PUT", path, R"({"peerURLs":["http://127.0.0.1:7001"]})").status == 409);
  CHECK(send_json(c, "PUT", "/v2/members/12", R"({"peerURLs":["http://127.0.0.1:7011"]})").status ==
        404);
  CHECK(c.send("DELETE", path).status == 204);
  CHECK(c.send("DELETE", path).status == 410);
  CHECK(c.body("DELETE", path) == "{\"message\":\"Member permanently removed: " + id + "\"}");
  CHECK(c.body("DELETE", "/v2/members/zz") == "{\"message\":\"No such member: zz\"}");
  CHECK(c.send("DELETE", "/v2/members").status == 405);
  CHECK(c.send("DELETE", "/v2/members").header("Allow") == nullptr);
  CHECK(c.send("POST", "/v2/members", "{}").status == 415);
  // add, update, and a removal, which leaves a mark: four indexes.
  CHECK(*c.send("PUT", "/v2/keys/a", "value=1").header("X-Etcd-Index") == "12");
  for (auto& host : c.hosts) CHECK(host.server.same_state(c.hosts[0].server));
}

TEST_CASE("a server that joins publishes itself under the id it was given") {
  Cluster c(1);
  c.advance(seconds(6));
  const auto added =
      send_json(c, "POST", "/v2/members", R"({"peerURLs":["http://127.0.0.1:7002"]})");
  REQUIRE(added.status == 201);
  ServerConfig config;
  config.node = NodeId{2};
  config.members = founders(1);
  config.self = founders(2)[1];
  c.hosts.emplace_back().server.reset(config);
  c.out.clear();
  c.hosts[1].server.start(c.clock(1), c.view(1), c.out);
  c.collect(1);
  c.settle();
  CHECK(c.hosts[1].server.same_state(c.hosts[0].server));
  const Member* joined = c.hosts[0].server.members().find_node(NodeId{2});
  REQUIRE(joined != nullptr);
  CHECK(joined->name == "infra1");
  CHECK(joined->id == c.hosts[1].server.member_id());
  CHECK(c.hosts[1].server.cluster_id() == c.hosts[0].server.cluster_id());
  CHECK(c.get("/v2/machines").body == "http://127.0.0.1:4001, http://127.0.0.1:4002");
}

TEST_CASE("the list of members follows a change that its API did not make") {
  Cluster c(3);
  ServerConfig config;
  config.node = NodeId{3};
  config.members = founders(3);
  config.self = founders(3)[2];
  c.hosts[2].server.reset(config);
  c.hosts[2].applied = 0;
  c.out.clear();
  c.hosts[2].server.start(c.clock(2), c.view(2), c.out);
  c.collect(2);
  c.settle();
  Server& leader = c.hosts[0].server;
  const auto step = [&](auto verb) {
    c.out.clear();
    verb();
    c.collect(0);
    c.settle();
  };
  const std::uint64_t first = leader.members().find_node(NodeId{3})->id;
  CHECK(c.hosts[2].server.member_id() == first);

  step([&] { leader.list(c.clock(0), NodeId{3}, {}, c.out); });  // a founder that nobody removed
  CHECK(leader.members().all().size() == 3);
  step([&] { leader.unlist(first, c.out); });
  CHECK(leader.members().find_node(NodeId{3}) == nullptr);
  CHECK(leader.members().is_removed(first));
  step([&] { leader.unlist(first, c.out); });  // again: said twice, done once
  CHECK(leader.members().all().size() == 2);

  step([&] { leader.list(c.clock(0), NodeId{3}, {}, c.out); });
  const Member* back = leader.members().find_node(NodeId{3});
  REQUIRE(back != nullptr);
  CHECK(back->id != first);
  CHECK(back->name == "infra2");  // it found itself, and published
  CHECK(c.hosts[2].server.member_id() == back->id);
  step([&] { leader.list(c.clock(0), NodeId{3}, {}, c.out); });
  CHECK(leader.members().all().size() == 3);

  step([&] { leader.list(c.clock(0), NodeId{4}, "http://127.0.0.1:7004", c.out); });
  CHECK(leader.members().find_node(NodeId{4}) != nullptr);
  step([&] { leader.list(c.clock(0), NodeId{5}, {}, c.out); });  // of whom nobody knows where
  CHECK(leader.members().find_node(NodeId{5}) == nullptr);
  for (const Cluster::Host& host : c.hosts) CHECK(host.server.same_state(leader));
}

TEST_CASE("statistics tell of leaders as etcd does") {
  Cluster c(3);
  CHECK(has(c.get("/v2/stats/self", 0).body, "\"state\":\"StateLeader\""));
  CHECK(has(c.get("/v2/stats/self", 1).body, "\"state\":\"StateFollower\""));
  CHECK(c.get("/v2/stats/leader", 0).status == 200);
  CHECK(has(c.get("/v2/stats/leader", 0).body, "\"counts\":{\"fail\":0,\"success\":0}"));
  c.lose_quorum();
  CHECK(has(c.get("/v2/stats/self", 1).body, "\"state\":\"StateLeader\""));  // as etcd does, too
}

TEST_CASE("a retried command of a session is applied once, and has its first answer again") {
  Cluster c(3);
  const auto first = ask_write(c, "7/1", "value=a");
  const auto other = ask_write(c, "8/1", "value=b", 1);
  const auto retry = ask_write(c, "7/1", "value=a", 2);
  CHECK(c.responses[first].status == 201);
  CHECK(c.responses[other].status == 200);
  CHECK(c.responses[retry].status == 201);
  CHECK(c.responses[retry].body == c.responses[first].body);
  CHECK(has(c.get("/v2/keys/k").body, "\"value\":\"b\""));
  // A refusal is an answer as well.
  const auto refused = ask_write(c, "7/2", "value=c&prevExist=false");
  c.send("DELETE", "/v2/keys/k");
  const auto again = ask_write(c, "7/2", "value=c&prevExist=false");
  CHECK(c.responses[refused].status == 412);
  CHECK(c.responses[again].body == c.responses[refused].body);
  // Once the client knows what came out it is forgotten.
  ask_write(c, "7/3/3", "value=d");
  CHECK(c.responses[ask_write(c, "7/1", "value=a")].status == 500);
  for (const auto bad : {"7", "7/", "/1", "0/1", "7/0", "a/b", "1/2/3/4"}) {
    INFO(bad);
    CHECK(c.responses[ask_write(c, bad, "value=a")].status == 400);
  }
  for (auto& host : c.hosts) CHECK(host.server.same_state(c.hosts[0].server));
}

TEST_CASE("what Go's server and the muxes refuse") {
  Cluster c(1);
  const auto bad = c.get("/v2/keys/%zz");
  CHECK(bad.status == 400);
  CHECK(bad.headers.size() == 2);
  CHECK(bad.closes);
  CHECK(c.get("v2/keys").status == 400);
  CHECK(c.get("/v2/keys/a b").status == 400);
  CHECK(c.send("GE@T", "/v2/keys").status == 400);
  CHECK(c.send("", "/v2/keys").status == 400);
  CHECK(c.get("").status == 400);
  CHECK(c.get("http://host/v2/keys").status == 200);
  CHECK(c.get("/v2/keys/" + std::string(1 << 21, 'a')).status == 431);
  CHECK(c.send("FOO", "/v2/keys").status == 405);
  CHECK(c.send("OPTIONS", "/nowhere").status == 200);
  CHECK(c.get("/v2/keys.").status == 404);
  const auto moved = c.get("/v2/keys//a%20b(c)!?x=\"<y>&'\xc3\xa9");  // seen
  CHECK(moved.status == 301);
  CHECK(*moved.header("Location") == "/v2/keys/a%20b%28c%29%21?x=\"<y>&'%c3%a9");
  CHECK(moved.body ==
        "<a href=\"/v2/keys/a%20b%28c%29%21?x=&#34;&lt;y&gt;&amp;&#39;\xc3\xa9\">Moved "
        "Permanently</a>.\n\n");
  const auto head = c.send("HEAD", "/v2/keys//x");
  CHECK(head.header("Content-Length") == nullptr);
  CHECK(head.body.empty());
  CHECK(c.send("PUT", "/v2/keys/x", std::string(11u << 20, 'a')).status == 400);
  CHECK(c.send("PUT", "/v2/keys/x", "value=" + std::string(2u << 20, 'a')).status == 201);
  CHECK(c.get("/v2/keys/x").chunked);
  CHECK(c.body("PUT", "/v2/keys/y?noValueOnSuccess=true", "value=1") == "{\"action\":\"set\"}\n");
  CHECK(c.body("GET", "/v2/auth/users/x") == "{\"message\":\"auth: User x does not exist.\"}");
}

TEST_CASE("bytes that are no command change nothing but the indexes") {
  Cluster c(1);
  Server before = c.hosts[0].server;
  c.log.push_back({c.term, {0xff, 0x00}});
  c.settle();
  CHECK(c.hosts[0].server.same_state(before));
  CHECK(c.hosts[0].server.applied() == LogIndex{c.log.size()});
}

TEST_CASE("a copy is a fork") {
  Cluster c(1);
  c.send("PUT", "/v2/keys/a", "value=1");
  const auto w = c.watch("/v2/keys/a?wait=true");
  Cluster fork = c;
  c.send("PUT", "/v2/keys/a", "value=2");
  CHECK(c.responses[w].complete);
  CHECK_FALSE(fork.responses[w].complete);
  CHECK(has(fork.get("/v2/keys/a").body, "\"value\":\"1\""));
  fork.send("PUT", "/v2/keys/a", "value=2");
  CHECK(fork.responses[w].body == c.responses[w].body);
  CHECK(fork.hosts[0].server.same_state(c.hosts[0].server));
}

TEST_CASE("a snapshot taken anywhere in the recorded cases gives the same remaining answers") {
  const auto cases = recorded_cases();
  // Where no watch is open: those are not part of it.
  for (const std::size_t stop : {1u, 60u, 116u, 170u, 205u, 210u, 218u}) {
    Cluster c(1, recorded_config());
    c.advance(seconds(4));
    std::map<std::string, std::uint64_t> watches;
    int differ = 0, compared = 0;
    for (std::size_t i = 0; i < cases.size(); ++i) {
      if (i == stop) {
        Server& server = c.hosts[0].server;
        Bytes bytes, again;
        server.encode(bytes);
        Server restored(server.config());
        REQUIRE(restored.restore(c.clock(0), bytes, server.applied(), server.applied_term()));
        CHECK(restored.same_state(server));
        restored.encode(again);
        CHECK(again == bytes);
        c.out.clear();
        restored.start(c.clock(0), c.view(0), c.out);
        // The new life publishes itself again, which the recorded server did not.
        c.out.clear();
        server = std::move(restored);
      }
      replay_case(c, cases[i], watches,
                  [&](const Json&, const Answer& expected, const Answer& ours) {
                    ++compared;
                    if (!(expected == ours)) ++differ;
                  });
    }
    INFO("at " << stop);
    CHECK(compared == 218);
    // Counters of reads on one node alone are no part of a snapshot: /v2/stats/store, and it is
    // case 10.
    CHECK(differ == 0);
  }
}

TEST_CASE("a damaged snapshot is refused") {
  Cluster c(1);
  ask_write(c, "7/1", "value=a");
  Bytes bytes;
  c.hosts[0].server.encode(bytes);
  Server server(c.hosts[0].server.config());
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    CHECK_FALSE(server.restore(c.clock(0), ByteView(bytes.data(), cut), LogIndex{5}, Term{2}));
  }
  CHECK(server.store().index() == 0);
  bytes.push_back(0);
  CHECK_FALSE(server.restore(c.clock(0), bytes, LogIndex{5}, Term{2}));
}

TEST_CASE("an answer from before the crash goes to nobody") {
  Cluster c(1);
  for (auto& host : c.hosts) host.up = false;
  ask_write(c, "", "value=old");
  // The server restarts from its log; its first request has the same number as the lost one's.
  Server& server = c.hosts[0].server;
  ServerConfig config = server.config();
  config.epoch = 1;
  const std::vector<Cluster::Entry> log = c.log;
  server.reset(config);
  c.hosts[0].applied = 0;
  c.out.clear();
  server.start(c.clock(0), c.view(0), c.out);
  HttpRequest request{"GET", "/v2/keys/nosuch?quorum=true", "", "", "", false};
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    c.out.clear();
    server.on_request(c.clock(0), number = ++c.requests, request, c.view(0), c.out);
    c.log.push_back({c.term, Bytes(c.out.view(c.out.proposals[0].bytes).begin(),
                                   c.out.view(c.out.proposals[0].bytes).end())});
  }
  c.hosts[0].up = true;
  c.settle();
  CHECK(c.responses[number].status == 404);
  CHECK(has(c.get("/v2/keys/k").body, "\"value\":\"old\""));
}
