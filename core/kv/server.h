// One member's etcd front as a value: HTTP requests in, answers out, and in between commands that
// its owner takes through the Raft log. Reads of the node's own copy, listings and watches are
// answered at once; writes and quorum reads wait for their command to be applied, or for seven
// seconds.
//
// The owner (core/node) does this: start() once; on_request() for what clients send, whose
// proposals it gives to Raft, in order; apply() for every entry of the log in order, empty and
// configuration entries too; on_view() when the leader changed; on_deadline() when deadline() came.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/fact.h"
#include "core/base/slab_map.h"
#include "core/base/types.h"
#include "core/kv/command.h"
#include "core/kv/http.h"
#include "core/kv/http_api.h"
#include "core/kv/json_text.h"
#include "core/kv/members.h"
#include "core/kv/rules.h"
#include "core/kv/sessions.h"
#include "core/kv/store.h"

namespace quorumlab::kv {

struct ServerConfig {
  // What etcd 0.1 to 0.4 did on a follower: sent the client to the leader with 307; later versions
  // forward inside Raft.
  enum class Redirect : std::uint8_t { off, v0_4 };

  NodeId node;  // this server
  // Which life of the server this is: an answer never goes to a request of an earlier one. The
  // owner keeps it growing, by whatever it has: a count, the second of the start.
  std::uint32_t epoch = 0;
  // The founders of the cluster, this server among them unless it joins later. Ids of 0 are derived
  // from the peer URLs and the token, as etcd does.
  std::vector<Member> members;
  // Name and URLs of a server that joins later; its id is that of the member with these peer URLs.
  Member self;
  std::string cluster_token = "etcd-cluster";
  std::uint64_t cluster_id = 0;  // 0: derived from the founders
  std::string server_version = "3.4.23";
  std::string cluster_version = "3.4.0";
  Redirect redirect = Redirect::off;
  Duration election_timeout = seconds(1);
  Rules rules;
};

// What this node's Raft knows at that moment.
struct RaftView {
  NodeId leader;  // nobody: none known
  bool is_leader = false;
  Term term;
  LogIndex commit;
  // Since when, on the monotonic clock, there has been an unbroken way to the leader, or for a
  // leader to a quorum; kNever: there is none now. Tells "request timed out" from "..., possibly
  // due to connection lost" and has no other effect.
  Instant connected_since{INT64_MIN};
};

// A change of the members that a client asked for. If a configuration entry can carry the command,
// propose one entry with both; else have Raft change first and propose the command afterwards. The
// client is answered when the command is applied, or after seven seconds.
struct MembershipRequest {
  enum class Kind : std::uint8_t { add, remove, update };
  Kind kind = Kind::add;
  std::uint64_t number = 0;  // of the proposal
  std::uint64_t member = 0;
  NodeId node;    // to Raft; nobody: unknown to this server, the owner knows it by its URL
  Slice command;  // what to take through the log
  Slice url;      // its first peer URL; add and update
};

// All that a step wants done. The caller owns it, clears it before each step and reuses it.
struct Out {
  struct Reply {
    std::uint64_t request = 0;
    Slice bytes;        // for add_part()
    bool first = true;  // the first of this request
    bool last = true;   // nothing follows
  };
  struct Proposal {
    std::uint64_t number = 0;  // counts up within a life
    Slice bytes;
  };
  Bytes bytes;
  std::vector<Reply> replies;
  std::vector<Proposal> proposals;
  std::vector<MembershipRequest> memberships;
  std::vector<Note> notes;

  void clear() {
    bytes.clear();
    notes.clear();
    replies.clear();
    proposals.clear();
    memberships.clear();
  }
  ByteView view(Slice s) const { return {bytes.data() + s.offset, s.size}; }
  std::uint32_t begin() const { return static_cast<std::uint32_t>(bytes.size()); }
  Slice end(std::uint32_t begin) const {
    return {begin, static_cast<std::uint32_t>(bytes.size()) - begin};
  }
};

// Why a proposal did not reach the log.
enum class Dropped : std::uint8_t { no_leader, refused, lost };

class Server {
 public:
  Server() = default;
  explicit Server(const ServerConfig& config) { reset(config); }
  // An empty server that has not started; keeps its buffers.
  void reset(const ServerConfig& config);

