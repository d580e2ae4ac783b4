// The recorded requests and answers of a real etcd, and the same asked of ours: for tests that
// compare the two, whole or from some point on.
#pragma once

#include <map>
#include <string>

#include "tests/etcd/recorded.h"
#include "tests/unit/kv/harness.h"

namespace quorumlab::kv::test {

// The server that the cases were recorded on.
inline ServerConfig recorded_config() {
  ServerConfig config;
  config.members = {
      {kRecordedMember, NodeId{1}, "infra0", {"http://127.0.0.1:7001"}, {"http://127.0.0.1:4001"}}};
  config.cluster_id = kRecordedCluster;
  return config;
}

// Asks one recorded thing; calls `compare(record, expected, ours)` where there is an answer to
// compare.
template <class Compare>
void replay_case(Cluster& cluster, const Json& record,
                 std::map<std::string, std::uint64_t>& watches, Compare compare) {
  const std::string kind = record["kind"];
  if (kind == "sleep") {
    cluster.advance(milliseconds(record["ms"].get<int>()));
    return;
  }
  if (kind == "end") {
    const std::uint64_t number = watches.at(record["watch"]);
    for (int i = 0; i < 40 && !cluster.responses[number].complete; ++i) {
      cluster.advance(milliseconds(100));
    }
    compare(record, normal(answer_of(record), record),
            normal(answer_of(cluster.responses[number]), record));
    return;
  }
  // The tool that recorded them looked up an index first.
  for (int i = record.value("uncounted_local_gets_before", 0); i > 0; --i)
    cluster.get("/v2/keys/cas");
  std::vector<std::string> room;
  const std::uint64_t number = cluster.ask(request_of(record, room));
  cluster.advance(milliseconds(record.value("ms", 10)));
  if (kind == "begin") {
    watches[record["watch"]] = number;
    return;
  }
  compare(record, normal(answer_of(record), record),
          normal(answer_of(cluster.responses[number]), record));
}

}  // namespace quorumlab::kv::test
