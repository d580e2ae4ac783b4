// A server's life: start, clocks and leadership, what it proposes by itself, and its snapshot.
#include "core/kv/server.h"

#include <algorithm>

#include "core/base/assert.h"

namespace quorumlab::kv {
namespace {

constexpr Duration kSyncEvery = milliseconds(500);
constexpr std::uint8_t kSnapshotVersion = 1;

}  // namespace

void Server::reset(const ServerConfig& config) {
  config_ = config;
  std::vector<std::uint64_t> ids;
  member_id_ = 0;
  for (Member& member : config_.members) {
    if (member.id == 0) member.id = kv::member_id(member.peer_urls, config_.cluster_token);
    ids.push_back(member.id);
    if (member.node != config_.node) continue;
    member_id_ = member.id;
    config_.self = member;
  }
  cluster_id_ = config_.cluster_id != 0 ? config_.cluster_id : kv::cluster_id(std::move(ids));
  store_.clear();
  members_.clear();
  sessions_.clear();
  applied_ = {};
  applied_term_ = {};
  started_ = false;
  is_leader_ = false;
  leader_ = kNobody;
  elected_at_ = Instant{INT64_MIN};
  leader_since_ = {};
  next_tick_ = kNever;
  introduced_in_ = {};
  published_ = false;
  next_number_ = 1;
  pending_.clear();
  healths_ = 0;
  stalled_.clear();
  local_counters_ = {};
}

void Server::start(Now now, const RaftView& view, Out& out) {
  started_ = true;
  started_at_ = now;
  leader_since_ = now.wall;
  next_tick_ = now.monotonic + kSyncEvery;
  on_view(now, view, out);
}

Instant Server::tick_after(Instant monotonic) const {
  const std::int64_t passed = (monotonic - started_at_.monotonic).ns / kSyncEvery.ns;
  return started_at_.monotonic + kSyncEvery * (passed + 1);
}

// etcd's ticker runs from the start and keeps one tick until somebody takes it, which only a leader
// does: so a new leader has one at once, and an old one with nothing to expire lets them go by.
void Server::observe(Now now, const RaftView& view) {
  if (is_leader_ && !store_.has_expiring() && next_tick_ <= now.monotonic) {
    next_tick_ = tick_after(now.monotonic);
  }
  if (view.leader != leader_ || view.is_leader != is_leader_) {
    if (view.is_leader && !is_leader_) elected_at_ = now.monotonic;
    leader_since_ = now.wall;
  }
  leader_ = view.leader;
  is_leader_ = view.is_leader;
}

void Server::on_view(Now now, const RaftView& view, Out& out) {
  observe(now, view);
  introduce(now, view, out);
}

Command Server::own_command(Command::Kind kind) {
  Command command;
  command.kind = kind;
  return command;
}

std::uint64_t Server::propose(Command& command, Out& out) {
  command.origin = config_.node;
  command.epoch = config_.epoch;
  command.number = next_number_++;
  const std::uint32_t begin = out.begin();
  kv::encode(command, out.bytes);
  out.proposals.push_back({command.number, out.end(begin)});
  return command.number;
}

void Server::wait_for(std::uint64_t number, std::uint64_t request, Pending::Kind kind, Shape shape,
                      Now now, Duration limit) {
  pending_.push_back({number, request, now.monotonic, now.monotonic + limit, kind, shape, 0});
  if (kind == Pending::Kind::health) ++healths_;
}

Server::Pending Server::take_out(std::size_t place) {
  const Pending pending = pending_[place];
  pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(place));
  if (pending.kind == Pending::Kind::health) --healths_;
  return pending;
}

void Server::unlist(std::uint64_t member, Out& out) {
  Command command = own_command(Command::Kind::remove_member);
  command.member = member;
  propose(command, out);
}

void Server::list(Now now, NodeId node, std::string_view url, Out& out) {
  std::vector<std::string> urls;
  if (!url.empty()) urls.emplace_back(url);
  for (const Member& founder : config_.members) {
    if (founder.node != node) continue;
    if (!members_.is_removed(founder.id)) return;
    urls = founder.peer_urls;
  }
  if (urls.empty() || members_.has_peer_url(urls, 0)) return;
  Command command = own_command(Command::Kind::add_member);
  command.member = kv::member_id(urls, {}, whole_seconds(now.wall));
  command.node = node;
  urls_.clear();
  ByteWriter w(urls_);
  for (const std::string& one : urls) w.sized(one);
  command.urls = urls_;
  propose(command, out);
}