  // The process begins. What a snapshot holds is restored before or after, the log is applied
  // after.
  void start(Now now, const RaftView& view, Out& out);
  // A client asks. `request` is the owner's number, unique while the request is open.
  void on_request(Now now, std::uint64_t request, const HttpRequest& http, const RaftView& view,
                  Out& out);
  // The client hung up: its watch is forgotten. What it proposed goes on all the same.
  void on_gone(std::uint64_t request);
  // The client's connection takes no more for now, or does again: events for a watch are kept, up
  // to 100, and one more ends it.
  void on_stall(std::uint64_t request, bool stalled, Out& out);
  // The entry at `index` is committed: the bytes of a proposal, or nothing for entries that are not
  // ours. In order, each once in a life.
  void apply(Now now, LogIndex index, Term term, ByteView command, const RaftView& view, Out& out);
  // The leader changed.
  void on_view(Now now, const RaftView& view, Out& out);
  // Raft's configuration changed without a word to the members API, as an autopilot does it: the
  // leader proposes what makes the list agree. A member that is back has a new id, and `url` is its
  // peer URL (empty: the founder's). A founder whom nobody removed introduces itself.
  void unlist(std::uint64_t member, Out& out);
  void list(Now now, NodeId node, std::string_view url, Out& out);
  // Raft did not take a proposal, or lost it. etcd 3.4 tells the client nothing and lets the seven
  // seconds run out; so does this, and redirects with v0.4 answer at once.
  void on_proposal_dropped(Now now, std::uint64_t number, Dropped why, const RaftView& view,
                           Out& out);
  void on_deadline(Now now, const RaftView& view, Out& out);
  // On the monotonic clock; kNever: none.
  Instant deadline() const;

  // The replicated state, the same bytes on every node that applied the same entries.
  void encode(Bytes& out) const;
  // Takes the place of all replicated state. `index` and `term` are those of the last entry in it.
  [[nodiscard]] bool restore(Now now, ByteView bytes, LogIndex index, Term term);
  bool same_state(const Server& other) const;

  void set_rule(Rule rule, bool on) { config_.rules.set(rule, on); }
  const ServerConfig& config() const { return config_; }
  const Store& store() const { return store_; }
  const Members& members() const { return members_; }
  const Sessions& sessions() const { return sessions_; }
  LogIndex applied() const { return applied_; }
  Term applied_term() const { return applied_term_; }
  std::uint64_t cluster_id() const { return cluster_id_; }
  std::uint64_t member_id() const { return member_id_; }
  // Requests that wait for their command to be applied.
  std::size_t pending() const { return pending_.size(); }
  bool is_open(std::uint64_t request) const;

 private:
  struct Pending {
    enum class Kind : std::uint8_t { key, health, add_member, change_member, publish };
    std::uint64_t number = 0;
    std::uint64_t request = 0;  // 0: our own, or its client is gone
    Instant asked;
    Instant until;
    Kind kind = Kind::key;
    Shape shape;
    std::uint64_t member = 0;  // that it adds, changes or removes
  };
  // A watch whose client takes no more for now.
  struct Stalled {
    std::uint64_t request = 0;
    bool closed = false;  // ends once what is kept was sent
    std::vector<Bytes> chunks;
  };
  // What every verb begins with: the clock, and who leads.
  void observe(Now now, const RaftView& view);
  // What the cluster and this member say of themselves, once they can.
  void introduce(Now now, const RaftView& view, Out& out);
  // Finds itself among the members, if it is there.
  bool is_member();
  Command own_command(Command::Kind kind);
  std::uint64_t propose(Command& command, Out& out);
  void wait_for(std::uint64_t number, std::uint64_t request, Pending::Kind kind, Shape shape,
                Now now, Duration limit);
  Pending take_out(std::size_t place);
  Duration patience() const { return seconds(5) + config_.election_timeout * 2; }
  Instant tick_after(Instant monotonic) const;
  std::string_view timeout_cause(const Pending& pending, const RaftView& view) const;

