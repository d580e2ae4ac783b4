// serf's snapshot: a text file to which lines are appended, so that a node that starts again knows
// its Lamport clocks and whom to contact (serf.md 3.9). This is the format, reading and writing;
// what goes in and when is the engine's business.
//
//   alive: NAME IP:PORT | not-alive: NAME | clock: N | event-clock: N | query-clock: N | leave | #...
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/bytes.h"
#include "core/gossip/address.h"

namespace quorumlab::gossip::snapshot {

// Compaction rewrites the file when it is longer than this.
constexpr std::size_t max_size(std::size_t alive_nodes) {
  const std::size_t estimate = alive_nodes * 128 * 2;
  return estimate < 128 * 1024 ? 128 * 1024 : estimate;
}

void append_alive(std::string_view name, const Address& address, Bytes& out);
void append_not_alive(std::string_view name, Bytes& out);
void append_clock(std::uint64_t time, Bytes& out);
void append_event_clock(std::uint64_t time, Bytes& out);
void append_query_clock(std::uint64_t time, Bytes& out);
void append_leave(Bytes& out);

struct Line {
  enum class Kind : std::uint8_t {
    alive,
    not_alive,
    clock,
    event_clock,
    query_clock,
    leave,
    ignored,  // comments, coordinates of old versions
    unknown   // damaged, or of a version that we do not know: skipped
  };
  Kind kind = Kind::unknown;
  std::string_view name;
  Address address;
  std::uint64_t time = 0;
};

// Reads the next whole line and takes it off `rest`; false at the end. What follows the last line
// break was being written when the node died, and does not count.
bool next_line(ByteView& rest, Line& line);

}  // namespace quorumlab::gossip::snapshot
