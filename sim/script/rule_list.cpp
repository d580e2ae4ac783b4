// The rules of all engines in one list.
#include "sim/script/rule_list.h"

#include "core/gossip/rules.h"
#include "core/kv/rules.h"
#include "core/raft/rules.h"

namespace quorumlab::script {

std::vector<ListedRule> rule_list() {
  std::vector<ListedRule> out;
  const auto add = [&out](std::string_view engine, const auto& rules) {
    for (const auto& info : rules) out.push_back({engine, info.name, info.source, info.meaning});
  };
  add("raft", raft::kRules);
  add("serf", gossip::kRules);
  add("etcd", kv::kRules);
  return out;
}

}  // namespace quorumlab::script
