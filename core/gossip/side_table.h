// Rare things about peers, by the peer's number: open addressing in one array, at most half full. A
// plain value that keeps its memory; its order is nobody's business, so it cannot be walked.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace quorumlab::gossip {

template <class T>
class SideTable {
 public:
  void clear() {
    for (Place& place : places_) place.key = kFree;
    size_ = 0;
  }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // That it holds.
  std::size_t bytes() const { return places_.capacity() * sizeof(Place); }

  const T* find(std::uint32_t key) const {
    if (size_ == 0) return nullptr;
    for (std::size_t i = home(key);; i = next(i)) {
      if (places_[i].key == key) return &places_[i].value;
      if (places_[i].key == kFree) return nullptr;
    }
  }
  T* find(std::uint32_t key) {
    return const_cast<T*>(static_cast<const SideTable*>(this)->find(key));
  }
  // The value of this key, new if need be. Valid until the next insert or erase.
  // REQUIRES: key is not UINT32_MAX.
  T& insert(std::uint32_t key) {
    if ((size_ + 1) * 2 > places_.size()) grow();
    std::size_t i = home(key);
    while (places_[i].key != key && places_[i].key != kFree) i = next(i);
    if (places_[i].key == kFree) {
      places_[i].key = key;
      places_[i].value = T{};
      ++size_;
    }
    return places_[i].value;
  }
  bool erase(std::uint32_t key) {
    if (size_ == 0) return false;
    std::size_t i = home(key);
    while (places_[i].key != key) {
      if (places_[i].key == kFree) return false;
      i = next(i);
    }
    // What follows moves up, unless it would come to stand before its home.
    for (std::size_t j = next(i); places_[j].key != kFree; j = next(j)) {
      const std::size_t wanted = home(places_[j].key);
      if (((j - wanted) & mask()) >= ((j - i) & mask())) {
        std::swap(places_[i], places_[j]);
        i = j;
      }
    }
    places_[i].key = kFree;
    --size_;
    return true;
  }

 private:
  static constexpr std::uint32_t kFree = UINT32_MAX;
  struct Place {
    std::uint32_t key = kFree;
    T value{};
  };
  std::size_t mask() const { return places_.size() - 1; }
  std::size_t next(std::size_t i) const { return (i + 1) & mask(); }
  std::size_t home(std::uint32_t key) const {
    return static_cast<std::size_t>(static_cast<std::uint32_t>(key * 0x9e3779b9u) >> 7) & mask();
  }
  void grow() {
    std::vector<Place> old(places_.empty() ? 8 : places_.size() * 2);
    old.swap(places_);
    size_ = 0;
    for (Place& place : old) {
      if (place.key != kFree) insert(place.key) = std::move(place.value);
    }
  }
  std::vector<Place> places_;  // a power of two
  std::size_t size_ = 0;
};

}  // namespace quorumlab::gossip
