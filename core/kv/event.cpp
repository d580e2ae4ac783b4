// Events in bytes: a byte of action, a byte of flags, then what there is.
#include "core/kv/event.h"

#include "core/base/assert.h"

namespace quorumlab::kv {
namespace {

enum Flag : std::uint8_t {
  kDir = 1,
  kValue = 2,
  kPrevious = 4,
  kPreviousDir = 8,
  kPreviousValue = 16,
  kRefresh = 32
};

void put(const NodeView& node, ByteWriter& w) {
  if (node.has_value) w.sized(node.value);
  w.varint(static_cast<std::uint64_t>(node.expiration));
  w.varint(node.modified);
  w.varint(node.created);
}

NodeView take(bool dir, bool has_value, ByteReader& r) {
  NodeView node;
  node.dir = dir;
  node.has_value = has_value;
  if (has_value) node.value = as_text(r.sized());
  node.expiration = static_cast<std::int64_t>(r.varint());
  node.modified = r.varint();
  node.created = r.varint();
  return node;
}

}  // namespace

std::string_view action_name(Action action) {
  switch (action) {
    case Action::get:
      return "get";
    case Action::create:
      return "create";
    case Action::set:
      return "set";
    case Action::update:
      return "update";
    case Action::remove:
      return "delete";
    case Action::compare_and_swap:
      return "compareAndSwap";
    case Action::compare_and_delete:
      return "compareAndDelete";
    case Action::expire:
      return "expire";
  }
  return "?";
}

void encode(const Event& event, Bytes& out) {
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(event.action));
  std::uint8_t flags = 0;
  if (event.node.dir) flags |= kDir;
  if (event.node.has_value) flags |= kValue;
  if (event.has_previous) flags |= kPrevious;
  if (event.has_previous && event.previous.dir) flags |= kPreviousDir;
  if (event.has_previous && event.previous.has_value) flags |= kPreviousValue;
  if (event.refresh) flags |= kRefresh;
  w.u8(flags);
  w.sized(event.key);
  put(event.node, w);
  if (event.has_previous) put(event.previous, w);
}

std::optional<Event> decode_event(ByteView bytes) {
  std::optional<Event> result;
  ByteReader r(bytes);
  Event& event = result.emplace();
  const std::uint8_t action = r.u8();
  const std::uint8_t flags = r.u8();
  event.action = static_cast<Action>(action);
  event.refresh = (flags & kRefresh) != 0;
  event.has_previous = (flags & kPrevious) != 0;
  event.key = as_text(r.sized());
  event.node = take((flags & kDir) != 0, (flags & kValue) != 0, r);
  if (event.has_previous) {
    event.previous = take((flags & kPreviousDir) != 0, (flags & kPreviousValue) != 0, r);
  }
  const bool known = action >= 1 && action <= static_cast<std::uint8_t>(Action::expire) &&
                     flags < 64 &&
                     (event.has_previous || (flags & (kPreviousDir | kPreviousValue)) == 0);
  if (!r.finished() || !known) result.reset();
  return result;
}

}  // namespace quorumlab::kv
