// The lock: held for a while, given back by a conditional delete, and taken again.
#include "tests/unit/recipes/driver.h"

using namespace quorumlab;
using namespace quorumlab::recipes;

namespace {
const std::string kCreate = "PUT /v2/keys/db/master?prevExist=false value=dbx&ttl=5";
const std::string kRead = "GET /v2/keys/db/master?quorum=true";
const std::string kRefresh =
    "PUT /v2/keys/db/master?prevExist=true&prevIndex=4 refresh=true&ttl=5";

AppConfig lock_for(Duration hold) {
  AppConfig config = config_of(AppConfig::Kind::lock);
  config.hold = hold;
  return config;
}
Driver locked(const AppConfig& config) {
  Driver driver(config);
  driver.start();
  CHECK(driver.did() == Lines{"n1 <- " + kCreate, "self: Lock it for me!"});
  driver.answer(201, event_json("create", "dbx", 4, 4), 4);
  CHECK(driver.did()[0] == "n1: Ok!");
  REQUIRE(driver.app.holds());
  return driver;
}
std::string drop(int index) {
  return "n1 <- DELETE /v2/keys/db/master?prevIndex=" + std::to_string(index);
}
}  // namespace

TEST_CASE("a lock is let go of before it is given back, once") {
  Driver driver = locked(lock_for(seconds(1)));
  driver.at(999);
  CHECK(driver.app.holds());
  driver.at(1'000);
  CHECK(driver.did() == Lines{drop(4), "# lets go 4: given back"});
  CHECK_FALSE(driver.app.holds());
  CHECK(driver.app.status().doing == "gives back");
  driver.answer(200, event_json("compareAndDelete", "", 5, 4), 5);
  driver.at(100'000);
  CHECK(driver.did().empty());
  CHECK(driver.wake_at == kNever);
  CHECK(driver.app.status().doing == "is done");
}

TEST_CASE("a lock that was refreshed is given back by its latest index") {
  Driver driver = locked(lock_for(seconds(2)));
  driver.at(1'700);
  driver.answer(200, event_json("compareAndSwap", "dbx", 8, 4), 8);
  driver.did();
  driver.at(2'000);
  CHECK(driver.did() == Lines{drop(8), "# lets go 4: given back"});
}

TEST_CASE("a lock is not given back while a refresh is under way") {
  Driver driver = locked(lock_for(milliseconds(1'700)));
  driver.at(1'800);
  CHECK(driver.did() == Lines{"n1 <- " + kRefresh});
  CHECK(driver.app.holds());
  driver.answer(200, event_json("compareAndSwap", "dbx", 8, 4), 8);
  CHECK(driver.did() == Lines{drop(8), "# holds 4 until 6.666, still", "# lets go 4: given back"});
}

TEST_CASE("a lock is not given back before the work that it is for is done") {
  AppConfig config = lock_for(seconds(1));
  config.resource = disk;
  config.work_takes = milliseconds(300);
  config.work_every = milliseconds(900);
  Driver driver = locked(config);
  driver.at(300);
  driver.answer_work(true, 4);
  driver.did();
  driver.at(1'100);
  CHECK(driver.did().empty());  // the second piece began at 900
  CHECK(driver.app.holds());
  driver.at(1'200);
  CHECK(driver.did() == Lines{"disk <- work 2 with 4 by dbx", "# works at disk with 4, piece 2"});
  driver.answer_work(true, 4);
  CHECK(driver.did() == Lines{drop(4), "# lets go 4: given back"});
}

TEST_CASE("giving back with unknown outcome is repeated until it is certain") {
  Driver driver = locked(lock_for(seconds(1)));
  driver.at(1'000);
  driver.did();
  driver.at(3'000);
  CHECK(driver.did() == Lines{"n1 <- hangs up", "n2" + drop(4).substr(2)});
  SECTION("it is gone") { driver.answer(404, error_json(100, 5), 5); }
  SECTION("somebody else has it") {
    driver.answer(412, error_json(101, 6), 6);
    CHECK(driver.did() == Lines{"n2 <- " + kRead});
    SECTION("another host") { driver.answer(200, event_json("get", "dby", 6, 6), 6); }
    SECTION("by its own name, but another entry") {
      driver.answer(200, event_json("get", "dbx", 6, 6), 6);
    }
    SECTION("and gave it back, too") { driver.answer(404, error_json(100, 6), 6); }
  }
  SECTION("a refresh whose answer got lost came in between") {
    driver.answer(412, error_json(101, 6), 6);
    driver.answer(200, event_json("get", "dbx", 6, 4), 6);
    CHECK(driver.did() == Lines{"n2 <- " + kRead, "n2" + drop(6).substr(2)});
    driver.answer(200, event_json("compareAndDelete", "", 7, 4), 7);
  }
  driver.at(100'000);
  CHECK(driver.did().empty());
  CHECK(driver.app.status().doing == "is done");
}

TEST_CASE("a lock is taken as often as it should be, with rests") {
  AppConfig config = lock_for(seconds(1));
  config.rest = seconds(3);
  config.times = 2;
  Driver driver = locked(config);
  driver.at(1'000);
  driver.answer(200, event_json("compareAndDelete", "", 5, 4), 5);
  CHECK(driver.app.status().doing == "rests");
  driver.did();
  driver.at(3'999);
  CHECK(driver.did().empty());
  driver.at(4'000);
  CHECK(driver.did() == Lines{"n1 <- " + kCreate, "self: Lock it for me!"});
  driver.answer(201, event_json("create", "dbx", 9, 9), 9);
  CHECK(driver.app.token() == 9);
  driver.at(5'000);
  driver.answer(200, event_json("compareAndDelete", "", 10, 9), 10);
  driver.did();
  driver.at(100'000);
  CHECK(driver.did().empty());
}

TEST_CASE("a lock's bubbles are its own") {
  Driver driver(config_of(AppConfig::Kind::lock, "dby"));
  driver.start();
  driver.answer(412, error_json(105, 4), 4);
  driver.did();
  driver.answer(200, event_json("get", "dbx", 4, 4), 4);
  CHECK(driver.did()[1] == "n1: No, DB X has it.");
  driver.answer(200, event_json("expire", "", 5, 4));
  driver.did();
  driver.answer(201, event_json("create", "dby", 6, 6), 6);
  CHECK(driver.did()[0] == "n1: It's yours!");
}
