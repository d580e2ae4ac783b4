// What stands in the Raft log on behalf of the key-value store: one kind and its fields, compact,
// versioned, and refused if it is anything but one of the forms that encode() writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/types.h"

namespace quorumlab::kv {

struct Command {
  enum class Kind : std::uint8_t {
    set = 1,
    create,
    create_in_order,
    update,
    compare_and_swap,
    remove,
    compare_and_delete,
    quorum_get,
    sync,            // time: what expired by then goes
    add_member,      // member, node, urls: its peer URLs
    remove_member,   // member
    update_member,   // member, urls: its peer URLs
    publish_member,  // member, path: its name, urls: its client URLs
    set_version      // value: the cluster's version
  };
  static constexpr int kKinds = 14;

  Kind kind = Kind::set;
  // Whose request this is: a node, the life it was in, and the number it gave; an answer finds its
  // request by them (etcd: RequestV2.ID).
  NodeId origin;
  std::uint32_t epoch = 0;
  std::uint64_t number = 0;
  // Who asked, where he wants it done once only; session 0: nobody.
  std::uint64_t session = 0;
  std::uint64_t sequence = 0;
  std::uint64_t first_outstanding = 0;

  std::string_view path;
  std::string_view value;
  std::string_view previous_value;   // empty: not asked about
  std::uint64_t previous_index = 0;  // 0: not asked about
  std::int64_t expiration = 0;       // wall clock; 0: permanent
  std::int64_t time = 0;
  bool dir = false;
  bool recursive = false;
  bool sorted = false;
  bool refresh = false;
  bool bootstrap = false;  // add_member: a founder of the cluster; there already: nothing happens
  std::uint64_t member = 0;
  NodeId node;
  // URLs, each as Bytes::sized writes it.
  ByteView urls;
  bool operator==(const Command& other) const;
};

void encode(const Command& command, Bytes& out);
// Views into the bytes. Nothing: not a command, or not in its one form.
std::optional<Command> decode_command(ByteView bytes);

}  // namespace quorumlab::kv
