// The files of one node: what is durable, what is under way, and what a death does to it. Within a
// file writes complete in the order they were submitted; files know nothing of each other.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/types.h"
#include "core/node/event.h"
#include "sim/world/action.h"
#include "sim/world/event_queue.h"

namespace quorumlab::world {

class Disk {
 public:
  struct Write {
    std::uint64_t id = 0;
    Effects::Write::Mode mode = Effects::Write::Mode::append;
    bool fails = false;
    bool lies = false;
    bool full = false;
    std::uint32_t size = 0;
    std::uint32_t blob = 0;
    std::uint64_t draw = 0;  // decides how much of it a failure or a crash leaves
    std::int64_t done_at_ns = 0;
    trace::RecordId cause = 0;      // its submission
    SlotId first_packet = kNoSlot;  // packets that leave once it is durable
    SlotId last_packet = kNoSlot;
  };
  // What a crash took from a file.
  struct Loss {
    std::uint64_t first_write = 0;  // 0: nothing was lost
    std::uint64_t bytes = 0;
    std::uint64_t torn = 0;  // bytes of a broken write that stayed
    bool lied = false;       // some of it had been called durable
  };

  void reset(const DiskSettings& settings);
  void set(const DiskSettings& settings) { settings_ = settings; }
  const DiskSettings& settings() const { return settings_; }
  void stall(std::int64_t until_ns) { stalled_until_ns_ = until_ns; }

  // Completion is `takes` after now, behind everything before it in the file.
  Write& submit(std::int64_t now_ns, const Effects::Write& write, ByteView bytes, Duration takes,
                std::uint64_t draw, BlobSlab& blobs);
  bool has_pending(FileId file) const { return pending_count(file) != 0; }
  std::uint32_t pending_count(FileId file) const;
  // The write under way in that file that has this id, or null.
  Write* find(std::uint64_t id);
  // When the first write of the file completes. REQUIRES: has_pending(file).
  std::int64_t next_completion(FileId file) const;
  // Takes out the first write of the file, carried out. Its packets are the caller's.
  // REQUIRES: has_pending(file).
  Write complete(FileId file, BlobSlab& blobs);

  // What a file holds at the beginning of the world. REQUIRES: nothing was written to it.
  void preset(FileId file, ByteView bytes) {
    files_[static_cast<std::size_t>(file)].content.assign(bytes.begin(), bytes.end());
  }
  // A new process reads its files: all that was submitted is brought to disk first.
  void sync(BlobSlab& blobs);
  // Power is lost. The packets of lost writes must have been taken before.
  Loss crash(FileId file, BlobSlab& blobs);
  void wipe(BlobSlab& blobs);
  // Flips a bit of what is durable; false when the file is empty.
  bool flip(FileId file, std::uint64_t draw);

  ByteView content(FileId file) const { return files_[static_cast<std::size_t>(file)].content; }
  // The list of files for Event::started; valid until the next change.
  std::span<const FileContent> files(std::array<FileContent, kFileCount>& room) const;

  // Calls act(write) for everything under way.
  template <class Act>
  void each_pending(Act&& act) {
    for (File& f : files_) {
      for (std::size_t i = f.head; i < f.pending.size(); ++i) act(f.pending[i]);
    }
  }
  // Tokens in the event queue that carry another number are stale.
  std::uint32_t generation = 0;
  std::array<bool, kFileCount> scheduled{};  // an event for the file's first write is in the queue
  std::uint64_t writes = 0;                  // submitted so far; names the draws

 private:
  struct File {
    Bytes content;
    std::vector<Write> pending;
    std::size_t head = 0;
    std::int64_t last_done_ns = 0;
    bool failed = false;  // a write failed: all later ones do, until the process is new
    // After a lie: what a crash would leave, either a prefix of content or an older one.
    bool lied = false;
    bool lied_replace = false;
    std::size_t honest_size = 0;
    Bytes honest;
  };
  static void apply(File& file, const Write& write, ByteView bytes);
  static void forget(File& file);

  DiskSettings settings_;
  std::int64_t stalled_until_ns_ = 0;
  std::array<File, kFileCount> files_;
};

}  // namespace quorumlab::world
