// The network between hosts, by link and direction: how long a packet takes, whether it is lost,
// doubled, damaged or held up, and who is cut from whom. It decides and counts; carrying out is the
// cluster's business. Every decision is a draw by key (link, kind, ordinal, purpose), so that one
// packet more or less changes no other packet's fate.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/hash.h"
#include "core/base/random.h"
#include "core/base/types.h"
#include "sim/world/action.h"

namespace quorumlab::world {

// Ordered pairs of hosts as a matrix of bits, which exists only while some pair is in it.
class PairSet {
 public:
  void reset(std::uint32_t hosts) {
    hosts_ = hosts;
    words_ = hosts / 64 + 1;
    count_ = 0;
    bits_.clear();
  }
  bool empty() const { return count_ == 0; }
  std::uint64_t size() const { return count_; }
  bool has(std::uint32_t source, std::uint32_t target) const {
    if (count_ == 0 || source > hosts_ || target > hosts_) return false;
    return (bits_[source * words_ + target / 64] >> (target % 64) & 1) != 0;
  }
  void set(std::uint32_t source, std::uint32_t target, bool on);
  void clear() {
    count_ = 0;
    bits_.clear();
  }
  // Hosts 1..64 that stand in some pair, as bits.
  std::uint64_t touched() const;
  // Whether this one is the source of some pair; and of pairs with which of the hosts 1..64, or with
  // `word` 1 of the hosts 65..128, and so on; as bits.
  bool any_of(std::uint32_t source) const;
  std::uint64_t targets_of(std::uint32_t source, std::uint32_t word) const;

 private:
  std::uint32_t hosts_ = 0, words_ = 0;
  std::uint64_t count_ = 0;
  std::vector<std::uint64_t> bits_;
};

// Numbers by key in an open-addressing table; never walked through, so its order cannot matter.
class KeyedNumbers {
 public:
  void clear();
  // 0 when nothing was stored. Keys are not 0.
  std::uint64_t& at(std::uint64_t key);
  // Null when nothing was stored.
  const std::uint64_t* find(std::uint64_t key) const;

 private:
  void grow();
  struct Cell {
    std::uint64_t key = 0, value = 0;
  };
  std::vector<Cell> cells_;
  std::size_t used_ = 0;
};

class Network {
 public:
  // What is counted on each link. Packets have their own kinds, below these.
  enum Traffic : std::uint32_t { request = 256, response = 257, stream = 258, process = 259 };
  enum class Purpose : std::uint64_t {
    latency = 1,
    loss,
    duplicate,
    duplicate_latency,
    corrupt,
    corrupt_bit,
    reorder,
    reorder_by,
    retransmit
  };

  void reset(std::uint32_t hosts, const LinkSettings& all,
             const std::vector<std::vector<Duration>>& tables, std::uint64_t seed);

  // Nothing but the default latency stands between any two hosts.
  bool plain() const { return plain_; }

  // Whether by its settings every link that may carry packets brings each of them within this time;
  // what is lost does not count.
  bool arrives_within(Duration longest) const;

  // The ordinal of the next packet of this kind on this link, from 1.
  std::uint64_t next_ordinal(std::uint32_t source, std::uint32_t target, std::uint32_t kind) {
    if (dense_ && (kind < kDenseKinds || kind >= request)) [[likely]] {
      const std::uint32_t column = kind < kDenseKinds ? kind : kind - request + kDenseKinds;
      seen_columns_[column] = true;
      return ++ordinals_[(source * stride_ + target) * kColumns + column];
    }
    // Gossip goes to everybody, and 10^8 links would each need a counter: its packets are counted
    // by sender.
    if (kind >= kGossipKinds && kind < request) return ++sender_ordinals_[source];
    return ++sparse_ordinals_.at(key(source, target, kind));
  }
  // What all draws about one packet derive from.
  std::uint64_t base(std::uint32_t source, std::uint32_t target, std::uint32_t kind,
                     std::uint64_t ordinal) const {
    return mix(seed_, key(source, target, kind), ordinal);
  }
  static std::uint64_t draw(std::uint64_t base, Purpose purpose) {
    return fold_multiply(base ^ (static_cast<std::uint64_t>(purpose) * kHash1), kHash2);
  }

