// The snapshot's text: a real file of serf 0.9.4, and files that a crash or a stranger left.
#include "core/gossip/snapshot_file.h"

#include <string>
#include <vector>

#include "tests/catch.h"

namespace quorumlab::gossip::snapshot {
namespace {

using Kind = Line::Kind;

std::vector<Line> lines(std::string_view text) {
  ByteView rest = as_bytes(text);
  std::vector<Line> result;
  for (Line line; next_line(rest, line);) result.push_back(line);
  return result;
}

constexpr std::string_view kReal =
    "alive: node2 127.0.0.1:27402\n"
    "alive: node1 127.0.0.1:27401\n"
    "clock: 1\n"
    "alive: node3 127.0.0.1:27403\n"
    "alive: node4 127.0.0.1:27404\n"
    "query-clock: 1\n"
    "alive: node2 127.0.0.1:27402\n";

TEST_CASE("a real file is read, and written again to the same bytes") {
  Bytes out;
  for (const Line& line : lines(kReal)) {
    if (line.kind == Kind::alive) append_alive(line.name, line.address, out);
    if (line.kind == Kind::clock) append_clock(line.time, out);
    if (line.kind == Kind::query_clock) append_query_clock(line.time, out);
  }
  CHECK(as_text(out) == kReal);
  CHECK(lines(kReal)[0].address == Address::v4(127u << 24 | 1, 27402));
}

TEST_CASE("every kind of line") {
  Bytes out;
  append_not_alive("a b", out);
  append_event_clock(UINT64_MAX, out);
  append_leave(out);
  CHECK(as_text(out) == "not-alive: a b\nevent-clock: 18446744073709551615\nleave\n");
  const auto read = lines(as_text(out));
  REQUIRE(read.size() == 3);
  CHECK(read[0].kind == Kind::not_alive);
  CHECK(read[0].name == "a b");
  CHECK(read[1].time == UINT64_MAX);
  CHECK(read[2].kind == Kind::leave);
  CHECK(lines("alive: a name with spaces 10.0.0.1:1\n")[0].name == "a name with spaces");
  CHECK(lines("# x\ncoordinate: {}\n")[1].kind == Kind::ignored);
  const auto v6 = lines("alive: n [2001:db8::1:2]:7946\n")[0];
  REQUIRE(v6.kind == Kind::alive);
  CHECK(v6.address.size == 16);
  CHECK(v6.address.ip[0] == 0x20);
  CHECK(v6.address.ip[13] == 1);
  CHECK(v6.address.ip[15] == 2);
  CHECK(lines("alive: n [::]:1\n")[0].kind == Kind::alive);
  CHECK(lines("alive: n [1:2:3:4:5:6:7:8]:1\n")[0].address.ip[15] == 8);
}

TEST_CASE("addresses of IPv6 are read and written alike") {
  for (const std::string text : {"[::1]:1", "[2001:db8::1:2]:7946", "[1:2:3:4:5:6:7:8]:9", "[::]:1",
                                 "[1::]:65535", "[1:0:2::3:0:0]:1"}) {
    INFO(text);
    const auto read = lines("alive: n " + text + "\n");
    REQUIRE(read[0].kind == Kind::alive);
    Bytes out;
    append_alive("n", read[0].address, out);
    CHECK(as_text(out) == "alive: n " + text + "\n");
  }
}

TEST_CASE("a line that was being written does not count; damaged ones are skipped") {
  CHECK(lines("clock: 4\nalive: node1 127.0.").size() == 1);
  CHECK(lines("").empty());
  for (const char* text :
       {"\n", "alive: node1\n", "alive: node1 10.0.0\n", "alive: n 10.0.0.256:1\n",
        "alive: n 10.0.0.1:65536\n", "alive: n 10.0.0.1.1:1\n", "alive:  10.0.0.1:1\n",
        "alive: n [1:2]:1\n", "alive: n [1::2::3]:1\n", "alive: n [1:]:1\n",
        "alive: n [1:2:3:4:5:6:7:8:9]:1\n", "alive: n :1\n", "clock: x\n", "clock: -1\n",
        "clock: 18446744073709551616\n", "leave \n", "Alive: n 10.0.0.1:1\n"}) {
    INFO(text);
    const auto read = lines(text);
    REQUIRE(read.size() == 1);
    CHECK(read[0].kind == Kind::unknown);
  }
}

TEST_CASE("compaction begins at 128 KiB, or at twice 128 bytes a node") {
  CHECK(max_size(0) == 131072);
  CHECK(max_size(512) == 131072);
  CHECK(max_size(10'000) == 2'560'000);
}

}  // namespace
}  // namespace quorumlab::gossip::snapshot
