// Commands in bytes: version and kind, a byte of flags, who asked, then what this kind has.
#include "core/kv/command.h"

#include "core/kv/form.h"

namespace quorumlab::kv {
namespace {

constexpr std::uint8_t kVersion = 1;

enum Flag : std::uint8_t {
  kDir = 1,
  kRecursive = 2,
  kSorted = 4,
  kRefresh = 8,
  kBootstrap = 16,
  kSession = 32,
  kExpires = 64
};

using Kind = Command::Kind;

// The fields that each kind has.
struct Fields {
  bool path, value, condition, lifetime, member, urls;
  std::uint8_t flags;
};
constexpr Fields fields_of(Kind kind) {
  switch (kind) {
    case Kind::set:
      return {true, true, false, true, false, false, kDir | kRefresh};
    case Kind::create:
      return {true, true, false, true, false, false, kDir | kRefresh};
    case Kind::create_in_order:
      return {true, true, false, true, false, false, kDir | kRefresh};
    case Kind::update:
      return {true, true, false, true, false, false, kDir | kRefresh};
    case Kind::compare_and_swap:
      return {true, true, true, true, false, false, kDir | kRefresh};
    case Kind::remove:
      return {true, false, false, false, false, false, kDir | kRecursive};
    case Kind::compare_and_delete:
      return {true, false, true, false, false, false, 0};
    case Kind::quorum_get:
      return {true, false, false, false, false, false, kRecursive | kSorted};
    case Kind::sync:
      return {false, false, false, false, false, false, 0};
    case Kind::add_member:
      return {false, false, false, false, true, true, kBootstrap};
    case Kind::remove_member:
      return {false, false, false, false, true, false, 0};
    case Kind::update_member:
      return {false, false, false, false, true, true, 0};
    case Kind::publish_member:
      return {false, true, false, false, true, true, 0};
    case Kind::set_version:
      return {false, true, false, false, false, false, 0};
  }
  return {};
}

bool good_urls(ByteView urls) {
  ByteReader r(urls);
  while (r.remaining() > 0) r.sized();
  return r.ok();
}

}  // namespace

bool Command::operator==(const Command& o) const {
  return kind == o.kind && origin == o.origin && epoch == o.epoch && number == o.number &&
         session == o.session && sequence == o.sequence &&
         first_outstanding == o.first_outstanding && path == o.path && value == o.value &&
         previous_value == o.previous_value && previous_index == o.previous_index &&
         expiration == o.expiration && time == o.time && dir == o.dir && recursive == o.recursive &&
         sorted == o.sorted && refresh == o.refresh && bootstrap == o.bootstrap &&
         member == o.member && node == o.node && as_text(urls) == as_text(o.urls);
}

void encode(const Command& command, Bytes& out) {
  const Fields fields = fields_of(command.kind);
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(kVersion << 4 | static_cast<std::uint8_t>(command.kind)));
  std::uint8_t flags = 0;
  if (command.dir) flags |= kDir;
  if (command.recursive) flags |= kRecursive;
  if (command.sorted) flags |= kSorted;
  if (command.refresh) flags |= kRefresh;
  if (command.bootstrap) flags |= kBootstrap;
  flags &= fields.flags;
  if (command.session != 0) flags |= kSession;
  if (fields.lifetime && command.expiration != 0) flags |= kExpires;
  w.u8(flags);
  w.varint(command.origin.value);
  w.varint(command.epoch);
  w.varint(command.number);
  if (command.session != 0) {
    w.varint(command.session);
    w.varint(command.sequence);
    w.varint(command.first_outstanding);
  }
  if (fields.path) w.sized(command.path);
  if (fields.value) w.sized(command.value);
  if (fields.condition) {
    w.sized(command.previous_value);
    w.varint(command.previous_index);
  }
  if (flags & kExpires) w.u64(static_cast<std::uint64_t>(command.expiration));
  if (command.kind == Kind::sync) w.u64(static_cast<std::uint64_t>(command.time));
  if (fields.member) {
    w.u64(command.member);
    if (command.kind == Kind::add_member) w.varint(command.node.value);
  }
  if (fields.urls) w.sized(command.urls);
}

std::optional<Command> decode_command(ByteView bytes) {
  std::optional<Command> result;
  ByteReader r(bytes);
  Command& command = result.emplace();
  const std::uint8_t head = r.u8();
  const int kind = head & 15;
  if (head >> 4 != kVersion || kind < 1 || kind > Command::kKinds) return std::nullopt;
  command.kind = static_cast<Kind>(kind);
  const Fields fields = fields_of(command.kind);
  const std::uint8_t flags = r.u8();
  command.dir = (flags & kDir) != 0;
  command.recursive = (flags & kRecursive) != 0;
  command.sorted = (flags & kSorted) != 0;
  command.refresh = (flags & kRefresh) != 0;
  command.bootstrap = (flags & kBootstrap) != 0;
  const std::uint64_t origin = r.varint(), epoch = r.varint();
  command.origin = NodeId{static_cast<std::uint32_t>(origin)};
  command.epoch = static_cast<std::uint32_t>(epoch);
  command.number = r.varint();
  bool good = origin <= UINT32_MAX && epoch <= UINT32_MAX;
  if (flags & kSession) {
    command.session = r.varint();
    command.sequence = r.varint();
    command.first_outstanding = r.varint();
    good = good && command.session != 0;
  }
  if (fields.path) {
    command.path = as_text(r.sized());
    good = good && is_clean_path(command.path);
  }
  if (fields.value) command.value = as_text(r.sized());
  if (fields.condition) {
    command.previous_value = as_text(r.sized());
    command.previous_index = r.varint();
  }
  if (flags & kExpires) {
    command.expiration = static_cast<std::int64_t>(r.u64());
    good = good && command.expiration != 0;
  }
  if (command.kind == Kind::sync) command.time = static_cast<std::int64_t>(r.u64());
  if (fields.member) {
    command.member = r.u64();
    if (command.kind == Kind::add_member) {
      const std::uint64_t node = r.varint();
      command.node = NodeId{static_cast<std::uint32_t>(node)};
      good = good && node <= UINT32_MAX;
    }
  }
  if (fields.urls) {
    command.urls = r.sized();
    good = good && good_urls(command.urls);
  }
  std::uint8_t allowed = fields.flags | kSession;
  if (fields.lifetime) allowed |= kExpires;
  if (!r.finished() || !good || (flags & ~allowed) != 0) result.reset();
  return result;
}

}  // namespace quorumlab::kv
