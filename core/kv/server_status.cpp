// What a server says about itself and the cluster: members, version, and the three pages of
// statistics.
#include <algorithm>

#include "core/kv/server.h"

namespace quorumlab::kv {
namespace {

void append_strings(const std::vector<std::string>& all, Bytes& out) {
  append_text("[", out);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0) append_text(",", out);
    append_json_string(all[i], out);
  }
  append_text("]", out);
}

void append_hex(std::uint64_t number, Bytes& out) {
  char digits[16];
  std::size_t n = 0;
  do {
    digits[n++] = "0123456789abcdef"[number % 16];
    number /= 16;
  } while (number > 0);
  while (n > 0) out.push_back(static_cast<std::uint8_t>(digits[--n]));
}

}  // namespace

void Server::append_member(const Member& member) {
  append_text("{\"id\":\"", body_);
  append_hex(member.id, body_);
  append_text("\",\"name\":", body_);
  append_json_string(member.name, body_);
  append_text(",\"peerURLs\":", body_);
  append_strings(member.peer_urls, body_);
  append_text(",\"clientURLs\":", body_);
  append_strings(member.client_urls, body_);
  append_text("}", body_);
}

void Server::append_members() {
  append_text("{\"members\":[", body_);
  for (const Member& member : members_.all()) {
    if (&member != &members_.all().front()) append_text(",", body_);
    append_member(member);
  }
  append_text("]}\n", body_);
}

void Server::append_machines() {
  std::vector<std::string> urls;
  for (const Member& member : members_.all()) {
    urls.insert(urls.end(), member.client_urls.begin(), member.client_urls.end());
  }
  std::sort(urls.begin(), urls.end());
  for (std::size_t i = 0; i < urls.size(); ++i) {
    if (i > 0) append_text(", ", body_);
    append_text(urls[i], body_);
  }
}

void Server::append_version() {
  append_text("{\"etcdserver\":", body_);
  append_json_string(config_.server_version, body_);
  append_text(",\"etcdcluster\":", body_);
  append_json_string(members_.version.empty() ? std::string_view("not_decided") : members_.version,
                     body_);
  append_text("}", body_);
}

void Server::append_store_stats() {
  constexpr std::string_view kNames[kCounters] = {"getsSuccess",
                                                  "getsFail",
                                                  "setsSuccess",
                                                  "setsFail",
                                                  "deleteSuccess",
                                                  "deleteFail",
                                                  "updateSuccess",
                                                  "updateFail",
                                                  "createSuccess",
                                                  "createFail",
                                                  "compareAndSwapSuccess",
                                                  "compareAndSwapFail",
                                                  "compareAndDeleteSuccess",
                                                  "compareAndDeleteFail",
                                                  "expireCount"};
  append_text("{", body_);
  for (std::size_t i = 0; i < kCounters; ++i) {
    append_text("\"", body_);
    append_text(kNames[i], body_);
    append_text("\":", body_);
    append_number(store_.counters()[i] + local_counters_[i], body_);
    append_text(",", body_);
  }
  append_text("\"watchers\":", body_);
  append_number(std::uint64_t{store_.watchers().size()}, body_);
  append_text("}", body_);
}

// A node without a leader says that it leads itself: etcd's statistics take every change of
// leadership for its own election.
void Server::append_self_stats(Now now) {
  const bool leads = is_leader_ || !leader_;
  const Member* leader = leads ? nullptr : members_.find_node(leader_);
  append_text("{\"name\":", body_);
  append_json_string(config_.self.name, body_);
  append_text(",\"id\":\"", body_);
  append_hex(member_id_, body_);
  append_text(leads ? "\",\"state\":\"StateLeader\",\"startTime\":\""
                    : "\",\"state\":\"StateFollower\",\"startTime\":\"",
              body_);
  append_time(started_at_.wall.ns, body_);
  append_text("\",\"leaderInfo\":{\"leader\":\"", body_);
  append_hex(leads ? member_id_ : leader == nullptr ? 0 : leader->id, body_);
  append_text("\",\"uptime\":\"", body_);
  append_duration(now.wall - leader_since_, body_);
  append_text("\",\"startTime\":\"", body_);
  append_time(leader_since_.ns, body_);
  append_text("\"},\"recvAppendRequestCnt\":0,\"sendAppendRequestCnt\":0}", body_);
}

void Server::append_leader_stats() {
  append_text("{\"leader\":\"", body_);
  append_hex(member_id_, body_);
  append_text("\",\"followers\":{", body_);
  bool any = false;
  for (const Member& member : members_.all()) {
    if (member.id == member_id_) continue;
    append_text(any ? ",\"" : "\"", body_);
    any = true;
    append_hex(member.id, body_);
    append_text(
        "\":{\"latency\":{\"current\":0,\"average\":0,\"standardDeviation\":0,\"minimum\":0,"
        "\"maximum\":0},\"counts\":{\"fail\":0,\"success\":0}}",
        body_);
  }
  append_text("}}", body_);
}

}  // namespace quorumlab::kv
