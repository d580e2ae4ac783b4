// The talk's app: who is the master, and who is it now?
#include "tests/unit/recipes/driver.h"

using namespace quorumlab;
using namespace quorumlab::recipes;

namespace {
const std::string kRead = "GET /v2/keys/db/master";
std::string wait(int index) {
  return "GET /v2/keys/db/master?wait=true&waitIndex=" + std::to_string(index);
}
AppConfig follower() { return config_of(AppConfig::Kind::follower, "app"); }

// It follows DB X, by token 4, and watches from 5 on.
Driver following() {
  Driver driver(follower());
  driver.start();
  driver.answer(200, event_json("get", "dbx", 4, 4), 4);
  driver.head(4);
  REQUIRE(driver.app.follows() == dbx);
  driver.did();
  return driver;
}
}  // namespace

TEST_CASE("an app without a master waits for one, as in the talk") {
  Driver driver(follower());
  driver.start();
  CHECK(driver.did() == Lines{"n1 <- " + kRead, "self: DB?"});
  driver.answer(404, error_json(100, 3), 3);
  CHECK(driver.did() == Lines{"n1 <- " + wait(4), "n1: Nope.", "self: I'll wait."});
  CHECK_FALSE(driver.app.follows());
  driver.head(3);
  driver.at(30'000);
  driver.tail(event_json("create", "dbx", 4, 4));
  CHECK(driver.did() == Lines{"n1 <- " + wait(5), "n1: DB X is master.", "# follows dbx 4"});
  CHECK(driver.app.follows() == dbx);
  driver.head(4);
  driver.tail(event_json("expire", "", 5, 4));
  CHECK(driver.did() == Lines{"n1 <- " + wait(6), "# follows nobody 5"});
  CHECK_FALSE(driver.app.follows());
  driver.head(5);
  driver.tail(event_json("create", "dby", 6, 6));
  CHECK(driver.did() == Lines{"n1 <- " + wait(7), "n1: DB Y is master now.", "# follows dby 6"});
  CHECK(driver.app.follows() == dby);
}

TEST_CASE("an app that finds a master goes there at once") {
  Driver driver(follower());
  driver.start();
  driver.did();
  driver.answer(200, event_json("get", "dbx", 4, 4), 9);
  CHECK(driver.did() == Lines{"n1 <- " + wait(10), "n1: DB X is master.", "# follows dbx 4"});
}

TEST_CASE("an app asks for more than the server's own copy when it should") {
  AppConfig config = follower();
  config.quorum_reads = true;
  config.question = "Where is it?";
  Driver driver(config);
  driver.start();
  CHECK(driver.did() == Lines{"n1 <- " + kRead + "?quorum=true", "self: Where is it?"});
}

TEST_CASE("the same master again is no news, the same host with a new token is a quiet one") {
  Driver driver = following();
  driver.tail(event_json("update", "dbx", 5, 4));
  CHECK(driver.did() == Lines{"n1 <- " + wait(6)});
  driver.head(5);
  driver.tail(event_json("set", "dbx", 6, 6));
  CHECK(driver.did() == Lines{"n1 <- " + wait(7), "# follows dbx 6"});
}

TEST_CASE("an app whose server goes away watches elsewhere and misses nothing") {
  Driver driver = following();
  driver.refuse();
  CHECK(driver.did() == Lines{"n2 <- " + wait(5)});
  CHECK(driver.app.follows() == dbx);
  driver.at(2'000);
  CHECK(driver.did() == Lines{"n2 <- hangs up", "n3 <- " + wait(5)});
  driver.refuse();
  CHECK(driver.did().empty());  // all three failed: a pause
  driver.at(2'700);
  CHECK(driver.did() == Lines{"n1 <- " + wait(5)});
}

TEST_CASE("an app for which the history is too short reads anew") {
  Driver driver = following();
  driver.refuse();
  driver.did();
  driver.answer(400, error_json(401, 1'500), 1'500);
  CHECK(driver.did() == Lines{"n2 <- " + kRead});
  SECTION("the same master") {
    driver.answer(200, event_json("get", "dbx", 4, 4), 1'500);
    CHECK(driver.did() == Lines{"n2 <- " + wait(1'501)});
  }
  SECTION("another one") {
    driver.answer(200, event_json("get", "dby", 900, 900), 1'500);
    CHECK(driver.did() ==
          Lines{"n2 <- " + wait(1'501), "n2: DB Y is master now.", "# follows dby 900"});
  }
  SECTION("none") {
    driver.answer(404, error_json(100, 1'500), 1'500);
    CHECK(driver.did() == Lines{"n2 <- " + wait(1'501), "# follows nobody 1500"});
  }
}

TEST_CASE("an app that is told nonsense asks again") {
  Driver driver(follower());
  driver.start();
  driver.did();
  SECTION("no JSON") {
    driver.answer(200, "<html>");
    CHECK(driver.did() == Lines{"n2 <- " + kRead});
  }
  SECTION("an event without a node") {
    driver.answer(200, R"({"action":"get"})");
    CHECK(driver.did() == Lines{"n2 <- " + kRead});
  }
  SECTION("an error that it does not know") {
    driver.answer(403, error_json(102, 4), 4);
    CHECK(driver.did().empty());
    driver.at(500);
    CHECK(driver.did() == Lines{"n1 <- " + kRead});
  }
  SECTION("an answer to another question") {
    driver.http_ask = 77;
    driver.answer(200, event_json("get", "dbx", 4, 4), 4);
    CHECK(driver.did().empty());
    CHECK_FALSE(driver.app.follows());
  }
}

TEST_CASE("a master that no host is known by is followed by name only") {
  Driver driver(follower());
  driver.start();
  driver.did();
  driver.answer(200, event_json("get", "stranger", 4, 4), 4);
  CHECK(driver.did() == Lines{"n1 <- " + wait(5), "n1: stranger is master.", "# follows nobody 4"});
}
