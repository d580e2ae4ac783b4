// What a client asks, as far as it can be answered or proposed at once.
#include <algorithm>

#include "core/base/assert.h"
#include "core/base/hash.h"
#include "core/kv/server.h"

namespace quorumlab::kv {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kText = "text/plain; charset=utf-8";

}  // namespace

// The body is what stands in body_.
void Server::reply(Now now, std::uint64_t request, Shape shape, const Head& head, Out& out) {
  const std::uint32_t begin = out.begin();
  writer_.answer(head, shape, now.wall, body_, out.bytes);
  out.replies.push_back({request, out.end(begin), true, true});
}

void Server::refuse(Now now, std::uint64_t request, Shape shape, ErrorCode code,
                    std::string_view cause, std::uint64_t index, Out& out) {
  body_.clear();
  append_refusal(code, cause, index, body_);
  const ErrorInfo* info = find_error(code);
  Head head;
  head.status = info == nullptr ? 500 : info->status;
  head.content_type = kJson;
  head.cluster_id = cluster_id_;
  head.etcd_index = index;
  reply(now, request, shape, head, out);
}

void Server::say(Now now, std::uint64_t request, Shape shape, std::uint16_t status,
                 std::string_view message, bool cluster_header, Out& out) {
  body_.clear();
  append_message(message, body_);
  Head head;
  head.status = status;
  head.content_type = kJson;
  if (cluster_header) head.cluster_id = cluster_id_;
  reply(now, request, shape, head, out);
}

void Server::send_chunk(std::uint64_t request, bool last, Out& out) {
  const std::uint32_t begin = out.begin();
  write_chunk(body_, last, out.bytes);
  out.replies.push_back({request, out.end(begin), false, last});
}

void Server::on_request(Now now, std::uint64_t request, const HttpRequest& http,
                        const RaftView& view, Out& out) {
  observe(now, view);
  const Call call = api_.read(http, now.wall);
  if (call.writes_members) count_local(Counter::gets_fail);
  count_local(Counter::gets_fail, static_cast<std::uint64_t>(call.reads_auth));
  if (redirect(now, request, call, http.target, view, out)) return;
  switch (call.kind) {
    case Call::Kind::get:
    case Call::Kind::watch:
    case Call::Kind::propose:
      // Each asks whether authentication is on, and does not find the key that would say so.
      count_local(Counter::gets_fail);
      if (call.kind == Call::Kind::get) {
        local_get(now, request, call, view, out);
      } else if (call.kind == Call::Kind::watch) {
        watch(now, request, call, view, out);
      } else {
        take_write(now, request, call, view, out);
      }
      break;
    case Call::Kind::add_member:
    case Call::Kind::remove_member:
    case Call::Kind::update_member:
      take_membership(now, request, call, view, out);
      break;
    case Call::Kind::refused:
      refuse(now, request, call.shape, call.code, call.cause, 0, out);
      break;
    case Call::Kind::message:
      say(now, request, call.shape, call.status, call.cause, call.cluster_header, out);
      break;
    case Call::Kind::health:
      if (view.leader) {
        Command command = own_command(Command::Kind::quorum_get);
        command.path = "/";
        wait_for(propose(command, out), request, Pending::Kind::health, call.shape, now,
                 seconds(1));
      } else {
        body_.clear();
        append_text("{\"health\":\"false\"}\n", body_);
        Head head;
        head.status = 503;
        head.content_type = kText;
        head.nosniff = true;
        reply(now, request, call.shape, head, out);
      }
      break;
    default:
      answer_call(now, request, call, view, out);
  }
}

