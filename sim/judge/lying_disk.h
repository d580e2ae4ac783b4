// Disks that lose what they had called durable are beyond Raft's model: nobody survives them for
// sure, but they must be noticed. A node whose files are damaged before their end must refuse to
// start; one whose files are merely short cannot know, so the judges say when it takes part in an
// election as if it still had what it promised.
#pragma once

#include <cstdint>
#include <span>

#include "core/node/event.h"
#include "sim/judge/shadow.h"
#include "sim/judge/verdicts.h"

namespace quorumlab::judge {

// Something took away what had been durable: beyond Raft's model, to be noticed, not survived.
enum class Damage : std::uint8_t {
  wiped,
  rotted,
  lied  // a crash took writes that the disk had called durable
};

struct NodeDisk {
  bool damaged = false;      // since the last start
  bool must_refuse = false;  // its files were unreadable when it started
  // What it had promised and the disk no longer holds; all zero: nothing.
  std::uint64_t lost_last = 0;
  std::uint64_t lost_term = 0;
  NodeId lost_vote_for;

  void reset() { *this = {}; }
  // It starts with `after` on disk (nothing that can be trusted if not `readable`), and a life that
  // ended with `before`.
  void started(Moment moment, NodeId node, bool readable, const DiskState& before,
               const DiskState& after, Verdicts& verdicts);
  // It takes part in the election of `term`: as a voter, or as a candidate.
  void takes_part(Moment moment, NodeId node, std::uint64_t term, const Shadow& shadow,
                  Verdicts& verdicts);
  // It does anything at all that others see.
  void acts(Moment moment, NodeId node, Verdicts& verdicts) {
    if (must_refuse) [[unlikely]] {
      verdicts.check(Checker::lying_disk_noticed, false, moment, node, kNobody, 0, 0);
    }
  }
};

}  // namespace quorumlab::judge
