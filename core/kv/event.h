// What a request did to the tree, or read from it, as a plain view: the value behind HTTP answers,
// watches and the history. Its encoding is what the history and the sessions keep.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/bytes.h"

namespace quorumlab::kv {

enum class Action : std::uint8_t {
  get = 1,
  create,
  set,
  update,
  remove,  // "delete"
  compare_and_swap,
  compare_and_delete,
  expire
};
std::string_view action_name(Action action);

// Wall clock, nanoseconds since 1970. 0 means permanent, as it does in etcd's log.
inline constexpr std::int64_t kPermanent = 0;

struct NodeView {
  std::string_view value;
  bool has_value = false;  // files have one, if only ""; directories and what was deleted have none
  bool dir = false;
  std::int64_t expiration = kPermanent;
  std::uint64_t modified = 0;
  std::uint64_t created = 0;
  bool operator==(const NodeView&) const = default;
};

struct Event {
  Action action = Action::get;
  std::string_view key;  // with the internal root, "/1/name"
  NodeView node;
  bool has_previous = false;
  NodeView previous;
  bool refresh = false;  // only the time to live was renewed: no watcher hears of it
  bool operator==(const Event&) const = default;
  std::uint64_t index() const { return node.modified; }
  // Answered with 201 instead of 200.
  bool created() const {
    return action == Action::create || (action == Action::set && !has_previous);
  }
};

void encode(const Event& event, Bytes& out);
// Views into the bytes.
std::optional<Event> decode_event(ByteView bytes);

}  // namespace quorumlab::kv
