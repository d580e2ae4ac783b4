// The one door: acts wait for their nanosecond, then change the world.
#include <algorithm>

#include "sim/world/action_text.h"
#include "sim/world/cluster.h"

namespace quorumlab::world {
namespace {

std::uint64_t hash_list(std::uint64_t h, const std::vector<NodeId>& nodes) {
  for (const NodeId node : nodes) h = mix(h, node.value);
  return mix(h, nodes.size());
}

std::uint64_t hash_link(const LinkSettings& l) {
  std::uint64_t h = mix(static_cast<std::uint64_t>(l.latency.kind), l.latency.table);
  h = mix(h, static_cast<std::uint64_t>(l.latency.a.ns),
          static_cast<std::uint64_t>(l.latency.b.ns));
  h = mix(h, l.loss.parts, l.duplicate.parts);
  h = mix(h, l.corrupt.parts, l.reorder.parts);
  return mix(h, static_cast<std::uint64_t>(l.reorder_by.ns), l.bandwidth);
}

// All that decides what an act does.
std::uint64_t hash_action(const Action& a) {
  std::uint64_t h = hash_list(static_cast<std::uint64_t>(a.verb), a.nodes);
  for (const std::vector<NodeId>& group : a.groups) h = hash_list(h, group);
  h = mix(h, hash_link(a.link));
  h = mix(h, static_cast<std::uint64_t>(a.disk.latency.a.ns),
          static_cast<std::uint64_t>(a.disk.latency.b.ns));
  h = mix(h, a.disk.failure.parts,
          static_cast<std::uint64_t>(a.disk.full) << 2 |
              static_cast<std::uint64_t>(a.disk.lying) << 1 |
              static_cast<std::uint64_t>(a.disk.torn));
  h = mix(h, static_cast<std::uint64_t>(a.clock.wall_offset.ns),
          static_cast<std::uint64_t>(a.clock.wall_step.ns));
  h = mix(h, static_cast<std::uint64_t>(a.clock.drift_ppb), a.clock.frozen ? 1 : 0);
  h = mix(h, static_cast<std::uint64_t>(a.duration.ns), static_cast<std::uint64_t>(a.rule));
  h = mix(h,
          static_cast<std::uint64_t>(a.on) | static_cast<std::uint64_t>(a.learner) << 1 |
              static_cast<std::uint64_t>(a.joint) << 2 | static_cast<std::uint64_t>(a.mode) << 3 |
              static_cast<std::uint64_t>(a.file) << 8 | static_cast<std::uint64_t>(a.kind) << 16,
          a.ordinal);
  h = mix(h, a.count, static_cast<std::uint64_t>(a.client.value) << 32 | a.to.value);
  h = mix(h, static_cast<std::uint64_t>(a.timeout.ns));
  if (a.kv_rule) h = mix(h, ~static_cast<std::uint64_t>(*a.kv_rule));
  if (a.gossip_rule) h = mix(h, static_cast<std::uint64_t>(*a.gossip_rule) + 1);
  if (a.verb == Verb::agent) {
    Bytes command;
    encode(a.agent, command);
    h = hash_bytes(command, h);
  }
  if (a.verb == Verb::http) h = hash_bytes(a.request, h);
  return hash_bytes(as_bytes(a.value), hash_bytes(as_bytes(a.key), h));
}

}  // namespace

std::uint64_t Cluster::inject(const Action& action) {
  if (acts_begin_ == acts_end_) acts_begin_ = acts_end_ = 0;
  if (acts_end_ == acts_.size()) acts_.emplace_back();
  PendingAct& pending = acts_[acts_end_++];
  pending.time_ns = now_.ns + 1;
  pending.number = ++acts_given_;
  // Of the large parts only those that the verb reads.
  static_cast<PlainAction&>(pending.action) = action;
  if (action.verb == Verb::agent) pending.action.agent = action.agent;
  if (action.verb == Verb::http) pending.action.request = action.request;
  if (is_operation(action.verb)) {
    pending.operation = operations_.size();
    Operation& operation = operations_.emplace_back();
    operation.id = acts_given_;
    operation.verb = action.verb;
    const bool named = is_client(action.client.value);
    operation.client = named ? action.client : NodeId{node_count() + 1};
    operation.invoked = {pending.time_ns};
    operation.key = action.key;
    if (action.verb == Verb::write) operation.value = action.value;
    if (action.verb == Verb::http) operation.request = action.request;
    operation.stale = action.verb == Verb::read && action.mode == ReadKind::stale;
  }
  return acts_given_;
}

std::uint64_t Cluster::operation_place(std::uint64_t id) const {
  const auto at = std::lower_bound(operations_.begin(), operations_.end(), id,
                                   [](const Operation& op, std::uint64_t n) { return op.id < n; });
  ASSERT(at != operations_.end() && at->id == id, "no operation has this number");
  return static_cast<std::uint64_t>(at - operations_.begin());
}

trace::RecordId Cluster::remark(trace::WorldFact kind, std::uint64_t a, std::string_view text,
                                NodeId peer) {
  Record r = fact(kind, 0, 0, peer.value, 0, a);
  if (keep_trace_ && !text.empty()) r.b = trace_.text(text);
  return emit(r);
}

void Cluster::apply_act() {
  // Applied from a place of its own: an act may be given while it is carried out.
  PendingAct& next = acts_[acts_begin_++];
  now_.ns = next.time_ns;
  ++events_;
  const Action& action = next.action;
  const std::uint32_t node = action.nodes.empty() ? 0 : action.nodes.front().value;
  Record r =
      fact(WorldFact::act, node, 0, 0, 0, next.number, static_cast<std::uint64_t>(action.verb));
  if (keep_trace_) {
    std::string text = action_text(action, host_names_);
    // The first start of a program that was not there from the beginning.
    if (action.verb == Verb::restart && has_process({node}) &&
        at(node).state == Process::State::never_started) {
      text.erase(0, 2);
    }
    r.c = trace_.text(text);
  }
  const RecordId record = emit(r);
  saw(Seen::act, static_cast<std::uint32_t>(action.verb), node, hash_action(action));
  if (action.verb == Verb::agent) {
    begin_agent_command(next.operation, action, record);
  } else if (is_operation(action.verb)) {
    begin_operation(next.operation, action, record);
  } else {
    apply(action, next.number, record);
  }
}

// Who is cut from whom, for whoever draws the network; 0 while no trace is kept. A row for each host
// that does not reach somebody: its number, a byte, and 64 bits for the others. With more than 64 hosts
// a zero comes first, then how many words of 64 bits a row has; and the number takes two bytes.
std::uint64_t Cluster::keep_cuts() {
  if (!keep_trace_ || network_.cuts().empty()) return 0;
  scratch_.clear();
  const auto hosts = static_cast<std::uint32_t>(host_count());
  const std::uint32_t words = (hosts + 63) / 64;
  const auto put = [this](std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) scratch_.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  };
  if (words > 1) put(0, 1), put(words, 1);
  for (std::uint32_t host = 1; host <= hosts; ++host) {
    if (!network_.cuts().any_of(host)) continue;
    put(host, words > 1 ? 2 : 1);
    for (std::uint32_t word = 0; word < words; ++word) put(network_.cuts().targets_of(host, word), 8);
  }
  return trace_.keep(scratch_);
}

