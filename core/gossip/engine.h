// The gossip engine: memberlist (SWIM with Lifeguard) and serf on top of it, as one value that is
// told the time and what happened, and answers with what must be done. It never waits, never calls
// back and owns nothing outside itself.
//
//   start, on_packet, on_stream_*, on_deadline   something happened
//   join, leave, user_event, query, ...          the agent's commands
//   deadline()                                   when to call on_deadline at the latest
//
// One .cpp for each concern. memberlist: engine (dispatch, timers), membership (alive, suspect,
// dead), probe, gossip (what leaves in packets), push_pull (streams and joins), handoff (what waits
// to be handled); suspicion, awareness and broadcast_queue are values of their own. serf: members
// (intents and status), events, queries, coalesce, keys, leave, reap, conflict, snapshot.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/prefetch.h"
#include "core/base/random.h"
#include "core/base/types.h"
#include "core/gossip/awareness.h"
#include "core/gossip/broadcast_queue.h"
#include "core/gossip/config.h"
#include "core/gossip/directory.h"
#include "core/gossip/draw.h"
#include "core/gossip/handoff.h"
#include "core/gossip/packet.h"
#include "core/gossip/ready.h"
#include "core/gossip/serf_state.h"
#include "core/gossip/side_table.h"
#include "core/gossip/stream.h"
#include "core/gossip/suspicion.h"
#include "core/gossip/timer.h"
#include "core/gossip/versions.h"

namespace quorumlab::gossip {

// memberlist's state of a member; the numbers are those on the wire.
enum class State : std::uint8_t { alive = 0, suspect = 1, dead = 2, left = 3, unknown = 255 };
// serf's status of a member; the numbers are those on the wire.
enum class Status : std::uint8_t { none = 0, alive = 1, leaving = 2, left = 3, failed = 4 };
const char* state_name(State state);
const char* status_name(Status status);
// How long from one exchange of states to the next among so many members (memberlist
// pushPullScale): the interval up to 32, twice that up to 64, three times up to 128 and so on.
Duration push_pull_period(Duration interval, std::uint64_t members);

// What everything about one step needs: the node's clocks, the names, and where effects go.
struct Turn {
  Now now;
  Directory& names;
  Ready& out;
};

// One member as this node believes it to be. 24 bytes, since ten thousand nodes each hold ten
// thousand of them.
struct Member {
  std::int64_t state_change_ns = 0;  // on this node's monotonic clock
  RecordId record;
  std::uint32_t incarnation = 0;
  std::uint32_t status_ltime = 0;  // Lamport time of the last intent; UINT32_MAX: in a side table
  State state = State::unknown;
  Status status = Status::none;
};

class Engine {
 public:
  Engine() = default;
  Engine(const Config& config, const Random& random) { reset(config, random); }
  // The same, keeping every buffer.
  void reset(const Config& config, const Random& random);

  // What the disk kept of the snapshot file and of the keyring file; empty on a first start.
  void start(const Turn& turn, ByteView snapshot, ByteView keyring = {});
  void on_packet(const Turn& turn, NodeId source, ByteView bytes);
  void on_stream_opened(const Turn& turn, std::uint64_t id, NodeId peer, bool by_us);
  void on_stream_refused(const Turn& turn, std::uint64_t id);
  void on_stream_bytes(const Turn& turn, std::uint64_t id, ByteView bytes);
  void on_stream_closed(const Turn& turn, std::uint64_t id);
  void on_deadline(const Turn& turn);
  Instant deadline() const;
  // A send no longer returns, and nothing comes in, until sends are unblocked: each of the periodic
  // works (probe, gossip) stands in the first send that it comes to, as a thread would, while timers
  // run on. The owner keeps what is sent meanwhile, and lets it go before on_sends_unblocked.
  void on_sends_blocked() { sends_blocked_ = true; }
  void on_sends_unblocked(const Turn& turn);

