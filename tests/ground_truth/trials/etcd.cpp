// Trials beside the recordings of real etcd servers (etcd-v2.md 1.9, raft-ground-truth.md 3.1, 3.3
// and 3.4): when a lease ends, who takes over, what a server without a quorum answers, and what
// becomes of what it answered with an error.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/etcd/etcd_world.h"
#include "tests/ground_truth/trials/trials.h"

namespace quorumlab::truth {
namespace {

using Json = nlohmann::json;
using etcd_world::ask;
using etcd_world::curl;
using etcd_world::outcome;
using world::Operation;

// A fresh cluster that has introduced itself, at a moment that no ticker decides; false if that
// takes longer than ten seconds.
bool boot(world::Simulation& sim, std::uint32_t nodes, std::uint64_t seed) {
  sim.reset(etcd_world::config(nodes), seed);
  if (!etcd_world::run_until(sim, seconds(10), [&] { return etcd_world::introduced(sim); })) {
    return false;
  }
  sim.run_for(uniform(lot(seed, Lot::pause), seconds(3), seconds(5)));
  return true;
}

Json body(const Operation& operation) { return Json::parse(operation.value, nullptr, false); }
std::uint64_t modified(const Operation& operation) {
  const Json json = body(operation);
  return json.contains("node") ? json["node"].value("modifiedIndex", std::uint64_t{0}) : 0;
}
std::string action(const Operation& operation) {
  const Json json = body(operation);
  return json.is_object() ? json.value("action", "") : "";
}
std::string value(const Operation& operation) {
  const Json json = body(operation);
  return json.contains("node") ? json["node"].value("value", "") : "";
}
std::int64_t took(const Operation& operation) {
  return operation.outcome == Operation::Outcome::timed_out
             ? kNone
             : (operation.completed - operation.invoked).ns;
}
std::string after(const char* path, std::uint64_t index) {
  return std::string(path) + "?wait=true&waitIndex=" + std::to_string(index + 1);
}
// Any server, but always the same one for the same seed.
NodeId some_server(const world::Simulation& sim, std::uint64_t seed) {
  return {1 + static_cast<std::uint32_t>(below(lot(seed, Lot::who), sim.node_count()))};
}

}  // namespace

// A key with ttl=1 is written and waited for: from the PUT's start to the expire event.
void expiry(world::Simulation& sim, const Options& options, std::uint64_t seed, Row& row) {
  row.assign(1, kNone);
  if (!boot(sim, options.nodes, seed)) return;
  const NodeId asked = some_server(sim, seed);
  const Instant begun = sim.now();
  const std::uint64_t index = modified(curl(sim, asked, "PUT", "/v2/keys/t", "value=x&ttl=1"));
  const Operation& wait = curl(sim, asked, "GET", after("/v2/keys/t", index));
  if (action(wait) == "expire") row[0] = (wait.completed - begun).ns;
}

// 3.4: X takes the key for a second and dies; Y is refused, waits, and takes it: from the start of
// X's PUT to the answer to Y's.
void take_over(world::Simulation& sim, const Options& options, std::uint64_t seed, Row& row) {
  row.assign(2, kNone);
  if (!boot(sim, options.nodes, seed)) return;
  const NodeId asked = some_server(sim, seed);
  const Instant begun = sim.now();
  const Operation x = curl(sim, asked, "PUT", "/v2/keys/m?prevExist=false", "value=X&ttl=1");
  const Operation refused = curl(sim, asked, "PUT", "/v2/keys/m?prevExist=false", "value=Y&ttl=1");
  const Operation wait = curl(sim, asked, "GET", after("/v2/keys/m", modified(x)));
  const Operation y = curl(sim, asked, "PUT", "/v2/keys/m?prevExist=false", "value=Y&ttl=1");
  if (y.count == 201) row[0] = (y.completed - begun).ns;
  const std::string told =
      "{\"errorCode\":105,\"message\":\"Key already exists\",\"cause\":\"/m\",\"index\":" +
      std::to_string(modified(x)) + "}\n";
  row[1] = x.count == 201 && refused.count == 412 && refused.value == told &&
           action(wait) == "expire" && modified(wait) == modified(x) + 1;
}

// 3.1, the patient PUT: kill -9 of the leader, 6 ms later a PUT to each survivor. How long each
// waits for its 500, and which cause the answers of the new leader and of the others name: 0 plain,
// 1 "previous leader failure", 2 "connection lost".
void patient(world::Simulation& sim, const Options& options, std::uint64_t seed, Row& row) {
  row.assign(5, kNone);
  if (!boot(sim, options.nodes, seed)) return;
  const NodeId leader = etcd_world::leader(sim);
  const Term term = sim.node(leader).status().term;
  sim.inject(kill(leader));
  sim.run_for(milliseconds(6));
  std::vector<std::pair<NodeId, std::uint64_t>> puts;
  for (std::uint32_t i = 1; i <= options.nodes; ++i) {
    if (NodeId{i} != leader)
      puts.emplace_back(NodeId{i}, ask(sim, {i}, "PUT", "/v2/keys/k", "value=x"));
  }
  NodeId next;
  etcd_world::run_until(sim, seconds(6), [&] {
    next = etcd_world::leader(sim);
    return next && sim.node(next).status().term > term;
  });
  row[4] = static_cast<std::int64_t>(next ? sim.node(next).status().term.value - term.value : 0);
  for (const auto& [node, put] : puts) {
    const Operation& op = outcome(sim, put);
    if (op.count != 500) continue;
    row[0] = row[0] == kNone ? took(op) : std::min(row[0], took(op));
    row[1] = std::max(row[1], took(op));
    const Json json = body(op);
    const std::string cause = json.is_object() ? json.value("cause", "") : "";
    const int said =
        cause == "etcdserver: request timed out"                                            ? 0
        : cause == "etcdserver: request timed out, possibly due to previous leader failure" ? 1
                                                                                            : 2;
    std::int64_t& cell = row[node == next ? 2 : 3];
    cell = std::max<std::int64_t>(cell, said);
  }
}

// 3.3: two of three are killed at once, the survivor being their leader or not (--variant); then
// one comes back. What is asked and when is the recording's own order.
void survivor(world::Simulation& sim, const Options& options, std::uint64_t seed, Row& row) {
  row.assign(15, kNone);
  if (!boot(sim, 3, seed)) return;
  const NodeId leader = etcd_world::leader(sim);
  NodeId self = leader, other;
  for (std::uint32_t i = 3; i >= 1; --i) {
    if (NodeId{i} == leader) continue;
    (options.variant == "leader" || self != leader ? other : self) = {i};
  }
  const std::uint64_t before = modified(curl(sim, self, "PUT", "/v2/keys/k", "value=before"));
  curl(sim, self, "PUT", "/v2/keys/lease", "value=DBX&ttl=3");
  for (std::uint32_t i = 1; i <= 3; ++i) {
    if (NodeId{i} != self) sim.inject(kill({i}));
  }
  const Instant killed = sim.now();
  const auto at = [&](Duration when) { sim.run_until(killed + when); };
  std::vector<std::uint64_t> errors;

  at(milliseconds(5));
  const std::uint64_t local = ask(sim, self, "GET", "/v2/keys/k");
  at(milliseconds(7));
  errors.push_back(ask(sim, self, "PUT", "/v2/keys/k", "value=lost"));
  at(milliseconds(10));
  errors.push_back(ask(sim, self, "GET", "/v2/keys/k?quorum=true"));
  at(milliseconds(14));
  errors.push_back(ask(sim, self, "DELETE", "/v2/keys/k"));
  const std::uint64_t leads = ask(sim, self, "GET", "/v2/members/leader");
  at(milliseconds(16));
  const std::uint64_t health = ask(sim, self, "GET", "/health");
  at(milliseconds(18));
  errors.push_back(ask(sim, self, "PUT", "/v2/keys/k?prevExist=false", "value=cond"));
  at(milliseconds(19));
  const std::uint64_t wait = ask(sim, self, "GET", "/v2/keys/k?wait=true", {}, {}, seconds(9));

  at(seconds(8));
  errors.push_back(ask(sim, self, "PUT", "/v2/keys/k", "value=late"));
  at(milliseconds(8002));
  errors.push_back(ask(sim, self, "GET", "/v2/keys/k?quorum=true"));
  errors.push_back(ask(sim, self, "DELETE", "/v2/keys/k"));
  errors.push_back(ask(sim, self, "POST", "/v2/keys/q", "value=x"));
  at(milliseconds(8004));
  const std::uint64_t local_later = ask(sim, self, "GET", "/v2/keys/k");
  const std::uint64_t health_later = ask(sim, self, "GET", "/health");
  const std::uint64_t leads_later = ask(sim, self, "GET", "/v2/members/leader");
  const std::uint64_t followers_later = ask(sim, self, "GET", "/v2/stats/leader");
  at(milliseconds(8008));
  const std::uint64_t lease = ask(sim, self, "GET", "/v2/keys/lease");

  // How long the eight errors took, and whether they are the recorded answer.
  row[2] = 1;
  for (const std::uint64_t id : errors) {
    const Operation& op = outcome(sim, id);
    row[0] = row[0] == kNone ? took(op) : std::min(row[0], took(op));
    row[1] = std::max(row[1], took(op));
    row[2] &=
        op.count == 500 && op.value ==
                               "{\"errorCode\":300,\"message\":\"Raft Internal Error\",\"cause\":"
                               "\"etcdserver: request timed out\",\"index\":0}\n";
  }
  const auto good = [&](std::uint64_t id, std::uint64_t status) {
    return outcome(sim, id).count == status && took(sim.operation(id)) < milliseconds(5).ns;
  };
  row[3] = took(outcome(sim, health));
  row[4] = outcome(sim, health).count == 503 && good(health_later, 503);
  row[5] = good(local, 200) && good(local_later, 200) && value(sim.operation(local)) == "before" &&
           value(sim.operation(local_later)) == "before" &&
           modified(sim.operation(local_later)) == before;
  row[6] = outcome(sim, wait).outcome == Operation::Outcome::timed_out &&
           sim.operation(wait).count == 200 && sim.operation(wait).value.empty();
  row[7] = good(leads, 200) && good(leads_later, 503) && good(followers_later, 403) &&
           sim.operation(leads_later).value == "{\"message\":\"During election\"}";
  const Json leased = body(outcome(sim, lease));
  row[8] = leased.contains("node") ? leased["node"].value("ttl", 0) : 0;
  const Operation removal = curl(
      sim, self, "DELETE", "/v2/members/" + [&] {
        char text[17];
        std::snprintf(
            text, sizeof text, "%llx",
            static_cast<unsigned long long>(sim.node(self).kv()->members().find_node(other)->id));
        return std::string(text);
      }());
  row[9] = removal.count == 500 && removal.value == "{\"message\":\"Internal Server Error\"}";

  // One comes back; half a second before, somebody began to wait for a write.
  sim.run_for(uniform(lot(seed, Lot::moment), seconds(1), seconds(2)));
  const std::uint64_t waiting = ask(sim, self, "PUT", "/v2/keys/w", "value=waited");
  sim.run_for(milliseconds(500));
  sim.inject(etcd_world::act(world::Verb::restart, {other}));
  const Instant restarted = sim.now();
  std::vector<std::uint64_t> probes;
  const auto written = [&] {
    return std::find_if(probes.begin(), probes.end(), [&](std::uint64_t id) {
      return sim.operation(id).count == 200 || sim.operation(id).count == 201;
    });
  };
  while (written() == probes.end() && sim.now() < restarted + seconds(20)) {
    probes.push_back(ask(sim, self, "PUT", "/v2/keys/probe", "value=p"));
    sim.run_for(milliseconds(20));
  }
  if (const auto first = written(); first != probes.end()) {
    row[10] = (sim.operation(*first).completed - restarted).ns;
  }
  if (outcome(sim, waiting).count == 201) row[11] = took(sim.operation(waiting));
  sim.run_for(seconds(1));
  const Operation k = curl(sim, self, "GET", "/v2/keys/k");
  row[12] = value(k) == "before" ? 0 : value(k) == "cond" ? 1 : 2;
  row[13] = static_cast<std::int64_t>(modified(k) - before);
  row[14] = curl(sim, self, "GET", "/v2/keys/lease").count == 404;
}

// The same, and its client tries again what was answered with 500, in a session or not: a
// compare-and-swap and an in-order key, on a survivor that leads.
void again(world::Simulation& sim, const Options& options, std::uint64_t seed, Row& row) {
  row.assign(4, kNone);
  if (!boot(sim, 3, seed)) return;
  const bool session = options.variant.ends_with("session");
  const NodeId leader = etcd_world::leader(sim);
  NodeId self = leader, other;
  for (std::uint32_t i = 3; i >= 1; --i) {
    if (NodeId{i} == leader) continue;
    (options.variant.starts_with("leader") || self != leader ? other : self) = {i};
  }
  curl(sim, self, "PUT", "/v2/keys/x", "value=one");
  for (std::uint32_t i = 1; i <= 3; ++i) {
    if (NodeId{i} != self) sim.inject(kill({i}));
  }
  sim.run_for(milliseconds(7));
  const auto swap = [&] {
    return ask(sim, self, "PUT", "/v2/keys/x?prevValue=one", "value=two", session ? "77/1/1" : "");
  };
  const auto queue = [&] {
    return ask(sim, self, "POST", "/v2/keys/q", "value=job", session ? "77/2/1" : "");
  };
  const std::uint64_t first_swap = swap(), first_queue = queue();
  row[0] = outcome(sim, first_swap).count == 500 && outcome(sim, first_queue).count == 500;
  sim.run_for(seconds(1));
  sim.inject(etcd_world::act(world::Verb::restart, {other}));
  const NodeId restarted = other;
  etcd_world::run_until(sim, seconds(20), [&] {
    return sim.is_running(restarted) && etcd_world::leader(sim) &&
           sim.node(etcd_world::leader(sim)).status().commit >=
               sim.node(etcd_world::leader(sim)).status().last_index;
  });
  sim.run_for(seconds(1));
  row[1] = static_cast<std::int64_t>(outcome(sim, swap()).count);
  row[2] = static_cast<std::int64_t>(outcome(sim, queue()).count);
  const Json list = body(curl(sim, self, "GET", "/v2/keys/q?sorted=true"));
  row[3] = list.contains("node") && list["node"].contains("nodes")
               ? static_cast<std::int64_t>(list["node"]["nodes"].size())
               : 0;
}

}  // namespace quorumlab::truth