// One that was removed may be on the list again, under another id.
bool Server::is_member() {
  const bool unknown = member_id_ == 0 || members_.is_removed(member_id_);
  if (unknown && !config_.self.peer_urls.empty()) {
    for (const Member& member : members_.all()) {
      if (member.peer_urls == config_.self.peer_urls) member_id_ = member.id;
    }
  }
  return members_.find(member_id_) != nullptr;
}

// A fresh cluster begins with an entry for each founder, one with the version, and one in which
// each member tells its name and where clients find it; the last again with each start.
void Server::introduce(Now now, const RaftView& view, Out& out) {
  if (!started_) return;
  // What came before this leader's first entry is applied then.
  if (is_leader_ && applied_term_ == view.term && introduced_in_ != view.term) {
    introduced_in_ = view.term;
    for (const Member& member : config_.members) {
      if (members_.find(member.id) != nullptr || members_.is_removed(member.id)) continue;
      Command command = own_command(Command::Kind::add_member);
      command.bootstrap = true;
      command.member = member.id;
      command.node = member.node;
      urls_.clear();
      ByteWriter w(urls_);
      for (const std::string& url : member.peer_urls) w.sized(url);
      command.urls = urls_;
      propose(command, out);
    }
    if (members_.version.empty() && !config_.members.empty()) {
      Command command = own_command(Command::Kind::set_version);
      command.value = config_.cluster_version;
      propose(command, out);
    }
  }
  if (published_ || !leader_ || !is_member()) return;
  published_ = true;
  Command command = own_command(Command::Kind::publish_member);
  command.member = member_id_;
  command.value = config_.self.name;
  urls_.clear();
  ByteWriter w(urls_);
  for (const std::string& url : config_.self.client_urls) w.sized(url);
  command.urls = urls_;
  wait_for(propose(command, out), 0, Pending::Kind::publish, {}, now, patience());
}

Instant Server::deadline() const {
  Instant next = kNever;
  if (!pending_.empty()) next = pending_.front().until;
  for (std::size_t i = 0; healths_ > 0; ++i) {
    if (pending_[i].kind != Pending::Kind::health) continue;
    next = std::min(next, pending_[i].until);  // the first of them is the first to end
    break;
  }
  const bool ticks = (is_leader_ && config_.rules[Rule::leader_tells_time]) ||
                     !config_.rules[Rule::expire_by_leader_only];
  if (started_ && ticks && store_.has_expiring()) next = std::min(next, next_tick_);
  return next;
}

void Server::on_deadline(Now now, const RaftView& view, Out& out) {
  observe(now, view);
  if (started_ && store_.has_expiring() && next_tick_ <= now.monotonic) {
    if (!config_.rules[Rule::expire_by_leader_only]) {
      next_tick_ = tick_after(now.monotonic);
      expire(now, now.wall.ns, out);
    } else if (is_leader_ && config_.rules[Rule::leader_tells_time]) {
      next_tick_ = tick_after(now.monotonic);
      Command command = own_command(Command::Kind::sync);
      command.time = now.wall.ns;
      note(Fact::expiry_proposed, static_cast<std::uint64_t>(command.time), 0, 0, out);
      propose(command, out);
    }
  }
  for (std::size_t i = 0; i < pending_.size();) {
    if (pending_[i].until > now.monotonic) {
      ++i;
      continue;
    }
    const Pending pending = take_out(i);
    if (pending.kind == Pending::Kind::publish) {
      published_ = false;
      continue;
    }
    if (pending.request == 0) continue;
    switch (pending.kind) {
      case Pending::Kind::key:
        refuse(now, pending.request, pending.shape, ErrorCode::raft_internal,
               timeout_cause(pending, view), 0, out);
        break;
      case Pending::Kind::health: {
        body_.clear();
        append_text("{\"health\":\"false\"}\n", body_);
        Head head;
        head.status = 503;
        head.content_type = "text/plain; charset=utf-8";
        head.nosniff = true;
        reply(now, pending.request, pending.shape, head, out);
        break;
      }
      case Pending::Kind::add_member:
      case Pending::Kind::change_member:
        say(now, pending.request, pending.shape, 500, "Internal Server Error", true, out);
        break;
      case Pending::Kind::publish:
        break;
    }
  }
  introduce(now, view, out);
}

