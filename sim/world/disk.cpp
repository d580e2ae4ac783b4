// Writes on their way to the disk, and what is left of them.
#include "sim/world/disk.h"

#include <algorithm>

#include "core/base/assert.h"
#include "core/base/random.h"

namespace quorumlab::world {

void Disk::reset(const DiskSettings& settings) {
  settings_ = settings;
  stalled_until_ns_ = 0;
  generation = 0;
  scheduled.fill(false);
  writes = 0;
  for (File& file : files_) {
    forget(file);
    file.content.clear();
    file.honest.clear();
    file.last_done_ns = 0;
    file.failed = file.lied = file.lied_replace = false;
    file.honest_size = 0;
  }
}

void Disk::forget(File& file) {
  file.pending.clear();
  file.head = 0;
}

std::uint32_t Disk::pending_count(FileId file) const {
  const File& f = files_[static_cast<std::size_t>(file)];
  return static_cast<std::uint32_t>(f.pending.size() - f.head);
}

Disk::Write& Disk::submit(std::int64_t now_ns, const Effects::Write& write, ByteView bytes,
                          Duration takes, std::uint64_t draw, BlobSlab& blobs) {
  File& file = files_[static_cast<std::size_t>(write.file)];
  if (file.head == file.pending.size()) {
    forget(file);
  } else if (file.head >= 64 && file.head * 2 >= file.pending.size()) {
    file.pending.erase(file.pending.begin(),
                       file.pending.begin() + static_cast<std::ptrdiff_t>(file.head));
    file.head = 0;
  }
  Write& w = file.pending.emplace_back();
  w.id = write.id;
  w.mode = write.mode;
  w.size = static_cast<std::uint32_t>(bytes.size());
  w.blob = blobs.put(bytes);
  w.draw = mix(draw, 1);
  w.full = settings_.full;
  w.fails = settings_.full || settings_.failure.hit(mix(draw, 2));
  w.lies = settings_.lying;
  w.done_at_ns = std::max(now_ns + (w.lies ? 0 : takes.ns), file.last_done_ns);
  file.last_done_ns = w.done_at_ns;
  return w;
}

Disk::Write* Disk::find(std::uint64_t id) {
  for (File& file : files_) {
    for (std::size_t i = file.pending.size(); i > file.head; --i) {
      if (file.pending[i - 1].id == id) return &file.pending[i - 1];
    }
  }
  return nullptr;
}

std::int64_t Disk::next_completion(FileId file) const {
  const File& f = files_[static_cast<std::size_t>(file)];
  return std::max(f.pending[f.head].done_at_ns, stalled_until_ns_);
}

void Disk::apply(File& file, const Write& write, ByteView bytes) {
  const bool append = write.mode == Effects::Write::Mode::append;
  if (write.lies && !file.lied) {
    file.lied = true;
    file.lied_replace = false;
    file.honest_size = file.content.size();
  }
  if (!write.lies) file.lied = file.lied_replace = false;  // an honest flush takes all before along
  if (append) {
    file.content.insert(file.content.end(), bytes.begin(), bytes.end());
    return;
  }
  if (write.lies && !file.lied_replace) {
    file.honest.assign(file.content.begin(),
                       file.content.begin() + static_cast<std::ptrdiff_t>(file.honest_size));
    file.lied_replace = true;
  }
  file.content.assign(bytes.begin(), bytes.end());
}

Disk::Write Disk::complete(FileId id, BlobSlab& blobs) {
  File& file = files_[static_cast<std::size_t>(id)];
  ASSERT(file.head < file.pending.size());
  Write write = file.pending[file.head++];
  const ByteView bytes{blobs.data(write.blob), write.size};
  if (file.failed) write.fails = true;
  if (!write.fails) {
    apply(file, write, bytes);
  } else {
    // The disk says it failed; what it really did nobody knows. Only the first failure may leave
    // something: no later write of the file reaches the disk.
    if (!file.failed && !write.full && (write.draw & 1) != 0) {
      if (write.mode == Effects::Write::Mode::replace) {
        apply(file, write, bytes);
      } else {
        apply(file, write, bytes.first(below(mix(write.draw, 3), write.size + 1u)));
      }
    }
    file.failed = true;
  }
  blobs.drop(write.blob);
  return write;
}

void Disk::sync(BlobSlab& blobs) {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    while (has_pending(static_cast<FileId>(i))) complete(static_cast<FileId>(i), blobs);
    forget(files_[i]);
    files_[i].failed = false;
    files_[i].last_done_ns = 0;
  }
  ++generation;
  scheduled.fill(false);
}

Disk::Loss Disk::crash(FileId id, BlobSlab& blobs) {
  File& file = files_[static_cast<std::size_t>(id)];
  Loss loss;
  if (file.lied) {
    const std::size_t left = file.lied_replace ? file.honest.size() : file.honest_size;
    loss.bytes += file.content.size() > left ? file.content.size() - left : 0;
    loss.lied = true;
    if (file.lied_replace) {
      file.content = file.honest;
    } else {
      file.content.resize(file.honest_size);
    }
    file.lied = file.lied_replace = false;
  }
  for (std::size_t i = file.head; i < file.pending.size(); ++i) {
    const Write& write = file.pending[i];
    if (loss.first_write == 0) loss.first_write = write.id;
    loss.bytes += write.size;
    // Only the first write is under way, the others wait. A part of it may be on disk already, even
    // all of it; a replacement is there or it is not.
    const bool under_way = i == file.head && settings_.torn && !write.fails && !loss.lied;
    if (under_way) {
      const ByteView bytes{blobs.data(write.blob), write.size};
      if (write.mode == Effects::Write::Mode::append) {
        const ByteView part = bytes.first(below(write.draw, write.size + 1u));
        file.content.insert(file.content.end(), part.begin(), part.end());
        loss.torn = part.size();
        loss.bytes -= part.size();
      } else if ((write.draw & 1) != 0) {
        file.content.assign(bytes.begin(), bytes.end());
        loss.bytes -= write.size;
      }
    }
    blobs.drop(write.blob);
  }
  forget(file);
  file.last_done_ns = 0;
  scheduled[static_cast<std::size_t>(id)] = false;
  ++generation;
  return loss;
}

void Disk::wipe(BlobSlab& blobs) {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    File& file = files_[i];
    for (std::size_t k = file.head; k < file.pending.size(); ++k) blobs.drop(file.pending[k].blob);
    forget(file);
    file.content.clear();
    file.failed = file.lied = file.lied_replace = false;
    file.last_done_ns = 0;
  }
  ++generation;
  scheduled.fill(false);
}

bool Disk::flip(FileId id, std::uint64_t draw) {
  Bytes& content = files_[static_cast<std::size_t>(id)].content;
  if (content.empty()) return false;
  const std::uint64_t bit = below(draw, content.size() * 8);
  content[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  return true;
}

std::span<const FileContent> Disk::files(std::array<FileContent, kFileCount>& room) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (files_[i].content.empty()) continue;
    room[count++] = {static_cast<FileId>(i), files_[i].content};
  }
  return {room.data(), count};
}

}  // namespace quorumlab::world
