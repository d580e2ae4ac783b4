// Chunks of the trace are sealed when full: from then on nobody writes to them, and copies of the
// trace share them.
#include "sim/trace/trace.h"

namespace quorumlab::trace {
namespace {
// A run of kept bytes never straddles chunks, so that a view of it is one piece.
constexpr std::size_t kChunkBytes = 1 << 20;
}  // namespace

// A place is (chunk << 32 | offset) + 1, and the run there begins with its size in 4 bytes.
std::uint64_t Trace::keep(ByteView bytes) {
  if (!open_bytes_.empty() && open_bytes_.size() + 4 + bytes.size() > kChunkBytes) {
    sealed_bytes_.push_back(std::make_shared<const Bytes>(std::move(open_bytes_)));
    open_bytes_ = Bytes();
  }
  const std::uint64_t place =
      (static_cast<std::uint64_t>(sealed_bytes_.size()) << 32 | open_bytes_.size()) + 1;
  ByteWriter writer(open_bytes_);
  writer.u32(static_cast<std::uint32_t>(bytes.size()));
  writer.raw(bytes);
  return place;
}

ByteView Trace::kept(std::uint64_t place) const {
  if (place == 0) return {};
  const std::size_t chunk = static_cast<std::size_t>((place - 1) >> 32);
  const std::size_t offset = static_cast<std::size_t>((place - 1) & 0xffffffff);
  if (chunk > sealed_bytes_.size()) return {};
  const Bytes& bytes = chunk < sealed_bytes_.size() ? *sealed_bytes_[chunk] : open_bytes_;
  if (bytes.size() < 4 || offset > bytes.size() - 4) return {};
  const std::uint32_t size = load_le32(bytes.data() + offset);
  if (size > bytes.size() - 4 - offset) return {};
  return ByteView(bytes).subspan(offset + 4, size);
}

std::uint64_t Trace::text(std::string_view text) {
  texts_.emplace_back(text);
  return texts_.size();
}

std::string_view Trace::text_at(std::uint64_t number) const {
  if (number == 0 || number > texts_.size()) return {};
  return texts_[static_cast<std::size_t>(number - 1)];
}

void Trace::adopt_kept_chunk(ByteView bytes) {
  sealed_bytes_.push_back(std::make_shared<const Bytes>(bytes.begin(), bytes.end()));
}

void Trace::clear() {
  sealed_.clear();
  open_.clear();
  sealed_bytes_.clear();
  open_bytes_.clear();
  texts_.clear();
}

void Trace::seal() {
  sealed_.push_back(std::make_shared<const Chunk>(std::move(open_)));
  open_ = Chunk();
  open_.reserve(kChunkRecords);
}

}  // namespace quorumlab::trace
