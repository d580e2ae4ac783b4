// The directory's two hash tables.
#include "core/gossip/directory.h"

#include <algorithm>

#include "core/base/hash.h"

namespace quorumlab::gossip {
namespace {

std::uint64_t hash_record(PeerId peer, const Address& address, ByteView meta,
                          const std::array<std::uint8_t, 6>& vsn) {
  std::uint64_t v = peer.value;
  for (const std::uint8_t byte : vsn) v = v << 8 | byte;
  const std::uint64_t a = hash_bytes(address.ip, address.size * 65536u + address.port);
  return hash_bytes(meta, mix(a, v));
}

// Where `same` holds, or the free place where it would stand. Places hold number + 1.
template <class Same>
std::size_t locate(const std::vector<std::uint32_t>& places, std::uint64_t hash, Same&& same) {
  const std::size_t mask = places.size() - 1;
  std::size_t i = static_cast<std::size_t>(hash) & mask;
  while (places[i] != 0 && !same(places[i] - 1)) i = (i + 1) & mask;
  return i;
}

}  // namespace

void Directory::clear() {
  std::fill(name_places_.begin(), name_places_.end(), 0u);
  std::fill(record_places_.begin(), record_places_.end(), 0u);
  names_.clear();
  records_.clear();
  states_.clear();
}

PeerId Directory::find(std::string_view name) const {
  if (name_places_.empty()) return kNoPeer;
  const std::size_t i = locate(name_places_, hash_bytes(as_bytes(name)),
                               [&](std::uint32_t n) { return names_[n] == name; });
  return name_places_[i] == 0 ? kNoPeer : PeerId{name_places_[i] - 1};
}

PeerId Directory::intern(std::string_view name) {
  if (const PeerId known = find(name)) return known;
  names_.emplace_back(name);
  if (names_.size() * 2 > name_places_.size()) {
    name_places_.assign(std::max<std::size_t>(16, name_places_.size() * 2), 0);
    for (std::uint32_t n = 0; n < names_.size(); ++n) {
      name_places_[locate(name_places_, hash_bytes(as_bytes(names_[n])),
                          [](std::uint32_t) { return false; })] = n + 1;
    }
  } else {
    name_places_[locate(name_places_, hash_bytes(as_bytes(name)), [](std::uint32_t) {
      return false;
    })] = static_cast<std::uint32_t>(names_.size());
  }
  return {static_cast<std::uint32_t>(names_.size() - 1)};
}

RecordId Directory::intern(PeerId peer, const Address& address, ByteView meta,
                           const std::array<std::uint8_t, 6>& vsn) {
  const auto same = [&](std::uint32_t n) {
    const PeerRecord& r = records_[n];
    return r.peer == peer && r.address == address && r.vsn == vsn &&
           std::ranges::equal(r.meta, meta);
  };
  if (!record_places_.empty()) {
    const std::size_t i = locate(record_places_, hash_record(peer, address, meta, vsn), same);
    if (record_places_[i] != 0) return {record_places_[i] - 1};
  }
  records_.push_back({peer, address, Bytes(meta.begin(), meta.end()), vsn});
  PushNodeState state;
  state.name = name(peer);
  state.address = address;
  state.meta = records_.back().meta;
  state.vsn.bytes = vsn;
  states_.add(state);
  const auto nobody = [](std::uint32_t) { return false; };
  if (records_.size() * 2 > record_places_.size()) {
    record_places_.assign(std::max<std::size_t>(16, record_places_.size() * 2), 0);
    for (std::uint32_t n = 0; n < records_.size(); ++n) {
      const PeerRecord& r = records_[n];
      const std::uint64_t hash = hash_record(r.peer, r.address, r.meta, r.vsn);
      record_places_[locate(record_places_, hash, nobody)] = n + 1;
    }
  } else {
    record_places_[locate(record_places_, hash_record(peer, address, meta, vsn), nobody)] =
        static_cast<std::uint32_t>(records_.size());
  }
  return {static_cast<std::uint32_t>(records_.size() - 1)};
}

}  // namespace quorumlab::gossip
