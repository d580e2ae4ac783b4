// Commands to serf agents, given on their own hosts: events and queries mostly, tags, joins, and now and
// then somebody leaves or is said to have left.
#include <string>

#include "sim/chaos/workload.h"

namespace quorumlab::chaos {

using world::Action;
using world::Verb;

Action Workload::command(const world::Simulation& sim) {
  using Kind = AgentCommand::Kind;
  Action action;
  action.verb = Verb::agent;
  const NodeId node = any_node(sim), other = any_node(sim);
  const std::uint64_t lot = lots_.below(100), which = lots_.below(3);
  const bool flag = lots_.percent(50);
  action.nodes = {node};
  AgentCommand& command = action.agent;
  const std::string number = std::to_string(++asked_);
  if (lot < 45) {
    command.kind = Kind::event;
    command.name = "e" + std::to_string(which);
    command.payload = "p" + number;
    command.flag = flag;
  } else if (lot < 65) {
    command.kind = Kind::query;
    command.name = "q" + std::to_string(which);
    command.payload = "p" + number;
    command.flag = flag;
    command.number = static_cast<std::uint8_t>(which);
  } else if (lot < 80 || node == other) {
    command.kind = Kind::set_tags;
    command.tags = {{"t" + std::to_string(which), "v" + number}};
  } else if (lot < 92) {
    command.kind = Kind::join;
    command.hosts = {other};
    command.flag = flag;
  } else if (lot < 96) {
    command.kind = Kind::leave;
  } else {
    command.kind = Kind::force_leave;
    command.name = profile_->cluster.names[other.value - 1];
    command.flag = flag;
  }
  next_ = next_ + lots_.between({1}, profile_->operation_every * 2);
  return action;
}

}  // namespace quorumlab::chaos