void Cluster::apply(const Action& action, std::uint64_t number, RecordId cause) {
  const auto each_node = [&](auto&& act) {
    for (const NodeId node : action.nodes) {
      if (has_process(node)) act(at(node.value));
    }
  };
  effects_.clear();
  switch (action.verb) {
    case Verb::kill:
      each_node([&](Process& p) { stop(p, Process::State::killed, cause); });
      break;
    case Verb::crash:
      each_node([&](Process& p) { stop(p, Process::State::crashed, cause); });
      break;
    case Verb::restart:
      each_node([&](Process& p) { start(p, cause); });
      break;
    case Verb::pause:
      each_node([&](Process& p) { pause(p, cause); });
      break;
    case Verb::resume:
      each_node([&](Process& p) { resume(p, cause); });
      break;
    case Verb::wipe:
      each_node([&](Process& p) { wipe(p, cause); });
      break;
    case Verb::block:
      each_node([&](Process& p) { block(p, cause); });
      break;
    case Verb::unblock:
      each_node([&](Process& p) { unblock(p, cause); });
      break;
    case Verb::partition:
    case Verb::cut:
    case Verb::heal: {
      if (action.verb == Verb::partition) network_.partition(action.groups);
      if (action.verb == Verb::cut) network_.cut(action.groups);
      if (action.verb == Verb::heal) network_.heal(action.groups);
      release_held();
      judges_.network_changed(now_.ns);
      const RecordId record = emit(fact(WorldFact::network_changed, 0, cause, 0, 0, network_.cuts().size(),
                                        network_.cuts().touched(), keep_cuts()));
      quorum_may_change(record);
      break;
    }
    case Verb::link: {
      network_.set_link(action.groups, action.link);
      const bool one =
          action.groups.size() == 2 && action.groups[0].size() == 1 && action.groups[1].size() == 1;
      emit(fact(WorldFact::link_changed, one ? action.groups[0][0].value : 0, cause,
                one ? action.groups[1][0].value : 0));
      judges_.links_changed(now_.ns,
                            network_.arrives_within(config_.node.gossip.probe_timeout / 2));
      break;
    }
    case Verb::clog:
    case Verb::unclog:
      network_.clog(action.groups, action.verb == Verb::clog);
      release_held();
      break;
    case Verb::disk:
      each_node([&](Process& p) {
        p.disk.set(action.disk);
        emit(fact(WorldFact::disk_changed, p.id.value, cause, 0, 0, 0,
                  (action.disk.full ? 1u : 0u) | (action.disk.lying ? 2u : 0u)));
      });
      break;
    case Verb::stall:
      each_node([&](Process& p) {
        p.disk.stall(now_.ns + action.duration.ns);
        emit(fact(WorldFact::disk_changed, p.id.value, cause, 0, 0, 1,
                  static_cast<std::uint64_t>(action.duration.ns)));
      });
      break;
    case Verb::rot:
      if (action.file >= kFileCount) break;
      each_node([&](Process& p) {
        const std::uint64_t base =
            mix(disk_seed_, static_cast<std::uint64_t>(DrawFor::rot) << 32 | p.id.value, number);
        std::uint64_t flipped = 0;
        for (std::uint64_t i = 0; i < action.count; ++i) {
          flipped += p.disk.flip(static_cast<FileId>(action.file), mix(base, i)) ? 1 : 0;
        }
        const RecordId record =
            emit(fact(WorldFact::disk_changed, p.id.value, cause, 0, action.file, 2, flipped));
        if (flipped != 0) {
          judges_.disk_damaged(now_.ns, record, p.id, judge::Judges::Damage::rotted);
        }
      });
      break;
    case Verb::clock:
      each_node([&](Process& p) {
        p.clock.change(now_, action.clock);
        emit(fact(WorldFact::clock_changed, p.id.value, cause, 0, 0,
                  static_cast<std::uint64_t>(action.clock.wall_offset.ns),
                  static_cast<std::uint64_t>(action.clock.drift_ppb), action.clock.frozen ? 1 : 0));
        if (p.wake_at == kNever) return;
        p.due_ns = std::max(p.clock.when(p.wake_at).ns, now_.ns);
        if (p.due_ns < p.queued_ns) queue_wake(p);
      });
      break;
    case Verb::set_rule: {
      const auto set = [&](Process& p) {
        if (action.gossip_rule) {
          p.gossip_rules.set(*action.gossip_rule, action.on);
          if (Node* node = std::get_if<Node>(&p.node); node != nullptr && p.up()) {
            node->set_rule(*action.gossip_rule, action.on);
          }
          emit(fact(WorldFact::rule_switched, p.id.value, cause, 0, 1,
                    static_cast<std::uint64_t>(*action.gossip_rule), action.on ? 1 : 0));
          return;
        }
        if (action.kv_rule) {
          p.kv_rules.set(*action.kv_rule, action.on);
          if (Node* node = std::get_if<Node>(&p.node); node != nullptr && p.up()) {
            node->set_rule(*action.kv_rule, action.on);
          }
          emit(fact(WorldFact::rule_switched, p.id.value, cause, 0, 2,
                    static_cast<std::uint64_t>(*action.kv_rule), action.on ? 1 : 0));
          return;
        }
        p.rules.set(action.rule, action.on);
        if (Node* node = std::get_if<Node>(&p.node); node != nullptr && p.up()) {
          node->set_rule(action.rule, action.on);
        }
        emit(fact(WorldFact::rule_switched, p.id.value, cause, 0, 0,
                  static_cast<std::uint64_t>(action.rule), action.on ? 1 : 0));
      };
      if (action.nodes.empty()) {
        for (std::uint32_t i = 0; i < servers_; ++i) set(processes_[i]);
      } else {
        each_node(set);
      }
      break;
    }
    case Verb::drop_message:
    case Verb::duplicate_message:
    case Verb::delay_message:
      if (action.groups.size() < 2 || action.groups[0].empty() || action.groups[1].empty()) break;
      named_.push_back({action.groups[0][0].value, action.groups[1][0].value, action.kind,
                        action.ordinal, action.verb, action.duration});
      break;
    default:
      break;  // operations, begun elsewhere
  }
}

}  // namespace quorumlab::world
