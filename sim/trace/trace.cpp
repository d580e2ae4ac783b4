// Chunks of the trace are sealed when full: from then on nobody writes to them, and copies of the
// trace share them.
#include "sim/trace/trace.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

namespace quorumlab::trace {
namespace {
// A run of kept bytes never straddles chunks, so that a view of it is one piece.
constexpr std::size_t kChunkBytes = 1 << 18;

// A vector of `size`, an old one if there is one; what it holds means nothing.
template <class Vector>
Vector of_size(std::vector<Vector>& spare, std::size_t size) {
  Vector fresh;
  if (!spare.empty()) {
    fresh = std::move(spare.back());
    spare.pop_back();
  }
  fresh.resize(size);
  return fresh;
}

// Takes chunks back that nobody shares.
template <class Vector>
void recover(std::vector<std::shared_ptr<const Vector>>& sealed, std::vector<Vector>& spare) {
  for (std::shared_ptr<const Vector>& chunk : sealed) {
    if (chunk.use_count() != 1) continue;
    std::atomic_thread_fence(std::memory_order_acquire);  // the last other owner has let go
    spare.push_back(std::move(const_cast<Vector&>(*chunk)));  // it was not made const
  }
  sealed.clear();
}

}  // namespace

// A place is (chunk << 32 | offset) + 1, and the run there begins with its size in 4 bytes.
std::uint64_t Trace::keep(ByteView bytes) {
  const std::size_t needed = 4 + bytes.size();
  if (needed > bytes_room_) [[unlikely]] make_room_for_bytes(needed);
  const std::size_t at = open_bytes_.size() - bytes_room_;
  bytes_room_ -= needed;
  const std::uint32_t size = static_cast<std::uint32_t>(bytes.size());
  const std::uint8_t head[4] = {
      static_cast<std::uint8_t>(size), static_cast<std::uint8_t>(size >> 8),
      static_cast<std::uint8_t>(size >> 16), static_cast<std::uint8_t>(size >> 24)};
  std::memcpy(open_bytes_.data() + at, head, sizeof head);
  if (size != 0) std::memcpy(open_bytes_.data() + at + 4, bytes.data(), size);
  return (static_cast<std::uint64_t>(sealed_bytes_.size()) << 32 | at) + 1;
}

// A run that is larger than a chunk gets one of its own.
void Trace::make_room_for_bytes(std::size_t size) {
  if (open_bytes_.size() != bytes_room_) {
    open_bytes_.resize(open_bytes_.size() - bytes_room_);
    sealed_bytes_.push_back(std::make_shared<Bytes>(std::move(open_bytes_)));
  }
  open_bytes_ = of_size(spare_bytes_, std::max(kChunkBytes, size));
  bytes_room_ = open_bytes_.size();
}

ByteView Trace::kept(std::uint64_t place) const {
  if (place == 0) return {};
  const std::size_t chunk = static_cast<std::size_t>((place - 1) >> 32);
  const std::size_t offset = static_cast<std::size_t>((place - 1) & 0xffffffff);
  if (chunk > sealed_bytes_.size()) return {};
  const ByteView bytes = kept_chunk(chunk);
  if (bytes.size() < 4 || offset > bytes.size() - 4) return {};
  const std::uint32_t size = load_le32(bytes.data() + offset);
  if (size > bytes.size() - 4 - offset) return {};
  return bytes.subspan(offset + 4, size);
}

std::uint64_t Trace::text(std::string_view text) {
  texts_.emplace_back(text);
  return texts_.size();
}

void Trace::name_agent(std::uint32_t host, std::uint64_t text) {
  const auto at = std::find_if(agents_.begin(), agents_.end(), [&](const auto& a) { return a.first == host; });
  if (at == agents_.end()) {
    agents_.emplace_back(host, text);
  } else {
    at->second = text;
  }
}

std::string_view Trace::agent_name(std::uint32_t host) const {
  for (const auto& [named, text] : agents_) {
    if (named == host) return text_at(text);
  }
  return {};
}

std::string_view Trace::text_at(std::uint64_t number) const {
  if (number == 0 || number > texts_.size()) return {};
  return texts_[static_cast<std::size_t>(number - 1)];
}

void Trace::adopt_kept_chunk(ByteView bytes) {
  sealed_bytes_.push_back(std::make_shared<Bytes>(bytes.begin(), bytes.end()));
}

void Trace::clear() {
  recover(sealed_, spare_);
  recover(sealed_bytes_, spare_bytes_);
  room_ = open_.size();
  bytes_room_ = open_bytes_.size();
  texts_.clear();
  agents_.clear();
}

void Trace::make_room() {
  if (!open_.empty()) sealed_.push_back(std::make_shared<Chunk>(std::move(open_)));
  open_ = of_size(spare_, kChunkRecords);
  room_ = kChunkRecords;
}

}  // namespace quorumlab::trace
