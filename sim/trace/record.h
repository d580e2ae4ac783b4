// One line of the trace: a fact of the world or of a node, with its time, its cause and three
// integers. A plain 56-byte value; words are made of it in words.h, and nowhere else.
#pragma once

#include <cstdint>

#include "core/base/fact.h"
#include "core/base/types.h"

namespace quorumlab::trace {

// Facts of the world; those of nodes (core/base/fact.h) have numbers below 256.
// X(name, number, meaning)
#define QUORUMLAB_WORLD_FACTS(X)                                                                  \
  X(packet_sent, 256, "peer: target; extra: kind; a: ordinal, b: bytes, c: place of the bytes")   \
  X(packet_delivered, 257, "peer: source; extra: kind; a: ordinal, b: bytes; cause: its sending") \
  X(packet_dropped, 258, "peer: target; extra: kind; a: ordinal; reason")                         \
  X(packet_duplicated, 259, "peer: target; extra: kind; a: ordinal")                              \
  X(packet_corrupted, 260, "peer: target; extra: kind; a: ordinal, b: byte, c: bit")              \
  X(packet_held, 261, "peer: target; extra: kind; a: ordinal; a clog holds it")                   \
  X(write_submitted, 270, "extra: file; a: write id, b: bytes, c: 1 replace")                     \
  X(write_durable, 271, "extra: file; a: write id")                                               \
  X(write_failed, 272, "extra: file; a: write id; reason")                                        \
  X(writes_lost, 273, "extra: file; a: first write id lost, b: bytes lost, c: bytes torn")        \
  X(disk_changed, 274, "extra: file; a: what, b: value")                                          \
  X(process_started, 280, "a: how many starts before, b: text of its agent's name, 0: as the host") \
  X(process_killed, 281, "")                                                                      \
  X(process_crashed, 282, "power lost")                                                           \
  X(process_paused, 283, "")                                                                      \
  X(process_resumed, 284, "a: events that waited")                                                \
  X(process_wiped, 285, "its disk is empty")                                                      \
  X(process_stopped, 286, "it ended itself")                                                      \
  X(clock_changed, 287, "a: offset ns, b: drift ppb, c: 1 frozen (two's complement)")             \
  X(network_changed, 288, "a: number of cuts in force, b: hosts cut from somebody (bits of the first 64), c: place " \
                          "of the bytes: by host its number and, in 8, whom it does not reach (bits); with " \
                          "more than 64 hosts: 0, words of 64 bits for a host, and the numbers in two bytes") \
  X(link_changed, 289, "peer: target, nobody: all")                                               \
  X(rule_switched, 290, "a: rule, b: 1 on; node nobody: all")                                     \
  X(act, 291, "a: number of the act, b: verb; who and what stand in the acts of the trace")       \
  X(stream_opened, 295, "peer; a: stream id")                                                     \
  X(stream_refused, 296, "peer; a: stream id")                                                    \
  X(stream_sent, 297, "peer; a: stream id, b: bytes")                                             \
  X(stream_delivered, 298, "peer; a: stream id, b: bytes")                                        \
  X(stream_closed, 299, "peer; a: stream id")                                                     \
  X(client_invoked, 300, "node: client, peer: asked; a: operation, b: kind, c: attempt")          \
  X(client_answered, 301, "node: client, peer: who answered; a: operation, b: status, c: index; " \
                          "extra: 0 in general, HTTP: 1 a part, 2 the whole; a serf agent: 3 a " \
                          "part, 4 the whole, c: its count; reason")                              \
  X(client_timed_out, 302, "node: client; a: operation")                                          \
  X(client_refused, 303, "node: client, peer: nobody listens; a: operation")                      \
  X(event_delivered, 304, "extra: kind of event; a: Lamport time, b: text of the event, c: its hash") \
  X(command_printed, 305, "node: client, peer: agent; a: operation, b: text of what it printed; " \
                          "extra: 1 an answer over HTTP")                                         \
  X(members_listed, 306, "peer: agent; a: number of the step, b: text of its list of members")    \
  X(asked, 307, "peer: asked; a: the program's number, b: bytes, c: place of the bytes")          \
  X(answered, 308, "peer: who answers; extra: 1 the last part; a: the program's number, b: bytes, " \
                   "c: place of the bytes")                                                       \
  X(ask_refused, 309, "peer: nobody listens there; a: the program's number")                      \
  X(said, 310, "peer: to or by whom, a program; b: text")                                         \
  X(noted, 311, "a server's own protocol writes this in its log; b: text")                        \
  X(process_blocked, 312, "its sends block, what comes in waits")                                 \
  X(process_unblocked, 313, "a: events that waited, b: packets that hung")                        \
  X(state_told, 314, "what a server's own protocol is from now on; a: 1 it leads, b: text")       \
  X(step_begun, 320, "a: number of the step in the timeline")                                     \
  X(caption, 321, "a: number of the step, b: number of the text")                                 \
  X(bookmark, 322, "a: number of the step, b: number of the text")                                \
  X(expectation_held, 323, "a: number of the step, b: number of the text")                        \
  X(expectation_failed, 324, "a: number of the step, b: number of the text")                      \
  X(quorum_available, 325, "a: voters that can reach each other, b: voters needed")               \
  X(quorum_unavailable, 326, "a: the largest such group, b: voters needed")                       \
  X(question, 327, "a: number of the step, b: number of the text: what is asked, then a line for each " \
                   "choice (\"- \", \"+ \" is right) and perhaps why (\"= \")")                        \
  X(violation, 330, "a: checker, b and c: by checker; peer")

enum class WorldFact : std::uint16_t {
#define X(name, number, meaning) name = number,
  QUORUMLAB_WORLD_FACTS(X)
#undef X
};

// Reasons of the world; those of nodes have numbers below 256.
#define QUORUMLAB_WORLD_REASONS(X)                       \
  X(partitioned, 256, "the network between them is cut") \
  X(lost, 257, "the network lost it")                    \
  X(target_down, 258, "nobody runs there")               \
  X(buffer_full, 259, "the receiver's buffer is full")   \
  X(dropped_by_hand, 260, "it was taken away by an act") \
  X(sender_died, 261, "its sender died before it could leave")

enum class WorldReason : std::uint16_t {
#define X(name, number, words) name = number,
  QUORUMLAB_WORLD_REASONS(X)
#undef X
};

// A record's number: its place in the stream, from 1. 0 means "no cause".
using RecordId = std::uint64_t;

struct Record {
  std::int64_t time_ns = 0;  // true time, not any node's
  RecordId cause = 0;
  std::uint16_t kind = 0;    // Fact or WorldFact
  std::uint16_t reason = 0;  // Reason or WorldReason
  std::uint32_t node = 0;
  std::uint32_t peer = 0;
  std::uint32_t extra = 0;
  std::uint64_t a = 0, b = 0, c = 0;

  bool is(Fact fact) const { return kind == static_cast<std::uint16_t>(fact); }
  bool is(WorldFact fact) const { return kind == static_cast<std::uint16_t>(fact); }
  // The same record, put together where this is called. A function gets this one in place of one that
  // its caller should rather keep in registers.
  [[gnu::always_inline]] Record whole() const {
    return {time_ns, cause, kind, reason, node, peer, extra, a, b, c};
  }
};
static_assert(sizeof(Record) == 56);

}  // namespace quorumlab::trace
