// Messages that wait to be gossiped (memberlist's TransmitLimitedQueue): those sent least often
// come first, of these the longest, of these the newest; each is sent so many times in all and then
// gone (serf.md 1.5). A value that keeps its memory, but for what a storm of messages took.
//
// What is told about members is kept as numbers and written out when it is sent, since ten thousand
// nodes queue ten thousand of them; users' messages are kept as bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/gossip/directory.h"
#include "core/gossip/side_table.h"

namespace quorumlab::gossip {

// How often a message is sent in all: mult * ceil(log10(nodes + 1)).
std::uint32_t retransmit_limit(std::uint32_t mult, std::uint64_t nodes);

// An alive, suspect or dead message, but for its names and bytes, which the directory has.
struct Rumour {
  PeerId node;
  std::uint32_t incarnation = 0;
  std::uint32_t about = 0;  // alive: the RecordId; suspect, dead: the accuser's PeerId
  std::uint8_t type = 0;    // of the message
};

class BroadcastQueue {
 public:
  // A new message with this name takes the place of a queued one. kUnnamed never does.
  static constexpr std::uint32_t kUnnamed = UINT32_MAX;

  struct Item {
    std::uint32_t id = 0;  // counts up while the queue is not empty
    std::uint32_t name = kUnnamed;
    std::uint32_t token = 0;  // non-zero: somebody waits for its end
    std::uint16_t size = 0;
    std::uint8_t transmits = 0;
    Rumour rumour;
  };
  // What a packet may take.
  struct Budget {
    std::uint32_t bytes = 0;     // that are still free in it
    std::uint32_t overhead = 0;  // each message costs so much more
    std::uint32_t parts = 0;     // messages at most
    std::uint32_t transmit_limit = 0;
    bool fewest_first = true;  // Rule::fewest_transmits_first
  };

  void clear();
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // `size`: bytes of the message on the wire, its type byte included.
  void queue(const Rumour& rumour, std::uint32_t name, std::uint16_t size, std::uint32_t token = 0);
  // REQUIRES: at most 65535 bytes.
  void queue(ByteView message, std::uint32_t token = 0);

  // Takes what fits; each message counts as sent once more. `sink(item, bytes)` writes it down;
  // `bytes` is empty for a rumour. What is left of the budget is in `budget` afterwards.
  template <class Sink>
  void take(Budget& budget, Sink&& sink);

  // Drops from the most often sent end until `size` are left (serf's pruning). How many went.
  std::size_t prune(std::size_t size);

  // Bytes that it holds, those of users' messages apart.
  std::size_t bytes() const;

  // The tokens of messages that were sent often enough, replaced or pruned since clear_finished().
  const std::vector<std::uint32_t>& finished() const { return finished_; }
  void clear_finished() { finished_.clear(); }

 private:
  // Best last: by ascending size, then id.
  struct Key {
    std::uint32_t id = 0;
    std::uint32_t place = 0;
    std::uint16_t size = 0;
    friend bool operator<(const Key& x, const Key& y) {
      return x.size != y.size ? x.size < y.size : x.id < y.id;
    }
  };
  // When ten thousand agents join each other, all queues hold ten thousand messages, which go from
  // tier to tier: a tier may not keep room for all that ever passed through it.
  static constexpr std::size_t kKept = 256;
  template <class T>
  static void make_room(std::vector<T>& in) {
    if (in.size() == in.capacity()) in.reserve(in.size() + in.size() / 4 + 4);
  }
  static void give_back(std::vector<Key>& tier);
  void give_all_back();
  std::uint32_t add(std::uint32_t name, std::uint16_t size, std::uint32_t token);
  void put(std::uint32_t place);
  void unlink(const Item& item);
  void finish(std::uint32_t place);
  // The best of this tier that takes no more than `room` bytes; its index + 1, or 0.
  std::size_t best(const std::vector<Key>& tier, std::uint32_t room) const;

  std::vector<std::vector<Key>> tiers_;  // by transmits
  std::vector<Item> items_;
  std::vector<Bytes> bytes_;  // of users' messages, by place; grows only with those
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> again_;  // during take()
  std::vector<std::uint32_t> finished_;
  SideTable<std::uint32_t> names_;  // name to place
  std::size_t size_ = 0;
  std::uint32_t last_id_ = 0;
};

template <class Sink>
void BroadcastQueue::take(Budget& budget, Sink&& sink) {
  if (size_ == 0) return;
  again_.clear();
  const std::size_t tiers = tiers_.size();
  for (std::size_t n = 0; n < tiers; ++n) {
    const std::size_t tier = budget.fewest_first ? n : tiers - 1 - n;
    while (!tiers_[tier].empty() && budget.parts > 0 && budget.bytes > budget.overhead) {
      const std::size_t found = best(tiers_[tier], budget.bytes - budget.overhead);
      if (found == 0) break;
      const std::uint32_t place = tiers_[tier][found - 1].place;
      tiers_[tier].erase(tiers_[tier].begin() + static_cast<std::ptrdiff_t>(found - 1));
      Item& item = items_[place];
      budget.bytes -= item.size + budget.overhead;
      --budget.parts;
      sink(item, place < bytes_.size() ? ByteView(bytes_[place]) : ByteView());
      if (item.transmits + 1u >= budget.transmit_limit) {
        finish(place);
      } else {
        again_.push_back(place);
      }
    }
    give_back(tiers_[tier]);
  }
  for (const std::uint32_t place : again_) {
    if (items_[place].transmits < UINT8_MAX) ++items_[place].transmits;
    put(place);
  }
}

}  // namespace quorumlab::gossip
