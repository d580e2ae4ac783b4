// One server: the Raft engine with its state machine, and the gossip engine with its agent, behind the
// seam of event.h. Both worlds drive exactly this. The node turns what the engines want into writes,
// packets and replies, and remembers which client waits for which log index.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/gossip/engine.h"
#include "core/node/agent.h"
#include "core/node/autopilot.h"
#include "core/node/event.h"
#include "core/node/kv_part.h"
#include "core/node/request.h"
#include "core/node/state_machine.h"
#include "core/raft/engine.h"

namespace quorumlab {

struct NodeConfig {
  // Which engines this server runs; either may be missing.
  bool run_raft = true;
  bool run_gossip = false;
  // The replicated state machine is the etcd v2 store; else it is a map (state_machine.h).
  bool run_kv = false;
  raft::Config raft;
  gossip::Config gossip;
  KvConfig kv;
  AutopilotConfig autopilot;  // needs both engines
  // A snapshot is taken every so many applied entries; 0: never.
  std::uint64_t snapshot_every = 10'000;
  // Entries kept in the log behind a snapshot, for followers that lag a little.
  std::uint64_t snapshot_keep = 1'000;
  // Commands that arrive while no leader is known wait for one, as in etcd (whose Propose blocks),
  // up to so many; 0: they are refused at once and the client must try again.
  std::uint32_t hold_without_leader = 1'024;
};

class Node {
 public:
  Node() = default;
  // The process exists but has not started; the first event must be Event::Kind::started.
  Node(const NodeConfig& config, const Random& random) { reset(config, random); }
  // The same, keeping every buffer.
  void reset(const NodeConfig& config, const Random& random);

  void step(Now now, const Event& event, Effects& out);

  // Benchmarks only: see gossip::Engine::settle. What is to be done stays empty but for the deadline.
  void settle(Now now, std::span<const gossip::Engine::Self> members, Effects& out);

  // Says that a step comes soon.
  void prefetch() const {
    prefetch_lines(this, reinterpret_cast<const char*>(this) + 1);
    prefetch_lines(&running_, &open_writes_);
    gossip_.prefetch();
  }

  const raft::Status& status() const { return engine_.status(); }
  const raft::Engine& raft() const { return engine_; }
  const gossip::Engine& gossip() const { return gossip_; }
  // The names that the gossip engine's numbers stand for, unless the owner lent its own.
  const gossip::Directory& names() const { return names_; }
  const StateMachine& state() const { return state_; }
  // Null without the etcd store.
  const kv::Server* kv() const { return kv_.empty() ? nullptr : &kv_.front().server; }
  // Switches a rule, now and for later starts.
  void set_rule(raft::Rule rule, bool on);
  void set_rule(gossip::Rule rule, bool on);
  void set_rule(kv::Rule rule, bool on);

 private:
  // A client's command on its way: first until the leader says where it stands (index 0), then until
  // that index is applied.
  struct Pending {
    LogIndex index;
    Term term;
    std::uint64_t request = 0;
  };
  struct PendingRead {
    LogIndex index;
    std::uint64_t request = 0;
    bool confirmed = false;
    std::string key;
  };
  // A write under way, by the number the world knows, and what it means to the engine.
  struct OpenWrite {
    enum class Purpose : std::uint8_t { engine_log, engine_snapshot, own_snapshot, own_log, members };
    std::uint64_t id = 0;
    std::uint64_t engine_id = 0;
    Purpose purpose = Purpose::engine_log;
  };

  void raft_step(Now now, const Event& event, Effects& out);
  void start_raft(Now now, const Event& event, Effects& out);
  // gossip_part.cpp
  bool is_members_write(std::uint64_t id) const;
  void gossip_step(Now now, const Event& event, Effects& out);
  void agent_command(const gossip::Turn& turn, const Event& event, Effects& out);
  void carry_out_gossip(const gossip::Turn& turn, Effects& out);
  // kv_part.cpp
  static bool is_own_proposal(std::uint64_t id);
  void reset_kv();
  kv::RaftView raft_view() const;
  Instant connected_since(NodeId leader) const;
  void watch_ways(Now now, const Event& event);
  void start_kv(Now now);
  void kv_step(Now now, const Event& event, Effects& out);
  void on_http_request(Now now, const Event& event, Effects& out);
  void carry_out_kv(Now now, Effects& out);
  void propose_own(Now now, std::uint64_t id, ByteView command);
  void own_proposal_dropped(Now now, std::uint64_t id, Reason reason);
  void change_members(Now now, const kv::MembershipRequest& request);
  // autopilot.cpp
  void autopilot_step(Now now, const Event& event, Effects& out);
  void look_at_members(Now now, const gossip::Directory& names);
  void list_voters(Now now, const raft::ConfState& conf, Effects& out);
  void steer(Now now, Effects& out);
  // node.cpp
  [[nodiscard]] bool restore_state(Now now, ByteView bytes, LogIndex index, Term term);
  void encode_state(Bytes& out) const;
  void on_write_durable(Now now, std::uint64_t id, Effects& out);
  void on_request(Now now, const Event& event, Effects& out);
  void propose(Now now, ByteView command, std::uint64_t request, Effects& out);
  void propose_held(Now now, Effects& out);
  void forget_request(std::uint64_t request);
  // Carries out all that the engine wants; leaves nothing undone.
  void drain(Now now, Effects& out);
  void take_outcomes(Now now, Effects& out);
  [[nodiscard]] bool restore_snapshot(Now now, Effects& out);
  void take_reads(Effects& out);
  std::uint64_t submit_log_write(Effects& out);
  void send(const raft::Message& message, std::uint64_t after_write, Effects& out);
  void apply_committed(Now now, Effects& out);
  void place(const Pending& pending);
  void answer_committed(LogIndex index, Term term, const StateMachine::Outcome& outcome,
                        Effects& out);
  void answer_reads(Effects& out);
  void read_now(std::uint64_t request, std::string_view key, Effects& out);
  void reply(std::uint64_t request, const Response& response, Effects& out);
  void reply_dropped(std::uint64_t request, Reason reason, Effects& out);
  void maybe_snapshot(Effects& out);
  void rewrite_log(Effects& out);
  std::uint64_t submit(FileId file, Effects::Write::Mode mode, Slice bytes,
                       OpenWrite::Purpose purpose, std::uint64_t engine_id, Effects& out);

  NodeConfig config_;
  Random random_;
  raft::Engine engine_;
  StateMachine state_;
  raft::Ready ready_;
  bool running_ = false;
  bool log_has_header_ = false;
  std::uint64_t next_write_ = 0;
  std::vector<OpenWrite> open_writes_;
  struct Held {
    std::uint64_t request = 0;
    Instant since;
    Bytes command;
  };
  std::vector<Held> held_;         // no leader to take them yet
  std::vector<Pending> unplaced_;  // forwarded, no index yet
  std::vector<Pending> pending_;   // ascending by index
  std::vector<PendingRead> reads_;
  Bytes scratch_;
  LogIndex last_snapshot_;
  std::vector<KvPart> kv_;  // one, or none: servers without the store do not pay for it

  Autopilot autopilot_;
  gossip::Engine gossip_;
  gossip::Directory names_;
  // What this node's handler answers to queries, by name.
  std::vector<std::pair<std::string, std::string>> answers_;
};

}  // namespace quorumlab
