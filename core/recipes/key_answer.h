// The body of an answer of etcd's v2 keys API, as far as the recipes read it (etcd-v2, "JSON" and
// "Error codes").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quorumlab::recipes {

struct KeyAnswer {
  enum class Action : std::uint8_t {
    none,
    get,
    set,
    create,
    update,
    compare_and_swap,
    remove,
    compare_and_delete,
    expire
  };
  // Codes that a recipe must tell apart.
  static constexpr std::uint64_t kKeyNotFound = 100;
  static constexpr std::uint64_t kCompareFailed = 101;
  static constexpr std::uint64_t kKeyExists = 105;
  static constexpr std::uint64_t kEventIndexCleared = 401;

  bool readable = false;    // the body was an event or an error
  std::uint64_t error = 0;  // errorCode; 0: an event
  std::string cause;
  std::uint64_t index = 0;  // of an error: the store's index

  Action action = Action::none;
  std::string key, value;  // of the node; an event may name a directory above the key
  bool has_value = false;
  std::int64_t ttl = 0;  // negative when nobody is there to expire it
  std::uint64_t modified_index = 0, created_index = 0;
  std::string previous_value;
  std::uint64_t previous_created_index = 0;

  // Whether the event says that the key is no longer there.
  bool gone() const {
    return action == Action::remove || action == Action::compare_and_delete ||
           action == Action::expire;
  }
};

KeyAnswer parse_key_answer(std::string_view body);

}  // namespace quorumlab::recipes