  // The agent's commands. Answers come as Ready::answers with this request number, at once or
  // later.
  void join(const Turn& turn, std::uint64_t request, std::span<const NodeId> hosts, bool replay);
  void leave(const Turn& turn, std::uint64_t request);
  void force_leave(const Turn& turn, std::uint64_t request, std::string_view name, bool prune);
  void set_tags(const Turn& turn, std::uint64_t request, const Tags& set,
                std::span<const std::string> erase);
  void user_event(const Turn& turn, std::uint64_t request, std::string_view name, ByteView payload,
                  bool coalesce);
  struct QueryParams {
    std::string_view name;
    ByteView payload;
    std::span<const std::string> nodes;                         // filter; empty: everybody
    std::span<const std::pair<std::string, std::string>> tags;  // name and regular expression
    bool want_ack = false;
    std::uint8_t relay_factor = 0;
    Duration timeout;  // 0: the default, from the number of members
  };
  void query(const Turn& turn, std::uint64_t request, const QueryParams& params);
  // A handler's answer to a query that was delivered to it.
  void respond(const Turn& turn, std::uint64_t query_id, ByteView payload);
  enum class KeyOp : std::uint8_t { install, use, remove, list };
  void key(const Turn& turn, std::uint64_t request, KeyOp op, ByteView key);
  void forget_request(std::uint64_t request);

  // Benchmarks only: believes in each of these, given as it believes in itself, as if all had lived
  // together for long: nothing is news, nobody is told, and push/pull is somewhere in its period.
  // REQUIRES: started; the numbers are those of turn.names.
  struct Self {
    PeerId id;
    Member member;
  };
  Self self() const { return {self_, table_[self_.value]}; }
  void settle(const Turn& turn, std::span<const Self> members);

  void set_rule(Rule rule, bool on) { config_.rules.set(rule, on); }
  // Says that a step comes soon: what nearly every step reads is fetched into the cache. The queues
  // are mostly not looked at.
  void prefetch() const {
    prefetch_lines(this, &queues_);
    prefetch_lines(&handoff_, &serf_.member_events);
  }
  // Says that a step is about to begin, a while after prefetch(): what a probe reads.
  void prefetch_probe() const {
    if (probe_index_ < order_.size()) prefetch_line(&order_[probe_index_]);
    if (!next_target_) return;
    prefetch_line(&table_[next_target_.value]);
    serf_.coordinates.prefetch_place(next_target_);
  }

  // Views.
  const Config& config() const { return config_; }
  // Everybody in memberlist's table, in probe order. It drops who has been dead for a while, long
  // before serf forgets them: what serf's users see is for_each_member.
  std::span<const PeerId> members() const { return order_; }
  const Member& member(PeerId id) const;  // state unknown for strangers
  std::uint32_t awareness() const { return awareness_.score; }
  std::uint32_t incarnation() const { return incarnation_; }
  // serf's Lamport clocks: of members, of user events, of queries.
  std::uint64_t member_time() const { return serf_.clock.time(); }
  std::uint64_t event_time() const { return serf_.event_clock.time(); }
  std::uint64_t query_time() const { return serf_.query_clock.time(); }
  // The Lamport time of the last intent about a member.
  std::uint64_t status_time(PeerId id) const { return in_serf(id) ? status_ltime(id) : 0; }
  const Tags& tags() const { return serf_.tags; }
  const CoordinateClient& coordinates() const { return serf_.coordinates; }
  const KeyRing& keys() const { return serf_.keys; }
  // Everybody whom serf lists: those of members() that it has not erased, and those that failed or
  // left and are no longer there.
  template <class Visit>
  void for_each_member(Visit&& visit) const;
  void list_members(std::vector<PeerId>& out) const;
  std::size_t failed_members() const { return serf_.failed.size(); }
  std::size_t left_members() const { return serf_.left.size(); }
  // Bytes that it holds for knowing its members, without their coordinates.
  std::size_t member_bytes() const {
    return table_.capacity() * sizeof(Member) + order_.capacity() * sizeof(PeerId);
  }
  std::size_t queued(std::uint8_t queue) const { return queues_[queue].size(); }

