// The checkers, always on. They look at what the world sees: bytes of packets, of writes and of
// replies; a node's own notes are only used where the judged thing is itself a note (applied). Each
// check costs O(1) for each fact. The first violation of each checker is kept, with the record that
// shows it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/node/event.h"
#include "sim/judge/autopilot.h"
#include "sim/judge/clients.h"
#include "sim/judge/configuration.h"
#include "sim/judge/durability.h"
#include "sim/judge/elections.h"
#include "sim/judge/gossip.h"
#include "sim/judge/history.h"
#include "sim/judge/holders.h"
#include "sim/judge/leader_completeness.h"
#include "sim/judge/lying_disk.h"
#include "sim/judge/monotonic.h"
#include "sim/judge/quorum.h"
#include "sim/judge/reads.h"
#include "sim/judge/shadow.h"
#include "sim/judge/store.h"
#include "sim/judge/verdicts.h"
#include "sim/trace/record.h"

namespace quorumlab::judge {

std::string_view checker_name(Checker checker);
// Also accepts dashes for underscores.
std::optional<Checker> find_checker(std::string_view name);
// What the checker promises, in words.
std::string_view checker_promise(Checker checker);
// Whether it judges gossip; the others judge Raft.
constexpr bool judges_gossip(Checker checker) {
  return checker >= Checker::QUORUMLAB_FIRST_GOSSIP_CHECKER &&
         checker <= Checker::QUORUMLAB_LAST_GOSSIP_CHECKER;
}

// Whether it judges programs that use the store.
constexpr bool judges_programs(Checker checker) {
  return checker == Checker::mutual_exclusion || checker == Checker::fencing;
}
// Whether it judges the etcd store.
constexpr bool judges_store(Checker checker) {
  return checker >= Checker::watch_order && checker <= Checker::session_once;
}
// Whether it judges what serf does to Raft.
constexpr bool judges_autopilot(Checker checker) { return checker == Checker::autopilot_quorum; }

// What happened that a campaign has to come by, else it proves nothing about it.
// X(name, in words)
#define QUORUMLAB_REACHED(X)                        \
  X(changes, "membership changes committed")        \
  X(joint_entered, "joint configurations entered")  \
  X(joint_left, "left")                             \
  X(promotions, "learners promoted")                \
  X(transfers, "transfers completed")               \
  X(reads_by_quorum, "reads confirmed by a quorum") \
  X(reads_by_lease, "by lease")                     \
  X(reads_for_followers, "for followers")           \
  X(forwarded, "forwarded proposals accepted")

struct Reached {
#define X(name, words) std::uint64_t name = 0;
  QUORUMLAB_REACHED(X)
#undef X
};

// The judges of one simulation, as one value: copied with it, reset from seed to seed without
// giving memory back. The world calls them where things truly happen. Within one step it calls
// write_submitted for all writes before packet_sent and fact.
class Judges {
 public:
  struct Setup {
    std::uint32_t nodes = 0;  // servers with spares; their ids are 1..nodes
    bool raft = true;         // false: the nodes do not speak Raft; nothing of it is checked
    Configuration members;    // whom the cluster begins with
    const gossip::Config* gossip = nullptr;  // null: no agents run; read by reset only
    bool links_calm = true;                  // as links_changed() says
  };
  using Write = Effects::Write;
  enum class Death : std::uint8_t {
    kill,   // the page cache survives
    crash,  // what was not durable is gone
    stop    // the process ended itself
  };
  using Damage = judge::Damage;

  void reset(const Setup& setup);
  // A checker that is not enabled looks, counts and keeps what it found, but violation() does not
  // tell of it. Survives reset.
  void set_enabled(Checker checker, bool on) { verdicts_.set_enabled(checker, on); }
  bool enabled(Checker checker) const { return verdicts_.enabled(checker); }

