// The rules of all engines in one list, for those who print them or take their names.
#pragma once

#include <string_view>
#include <vector>

namespace quorumlab::script {

struct ListedRule {
  std::string_view engine;   // "raft", "serf" or "etcd": the part of a scenario's cluster that may switch it off
  std::string_view name;
  std::string_view source;   // where it is stated: a section of a paper, a commit, a document
  std::string_view meaning;  // what it demands
};

// Raft's, serf's, the store's, each in the order of its engine's own list.
std::vector<ListedRule> rule_list();

}  // namespace quorumlab::script
