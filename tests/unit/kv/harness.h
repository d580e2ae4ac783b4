// A cluster of kv servers around one log that never fails unless told to: what is proposed is
// committed and applied everywhere at once. Each server has its own clock.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/assert.h"
#include "core/kv/server.h"

namespace quorumlab::kv::test {

inline std::string url(const char* kind, std::size_t i) {
  return "http://127.0.0.1:" + std::to_string((kind[0] == 'p' ? 7001 : 4001) + i);
}

inline std::vector<Member> founders(std::size_t n) {
  std::vector<Member> all;
  for (std::size_t i = 0; i < n; ++i) {
    all.push_back({0,
                   NodeId{static_cast<std::uint32_t>(i + 1)},
                   "infra" + std::to_string(i),
                   {url("peer", i)},
                   {url("client", i)}});
  }
  return all;
}

// 2026-11-23T00:42:18Z
inline constexpr std::int64_t kEpoch = 1'795'394'538LL * 1'000'000'000;

struct Cluster {
  struct Host {
    Server server;
    Duration clock_offset;  // of its wall clock
    bool up = true;
    std::size_t applied = 0;  // entries of the log
  };
  struct Entry {
    Term term;
    Bytes bytes;
  };

  explicit Cluster(std::size_t n, const ServerConfig& base = {}) {
    hosts.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      ServerConfig config = base;
      config.node = NodeId{static_cast<std::uint32_t>(i + 1)};
      if (config.members.empty()) config.members = founders(n);
      hosts[i].server.reset(config);
    }
    for (std::size_t i = 0; i < n; ++i) {
      out.clear();
      hosts[i].server.start(clock(i), view(i), out);
      collect(i);
    }
    elect(0);
  }

  Now clock(std::size_t i) const {
    return {Instant{time}, Instant{kEpoch + time} + hosts[i].clock_offset};
  }
  RaftView view(std::size_t i) const {
    RaftView v;
    v.leader = leader < 0 ? kNobody : NodeId{static_cast<std::uint32_t>(leader + 1)};
    v.is_leader = leader == static_cast<int>(i);
    v.term = term;
    v.commit = LogIndex{log.size()};
    return v;
  }
  // A new term with that leader, whose empty entry is committed.
  void elect(int who) {
    leader = who;
    term = term.next();
    for (std::size_t i = 0; i < hosts.size(); ++i) tell_view(i);
    log.push_back({term, {}});
    settle();
  }
  // Nobody leads, and what is proposed is lost.
  void lose_quorum() {
    leader = -1;
    for (std::size_t i = 0; i < hosts.size(); ++i) tell_view(i);
  }
  void tell_view(std::size_t i) {
    out.clear();
    hosts[i].server.on_view(clock(i), view(i), out);
    collect(i);
  }
  // Takes over what a step wants: replies are kept, proposals go into the log.
  void collect(std::size_t i) {
    for (const Out::Reply& reply : out.replies) {
      HttpResponse& response = responses[reply.request];
      const ByteView bytes = out.view(reply.bytes);
      ASSERT(add_part(bytes, response), "a reply's parts come in turn");
      ASSERT(response.complete == reply.last, "the last part completes the answer");
      if (const auto chunk = chunk_of(bytes)) chunks[reply.request].emplace_back(*chunk);
      reply_bytes.insert(reply_bytes.end(), bytes.begin(), bytes.end());
    }
    for (const Out::Proposal& proposal : out.proposals) take(i, out.view(proposal.bytes));
    for (const MembershipRequest& change : out.memberships) {
      memberships.push_back(change);
      take(i, out.view(change.command));
    }
  }
  void take(std::size_t, ByteView command) {
    if (leader < 0) return;
    log.push_back({term, Bytes(command.begin(), command.end())});
  }
  // Applies everything everywhere.
  void settle() {
    for (bool again = true; again;) {
      again = false;
      for (std::size_t i = 0; i < hosts.size(); ++i) {
        Host& host = hosts[i];
        while (host.up && host.applied < log.size()) {
          again = true;
          const Entry entry = log[host.applied++];
          out.clear();
          host.server.apply(clock(i), LogIndex{host.applied}, entry.term, entry.bytes, view(i),
                            out);
          collect(i);
        }
      }
    }
  }
  void advance(Duration duration) {
    const std::int64_t end = time + duration.ns;
    for (;;) {
      std::int64_t next = INT64_MAX;
      std::size_t who = 0;
      for (std::size_t i = 0; i < hosts.size(); ++i) {
        if (!hosts[i].up || hosts[i].server.deadline().ns >= next) continue;
        next = hosts[i].server.deadline().ns;
        who = i;
      }
      if (next > end) break;
      time = std::max(time, next);
      out.clear();
      hosts[who].server.on_deadline(clock(who), view(who), out);
      collect(who);
      settle();
    }
    time = end;
  }
  // Asks, and gives the request's number.
  std::uint64_t ask(const HttpRequest& request, std::size_t i = 0) {
    const std::uint64_t number = ++requests;
    // As clients do: through bytes.
    Bytes bytes;
    encode(request, bytes);
    const auto decoded = decode_http_request(bytes);
    ASSERT(decoded && *decoded == request, "a request survives its bytes");
    out.clear();
    hosts[i].server.on_request(clock(i), number, *decoded, view(i), out);
    collect(i);
    settle();
    return number;
  }
  // Asks for a form, and gives the answer as it stands then.
  HttpResponse send(std::string_view method, std::string_view target, std::string_view form = {},
                    std::size_t i = 0) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    if (!form.empty()) request.content_type = "application/x-www-form-urlencoded";
    request.body = form;
    return responses[ask(request, i)];
  }
  HttpResponse get(std::string_view target, std::size_t i = 0) {
    return send("GET", target, {}, i);
  }
  // Only what stands in the body.
  std::string body(std::string_view method, std::string_view target, std::string_view form = {},
                   std::size_t i = 0) {
    return send(method, target, form, i).body;
  }
  std::uint64_t watch(std::string_view target, std::size_t i = 0) {
    HttpRequest request;
    request.method = "GET";
    request.target = target;
    return ask(request, i);
  }

  std::vector<Host> hosts;
  std::vector<Entry> log;
  Term term{1};  // etcd's founders stand in the log in term 1; the first leader's is 2
  int leader = -1;
  std::int64_t time = 0;
  std::uint64_t requests = 0;
  std::map<std::uint64_t, HttpResponse> responses;
  std::map<std::uint64_t, std::vector<std::string>> chunks;
  std::vector<MembershipRequest> memberships;
  Bytes reply_bytes;
  Out out;
};

}  // namespace quorumlab::kv::test
