// The queue's order and upkeep. Each tier, all that was sent equally often, is a sorted array whose
// best stands last, since the best leave first.
#include "core/gossip/broadcast_queue.h"

#include <algorithm>

namespace quorumlab::gossip {

std::uint32_t retransmit_limit(std::uint32_t mult, std::uint64_t nodes) {
  std::uint32_t digits = 0;  // ceil(log10(nodes + 1))
  for (std::uint64_t n = nodes; n > 0; n /= 10) ++digits;
  return mult * digits;
}

void BroadcastQueue::clear() {
  for (std::vector<Key>& tier : tiers_) tier.clear();
  free_.clear();
  for (std::size_t place = items_.size(); place-- > 0;) {
    free_.push_back(static_cast<std::uint32_t>(place));
  }
  finished_.clear();
  names_.clear();
  size_ = 0;
  last_id_ = 0;
}

std::uint32_t BroadcastQueue::add(std::uint32_t name, std::uint16_t size, std::uint32_t token) {
  if (name != kUnnamed) {
    if (const std::uint32_t* old = names_.find(name)) {
      const std::uint32_t place = *old;
      unlink(items_[place]);
      finish(place);
    }
  }
  std::uint32_t place;
  if (free_.empty()) {
    place = static_cast<std::uint32_t>(items_.size());
    make_room(items_);
    items_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
  }
  Item& item = items_[place];
  item.id = ++last_id_;
  item.name = name;
  item.token = token;
  item.size = size;
  item.transmits = 0;
  if (name != kUnnamed) names_.insert(name) = place;
  ++size_;
  put(place);
  return place;
}

void BroadcastQueue::queue(const Rumour& rumour, std::uint32_t name, std::uint16_t size,
                           std::uint32_t token) {
  const std::uint32_t place = add(name, size, token);
  items_[place].rumour = rumour;
  if (place < bytes_.size()) bytes_[place].clear();
}

void BroadcastQueue::queue(ByteView message, std::uint32_t token) {
  const std::uint32_t place = add(kUnnamed, static_cast<std::uint16_t>(message.size()), token);
  if (place >= bytes_.size()) {
    if (place >= bytes_.capacity()) bytes_.reserve(items_.capacity());
    bytes_.resize(place + 1);
  }
  bytes_[place].assign(message.begin(), message.end());
}

void BroadcastQueue::put(std::uint32_t place) {
  const Item& item = items_[place];
  if (tiers_.size() <= item.transmits) tiers_.resize(item.transmits + 1u);
  std::vector<Key>& tier = tiers_[item.transmits];
  const Key key{item.id, place, item.size};
  make_room(tier);
  tier.insert(std::upper_bound(tier.begin(), tier.end(), key), key);
}

void BroadcastQueue::unlink(const Item& item) {
  std::vector<Key>& tier = tiers_[item.transmits];
  tier.erase(std::lower_bound(tier.begin(), tier.end(), Key{item.id, 0, item.size}));
}

// REQUIRES: it stands in no tier any more.
void BroadcastQueue::finish(std::uint32_t place) {
  const Item& item = items_[place];
  if (item.token != 0) finished_.push_back(item.token);
  if (item.name != kUnnamed) {
    const std::uint32_t* named = names_.find(item.name);
    if (named != nullptr && *named == place) names_.erase(item.name);
  }
  free_.push_back(place);
  if (--size_ != 0) return;
  last_id_ = 0;
  if (items_.capacity() > kKept) give_all_back();
}

void BroadcastQueue::give_back(std::vector<Key>& tier) {
  if (tier.capacity() <= kKept || tier.size() > tier.capacity() / 4) return;
  std::vector<Key> smaller;
  smaller.reserve(tier.size() + tier.size() / 4);
  smaller.assign(tier.begin(), tier.end());
  tier.swap(smaller);
}

// REQUIRES: the queue is empty.
void BroadcastQueue::give_all_back() {
  for (std::vector<Key>& tier : tiers_) give_back(tier);
  std::vector<Item>().swap(items_);
  std::vector<Bytes>().swap(bytes_);
  std::vector<std::uint32_t>().swap(free_);
  names_ = {};
}

std::size_t BroadcastQueue::bytes() const {
  std::size_t keys = 0;
  for (const std::vector<Key>& tier : tiers_) keys += tier.capacity();
  return keys * sizeof(Key) + items_.capacity() * sizeof(Item) + bytes_.capacity() * sizeof(Bytes) +
         free_.capacity() * sizeof(std::uint32_t) + names_.bytes();
}

std::size_t BroadcastQueue::best(const std::vector<Key>& tier, std::uint32_t room) const {
  if (tier.back().size <= room) return tier.size();
  const auto fits = [](const Key& key, std::uint32_t bytes) { return key.size <= bytes; };
  return static_cast<std::size_t>(std::lower_bound(tier.begin(), tier.end(), room, fits) -
                                  tier.begin());
}

std::size_t BroadcastQueue::prune(std::size_t size) {
  std::size_t gone = 0;
  for (std::size_t tier = tiers_.size(); tier-- > 0 && size_ > size;) {
    while (!tiers_[tier].empty() && size_ > size) {
      const std::uint32_t place = tiers_[tier].front().place;
      tiers_[tier].erase(tiers_[tier].begin());
      finish(place);
      ++gone;
    }
  }
  return gone;
}

}  // namespace quorumlab::gossip
