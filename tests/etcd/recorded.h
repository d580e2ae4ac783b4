// The recorded requests and answers of a real etcd, and what is taken away from two answers before
// they are compared byte for byte (tests/data/etcd/README.md).
#pragma once

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/kv/http.h"

namespace quorumlab::kv::test {

using Json = nlohmann::ordered_json;

inline std::vector<Json> recorded_cases() {
  std::ifstream file(std::string(QUORUMLAB_SOURCE_DIR) + "/tests/data/etcd/v2_cases.jsonl");
  std::vector<Json> cases;
  for (std::string line; std::getline(file, line);) cases.push_back(Json::parse(line));
  return cases;
}

// Of the server that the cases were recorded on, and of its cluster.
inline constexpr std::uint64_t kRecordedMember = 0xd70a0ffb0977d1fc;
inline constexpr std::uint64_t kRecordedCluster = 0xdb29e932bd2b3d13;

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
inline Answer normal(Answer answer, const Json& record) {
  const std::string path = record["path"];
  return normal(std::move(answer), record.contains("volatile_body"),
                path.find("sorted=true") != std::string::npos);
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

inline std::string show(const Answer& answer) {
  std::ostringstream out;
  out << answer.status << "\n";
  for (const auto& [name, value] : answer.headers) out << name << ": " << value << "\n";
  out << "\n" << answer.body;
  return out.str();
}

// The record's request; it views into `room`.
inline HttpRequest request_of(const Json& record, std::vector<std::string>& room) {
  const bool has_body = !record["body"].is_null();
  room = {record["method"], record["path"],
          record.value("content_type", has_body ? "application/x-www-form-urlencoded" : ""),
          has_body ? record["body"].get<std::string>() : ""};
  HttpRequest request;
  request.method = room[0];
  request.target = room[1];
  request.content_type = room[2];
  request.body = room[3];
  return request;
}

}  // namespace quorumlab::kv::test
