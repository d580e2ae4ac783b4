// Names to rules and faults; what fits together.
#include "sim/chaos/arguments.h"

namespace quorumlab::chaos {
namespace {

void add_word(std::string& replay, const std::string& words) { replay += (replay.empty() ? "" : " ") + words; }

bool switch_off(const std::string& name, Options& options) {
  if (options.system == System::serf) {
    const auto rule = gossip::find_rule(name);
    if (rule) options.gossip_rules_off.push_back(*rule);
    return rule.has_value();
  }
  // One name is used by both: the store's is meant where it runs.
  if (options.system == System::etcd) {
    if (const auto rule = kv::find_rule(name)) {
      options.kv_rules_off.push_back(*rule);
      return true;
    }
  }
  const auto rule = raft::find_rule(name);
  if (rule) options.rules_off.push_back(*rule);
  return rule.has_value();
}

}  // namespace

Result<void> choose(const Arguments& arguments, Campaign& campaign) {
  std::string& replay = campaign.replay_arguments;
  System& system = campaign.options.system;
  if (arguments.system == "etcd") {
    system = System::etcd;
  } else if (arguments.system == "serf") {
    system = System::serf;
  } else if (arguments.system != "raft") {
    return error("--system", "expected raft, etcd or serf, got \"" + arguments.system + "\"");
  }
  if (system != System::raft) add_word(replay, "--system " + arguments.system);
  for (const std::string& name : arguments.rules_off) {
    if (!switch_off(name, campaign.options)) return error("--rule-off", "there is no rule \"" + name + "\"");
    add_word(replay, "--rule-off " + name);
  }
  for (const std::string& name : arguments.beyond) {
    const auto kind = find_fault(name);
    if (!kind || !is_beyond_model(*kind)) {
      return error("--beyond", "expected wipe, lying_disk, rot or wild_clock, got \"" + name + "\"");
    }
    campaign.options.beyond.push_back(*kind);
    add_word(replay, "--beyond " + name);
  }
  return {};
}

Result<void> take_base(const script::Scenario& scenario, const std::string& name, Campaign& campaign) {
  const System system = campaign.options.system;
  const NodeConfig& node = scenario.cluster.node;
  if ((node.run_gossip && !node.run_raft) != (system == System::serf)) {
    return error(name, system == System::serf ? "--system serf needs a cluster of serf agents alone"
                                              : "its cluster runs serf alone: --system serf");
  }
  if (node.run_kv != (system == System::etcd)) {
    return error(name, node.run_kv ? "its cluster runs etcd: --system etcd"
                                   : "--system etcd needs a cluster that runs etcd");
  }
  campaign.options.base = scenario.cluster;
  return {};
}

}  // namespace quorumlab::chaos
