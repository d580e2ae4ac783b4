// The table of entries and the committed log. What an entry says is read once, when it is first
// seen.
#include "sim/judge/history.h"

#include "core/node/request.h"

namespace quorumlab::judge {
namespace {

std::uint64_t place_key(std::uint64_t index, std::uint64_t term) { return mix(index, term); }

}  // namespace

KnownEntry History::describe(const raft::Entry& entry, std::uint64_t chain) {
  KnownEntry known;
  known.term = entry.term.value;
  known.chain = chain;
  if (entry.kind == raft::EntryKind::config) known.change = read_change(entry.payload);
  if (entry.kind != raft::EntryKind::normal) return known;
  const auto request = decode_request(entry.payload);
  if (!request) return known;
  known.session = request->session;
  known.sequence = request->sequence;
  known.first_outstanding = request->first_outstanding;
  if (request->kind == Request::Kind::write) {
    known.key = key_hash(request->key);
    known.value = value_hash(request->value);
  } else if (request->kind == Request::Kind::erase) {
    known.key = key_hash(request->key);
  }
  return known;
}

// flags (1 joint, 2 leaves by itself), count, then for each step its kind and its node. Answers its
// place; 0 for what is no change.
std::uint64_t History::read_change(ByteView payload) {
  ByteReader in(payload);
  const std::uint8_t flags = in.u8();
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.remaining()) return 0;
  const Change change{(flags & 1) != 0, (flags & 2) != 0, static_cast<std::uint32_t>(steps_.size()),
                      static_cast<std::uint32_t>(count)};
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto kind = static_cast<MembershipChange::Kind>(in.u8() % 3);
    steps_.push_back({kind, NodeId{static_cast<std::uint32_t>(in.varint())}});
  }
  if (!in.finished()) {
    steps_.resize(change.begin);
    return 0;
  }
  changes_.push_back(change);
  return changes_.size();
}

std::uint64_t command_key(std::uint64_t session, std::uint64_t sequence) {
  if (session == 0) return 0;
  // Commands of one session follow each other, which FlatMap likes.
  const std::uint64_t key = mix(session, 0) + sequence;
  return key != 0 ? key : 1;
}
std::uint64_t key_hash(ByteView key) { return hash_bytes(key, 1) | 1; }
std::uint64_t value_hash(ByteView value) { return hash_bytes(value, 2) | 1; }

void History::reset() {
  entries_.clear();
  more_.clear();
  more_places_.clear();
  committed_.clear();
  changes_.clear();
  steps_.clear();
  changes_applied_.clear();
  last_change_.clear();
  first_place_.clear();
  sessions_.clear();
  frontier_ = 0;
}

bool History::written_first(const raft::Entry& entry, std::uint64_t chain) {
  const std::size_t at = static_cast<std::size_t>(entry.index.value);
  // An index out of all proportion can only come from damaged bytes; it is not worth its memory.
  if (at > entries_.size() + (std::size_t{1} << 24)) return true;
  if (at >= entries_.size()) entries_.resize(at + 1);
  KnownEntry& main = entries_[at];
  if (main.term == 0) {
    main = describe(entry, chain);
    return true;
  }
  if (main.term == entry.term.value) return main.chain == chain;
  std::uint64_t& place = more_places_.at(place_key(entry.index.value, entry.term.value));
  if (place == 0) {
    more_.push_back(describe(entry, chain));
    place = more_.size();
    return true;
  }
  return more_[static_cast<std::size_t>(place - 1)].chain == chain;
}

const KnownEntry* History::known(std::uint64_t index, std::uint64_t term) const {
  if (index >= entries_.size()) return nullptr;
  const KnownEntry& main = entries_[static_cast<std::size_t>(index)];
  if (main.term == term && term != 0) return &main;
  const std::uint64_t* place = more_places_.find(place_key(index, term));
  return place == nullptr ? nullptr : &more_[static_cast<std::size_t>(*place - 1)];
}

void History::applied_first(std::uint64_t index, std::uint64_t term, std::uint64_t chain) {
  if (index > committed_.size() + (std::size_t{1} << 24)) return;
  if (index >= committed_.size()) committed_.resize(static_cast<std::size_t>(index) + 1);
  CommittedEntry& entry = committed_[static_cast<std::size_t>(index)];
  entry.chain = chain;
  if (index == frontier_ + 1) {
    while (frontier_ + 1 < committed_.size() &&
           committed_[static_cast<std::size_t>(frontier_ + 1)].chain != 0) {
      ++frontier_;
    }
  }
  const KnownEntry* known_entry = known(index, term);
  if (known_entry == nullptr || known_entry->chain != chain) return;
  if (known_entry->change != 0) changes_applied_.push_back({index, known_entry->change});
  entry.command = command_key(known_entry->session, known_entry->sequence);
  entry.key = known_entry->key;
  entry.value = known_entry->value;
  entry.effect = takes_effect(*known_entry, index);
  if (entry.key != 0 && entry.effect) {
    std::uint64_t& last = last_change_.at(entry.key);
    entry.previous = last;
    last = index;
  }
}

// What the sessions of thesis 6.3 say about a command, in a few words of state for each session.
bool History::takes_effect(const KnownEntry& entry, std::uint64_t index) {
  if (entry.session == 0) return entry.key != 0;
  std::uint64_t& below = sessions_.at(entry.session);
  if (below == 0) below = 1;
  if (entry.first_outstanding > below) below = entry.first_outstanding;
  if (entry.sequence < below) return false;
  return first_place_.at(command_key(entry.session, entry.sequence), index) == index;
}

std::uint64_t History::last_change(std::uint64_t key, std::uint64_t index) const {
  const std::uint64_t* last = last_change_.find(key);
  std::uint64_t at = last == nullptr ? 0 : *last;
  while (at > index) at = committed_[static_cast<std::size_t>(at)].previous;
  return at;
}

std::uint64_t History::first_place(std::uint64_t command) const {
  const std::uint64_t* place = first_place_.find(command);
  return place == nullptr ? 0 : *place;
}

}  // namespace quorumlab::judge
