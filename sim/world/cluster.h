// The machinery of the virtual world: takes events out of the queue, lets nodes answer, and carries
// out what they want on network, disks, streams and clients. One value, one .cpp for each concern:
// cluster (the hot path), lifecycle, storage, streams, clients, acts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/assert.h"
#include "sim/judge/judges.h"
#include "sim/trace/digest.h"
#include "sim/trace/trace.h"
#include "sim/world/client.h"
#include "sim/world/client_history.h"
#include "sim/world/config.h"
#include "sim/world/event_queue.h"
#include "sim/world/fact_counts.h"
#include "sim/world/network.h"
#include "sim/world/process.h"
#include "sim/world/stream.h"

namespace quorumlab::world {

// Whether some running voter reaches enough voters, itself among them.
struct QuorumState {
  bool available = false;
  std::uint32_t have = 0;  // the most voters that one of them reaches
  std::uint32_t need = 0;
  bool operator==(const QuorumState&) const = default;
};

class Cluster {
 public:
  void reset(const ClusterConfig& config, std::uint64_t seed);
  void keep_trace(bool on);

  // Handles the next event or act; false when there is none.
  bool handle_next();
  void run_until(std::int64_t until_ns);
  std::int64_t next_time() const {
    const std::int64_t event = queue_.empty() ? kNever.ns : queue_.next_time();
    return acts_begin_ < acts_end_ ? std::min(acts_[acts_begin_].time_ns, event) : event;
  }
  std::uint64_t inject(const Action& action);
  void settle_agents();
  trace::RecordId remark(trace::WorldFact kind, std::uint64_t a, std::string_view text, NodeId peer);

  // Views.
  // Hosts by number: servers from 1 on, then the scenario's clients, then hosts that run programs.
  bool has_process(NodeId id) const { return is_server(id.value) || is_app(id.value); }
  const Process& process(NodeId id) const { return processes_[place_of(id.value)]; }
  std::uint32_t node_count() const { return servers_; }
  const QuorumState& quorum() const { return quorum_; }
  const gossip::Directory& names() const { return names_; }
  std::uint64_t operation_place(std::uint64_t id) const;
  void judge_clients();  // client_history.cpp

  Instant now_;
  std::uint64_t seed_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t operations_finished_ = 0;
  ClusterConfig config_;
  Network network_;
  judge::Judges judges_;
  trace::Digest digest_;
  bool without_digest_ = false;
  trace::Trace trace_;
  FactCounts counts_;
  std::vector<Operation> operations_;
  std::vector<Delivered> delivered_;
  ClientVerdict client_verdict_;  // of the last judge_clients()

 private:
  using Record = trace::Record;
  using RecordId = trace::RecordId;
  using WorldFact = trace::WorldFact;
  using WorldReason = trace::WorldReason;

  // What goes into the digest.
  enum class Seen : std::uint32_t {
    packet = 1,
    write,
    durable,
    write_failed,
    reply,
    act,
    process,
    stream,
    request,
    delivery
  };
  enum class DrawFor : std::uint64_t { network = 1, node, disk_latency, disk_fate, rot, start };

  struct PendingAct {
    std::int64_t time_ns = 0;
    std::uint64_t number = 0;
    std::size_t operation = 0;  // its place in the history, if it is one
    Action action;
  };
  // A program's request that is not wholly answered. Its number has the top bit set, as no client's
  // attempt has.
  static constexpr std::uint64_t kAskBit = std::uint64_t{1} << 63;
  struct OpenAsk {
    std::uint64_t number = 0;
    std::uint64_t id = 0;  // the program's own
    std::uint32_t host = 0, target = 0;
    std::int64_t arrival_ns = 0;  // of the last part of its answer: none overtakes it
  };
  // A packet named in advance, and what is to happen to it.
  struct NamedPacket {
    std::uint32_t source = 0, target = 0, kind = 0;
    std::uint64_t ordinal = 0;
    Verb verb = Verb::drop_message;
    Duration delay;
  };

  // What a blocked process was about to send, and to say on streams and to clients.
  struct Unsent {
    std::uint32_t host = 0;
    Bytes bytes;
    std::vector<Effects::Packet> packets;
    std::vector<Effects::Stream> streams;
    std::vector<Effects::Reply> replies;
  };

  // A packet's port and kind share a byte: Slot::message, and Record::extra in the trace.
  static constexpr unsigned kPortShift = 7;
  static constexpr unsigned kKindMask = 0x7f;

