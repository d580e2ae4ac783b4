// The ring of what was met.
#include "core/gossip/event_ring.h"

#include <algorithm>

namespace quorumlab::gossip {
namespace {

constexpr std::uint32_t kEntryHead = 8;
// Of one slot. A node says one thing at each of its times, but a hostile one says what it likes.
constexpr std::size_t kMaxSlotBytes = 1 << 20;

bool same(ByteView a, ByteView b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

}  // namespace

void EventRing::reset(std::uint32_t slots) {
  for (Slot& slot : slots_) {
    slot.used = false;
    slot.entries.clear();
  }
  if (slots_.size() > slots) slots_.resize(slots);
  slots_wanted_ = slots;
  min_time_ = 0;
}

EventRing::Entry EventRing::entry_at(const Slot& slot, std::uint32_t offset, std::uint32_t& next) {
  const std::uint8_t* at = slot.entries.data() + offset;
  const std::uint32_t name = load_le32(at), payload = load_le32(at + 4);
  next = offset + kEntryHead + name + payload;
  return {slot.ltime, 0, offset == 0, {at + kEntryHead, name}, {at + kEntryHead + name, payload}};
}

RingVerdict EventRing::take(std::uint64_t ltime, ByteView name, ByteView payload, std::uint64_t now,
                            Rule once, const Rules& rules) {
  if (ltime < min_time_ && rules[Rule::event_min_time]) return RingVerdict::before_min_time;
  if (now > slots_wanted_ && ltime < now - slots_wanted_ && rules[Rule::event_window]) {
    return RingVerdict::outside_window;
  }
  const auto index = static_cast<std::uint32_t>(ltime % slots_wanted_);
  if (index >= slots_.size()) slots_.resize(index + 1);
  Slot& slot = slots_[index];
  if (slot.used && slot.ltime == ltime) {
    for (std::uint32_t at = 0; at < slot.entries.size();) {
      const Entry entry = entry_at(slot, at, at);
      if (same(entry.name, name) && same(entry.payload, payload)) {
        return rules[once] ? RingVerdict::duplicate : RingVerdict::accepted;
      }
    }
  } else {
    // Older or newer: the slot goes to who came last, whatever it held is forgotten.
    slot.used = true;
    slot.ltime = ltime;
    slot.entries.clear();
  }
  if (slot.entries.size() + name.size() + payload.size() > kMaxSlotBytes) return RingVerdict::full;
  ByteWriter out(slot.entries);
  out.u32(static_cast<std::uint32_t>(name.size()));
  out.u32(static_cast<std::uint32_t>(payload.size()));
  out.raw(name);
  out.raw(payload);
  return RingVerdict::accepted;
}

RingVerdict EventRing::take(std::uint64_t ltime, std::uint32_t id, std::uint64_t now,
                            const Rules& rules) {
  const std::uint8_t key[4] = {static_cast<std::uint8_t>(id), static_cast<std::uint8_t>(id >> 8),
                               static_cast<std::uint8_t>(id >> 16),
                               static_cast<std::uint8_t>(id >> 24)};
  return take(ltime, key, {}, now, Rule::query_once, rules);
}

bool EventRing::next(Position& position, Entry& entry) const {
  while (position.slot < slots_.size()) {
    const Slot& slot = slots_[position.slot];
    if (slot.used && position.offset < slot.entries.size()) {
      const std::uint32_t index = position.slot;
      entry = entry_at(slot, position.offset, position.offset);
      entry.slot = index;
      return true;
    }
    ++position.slot;
    position.offset = 0;
  }
  return false;
}

}  // namespace quorumlab::gossip