 private:
  // A probe under way; there is one at a time (memberlist probeNode).
  struct Probe {
    enum class Stage : std::uint8_t {
      idle,      // until the next tick
      direct,    // pinged; helpers are asked when the probe timeout is over
      indirect,  // helpers and the stream are under way; the deadline decides
    };
    Stage stage = Stage::idle;
    bool stream_answered = false;
    bool standing = false;  // in a send that is blocked
    PeerId target;
    std::uint32_t incarnation = 0;  // the target's, when the probe began
    std::uint32_t seq_no = 0;
    std::uint32_t helpers = 0;  // asked, of those that can say no
    std::uint32_t nacks = 0;
    std::uint64_t stream = 0;  // the ping over a stream
    Instant sent, timeout, deadline;
    Duration patience;  // from the end of the ping's send to `timeout`
  };
  // A ping on behalf of another member.
  struct Helping {
    std::uint32_t seq_no = 0;  // of our ping
    std::uint32_t requester_seq_no = 0;
    bool nack = false;
    Address requester;
    Instant ack_until, nack_at;
  };
  // Our end of a stream: a push/pull, a ping, or what a peer wants.
  struct Stream {
    enum class Use : std::uint8_t { join, push_pull, ping, accepted };
    std::uint64_t id = 0;
    Use use = Use::accepted;
    bool opened = false;
    NodeId peer;
    Address address;
    std::uint64_t join = 0;  // the join it belongs to
    std::uint32_t seq_no = 0;
    Instant expires;
    StreamReader reader;
  };
  // Targets are contacted one after another (memberlist Join).
  struct Joining {
    std::uint64_t id = 0;
    std::uint64_t request = 0;
    bool replay = false;
    std::uint32_t next = 0;
    std::uint32_t contacted = 0;
    std::uint32_t failed = 0;
    std::vector<Address> targets;
    std::string errors;
  };

  bool on(Rule rule) const { return config_.rules[rule]; }
  // A component of Lifeguard is in use.
  bool lifeguard(Rule rule) const {
    return config_.lifeguard != Lifeguard::off && config_.rules[rule];
  }
  void note(const Turn& turn, Fact fact, NodeId peer = kNobody, std::uint64_t a = 0,
            std::uint64_t b = 0, std::uint64_t c = 0, Reason reason = Reason::none) {
    turn.out.notes.push_back({fact, reason, peer, a, b, c});
  }
  std::uint64_t draw(Draw purpose) {
    const auto i = static_cast<std::size_t>(purpose);
    return random_.draw(i, draws_[i]++);
  }
  void arm(Instant at, TimerKind kind, std::uint32_t a = 0, std::uint64_t b = 0) {
    timers_.arm(at, kind, a, b);
  }
  Member& own() { return table_[self_.value]; }
  const Address& address_of(const Turn& turn, PeerId id) const {
    return turn.names.record(table_[id.value].record).address;
  }
  // kNobody for an address outside the plan.
  NodeId host_of(const Turn& turn, PeerId id) const {
    return config_.addresses.host(address_of(turn, id));
  }
  NodeId host_named(const Turn& turn, std::string_view name) const;
  bool known(PeerId id) const {
    return id && id.value < table_.size() && table_[id.value].state != State::unknown;
  }

  // engine.cpp
  void fire(const Turn& turn, const Timer& timer);
  void handle_part(const Turn& turn, NodeId source, const Part& part);
  void drop_packet(const Turn& turn, NodeId source, WireError error, std::size_t size);
  WireSettings wire() const;
  Nonce draw_nonce();
  // Up to `count` different members that `accept` lets pass, into chosen_ (memberlist
  // kRandomNodes).
  template <class Accept>
  void choose_members(Draw purpose, std::uint32_t count, Accept&& accept);