  // A packet really leaves a node (a promise: after its write became durable). What the network
  // then does to it is nobody's fault.
  void packet_sent(std::int64_t time_ns, trace::RecordId record, NodeId source, NodeId target,
                   std::uint8_t kind, ByteView bytes);
  void write_submitted(std::int64_t time_ns, trace::RecordId record, NodeId node,
                       std::uint64_t write_id, FileId file, Write::Mode mode, ByteView bytes);
  // The node is told that the write, and all earlier ones of its file, are durable (a lying disk
  // says so, too).
  void write_durable(std::int64_t time_ns, trace::RecordId record, NodeId node,
                     std::uint64_t write_id);
  // What it submitted to that file and has not heard of since will not become durable.
  void write_failed(std::int64_t time_ns, trace::RecordId record, NodeId node,
                    std::uint64_t write_id);
  // A process begins with these files: exactly what Event::started shows the node. Whatever earlier
  // lives submitted and the files do not hold is gone.
  void process_started(std::int64_t time_ns, trace::RecordId record, NodeId node,
                       std::span<const FileContent> files);
  void process_down(std::int64_t time_ns, trace::RecordId record, NodeId node, Death death);
  void disk_damaged(std::int64_t time_ns, trace::RecordId record, NodeId node, Damage damage);
  bool judges_raft() const { return setup_.raft; }
  // Every record of the stream; nearly free for those that no checker reads. By value: what is
  // known of the record where this is inlined, its kind above all, is then known here.
  [[gnu::always_inline]] void fact(trace::Record record, trace::RecordId id) {
    switch (record.kind) {
      case static_cast<std::uint16_t>(Fact::applied):
        if (setup_.raft) {
          judge_applied({record.time_ns, id}, {record.node}, record.a, record.b, record.c);
        }
        break;
      case static_cast<std::uint16_t>(Fact::commit_advanced):
      case static_cast<std::uint16_t>(Fact::became_leader):
      case static_cast<std::uint16_t>(Fact::started):
      case static_cast<std::uint16_t>(Fact::refused_to_start):
      case static_cast<std::uint16_t>(Fact::snapshot_installed):
      case static_cast<std::uint16_t>(Fact::became_follower):
      case static_cast<std::uint16_t>(Fact::config_applied):
      case static_cast<std::uint16_t>(Fact::config_proposed):
      case static_cast<std::uint16_t>(Fact::read_started):
      case static_cast<std::uint16_t>(Fact::read_confirmed):
        if (setup_.raft) judge_fact(record.whole(), id);
        break;
      case static_cast<std::uint16_t>(Fact::became_candidate):
      case static_cast<std::uint16_t>(Fact::transfer_started):
      case static_cast<std::uint16_t>(Fact::transfer_ended):
        if (setup_.raft) judge_campaign(record.whole(), id);
        break;
      case static_cast<std::uint16_t>(Fact::appended):
      case static_cast<std::uint16_t>(Fact::proposal_accepted):
        if (transfers_ != 0) judge_proposal(record.whole(), id);
        break;
      case static_cast<std::uint16_t>(Fact::holds):
      case static_cast<std::uint16_t>(Fact::lets_go):
      case static_cast<std::uint16_t>(Fact::work_done):
        judge_holder(record.whole(), id);
        break;
      case static_cast<std::uint16_t>(Fact::store_changed):
      case static_cast<std::uint16_t>(Fact::session_applied):
      case static_cast<std::uint16_t>(Fact::watch_began):
      case static_cast<std::uint16_t>(Fact::watch_told):
      case static_cast<std::uint16_t>(Fact::watch_ended):
      case static_cast<std::uint16_t>(Fact::key_expired):
      case static_cast<std::uint16_t>(Fact::expiry_proposed):
      case static_cast<std::uint16_t>(Fact::expiry_applied):
        judge_store(record.whole(), id);
        break;
      case static_cast<std::uint16_t>(trace::WorldFact::process_killed):
      case static_cast<std::uint16_t>(trace::WorldFact::process_crashed):
      case static_cast<std::uint16_t>(trace::WorldFact::process_paused):
      case static_cast<std::uint16_t>(trace::WorldFact::process_resumed):
        judge_holder(record.whole(), id);
        if (gossip_.on()) judge_gossip(record.whole(), id);
        break;
      case static_cast<std::uint16_t>(trace::WorldFact::packet_sent):
      case static_cast<std::uint16_t>(trace::WorldFact::packet_delivered):
        break;  // by far the most of all facts
      default:
        if (gossip_.on()) judge_gossip(record.whole(), id);
        break;
    }
  }
  // Gossip: whether every packet of every link arrives within half a probe timeout, by its settings;
  // how an agent's clock goes; what its Lamport clocks show after a step.
  bool gossip_on() const { return gossip_.on(); }
  // Says that facts of this node come soon.
  void prefetch(NodeId node) const {
    if (gossip_.on()) gossip_.prefetch(node);
  }
  void links_changed(std::int64_t time_ns, bool calm) {
    autopilot_.links(time_ns, calm);
    if (gossip_.on()) gossip_.links(time_ns, calm);
  }
  void network_changed(std::int64_t time_ns) { autopilot_.network_changed(time_ns); }
  void evicts(std::int64_t time_ns, trace::RecordId record, const Eviction& eviction) {
    autopilot_.evicts({time_ns, record}, eviction, verdicts_);
  }
  void clock_set(std::int64_t time_ns, NodeId node, std::int64_t drift_ppb, bool frozen) {
    if (gossip_.on()) gossip_.clock(node, time_ns, drift_ppb, frozen);
  }
  void lamport_clocks(std::int64_t time_ns, trace::RecordId record, NodeId node,
                      const LamportTimes& times) {
    gossip_.clocks({time_ns, record}, node, times, verdicts_);
  }
  // A server of the etcd store after a step: its own monotonic clock, and whether it leads while keys
  // can expire.
  void store_stepped(std::int64_t time_ns, trace::RecordId record, NodeId node, std::int64_t monotonic,
                     bool must_propose) {
    store_.stepped({time_ns, record}, node, monotonic, must_propose, verdicts_);
  }
  // Members declared failed that ran at the time, whatever the network did.
  std::uint64_t false_positives() const { return gossip_.on() ? gossip_.false_positives() : 0; }

