// Distributions of latency, the fate of packets on links that are not plain, and the acts that
// change the network.
#include "sim/world/network.h"

#include <algorithm>

#include "core/base/assert.h"
#include "core/base/fixed_log.h"

namespace quorumlab::world {
namespace {

__extension__ using Int128 = __int128;

// No draw of an unbounded distribution lasts longer: it would outlive any run.
constexpr Duration kLongest = seconds(3600);

// How long the sender of reliable traffic waits before it sends a lost piece again.
constexpr Duration kRetransmit = milliseconds(200);

Duration scaled(Duration unit, std::uint64_t q32) {
  const Uint128 product = static_cast<Uint128>(static_cast<std::uint64_t>(unit.ns)) * q32;
  const Uint128 ns = product >> 32;
  return ns > static_cast<Uint128>(kLongest.ns) ? kLongest
                                                : Duration{static_cast<std::int64_t>(ns)};
}

bool contains(const std::vector<NodeId>& group, std::uint32_t host) {
  return std::find(group.begin(), group.end(), NodeId{host}) != group.end();
}

}  // namespace

void PairSet::set(std::uint32_t source, std::uint32_t target, bool on) {
  if (source > hosts_ || target > hosts_ || has(source, target) == on) return;
  if (bits_.empty()) bits_.resize(static_cast<std::size_t>(hosts_ + 1) * words_);
  bits_[source * words_ + target / 64] ^= std::uint64_t{1} << (target % 64);
  count_ += on ? 1 : std::uint64_t(-1);
}

std::uint64_t PairSet::touched() const {
  std::uint64_t result = 0;
  for (std::uint32_t source = 1; source <= std::min(hosts_, 64u); ++source) {
    for (std::uint32_t target = 1; target <= std::min(hosts_, 64u); ++target) {
      if (has(source, target)) {
        result |= std::uint64_t{1} << (source - 1) | std::uint64_t{1} << (target - 1);
      }
    }
  }
  return result;
}

bool PairSet::any_of(std::uint32_t source) const {
  for (std::uint32_t target = 1; target <= hosts_; ++target) {
    if (has(source, target)) return true;
  }
  return false;
}

std::uint64_t PairSet::targets_of(std::uint32_t source, std::uint32_t word) const {
  std::uint64_t result = 0;
  for (std::uint32_t i = 0; i < 64; ++i) {
    if (has(source, word * 64 + i + 1)) result |= std::uint64_t{1} << i;
  }
  return result;
}

void KeyedNumbers::clear() {
  if (used_ != 0) std::fill(cells_.begin(), cells_.end(), Cell{});
  used_ = 0;
}

const std::uint64_t* KeyedNumbers::find(std::uint64_t key) const {
  if (used_ == 0) return nullptr;
  const std::size_t mask = cells_.size() - 1;
  for (std::size_t i = mix(key, 0) & mask; cells_[i].key != 0; i = (i + 1) & mask) {
    if (cells_[i].key == key) return &cells_[i].value;
  }
  return nullptr;
}

std::uint64_t& KeyedNumbers::at(std::uint64_t key) {
  if ((used_ + 1) * 2 > cells_.size()) grow();
  const std::size_t mask = cells_.size() - 1;
  std::size_t i = mix(key, 0) & mask;
  while (cells_[i].key != 0 && cells_[i].key != key) i = (i + 1) & mask;
  if (cells_[i].key == 0) {
    cells_[i].key = key;
    ++used_;
  }
  return cells_[i].value;
}

void KeyedNumbers::grow() {
  std::vector<Cell> old(cells_.empty() ? 64 : cells_.size() * 2);
  old.swap(cells_);
  const std::size_t mask = cells_.size() - 1;
  for (const Cell& cell : old) {
    if (cell.key == 0) continue;
    std::size_t i = mix(cell.key, 0) & mask;
    while (cells_[i].key != 0) i = (i + 1) & mask;
    cells_[i] = cell;
  }
}

void Network::reset(std::uint32_t hosts, const LinkSettings& all,
                    const std::vector<std::vector<Duration>>& tables, std::uint64_t seed) {
  hosts_ = hosts;
  stride_ = hosts + 1;
  seed_ = seed;
  dense_ = hosts <= kDenseHosts;
  default_ = all;
  overrides_.clear();
  override_of_.clear();
  busy_until_.clear();
  sparse_ordinals_.clear();
  forget_ordinals();
  sender_ordinals_.assign(stride_, 0);
  tables_ = tables;
  cuts_.reset(hosts);
  clogs_.reset(hosts);
  derive_plain();
}

// Most kinds are never sent in a short run; those that were are few.
void Network::forget_ordinals() {
  const std::size_t size = dense_ ? static_cast<std::size_t>(stride_) * stride_ * kColumns : 0;
  if (ordinals_.size() != size) {
    ordinals_.assign(size, 0);
  } else {
    for (std::size_t column = 0; column < kColumns; ++column) {
      if (!seen_columns_[column]) continue;
      for (std::size_t at = column; at < size; at += kColumns) ordinals_[at] = 0;
    }
  }
  seen_columns_.fill(false);
}

bool Network::arrives_within(Duration longest) const {
  const auto fast = [&](const LinkSettings& link) {
    Duration most = link.latency.a;
    switch (link.latency.kind) {
      case Latency::Kind::constant:
        break;
      case Latency::Kind::uniform:
        most = link.latency.b;
        break;
      default:
        return false;
    }
    if (link.reorder.parts != 0) most = most + link.reorder_by;
    return link.bandwidth == 0 && most < longest;
  };
  return fast(default_) && std::all_of(overrides_.begin(), overrides_.end(), fast);
}

void Network::derive_plain() {
  const bool simple = default_.loss.parts == 0 && default_.duplicate.parts == 0 &&
                      default_.corrupt.parts == 0 && default_.reorder.parts == 0 &&
                      default_.bandwidth == 0;
  plain_ = simple && overrides_.empty() && cuts_.empty() && clogs_.empty();
}

const LinkSettings& Network::link(std::uint32_t source, std::uint32_t target) const {
  if (overrides_.empty()) return default_;
  const std::uint64_t* number = override_of_.find(key(source, target, 0));
  return number == nullptr || *number == 0 ? default_ : overrides_[*number - 1];
}

Duration Network::slow_latency(const Latency& latency, std::uint64_t draw) const {
  switch (latency.kind) {
    case Latency::Kind::constant:
      return latency.a;
    case Latency::Kind::uniform:
      return uniform(draw, latency.a, latency.b);
    case Latency::Kind::exponential:
      return latency.a + scaled(latency.b, exponential_q32(draw));
    case Latency::Kind::heavy_tail: {
      // Pareto beyond a: a + s * (u^(-2/3) - 1), whose median is b when s = (b - a) / (2^(2/3) -
      // 1).
      const std::uint64_t bits = log2_q32(UINT64_MAX) - log2_q32(draw | 1);  // -log2 u
      const std::uint64_t power = exp2_q32(bits / 3 * 2) - (std::uint64_t{1} << 32);
      constexpr std::uint64_t kInverse = 7311752549u;  // 2^32 / (2^(2/3) - 1)
      const Duration above = latency.b > latency.a ? latency.b - latency.a : Duration{0};
      // Nothing takes for ever: a draw in 70,000 ends here, else one would come to hours.
      return std::min(latency.a + scaled(scaled(above, kInverse), power), latency.b * 1'000);
    }
    case Latency::Kind::measured: {
      if (latency.table >= tables_.size() || tables_[latency.table].empty()) return latency.a;
      const std::vector<Duration>& table = tables_[latency.table];
      if (table.size() == 1) return table[0];
      const Uint128 place = static_cast<Uint128>(draw) * (table.size() - 1);
      const std::size_t i = static_cast<std::size_t>(place >> 64);
      const Duration step = table[i + 1] - table[i];
      return table[i] + Duration{static_cast<std::int64_t>(
                            (static_cast<Int128>(step.ns) *
                             static_cast<std::int64_t>(static_cast<std::uint64_t>(place) >> 32)) >>
                            32)};
    }
  }
  return latency.a;
}

// How long the packet waits for its turn and then takes to get onto the link.
Duration Network::queueing(Instant now, std::uint32_t source, std::uint32_t target,
                           const LinkSettings& settings, std::uint32_t size) {
  if (settings.bandwidth == 0) return {0};
  std::uint64_t& busy = busy_until_.at(key(source, target, 0));
  const std::uint64_t start = std::max(busy, static_cast<std::uint64_t>(now.ns));
  const std::uint64_t takes =
      static_cast<std::uint64_t>(static_cast<Uint128>(size) * 1'000'000'000 / settings.bandwidth);
  busy = start + takes;
  return {static_cast<std::int64_t>(busy) - now.ns};
}

Network::Fate Network::fate(Instant now, std::uint32_t source, std::uint32_t target,
                            std::uint64_t base, std::uint32_t size) {
  const LinkSettings& settings = link(source, target);
  Fate fate;
  const Duration queue = queueing(now, source, target, settings, size);
  fate.lost = settings.loss.hit(draw(base, Purpose::loss));
  Duration flight = latency(settings.latency, draw(base, Purpose::latency));
  if (settings.reorder.hit(draw(base, Purpose::reorder))) {
    flight = flight + uniform(draw(base, Purpose::reorder_by), {0}, settings.reorder_by);
  }
  fate.arrival = now + queue + flight;
  fate.duplicate = settings.duplicate.hit(draw(base, Purpose::duplicate));
  fate.second_arrival =
      now + queue + latency(settings.latency, draw(base, Purpose::duplicate_latency));
  fate.corrupt = size != 0 && settings.corrupt.hit(draw(base, Purpose::corrupt));
  if (fate.corrupt) {
    const std::uint64_t bit = below(draw(base, Purpose::corrupt_bit), std::uint64_t{size} * 8);
    fate.corrupt_byte = static_cast<std::uint32_t>(bit / 8);
    fate.corrupt_bit = static_cast<std::uint32_t>(bit % 8);
  }
  return fate;
}

Instant Network::reliable_arrival(Instant now, std::uint32_t source, std::uint32_t target,
                                  std::uint32_t traffic, std::uint32_t size) {
  const std::uint64_t b = base(source, target, traffic, next_ordinal(source, target, traffic));
  const LinkSettings& settings = link(source, target);
  Instant at = now + queueing(now, source, target, settings, size) +
               latency(settings.latency, draw(b, Purpose::latency));
  // Each loss costs a retransmission; after a few the connection would be given up anyway.
  for (std::uint64_t i = 0; i < 8; ++i) {
    if (!settings.loss.hit(draw(b + i * kHash0, Purpose::retransmit))) break;
    at = at + kRetransmit;
  }
  return at;
}

template <class Act>
void Network::each_pair(const std::vector<std::vector<NodeId>>& groups, Act&& act) const {
  for (std::uint32_t source = 1; source <= hosts_; ++source) {
    if (groups.size() > 0 && !groups[0].empty() && !contains(groups[0], source)) continue;
    for (std::uint32_t target = 1; target <= hosts_; ++target) {
      if (source == target) continue;
      if (groups.size() > 1 && !groups[1].empty() && !contains(groups[1], target)) continue;
      act(source, target);
    }
  }
}

// A host that stands in two groups can talk to both: bridges and rings are written so.
void Network::partition(const std::vector<std::vector<NodeId>>& groups) {
  for (const std::vector<NodeId>& from : groups) {
    for (const std::vector<NodeId>& to : groups) {
      for (const NodeId source : from) {
        for (const NodeId target : to) {
          if (source == target || !source || !target) continue;
          bool together = false;
          for (const std::vector<NodeId>& group : groups) {
            together = together || (contains(group, source.value) && contains(group, target.value));
          }
          if (!together) cuts_.set(source.value, target.value, true);
        }
      }
    }
  }
  derive_plain();
}

void Network::cut(const std::vector<std::vector<NodeId>>& groups) {
  each_pair(groups, [&](std::uint32_t s, std::uint32_t t) { cuts_.set(s, t, true); });
  derive_plain();
}

void Network::heal(const std::vector<std::vector<NodeId>>& groups) {
  if (groups.empty()) {
    cuts_.clear();
  } else {
    for (std::size_t i = 0; i < groups.size(); ++i) {
      for (std::size_t j = 0; j < groups.size(); ++j) {
        if (i == j && groups.size() > 1) continue;
        for (const NodeId source : groups[i]) {
          for (const NodeId target : groups[j]) cuts_.set(source.value, target.value, false);
        }
      }
    }
  }
  derive_plain();
}

void Network::set_link(const std::vector<std::vector<NodeId>>& groups,
                       const LinkSettings& settings) {
  const bool all = std::all_of(groups.begin(), groups.end(),
                               [](const std::vector<NodeId>& group) { return group.empty(); });
  if (all) {
    default_ = settings;
    overrides_.clear();
    override_of_.clear();
  } else {
    std::uint64_t number = 0;
    if (!(settings == default_)) {
      overrides_.push_back(settings);
      number = overrides_.size();
    }
    each_pair(groups,
              [&](std::uint32_t s, std::uint32_t t) { override_of_.at(key(s, t, 0)) = number; });
  }
  derive_plain();
}

void Network::clog(const std::vector<std::vector<NodeId>>& groups, bool on) {
  each_pair(groups, [&](std::uint32_t s, std::uint32_t t) { clogs_.set(s, t, on); });
  derive_plain();
}

}  // namespace quorumlab::world
