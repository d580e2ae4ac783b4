// The disk of one node, replayed from its writes. The log is compared with what stood there before,
// so that a rewrite of the same entries is told from a replacement by others.
#include "sim/judge/shadow.h"

#include <algorithm>

#include "core/raft/wal.h"

namespace quorumlab::judge {

void Shadow::reset() {
  base_ = {};
  entries_.clear();
  changes_.clear();
  snapshot_conf_ = {};
  submitted_ = durable_ = {};
  durable_last_ = 0;
  snapshot_ = durable_snapshot_ = {};
  pending_.clear();
  failed_last_ = UINT64_MAX;
}

inline void Shadow::put(const raft::Entry& entry, History& history, Change& change) {
  const std::uint64_t index = entry.index.value;
  if (index <= base_.index) return;  // a snapshot covers it
  const std::size_t at = static_cast<std::size_t>(index - base_.index - 1);
  const std::uint64_t previous = at == 0 ? base_.chain : entries_[at - 1].chain;
  const std::uint64_t chain = raft::chain_hash(previous, entry.term, entry.kind, entry.payload);
  valid_last_ = index;
  if (at < entries_.size()) {
    if (entries_[at].chain == chain && entries_[at].term == entry.term.value) return;
    if (change.replaced_from == 0) change.replaced_from = index;
    forget_changes(index);
    entries_[at] = {entry.term.value, chain};
  } else {
    entries_.push_back({entry.term.value, chain});
  }
  if (entry.kind == raft::EntryKind::config) changes_.push_back(index);
  change.entries = true;
  if (!history.written(entry, chain) && change.mismatch == 0) {
    change.mismatch = index;
    change.mismatch_term = entry.term.value;
  }
}

void Shadow::begin_at(const Place& place, Change& change) {
  std::uint64_t chain = 0;
  const bool inside = place.index >= base_.index && place.index <= base_.index + entries_.size();
  if (inside && chain_at(place.index, chain) && chain == place.chain) {
    // A compaction: what stands behind it may be written again.
    entries_.erase(entries_.begin(),
                   entries_.begin() + static_cast<std::ptrdiff_t>(place.index - base_.index));
  } else {
    if (inside && change.replaced_from == 0) change.replaced_from = place.index;
    entries_.clear();
    changes_.clear();
  }
  base_ = place;
  valid_last_ = place.index;
}

void Shadow::read_log(ByteView bytes, History& history, Change& change) {
  raft::WalReader reader(bytes, false);
  raft::WalRecord record;
  while (reader.next(record)) {
    switch (record.type) {
      case raft::RecordType::header:
        break;
      case raft::RecordType::hard_state:
        submitted_ = record.hard_state;
        break;
      case raft::RecordType::log_start:
        begin_at({record.first.value, record.term.value, record.chain}, change);
        break;
      case raft::RecordType::entries: {
        if (record.first.value > valid_last_ + 1) {
          if (record.first.value != snapshot_.index + 1) {
            change.readable = false;
            return;
          }
          begin_at(snapshot_, change);
        }
        raft::EntryReader entries(record.first, record.entries);
        raft::Entry entry;
        while (entries.next(entry)) put(entry, history, change);
        if (record.has_hard_state) submitted_ = record.hard_state;
        break;
      }
      case raft::RecordType::write:  // the reader calls it entries
      case raft::RecordType::snapshot:
        change.readable = false;
        return;
    }
  }
  if (!reader.at_end()) change.readable = false;
}

Change Shadow::submitted(std::uint64_t write_id, FileId file, Effects::Write::Mode mode,
                         ByteView bytes, History& history) {
  Change change;
  change.before = change.after = submitted_;
  change.last_before = last();
  if (file == FileId::log) {
    // A log that is replaced whole begins empty, at the beginning of time unless it says otherwise.
    valid_last_ = last();
    if (mode == Effects::Write::Mode::replace) {
      valid_last_ = base_.index;
      submitted_ = {};
    }
    read_log(bytes, history, change);
    const std::size_t count = static_cast<std::size_t>(valid_last_ - base_.index);
    if (count < entries_.size()) {
      if (change.replaced_from == 0) change.replaced_from = valid_last_ + 1;
      entries_.resize(count);
      forget_changes(valid_last_ + 1);
    }
    change.after = submitted_;
  } else if (file == FileId::snapshot) {
    Reason why = Reason::none;
    const auto snapshot = raft::decode_snapshot(bytes, why, false);
    if (!snapshot) {
      change.readable = false;
      return change;
    }
    snapshot_ = change.snapshot = {snapshot->meta.index.value, snapshot->meta.term.value,
                                   snapshot->meta.chain};
    snapshot_conf_ = configuration_of(snapshot->meta.conf);
  } else {
    return change;
  }
  pending_.push_back({write_id, file, submitted_, last(), snapshot_,
                      change.replaced_from == 0 ? UINT64_MAX : change.replaced_from});
  return change;
}

void Shadow::durable(std::uint64_t write_id) {
  const auto at = std::find_if(pending_.begin(), pending_.end(),
                               [&](const Pending& p) { return p.write_id == write_id; });
  if (at == pending_.end()) return;
  const Pending done = *at;
  if (done.file == FileId::log) {
    durable_ = done.hard_state;
    durable_last_ = done.last;
  } else {
    durable_snapshot_ = done.snapshot;
  }
  // With it, every earlier write of its file.
  auto keep = pending_.begin();
  for (auto it = pending_.begin(); it != pending_.end(); ++it) {
    if (it->file == done.file && it <= at) continue;
    if (keep != it) *keep = *it;
    ++keep;
  }
  pending_.erase(keep, pending_.end());
}

void Shadow::failed(std::uint64_t write_id) {
  const auto at = std::find_if(pending_.begin(), pending_.end(),
                               [&](const Pending& p) { return p.write_id == write_id; });
  if (at == pending_.end()) return;
  const FileId file = at->file;
  for (auto it = at; it != pending_.end(); ++it) {
    if (it->file == file && file == FileId::log) failed_last_ = std::min(failed_last_, it->last);
  }
  pending_.erase(
      std::remove_if(at, pending_.end(), [&](const Pending& p) { return p.file == file; }),
      pending_.end());
}

std::uint64_t Shadow::durable_as_submitted() const {
  std::uint64_t same = durable_last_;
  for (const Pending& pending : pending_) same = std::min(same, pending.replaced_from - 1);
  return std::max(same, durable_snapshot_.index);
}

DiskState Shadow::disk_state() const {
  std::uint64_t shortest = std::min(durable_last_, failed_last_);
  for (const Pending& pending : pending_) {
    if (pending.file == FileId::log) shortest = std::min(shortest, pending.last);
  }
  const std::uint64_t snapshot = durable_snapshot_.index;
  return {durable_, durable_last(), std::max(shortest, snapshot), snapshot};
}

bool Shadow::started(std::span<const FileContent> files) {
  ByteView log, snapshot;
  for (const FileContent& file : files) {
    if (file.file == FileId::log) log = file.bytes;
    if (file.file == FileId::snapshot) snapshot = file.bytes;
  }
  reset();
  if (log.empty() && snapshot.empty()) return true;
  const raft::RecoverResult found = raft::recover(log, snapshot);
  if (found.failure) return false;
  const raft::Recovered& recovered = found.recovered;
  base_ = {recovered.log.base_index().value, recovered.log.base_term().value,
           recovered.log.base_chain()};
  for (LogIndex i = recovered.log.first_index(); i <= recovered.log.last_index(); i = i.next()) {
    entries_.push_back({recovered.log.term(i)->value, recovered.log.chain(i)});
    if (recovered.log.entry(i).kind == raft::EntryKind::config) changes_.push_back(i.value);
  }
  submitted_ = durable_ = recovered.hard_state;
  durable_last_ = last();
  snapshot_ = durable_snapshot_ = {recovered.snapshot.index.value, recovered.snapshot.term.value,
                                   recovered.snapshot.chain};
  snapshot_conf_ = configuration_of(recovered.snapshot.conf);
  return true;
}

}  // namespace quorumlab::judge
