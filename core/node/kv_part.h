// What a server has besides Raft when its state machine is the etcd v2 store.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/types.h"
#include "core/kv/server.h"

namespace quorumlab {

struct KvConfig {
  kv::ServerConfig server;  // node and epoch are filled in by the node
  // Hosts that may join later, by the peer URL that the members API is told.
  std::vector<std::pair<std::string, NodeId>> joining;
};

struct KvPart {
  kv::Server server;
  kv::Out out;    // of the step under way
  kv::Out taken;  // what of it is being carried out
  NodeId leader;  // as last told to the server
  Term term;
  bool leads = false;
  // Ways to other servers that proved broken, and since when each is whole again (monotonic;
  // kNever: it is not). All others never were.
  struct Way {
    NodeId peer;
    Instant whole_since;
  };
  std::vector<Way> ways;
};

}  // namespace quorumlab
