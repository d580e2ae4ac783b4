// Watches as clients meet them, with every habit of etcd's that they come to know.
#include "tests/catch.h"
#include "tests/unit/kv/harness.h"

using namespace quorumlab;
using namespace quorumlab::kv;
using namespace quorumlab::kv::test;

namespace {

std::string told(Cluster& c, std::uint64_t watch) { return c.responses[watch].body; }
std::size_t events(Cluster& c, std::uint64_t watch) { return c.chunks[watch].size(); }
bool ended(Cluster& c, std::uint64_t watch) { return c.responses[watch].complete; }

}  // namespace

TEST_CASE("a watch has its head at once and ends with one event") {
  Cluster c(1);
  const auto w = c.watch("/v2/keys/a?wait=true");
  CHECK(c.responses[w].status == 200);
  CHECK(c.responses[w].chunked);
  CHECK(*c.responses[w].header("X-Etcd-Index") == "3");
  CHECK_FALSE(ended(c, w));
  CHECK(c.hosts[0].server.is_open(w));
  c.send("PUT", "/v2/keys/a", "value=1");
  CHECK(ended(c, w));
  CHECK_FALSE(c.hosts[0].server.is_open(w));
  CHECK(told(c, w) ==
        "{\"action\":\"set\",\"node\":{\"key\":\"/"
        "a\",\"value\":\"1\",\"modifiedIndex\":4,\"createdIndex\":4}}\n");
  c.send("PUT", "/v2/keys/a", "value=2");
  CHECK(events(c, w) == 1);
}

TEST_CASE("a stream goes on, and HTTP/1.0 has no chunks") {
  Cluster c(1);
  const auto w = c.watch("/v2/keys/d?wait=true&recursive=true&stream=true");
  HttpRequest old{"GET", "/v2/keys/d?wait=true&recursive=true", "", "", "", true};
  const auto o = c.ask(old);
  for (int i = 0; i < 3; ++i) c.send("POST", "/v2/keys/d", "value=1");
  CHECK(events(c, w) == 3);
  CHECK_FALSE(ended(c, w));
  CHECK(ended(c, o));
  CHECK(c.responses[o].closes);
  CHECK(c.responses[o].http10);
  CHECK(c.responses[o].header("Transfer-Encoding") == nullptr);
  c.hosts[0].server.on_gone(w);
  c.send("POST", "/v2/keys/d", "value=1");
  CHECK(events(c, w) == 3);
  CHECK(c.hosts[0].server.store().watchers().size() == 0);
}

TEST_CASE("who is woken by what") {
  Cluster c(1);
  c.send("PUT", "/v2/keys/d/x", "value=1");
  const auto parent = c.watch("/v2/keys/d?wait=true");
  const auto recursive = c.watch("/v2/keys/d?wait=true&recursive=true");
  const auto root = c.watch("/v2/keys?wait=true&recursive=true");
  const auto other = c.watch("/v2/keys/dd?wait=true&recursive=true");
  c.send("PUT", "/v2/keys/d/_h", "value=1");  // hidden: wakes nobody above
  CHECK_FALSE(ended(c, recursive));
  c.send("PUT", "/v2/keys/_q/x", "value=1");
  CHECK_FALSE(ended(c, root));
  c.send("PUT", "/v2/keys/d/x", "value=2");
  CHECK(ended(c, recursive));
  CHECK(ended(c, root));
  CHECK_FALSE(ended(c, parent));  // a child does not wake who watches the directory alone
  CHECK_FALSE(ended(c, other));
  const auto hidden = c.watch("/v2/keys/d/_h?wait=true");
  c.send("PUT", "/v2/keys/d/_h", "value=2");
  CHECK(ended(c, hidden));
}

TEST_CASE("who watches below a directory hears that it is gone, if the child was there") {
  Cluster c(1);
  c.send("PUT", "/v2/keys/d/x/y", "value=1");
  const auto there = c.watch("/v2/keys/d/x/y?wait=true");
  const auto not_there = c.watch("/v2/keys/d/z?wait=true");
  const auto itself = c.watch("/v2/keys/d?wait=true");
  c.send("DELETE", "/v2/keys/d?recursive=true");
  CHECK(ended(c, there));
  CHECK(
      told(c, there).starts_with("{\"action\":\"delete\",\"node\":{\"key\":\"/d\",\"dir\":true,"));
  CHECK(ended(c, itself));
  CHECK_FALSE(ended(c, not_there));
}

TEST_CASE("a stream on the deleted node hears of it twice") {
  Cluster c(1);
  c.send("PUT", "/v2/keys/d/x", "value=1");
  const auto on_dir = c.watch("/v2/keys/d?wait=true&stream=true");
  const auto on_file = c.watch("/v2/keys/d/x?wait=true&stream=true");
  const auto above = c.watch("/v2/keys?wait=true&recursive=true&stream=true");
  c.send("DELETE", "/v2/keys/d?recursive=true");
  CHECK(events(c, on_dir) == 2);
  CHECK(events(c, on_file) == 1);
  CHECK(events(c, above) == 1);
}

TEST_CASE("the history is asked first, in order, hidden keys too") {
  Cluster c(1);
  for (int i = 0; i < 3; ++i) c.send("PUT", "/v2/keys/a", "value=" + std::to_string(i));  // 4, 5, 6
  c.send("PUT", "/v2/keys/d/_h", "value=1");                                              // 7
  CHECK(told(c, c.watch("/v2/keys/a?wait=true&waitIndex=5")).find("\"modifiedIndex\":5") !=
        std::string::npos);
  CHECK(told(c, c.watch("/v2/keys/a?wait=true&waitIndex=1")).find("\"modifiedIndex\":4") !=
        std::string::npos);
  CHECK(ended(c, c.watch("/v2/keys/d?wait=true&recursive=true&waitIndex=7")));
  CHECK_FALSE(ended(c, c.watch("/v2/keys/a?wait=true&waitIndex=7")));
}

