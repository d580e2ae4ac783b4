// How news spreads through a cluster of agents: who learnt of it when.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "sim/trace/trace.h"

namespace quorumlab::viz {

// One piece of news, from the moment at which the first agent knew.
struct Spread {
  enum class Kind : std::uint8_t { alive, suspect, dead, left, event };
  Kind kind = Kind::alive;
  std::uint32_t about = 0;       // the member; of an event: who told it first
  std::uint64_t number = 0;      // incarnation, or Lamport time
  std::uint64_t hash = 0;        // of an event
  trace::RecordId record = 0;    // the first
  std::vector<std::int64_t> known_ns;  // ascending: the first, the second agent ...
};

class Spreads {
 public:
  // `hosts`: how many there are; news of members is not followed in clusters of thousands.
  explicit Spreads(std::size_t hosts) : hosts_(hosts) {}
  void take(const trace::Trace& trace, trace::RecordId id);
  // The news that began last by then; null: none did.
  const Spread* newest(trace::RecordId by) const;
  const std::vector<Spread>& all() const { return all_; }  // by their first record

 private:
  using Key = std::tuple<Spread::Kind, std::uint32_t, std::uint64_t, std::uint64_t>;
  std::size_t hosts_;
  std::vector<Spread> all_;
  std::map<Key, std::size_t> places_;
  std::vector<std::vector<bool>> knows_;  // by news, then host: an agent learns once
};

}  // namespace quorumlab::viz
