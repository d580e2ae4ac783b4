// What clients asked of a key-value store and what they were told, as plain data: the input of the
// checks in this folder. It knows nothing of worlds, nodes or traces, so that a test, a campaign or
// another program's recording can be judged alike.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/types.h"

namespace quorumlab::linearizability {

enum class Kind : std::uint8_t {
  get,
  set,
  erase,   // the key is gone afterwards, whether it was there or not
  remove,  // etcd's DELETE: fails if the key is not there
  create,  // etcd's PUT with prevExist=false
  update,  // etcd's PUT with prevExist=true
  compare_and_swap,
  compare_and_delete
};

enum class Result : std::uint8_t {
  unknown,  // no answer, or one that says so: it may take effect at any time from its invocation on,
            // or never
  ok,
  not_found,       // etcd's error 100
  compare_failed,  // 101
  exists           // 105
};

// One operation. What surely took no effect has no place in a history: leave it out.
struct Operation {
  std::uint64_t id = 0;  // the caller's own, for reports only
  std::uint32_t client = 0;
  Kind kind = Kind::get;
  Result result = Result::unknown;
  std::string key;
  std::string value;  // what it writes; of a get that is ok: what it saw
  // Of the version written or seen, as the answer says it (etcd's modifiedIndex): grows with every
  // change. 0: not told.
  std::uint64_t index = 0;
  // compare_and_swap, compare_and_delete: what must be there; both, if both are given.
  bool compares_value = false;
  std::string expected_value;
  std::uint64_t expected_index = 0;  // 0: not compared
  Instant invoked;
  Instant returned = kNever;  // kNever goes with Result::unknown
  // A get that was promised no more than some state of one server (see sequential.h): it is no part
  // of what must be linearizable.
  bool stale = false;
  std::uint32_t server = 0;  // who answered
  std::uint32_t life = 0;    // which life of that server; what it shows may go back from life to life
};

}  // namespace quorumlab::linearizability
