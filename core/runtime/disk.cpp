// Files by plain POSIX calls: what matters here is the exact order of write, fdatasync and rename.
#include "core/runtime/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace quorumlab::runtime {
namespace {

constexpr const char* kFileNames[kFileCount] = {"log", "snapshot", "session", "toy", "members", "keyring"};

tl::unexpected<Error> system_error(const std::string& where, const char* what) {
  const int code = errno;
  return error(where, std::string(what) + ": " + std::strerror(code));
}

bool write_all(int handle, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(handle, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Result<Disk> Disk::open(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST) {
    return system_error(directory, "cannot make the directory");
  }
  Disk disk(directory);
  for (int i = 0; i < kFileCount; ++i) {
    if (auto opened = disk.reopen(static_cast<FileId>(i)); !opened) {
      return tl::unexpected(opened.error());
    }
  }
  if (auto synced = disk.sync_directory(); !synced) return tl::unexpected(synced.error());
  return disk;
}

Disk::Disk(Disk&& other) noexcept
    : directory_(std::move(other.directory_)), handles_(other.handles_), failed_(other.failed_) {
  other.handles_.fill(-1);
}

Disk::~Disk() {
  for (const int handle : handles_) {
    if (handle >= 0) ::close(handle);
  }
}

std::string Disk::path(FileId file) const {
  return directory_ + "/" + kFileNames[static_cast<std::size_t>(file)];
}

Result<void> Disk::reopen(FileId file) {
  int& handle = handles_[static_cast<std::size_t>(file)];
  if (handle >= 0) ::close(handle);
  handle = ::open(path(file).c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (handle < 0) return system_error(path(file), "cannot open");
  return {};
}

Result<void> Disk::sync_directory() const {
  const int handle = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return system_error(directory_, "cannot open");
  const bool synced = ::fsync(handle) == 0;
  const int code = errno;
  ::close(handle);
  errno = code;
  if (!synced) return system_error(directory_, "cannot sync");
  return {};
}

Result<Bytes> Disk::read(FileId file) const {
  const int handle = handles_[static_cast<std::size_t>(file)];
  Bytes bytes;
  std::uint8_t block[64 << 10];
  off_t at = 0;
  for (;;) {
    const ssize_t n = ::pread(handle, block, sizeof block, at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(path(file), "cannot read");
    if (n == 0) return bytes;
    bytes.insert(bytes.end(), block, block + n);
    at += n;
  }
}

Result<void> Disk::append(FileId file, ByteView bytes) {
  const auto i = static_cast<std::size_t>(file);
  if (failed_[i]) return error(path(file), "an earlier write failed");
  if (write_all(handles_[i], bytes) && ::fdatasync(handles_[i]) == 0) return {};
  failed_[i] = true;
  return system_error(path(file), "cannot append");
}

Result<void> Disk::replace(FileId file, ByteView bytes) {
  const auto i = static_cast<std::size_t>(file);
  if (failed_[i]) return error(path(file), "an earlier write failed");
  failed_[i] = true;  // until all of it went well
  const std::string fresh = path(file) + ".new";
  const int handle = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (handle < 0) return system_error(fresh, "cannot open");
  const bool written = write_all(handle, bytes) && ::fdatasync(handle) == 0;
  const int code = errno;
  ::close(handle);
  errno = code;
  if (!written) return system_error(fresh, "cannot write");
  if (::rename(fresh.c_str(), path(file).c_str()) != 0) return system_error(fresh, "cannot rename");
  if (auto synced = sync_directory(); !synced) return synced;
  if (auto opened = reopen(file); !opened) return opened;
  failed_[i] = false;
  return {};
}

}  // namespace quorumlab::runtime
