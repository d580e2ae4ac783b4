// A hash map from 64-bit keys to 64-bit values that allocates only when it grows, copies as plain
// memory, and forgets in time proportional to what it holds. Nobody iterates over it.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/hash.h"

namespace quorumlab::judge {

class FlatMap {
 public:
  // Null if the key is not there; valid until the next insertion.
  const std::uint64_t* find(std::uint64_t key) const {
    if (slots_.empty()) return nullptr;
    for (std::size_t at = place(key);; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at].epoch != epoch_) return nullptr;
      if (slots_[at].key == key) return &slots_[at].value;
    }
  }
  // The value under the key, inserted as `otherwise` if it was not there.
  std::uint64_t& at(std::uint64_t key, std::uint64_t otherwise = 0) {
    if ((count_ + 1) * 2 > slots_.size()) grow();
    for (std::size_t at = place(key);; at = (at + 1) & (slots_.size() - 1)) {
      Slot& slot = slots_[at];
      if (slot.epoch != epoch_) {
        slot = {key, otherwise, epoch_};
        ++count_;
        return slot.value;
      }
      if (slot.key == key) return slot.value;
    }
  }
  void clear() {
    count_ = 0;
    if (++epoch_ == 0) {  // once in four thousand million times
      slots_.assign(slots_.size(), Slot{});
      epoch_ = 1;
    }
  }
  std::size_t size() const { return count_; }

 private:
  struct Slot {
    std::uint64_t key = 0, value = 0;
    std::uint32_t epoch = 0;
  };
  // Eight keys that follow each other stand together, since what counts up is often looked up so.
  std::size_t place(std::uint64_t key) const {
    const std::uint64_t block = fold_multiply((key >> 3) ^ kHash2, kHash0);
    return static_cast<std::size_t>(block << 3 | (key & 7)) & (slots_.size() - 1);
  }
  void grow() {
    std::vector<Slot> old(slots_.empty() ? 64 : slots_.size() * 2);
    old.swap(slots_);
    const std::uint32_t then = epoch_;
    epoch_ = 1;
    count_ = 0;
    for (const Slot& slot : old) {
      if (slot.epoch == then) at(slot.key) = slot.value;
    }
  }
  std::vector<Slot> slots_;  // a power of two of them
  std::size_t count_ = 0;
  std::uint32_t epoch_ = 1;
};

}  // namespace quorumlab::judge