// What needs neither the keys nor the log.
void Server::answer_call(Now now, std::uint64_t request, const Call& call, const RaftView& view,
                         Out& out) {
  using Kind = Call::Kind;
  Head head;
  body_.clear();
  switch (call.kind) {
    case Kind::malformed:
    case Kind::headers_too_large:
      head.plain_go = true;
      head.status = call.kind == Kind::malformed ? 400 : 431;
      head.content_type = kText;
      append_number(std::uint64_t{head.status}, body_);
      append_text(" ", body_);
      append_text(reason_phrase(head.status), body_);
      break;
    case Kind::options:
      break;
    case Kind::moved:
      head.status = 301;
      head.location = call.location;
      if (!call.cause.empty() || call.shape.head) head.content_type = "text/html; charset=utf-8";
      append_text(call.cause, body_);
      break;
    case Kind::not_allowed:
      head.status = 405;
      head.allow = call.allow;
      head.content_type = kText;
      head.nosniff = true;
      if (call.cluster_header) head.cluster_id = cluster_id_;
      append_text("Method Not Allowed\n", body_);
      break;
    case Kind::version:
      head.content_type = kJson;
      append_version();
      break;
    case Kind::machines:
      head.content_type = kText;
      head.sniffed = true;
      append_machines();
      break;
    case Kind::members:
      head.content_type = kJson;
      head.cluster_id = cluster_id_;
      append_members();
      break;
    case Kind::member_leader: {
      const Member* leader = members_.find_node(view.leader);
      if (leader == nullptr) {
        say(now, request, call.shape, 503, "During election", true, out);
        return;
      }
      head.content_type = kJson;
      head.cluster_id = cluster_id_;
      append_member(*leader);
      append_text("\n", body_);
      break;
    }
    case Kind::stats_self:
      head.content_type = kJson;
      append_self_stats(now);
      break;
    case Kind::stats_leader:
      if (!view.is_leader) {
        say(now, request, call.shape, 403, "not current leader", false, out);
        return;
      }
      head.content_type = kJson;
      append_leader_stats();
      break;
    case Kind::stats_store:
      head.content_type = kJson;
      append_store_stats();
      break;
    case Kind::auth_enable:
    case Kind::auth_users:
    case Kind::auth_roles:
    case Kind::auth_root_role: {
      constexpr std::string_view kRoot =
          R"({"role":"root","permissions":{"kv":{"read":["/*"],"write":["/*"]}}})";
      head.content_type = kJson;
      head.cluster_id = cluster_id_;
      if (call.kind == Kind::auth_enable) append_text("{\"enabled\":false}", body_);
      if (call.kind == Kind::auth_users) append_text("{\"users\":null}", body_);
      if (call.kind == Kind::auth_roles) append_text("{\"roles\":[", body_);
      if (call.kind == Kind::auth_roles || call.kind == Kind::auth_root_role)
        append_text(kRoot, body_);
      if (call.kind == Kind::auth_roles) append_text("]}", body_);
      append_text("\n", body_);
      break;
    }
    default:
      head.status = 404;
      head.content_type = kText;
      head.nosniff = true;
      append_text("404 page not found\n", body_);
  }
  reply(now, request, call.shape, head, out);
}

// etcd 0.1 to 0.4: what needs the leader goes there.
bool Server::redirect(Now now, std::uint64_t request, const Call& call, std::string_view target,
                      const RaftView& view, Out& out) {
  if (config_.redirect == ServerConfig::Redirect::off || call.kind != Call::Kind::propose ||
      view.is_leader) {
    return false;
  }
  const Member* leader = members_.find_node(view.leader);
  if (leader == nullptr || leader->client_urls.empty()) {
    refuse(now, request, call.shape, ErrorCode::raft_internal, {}, store_.index(), out);
    return true;
  }
  text_ = leader->client_urls.front();
  text_ += target;
  body_.clear();
  Head head;
  head.status = 307;
  head.location = text_;
  reply(now, request, call.shape, head, out);
  return true;
}

void Server::local_get(Now now, std::uint64_t request, const Call& call, const RaftView& view,
                       Out& out) {
  Refusal refusal;
  const Store::Handle handle = store_.find(call.command.path, refusal);
  count_local(refusal ? Counter::gets_fail : Counter::gets_success);
  if (refusal) {
    refuse(now, request, call.shape, refusal.code, refusal.cause, refusal.index, out);
    return;
  }
  body_.clear();
  listing_.append(store_, handle, call.command.recursive, now.wall, body_);
  Head head;
  head.content_type = kJson;
  head.cluster_id = cluster_id_;
  head.etcd_index = store_.index();
  head.raft_index = view.commit.value;
  head.raft_term = applied_term_.value;
  reply(now, request, call.shape, head, out);
}

void Server::watch(Now now, std::uint64_t request, const Call& call, const RaftView& view,
                   Out& out) {
  std::uint64_t since = call.since;
  if (since == 0 || !config_.rules[Rule::watch_from_history]) since = store_.index() + 1;
  const History& history = store_.history();
  const History::Found found = history.scan(call.command.path, call.command.recursive, since,
                                            !config_.rules[Rule::history_in_order]);
  if (found.cleared) {
    text_ = "the requested history has been cleared [" + std::to_string(history.first()) + "/" +
            std::to_string(since) + "]";
    refuse(now, request, call.shape, ErrorCode::index_cleared, text_, store_.index(), out);
    return;
  }
  Head head;
  head.content_type = kJson;
  head.cluster_id = cluster_id_;
  head.etcd_index = store_.index();
  head.raft_index = view.commit.value;
  head.raft_term = applied_term_.value;
  const bool one = !call.command.recursive && !call.stream;
  note(Fact::watch_began, request, call.since != 0 ? call.since : since,
       one ? hash_bytes(as_bytes(call.command.path)) : 0, out);
  const std::uint32_t begin = out.begin();
  writer_.watch_head(head, call.shape, now.wall, out.bytes);
  out.replies.push_back({request, out.end(begin), true, false});
  if (found.index == 0) {
    store_.watchers().add(request, call.command.path, call.command.recursive, call.stream, since);
    return;
  }
  note(Fact::watch_told, request, found.index, call.stream ? 0 : 1, out);
  // A stream that is answered out of the history hears nothing more, ever (etcd issue #2854).
  body_.clear();
  append_event(history.event(found.index), history.noted(found.index), false, body_);
  send_chunk(request, !call.stream, out);
}

void Server::take_write(Now now, std::uint64_t request, const Call& call, const RaftView& view,
                        Out& out) {
  if (call.command.kind == Command::Kind::quorum_get && !config_.rules[Rule::read_at_apply]) {
    local_get(now, request, call, view, out);
    return;
  }
  Command command = call.command;
  wait_for(propose(command, out), request, Pending::Kind::key, call.shape, now, patience());
}

void Server::take_membership(Now now, std::uint64_t request, const Call& call, const RaftView& view,
                             Out& out) {
  using Kind = Call::Kind;
  // --strict-reconfig-check: a change must not leave fewer started members than a quorum, nor come
  // while members have not been seen for five seconds.
  std::size_t started = 0, count = 0;
  const bool adds = call.kind == Kind::add_member, removes = call.kind == Kind::remove_member;
  for (const Member& member : members_.all()) {
    if (removes && member.id == call.command.member) continue;
    ++count;
    if (!member.name.empty()) ++started;
  }
  if (adds) ++count;
  const bool restores = adds && started == 1 && count == 2;
  const bool removes_stranger = removes && members_.find(call.command.member) == nullptr;
  const Instant healthy_since = now.monotonic - seconds(5);
  const bool shaky =
      members_.all().size() > 1 && !removes_stranger &&
      (started_at_.monotonic > healthy_since || view.connected_since > healthy_since);
  if ((adds || removes) && ((!restores && started < count / 2 + 1) || shaky)) {
    say(now, request, call.shape, 500, "Internal Server Error", true, out);
    return;
  }
  Command command = call.command;
  MembershipRequest change;
  change.kind = adds      ? MembershipRequest::Kind::add
                : removes ? MembershipRequest::Kind::remove
                          : MembershipRequest::Kind::update;
  command.kind = adds      ? Command::Kind::add_member
                 : removes ? Command::Kind::remove_member
                           : Command::Kind::update_member;
  std::uint32_t begin = out.begin();
  if (!removes) {
    urls_.clear();
    ByteWriter w(urls_);
    for (const std::string& url : api_.urls()) w.sized(url);
    command.urls = urls_;
    append_text(api_.urls().front(), out.bytes);
  }
  change.url = out.end(begin);
  if (adds) {
    command.member = kv::member_id(api_.urls(), {}, whole_seconds(now.wall));
  }
  if (const Member* known = members_.find(command.member)) change.node = known->node;
  command.node = change.node;
  command.origin = config_.node;
  command.epoch = config_.epoch;
  command.number = change.number = next_number_++;
  change.member = command.member;
  begin = out.begin();
  kv::encode(command, out.bytes);
  change.command = out.end(begin);
  out.memberships.push_back(change);
  wait_for(change.number, request, adds ? Pending::Kind::add_member : Pending::Kind::change_member,
           call.shape, now, patience());
  pending_.back().member = command.member;
}

}  // namespace quorumlab::kv
