// The events that are still to come: a 4-ary heap of 16-byte keys (time, sequence, slot) over a
// slab of plain slots. Ties are broken by sequence, that is by who was scheduled first. Everything
// is reached by 32-bit handles, so a copy of the queue is a copy of its vectors, and slots are
// reused, so that a warm queue allocates nothing.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/prefetch.h"
#include "core/base/types.h"
#include "sim/trace/record.h"

namespace quorumlab::world {

// The number of a slot; kNoSlot is none.
using SlotId = std::uint32_t;
inline constexpr SlotId kNoSlot = UINT32_MAX;

struct Slot {
  enum class Kind : std::uint8_t {
    unused,
    packet,          // id: ordinal
    wake,            // a node's deadline; generation tells stale ones apart
    disk,            // the first write under way of a file completes; file
    write_durable,   // told to a paused node later; id: write
    write_failed,    // the same
    start,           // a process comes up at the beginning of time
    stream_open,     // at the acceptor; id: stream
    stream_opened,   // at the opener
    stream_refused,  // at the opener
    stream_bytes,
    stream_closed,
    request,      // a client's request at a node; id: attempt
    response,     // a node's answer at the client; id: attempt
    refused,      // nobody listened; at the client; id: attempt
    client_gone,  // at the node; id: attempt
    client_timer,
    backlog,         // the next of what waited at a node that is behind
    quorum  // processes, cuts or membership changed: look at the quorum again
  };
  static constexpr std::uint32_t kInline = 48;

  Kind kind = Kind::unused;
  std::uint8_t message = 0;  // the packet's own kind
  std::uint8_t file = 0;
  std::uint8_t flags = 0;
  std::uint32_t node = 0;        // where it happens
  std::uint32_t peer = 0;        // where it comes from
  std::uint32_t generation = 0;  // of whatever the event belongs to
  std::uint64_t id = 0;
  trace::RecordId cause = 0;
  std::uint32_t size = 0;  // of the payload
  std::uint32_t blob = 0;  // where it is, if larger than kInline
  SlotId next = kNoSlot;   // in lists of slots that wait outside the heap
  SlotId chain = kNoSlot;  // packets that leave when this is told
  std::array<std::uint8_t, kInline> bytes;
};
static_assert(sizeof(Slot) == 96);

// Payloads too large for a slot, by classes of size (powers of two), each with its own free list.
class BlobSlab {
 public:
  void clear() {
    for (Class& c : classes_) {
      c.used = 0;
      c.unused.clear();
    }
  }
  std::uint32_t put(ByteView bytes) {
    const std::uint32_t number = class_of(bytes.size());
    Class& c = classes_[number];
    std::uint32_t index;
    if (!c.unused.empty()) {
      index = c.unused.back();
      c.unused.pop_back();
    } else {
      index = c.used++;
      const std::size_t needed = static_cast<std::size_t>(c.used) << (number + kSmallest);
      if (c.bytes.size() < needed) c.bytes.resize(needed);
    }
    if (!bytes.empty()) std::memcpy(at(number, index), bytes.data(), bytes.size());
    return number << 27 | index;
  }
  void drop(std::uint32_t handle) { classes_[handle >> 27].unused.push_back(handle & kIndexMask); }
  std::uint8_t* data(std::uint32_t handle) { return at(handle >> 27, handle & kIndexMask); }
  const std::uint8_t* data(std::uint32_t handle) const {
    return const_cast<BlobSlab*>(this)->data(handle);
  }

 private:
  static constexpr std::uint32_t kSmallest = 6;  // 64 bytes
  static constexpr std::uint32_t kIndexMask = (1u << 27) - 1;
  struct Class {
    Bytes bytes;
    std::vector<std::uint32_t> unused;
    std::uint32_t used = 0;
  };
  static std::uint32_t class_of(std::size_t size) {
    std::uint32_t number = 0;
    while ((std::size_t{1} << (number + kSmallest)) < size) ++number;
    return number;
  }
  std::uint8_t* at(std::uint32_t number, std::uint32_t index) {
    return classes_[number].bytes.data() +
           (static_cast<std::size_t>(index) << (number + kSmallest));
  }
  std::array<Class, 26> classes_;
};

class EventQueue {
 public:
  // Forgets everything and keeps the memory.
  void clear() {
    heap_.clear();
    slots_.clear();
    free_ = kNoSlot;
    sequence_ = 0;
    blobs_.clear();
  }

  bool empty() const { return heap_.empty(); }
  // The slot of the next event. REQUIRES: !empty().
  SlotId next() const {
    return static_cast<SlotId>(heap_.front().order & ((1u << kSlotBits) - 1));
  }
  // Fetches the slots of some events that come soon into the cache.
  void prefetch() const {
    for (std::size_t i = 1; i < heap_.size() && i <= 4; ++i) {
      const Slot* slot = &slots_[heap_[i].order & ((1u << kSlotBits) - 1)];
      prefetch_lines(slot, slot + 1);
    }
  }
  std::size_t size() const { return heap_.size(); }
  // REQUIRES: !empty().
  std::int64_t next_time() const { return heap_.front().time_ns; }

  Slot& operator[](SlotId id) { return slots_[id]; }
  const Slot& operator[](SlotId id) const { return slots_[id]; }

