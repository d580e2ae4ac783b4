// Histories by hand, in the order in which they read: clients are letters, times are whole numbers.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/judge/linearizability/check.h"
#include "tests/catch.h"

namespace quorumlab::linearizability {

inline Operation operation(std::uint32_t client, std::int64_t from, std::int64_t to, Kind kind,
                           Result result = Result::ok) {
  Operation op;
  op.client = client;
  op.key = "x";
  op.kind = kind;
  op.result = result;
  op.invoked = {from};
  op.returned = result == Result::unknown ? kNever : Instant{to};
  return op;
}
inline Operation set(std::uint32_t client, std::int64_t from, std::int64_t to, std::string value,
                     Result result = Result::ok) {
  Operation op = operation(client, from, to, Kind::set, result);
  op.value = std::move(value);
  return op;
}
// A write whose client never heard of it again.
inline Operation lost_set(std::uint32_t client, std::int64_t from, std::string value) {
  return set(client, from, 0, std::move(value), Result::unknown);
}
inline Operation get(std::uint32_t client, std::int64_t from, std::int64_t to, std::string value) {
  Operation op = operation(client, from, to, Kind::get);
  op.value = std::move(value);
  return op;
}
inline Operation get_nothing(std::uint32_t client, std::int64_t from, std::int64_t to) {
  return operation(client, from, to, Kind::get, Result::not_found);
}
inline Operation swap(std::uint32_t client, std::int64_t from, std::int64_t to,
                      std::string expected, std::string value, Result result = Result::ok) {
  Operation op = operation(client, from, to, Kind::compare_and_swap, result);
  op.compares_value = true;
  op.expected_value = std::move(expected);
  op.value = std::move(value);
  return op;
}
inline Operation swap_index(std::uint32_t client, std::int64_t from, std::int64_t to,
                            std::uint64_t expected, std::string value, Result result = Result::ok) {
  Operation op = operation(client, from, to, Kind::compare_and_swap, result);
  op.expected_index = expected;
  op.value = std::move(value);
  return op;
}
inline Operation create(std::uint32_t client, std::int64_t from, std::int64_t to,
                        std::string value, Result result = Result::ok) {
  Operation op = operation(client, from, to, Kind::create, result);
  op.value = std::move(value);
  return op;
}
inline Operation at_index(Operation op, std::uint64_t index) {
  op.index = index;
  return op;
}
inline Operation of_key(Operation op, std::string key) {
  op.key = std::move(key);
  return op;
}

inline bool good(const std::vector<Operation>& history) {
  return check(history).verdict == Verdict::linearizable;
}
inline bool bad(const std::vector<Operation>& history) {
  return check(history).verdict == Verdict::not_linearizable;
}

}  // namespace quorumlab::linearizability