  // membership.cpp. `source`: who said so, for notes.
  void handle_alive(const Turn& turn, NodeId source, const Alive& alive, bool bootstrap = false,
                    std::uint32_t token = 0);
  void handle_suspect(const Turn& turn, const Suspect& suspect);
  void handle_dead(const Turn& turn, const Dead& dead, std::uint32_t token = 0);
  void suspicion_fires(const Turn& turn, const Timer& timer);
  // `claimed`: what an alive message of this name said, as a record's number + 1.
  void refute(const Turn& turn, std::uint32_t accused, std::string_view from, MessageType by,
              std::uint32_t claimed = 0);
  PeerId insert_member(const Turn& turn, const Alive& alive);
  void set_state(const Turn& turn, PeerId id, State state);
  void forget_members(const Turn& turn);
  Member& entry(const Turn& turn, PeerId id);
  void health_changed(const Turn& turn, std::int64_t delta);

  // probe.cpp
  void probe_due(const Turn& turn);
  void probe_tick(const Turn& turn);
  bool next_probe_target(const Turn& turn, PeerId& target);
  void start_probe(const Turn& turn, PeerId target);
  void ask_helpers(const Turn& turn);
  void go_on_asking(const Turn& turn);
  void probe_succeeded(const Turn& turn, std::uint64_t how);
  void probe_failed(const Turn& turn);
  void end_probe(const Turn& turn);
  Instant probe_deadline() const;
  void handle_ping(const Turn& turn, NodeId source, const Ping& ping);
  void handle_indirect_ping(const Turn& turn, NodeId source, const IndirectPing& ping);
  void handle_ack(const Turn& turn, const Ack& ack);
  void handle_nack(const Turn& turn, const Nack& nack);
  void helper_fires(const Turn& turn, const Timer& timer);

  // gossip.cpp
  void gossip_due(const Turn& turn);
  void gossip_to_chosen(const Turn& turn);
  Instant gossip_deadline() const;
  bool nothing_queued() const;
  void wake_gossip(const Turn& turn);
  // Encodes into the scratch's `message`, from where the functions below send it.
  template <class Message>
  void write_message(const Turn& turn, const Message& message) {
    turn.out.scratch.message.clear();
    encode(message, turn.out.scratch.message);
  }
  void send_message(const Turn& turn, const Address& target, bool crc);
  void send_with_piggyback(const Turn& turn, const Address& target);
  // What is queued, as many messages as fit, appended to the scratch's parts.
  void take_broadcasts(const Turn& turn, std::uint32_t bytes);
  void make_compound_of_parts(const Turn& turn);  // and of these the message
  std::uint32_t packet_room() const;  // bytes of a packet, less what the layers around it take
  void queue_rumour(const Turn& turn, const Rumour& rumour, std::uint32_t name,
                    std::uint32_t token = 0);
  void encode_rumour(const Turn& turn, const Rumour& rumour, Bytes& out) const;
  void collect_finished(const Turn& turn);

  // push_pull.cpp
  void push_pull_due(const Turn& turn);
  std::uint64_t open_stream(const Turn& turn, Stream::Use use, const Address& target);
  Stream* find_stream(std::uint64_t id);
  Stream& add_stream(const Turn& turn, std::uint64_t id, Stream::Use use);
  void close_stream(const Turn& turn, std::uint64_t id);
  void send_on_stream(const Turn& turn, std::uint64_t id, StreamSide side);
  void write_push_pull(const Turn& turn, bool join);
  // What makes another's state impossible to merge, and in memberlist's words. Reads the states of
  // `body` into the scratch's `pushed`, for merge_remote.
  Reason check_remote(const Turn& turn, ByteView body, PushPullReader& reader, std::string& words);
  const Versions& own_versions(const Turn& turn);
  void merge_remote(const Turn& turn, NodeId peer, ByteView body, const PushPullReader& reader,
                    bool asked);
  void stream_message(const Turn& turn, std::uint64_t id);
  void finish_stream(const Turn& turn, std::uint64_t id, Reason reason,
                     std::string_view words = {});

  void continue_join(const Turn& turn, std::uint64_t join);
  void stream_timer(const Turn& turn, const Timer& timer);

  // handoff.cpp
  void hand_off(const Turn& turn, NodeId source, const Part& part);
  void handle_waiting(const Turn& turn);

