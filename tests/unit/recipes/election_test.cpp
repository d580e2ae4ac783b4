// The election's every path, with events made by hand.
#include "tests/unit/recipes/driver.h"

using namespace quorumlab;
using namespace quorumlab::recipes;

namespace {
const std::string kCreate = "PUT /v2/keys/db/master?prevExist=false value=dbx&ttl=5";
const std::string kRead = "GET /v2/keys/db/master?quorum=true";
std::string refresh(int index) {
  return "PUT /v2/keys/db/master?prevExist=true&prevIndex=" + std::to_string(index) +
         " refresh=true&ttl=5";
}

AppConfig election() { return config_of(AppConfig::Kind::election); }

// It holds with token 4, asked for at 0, answered at 10 ms.
Driver holding(const AppConfig& config = election()) {
  Driver driver(config);
  driver.start();
  driver.at(10);
  driver.answer(201, event_json("create", "dbx", 4, 4), 4);
  REQUIRE(driver.app.holds());
  driver.did();
  return driver;
}
// DB X has it with token 4, and this one, DB Y, waits.
Driver waiting() {
  Driver driver(config_of(AppConfig::Kind::election, "dby"));
  driver.start();
  driver.answer(412, error_json(105, 4), 4);
  driver.answer(200, event_json("get", "dbx", 4, 4), 4);
  REQUIRE_FALSE(driver.app.holds());
  driver.did();
  return driver;
}
}  // namespace

TEST_CASE("who creates the key holds it, from the moment at which it asked") {
  Driver driver(election());
  driver.start();
  CHECK(driver.did() == Lines{"n1 <- " + kCreate, "self: Master me!"});
  driver.at(300);
  driver.answer(201, event_json("create", "dbx", 4, 4), 4);
  CHECK(driver.did() == Lines{"n1: Ok!", "# holds 4 until 5.000"});
  CHECK(driver.app.holds());
  CHECK(driver.app.token() == 4);
  CHECK(driver.app.follows() == dbx);
  CHECK(driver.app.status().doing == "holds");
  CHECK(driver.app.status().lease_until == Instant{} + seconds(5));
}