  Process& server_at(std::uint32_t host) { return processes_[host - 1]; }
  // Of a server or a program.
  Process& at(std::uint32_t host) { return processes_[place_of(host)]; }
  std::size_t place_of(std::uint32_t host) const {
    return host <= servers_ ? host - 1 : host - 1 - clients_.hosts.size();
  }
  ClientHost& client_at(std::uint32_t host) { return clients_.hosts[host - 1 - servers_]; }
  bool is_server(std::uint32_t host) const { return host >= 1 && host <= servers_; }
  bool is_client(std::uint32_t host) const {
    return host > servers_ && host <= servers_ + clients_.hosts.size();
  }
  bool is_app(std::uint32_t host) const {
    return host > servers_ + clients_.hosts.size() && host <= host_count();
  }
  std::size_t host_count() const { return hosts_; }

  // Every fact passes here, kept or not. Records go by value and inline: one that nobody keeps is
  // never put together.
  [[gnu::always_inline]] RecordId emit(Record r) {
    const RecordId id = number(r);
    judges_.fact(r, id);
    return id;
  }
  // The same without the judges, who get it later.
  [[gnu::always_inline]] RecordId number(Record r) {
    ++records_;
    counts_.add(r.kind, r.node);
    if (keep_trace_) [[unlikely]]
      keep(r.whole());
    return records_;
  }
  void keep(Record r);
  std::uint64_t refuted_text(const Record& r);
  Record record_of(const Note& note, const Process& p, RecordId cause) const {
    return {now_.ns,
            cause,
            static_cast<std::uint16_t>(note.fact),
            static_cast<std::uint16_t>(note.reason),
            p.id.value,
            note.peer.value,
            0,
            note.a,
            note.b,
            note.c};
  }
  Record fact(WorldFact kind, std::uint32_t node, RecordId cause, std::uint32_t peer = 0,
              std::uint32_t extra = 0, std::uint64_t a = 0, std::uint64_t b = 0,
              std::uint64_t c = 0) const {
    return {now_.ns, cause, static_cast<std::uint16_t>(kind), 0, node, peer, extra, a, b, c};
  }
  Record fact(WorldFact kind, WorldReason reason, std::uint32_t node, RecordId cause,
              std::uint32_t peer = 0, std::uint32_t extra = 0, std::uint64_t a = 0) const {
    return {now_.ns,
            cause,
            static_cast<std::uint16_t>(kind),
            static_cast<std::uint16_t>(reason),
            node,
            peer,
            extra,
            a,
            0,
            0};
  }
  void saw(Seen what, std::uint32_t kind, std::uint32_t node, std::uint64_t detail) {
    if (without_digest_) [[unlikely]] return;
    digest_.add(now_.ns, static_cast<std::uint32_t>(what) << 8 | kind, node, detail);
  }
  void saw(Seen what, std::uint32_t kind, std::uint32_t node, std::uint64_t detail,
           ByteView bytes) {
    if (without_digest_) [[unlikely]] return;
    digest_.add(now_.ns, static_cast<std::uint32_t>(what) << 8 | kind, node, detail, bytes);
  }
  void note_violation();

  // cluster.cpp: events to nodes, effects to the world.
  void handle_event();
  void look_ahead(SlotId current);
  void dispatch(SlotId slot);
  bool ready_for(Process& p, SlotId slot);  // false: the slot waits, or is gone
  void deliver_packet(SlotId slot);
  void step(Process& p, const Event& event, RecordId cause);
  void carry_out(Process& p, RecordId cause);
  void tell_notes(Process& p, RecordId cause);
  void tell_clocks(const Process& p);
  void tell_store(const Process& p);
  void send_packets(Process& p, RecordId cause);
  void leave(SlotId slot);
  void leave_slowly(SlotId slot, std::uint64_t base);
  bool by_hand(SlotId slot, std::uint64_t base);
  void arm(Process& p, RecordId cause);
  void queue_wake(Process& p);
  void on_wake(SlotId slot);
  void drop_packet(SlotId slot, WorldReason reason);
  void release_held();

  // storage.cpp
  void run(Process& p, const Event& event);
  void step_with(Process& p, const Event& event, SlotId slot, RecordId cause);
  void tell_handlers(Process& p, RecordId cause);
  void submit_writes(Process& p, RecordId cause);
  void schedule_disk(Process& p, FileId file);
  void on_disk(SlotId slot);
  void lose_packets(Disk::Write& write);
  void send_after_writes(Process& p, RecordId cause);

  // lifecycle.cpp
  void start(Process& p, RecordId cause);
  void preload(Process& p, RecordId record);
  void stop(Process& p, Process::State state, RecordId cause);
  void power_loss(Process& p, RecordId cause);
  void pause(Process& p, RecordId cause);
  void resume(Process& p, RecordId cause);
  void admit_waiting(Process& p);
  void queue_backlog(Process& p);
  void on_backlog(SlotId slot);
  void stop_handling(Process& p);
  void block(Process& p, RecordId cause);
  void unblock(Process& p, RecordId cause);
  void hold_back(Process& p);
  void judge_send(const Process& p, const Effects::Packet& packet, ByteView bytes);
  void leave_or_wait(Process& p, SlotId slot);
  Unsent& unsent_of(const Process& p);
  void wipe(Process& p, RecordId cause);
  void drop_waiting(Process& p);
  void quorum_may_change(RecordId cause);
  void look_at_quorum(RecordId cause);
  QuorumState compute_quorum() const;
  bool reaches(NodeId from, NodeId to) const;
  void judge_eviction(const Process& leader, NodeId target, RecordId record);

