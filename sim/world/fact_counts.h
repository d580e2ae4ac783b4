// How often each fact was emitted, by host. The numbers of facts have gaps, so they are packed
// first.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/fact.h"
#include "core/base/prefetch.h"
#include "sim/trace/record.h"

namespace quorumlab::world {

class FactCounts {
 public:
  void reset(std::uint32_t hosts) {
    const std::size_t size = static_cast<std::size_t>(hosts + 1) * kStride;
    if (hosts == hosts_ && counts_.size() == size && hosts <= kFewHosts) {
      forget_seen();
    } else {
      hosts_ = hosts;
      counts_.assign(size, 0);
    }
    seen_.fill(false);
  }
  void add(std::uint16_t kind, std::uint32_t host) {
    const std::size_t at = column(kind);
    seen_[at] = true;
    ++counts_[at];
    if (host - 1 < hosts_) ++counts_[host * kStride + at];
  }
  // Says that packets and probes of this host are counted soon.
  void prefetch(std::uint32_t host) const {
    for (const std::uint16_t kind : {static_cast<std::uint16_t>(trace::WorldFact::packet_sent),
                                     static_cast<std::uint16_t>(Fact::probe_started)}) {
      prefetch_line(&counts_[host * kStride + column(kind)]);
    }
  }
  // Of one host, or (0) of all.
  std::uint64_t get(std::uint16_t kind, std::uint32_t host) const {
    return host <= hosts_ ? counts_[host * kStride + column(kind)] : 0;
  }

 private:
  static constexpr std::size_t kNumbers = 512;
  static constexpr std::array<std::uint8_t, kNumbers> kColumns = [] {
    std::array<std::uint8_t, kNumbers> columns{};
    std::uint8_t next = 1;
#define X(name, number, meaning) columns[number] = next++;
    QUORUMLAB_CORE_FACTS(X)
    QUORUMLAB_WORLD_FACTS(X)
#undef X
    return columns;
  }();
  static constexpr std::size_t kStride = 1
#define X(name, number, meaning) +1
      QUORUMLAB_CORE_FACTS(X) QUORUMLAB_WORLD_FACTS(X)
#undef X
      ;
  static std::size_t column(std::uint16_t kind) { return kColumns[kind % kNumbers]; }

  // Most facts never happen in a short run, and clearing them would push what is needed next out of
  // the cache.
  void forget_seen() {
    for (std::size_t at = 0; at < kStride; ++at) {
      if (!seen_[at]) continue;
      for (std::size_t row = 0; row <= hosts_; ++row) counts_[row * kStride + at] = 0;
    }
  }

  static constexpr std::uint32_t kFewHosts = 64;
  std::uint32_t hosts_ = 0;
  std::array<bool, kStride> seen_{};   // columns in which something was counted
  std::vector<std::uint64_t> counts_;  // by host, from 1; before them of all
};

}  // namespace quorumlab::world
