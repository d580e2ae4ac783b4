// The trace: all records of a run, in order. Copies are cheap, since finished chunks are immutable
// and shared: a fork shares its past with the original.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "sim/trace/record.h"

namespace quorumlab::trace {

class Trace {
 public:
  static constexpr std::size_t kChunkRecords = 4096;

  // Forgets everything and keeps the memory that no copy shares.
  void clear();
  // Appends; the record's number is size() afterwards.
  void append(const Record& record) {
    if (room_ == 0) [[unlikely]]
      make_room();
    open_[kChunkRecords - room_] = record;
    --room_;
  }
  // Keeps a copy of bytes (packets, writes) and answers where, for Record::c.
  std::uint64_t keep(ByteView bytes);
  // The bytes kept at a place; empty if nothing was.
  ByteView kept(std::uint64_t place) const;
  // Keeps a text (caption, bookmark, act in words) and answers its number, from 1.
  std::uint64_t text(std::string_view text);
  std::string_view text_at(std::uint64_t number) const;

  std::uint64_t text_count() const { return texts_.size(); }

  // What a host's serf agent calls itself, by the number of a text, where that is not the host's name.
  void name_agent(std::uint32_t host, std::uint64_t text);
  // Empty: as its host.
  std::string_view agent_name(std::uint32_t host) const;

  std::size_t size() const { return sealed_.size() * kChunkRecords + open_size(); }
  // REQUIRES: 1 <= id <= size().
  const Record& operator[](RecordId id) const {
    const std::size_t at = static_cast<std::size_t>(id - 1);
    const std::size_t chunk = at / kChunkRecords;
    return chunk < sealed_.size() ? (*sealed_[chunk])[at % kChunkRecords]
                                  : open_[at % kChunkRecords];
  }

  // The records in runs, in order, for whoever reads all of them.
  std::size_t chunk_count() const { return sealed_.size() + 1; }
  std::span<const Record> chunk(std::size_t i) const {
    return i < sealed_.size() ? std::span<const Record>(*sealed_[i])
                              : std::span<const Record>(open_.data(), open_size());
  }
  // The kept bytes in runs, as a file stores them, and back: adopt them in the same order.
  std::size_t kept_chunk_count() const { return sealed_bytes_.size() + 1; }
  ByteView kept_chunk(std::size_t i) const {
    return i < sealed_bytes_.size() ? ByteView(*sealed_bytes_[i])
                                    : ByteView(open_bytes_).first(open_bytes_.size() - bytes_room_);
  }
  void adopt_kept_chunk(ByteView bytes);

 private:
  using Chunk = std::vector<Record>;
  std::size_t open_size() const { return open_.empty() ? 0 : kChunkRecords - room_; }
  void make_room();
  void make_room_for_bytes(std::size_t size);
  std::vector<std::shared_ptr<const Chunk>> sealed_;
  Chunk open_;            // empty, or kChunkRecords of which the last room_ mean nothing yet
  std::size_t room_ = 0;
  std::vector<std::shared_ptr<const Bytes>> sealed_bytes_;
  Bytes open_bytes_;  // its last bytes_room_ bytes mean nothing yet
  std::size_t bytes_room_ = 0;
  std::vector<std::string> texts_;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> agents_;  // host, text
  std::vector<Chunk> spare_;  // of a run that was forgotten
  std::vector<Bytes> spare_bytes_;
};

}  // namespace quorumlab::trace
