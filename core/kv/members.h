// The members of the cluster as etcd's API shows them: part of the replicated state, changed by
// commands only. Ids are derived from peer URLs as etcd derives them, so that a cluster with the
// same URLs has the same ids.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/types.h"

namespace quorumlab::kv {

struct Member {
  std::uint64_t id = 0;
  NodeId node;       // who that is to Raft; nobody: the API added it and no node has said so yet
  std::string name;  // empty until it published itself
  std::vector<std::string> peer_urls;
  std::vector<std::string> client_urls;
  bool operator==(const Member&) const = default;
};

// Of the wall clock, rounded down.
constexpr std::int64_t whole_seconds(Instant wall) {
  return wall.ns / seconds(1).ns - (wall.ns % seconds(1).ns < 0 ? 1 : 0);
}
// The first eight bytes of the SHA-1 of the sorted URLs, the cluster's token and, for members added
// later, the second at which they were.
std::uint64_t member_id(const std::vector<std::string>& peer_urls, std::string_view token);
std::uint64_t member_id(const std::vector<std::string>& peer_urls, std::string_view token,
                        std::int64_t unix_seconds);
// The first eight bytes of the SHA-1 of the members' ids, ascending.
std::uint64_t cluster_id(std::vector<std::uint64_t> member_ids);

class Members {
 public:
  void clear();
  // Ascending by id.
  const std::vector<Member>& all() const { return all_; }
  const Member* find(std::uint64_t id) const;
  const Member* find_node(NodeId node) const;
  bool is_removed(std::uint64_t id) const;
  // Whether a member, other than `except`, has one of these peer URLs.
  bool has_peer_url(const std::vector<std::string>& urls, std::uint64_t except) const;
  // REQUIRES: not there.
  void add(Member member);
  void remove(std::uint64_t id);
  Member* change(std::uint64_t id);
  std::string version;  // of the cluster; empty: not decided yet

  void encode(Bytes& out) const;
  [[nodiscard]] bool decode(ByteReader& r);
  bool operator==(const Members&) const = default;

 private:
  std::vector<Member> all_;
  std::vector<std::uint64_t> removed_;  // ascending
};

}  // namespace quorumlab::kv
