// The real thing for the recipes: the kv servers of three members, with a log in common that every
// entry reaches at once. Only Raft and the network are missing.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/kv/server.h"
#include "tests/unit/recipes/etcd.h"

namespace quorumlab::recipes {

class RealEtcd : public Etcd {
 public:
  explicit RealEtcd(kv::ServerConfig::Redirect redirect = kv::ServerConfig::Redirect::off) {
    kv::ServerConfig config;
    config.redirect = redirect;
    for (std::uint32_t id = 1; id <= kServers; ++id) {
      kv::Member member;
      member.node = NodeId{id};
      member.name = "infra" + std::to_string(id);
      const std::string host = "http://10.0.0." + std::to_string(id);
      member.peer_urls = {host + ":7001"};
      member.client_urls = {host + ":4001"};
      config.members.push_back(member);
    }
    for (std::uint32_t id = 1; id <= kServers; ++id) {
      config.node = NodeId{id};
      config.epoch = 1;
      servers_[id - 1].reset(config);
    }
    for (std::uint32_t id = 1; id <= kServers; ++id) {
      servers_[id - 1].start(kBegin, view(id), out_);
      settle(kBegin);
    }
    log_.emplace_back();  // the leader's first entry: from here on it tells who is who
    settle(kBegin);
  }

  void ask(Now now, NodeId server, std::uint64_t request, const kv::HttpRequest& http) override {
    asked_[request] = server.value;
    servers_[server.value - 1].on_request(now, request, http, view(server.value), out_);
    settle(now);
  }
  void gone(std::uint64_t request) override {
    const auto asked = asked_.find(request);
    if (asked == asked_.end()) return;
    servers_[asked->second - 1].on_gone(request);
    asked_.erase(asked);
  }
  void on_time(Now now) override {
    for (std::uint32_t id = 1; id <= kServers; ++id) {
      if (servers_[id - 1].deadline() > now.monotonic) continue;
      servers_[id - 1].on_deadline(now, view(id), out_);
      settle(now);
    }
  }
  Instant deadline() const override {
    Instant first = kNever;
    for (const kv::Server& server : servers_) first = std::min(first, server.deadline());
    return first;
  }
  const kv::Server& server(std::uint32_t id) const { return servers_[id - 1]; }

 private:
  static constexpr std::uint32_t kServers = 3;
  static constexpr Now kBegin{{}, Instant{} + seconds(1'800'000'000)};

  kv::RaftView view(std::uint32_t id) const {
    kv::RaftView view;
    view.leader = NodeId{1};
    view.is_leader = id == 1;
    view.term = Term{2};
    view.commit = LogIndex{log_.size()};
    return view;
  }
  // What a server wants done, and what follows from it: every server applies every entry, in order.
  void settle(Now now) {
    collect();
    for (; applied_ < log_.size(); ++applied_) {
      for (std::uint32_t id = 1; id <= kServers; ++id) {
        const LogIndex index{applied_ + 1};
        servers_[id - 1].apply(now, index, Term{2}, log_[applied_], view(id), out_);
        collect();
      }
    }
  }
  void collect() {
    for (const kv::Out::Reply& reply : out_.replies) {
      const ByteView view = out_.view(reply.bytes);
      parts.push_back({reply.request, Bytes(view.begin(), view.end()), reply.last});
    }
    for (const kv::Out::Proposal& proposal : out_.proposals) {
      const ByteView view = out_.view(proposal.bytes);
      log_.emplace_back(view.begin(), view.end());
    }
    out_.clear();
  }

  std::array<kv::Server, kServers> servers_;
  std::vector<Bytes> log_;
  std::size_t applied_ = 0;
  std::map<std::uint64_t, std::uint32_t> asked_;
  kv::Out out_;
};

// As etcd was at the talk's time: who is not the leader sends its clients there.
class OldEtcd : public RealEtcd {
 public:
  OldEtcd() : RealEtcd(kv::ServerConfig::Redirect::v0_4) {}
};

}  // namespace quorumlab::recipes
