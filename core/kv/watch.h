// The last thousand events, and those who wait for the next ones: etcd's event history and watcher
// hub, with their habits, which clients come to know (issues #925, #1186, #2854 of etcd). The
// history is replicated state and part of snapshots; watchers belong to the node that was asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/slab_map.h"
#include "core/base/types.h"
#include "core/kv/event.h"

namespace quorumlab::kv {

class History {
 public:
  static constexpr std::size_t kCapacity = 1000;

  void clear();
  // REQUIRES: the event's index is one above the last. `noted` is this node's wall clock: the time
  // to live that the event shows was computed then.
  void add(const Event& event, Instant noted);
  // The oldest event kept, and the newest; 0: none yet.
  std::uint64_t first() const { return first_; }
  std::uint64_t last() const { return last_; }

  struct Found {
    bool cleared = false;     // the index lies before the oldest event kept
    std::uint64_t index = 0;  // of the event; 0: none so far
  };
  // The first event at or after `index` that concerns `key`. Does find hidden keys; and takes a
  // deleted directory for a match whenever its name is a prefix of the watched one, as text. With
  // `latest` the last such event (rule history_in_order off).
  Found scan(std::string_view key, bool recursive, std::uint64_t index, bool latest = false) const;
  // REQUIRES: first() <= index <= last(). Valid until the next add().
  Event event(std::uint64_t index) const;
  Instant noted(std::uint64_t index) const { return records_[index % kCapacity].noted; }

  void encode(Bytes& out) const;
  [[nodiscard]] bool decode(ByteReader& r, Instant now);
  // When events were noted is each node's own.
  bool operator==(const History& other) const;

 private:
  struct Record {
    std::uint64_t offset = 0;  // of its bytes, counted from the first ever
    std::uint32_t size = 0;
    Instant noted;
  };
  ByteView bytes_of(std::uint64_t index) const;

  std::vector<Record> records_;  // event i at i % kCapacity; grows up to that
  Bytes text_;                   // encoded events, oldest first
  std::uint64_t base_ = 0;       // the offset of text_'s first byte
  std::uint64_t first_ = 0, last_ = 0;
};

class Watchers {
 public:
  // More unsent events than this close a watcher.
  static constexpr std::size_t kBuffer = 100;
  struct Woken {
    std::uint64_t request = 0;
    bool stream = false;  // it goes on
    bool operator==(const Woken&) const = default;
  };

  void clear();
  // REQUIRES: the request watches nothing yet.
  void add(std::uint64_t request, std::string_view key, bool recursive, bool stream,
           std::uint64_t since);
  // False if it watches nothing.
  bool remove(std::uint64_t request);
  bool watches(std::uint64_t request) const { return by_request_.find(request) != nullptr; }
  std::size_t size() const { return by_request_.size(); }
  // Who hears of an event at its own place and on all the way up to the root.
  void notify(const Event& event);
  // Who watches `path` exactly and hears that it went with the event's directory.
  void notify_removed(const Event& event, std::string_view path);
  // Those woken since the last clear_woken(), in order; a stream may stand there twice.
  const std::vector<Woken>& woken() const { return woken_; }
  void clear_woken() { woken_.clear(); }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Watcher {
    std::uint64_t request = 0;
    std::uint64_t since = 0;
    bool recursive = false;
    bool stream = false;
    std::uint32_t next = kNone, previous = kNone;  // of the same key, in the order they came
    std::string key;
  };
  struct List {
    std::uint32_t first = kNone, last = kNone;
  };
  void notify_at(const Event& event, std::string_view path, bool removed);
  void drop(std::uint32_t place);

  std::vector<Watcher> watchers_;
  std::vector<std::uint32_t> free_;
  SlabMap<std::string, List> by_key_;
  SlabMap<std::uint64_t, std::uint32_t> by_request_;
  std::vector<Woken> woken_;
};

}  // namespace quorumlab::kv
