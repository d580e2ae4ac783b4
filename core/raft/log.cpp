// The log in memory. Physical compaction waits until half of the arrays is dead, so that it costs
// amortised nothing for each entry.
#include "core/raft/log.h"

#include <algorithm>


namespace quorumlab::raft {

void Log::reset(LogIndex base, Term term, std::uint64_t chain) {
  base_index_ = base;
  base_term_ = term;
  base_chain_ = chain;
  records_.clear();
  head_ = 0;
  arena_.clear();
  arena_base_ = 0;
}

ByteView Log::slice(LogIndex first, LogIndex last) const {
  if (last < first) return {};
  ASSERT(first > base_index_ && last <= last_index(), "a slice outside the log");
  const std::uint64_t begin = record(first).offset;
  return {arena_.data() + (begin - arena_base_),
          static_cast<std::size_t>(offset_of(last.next()) - begin)};
}

std::uint64_t Log::bytes_between(LogIndex first, LogIndex last) const {
  return last < first ? 0 : offset_of(last.next()) - offset_of(first);
}

LogIndex Log::fit(LogIndex first, LogIndex last, std::uint64_t max_bytes) const {
  if (last <= first || bytes_between(first, last) <= max_bytes) return last;
  const std::uint64_t limit = offset_of(first) + max_bytes;
  LogIndex low = first, high = last;  // first..low fits, or is the one entry that must go
  while (high - low > 1) {
    const LogIndex middle = low + (high - low) / 2;
    if (offset_of(middle.next()) <= limit) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

Log::Position Log::last_not_after(LogIndex index, Term term) const {
  index = std::min(index, last_index());
  if (index < base_index_) return {index, Term{}};
  const auto begin = records_.begin() + static_cast<std::ptrdiff_t>(head_);
  const auto found =
      std::upper_bound(begin, begin + static_cast<std::ptrdiff_t>(index - base_index_), term,
                       [](Term wanted, const Record& r) { return wanted < r.term; });
  const LogIndex at = base_index_ + static_cast<std::uint64_t>(found - begin);
  if (at > base_index_) return {at, record(at).term};
  if (base_term_ <= term) return {base_index_, base_term_};
  return {base_index_.value == 0 ? base_index_ : base_index_.previous(), Term{}};
}

void Log::append(Term term, EntryKind kind, ByteView payload) {
  const std::uint64_t chain = chain_hash(this->chain(last_index()), term, kind, payload);
  records_.push_back({arena_base_ + arena_.size(), term, chain});
  encode_entry(term, kind, payload, arena_);
}

void Log::append_encoded(ByteView run) {
  const std::uint64_t begin = arena_base_ + arena_.size();
  std::uint64_t chain = this->chain(last_index());
  std::uint64_t offset = begin;
  EntryReader entries(last_index().next(), run);
  Entry entry;
  while (entries.next(entry)) {
    chain = chain_hash(chain, entry.term, entry.kind, entry.payload);
    records_.push_back({offset, entry.term, chain});
    const std::uint8_t* const end = entry.payload.data() + entry.payload.size();
    offset = begin + static_cast<std::uint64_t>(end - run.data());
  }
  arena_.insert(arena_.end(), run.begin(), run.end());
}

void Log::truncate_from(LogIndex first) {
  if (first > last_index()) return;
  ASSERT(first > base_index_, "what a snapshot covers is never truncated");
  arena_.resize(static_cast<std::size_t>(record(first).offset - arena_base_));
  records_.resize(head_ + static_cast<std::size_t>(first - base_index_) - 1);
}

void Log::compact_to(LogIndex index) {
  if (index <= base_index_) return;
  ASSERT(index <= last_index(), "compaction beyond the end of the log");
  const Record& last_dropped = record(index);
  const std::uint64_t live = offset_of(index.next());
  base_term_ = last_dropped.term;
  base_chain_ = last_dropped.chain;
  head_ += static_cast<std::size_t>(index - base_index_);
  base_index_ = index;
  if (head_ * 2 < records_.size()) return;
  records_.erase(records_.begin(), records_.begin() + static_cast<std::ptrdiff_t>(head_));
  head_ = 0;
  arena_.erase(arena_.begin(), arena_.begin() + static_cast<std::ptrdiff_t>(live - arena_base_));
  arena_base_ = live;
}

}  // namespace quorumlab::raft
