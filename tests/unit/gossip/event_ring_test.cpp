// The ring of user events and queries: once each, within the window, after the minimum time
// (serf.md 3.3, 3.4).
#include "core/gossip/event_ring.h"

#include <string>
#include <vector>

#include "tests/catch.h"

namespace quorumlab::gossip {
namespace {

RingVerdict take(EventRing& ring, std::uint64_t ltime, std::string_view name,
                 std::string_view payload, std::uint64_t now, const Rules& rules = {}) {
  return ring.take(ltime, as_bytes(name), as_bytes(payload), now, Rule::event_once, rules);
}

TEST_CASE("an event is its Lamport time, name and payload together") {
  EventRing ring;
  CHECK(take(ring, 1, "deploy", "v1", 2) == RingVerdict::accepted);
  CHECK(take(ring, 1, "deploy", "v1", 2) == RingVerdict::duplicate);
  CHECK(take(ring, 1, "deploy", "v2", 2) == RingVerdict::accepted);
  CHECK(take(ring, 1, "deployv", "1", 2) == RingVerdict::accepted);
  CHECK(take(ring, 2, "deploy", "v1", 3) == RingVerdict::accepted);
  CHECK(take(ring, 1, "deploy", "v2", 3) == RingVerdict::duplicate);
}

TEST_CASE("the window: a slot belongs to who fell on it last") {
  EventRing ring(8);
  CHECK(take(ring, 1, "a", "", 2) == RingVerdict::accepted);
  // 9 falls on the slot of 1.
  CHECK(take(ring, 9, "b", "", 10) == RingVerdict::accepted);
  CHECK(take(ring, 1, "a", "", 10) == RingVerdict::outside_window);
  CHECK(take(ring, 2, "c", "", 10) == RingVerdict::accepted);  // 10 - 8: just inside
  CHECK(take(ring, 2, "c", "", 11) == RingVerdict::outside_window);
  // Inside the window an older time takes a newer one's slot, as in the real one: then the newer
  // event could come again.
  CHECK(take(ring, 9, "b", "", 9) == RingVerdict::duplicate);
  CHECK(take(ring, 1, "a", "", 9) == RingVerdict::accepted);
  CHECK(take(ring, 9, "b", "", 9) == RingVerdict::accepted);
}

TEST_CASE("without the rules old and doubled events pass") {
  Rules rules;
  rules.set(Rule::event_window, false);
  rules.set(Rule::event_once, false);
  rules.set(Rule::event_min_time, false);
  EventRing ring(8);
  ring.raise_min_time(100);
  CHECK(take(ring, 1, "a", "", 50, rules) == RingVerdict::accepted);
  CHECK(take(ring, 1, "a", "", 50, rules) == RingVerdict::accepted);
}

TEST_CASE("nothing from before the minimum time") {
  EventRing ring;
  ring.raise_min_time(5);
  ring.raise_min_time(3);
  CHECK(ring.min_time() == 5);
  CHECK(take(ring, 4, "a", "", 6) == RingVerdict::before_min_time);
  CHECK(take(ring, 5, "a", "", 6) == RingVerdict::accepted);
}

TEST_CASE("queries are told apart by their ids") {
  EventRing ring;
  const Rules rules;
  CHECK(ring.take(1, 77, 2, rules) == RingVerdict::accepted);
  CHECK(ring.take(1, 77, 2, rules) == RingVerdict::duplicate);
  CHECK(ring.take(1, 78, 2, rules) == RingVerdict::accepted);
  CHECK(ring.take(2, 77, 3, rules) == RingVerdict::accepted);
  Rules off;
  off.set(Rule::query_once, false);
  CHECK(ring.take(2, 77, 3, off) == RingVerdict::accepted);
}

TEST_CASE("push/pull reads the whole ring slot by slot; a copy holds the same") {
  EventRing ring(4);
  take(ring, 3, "c", "3", 4);
  take(ring, 5, "e", "5", 6);
  take(ring, 5, "f", "6", 6);
  const EventRing copy = ring;
  ring.reset(4);
  EventRing::Position at;
  EventRing::Entry entry;
  CHECK_FALSE(ring.next(at, entry));
  std::vector<std::string> seen;
  at = {};
  while (copy.next(at, entry)) {
    seen.push_back(std::to_string(entry.slot) + (entry.first ? "!" : "") + "@" +
                   std::to_string(entry.ltime) + std::string(as_text(entry.name)) +
                   std::string(as_text(entry.payload)));
  }
  CHECK(seen == std::vector<std::string>{"1!@5e5", "1@5f6", "3!@3c3"});
}

}  // namespace
}  // namespace quorumlab::gossip
