// A cluster of etcd servers in the virtual world, with the defaults of etcd 3.4 on one machine, and
// clients that ask them over HTTP: for tests and for measurements beside recordings.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/kv/http.h"
#include "sim/world/simulation.h"

namespace quorumlab::etcd_world {

// `n` servers infra0, infra1, ... with the URLs that the recordings had: clients on 4001, peers on
// 7001. What bootstrapping leaves in a real one's log, one entry of term 1 for each founder, is
// there, so that terms and indices of Raft are etcd's, too.
inline world::ClusterConfig config(std::uint32_t n) {
  world::ClusterConfig config;
  config.node.run_kv = true;
  kv::ServerConfig& server = config.node.kv.server;
  for (std::uint32_t i = 0; i < n; ++i) {
    config.names.push_back("infra" + std::to_string(i));
    server.members.push_back({0,
                              NodeId{i + 1},
                              config.names.back(),
                              {"http://127.0.0.1:" + std::to_string(7001 + i)},
                              {"http://127.0.0.1:" + std::to_string(4001 + i)}});
  }
  raft::Config& raft = config.node.raft;
  raft.timeouts.kind = raft::TimeoutPolicy::Kind::ticks;
  raft.timeouts.advance_first_timeout = true;
  raft.pre_vote = false;
  raft.check_quorum = true;
  config.preloaded.assign(n, n);
  config.link.latency = {world::Latency::Kind::uniform, microseconds(50), microseconds(150), 0};
  config.disk.latency = {world::Latency::Kind::uniform, milliseconds(1), milliseconds(3), 0};
  return config;
}

inline world::Action act(world::Verb verb, std::vector<NodeId> nodes = {}) {
  world::Action action;
  action.verb = verb;
  action.nodes = std::move(nodes);
  return action;
}

// Asks `to`, once, and waits for the whole answer. Answers the operation's number.
inline std::uint64_t ask(world::Simulation& sim, NodeId to, const kv::HttpRequest& request,
                         Duration patience = seconds(60)) {
  world::Action action = act(world::Verb::http);
  action.to = to;
  action.timeout = patience;
  kv::encode(request, action.request);
  return sim.inject(action);
}
// The same as curl makes it: a body is a form.
inline std::uint64_t ask(world::Simulation& sim, NodeId to, std::string_view method,
                         std::string_view target, std::string_view form = {},
                         std::string_view session = {}, Duration patience = seconds(60)) {
  kv::HttpRequest request;
  request.method = method;
  request.target = target;
  request.session = session;
  request.body = form;
  if (!form.empty()) request.content_type = "application/x-www-form-urlencoded";
  return ask(sim, to, request, patience);
}

// Handles events until `holds`, or for that long; answers whether it holds.
template <class Holds>
bool run_until(world::Simulation& sim, Duration at_most, Holds&& holds) {
  const Instant end = sim.now() + at_most;
  while (!holds()) {
    if (sim.next_event() > end) {
      sim.run_until(end);
      return holds();
    }
    sim.step();
  }
  return true;
}
// The operation, once it is over.
inline const world::Operation& outcome(world::Simulation& sim, std::uint64_t id) {
  run_until(sim, seconds(120),
            [&] { return sim.operation(id).outcome != world::Operation::Outcome::pending; });
  return sim.operation(id);
}
// Asks and waits. `count` is the answer's status, `value` its body.
inline const world::Operation& curl(world::Simulation& sim, NodeId to, std::string_view method,
                                    std::string_view target, std::string_view form = {},
                                    std::string_view session = {}) {
  return outcome(sim, ask(sim, to, method, target, form, session));
}

// Who leads, as the running server with the highest term says; nobody if none does.
inline NodeId leader(const world::Simulation& sim) {
  NodeId best;
  Term term;
  for (std::uint32_t i = 1; i <= sim.node_count(); ++i) {
    if (!sim.is_running({i})) continue;
    const raft::Status& status = sim.node({i}).status();
    if (status.role != raft::Role::leader || (best && status.term <= term)) continue;
    best = {i};
    term = status.term;
  }
  return best;
}
// All founders have told the store of themselves, everywhere, and the cluster knows its version:
// what a fresh cluster has done before the first key.
inline bool introduced(const world::Simulation& sim) {
  const std::uint64_t n = sim.node_count();
  for (std::uint32_t i = 1; i <= n; ++i) {
    if (!sim.is_running({i}) || sim.node({i}).kv()->store().index() < 2 * n + 1) return false;
  }
  return true;
}

// Whole answers, headers and all, out of the trace. REQUIRES: the simulation keeps one.
class Answers {
 public:
  // Nothing while the operation is pending.
  std::optional<kv::HttpResponse> find(const world::Simulation& sim, std::uint64_t operation) {
    const trace::Trace& trace = sim.trace();
    for (; seen_ < trace.size(); ++seen_) {
      const trace::Record& record = trace[seen_ + 1];
      if (record.kind == static_cast<std::uint16_t>(trace::WorldFact::command_printed)) {
        printed_[record.a] = record.b;
      }
    }
    const auto at = printed_.find(operation);
    if (at == printed_.end()) return std::nullopt;
    std::string_view text = trace.text_at(at->second);
    const auto line = [&] {
      const std::size_t end = text.find("\r\n");
      const std::string_view taken = text.substr(0, end);
      text.remove_prefix(end + 2);
      return taken;
    };
    kv::HttpResponse response;
    response.status = static_cast<std::uint16_t>(sim.operation(operation).count);
    line();
    for (std::string_view header = line(); !header.empty(); header = line()) {
      const std::size_t colon = header.find(": ");
      response.headers.emplace_back(header.substr(0, colon), header.substr(colon + 2));
    }
    response.body = text;
    response.complete = true;
    return response;
  }

 private:
  std::uint64_t seen_ = 0;
  std::map<std::uint64_t, std::uint64_t> printed_;  // by operation: number of the text
};

}  // namespace quorumlab::etcd_world