  // --- What memberlist offers serf --------------------------------------------------------------
  enum class Queue : std::uint8_t { intents = 1, queries = 2, events = 3 };
  static constexpr std::size_t kQueues = 4;  // 0: memberlist's own
  BroadcastQueue& queue(Queue which) { return queues_[static_cast<std::size_t>(which)]; }
  // Gossips a serf message (from its SerfType on). A token other than 0 comes back by
  // broadcast_finished when the message was sent often enough or was dropped.
  void queue_user(const Turn& turn, Queue which, ByteView message, std::uint32_t token = 0);
  // One packet with one serf message, at once, without anything else in it.
  void send_user(const Turn& turn, PeerId target, ByteView message);
  void send_user(const Turn& turn, const Address& target, ByteView message);
  // The next incarnation with what append_meta says now.
  void update_node(const Turn& turn, std::uint32_t token = 0);
  // Tells everybody that this node leaves. False: nobody else is alive, the token will not come.
  bool memberlist_leave(const Turn& turn, std::uint32_t token = 0);
  // Contacts the targets one after another; join_finished tells how it went.
  void begin_join(const Turn& turn, std::span<const Address> targets, std::uint64_t request,
                  bool replay);
  // Members that memberlist believes alive or suspect, itself included.
  std::uint32_t live_members() const { return live_; }
  bool any_other_alive() const;

  // --- What memberlist tells serf, and asks it --------------------------------------------------
  void serf_reset();                                       // at the end of reset()
  void serf_started(const Turn& turn, ByteView snapshot);  // at the end of start()
  void serf_timer(const Turn& turn, const Timer& timer);   // kinds from TimerKind::serf on
  void notify_join(const Turn& turn, PeerId id);           // dead, left or unknown -> alive
  void notify_leave(const Turn& turn, PeerId id);          // -> dead or left
  void notify_update(const Turn& turn, PeerId id);         // its meta changed
  void notify_conflict(const Turn& turn, PeerId existing, const Alive& other);
  void notify_message(const Turn& turn, ByteView message);  // from its SerfType on
  void append_user_state(const Turn& turn, bool join, Bytes& out);
  void merge_user_state(const Turn& turn, ByteView state, bool join);
  void append_ack_payload(Bytes& out);
  void notify_ping_complete(const Turn& turn, PeerId id, Duration rtt, ByteView payload);
  void append_meta(Bytes& out) const;  // at most 512 bytes
  void broadcast_finished(const Turn& turn, std::uint32_t token);
  // `errors` is empty, or says what went wrong with each target that was not reached.
  void join_finished(const Turn& turn, std::uint64_t request, std::uint32_t contacted,
                     std::string_view errors);
  std::uint32_t serf_members() const;           // for serf's retransmit limit
  std::span<const Bytes> sealing_keys() const;  // the first is the primary; or none
  // ---------------------------------------------------------------------------------------------

  // Requests of the engine's own, which no owner's number is.
  static constexpr std::uint64_t kStartRequest = UINT64_MAX, kRejoinRequest = UINT64_MAX - 1,
                                 kReconnectRequest = UINT64_MAX - 2;

  static SerfScratch& scratch(const Turn& turn) { return turn.out.scratch.serf; }

  // serf.cpp: clocks, joins, and who waits for broadcasts
  void witness(const Turn& turn, LamportClock& clock, std::uint64_t heard);
  void broadcast_join(const Turn& turn);
  void refuse(const Turn& turn, std::uint64_t request, Reason reason, std::string_view text);
  Ready::Answer& answer(const Turn& turn, std::uint64_t request);
  std::uint32_t wait_for_broadcast(const Turn& turn, SerfState::Waiting::For what,
                                   std::uint64_t request);
  void wait_ended(const Turn& turn, std::uint32_t token, bool in_time);
  void contact_start_nodes(const Turn& turn);

