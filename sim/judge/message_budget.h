// What a member may send. In a second: its probes, its gossip, and answers to everybody else's
// probes. In its life: every piece of news as often as the transmit limit says (SWIM 4.1), so that
// what is passed on again without being news (serf 959cea6) shows as soon as it goes round for ever.
#pragma once

#include <algorithm>
#include <vector>

#include "core/base/prefetch.h"
#include "sim/judge/agents.h"

namespace quorumlab::judge {

class MessageBudget {
 public:
  void reset(std::uint32_t agents) {
    agents_.assign(agents + 1, State{});
    rises_ = 0;
  }
  void prefetch(NodeId node) const {
    prefetch_lines(&agents_[node.value], &agents_[node.value] + 1);
  }
  void started(NodeId node) {
    agents_[node.value] = {};
    agents_[node.value].rises_before = rises_;
  }
  // Something that the agent passes on.
  void news(NodeId node) { ++agents_[node.value].news; }
  // Somebody raised its own incarnation: others pass that on without a note.
  void rise() { ++rises_; }
  // Packets that go straight to whoever asked.
  void answers(NodeId node, std::uint32_t packets) {
    agents_[node.value].answers += packets;
    agents_[node.value].answers_now += packets;
  }
  void sent(Moment moment, NodeId node, std::uint8_t kind, std::size_t bytes, const Agents& agents,
            Verdicts& verdicts) {
    State& state = agents_[node.value];
    const GossipBounds& bounds = agents.bounds();
    const std::int64_t second = moment.time_ns / 1'000'000'000;
    if (second != state.second) {
      state.second = second;
      state.packets = 0;
      state.bytes = 0;
      state.answers_now = 0;
    }
    ++state.packets;
    state.bytes += bytes;
    // What waited at a paused process or behind a clog comes all at once.
    constexpr std::int64_t kBurst = 2'000'000'000;
    const std::int64_t since = std::max(agents.disturbed_ns(), agents[node].up_ns);
    if (agents.calm() && moment.time_ns > since + kBurst) {
      const std::uint64_t packets = bounds.packets + state.answers_now;
      verdicts.check(Checker::message_budget, state.packets <= packets, moment, node, kNobody,
                     state.packets, packets);
      const std::uint64_t most = packets * bounds.packet_bytes;
      verdicts.check(Checker::message_budget, state.bytes <= most, moment, node, kNobody,
                     state.bytes, most);
    }
    if (!is_rumour(kind) || agents.is_confused()) return;
    ++state.rumours;
    const std::uint64_t messages = state.news + (rises_ - state.rises_before) + kSlack;
    const std::uint64_t most = messages * std::max(bounds.limit, 1u) + state.answers;
    verdicts.check(Checker::message_budget, state.rumours <= most, moment, node, kNobody,
                   state.rumours, most);
  }

 private:
  static constexpr std::uint64_t kSlack = 4;  // messages without a note, as at the start
  // Suspect, alive, dead, user; probes and their answers are of other kinds whatever they carry.
  static bool is_rumour(std::uint8_t kind) { return (kind >= 3 && kind <= 5) || kind == 8; }
  struct State {
    std::int64_t second = -1;
    std::uint64_t packets = 0, bytes = 0, answers_now = 0;  // in this second
    std::uint64_t news = 0, answers = 0, rumours = 0, rises_before = 0;
  };
  std::vector<State> agents_;
  std::uint64_t rises_ = 0;
};

}  // namespace quorumlab::judge
