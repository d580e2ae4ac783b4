// The recorded requests and answers of a real etcd, and the same asked of ours: for tests that
// compare the two, whole or from some point on.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "tests/unit/kv/harness.h"

namespace quorumlab::kv::test {

using Json = nlohmann::ordered_json;

inline std::vector<Json> recorded_cases() {
  std::ifstream file(std::string(QUORUMLAB_SOURCE_DIR) + "/tests/data/etcd/v2_cases.jsonl");
  std::vector<Json> cases;
  for (std::string line; std::getline(file, line);) cases.push_back(Json::parse(line));
  return cases;
}

// The server that the cases were recorded on.
inline ServerConfig recorded_config() {
  ServerConfig config;
  config.members = {{0xd70a0ffb0977d1fc,
                     NodeId{1},
                     "infra0",
                     {"http://127.0.0.1:7001"},
                     {"http://127.0.0.1:4001"}}};
  config.cluster_id = 0xdb29e932bd2b3d13;
  return config;
}

struct Answer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool operator==(const Answer&) const = default;
};

inline void sort_nodes(Json& json) {
  if (json.is_object()) {
    for (auto& [name, value] : json.items()) sort_nodes(value);
    if (json.contains("nodes")) {
      auto& nodes = json["nodes"];
      std::sort(nodes.begin(), nodes.end(),
                [](const Json& l, const Json& r) { return l["key"] < r["key"]; });
    }
  }
  if (json.is_array()) {
    for (auto& value : json) sort_nodes(value);
  }
}

// What is left once everything is taken away that two runs of the same etcd differ in.
inline Answer normal(Answer answer, bool volatile_body, bool sorted) {
  std::erase_if(answer.headers, [](const auto& header) {
    return header.first == "Date" || header.first == "X-Raft-Index";
  });
  static const std::regex expiration("\"expiration\":\"[^\"]*\"");
  static const std::regex moment("\"(startTime|uptime)\":\"[^\"]*\"");
  const std::string before = answer.body;
  answer.body = std::regex_replace(answer.body, expiration, "\"expiration\":\"masked\"");
  if (volatile_body) answer.body = std::regex_replace(answer.body, moment, "\"$1\":\"masked\"");
  if (answer.body != before) {
    for (auto& [name, value] : answer.headers) {
      if (name == "Content-Length") value = "masked";
    }
  }
  // Only where there is something to sort: parsing would hide how strings are escaped.
  if (!sorted && std::count(answer.body.begin(), answer.body.end(), '{') > 3 &&
      answer.body.find("\"nodes\"") != std::string::npos) {
    Json json = Json::parse(answer.body);
    sort_nodes(json);
    answer.body = json.dump() + "\n";
  }
  return answer;
}

inline Answer answer_of(const Json& record) {
  Answer answer;
  answer.status = record["status"];
  for (const auto& header : record["headers"]) answer.headers.emplace_back(header[0], header[1]);
  answer.body = record["response"].is_null() ? "" : record["response"].get<std::string>();
  return answer;
}
inline Answer answer_of(const HttpResponse& response) {
  return {response.status, response.headers, response.body};
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
  const std::string path = record["path"];
  const bool sorted = path.find("sorted=true") != std::string::npos;
  const bool is_volatile = record.contains("volatile_body");
  if (kind == "end") {
    const std::uint64_t number = watches.at(record["watch"]);
    for (int i = 0; i < 40 && !cluster.responses[number].complete; ++i) {
      cluster.advance(milliseconds(100));
    }
    compare(record, normal(answer_of(record), is_volatile, sorted),
            normal(answer_of(cluster.responses[number]), is_volatile, sorted));
    return;
  }
  const std::string method = record["method"];
  const std::string body = record["body"].is_null() ? "" : record["body"].get<std::string>();
  // The tool that recorded them looked up an index first.
  for (int i = record.value("uncounted_local_gets_before", 0); i > 0; --i)
    cluster.get("/v2/keys/cas");
  HttpRequest request;
  request.method = method;
  request.target = path;
  request.body = body;
  const std::string type = record.value(
      "content_type", record["body"].is_null() ? "" : "application/x-www-form-urlencoded");
  request.content_type = type;
  const std::uint64_t number = cluster.ask(request);
  cluster.advance(milliseconds(record.value("ms", 10)));
  if (kind == "begin") {
    watches[record["watch"]] = number;
    return;
  }
  compare(record, normal(answer_of(record), is_volatile, sorted),
          normal(answer_of(cluster.responses[number]), is_volatile, sorted));
}

}  // namespace quorumlab::kv::test
