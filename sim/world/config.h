// What a world is made of at its start, and what becomes of a client's operation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/node/node.h"
#include "core/recipes/app.h"
#include "sim/trace/record.h"
#include "sim/world/action.h"
#include "sim/world/foreign.h"

namespace quorumlab::world {

// A host of its own that runs a program: it can be killed, paused and cut off as a server can.
struct AppHost {
  recipes::AppConfig app;
  ClockSettings clock;
  Instant starts;  // kNever: when a `restart` says so
};

struct ClusterConfig {
  std::vector<std::string> names;     // of the nodes, in the order of their ids (1, 2, ...)
  std::uint32_t spare_nodes = 0;      // further hosts that run but are no members until added;
                                      // their names follow in `names`
  std::uint32_t clients = 1;          // client hosts; their ids follow the nodes'
  NodeConfig node;                    // of every node; id and initial members are filled in
  LinkSettings link;                  // of every link
  DiskSettings disk;                  // of every node
  std::vector<AppHost> apps;          // their ids follow the clients'
  std::vector<ClockSettings> clocks;  // by node; missing: true time
  std::vector<std::vector<Duration>> tables;  // quantiles for Latency::Kind::measured
  std::vector<std::uint64_t>
      preloaded;  // by node: entries of term 1 that its disk holds at the start
  Instant epoch{1'388'534'400'000'000'000};   // wall time at the start: 2014-01-01
  Duration client_timeout = seconds(2);       // of an operation
  // Processes start one after the other, at moments drawn from [0, start_within]; 0: all at once.
  Duration start_within;
  std::vector<gossip::Tags> tags;  // of agents, by node
  std::vector<std::string> agent_names;  // by node; missing or empty: the host's name
  const std::string& agent_name(NodeId of) const {
    const std::size_t place = of.value - 1;
    return place < agent_names.size() && !agent_names[place].empty() ? agent_names[place] : names[place];
  }
  Duration client_retry = milliseconds(500);  // then the client asks another node
  std::uint32_t receive_buffer = 256 << 10;   // bytes that wait at a paused or blocked node
  // What waited there is handled one by one, each taking so long, and what comes meanwhile waits behind
  // it. 0: all at once.
  Duration handling_time;
  bool keep_deliveries = true;  // remember what handlers were told (Simulation::delivered)
  std::uint32_t ignored_checkers = 0;  // bits of judge::Checker whose violations do not count
  // Makes somebody else's protocol run in place of Node; the judges then judge nothing.
  ForeignFactory foreign = nullptr;
  const void* foreign_context = nullptr;  // handed to it; the caller keeps it alive
  std::string foreign_name;               // what a scenario calls it; empty: none

  // All hosts: servers, clients (c1, c2, ...), programs.
  std::size_t host_count() const { return names.size() + clients + apps.size(); }
  std::vector<std::string> host_names() const {
    std::vector<std::string> all = names;
    for (std::uint32_t i = 1; i <= clients; ++i) all.push_back("c" + std::to_string(i));
    for (const AppHost& host : apps) all.push_back(host.app.name);
    return all;
  }
};

// A client's operation, from its invocation on.
struct Operation {
  enum class Outcome : std::uint8_t { pending, accepted, not_found, refused, timed_out };
  std::uint64_t id = 0;
  Verb verb = Verb::write;
  NodeId client;
  Instant invoked, completed;  // true time
  Outcome outcome = Outcome::pending;
  Reason reason = Reason::none;  // of a refusal
  bool stale = false;            // read: from the server's own copy, however old
  NodeId server;                 // who gave the answer, in which of its lives
  std::uint32_t life = 0;
  trace::RecordId record = 0;    // the fact that ended it; 0: none
  LogIndex index;                // as answered
  LogIndex modified;             // read: of the version found, as answered
  std::string key, value;        // read: the value found; agent: what the command printed
  Bytes request;                 // http: an encoded kv::HttpRequest
  AgentCommand::Kind command = AgentCommand::Kind::join;  // agent
  std::uint64_t acks = 0, responses = 0;                  // agent: of a query
  std::uint64_t count = 0;                                // agent: as in AgentAnswer; http: its status
};

// What a node's agent told its event handlers.
struct Delivered {
  Instant at;
  NodeId node;
  gossip::EventKind kind = gossip::EventKind::user;
  std::uint64_t ltime = 0;
  std::string name, payload;
  gossip::Tags tags;  // its agent's own at that moment
};

}  // namespace quorumlab::world
