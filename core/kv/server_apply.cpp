// Committed commands: what they do to the replicated state, whom it wakes, and who is answered.
#include <algorithm>

#include "core/base/assert.h"
#include "core/base/hash.h"
#include "core/kv/server.h"

namespace quorumlab::kv {
namespace {

constexpr std::string_view kJson = "application/json";

// What a session remembers of an outcome.
void encode_answer(const Store::Outcome& outcome, std::uint64_t index, Bytes& out) {
  ByteWriter w(out);
  w.varint(static_cast<std::uint64_t>(outcome.refusal.code));
  w.varint(index);
  if (outcome.refusal) {
    w.raw(as_bytes(outcome.refusal.cause));
  } else {
    kv::encode(outcome.event, out);
  }
}

void append_hex(std::uint64_t number, std::string& out) {
  char digits[16];
  std::size_t n = 0;
  do {
    digits[n++] = "0123456789abcdef"[number % 16];
    number /= 16;
  } while (number > 0);
  while (n > 0) out += digits[--n];
}

std::string member_path(std::uint64_t id, std::string_view below) {
  std::string path = "/0/members/";
  append_hex(id, path);
  path += below;
  return path;
}

std::vector<std::string> strings_of(ByteView urls) {
  std::vector<std::string> all;
  ByteReader r(urls);
  while (r.remaining() > 0) all.emplace_back(as_text(r.sized()));
  return all;
}

// {"peerURLs":["..."]} and the like, as etcd keeps members in its store.
std::string urls_json(std::string_view begin, const std::vector<std::string>& urls) {
  Bytes json;
  append_text(begin, json);
  append_text("[", json);
  for (std::size_t i = 0; i < urls.size(); ++i) {
    if (i > 0) append_text(",", json);
    append_json_string(urls[i], json);
  }
  append_text("]}", json);
  return std::string(as_text(json));
}

bool is_member_command(Command::Kind kind) {
  return kind == Command::Kind::add_member || kind == Command::Kind::remove_member ||
         kind == Command::Kind::update_member;
}

}  // namespace

void Server::apply(Now now, LogIndex index, Term term, ByteView bytes, const RaftView& view,
                   Out& out) {
  observe(now, view);
  applied_ = index;
  applied_term_ = term;
  const auto command = bytes.empty() ? std::nullopt : decode_command(bytes);
  if (command) {
    switch (command->kind) {
      case Command::Kind::sync:
        if (config_.rules[Rule::expire_by_leader_only]) {
          expire(now, config_.rules[Rule::expire_by_command_time] ? command->time : now.wall.ns,
                 out);
          note(Fact::expiry_applied, static_cast<std::uint64_t>(command->time),
               static_cast<std::uint64_t>(store_.next_expiry()), 0, out);
        }
        break;
      case Command::Kind::publish_member:
        apply_publish(now, *command, out);
        break;
      case Command::Kind::set_version:
        if (members_.version != command->value) {
          members_.version = command->value;
          const auto outcome = store_.set(context(now), "/0/version", false, command->value, {});
          if (!outcome.refusal) tell_watchers(now, outcome.event, out);
        }
        break;
      default:
        if (is_member_command(command->kind)) {
          apply_member(now, *command, out);
        } else {
          apply_key(now, *command, view, out);
        }
    }
  }
  introduce(now, view, out);
}

Server::Pending Server::take_pending(const Command& command) {
  const bool ours = (command.origin == config_.node && command.epoch == config_.epoch) ||
                    !config_.rules[Rule::answers_match_requests];
  if (!ours) return {};
  const auto at =
      std::lower_bound(pending_.begin(), pending_.end(), command.number,
                       [](const Pending& p, std::uint64_t number) { return p.number < number; });
  if (at == pending_.end() || at->number != command.number) return {};
  return take_out(static_cast<std::size_t>(at - pending_.begin()));
}

void Server::apply_key(Now now, const Command& command, const RaftView& view, Out& out) {
  const Pending pending = take_pending(command);
  const bool waits = pending.request != 0;
  if (command.kind == Command::Kind::quorum_get) {
    Refusal refusal;
    const Store::Handle handle = store_.find(command.path, refusal);
    store_.count(refusal ? Counter::gets_fail : Counter::gets_success);
    if (!waits) return;
    body_.clear();
    Head head;
    if (pending.kind == Pending::Kind::health) {
      append_text("{\"health\":\"true\"}", body_);
      head.content_type = "text/plain; charset=utf-8";
      head.sniffed = true;
    } else if (refusal) {
      refuse(now, pending.request, pending.shape, refusal.code, refusal.cause, refusal.index, out);
      return;
    } else {
      listing_.append(store_, handle, command.recursive, now.wall, body_);
      head.content_type = kJson;
      head.cluster_id = cluster_id_;
      head.etcd_index = store_.index();
      head.raft_index = view.commit.value;
      head.raft_term = applied_term_.value;
    }
    reply(now, pending.request, pending.shape, head, out);
    return;
  }

  const bool once = command.session != 0 && config_.rules[Rule::sessions_apply_once];
  if (once) {
    const Sessions::Verdict verdict = sessions_.begin(command, applied_);
    if (verdict == Sessions::Verdict::again && waits) {
      ByteReader r(sessions_.answer());
      const auto code = static_cast<ErrorCode>(r.varint());
      const std::uint64_t index = r.varint();
      const ByteView rest = r.raw(r.remaining());
      if (code != ErrorCode::none) {
        refuse(now, pending.request, pending.shape, code, as_text(rest), index, out);
      } else if (const auto event = decode_event(rest)) {
        answer_event(now, pending, *event, index, view, out);
      }
    } else if (verdict != Sessions::Verdict::first && waits) {
      refuse(now, pending.request, pending.shape, ErrorCode::raft_internal,
             verdict == Sessions::Verdict::unknown
                 ? "session forgotten: applied or not, nobody knows"
                 : "applied before, and its answer is forgotten",
             0, out);
    }
    if (verdict != Sessions::Verdict::first) return;
  }

  if (command.session != 0) {
    note(Fact::session_applied, command.session, command.sequence, applied_.value, out);
  }
  const Context when = context(now);
  const Store::Lifetime lifetime{command.expiration, command.refresh};
  Store::Outcome outcome;
  switch (command.kind) {
    case Command::Kind::set:
      outcome = store_.set(when, command.path, command.dir, command.value, lifetime);
      break;
    case Command::Kind::create:
      outcome = store_.create(when, command.path, command.dir, command.value, false, lifetime);
      break;
    case Command::Kind::create_in_order:
      outcome = store_.create(when, command.path, command.dir, command.value, true, lifetime);
      break;
    case Command::Kind::update:
      outcome = store_.update(when, command.path, command.value, lifetime);
      break;
    case Command::Kind::compare_and_swap:
      outcome = store_.compare_and_swap(when, command.path, command.previous_value,
                                        command.previous_index, command.value, lifetime);
      break;
    case Command::Kind::remove:
      outcome = store_.remove(when, command.path, command.dir, command.recursive);
      break;
    case Command::Kind::compare_and_delete:
      outcome = store_.compare_and_delete(when, command.path, command.previous_value,
                                          command.previous_index);
      break;
    default:
      ASSERT(false, "commands of other kinds are applied elsewhere");
  }
  const std::uint64_t index = outcome.refusal ? outcome.refusal.index : outcome.event.index();
  if (once) {
    session_answer_.clear();
    encode_answer(outcome, index, session_answer_);
    sessions_.keep(command, session_answer_);
  }
  if (!outcome.refusal) tell_watchers(now, outcome.event, out);
  if (!waits) return;
  if (outcome.refusal) {
    refuse(now, pending.request, pending.shape, outcome.refusal.code, outcome.refusal.cause, index,
           out);
  } else {
    answer_event(now, pending, outcome.event, index, view, out);
  }
}

void Server::answer_event(Now now, const Pending& pending, const Event& event, std::uint64_t index,
                          const RaftView& view, Out& out) {
  const bool changes = event.action == Action::set || event.action == Action::create ||
                       event.action == Action::update || event.action == Action::compare_and_swap;
  body_.clear();
  append_event(event, now.wall, pending.shape.no_value && changes, body_);
  Head head;
  head.status = event.created() ? 201 : 200;
  head.content_type = kJson;
  head.cluster_id = cluster_id_;
  head.etcd_index = index;
  head.raft_index = view.commit.value;
  head.raft_term = applied_term_.value;
  reply(now, pending.request, pending.shape, head, out);
}

void Server::expire(Now now, std::int64_t cutoff, Out& out) {
  const Context when = context(now);
  Event event;
  while (store_.expire_next(when, cutoff, event)) {
    note(Fact::key_expired, event.index(), static_cast<std::uint64_t>(event.previous.expiration),
         hash_bytes(as_bytes(event.key)), out);
    tell_watchers(now, event, out);
  }
}

void Server::tell_watchers(Now now, const Event& event, Out& out) {
  Watchers& watchers = store_.watchers();
  note(Fact::store_changed, event.index(), event.refresh ? 0 : hash_bytes(as_bytes(event.key)), 0, out);
  if (watchers.woken().empty()) return;
  body_.clear();
  append_event(event, now.wall, false, body_);
  for (const Watchers::Woken& woken : watchers.woken()) {
    note(Fact::watch_told, woken.request, event.index(), woken.stream ? 0 : 1, out);
    const auto stalled = std::find_if(stalled_.begin(), stalled_.end(),
                                      [&](const Stalled& s) { return s.request == woken.request; });
    if (stalled == stalled_.end()) {
      send_chunk(woken.request, !woken.stream, out);
    } else if (!stalled->closed && stalled->chunks.size() < Watchers::kBuffer) {
      stalled->chunks.push_back(body_);
      stalled->closed = !woken.stream;
    } else if (!stalled->closed) {
      // It would have to wait for its client, and all others with it.
      stalled->closed = true;
      watchers.remove(woken.request);
    }
  }
  watchers.clear_woken();
}

// The members stand in the tree as well, and count there as in etcd, whose clients see it by the
// index.
void Server::apply_member(Now now, const Command& command, Out& out) {
  const Context when = context(now);
  const Member* known = members_.find(command.member);
  if (command.bootstrap && (known != nullptr || members_.is_removed(command.member))) return;
  const Pending pending = take_pending(command);
  const auto tell = [&](const Store::Outcome& outcome) {
    if (!outcome.refusal) tell_watchers(now, outcome.event, out);
  };
  const auto answer = [&](std::uint16_t status, std::string_view message) {
    if (pending.request == 0) return;
    if (!message.empty()) {
      say(now, pending.request, pending.shape, status, message, true, out);
      return;
    }
    body_.clear();
    Head head;
    head.status = status;
    head.cluster_id = cluster_id_;
    if (status == 201) {
      head.content_type = kJson;
      append_member(*members_.find(command.member));
      append_text("\n", body_);
    }
    reply(now, pending.request, pending.shape, head, out);
  };

  // Whether the change is valid is looked up in the tree.
  Refusal missing;
  for (const std::string_view path : {"/0/members", "/0/removed_members"}) {
    missing = {};
    store_.find(path, missing);
    store_.count(missing ? Counter::gets_fail : Counter::gets_success);
    if (missing) break;
  }
  const auto with_id = [&](std::string_view text) {
    text_ = text;
    append_hex(command.member, text_);
    return std::string_view(text_);
  };
  if (members_.is_removed(command.member) && config_.rules[Rule::removed_stays_removed]) {
    answer(410, with_id("Member permanently removed: "));
    return;
  }
  std::vector<std::string> urls = strings_of(command.urls);
  switch (command.kind) {
    case Command::Kind::add_member: {
      if (known != nullptr) return answer(409, "membership: ID exists");
      if (members_.has_peer_url(urls, 0)) return answer(409, "membership: peerURL exists");
      tell(store_.create(when, member_path(command.member, "/raftAttributes"), false,
                         urls_json("{\"peerURLs\":", urls), false, {}));
      members_.add({command.member, command.node, {}, std::move(urls), {}});
      answer(201, {});
      break;
    }
    case Command::Kind::remove_member: {
      if (known == nullptr) return answer(404, with_id("No such member: "));
      tell(store_.remove(when, member_path(command.member, {}), true, true));
      std::string path = "/0/removed_members/";
      append_hex(command.member, path);
      tell(store_.create(when, path, false, {}, false, {}));
      members_.remove(command.member);
      if (command.member == member_id_) published_ = false;
      answer(204, {});
      break;
    }
    default: {
      if (known == nullptr) return answer(404, with_id("No such member: "));
      if (members_.has_peer_url(urls, command.member))
        return answer(409, "membership: peerURL exists");
      tell(store_.update(when, member_path(command.member, "/raftAttributes"),
                         urls_json("{\"peerURLs\":", urls), {}));
      members_.change(command.member)->peer_urls = std::move(urls);
      answer(204, {});
    }
  }
}

void Server::apply_publish(Now now, const Command& command, Out& out) {
  take_pending(command);
  Member* member = members_.change(command.member);
  if (member == nullptr) return;  // removed meanwhile
  member->name = command.value;
  member->client_urls = strings_of(command.urls);
  member->node = command.origin;
  Bytes name;
  append_text("{\"name\":", name);
  append_json_string(command.value, name);
  append_text(",\"clientURLs\":", name);
  const std::string path = member_path(command.member, "/attributes");  // the event speaks of it
  const auto outcome = store_.set(context(now), path, false,
                                  urls_json(as_text(name), member->client_urls), {});
  if (!outcome.refusal) tell_watchers(now, outcome.event, out);
}

}  // namespace quorumlab::kv