// etcd's parseProposeCtxErr: which of three things it was, as far as this node can tell.
std::string_view Server::timeout_cause(const Pending& pending, const RaftView& view) const {
  // Asked while the leader before this one was failing: lost with it, in all likelihood.
  const bool was_elected = elected_at_ != Instant{INT64_MIN};
  if (was_elected && pending.asked < elected_at_ &&
      pending.asked > elected_at_ - config_.election_timeout * 2) {
    return "etcdserver: request timed out, possibly due to previous leader failure";
  }
  if (view.leader && view.connected_since >= pending.asked) {
    return "etcdserver: request timed out, possibly due to connection lost";
  }
  return "etcdserver: request timed out";
}

void Server::on_proposal_dropped(Now now, std::uint64_t number, Dropped why, const RaftView& view,
                                 Out& out) {
  observe(now, view);
  // Nobody is told. But one who is sent to the leader anyway need not wait for one that is not
  // there.
  if (why == Dropped::lost || config_.redirect == ServerConfig::Redirect::off) return;
  const auto at = std::find_if(pending_.begin(), pending_.end(),
                               [&](const Pending& p) { return p.number == number; });
  if (at == pending_.end() || at->kind != Pending::Kind::key) return;
  const Pending pending = take_out(static_cast<std::size_t>(at - pending_.begin()));
  if (pending.request != 0) {
    refuse(now, pending.request, pending.shape, ErrorCode::raft_internal, {}, store_.index(), out);
  }
}

void Server::on_gone(std::uint64_t request) {
  store_.watchers().remove(request);
  std::erase_if(stalled_, [&](const Stalled& s) { return s.request == request; });
  for (Pending& pending : pending_) {
    if (pending.request == request) pending.request = 0;
  }
}

void Server::on_stall(std::uint64_t request, bool stalled, Out& out) {
  const auto at = std::find_if(stalled_.begin(), stalled_.end(),
                               [&](const Stalled& s) { return s.request == request; });
  if (stalled) {
    if (at == stalled_.end()) stalled_.push_back({request, false, {}});
    return;
  }
  if (at == stalled_.end()) return;
  const Stalled kept = std::move(*at);
  stalled_.erase(at);
  for (std::size_t i = 0; i < kept.chunks.size(); ++i) {
    body_ = kept.chunks[i];
    send_chunk(request, kept.closed && i + 1 == kept.chunks.size(), out);
  }
  if (kept.closed && kept.chunks.empty()) {
    body_.clear();
    send_chunk(request, true, out);
  }
}

bool Server::is_open(std::uint64_t request) const {
  for (const Pending& pending : pending_) {
    if (pending.request == request) return true;
  }
  return store_.watchers().watches(request);
}

void Server::encode(Bytes& out) const {
  ByteWriter(out).u8(kSnapshotVersion);
  store_.encode(out);
  members_.encode(out);
  sessions_.encode(out);
}

bool Server::restore(Now now, ByteView bytes, LogIndex index, Term term) {
  ByteReader r(bytes);
  const bool good = r.u8() == kSnapshotVersion && store_.decode(r, now.wall) &&
                    members_.decode(r) && sessions_.decode(r) && r.finished();
  if (!good) {
    Watchers watchers = std::move(store_.watchers());
    store_.clear();
    store_.watchers() = std::move(watchers);
    members_.clear();
    sessions_.clear();
    return false;
  }
  applied_ = index;
  applied_term_ = term;
  return true;
}

bool Server::same_state(const Server& other) const {
  return members_ == other.members_ && sessions_.same_state(other.sessions_) &&
         store_.same_state(other.store_);
}

}  // namespace quorumlab::kv