  // streams.cpp
  void carry_out_streams(Process& p, RecordId cause);
  void send_on_stream(std::uint32_t index, std::uint32_t to_end, Slot::Kind kind, ByteView bytes,
                      RecordId cause);
  void on_stream(SlotId slot);
  void break_streams(Process& p, bool tell, RecordId cause);

  // clients.cpp
  void begin_agent_command(std::size_t history, const Action& action, RecordId cause);
  void on_agent_answer(SlotId slot, ActiveOperation& op);
  void add_printed(Operation& history, const AgentAnswer& answer) const;
  void begin_operation(std::size_t history, const Action& action, RecordId cause);
  void encode_request(ActiveOperation& op, const Action& action);
  void encode_step(ActiveOperation& op);
  std::uint64_t next_in_session(ActiveOperation& op);
  void take_response(std::uint64_t attempt_id, std::uint32_t server, std::uint32_t life,
                     const std::optional<Response>& response, ByteView bytes, RecordId record);
  void attempt(std::uint32_t place, RecordId cause);
  void carry_out_replies(Process& p, RecordId cause);
  void on_request(SlotId slot);
  void on_response(SlotId slot);
  void on_refused(SlotId slot);
  void on_client_gone(SlotId slot);
  void on_client_timer(SlotId slot);
  void ask_somebody_else(ActiveOperation& op);
  void retry_later(ActiveOperation& op, std::uint32_t place, Duration wait, bool elsewhere);
  void let_go(std::uint32_t place, RecordId cause);
  void finish(std::uint32_t place, Operation::Outcome outcome, Reason reason, RecordId cause);
  void arm_client(ClientHost& client, std::int64_t at_ns);
  void refuse_clients_of(Process& p, RecordId cause);
  std::int64_t reliable(std::uint32_t source, std::uint32_t target, std::uint32_t traffic,
                        std::uint32_t size) {
    return network_.reliable_arrival(now_, source, target, traffic, size).ns;
  }

  // http_clients.cpp
  void encode_http_request(ActiveOperation& op, const Action& action);
  void on_http_part(SlotId slot, ActiveOperation& op);
  bool follow_redirect(std::uint32_t place, RecordId cause);
  void tell_exchange(ActiveOperation& op, RecordId cause);

  // apps.cpp
  void start_app(Process& p, const Random& random);
  void carry_out_asks(Process& p, RecordId cause);
  void answer_ask(const Effects::Reply& reply, Process& p, RecordId cause);
  void on_answer(SlotId slot);
  void on_ask_refused(SlotId slot);
  void refuse_asks_of(Process& p, RecordId cause);
  void forget_asks_by(Process& p, bool tell, RecordId cause);
  OpenAsk* find_ask(std::uint64_t number);
  void drop_ask(const OpenAsk* ask);
  void tell_gone(const OpenAsk& ask, RecordId cause);

  // acts.cpp
  void apply_act();
  void apply(const Action& action, std::uint64_t number, RecordId cause);
  std::uint64_t keep_cuts();

  bool keep_trace_ = false;
  bool judged_at_send_ = false;  // what leaves now was judged when the process, then blocked, sent it
  bool violation_told_ = false;
  bool quorum_queued_ = false;
  std::uint64_t acts_given_ = 0;
  std::size_t acts_begin_ = 0, acts_end_ = 0;
  std::uint64_t network_seed_ = 0, disk_seed_ = 0;
  EventQueue queue_;
  std::uint32_t servers_ = 0, hosts_ = 0;
  std::vector<std::string> host_names_;  // by number; kept while there is a trace
  std::vector<Process> processes_;    // of the servers, then of the programs
  std::vector<OpenAsk> asks_;         // ascending by number
  std::uint64_t asks_made_ = 0;
  std::vector<std::int64_t> starts_;  // when each starts first
  ClientTable clients_;
  StreamTable streams_;
  std::vector<SlotId> held_packets_;  // by a clog, in order
  std::vector<SlotId> held_streams_;  // and client traffic, in order
  std::vector<NamedPacket> named_;
  std::vector<Unsent> unsent_;  // one for each host that was ever blocked
  std::vector<PendingAct> acts_;  // [acts_begin_, acts_end_) are still to come
  QuorumState quorum_;
  gossip::Directory names_;  // shared by the nodes' gossip engines
  Effects effects_;  // of the step under way
  std::vector<RecordId> note_records_;
  Bytes scratch_;
  NodeConfig node_config_;  // config_.node, with id and members filled in
};

}  // namespace quorumlab::world
