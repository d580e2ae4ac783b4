// What the judges of gossip know: what the world did to each host, what each agent believes of each
// other by its own notes, and the bounds that follow from the configuration. Pairs of agents take
// memory that grows with the square of their number: beyond kMostPairs agents none are kept, and the
// checkers that need them look at nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/types.h"
#include "core/gossip/config.h"
#include "core/gossip/engine.h"
#include "sim/judge/verdicts.h"

namespace quorumlab::judge {

// How long things may take, from the configuration, among so many agents.
struct GossipBounds {
  Duration walk_step;      // of the probe walk, for a healthy agent: one probe interval
  std::uint32_t walk = 0;  // steps until everybody was probed: 2n - 1 (SWIM 4.3), and two for phases
  Duration suspicion_minimum, suspicion_maximum;
  Duration dissemination;  // a message sent as often as it may be
  Duration exchanges;      // enough push/pulls for news to reach everybody; 0: there are none
  Duration reconnects;     // enough attempts for two halves to meet again; 0: there are none
  std::uint32_t limit = 0;  // transmissions of one message by one member (SWIM 4.1)
  std::uint32_t packets = 0;      // by one member in a second, beside answers to queries
  std::uint32_t packet_bytes = 0;  // of one packet
  std::uint32_t event_buffer = 0;

  static GossipBounds of(const gossip::Config& config, std::uint32_t agents);
};

// One agent's belief about another.
struct Belief {
  std::int64_t since_ns = 0;
  std::uint32_t incarnation = 0;
  std::uint32_t probed = 0;  // the believer's count of probes when it last probed this one; 0: never
  std::uint32_t leave_ltime = 0;  // of the latest intent by which it leaves
  gossip::State state = gossip::State::unknown;
  gossip::Status status = gossip::Status::none;
};

struct Agent {
  enum class Life : std::uint8_t { unborn, running, paused, down };
  Life life = Life::unborn;
  bool leaving = false;        // it said so in this life
  bool slow_or_fast = false;   // its clock is not to be relied on
  std::uint32_t starts = 0;
  std::uint32_t probes = 0;    // started in this life
  std::uint32_t group = 0;     // of those that exchanged states with each other
  std::uint64_t told_to_leave = 0;  // the latest Lamport time of an intent that it leaves, heard by it
  std::int64_t up_ns = 0;      // start, or end of the last pause
  std::int64_t down_ns = 0;
  std::int64_t grouped_ns = 0;  // when its group last changed
  bool running() const { return life == Life::running; }
};

class Agents {
 public:
  static constexpr std::uint32_t kMostPairs = 512;

  void reset(const gossip::Config& config, std::uint32_t count, bool links_calm);

  std::uint32_t count() const { return count_; }
  bool is_agent(NodeId id) const { return id.value >= 1 && id.value <= count_; }
  Agent& operator[](NodeId id) { return agents_[id.value]; }
  const Agent& operator[](NodeId id) const { return agents_[id.value]; }
  bool pairs() const { return count_ <= kMostPairs; }
  Belief& belief(NodeId of, NodeId about) {
    return beliefs_[(of.value - 1) * std::size_t{count_} + about.value - 1];
  }
  const Belief& belief(NodeId of, NodeId about) const {
    return const_cast<Agents*>(this)->belief(of, about);
  }
  // Counts all changes but those of probes: as long as it is the same, all agree or differ as before.
  std::uint64_t version() const { return version_; }
  void believes_otherwise() { ++version_; }
  const GossipBounds& bounds() const { return bounds_; }

  // The world.
  void started(NodeId id, std::int64_t now_ns);
  void down(NodeId id, std::int64_t now_ns);
  void paused(NodeId id, std::int64_t now_ns);
  void resumed(NodeId id, std::int64_t now_ns);
  // Something in the network or a clock is not as promised at this moment.
  void disturbed(std::int64_t now_ns) {
    disturbed_ns_ = now_ns;
    changed(now_ns);
  }
  void cuts(std::int64_t now_ns, std::uint64_t in_force);
  void links(std::int64_t now_ns, bool calm);
  void clock(NodeId id, std::int64_t now_ns, bool faulty);
  // Somebody comes, goes, or says something new: views may differ for a while.
  void changed(std::int64_t now_ns) {
    changed_ns_ = now_ns;
    ++version_;
  }
  // A name has two hosts: hosts no longer stand for members.
  void confused() {
    confused_ = true;
    ++version_;
  }
  bool is_confused() const { return confused_; }
  // `a` and `b` told each other all they know.
  void exchanged(NodeId a, NodeId b, std::int64_t now_ns);
  void health(std::uint64_t score) {
    if (score <= worst_health_) return;
    worst_health_ = static_cast<std::uint32_t>(score);
    ++version_;
  }

  // Network and clocks are such that promises hold; since when they have been.
  bool calm() const { return cuts_ == 0 && links_calm_ && faulty_clocks_ == 0 && !confused_; }
  // All clocks go as they should, and have done so since then.
  bool clocks_true_since(std::int64_t then_ns) const {
    return faulty_clocks_ == 0 && clocks_true_ns_ <= then_ns;
  }
  std::int64_t disturbed_ns() const { return disturbed_ns_; }
  std::int64_t changed_ns() const { return changed_ns_; }
  // A death is found within this time by every agent on its own: its walk as slow as its health ever
  // made one here, and the longest suspicion.
  Duration settling() const {
    return bounds_.walk_step * static_cast<std::int64_t>(bounds_.walk * (1 + worst_health_)) +
           bounds_.suspicion_maximum + bounds_.dissemination;
  }

 private:
  std::uint32_t count_ = 0;
  GossipBounds bounds_;
  std::vector<Agent> agents_;    // by id; 0 unused
  std::vector<Belief> beliefs_;  // by believer, then by whom it is about
  std::uint32_t groups_ = 0;
  std::uint64_t cuts_ = 0;
  std::uint32_t faulty_clocks_ = 0, worst_health_ = 0;
  bool links_calm_ = true, confused_ = false;
  std::int64_t disturbed_ns_ = 0, changed_ns_ = 0, clocks_true_ns_ = 0;
  std::uint64_t version_ = 0;
};

}  // namespace quorumlab::judge
