// A map from keys to values that gives no memory back: cleared and filled again it allocates nothing,
// and the buffers inside its values are used again too. Entries lie in one vector, found through a table
// of their places, so that a copy is a copy of two vectors. Entries have no order of their own; whoever
// walks through all of them sorts them first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/hash.h"

namespace quorumlab {

// Keys are strings, looked up by views of them, or whole numbers.
template <class Key, class Value>
class SlabMap {
 public:
  struct Entry {
    std::uint64_t hash = 0;
    Key key{};
    Value value{};
  };
  using Wanted = std::conditional_t<std::is_same_v<Key, std::string>, std::string_view, Key>;

  std::size_t size() const { return count_; }
  void clear() {
    if (count_ * 8 < table_.size()) {
      for (std::size_t i = 0; i < count_; ++i) table_[cell_of(i)] = 0;
    } else {
      std::fill(table_.begin(), table_.end(), 0);
    }
    count_ = 0;
  }
  // Null if the key is not there; valid until the next insertion or removal.
  const Value* find(Wanted key) const {
    if (count_ == 0) return nullptr;
    const std::uint32_t place = table_[probe(key, hash_of(key))];
    return place == 0 ? nullptr : &entries_[place - 1].value;
  }
  Value* find(Wanted key) { return const_cast<Value*>(std::as_const(*this).find(key)); }
  // The value under the key and whether it is new. A new one is whatever an entry that was removed
  // left behind: the caller sets all of it.
  std::pair<Value&, bool> insert(Wanted key) {
    const std::uint64_t hash = hash_of(key);
    if ((count_ + 1) * 2 > table_.size()) grow();
    std::uint32_t& place = table_[probe(key, hash)];
    if (place != 0) return {entries_[place - 1].value, false};
    if (count_ == entries_.size()) entries_.emplace_back();
    Entry& entry = entries_[count_++];
    place = static_cast<std::uint32_t>(count_);
    entry.hash = hash;
    entry.key = key;
    return {entry.value, true};
  }
  // False if the key was not there.
  bool erase(Wanted key) {
    if (count_ == 0) return false;
    std::size_t cell = probe(key, hash_of(key));
    if (table_[cell] == 0) return false;
    const std::size_t gone = table_[cell] - 1;
    // Entries whose way to their cell led over this one move up, so that no way has a gap.
    const std::size_t mask = table_.size() - 1;
    for (std::size_t next = (cell + 1) & mask; table_[next] != 0; next = (next + 1) & mask) {
      const std::size_t home = entries_[table_[next] - 1].hash & mask;
      if (((next - home) & mask) < ((next - cell) & mask)) continue;
      table_[cell] = table_[next];
      cell = next;
    }
    table_[cell] = 0;
    // The last entry takes the free place.
    const std::size_t last = count_ - 1;
    if (gone != last) {
      table_[cell_of(last)] = static_cast<std::uint32_t>(gone + 1);
      std::swap(entries_[gone], entries_[last]);
    }
    --count_;
    return true;
  }
  // All entries, in an order that means nothing.
  std::span<const Entry> entries() const { return {entries_.data(), count_}; }
  // All entries, ascending by key.
  std::vector<const Entry*> sorted() const {
    std::vector<const Entry*> all;
    all.reserve(count_);
    for (const Entry& entry : entries()) all.push_back(&entry);
    std::sort(all.begin(), all.end(), [](const Entry* l, const Entry* r) { return l->key < r->key; });
    return all;
  }
  bool operator==(const SlabMap& other) const {
    if (count_ != other.count_) return false;
    for (std::size_t i = 0; i < count_; ++i) {
      const Value* there = other.find(entries_[i].key);
      if (there == nullptr || !(*there == entries_[i].value)) return false;
    }
    return true;
  }

 private:
  static std::uint64_t hash_of(std::string_view key) { return hash_bytes(as_bytes(key)); }
  static std::uint64_t hash_of(std::uint64_t key) { return fold_multiply(key ^ kHash0, kHash1); }

  // Where the key stands in the table, or the empty cell where it would. REQUIRES: a table.
  std::size_t probe(Wanted key, std::uint64_t hash) const {
    const std::size_t mask = table_.size() - 1;
    for (std::size_t cell = hash & mask;; cell = (cell + 1) & mask) {
      if (table_[cell] == 0) return cell;
      const Entry& entry = entries_[table_[cell] - 1];
      if (entry.hash == hash && entry.key == key) return cell;
    }
  }
  // The cell of an entry that is there.
  std::size_t cell_of(std::size_t place) const {
    const std::size_t mask = table_.size() - 1;
    std::size_t cell = entries_[place].hash & mask;
    while (table_[cell] != place + 1) cell = (cell + 1) & mask;
    return cell;
  }
  void grow() {
    table_.assign(table_.empty() ? 16 : table_.size() * 2, 0);
    const std::size_t mask = table_.size() - 1;
    for (std::size_t i = 0; i < count_; ++i) {
      std::size_t cell = entries_[i].hash & mask;
      while (table_[cell] != 0) cell = (cell + 1) & mask;
      table_[cell] = static_cast<std::uint32_t>(i + 1);
    }
  }

  std::vector<Entry> entries_;        // the first count_ are there
  std::vector<std::uint32_t> table_;  // places in entries_, from 1; 0: empty. A power of two of cells
  std::size_t count_ = 0;
};

}  // namespace quorumlab
