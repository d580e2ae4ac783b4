// The digest: a running hash of all that the world sees (packets, writes, replies and acts, each
// with its time and node), never of notes or of memory. Two runs with the same digest were the same
// run.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/bytes.h"
#include "core/base/hash.h"
#include "core/base/types.h"

namespace quorumlab::trace {

// Grows when what goes into the digest changes, so that old digests are not compared with new ones.
inline constexpr std::uint32_t kDigestVersion = 1;

class Digest {
 public:
  // `what` tells kinds of happenings apart.
  void add(std::int64_t time_ns, std::uint32_t what, std::uint32_t node, std::uint64_t detail) {
    state_ = fold_multiply(state_ ^ static_cast<std::uint64_t>(time_ns) ^ kHash0,
                           mix((static_cast<std::uint64_t>(what) << 32) | node, detail));
    ++count_;
  }
  void add(std::int64_t time_ns, std::uint32_t what, std::uint32_t node, std::uint64_t detail,
           ByteView bytes) {
    add(time_ns, what, node, hash_bytes(bytes, detail));
  }
  std::uint64_t value() const { return state_; }
  std::uint64_t count() const { return count_; }
  // 16 hexadecimal digits.
  std::string text() const;
  bool operator==(const Digest&) const = default;

 private:
  std::uint64_t state_ = kHash2;
  std::uint64_t count_ = 0;
};

}  // namespace quorumlab::trace
