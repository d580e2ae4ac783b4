// The etcd half of a server: requests over HTTP go to the keys API, its commands through Raft, and what
// is applied comes back to it.
#include <algorithm>

#include "core/kv/http.h"
#include "core/node/node.h"

namespace quorumlab {
namespace {

// Numbers of proposals that are the store's, where Raft gives back whose they were. Clients' requests never
// have both top bits.
constexpr std::uint64_t kOwnProposal = std::uint64_t{3} << 62;
// A purpose that neither engine draws for.
constexpr std::uint64_t kEpochDraw = UINT64_MAX - 1;

}  // namespace

bool Node::is_own_proposal(std::uint64_t id) { return (id & kOwnProposal) == kOwnProposal; }

// The store's life begins, empty; `start_kv` follows once Raft knows what the disk kept.
void Node::reset_kv() {
  kv_.resize(1);
  KvPart& kv = kv_.front();
  kv::ServerConfig server = config_.kv.server;
  server.node = config_.raft.id;
  server.epoch = static_cast<std::uint32_t>(random_.draw(kEpochDraw, 0) | 1);
  kv.server.reset(server);
  kv.out.clear();
  kv.leader = kNobody;
  kv.term = Term{};
  kv.leads = false;
  kv.ways.clear();
}

kv::RaftView Node::raft_view() const {
  const raft::Status& status = engine_.status();
  kv::RaftView view;
  view.leader = status.leader;
  view.is_leader = status.leader == config_.raft.id;
  view.term = status.term;
  view.commit = status.commit;
  view.connected_since = connected_since(status.leader);
  return view;
}

// Since when there has been a way to the leader without a break; for the leader itself, to a quorum.
Instant Node::connected_since(NodeId leader) const {
  constexpr Instant kAlways{INT64_MIN};
  const std::vector<KvPart::Way>& ways = kv_.front().ways;
  if (ways.empty()) return kAlways;
  const auto to = [&](NodeId peer) {
    const auto way = std::find_if(ways.begin(), ways.end(),
                                  [&](const KvPart::Way& w) { return w.peer == peer; });
    return peer == config_.raft.id || way == ways.end() ? kAlways : way->whole_since;
  };
  if (leader != config_.raft.id) return to(leader);
  // The earliest moment at which a majority's ways were whole.
  const std::vector<NodeId>& voters = engine_.conf().voters;
  Instant since = kNever;
  for (const NodeId candidate : voters) {
    const Instant at = to(candidate);
    const auto whole = static_cast<std::size_t>(std::count_if(
        voters.begin(), voters.end(), [&](NodeId voter) { return to(voter) <= at; }));
    if (whole > voters.size() / 2) since = std::min(since, at);
  }
  return since;
}

// What Raft's messages tell of the ways that etcd's streams would: a leader that went silent for an
// election timeout is out of reach until something comes from it, and so are all others for a leader that
// steps down since too few of them answer.
void Node::watch_ways(Now now, const Event& event) {
  KvPart& kv = kv_.front();
  const raft::Status& status = engine_.status();
  const auto broken = [&](NodeId peer) {
    std::erase_if(kv.ways, [&](const KvPart::Way& way) { return way.peer == peer; });
    kv.ways.push_back({peer, kNever});
  };
  if (kv.leader && !status.leader) {
    const bool own_timer =
        status.role == raft::Role::candidate || status.role == raft::Role::pre_candidate;
    if (kv.leader != config_.raft.id && own_timer) broken(kv.leader);
    if (kv.leader == config_.raft.id && kv.term == status.term) {
      for (const NodeId voter : engine_.conf().voters) {
        if (voter != config_.raft.id) broken(voter);
      }
    }
  }
  if (event.kind != Event::Kind::packet || event.port != Port::raft) return;
  for (KvPart::Way& way : kv.ways) {
    if (way.peer == event.peer && way.whole_since == kNever) way.whole_since = now.monotonic;
  }
}

void Node::start_kv(Now now) {
  KvPart& kv = kv_.front();
  kv.server.start(now, raft_view(), kv.out);
}

// After Raft's part of a step: the store hears of a new leader and of time.
void Node::kv_step(Now now, const Event& event, Effects& out) {
  KvPart& kv = kv_.front();
  const raft::Status& status = engine_.status();
  const bool leads = status.leader == config_.raft.id;
  watch_ways(now, event);
  if (kv.leader != status.leader || kv.leads != leads || kv.term != status.term) {
    kv.leader = status.leader;
    kv.leads = leads;
    kv.term = status.term;
    kv.server.on_view(now, raft_view(), kv.out);
  }
  if (event.kind == Event::Kind::client_request && kv::is_http_request(event.bytes)) {
    on_http_request(now, event, out);
  } else if (event.kind == Event::Kind::client_gone) {
    kv.server.on_gone(event.id);
    out.notes.push_back({Fact::watch_ended, Reason::none, {}, event.id, 0, 0});
  }
  if (kv.server.deadline() <= now.monotonic) kv.server.on_deadline(now, raft_view(), kv.out);
  carry_out_kv(now, out);
  if (running_) out.wake_at = std::min(engine_.deadline(), kv.server.deadline());
}

void Node::on_http_request(Now now, const Event& event, Effects& out) {
  KvPart& kv = kv_.front();
  const auto request = kv::decode_http_request(event.bytes);
  constexpr std::uint64_t kHttp = 8;
  out.notes.push_back({Fact::request_received, Reason::none, event.peer, event.id, kHttp, 0});
  if (!request) {
    Response response;
    response.status = Response::Status::bad_request;
    return reply(event.id, response, out);
  }
  kv.server.on_request(now, event.id, *request, raft_view(), kv.out);
}

// What the store wants done, until it wants nothing more: a server that is alone applies in the same step
// what it proposes.
void Node::carry_out_kv(Now now, Effects& out) {
  KvPart& kv = kv_.front();
  while (!kv.out.notes.empty() || !kv.out.replies.empty() || !kv.out.proposals.empty() || !kv.out.memberships.empty()) {
    std::swap(kv.out, kv.taken);
    kv.out.clear();
    out.notes.insert(out.notes.end(), kv.taken.notes.begin(), kv.taken.notes.end());
    for (const kv::Out::Reply& reply : kv.taken.replies) {
      const std::uint32_t begin = out.begin();
      ByteWriter(out.bytes).raw(kv.taken.view(reply.bytes));
      out.replies.push_back({reply.request, reply.last, out.end(begin)});
      if (reply.last) {
        out.notes.push_back({Fact::request_answered, Reason::none, {}, reply.request, 1, 0});
      }
    }
    for (const kv::MembershipRequest& change : kv.taken.memberships) change_members(now, change);
    for (const kv::Out::Proposal& proposal : kv.taken.proposals) {
      propose_own(now, kOwnProposal | proposal.number, kv.taken.view(proposal.bytes));
    }
    drain(now, out);
    if (!running_) return;
  }
  kv.out.clear();
}

void Node::propose_own(Now now, std::uint64_t id, ByteView command) {
  const raft::ProposeResult result = engine_.propose(now, command, id);
  if (result.status != raft::ProposeResult::Status::dropped) return;
  if (result.reason == Reason::no_leader && held_.size() < config_.hold_without_leader) {
    held_.push_back({id, now.monotonic, Bytes(command.begin(), command.end())});  // etcd's Propose blocks
    return;
  }
  own_proposal_dropped(now, id, result.reason);
}

void Node::own_proposal_dropped(Now now, std::uint64_t id, Reason reason) {
  KvPart& kv = kv_.front();
  const kv::Dropped why = reason == Reason::no_leader         ? kv::Dropped::no_leader
                          : reason == Reason::leadership_lost ? kv::Dropped::lost
                                                              : kv::Dropped::refused;
  kv.server.on_proposal_dropped(now, id & ~kOwnProposal, why, raft_view(), kv.out);
}

// Raft changes first, the members' list behind it.
void Node::change_members(Now now, const kv::MembershipRequest& request) {
  KvPart& kv = kv_.front();
  using Kind = kv::MembershipRequest::Kind;
  const std::uint64_t id = kOwnProposal | request.number;
  NodeId node = request.node;
  if (!node) {
    const std::string_view url = as_text(kv.taken.view(request.url));
    for (const auto& [known, host] : config_.kv.joining) {
      if (known == url) node = host;
    }
  }
  if (request.kind != Kind::update && node) {
    raft::ConfChange change;
    change.steps.push_back({request.kind == Kind::add ? raft::ConfChange::Kind::add_voter
                                                      : raft::ConfChange::Kind::remove,
                            node});
    const raft::ProposeResult result = engine_.propose_change(now, change, 0);
    if (result.status == raft::ProposeResult::Status::dropped &&
        result.reason != Reason::already_so) {
      return own_proposal_dropped(now, id, result.reason);
    }
  }
  propose_own(now, id, kv.taken.view(request.command));
}

}  // namespace quorumlab