  // members.cpp. Intents answer whether they were news.
  bool in_serf(PeerId id) const {
    return id && id.value < table_.size() && table_[id.value].status != Status::none;
  }
  std::uint64_t status_ltime(PeerId id) const;
  void set_status_ltime(PeerId id, std::uint64_t ltime);
  bool handle_leave_intent(const Turn& turn, const LeaveIntent& intent);
  bool handle_join_intent(const Turn& turn, const JoinIntent& intent);
  bool upsert_intent(const Turn& turn, std::string_view name, RecentIntents::Kind kind,
                     std::uint64_t ltime, std::uint64_t code);
  void prune_member(const Turn& turn, PeerId id);
  void erase_member(const Turn& turn, PeerId id, Reason why);
  bool has_alive_members() const;

  // events.cpp
  bool handle_user_event(const Turn& turn, const UserEvent& event);

  // deliver.cpp: from serf to the handlers, by way of the snapshot and the coalescers
  void emit_member(const Turn& turn, EventKind kind, PeerId id, Status before,
                   Reason reason = Reason::none);
  void emit_user(const Turn& turn, const UserEvent& event);
  // One line to a delivery; a delivery of another kind begins where `delivery` is of another.
  void deliver_member(const Turn& turn, const MemberCoalescer::Event& event,
                      Ready::Delivery& delivery, std::uint64_t& members);
  void end_delivery(const Turn& turn, Ready::Delivery& delivery, std::uint64_t& members);
  void deliver_user(const Turn& turn, EventKind kind, std::uint64_t ltime, std::uint64_t handle,
                    std::string_view name, ByteView payload, bool coalesced = false);
  void flush_members(const Turn& turn);
  void flush_users(const Turn& turn);

  // queries.cpp
  Duration default_query_timeout() const;
  SerfState::Running* start_query(const Turn& turn, const QueryParams& params,
                                  SerfState::Running::Purpose purpose, std::uint64_t request);
  bool handle_query(const Turn& turn, const Query& query);
  bool passes_filters(const Turn& turn, const Query& query);
  void handle_response(const Turn& turn, const QueryResponse& response);
  void handle_relay(const Turn& turn, const Relay& relay);
  // Sends response; `payload` null: an ack. False if it was refused.
  bool send_response(const Turn& turn, const SerfState::Delivered& to, std::uint32_t flags,
                     ByteView payload);
  void send_or_take(const Turn& turn, const Address& target, ByteView message);
  void end_query(const Turn& turn, SerfState::Running& query);
  void query_timer(const Turn& turn, const Timer& timer);

  // keys.cpp, conflict.cpp: queries among the nodes themselves
  bool open_keyring(const Turn& turn, ByteView file);  // false: the agent does not come up
  void write_keyring(const Turn& turn);
  void handle_internal_query(const Turn& turn, const SerfState::Delivered& from,
                             std::string_view name, ByteView payload);
  void answer_key_query(const Turn& turn, const SerfState::Delivered& from, KeyOp op,
                        ByteView payload);
  void send_key_list(const Turn& turn, const SerfState::Delivered& from, KeyResponse& response);
  void count_key_answer(const Turn& turn, SerfState::Running& query, NodeId from, ByteView payload);
  void end_key_query(const Turn& turn, SerfState::Running& query);
  void answer_conflict_query(const Turn& turn, const SerfState::Delivered& from,
                             std::string_view name);
  void count_conflict_answer(const Turn& turn, SerfState::Running& query, ByteView payload);
  void end_conflict_query(const Turn& turn, SerfState::Running& query);

  // leave.cpp
  void leave_memberlist(const Turn& turn);
  void leave_ended(const Turn& turn, Reason reason, std::string_view error);
  void stop_serf(const Turn& turn, SerfState::Phase phase);

  // reap.cpp
  Instant next_tick(const Turn& turn, Instant base, Duration interval) const;
  void arm_periodic(const Turn& turn);
  void reap(const Turn& turn);
  void reap_list(const Turn& turn, std::vector<SerfState::Gone>& list, Duration timeout);
  void reconnect(const Turn& turn);
  void check_queues(const Turn& turn);
  std::size_t queue_limit() const;
  void broadcast(const Turn& turn, Queue which, ByteView message, std::uint32_t token = 0);

