// What clients were told: answered operations bind everything that comes after. Because the judges
// know the committed log, a read has exactly one right answer at the index it names.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "sim/judge/history.h"
#include "sim/judge/leader_completeness.h"
#include "sim/judge/verdicts.h"

namespace quorumlab::judge {

class Clients {
 public:
  void reset() {
    operations_.clear();
    places_.clear();
    floor_ = 0;
  }
  void invoked(std::uint64_t operation, ByteView request);
  void answered(Moment moment, std::uint64_t operation, NodeId server, std::uint64_t server_term,
                ByteView response, const History& history, LeaderCompleteness& completeness,
                Verdicts& verdicts);

 private:
  struct Operation {
    std::uint64_t command = 0;
    std::uint64_t key = 0;
    std::uint64_t floor = 0;  // nothing that began after an answer may be older than it
    std::uint8_t kind = 0;
  };
  std::vector<Operation> operations_;
  FlatMap places_;           // operation -> place in operations_, from 1
  std::uint64_t floor_ = 0;  // the furthest index any client was told of
};

}  // namespace quorumlab::judge
