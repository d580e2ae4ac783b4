// The lesson of the paused master: it looked at its lease, was paused, and wrote. Only a resource
// that remembers the highest token can tell.
#include <algorithm>

#include "tests/unit/recipes/driver.h"

using namespace quorumlab;
using namespace quorumlab::recipes;

namespace {
AppConfig worker(Duration takes) {
  AppConfig config = config_of(AppConfig::Kind::election);
  config.resource = disk;
  config.work_every = seconds(1);
  config.work_takes = takes;
  return config;
}
Driver working(const AppConfig& config) {
  Driver driver(config);
  driver.start();
  driver.answer(201, event_json("create", "dbx", 4, 4), 4);
  REQUIRE(driver.app.holds());
  return driver;
}
Bytes work(std::uint64_t token, std::uint64_t key = 5, std::uint64_t piece = 1) {
  Bytes bytes;
  encode(WorkRequest{token, key, piece, dbx}, bytes);
  return bytes;
}
}  // namespace

TEST_CASE("a holder writes with its token, piece by piece") {
  Driver driver = working(worker({}));
  const Lines did = driver.did();
  CHECK(std::count(did.begin(), did.end(), "disk <- work 1 with 4 by dbx") == 1);
  CHECK(did.back() == "# works at disk with 4, piece 1");
  driver.answer_work(true, 4);
  driver.at(999);
  CHECK(driver.did().empty());
  driver.at(1'000);
  CHECK(driver.did() == Lines{"disk <- work 2 with 4 by dbx", "# works at disk with 4, piece 2"});
  CHECK(driver.app.status().pieces_done == 1);
  SECTION("no answer: after a while it goes on with the next") {
    driver.at(3'000);
    const Lines later = driver.did();
    CHECK(std::count(later.begin(), later.end(), "disk <- hangs up") == 1);
    CHECK(std::count(later.begin(), later.end(), "disk <- work 3 with 4 by dbx") == 1);
  }
  SECTION("nobody listens there") {
    Event event;
    event.kind = Event::Kind::ask_failed;
    event.id = driver.work_ask;
    driver.deliver(event);
    driver.at(2'000);
    const Lines later = driver.did();
    CHECK(std::count(later.begin(), later.end(), "disk <- work 3 with 4 by dbx") == 1);
  }
}

TEST_CASE("a master that is paused between look and write writes with an old token") {
  AppConfig config = worker(milliseconds(300));
  SECTION("it checks, then acts") {
    Driver driver = working(config);
    driver.did();
    driver.paused_until(20'000);
    driver.wake();
    const Lines did = driver.did();
    REQUIRE(did.size() == 4);
    CHECK(did[0] == "disk <- work 1 with 4 by dbx");  // 20 s after the look, 15 s after the lease
    CHECK(did[2] == "# works at disk with 4, piece 1");
    CHECK(did[3] == "# lets go 4: lease over");
    CHECK_FALSE(driver.app.holds());
    driver.did();
    driver.answer_work(false, 9);
    CHECK(driver.did() == Lines{"disk: Refused: token 4 is older than 9."});
    driver.at(30'000);
    for (const std::string& line : driver.did()) CHECK(line.find("work") == std::string::npos);
  }
  SECTION("it looks again just before the write leaves") {
    config.rechecks = true;
    Driver driver = working(config);
    driver.did();
    driver.paused_until(20'000);
    driver.wake();
    for (const std::string& line : driver.did()) CHECK(line.find("work") == std::string::npos);
    CHECK_FALSE(driver.app.holds());
  }
  SECTION("it was paused before the look") {
    Driver driver = working(config);
    driver.at(300);
    driver.answer_work(true, 4);
    driver.did();
    driver.paused_until(20'000);
    driver.wake();
    driver.at(21'000);
    for (const std::string& line : driver.did()) CHECK(line.find("work") == std::string::npos);
  }
  SECTION("it does not look at its lease at all") {
    config.checks_lease = false;
    Driver driver = working(config);
    driver.at(300);
    driver.answer_work(true, 4);
    driver.did();
    driver.paused_until(20'000);
    driver.wake();
    driver.at(20'300);
    const Lines did = driver.did();
    CHECK(std::count(did.begin(), did.end(), "disk <- work 2 with 4 by dbx") == 1);
    CHECK(driver.app.holds());
    // What it missed while it was paused is not made up for.
    driver.answer_work(true, 4);
    driver.at(20'950);
    for (const std::string& line : driver.did()) CHECK(line.find("work") == std::string::npos);
    driver.at(21'300);
    CHECK(driver.did().back() == "# works at disk with 4, piece 3");
  }
}

TEST_CASE("a late refusal of an old token says nothing about a new one") {
  Driver driver = working(worker(milliseconds(300)));
  driver.paused_until(20'000);
  driver.wake();  // writes with 4, then lets go
  driver.answer(404, error_json(100, 8), 8);
  driver.answer(201, event_json("create", "dbx", 9, 9), 9);
  REQUIRE(driver.app.token() == 9);
  driver.did();
  driver.answer_work(false, 8);
  CHECK(driver.did() == Lines{"disk: Refused: token 4 is older than 8."});
  CHECK(driver.app.holds());
  driver.at(20'400);
  const Lines did = driver.did();
  CHECK(std::count(did.begin(), did.end(), "disk <- work 2 with 9 by dbx") == 1);
}

TEST_CASE("an answer that waited while the program was paused counts") {
  Driver driver = working(worker({}));
  driver.did();
  driver.paused_until(3'000);  // longer than it waits for an answer
  driver.answer_work(true, 4);
  CHECK(driver.app.status().pieces_done == 1);
}

TEST_CASE("no piece begins once the lease is over") {
  Driver driver = working(worker(milliseconds(100)));
  driver.did();
  for (int second = 0; second < 5; ++second) {
    driver.at(second * 1'000 + 150);
    driver.answer_work(true, 4);
  }
  driver.did();
  driver.at(9'000);  // nobody refreshed it
  Lines did = driver.did();
  CHECK_FALSE(driver.app.holds());
  CHECK(std::count(did.begin(), did.end(), "# lets go 4: lease over") == 1);
  for (const std::string& line : did) CHECK(line.find("work") == std::string::npos);
}

TEST_CASE("a resource that fences refuses what is older than what it has seen") {
  AppConfig config = config_of(AppConfig::Kind::resource, "disk");
  config.fencing = true;
  Driver driver(config);
  driver.start();
  driver.request(1, dbx, work(4));
  CHECK(driver.did() == Lines{"# took dbx 4 after 0", "reply 1: taken, 4"});
  driver.request(2, dbx, work(4, 5, 2));
  CHECK(driver.did() == Lines{"# took dbx 4 after 4", "reply 2: taken, 4"});
  driver.request(3, dby, work(9));
  CHECK(driver.did() == Lines{"# took dby 9 after 4", "reply 3: taken, 9"});
  driver.request(4, dbx, work(4, 5, 3));
  CHECK(driver.did() == Lines{"# refused dbx 4 after 9: old token", "reply 4: refused, 9"});
  driver.request(5, dbx, work(4, 6));  // another key has tokens of its own
  CHECK(driver.did() == Lines{"# took dbx 4 after 0", "reply 5: taken, 4"});
  CHECK(driver.app.status().pieces_done == 4);
  CHECK(driver.app.status().pieces_refused == 1);
  CHECK(driver.app.status().doing == "serves");
}

TEST_CASE("a fence outlives a restart, and nothing is taken before the disk has it") {
  AppConfig config = config_of(AppConfig::Kind::resource, "disk");
  config.fencing = true;
  Driver driver(config);
  driver.quick_disk = false;
  driver.start();
  driver.request(1, dby, work(9));
  CHECK(driver.did().empty());
  driver.request(2, dby, work(9, 5, 2));  // it depends on the same write
  CHECK(driver.did().empty());
  driver.request(3, dbx, work(4));  // to refuse promises nothing
  CHECK(driver.did() == Lines{"# refused dbx 4 after 9: old token", "reply 3: refused, 9"});
  driver.durable();
  CHECK(driver.did() == Lines{"# took dby 9 after 0", "# took dby 9 after 9", "reply 1: taken, 9", "reply 2: taken, 9"});
  driver.request(4, dby, work(9, 5, 3));  // nothing new to write
  CHECK(driver.did() == Lines{"# took dby 9 after 9", "reply 4: taken, 9"});

  Driver again(config);
  again.start_with(driver.on_disk);
  again.request(1, dbx, work(4));
  CHECK(again.did() == Lines{"# refused dbx 4 after 9: old token", "reply 1: refused, 9"});

  Driver damaged(config);
  Bytes cut = driver.on_disk;
  cut.pop_back();
  damaged.start_with(cut);
  CHECK(damaged.out.stop);

  Driver failing(config);
  failing.quick_disk = false;
  failing.start();
  failing.request(1, dbx, work(4));
  failing.durable(false);
  CHECK(failing.out.stop);
  CHECK(failing.out.replies.empty());
}

TEST_CASE("a resource that does not fence takes everything, and tells what was before") {
  Driver driver(config_of(AppConfig::Kind::resource, "disk"));
  driver.start();
  driver.request(1, dby, work(9));
  driver.did();
  driver.request(2, dbx, work(4));
  CHECK(driver.did() == Lines{"# took dbx 4 after 9", "reply 2: taken, 9"});
}

TEST_CASE("requests that are none are refused") {
  Driver disk_driver(config_of(AppConfig::Kind::resource, "disk"));
  disk_driver.start();
  disk_driver.request(1, dbx, {});
  CHECK(disk_driver.did() == Lines{"reply 1: refused, 0"});
  const Bytes whole = work(300);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK_FALSE(decode_work_request(ByteView(whole).first(size)).has_value());
  }
  REQUIRE(decode_work_request(whole).has_value());
  CHECK(*decode_work_request(whole) == WorkRequest{300, 5, 1, dbx});
  // Who is no resource serves nobody, and says so.
  Driver election(config_of(AppConfig::Kind::election));
  election.start();
  election.did();
  election.request(1, dby, whole);
  CHECK(election.did() == Lines{"reply 1: nothing"});
}