  // server_requests.cpp
  void answer_call(Now now, std::uint64_t request, const Call& call, const RaftView& view,
                   Out& out);
  void local_get(Now now, std::uint64_t request, const Call& call, const RaftView& view, Out& out);
  void watch(Now now, std::uint64_t request, const Call& call, const RaftView& view, Out& out);
  void take_write(Now now, std::uint64_t request, const Call& call, const RaftView& view, Out& out);
  void take_membership(Now now, std::uint64_t request, const Call& call, const RaftView& view,
                       Out& out);
  bool redirect(Now now, std::uint64_t request, const Call& call, std::string_view target,
                const RaftView& view, Out& out);
  void refuse(Now now, std::uint64_t request, Shape shape, ErrorCode code, std::string_view cause,
              std::uint64_t index, Out& out);
  void say(Now now, std::uint64_t request, Shape shape, std::uint16_t status,
           std::string_view message, bool cluster_header, Out& out);
  void reply(Now now, std::uint64_t request, Shape shape, const Head& head, Out& out);
  void send_chunk(std::uint64_t request, bool last, Out& out);
  void count_local(Counter counter, std::uint64_t times = 1) {
    local_counters_[static_cast<std::size_t>(counter)] += times;
  }

  // server_status.cpp
  void append_member(const Member& member);
  void append_members();
  void append_machines();
  void append_version();
  void append_store_stats();
  void append_self_stats(Now now);
  void append_leader_stats();

  // server_apply.cpp
  void apply_key(Now now, const Command& command, const RaftView& view, Out& out);
  void apply_member(Now now, const Command& command, Out& out);
  void apply_publish(Now now, const Command& command, Out& out);
  void expire(Now now, std::int64_t cutoff, Out& out);
  void tell_watchers(Now now, const Event& event, Out& out);
  static void note(Fact fact, std::uint64_t a, std::uint64_t b, std::uint64_t c, Out& out) {
    out.notes.push_back({fact, Reason::none, {}, a, b, c});
  }
  // The request that this command came from, taken off the waiting ones; request 0: nobody waits.
  Pending take_pending(const Command& command);
  void answer_event(Now now, const Pending& pending, const Event& event, std::uint64_t index,
                    const RaftView& view, Out& out);
  Context context(Now now) const { return {now.wall, config_.rules}; }

  ServerConfig config_;
  std::uint64_t cluster_id_ = 0, member_id_ = 0;
  // Replicated.
  Store store_;
  Members members_;
  Sessions sessions_;
  // This node's own.
  LogIndex applied_;
  Term applied_term_;
  bool started_ = false;
  Now started_at_;
  bool is_leader_ = false;
  NodeId leader_;
  Instant elected_at_{INT64_MIN};  // when this node last became the leader
  Instant leader_since_;           // wall clock; as /v2/stats/self has it
  Instant next_tick_ = kNever;     // of the SYNC ticker; in the past while nobody takes it
  Term introduced_in_;  // the term in which this leader proposed what a fresh cluster needs
  bool published_ = false;
  std::uint64_t next_number_ = 1;
  // Ascending by number, and by deadline but for those of /health.
  std::vector<Pending> pending_;
  std::size_t healths_ = 0;  // how many of them
  std::vector<Stalled> stalled_;
  Counters local_counters_{};  // reads on this node alone
  // Room to work in.
  HttpApi api_;
  AnswerWriter writer_;
  Listing listing_;
  Bytes body_, command_, session_answer_, urls_;
  std::string text_;
};

}  // namespace quorumlab::kv