  const LinkSettings& link(std::uint32_t source, std::uint32_t target) const;
  const LinkSettings& default_link() const { return default_; }
  // Time of flight by the default link's latency.
  Duration plain_flight(std::uint32_t source, std::uint32_t target, std::uint32_t kind,
                        std::uint64_t ordinal) const {
    if (default_.latency.kind == Latency::Kind::constant) return default_.latency.a;
    return latency(default_.latency,
                   draw(base(source, target, kind, ordinal), Purpose::latency));
  }
  Duration latency(const Latency& latency, std::uint64_t draw) const {
    if (latency.kind == Latency::Kind::uniform) [[likely]] {
      return uniform(draw, latency.a, latency.b);
    }
    if (latency.kind == Latency::Kind::constant) return latency.a;
    return slow_latency(latency, draw);
  }

  // What happens to a packet of that size that leaves now.
  struct Fate {
    bool lost = false, corrupt = false, duplicate = false;
    std::uint32_t corrupt_byte = 0, corrupt_bit = 0;
    Instant arrival, second_arrival;
  };
  Fate fate(Instant now, std::uint32_t source, std::uint32_t target, std::uint64_t base,
            std::uint32_t size);
  // The same for reliable traffic, where loss is delay.
  Instant reliable_arrival(Instant now, std::uint32_t source, std::uint32_t target,
                           std::uint32_t traffic, std::uint32_t size);

  bool connected(std::uint32_t source, std::uint32_t target) const {
    return !cuts_.has(source, target);
  }
  bool clogged(std::uint32_t source, std::uint32_t target) const {
    return clogs_.has(source, target);
  }
  const PairSet& cuts() const { return cuts_; }

  // Acts. Groups hold ids of hosts; unknown ones are passed over.
  void partition(const std::vector<std::vector<NodeId>>& groups);
  void cut(const std::vector<std::vector<NodeId>>& groups);
  void heal(const std::vector<std::vector<NodeId>>& groups);
  void set_link(const std::vector<std::vector<NodeId>>& groups, const LinkSettings& settings);
  void clog(const std::vector<std::vector<NodeId>>& groups, bool on);

 private:
  static constexpr std::uint32_t kGossipKinds = 128;
  static constexpr std::uint32_t kDenseHosts = 64;
  static constexpr std::uint32_t kDenseKinds = 32;
  static constexpr std::uint32_t kColumns = 36;

  static std::uint64_t key(std::uint32_t source, std::uint32_t target, std::uint32_t kind) {
    return static_cast<std::uint64_t>(source) << 37 ^ static_cast<std::uint64_t>(target) << 10 ^
           kind;
  }
  Duration slow_latency(const Latency& latency, std::uint64_t draw) const;
  Duration queueing(Instant now, std::uint32_t source, std::uint32_t target,
                    const LinkSettings& settings, std::uint32_t size);
  template <class Act>
  void each_pair(const std::vector<std::vector<NodeId>>& groups, Act&& act) const;
  void derive_plain();
  void forget_ordinals();

  std::uint32_t hosts_ = 0, stride_ = 0;
  std::uint64_t seed_ = 0;
  bool dense_ = true, plain_ = true;
  LinkSettings default_;
  std::vector<LinkSettings> overrides_;
  KeyedNumbers override_of_;  // number in overrides_, from 1; 0: the default
  KeyedNumbers busy_until_;   // of links with a bandwidth
  std::vector<std::uint32_t> ordinals_;
  std::array<bool, kColumns> seen_columns_{};  // of ordinals_: something was counted there
  std::vector<std::uint64_t> sender_ordinals_;
  KeyedNumbers sparse_ordinals_;
  std::vector<std::vector<Duration>> tables_;
  PairSet cuts_, clogs_;
};

}  // namespace quorumlab::world
