// Distinct types for the quantities that consensus code confuses most easily: node, term, log index,
// instant and duration. They cost nothing at run time and do not convert into each other.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace quorumlab {

// A host of the cluster or a client of it. 0 means "nobody"; hosts are numbered from 1.
struct NodeId {
  std::uint32_t value = 0;
  constexpr auto operator<=>(const NodeId&) const = default;
  // True when the id names somebody.
  constexpr explicit operator bool() const { return value != 0; }
};
inline constexpr NodeId kNobody{};

// A Raft term (Raft paper, section 5.1). Counts up from 0, which means "before the first election".
struct Term {
  std::uint64_t value = 0;
  constexpr auto operator<=>(const Term&) const = default;
  constexpr Term next() const { return {value + 1}; }
};

// A position in a Raft log. The first entry has index 1; 0 means "before the first entry".
struct LogIndex {
  std::uint64_t value = 0;
  constexpr auto operator<=>(const LogIndex&) const = default;
  constexpr LogIndex next() const { return {value + 1}; }
  // REQUIRES: value > 0.
  constexpr LogIndex previous() const { return {value - 1}; }
  constexpr LogIndex operator+(std::uint64_t n) const { return {value + n}; }
  // How many entries lie between; REQUIRES: *this >= other.
  constexpr std::uint64_t operator-(LogIndex other) const { return value - other.value; }
};

// A span of time in nanoseconds; may be negative.
struct Duration {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration o) const { return {ns + o.ns}; }
  constexpr Duration operator-(Duration o) const { return {ns - o.ns}; }
  constexpr Duration operator*(std::int64_t n) const { return {ns * n}; }
  constexpr Duration operator/(std::int64_t n) const { return {ns / n}; }
};
constexpr Duration nanoseconds(std::int64_t n) { return {n}; }
constexpr Duration microseconds(std::int64_t n) { return {n * 1'000}; }
constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }

// A point in time in nanoseconds since that clock's zero. Which clock is the owner's business: an
// engine only ever sees its own node's clocks, the world also has the true one.
struct Instant {
  std::int64_t ns = 0;
  constexpr auto operator<=>(const Instant&) const = default;
  constexpr Instant operator+(Duration d) const { return {ns + d.ns}; }
  constexpr Instant operator-(Duration d) const { return {ns - d.ns}; }
  constexpr Duration operator-(Instant o) const { return {ns - o.ns}; }
};
// A deadline that never comes.
inline constexpr Instant kNever{INT64_MAX};

// What a node's clocks show during a step. Elections and probes use `monotonic`; lifetimes that
// people see (a key's TTL) use `wall`.
struct Now {
  Instant monotonic;
  Instant wall;
};

}  // namespace quorumlab

template <>
struct std::hash<quorumlab::NodeId> {
  std::size_t operator()(quorumlab::NodeId n) const noexcept { return n.value; }
};