TEST_CASE("a holder refreshes its lease every third of it") {
  Driver driver = holding();
  driver.at(1'666);
  CHECK(driver.did().empty());
  driver.at(1'667);
  CHECK(driver.did() == Lines{"n1 <- " + refresh(4)});
  driver.at(1'700);
  driver.answer(200, event_json("compareAndSwap", "dbx", 9, 4), 9);
  CHECK(driver.did() == Lines{"# holds 4 until 6.666, still"});
  driver.at(3'334);
  CHECK(driver.did() == Lines{"n1 <- " + refresh(9)});
}

TEST_CASE("who comes second asks who has it and waits until it is gone") {
  Driver driver(config_of(AppConfig::Kind::election, "dby"));
  driver.start();
  CHECK(driver.did() ==
        Lines{"n1 <- PUT /v2/keys/db/master?prevExist=false value=dby&ttl=5", "self: Master me!"});
  driver.answer(412, error_json(105, 4), 4);
  CHECK(driver.did() == Lines{"n1 <- " + kRead});
  driver.answer(200, event_json("get", "dbx", 4, 4), 6);
  CHECK(driver.did() ==
        Lines{"n1 <- GET /v2/keys/db/master?wait=true&waitIndex=7", "n1: No, DB X is."});
  CHECK(driver.app.follows() == dbx);
  driver.head(6);
  driver.at(60'000);  // a wait has no end of its own
  CHECK(driver.did().empty());
  SECTION("it expires") { driver.tail(event_json("expire", "", 8, 4)); }
  SECTION("it is deleted") { driver.tail(event_json("delete", "", 8, 4)); }
  SECTION("it is given back") { driver.tail(event_json("compareAndDelete", "", 8, 4)); }
  CHECK(driver.did() == Lines{"n1 <- PUT /v2/keys/db/master?prevExist=false value=dby&ttl=5"});
  CHECK_FALSE(driver.app.holds());
  driver.answer(201, event_json("create", "dby", 9, 9), 9);
  CHECK(driver.did() == Lines{"n1: You da master!", "# holds 9 until 65.000"});
  CHECK(driver.app.token() == 9);
}

TEST_CASE("who waited and was too slow is told who has it now") {
  Driver driver = waiting();
  driver.head(4);
  driver.tail(event_json("expire", "", 5, 4));
  driver.answer(412, error_json(105, 6), 6);
  driver.did();
  driver.answer(200, event_json("get", "dbx", 6, 6), 6);
  CHECK(driver.did() ==
        Lines{"n1 <- GET /v2/keys/db/master?wait=true&waitIndex=7", "n1: No, DB X is."});
}

TEST_CASE("a create of unknown outcome is looked up, and only a refresh starts its lease") {
  Driver driver(election());
  driver.start();
  driver.did();
  driver.at(1'000);
  const std::string failure = GENERATE("late", "broken", "error", "nonsense");
  CAPTURE(failure);
  if (failure == "late") driver.at(2'000);
  if (failure == "broken") driver.refuse();
  if (failure == "error") driver.answer(500, error_json(300, 0));
  if (failure == "nonsense") driver.bytes(as_bytes("?"));
  const Lines did = driver.did();
  CHECK(did.back() == "n2 <- " + kRead);
  // Who still waits for an answer says that it does not.
  const bool open = failure == "late" || failure == "nonsense";
  CHECK(did.size() == (open ? 2u : 1u));
  CHECK((did[0] == "n1 <- hangs up") == open);
  CHECK_FALSE(driver.app.holds());
  driver.at(2'100);
  SECTION("it had been applied") {
    driver.answer(200, event_json("get", "dbx", 4, 4), 4);
    CHECK(driver.did() == Lines{"n2 <- " + refresh(4)});
    CHECK_FALSE(driver.app.holds());
    driver.at(2'200);
    driver.answer(200, event_json("compareAndSwap", "dbx", 5, 4), 5);
    CHECK(driver.did() == Lines{"n2: Ok!", "# holds 4 until 7.100"});
  }
  SECTION("it had not") {
    driver.answer(404, error_json(100, 3), 3);
    CHECK(driver.did() == Lines{"n2 <- " + kCreate});
  }
  SECTION("somebody else was first") {
    driver.answer(200, event_json("get", "dby", 4, 4), 4);
    CHECK(driver.did() ==
          Lines{"n2 <- GET /v2/keys/db/master?wait=true&waitIndex=5", "n2: No, DB Y is."});
    // And then it is applied after all, once that one is gone (answered 500, applied later).
    driver.head(4);
    driver.tail(event_json("create", "dbx", 8, 8));
    CHECK(driver.did() == Lines{"n2 <- " + refresh(8)});
    driver.answer(200, event_json("compareAndSwap", "dbx", 9, 8), 9);
    CHECK(driver.did() == Lines{"# holds 8 until 7.100"});
  }
  SECTION("the key was its own, but is gone when it wants to refresh") {
    driver.answer(200, event_json("get", "dbx", 4, 4), 4);
    driver.did();
    driver.answer(404, error_json(100, 5), 5);
    CHECK(driver.did() == Lines{"n2 <- " + kRead});
  }
}

TEST_CASE("an answer that comes after the lease gives nothing") {
  AppConfig config = election();
  config.timeout = seconds(10);
  Driver driver(config);
  driver.start();
  driver.did();
  driver.paused_until(5'000);
  SECTION("by default") {
    driver.answer(201, event_json("create", "dbx", 4, 4), 4);
    CHECK(driver.did() == Lines{"n1 <- " + kRead});
    CHECK_FALSE(driver.app.holds());
    CHECK(driver.app.token() == 0);
  }
  SECTION("a moment earlier it does") {
    driver.paused_until(4'999);
    driver.answer(201, event_json("create", "dbx", 4, 4), 4);
    CHECK(driver.app.holds());
  }
}

TEST_CASE("a program that does not look at its lease believes late answers") {
  AppConfig config = election();
  config.timeout = seconds(10);
  config.checks_lease = false;
  Driver driver(config);
  driver.start();
  driver.paused_until(5'000);
  driver.answer(201, event_json("create", "dbx", 4, 4), 4);
  CHECK(driver.app.holds());
}

TEST_CASE("a holder that cannot refresh tries every server and lets go in time") {
  Driver driver = holding();
  driver.at(1'667);
  driver.did();
  driver.refuse();
  CHECK(driver.did() == Lines{"n2 <- " + refresh(4)});
  driver.refuse();
  CHECK(driver.did() == Lines{"n3 <- " + refresh(4)});
  driver.refuse();
  CHECK(driver.did().empty());  // every one was tried: a pause
  CHECK(driver.wake_at >= driver.now + milliseconds(500));
  CHECK(driver.wake_at <= driver.now + milliseconds(625));
  driver.at(2'300);
  CHECK(driver.did() == Lines{"n1 <- " + refresh(4)});
  CHECK(driver.app.holds());
  driver.at(4'999);  // n1 is silent now
  driver.did();
  CHECK(driver.app.holds());
  driver.at(5'000);
  CHECK(driver.did() ==
        Lines{"n2 <- hangs up", "n2 <- " + kRead, "# lets go 4: lease over"});
  CHECK_FALSE(driver.app.holds());
  // It was refreshed all the same: then it is its own again, by the same token.
  driver.answer(200, event_json("get", "dbx", 7, 4), 7);
  driver.answer(200, event_json("compareAndSwap", "dbx", 8, 4), 8);
  CHECK(driver.did() == Lines{"n2 <- " + refresh(7), "# holds 4 until 10.000"});
}

TEST_CASE("an answer makes up for the failures before it") {
  Driver driver = holding();
  driver.at(1'667);
  driver.refuse();
  driver.refuse();
  driver.answer(200, event_json("compareAndSwap", "dbx", 5, 4), 5);
  driver.at(3'400);
  driver.did();
  driver.refuse();  // one of three, not the third of three: no pause
  CHECK(driver.did() == Lines{"n1 <- " + refresh(5)});
}

TEST_CASE("a program that does not look at its lease holds until it is told otherwise") {
  AppConfig config = election();
  config.checks_lease = false;
  Driver driver = holding(config);
  driver.paused_until(20'000);
  driver.wake();
  CHECK(driver.did() == Lines{"n1 <- " + refresh(4)});
  CHECK(driver.app.holds());
  SECTION("the key is gone") {
    driver.answer(404, error_json(100, 7), 7);
    CHECK(driver.did() == Lines{"n1 <- " + kRead, "# lets go 4: lost"});
  }
  SECTION("another has it") {
    driver.answer(412, error_json(101, 7), 7);
    CHECK(driver.did() == Lines{"n1 <- " + kRead});
    driver.answer(200, event_json("get", "dby", 7, 7), 7);
    CHECK(driver.did() == Lines{"n1 <- GET /v2/keys/db/master?wait=true&waitIndex=8",
                                "n1: No, DB Y is.", "# lets go 4: lost"});
  }
  CHECK_FALSE(driver.app.holds());
}

TEST_CASE("a holder that was paused beyond its lease has let go before it reads what waited") {
  Driver driver = holding();
  driver.at(1'667);
  driver.did();
  driver.paused_until(9'000);
  // The answer came while it was paused, and would have been good then.
  driver.answer(200, event_json("compareAndSwap", "dbx", 5, 4), 5);
  CHECK(driver.did() ==
        Lines{"n1 <- hangs up", "n1 <- " + kRead, "# lets go 4: lease over"});
  CHECK_FALSE(driver.app.holds());
}

// A server that takes a refresh says when the lease is to end. Applied after a later one it would end it
// early, while the holder goes by the later one (fuzz --system etcd, seed 760).
TEST_CASE("a refresh that is applied late cannot shorten a later one's lease") {
  Driver driver = holding();
  driver.at(1'667);
  CHECK(driver.did() == Lines{"n1 <- " + refresh(4)});
  driver.at(3'667);  // no answer
  CHECK(driver.did() == Lines{"n1 <- hangs up", "n2 <- " + refresh(4)});
  SECTION("the later one was first: the other compares with an index that is gone") {
    driver.answer(200, event_json("compareAndSwap", "dbx", 7, 4), 7);
    CHECK(driver.did() == Lines{"# holds 4 until 8.666, still"});
    driver.at(5'334);
    CHECK(driver.did() == Lines{"n2 <- " + refresh(7)});
  }
  SECTION("the other was first: what it wrote is read, and refreshed anew") {
    driver.answer(412, error_json(101, 6), 6);
    CHECK(driver.did() == Lines{"n2 <- " + kRead});
    CHECK(driver.app.holds());
    driver.answer(200, event_json("get", "dbx", 6, 4), 6);
    CHECK(driver.did() == Lines{"n2 <- " + refresh(6)});
    driver.answer(200, event_json("compareAndSwap", "dbx", 8, 4), 8);
    CHECK(driver.did() == Lines{"# holds 4 until 8.667, still"});
  }
  SECTION("somebody else has it") {
    driver.answer(412, error_json(101, 6), 6);
    driver.answer(404, error_json(100, 7), 7);
    CHECK_FALSE(driver.app.holds());
  }
}

TEST_CASE("a refresh that finds another entry of its own has a new token") {
  Driver driver = holding();
  driver.at(1'667);
  driver.did();
  driver.answer(200, event_json("compareAndSwap", "dbx", 12, 11), 12);
  CHECK(driver.did() ==
        Lines{"# lets go 4: lost", "# holds 11 until 6.666"});
  CHECK(driver.app.token() == 11);
}

TEST_CASE("a wait that breaks goes on elsewhere from the same index") {
  Driver driver = waiting();
  const std::string wait = "GET /v2/keys/db/master?wait=true&waitIndex=5";
  SECTION("before its head is there") {
    driver.at(2'000);
    CHECK(driver.did() == Lines{"n1 <- hangs up", "n2 <- " + wait});
  }
  SECTION("when it is under way") {
    driver.head(4);
    driver.at(50'000);
    driver.refuse();
    CHECK(driver.did() == Lines{"n2 <- " + wait});
  }
  SECTION("when the server ends it with nothing") {
    driver.head(4);
    driver.tail("");
    CHECK(driver.did() == Lines{"n2 <- " + wait});
  }
  driver.head(4);
  driver.tail(event_json("update", "dbx", 6, 4));  // nothing that matters, but the index moves
  CHECK(driver.did() == Lines{"n2 <- GET /v2/keys/db/master?wait=true&waitIndex=7"});
}

TEST_CASE("a wait may be made anew after a while") {
  AppConfig config = config_of(AppConfig::Kind::election, "dby");
  config.renew_wait = seconds(30);
  Driver driver(config);
  driver.start();
  driver.answer(412, error_json(105, 4), 4);
  driver.answer(200, event_json("get", "dbx", 4, 4), 4);
  driver.head(4);
  driver.did();
  driver.at(29'999);
  CHECK(driver.did().empty());
  driver.at(30'000);
  CHECK(driver.did() ==
        Lines{"n1 <- hangs up", "n2 <- GET /v2/keys/db/master?wait=true&waitIndex=5"});
}

TEST_CASE("a wait for what the history no longer has begins anew with a read") {
  Driver driver = waiting();
  driver.answer(400, error_json(401, 2'000), 2'000);
  CHECK(driver.did() == Lines{"n1 <- " + kRead});
  driver.answer(200, event_json("get", "dbx", 4, 4), 2'000);
  // Not from the key's own index, which would be just as old.
  CHECK(driver.did() == Lines{"n1 <- GET /v2/keys/db/master?wait=true&waitIndex=2001"});
}

TEST_CASE("a redirect is followed with method and body, and the lease counts from the start") {
  Driver driver(election());
  driver.start();
  driver.did();
  driver.at(100);
  SECTION("to a client URL") {
    driver.answer(307, "", 0, "http://10.0.0.2:4001/v2/keys/db/master?prevExist=false");
    CHECK(driver.did() == Lines{"n2 <- " + kCreate});
    driver.at(200);
    driver.answer(201, event_json("create", "dbx", 4, 4), 4);
    CHECK(driver.did() == Lines{"n2: Ok!", "# holds 4 until 5.000"});
    driver.at(1'667);
    CHECK(driver.did() == Lines{"n1 <- " + refresh(4)});
  }
  SECTION("to a host's name") {
    driver.answer(307, "", 0, "http://infra3:4001/v2/keys/db/master?prevExist=false");
    CHECK(driver.did() == Lines{"n3 <- " + kCreate});
  }
  SECTION("to nobody it knows") {
    driver.answer(307, "", 0, "http://10.0.0.20:4001/v2/keys/db/master?prevExist=false");
    CHECK(driver.did() == Lines{"n2 <- " + kRead});
  }
  SECTION("to a URL that only begins like one it knows") {
    driver.answer(307, "", 0, "http://10.0.0.2:40011/v2/keys/db/master?prevExist=false");
    CHECK(driver.did() == Lines{"n2 <- " + kRead});
  }
  SECTION("round and round") {
    for (int i = 0; i < 5; ++i) {
      driver.did();
      driver.answer(307, "", 0,
                    "http://10.0.0." + std::to_string(i % 2 + 1) + ":4001/v2/keys/db/master");
    }
    CHECK(driver.did() == Lines{"n1 <- " + kCreate});
    driver.answer(307, "", 0, "http://10.0.0.2:4001/v2/keys/db/master");
    CHECK(driver.did() == Lines{"n2 <- " + kRead});
  }
}

TEST_CASE("names and keys are escaped") {
  AppConfig config = election();
  config.key = "db/a b?c";
  config.name = "x&y=1+2/\xc3\xa9";
  Driver driver(config);
  driver.start();
  CHECK(driver.did()[0] ==
        "n1 <- PUT /v2/keys/db/a%20b%3Fc?prevExist=false value=x%26y%3D1%2B2%2F%C3%A9&ttl=5");
}

TEST_CASE("a key that cannot be made is tried again after a pause") {
  Driver driver(election());
  driver.start();
  driver.did();
  driver.answer(400, error_json(104, 4), 4);
  CHECK(driver.did().empty());
  driver.at(499);
  CHECK(driver.did().empty());
  driver.at(500);
  CHECK(driver.did() == Lines{"n1 <- " + kCreate});
}

TEST_CASE("without any server it only tries again and again") {
  AppConfig config = election();
  config.servers.clear();
  Driver driver(config);
  driver.start();
  driver.at(60'000);
  CHECK(driver.did() == Lines{"self: Master me!"});
  CHECK(driver.wake_at > driver.now);
}

TEST_CASE("the master whose token is refused is none") {
  AppConfig config = election();
  config.resource = disk;
  Driver driver = holding(config);
  driver.answer_work(false, 9);
  CHECK(driver.did() == Lines{"n1 <- " + kRead, "disk: Refused: token 4 is older than 9.",
                              "# lets go 4: old token"});
  CHECK(driver.app.status().pieces_refused == 1);
}

TEST_CASE("an elastic IP goes to who holds") {
  AppConfig config = config_of(AppConfig::Kind::elastic_ip);
  config.address = "10.0.0.100";
  Driver driver(config);
  driver.start();
  driver.did();
  driver.answer(201, event_json("create", "dbx", 4, 4), 4);
  CHECK(driver.did() == Lines{"n1: Ok!", "self: 10.0.0.100 is mine.", "# holds 4 until 5.000"});
}
