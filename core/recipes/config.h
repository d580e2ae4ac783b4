// What a client program of the talk is told about itself and its surroundings, and what its parts
// share during a step.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.h"
#include "core/node/event.h"

namespace quorumlab::recipes {

// Another host as this one knows it.
struct Host {
  std::string name;   // what its programs write as their own name
  NodeId id;
  std::string title;  // for people; empty: the name
  std::string url;    // of a server, its client URL: where redirects to it lead; empty: by its name
};

struct AppConfig {
  enum class Kind : std::uint8_t {
    election,    // one of several wants to be the master, for as long as it lives
    lock,        // holds for a while, gives back, perhaps tries again
    elastic_ip,  // an election whose winner takes an address over
    gossip_lock, // takes a lock when serf says that all before it are gone (gossip_lock.h)
    follower,    // goes wherever the master is
    resource     // a database or a disk that masters write to
  };
  Kind kind = Kind::election;
  NodeId id;                       // of its own host
  std::string name;                // the value that it writes, such as "dbx"; unique among hosts
  std::string title;               // "DB X" in speech bubbles; empty: the name
  std::string key;                 // such as "/db/master"
  std::string question = "DB?";    // what a follower says when it asks
  std::string address;             // elastic_ip: what moves
  std::vector<NodeId> servers;     // in the order in which they are tried
  std::vector<Host> hosts;         // for a follower, for redirects and for titles

  Duration ttl = seconds(5);       // whole seconds count: etcd knows no others
  Duration refresh_every;          // 0: a third of ttl
  Duration timeout = seconds(2);   // of a request; of a wait only until its head is there
  Duration renew_wait;             // a wait is made anew after that long; 0: never
  Duration retry = milliseconds(500);  // pause once every server was tried in vain
  Duration hold;                   // how long it keeps what it got; 0: for ever
  Duration rest;                   // pause before it tries again; 0: it does not
  std::uint32_t times = 0;         // how often it holds and gives back; 0: no limit
  bool quorum_reads = false;       // follower: asks for more than the server's own copy

  std::vector<std::string> after;  // gossip_lock: the members that come before this one

  NodeId resource;                 // whom it writes to while it holds; nobody: it does no work
  Duration work_every = milliseconds(500);
  Duration work_takes;             // from the look at the clock until the write leaves
  bool checks_lease = true;        // no longer holds once its own clock says that its lease is over
  bool rechecks = false;           // looks at the clock again just before a write leaves

  bool fencing = false;            // resource: refuses a token below the highest seen
};

// What a step is about, handed down to every part of a program.
struct Turn {
  Now now;
  const AppConfig& config;
  std::uint64_t& last_ask;  // numbers of requests, of all parts
  Effects& out;
};

// Keys stand in facts by this hash.
std::uint64_t key_hash(const AppConfig& config);
// The lease in whole seconds, as it is asked for; at least one.
std::int64_t ttl_seconds(const AppConfig& config);
// Who writes `value` as its name: kNobody when no host is known by it.
NodeId host_named(const AppConfig& config, std::string_view value);
// The name of that host for people.
std::string_view title_of(const AppConfig& config, std::string_view value);
// A speech bubble, put together from its parts. `as` nobody: the program itself.
void say(Turn& turn, NodeId as, std::initializer_list<std::string_view> parts);

}  // namespace quorumlab::recipes
