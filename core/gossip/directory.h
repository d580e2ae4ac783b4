// Names and addresses of members, interned: the tables of ten thousand nodes that know each other
// hold two 32-bit numbers for each member in place of its name, address, tags and versions. What is
// in here never changes and is never taken out, so that nodes may share one directory, and nothing
// that anybody can observe may depend on the numbers.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/gossip/address.h"
#include "core/gossip/known_states.h"

namespace quorumlab::gossip {

// A name. Counts up from 0 in the order in which names were met.
struct PeerId {
  std::uint32_t value = UINT32_MAX;
  constexpr auto operator<=>(const PeerId&) const = default;
  constexpr explicit operator bool() const { return value != UINT32_MAX; }
};
inline constexpr PeerId kNoPeer{};

// What a member says of itself, apart from its incarnation.
struct PeerRecord {
  PeerId peer;
  Address address;
  Bytes meta;                          // at most 512 bytes: serf's tags
  std::array<std::uint8_t, 6> vsn{};   // pmin, pmax, pcur, dmin, dmax, dcur; all 0: not told
};
struct RecordId {
  std::uint32_t value = UINT32_MAX;
  constexpr auto operator<=>(const RecordId&) const = default;
  constexpr explicit operator bool() const { return value != UINT32_MAX; }
};

class Directory {
 public:
  void clear();
  // The number of this name, new if need be.
  PeerId intern(std::string_view name);
  // kNoPeer if nobody ever mentioned it.
  PeerId find(std::string_view name) const;
  // The same, guessing first that it is this one.
  PeerId find(std::string_view name, PeerId guess) const {
    return guess.value < names_.size() && names_[guess.value] == name ? guess : find(name);
  }
  std::string_view name(PeerId id) const { return names_[id.value]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(names_.size()); }

  RecordId intern(PeerId peer, const Address& address, ByteView meta,
                  const std::array<std::uint8_t, 6>& vsn);
  const PeerRecord& record(RecordId id) const { return records_[id.value]; }
  std::uint32_t records() const { return static_cast<std::uint32_t>(records_.size()); }
  // What push/pulls say of each record, by its number.
  const KnownStates& states() const { return states_; }

 private:
  // Open addressing: number + 1, 0 for an empty place; at most half full.
  std::vector<std::uint32_t> name_places_, record_places_;
  std::vector<std::string> names_;
  std::vector<PeerRecord> records_;
  KnownStates states_;
};

}  // namespace quorumlab::gossip