  // snapshot.cpp
  void snapshot_member(const Turn& turn, EventKind kind, PeerId id);
  void snapshot_event(const Turn& turn, std::uint64_t ltime);
  void snapshot_query(const Turn& turn, std::uint64_t ltime);
  void snapshot_clock(const Turn& turn);
  void snapshot_leave(const Turn& turn);
  void snapshot_line_added(const Turn& turn, std::size_t begin);
  void flush_snapshot(const Turn& turn);
  void compact_snapshot(const Turn& turn);
  void watch_clock(const Turn& turn);
  bool snapshot_alive(PeerId id) const;
  void set_snapshot_address(PeerId id, RecordId record);
  void replay_snapshot(const Turn& turn, ByteView file);
  void rejoin_next(const Turn& turn);

  Config config_;
  Random random_;
  std::array<std::uint64_t, kDrawCount> draws_{};
  PeerId self_;
  std::vector<Member> table_;  // by PeerId
  std::vector<PeerId> order_;
  std::uint32_t probe_index_ = 0;
  PeerId next_target_;  // most likely; for prefetch_probe()
  std::uint32_t live_ = 0;
  Awareness awareness_;
  std::uint32_t incarnation_ = 0;
  std::uint32_t seq_no_ = 0;
  bool started_ = false;
  bool leaving_ = false;
  bool maybe_queued_ = false;  // false: all queues are empty
  bool versions_fresh_ = false;  // versions_ are those of the members as they are
  Versions versions_;
  SideTable<Suspicion> suspicions_;

  TimerHeap timers_;
  Probe probe_;
  Instant probe_tick_ = kNever;   // the first tick that was not used yet
  Instant gossip_tick_ = kNever;  // a tick of the past; others follow at the interval
  Instant push_pull_at_ = kNever;
  bool push_pull_begun_ = false;  // the stagger before the first period is over
  Instant handle_at_ = kNever;
  std::vector<Helping> helping_;
  std::vector<Stream> streams_;
  std::uint64_t last_stream_ = 0;
  std::vector<Joining> joins_;
  std::uint64_t last_join_ = 0;

  std::array<BroadcastQueue, kQueues> queues_;
  HandoffQueue handoff_;
  SerfState serf_;

  // Scratch: empty of meaning between steps.
  std::vector<PeerId> chosen_, shuffled_;

  // Sends are blocked, and whom the works that stand in one have still to send to.
  bool sends_blocked_ = false;
  bool gossip_stands_ = false;
  std::vector<PeerId> helpers_left_, gossip_left_;
};

template <class Accept>
void Engine::choose_members(Draw purpose, std::uint32_t count, Accept&& accept) {
  const std::size_t n = order_.size();
  const auto take = [&](PeerId id) {
    if (!accept(id) || std::find(chosen_.begin(), chosen_.end(), id) != chosen_.end()) return;
    chosen_.push_back(id);
  };
  if (config_.later_memberlist && n < std::size_t{3} * count) {
    // The first of a shuffled list: in small clusters nobody is missed by bad luck (memberlist
    // 8c0d992).
    shuffled_.assign(order_.begin(), order_.end());
    for (std::size_t i = 0; i < n && chosen_.size() < count; ++i) {
      std::swap(shuffled_[i], shuffled_[i + below(draw(purpose), n - i)]);
      take(shuffled_[i]);
    }
    return;
  }
  for (std::size_t tries = 0; tries < 3 * n && chosen_.size() < count; ++tries) {
    take(order_[below(draw(purpose), n)]);
  }
}

// In memberlist's order; then those that memberlist dropped before serf forgets them.
template <class Visit>
void Engine::for_each_member(Visit&& visit) const {
  constexpr std::size_t kAhead = 12;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    if (i + kAhead < order_.size()) prefetch_line(&table_[order_[i + kAhead].value]);
    if (table_[order_[i].value].status != Status::none) visit(order_[i]);
  }
  for (const auto* list : {&serf_.failed, &serf_.left}) {
    for (const SerfState::Gone& gone : *list) {
      if (table_[gone.peer.value].state == State::unknown) visit(gone.peer);
    }
  }
}

}  // namespace quorumlab::gossip
