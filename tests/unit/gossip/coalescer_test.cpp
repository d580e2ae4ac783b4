// The coalescers: batches, the latest event of a member, the highest Lamport time of a name, and the
// two timers (serf.md 3.2, F5).
#include "core/gossip/coalescer.h"

#include <string>
#include <vector>

#include "tests/catch.h"

namespace quorumlab::gossip {
namespace {

constexpr PeerId n1{1}, n2{2}, n3{3};
constexpr auto join = EventKind::member_join;
constexpr auto leave = EventKind::member_leave;
constexpr auto failed = EventKind::member_failed;
constexpr auto update = EventKind::member_update;

std::vector<std::pair<EventKind, std::uint32_t>> flushed(MemberCoalescer& coalescer) {
  std::vector<std::pair<EventKind, std::uint32_t>> result;
  coalescer.flush([&](const auto& event) { result.emplace_back(event.kind, event.peer.value); });
  return result;
}
using Told = std::vector<std::pair<EventKind, std::uint32_t>>;

TEST_CASE("members are grouped by kind, and only their latest event counts") {
  MemberCoalescer coalescer;
  CHECK(coalescer.empty());
  coalescer.add({failed, n3, {}});
  coalescer.add({join, n2, {}});
  coalescer.add({join, n1, {}});
  CHECK_FALSE(coalescer.empty());
  CHECK(flushed(coalescer) == Told{{join, 2}, {join, 1}, {failed, 3}});
  CHECK(flushed(coalescer).empty());
  // A graceful leave whose dead message was handled first (F4): handlers see one member-leave.
  coalescer.add({failed, n1, {}});
  coalescer.add({leave, n1, {}});
  CHECK(flushed(coalescer) == Told{{leave, 1}});
}

TEST_CASE("what handlers were told last is not told again, unless it is an update") {
  MemberCoalescer coalescer;
  coalescer.add({join, n1, {}});
  CHECK(flushed(coalescer) == Told{{join, 1}});
  coalescer.add({failed, n1, {}});
  coalescer.add({join, n1, {}});
  CHECK(flushed(coalescer).empty());  // it flapped, and is as it was
  coalescer.add({update, n1, {}});
  CHECK(flushed(coalescer) == Told{{update, 1}});
  coalescer.add({update, n1, {}});
  CHECK(flushed(coalescer) == Told{{update, 1}});
  coalescer.add({join, n1, {}});
  CHECK(flushed(coalescer) == Told{{join, 1}});
}

TEST_CASE("an event carries the member as it was then") {
  MemberCoalescer coalescer;
  coalescer.add({update, n1, RecordId{7}});
  coalescer.add({update, n1, RecordId{8}});
  std::vector<MemberCoalescer::Event> out;
  coalescer.flush([&](const auto& event) { out.push_back(event); });
  REQUIRE(out.size() == 1);
  CHECK(out[0].record == RecordId{8});
}

std::vector<std::string> flushed(UserCoalescer& coalescer) {
  std::vector<std::string> result;
  coalescer.flush([&](const UserCoalescer::Event& e) {
    result.push_back(std::string(e.name) + "@" + std::to_string(e.ltime) + ":" +
                     std::string(as_text(e.payload)));
  });
  return result;
}

TEST_CASE("of a name only the highest Lamport time is kept, all of it") {
  UserCoalescer coalescer;
  coalescer.add({1, "deploy", as_bytes("a")});
  coalescer.add({2, "restart", as_bytes("b")});
  coalescer.add({3, "deploy", as_bytes("c")});
  coalescer.add({3, "deploy", as_bytes("d")});
  coalescer.add({2, "deploy", as_bytes("e")});
  CHECK(flushed(coalescer) == std::vector<std::string>{"restart@2:b", "deploy@3:c", "deploy@3:d"});
  CHECK(coalescer.empty());
  // What was flushed is forgotten: an older one is told now.
  coalescer.add({1, "deploy", as_bytes("a")});
  CHECK(flushed(coalescer) == std::vector<std::string>{"deploy@1:a"});
}

TEST_CASE("the quiescent period ends one second after the last event, the quantum after three") {
  CoalesceTimer timer;
  CHECK(timer.deadline() == kNever);
  timer.touch(Instant{} + seconds(10), seconds(3), seconds(1));
  CHECK(timer.deadline() == Instant{} + seconds(11));
  for (const int ms : {10'900, 11'800, 12'700}) {
    timer.touch(Instant{} + milliseconds(ms), seconds(3), seconds(1));
  }
  CHECK(timer.deadline() == Instant{} + seconds(13));  // a steady flow
  timer.stop();
  timer.touch(Instant{} + seconds(13), seconds(3), seconds(1));
  CHECK(timer.deadline() == Instant{} + seconds(14));
}

}  // namespace
}  // namespace quorumlab::gossip
