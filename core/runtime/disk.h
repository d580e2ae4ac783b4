// A node's named files on a real disk. Called on the loop's disk thread only, once constructed.
#pragma once

#include <array>
#include <string>

#include "core/base/result.h"
#include "core/node/event.h"

namespace quorumlab::runtime {

class Disk {
 public:
  // Makes the directory if need be and opens every file of FileId in it.
  static Result<Disk> open(const std::string& directory);
  Disk(Disk&& other) noexcept;
  Disk& operator=(Disk&& other) = delete;
  ~Disk();

  // All that a file holds.
  Result<Bytes> read(FileId file) const;
  // Appends and makes it durable. After a failure every later write of that file fails, since what
  // the file holds is no longer known.
  Result<void> append(FileId file, ByteView bytes);
  // The file holds exactly this afterwards, or what it held before: a new file takes its name.
  Result<void> replace(FileId file, ByteView bytes);

 private:
  explicit Disk(std::string directory) : directory_(std::move(directory)) { handles_.fill(-1); }
  std::string path(FileId file) const;
  Result<void> reopen(FileId file);
  Result<void> sync_directory() const;

  std::string directory_;
  std::array<int, kFileCount> handles_;
  std::array<bool, kFileCount> failed_{};
};

}  // namespace quorumlab::runtime