TEST_CASE(
    "a watch on /prefix is answered by the deletion of the directory /pre, out of the history "
    "only") {
  Cluster c(1);
  c.send("PUT", "/v2/keys/pre", "dir=true");  // 4
  const auto live = c.watch("/v2/keys/prefix?wait=true");
  c.send("DELETE", "/v2/keys/pre?dir=true");  // 5
  CHECK_FALSE(ended(c, live));
  CHECK(ended(c, c.watch("/v2/keys/prefix?wait=true&waitIndex=5")));
}

TEST_CASE("a stream out of the history has one event and is silent for ever") {
  Cluster c(1);
  c.send("PUT", "/v2/keys/a", "value=1");
  const auto w = c.watch("/v2/keys/a?wait=true&stream=true&waitIndex=4");
  CHECK(events(c, w) == 1);
  c.send("PUT", "/v2/keys/a", "value=2");
  CHECK(events(c, w) == 1);
  CHECK_FALSE(ended(c, w));
  CHECK(c.hosts[0].server.store().watchers().size() == 0);
}

TEST_CASE("a watch for a future index waits for it") {
  Cluster c(1);
  const auto w = c.watch("/v2/keys/a?wait=true&waitIndex=6");
  c.send("PUT", "/v2/keys/a", "value=4");
  c.send("PUT", "/v2/keys/a", "value=5");
  CHECK_FALSE(ended(c, w));
  c.send("PUT", "/v2/keys/a", "value=6");
  CHECK(ended(c, w));
}

TEST_CASE("the last thousand events are kept, over all keys") {
  Cluster c(1);
  for (int i = 0; i < 1500; ++i) c.send("PUT", "/v2/keys/busy", "value=" + std::to_string(i));
  const std::uint64_t newest = c.hosts[0].server.store().index();
  CHECK(newest == 1503);
  const auto outdated = c.get("/v2/keys/busy?wait=true&waitIndex=503");
  CHECK(outdated.status == 400);
  CHECK(outdated.body ==
        "{\"errorCode\":401,\"message\":\"The event in requested index is outdated and "
        "cleared\",\"cause\":"
        "\"the requested history has been cleared [504/503]\",\"index\":1503}\n");
  CHECK(*outdated.header("X-Etcd-Index") == "1503");
  CHECK(c.get("/v2/keys/busy?wait=true&waitIndex=504").body.find("\"modifiedIndex\":504") !=
        std::string::npos);
}

TEST_CASE("a refresh is in the history and wakes nobody, not even out of it") {
  Cluster c(1);
  c.send("PUT", "/v2/keys/a", "value=1&ttl=100");  // 4
  const auto w = c.watch("/v2/keys/a?wait=true");
  c.send("PUT", "/v2/keys/a", "refresh=true&ttl=200&prevExist=true");  // 5
  CHECK_FALSE(ended(c, w));
  CHECK_FALSE(ended(c, c.watch("/v2/keys/a?wait=true&waitIndex=5")));
  CHECK(c.hosts[0].server.store().history().last() == 5);
}

TEST_CASE("quorum=true wins over wait=true, and wait is for GET") {
  Cluster c(1);
  c.send("PUT", "/v2/keys/a", "value=1");
  CHECK(c.get("/v2/keys/a?wait=true&quorum=true").body.starts_with("{\"action\":\"get\""));
  CHECK(c.send("HEAD", "/v2/keys/a?wait=true").status == 400);
  CHECK(c.body("PUT", "/v2/keys/a?wait=true", "value=1").find("\\\"wait\\\" can only") !=
        std::string::npos);
}

TEST_CASE("a client that takes nothing keeps a hundred events and loses its watch with the next") {
  Cluster c(1);
  const auto w = c.watch("/v2/keys/a?wait=true&stream=true");
  Server& server = c.hosts[0].server;
  c.out.clear();
  server.on_stall(w, true, c.out);
  for (int i = 0; i < 100; ++i) c.send("PUT", "/v2/keys/a", "value=1");
  CHECK(events(c, w) == 0);
  CHECK(server.store().watchers().size() == 1);
  SECTION("in time") {
    c.out.clear();
    server.on_stall(w, false, c.out);
    c.collect(0);
    CHECK(events(c, w) == 100);
    CHECK_FALSE(ended(c, w));
    c.send("PUT", "/v2/keys/a", "value=1");
    CHECK(events(c, w) == 101);
  }
  SECTION("too late") {
    c.send("PUT", "/v2/keys/a", "value=1");
    CHECK(server.store().watchers().size() == 0);
    c.out.clear();
    server.on_stall(w, false, c.out);
    c.collect(0);
    CHECK(events(c, w) == 100);
    CHECK(ended(c, w));
  }
}

TEST_CASE("watches belong to the node asked, and fire when it applies") {
  Cluster c(3);
  const auto w = c.watch("/v2/keys/a?wait=true", 2);
  c.hosts[2].up = false;
  c.send("PUT", "/v2/keys/a", "value=1");
  CHECK_FALSE(ended(c, w));
  c.hosts[2].up = true;
  c.settle();
  CHECK(ended(c, w));
}
