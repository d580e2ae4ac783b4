// Where the writers of trace files put their bytes: a block in memory that goes on in large pieces of
// one size, since small ones, or ones that end within a page, cost the system more.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

#include "core/base/bytes.h"

namespace quorumlab::trace {

class Output {
 public:
  // To a file that stays the caller's, or to memory. What was put is there after flush().
  explicit Output(std::FILE* file) : file_(file) {}
  explicit Output(Bytes& memory) : memory_(&memory) {}

  // Where the next bytes go: the caller writes at most so many of them there, and tells with
  // advance() where they end. Valid until the next call.
  std::uint8_t* room(std::size_t most) {
    if (used_ >= kBlock) [[unlikely]] write_blocks();
    if (most > capacity_ - used_) [[unlikely]] grow(used_ + most);
    return bytes_.get() + used_;
  }
  void advance(const std::uint8_t* end) { used_ = static_cast<std::size_t>(end - bytes_.get()); }
  // The same for text.
  char* text_room(std::size_t most) { return reinterpret_cast<char*>(room(most)); }
  void advance(const char* end) { advance(reinterpret_cast<const std::uint8_t*>(end)); }

  void put(ByteView bytes) {
    while (!bytes.empty()) {
      const ByteView piece = bytes.first(std::min(bytes.size(), kBlock));
      std::uint8_t* const at = room(piece.size());
      std::memcpy(at, piece.data(), piece.size());
      advance(at + piece.size());
      bytes = bytes.subspan(piece.size());
    }
  }
  // Writes what is left. False if anything could not be written.
  [[nodiscard]] bool flush() {
    write(used_);
    used_ = 0;
    return good_;
  }

 private:
  static constexpr std::size_t kBlock = 512 << 10;

  void write_blocks() {
    const std::size_t whole = used_ / kBlock * kBlock;
    write(whole);
    std::memmove(bytes_.get(), bytes_.get() + whole, used_ - whole);
    used_ -= whole;
  }
  void write(std::size_t size) {
    if (memory_ != nullptr) {
      memory_->insert(memory_->end(), bytes_.get(), bytes_.get() + size);
    } else {
      good_ = good_ && std::fwrite(bytes_.get(), 1, size, file_) == size;
    }
  }
  void grow(std::size_t capacity) {
    auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
    std::memcpy(larger.get(), bytes_.get(), used_);
    bytes_ = std::move(larger);
    capacity_ = capacity;
  }

  std::FILE* file_ = nullptr;
  Bytes* memory_ = nullptr;
  std::size_t capacity_ = 2 * kBlock;
  std::unique_ptr<std::uint8_t[]> bytes_ =
      std::make_unique_for_overwrite<std::uint8_t[]>(capacity_);
  std::size_t used_ = 0;
  bool good_ = true;
};

}  // namespace quorumlab::trace
