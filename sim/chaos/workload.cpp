// The mix of operations. Values are numbered, so that each write can be told from every other.
#include "sim/chaos/workload.h"

#include <string>

namespace quorumlab::chaos {

using world::Action;
using world::Verb;

namespace {
constexpr std::uint64_t kWorkload = 2000;
}

void Workload::reset(const Profile& profile, std::uint64_t seed) {
  profile_ = &profile;
  lots_ = Lots(seed, kWorkload);
  asked_ = 0;
  next_ = Instant{} + lots_.between({1}, profile.operation_every * 2);
}

Action Workload::membership(const world::Simulation& sim) {
  Action action;
  const NodeId node = any_node(sim), other = any_node(sim);
  action.nodes = {node};
  action.joint = lots_.percent(30);
  switch (lots_.below(4)) {
    case 0:
      action.verb = Verb::remove;
      break;
    case 1:
      action.verb = Verb::promote;
      break;
    case 2:
      action.verb = Verb::change;
      action.joint = true;
      action.groups = {{other}};
      if (node == other) action.groups = {{}};
      break;
    default:
      action.verb = Verb::add;
      action.learner = lots_.percent(40);
      break;
  }
  return action;
}

Action Workload::ask(const world::Simulation& sim) {
  if (profile_->system == System::serf) return command(sim);
  const bool own = profile_->system == System::own;
  Action action;
  const std::uint64_t lot = lots_.below(100);
  const std::string key = "k" + std::to_string(lots_.below(profile_->keys));
  const std::uint64_t client = lots_.below(profile_->cluster.clients);
  const bool anywhere = lots_.percent(75);
  const NodeId to = any_node(sim);
  const bool change = lots_.percent(profile_->membership);
  if (profile_->requests != 0 && lots_.percent(profile_->requests)) {
    action = request(sim);
  } else if (change) {
    action = membership(sim);
  } else if (profile_->transfers && lot < 10) {
    action.verb = Verb::transfer;
    action.nodes = {any_node(sim)};
  } else if (lot < 55) {
    action.verb = Verb::write;
    action.value = "v" + std::to_string(asked_ + 1);
    // Now and then a value that fills a message.
    if (lots_.percent(10))
      action.value += std::string(static_cast<std::size_t>(lots_.scale(10, 500)), '.');
  } else if (lot < 62 && !own) {
    action.verb = Verb::erase;
  } else {
    action.verb = Verb::read;
    if (lot >= 92 && !own) action.mode = world::ReadKind::stale;
  }
  if (action.verb == Verb::write || action.verb == Verb::erase || action.verb == Verb::read) {
    action.key = key;
  }
  action.client = {sim.node_count() + 1 + static_cast<std::uint32_t>(client)};
  if (!anywhere) action.to = to;
  ++asked_;
  next_ = next_ + lots_.between({1}, profile_->operation_every * 2);
  return action;
}

Action Workload::final_write(Duration timeout) {
  Action action;
  action.verb = Verb::write;
  action.key = "progress";
  action.value = "made " + std::to_string(++asked_);
  action.timeout = timeout;
  return action;
}

Action Workload::final_read(Duration timeout) {
  Action action;
  action.verb = Verb::read;
  action.key = "progress";
  action.timeout = timeout;
  return action;
}

}  // namespace quorumlab::chaos