  // A client's operation, when it is first asked; `request` is encoded as in core/node/request.h.
  // Retries of it are not told.
  void invoked(std::int64_t time_ns, trace::RecordId record, std::uint64_t operation, NodeId client,
               ByteView request);
  // The answer that the client takes for the operation (not those that make it try again).
  void answered(std::int64_t time_ns, trace::RecordId record, std::uint64_t operation,
                NodeId server, ByteView response);

  // What came of looking at all that clients asked and were told: `count` answers were looked at.
  void clients_judged(const Violation& found, bool holds, std::uint64_t count) {
    verdicts_.check_many(found, holds, count);
  }

  // The first one, if any; then the first of one checker, enabled or not.
  std::optional<Violation> violation() const {
    return verdicts_.any() ? verdicts_.violation() : std::nullopt;
  }
  const std::optional<Violation>& violation(Checker checker) const {
    return verdicts_.violation(checker);
  }
  // How often each checker compared something; a campaign in which one never did proves nothing.
  const std::array<std::uint64_t, kCheckerCount>& checks() const { return verdicts_.checks(); }

  Reached reached() const;

  // For tests.
  const Shadow& shadow(NodeId node) const { return nodes_[node.value].shadow; }
  const History& history() const { return history_; }

 private:
  struct NodeState {
    Shadow shadow;
    NodeMonotonic monotonic;
    NodeDisk disk;
    NodeConfiguration configuration;
    bool leading = false;  // from became_leader to became_follower
    bool handing_over = false;
    Place before;  // where its log ended before what it wrote at `written_ns`
    std::int64_t written_ns = -1;
    std::uint64_t appended = 0;  // by itself, while it hands over
    std::uint64_t leads_term =
        0;  // the last term in which it acted as leader in this life; 0: none
    // Where it last replaced entries, and the term that its log ended with then.
    std::uint64_t replaced_from = 0, replaced_term = 0;
  };
  bool is_node(NodeId node) const { return node.value >= 1 && node.value < nodes_.size(); }
  // By value: a record that nobody points at lives in registers.
  void judge_applied(Moment moment, NodeId node, std::uint64_t index, std::uint64_t term,
                     std::uint64_t chain);
  void judge_fact(trace::Record record, trace::RecordId id);
  void judge_campaign(trace::Record record, trace::RecordId id);
  void judge_proposal(trace::Record record, trace::RecordId id);
  void judge_holder(trace::Record record, trace::RecordId id);
  void judge_gossip(trace::Record record, trace::RecordId id);
  void judge_store(trace::Record record, trace::RecordId id);
  void end_handover(NodeState& state) {
    transfers_ -= state.handing_over;
    state.handing_over = false;
  }
  void judge_change(Moment moment, NodeId node, const Change& change);
  void judge_proposed_change(Moment moment, NodeId node, std::uint64_t index, std::uint64_t kind);
  // Who holds an entry of this term at `index`, durably.
  std::uint64_t copies(std::uint64_t index, std::uint64_t term) const;
  // The node acts as leader of a term for the first time in its life.
  void acts_as_leader(Moment moment, NodeId node, std::uint64_t term);

  Setup setup_;
  Verdicts verdicts_;
  History history_;
  std::vector<NodeState> nodes_;  // by id; 0 unused
  Elections elections_;
  LeaderCompleteness completeness_;
  Configurations configurations_;
  Votes votes_;
  Commitment commitment_;
  Reads reads_;
  std::uint32_t transfers_ = 0;  // under way
  Reached reached_;              // without what configurations_ tells
  Clients clients_;
  Gossip gossip_;
  Holders holders_;
  StoreJudge store_;
  AutopilotJudge autopilot_;
};

}  // namespace quorumlab::judge