  // A slot that is not scheduled yet. References to other slots end here.
  SlotId take(Slot::Kind kind, std::uint32_t node, std::uint32_t peer) {
    SlotId id = free_;
    if (id != kNoSlot) {
      free_ = slots_[id].next;
    } else {
      id = static_cast<SlotId>(slots_.size());
      slots_.emplace_back();
    }
    Slot& slot = slots_[id];
    slot.kind = kind;
    slot.message = slot.file = slot.flags = 0;
    slot.node = node;
    slot.peer = peer;
    slot.generation = 0;
    slot.id = 0;
    slot.cause = 0;
    slot.size = 0;
    slot.next = slot.chain = kNoSlot;
    return id;
  }
  // REQUIRES: the slot has no payload yet, and `bytes` does not lie in this queue.
  void fill(SlotId id, ByteView bytes) {
    Slot& slot = slots_[id];
    slot.size = static_cast<std::uint32_t>(bytes.size());
    if (slot.size <= Slot::kInline) {
      copy_few(slot.bytes.data(), bytes.data(), slot.size);
    } else {
      slot.blob = blobs_.put(bytes);
    }
  }
  // Valid until the next take or fill.
  ByteView payload(const Slot& slot) const {
    return {slot.size <= Slot::kInline ? slot.bytes.data() : blobs_.data(slot.blob), slot.size};
  }
  std::uint8_t* mutable_payload(Slot& slot) {
    return slot.size <= Slot::kInline ? slot.bytes.data() : blobs_.data(slot.blob);
  }
  void drop(SlotId id) {
    Slot& slot = slots_[id];
    if (slot.size > Slot::kInline) blobs_.drop(slot.blob);
    slot.kind = Slot::Kind::unused;
    slot.next = free_;
    free_ = id;
  }
  // A second slot with the same content.
  SlotId clone(SlotId from) {
    const SlotId id = take(Slot::Kind::unused, 0, 0);
    slots_[id] = slots_[from];
    slots_[id].next = kNoSlot;
    if (slots_[from].size > Slot::kInline) {
      const ByteView source = payload(slots_[from]);
      copy_.assign(source.begin(), source.end());
      slots_[id].blob = blobs_.put(copy_);
    }
    return id;
  }

  BlobSlab& blobs() { return blobs_; }

  void schedule(std::int64_t time_ns, SlotId id) {
    const Key key{time_ns, ++sequence_ << kSlotBits | id};
    heap_.push_back(key);
    put(key, heap_.size() - 1);
  }
  // Takes the first event out of the heap; its slot lives on until drop(). REQUIRES: !empty().
  SlotId pop() {
    const SlotId first = next();
    const Key last = heap_.back();
    heap_.pop_back();
    const std::size_t size = heap_.size();
    if (size == 0) return first;
    // The hole goes down to a leaf, since that is where the last one nearly always belongs: whether it
    // belongs further up is asked there, once.
    Key* const heap = heap_.data();
    std::size_t at = 0, child = 1;
    for (; child + 4 <= size; child = at * 4 + 1) {
      // Which is least cannot be guessed, so nothing branches on it.
      const std::size_t left = child + (heap[child + 1] < heap[child] ? 1 : 0);
      const std::size_t right = child + 2 + (heap[child + 3] < heap[child + 2] ? 1 : 0);
      const std::size_t least = heap[right] < heap[left] ? right : left;
      heap[at] = heap[least];
      at = least;
    }
    if (child < size) {
      std::size_t least = child;
      for (std::size_t other = child + 1; other < size; ++other) {
        least = heap[other] < heap[least] ? other : least;
      }
      heap[at] = heap[least];
      at = least;
    }
    put(last, at);
    return first;
  }

 private:
  // As memcpy, for at most kInline bytes, without a call: from both ends, pieces may overlap.
  static void copy_few(std::uint8_t* to, const std::uint8_t* from, std::size_t size) {
    static_assert(Slot::kInline <= 48);
    if (size >= 16) {
      std::memcpy(to, from, 16);
      if (size > 32) std::memcpy(to + 16, from + 16, 16);
      std::memcpy(to + size - 16, from + size - 16, 16);
    } else if (size >= 8) {
      std::memcpy(to, from, 8);
      std::memcpy(to + size - 8, from + size - 8, 8);
    } else {
      for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
    }
  }

  static constexpr unsigned kSlotBits = 24;  // 16 million events under way, 10^12 in a run
  struct Key {
    std::int64_t time_ns;
    std::uint64_t order;
    // As one number of 128 bits, without a branch. No time is negative.
    bool operator<(const Key& o) const { return whole() < o.whole(); }
    Uint128 whole() const {
      return static_cast<Uint128>(static_cast<std::uint64_t>(time_ns)) << 64 | order;
    }
  };
  // Puts the key at this place, or above it where it belongs.
  void put(const Key& key, std::size_t at) {
    Key* const heap = heap_.data();
    while (at > 0) {
      const std::size_t parent = (at - 1) / 4;
      if (!(key < heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = key;
  }
  std::vector<Key> heap_;
  std::vector<Slot> slots_;
  SlotId free_ = kNoSlot;
  std::uint64_t sequence_ = 0;
  BlobSlab blobs_;
  Bytes copy_;
};

}  // namespace quorumlab::world
