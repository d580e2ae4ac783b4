// Programs are values: a copy goes its own way. Idle ones allocate nothing, and a new life knows
// nothing of the old one.
#include <cstdlib>
#include <new>

// g++ 12 looks into the replaced operators and takes their malloc and free for a mismatch.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

#include "core/recipes/key_answer.h"
#include "tests/unit/recipes/driver.h"

namespace {
std::uint64_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  void* p = std::malloc(size != 0 ? size : 1);
  if (p == nullptr) std::abort();
  return p;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return operator new(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

using namespace quorumlab;
using namespace quorumlab::recipes;

TEST_CASE("a copy of a program goes its own way, and the same way when told the same") {
  Driver original(config_of(AppConfig::Kind::election));
  original.start();
  original.did();
  Driver copy = original;
  copy.answer(201, event_json("create", "dbx", 4, 4), 4);
  CHECK(copy.app.holds());
  CHECK_FALSE(original.app.holds());
  original.answer(201, event_json("create", "dbx", 4, 4), 4);
  copy.at(20'000);
  original.at(20'000);
  const Lines lines = original.did();
  CHECK(lines.size() > 10);
  CHECK(copy.did() == lines);
  CHECK(copy.wake_at == original.wake_at);
}

TEST_CASE("a program that was started again knows nothing of before") {
  Driver driver(config_of(AppConfig::Kind::election));
  driver.start();
  driver.answer(201, event_json("create", "dbx", 4, 4), 4);
  driver.did();
  driver.app.reset(config_of(AppConfig::Kind::election), Random(7));
  CHECK_FALSE(driver.app.holds());
  driver.wake();  // nothing happens before it is started
  CHECK(driver.did().empty());
  const std::uint64_t old = driver.http_ask;
  driver.start();
  CHECK(driver.http_ask > old);
  CHECK(driver.did()[0] == "n1 <- PUT /v2/keys/db/master?prevExist=false value=dbx&ttl=5");
  // Its own key is still there. It is the only one of that name, so it may go on with it.
  driver.answer(412, error_json(105, 4), 4);
  driver.answer(200, event_json("get", "dbx", 4, 4), 4);
  CHECK_FALSE(driver.app.holds());
  driver.answer(200, event_json("compareAndSwap", "dbx", 5, 4), 5);
  CHECK(driver.app.holds());
  CHECK(driver.app.token() == 4);
}

TEST_CASE("an idle program allocates nothing") {
  Driver driver(config_of(AppConfig::Kind::election));
  driver.start();
  SECTION("that holds") { driver.answer(201, event_json("create", "dbx", 4, 4), 4); }
  SECTION("that waits") {
    driver.answer(412, error_json(105, 4), 4);
    driver.answer(200, event_json("get", "dby", 4, 4), 4);
    driver.head(4);
  }
  driver.did();
  driver.wake();
  const std::uint64_t before = allocations;
  for (int i = 0; i < 100; ++i) driver.wake();  // too early
  const std::uint64_t after = allocations;
  CHECK(before > 0);
  CHECK(after == before);
  CHECK(driver.did().empty());
}

TEST_CASE("bodies are read as etcd writes them, and nothing else is taken for one") {
  const KeyAnswer event = parse_key_answer(
      R"({"action":"expire","node":{"key":"/m","modifiedIndex":5,"createdIndex":4},)"
      R"("prevNode":{"key":"/m","value":"X","ttl":-5,"modifiedIndex":4,"createdIndex":3}})");
  CHECK(event.readable);
  CHECK(event.gone());
  CHECK_FALSE(event.has_value);
  CHECK(event.key == "/m");
  CHECK(event.modified_index == 5);
  CHECK(event.created_index == 4);
  CHECK(event.previous_value == "X");
  CHECK(event.previous_created_index == 3);
  const KeyAnswer got = parse_key_answer(
      R"({"action":"get","node":{"key":"/m","value":"","ttl":-5,"modifiedIndex":4}})");
  CHECK(got.has_value);
  CHECK(got.ttl == -5);
  CHECK_FALSE(got.gone());
  const KeyAnswer error = parse_key_answer(
      R"({"errorCode":105,"message":"Key already exists","cause":"/m","index":4})");
  CHECK(error.readable);
  CHECK(error.error == KeyAnswer::kKeyExists);
  CHECK(error.cause == "/m");
  CHECK(error.index == 4);
  for (const char* body :
       {"", "[]", "null", "{", R"({"action":"get"})", R"({"action":"dance","node":{}})",
        R"({"action":7,"node":{}})", R"({"action":"get","node":[]})", R"({"errorCode":"105"})",
        R"({"errorCode":-1})"}) {
    INFO(body);
    CHECK_FALSE(parse_key_answer(body).readable);
  }
  const KeyAnswer odd =
      parse_key_answer(R"({"action":"get","node":{"value":7,"modifiedIndex":-1}})");
  CHECK(odd.modified_index == 0);
  CHECK(odd.value.empty());
}
