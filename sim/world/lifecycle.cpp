// The beginning of the world, births and deaths of processes, and the quorum that is left.
#include <algorithm>
#include <charconv>
#include <iterator>

#include "core/raft/wal.h"
#include "sim/world/cluster.h"

namespace quorumlab::world {
namespace {

// Printed with a failed assertion until somebody sets a better text.
thread_local char context[64];

std::uint32_t members(const ClusterConfig& config) {
  const std::uint32_t all = static_cast<std::uint32_t>(config.names.size());
  return all > config.spare_nodes ? all - config.spare_nodes : 0;
}

}  // namespace

void Cluster::reset(const ClusterConfig& config, std::uint64_t seed) {
  if (&config_ != &config) config_ = config;
  if (seed != seed_ || context[0] == 0) {
    *std::to_chars(std::copy_n("seed ", 5, context), std::end(context) - 1, seed).ptr = 0;
  }
  set_assertion_context(context);
  seed_ = seed;
  const std::uint32_t nodes = static_cast<std::uint32_t>(config.names.size());
  const std::uint32_t apps = static_cast<std::uint32_t>(config.apps.size());
  const std::uint32_t hosts = nodes + config.clients + apps;
  now_ = {};
  events_ = records_ = operations_finished_ = acts_given_ = 0;
  acts_begin_ = acts_end_ = 0;
  violation_told_ = quorum_queued_ = false;
  quorum_ = {};
  disk_seed_ = mix(seed, static_cast<std::uint64_t>(DrawFor::disk_fate));
  queue_.clear();
  network_.reset(hosts, config.link, config.tables,
                 mix(seed, static_cast<std::uint64_t>(DrawFor::network)));
  clients_.reset(nodes + 1, config.clients);
  streams_.clear();
  held_packets_.clear();
  held_streams_.clear();
  named_.clear();
  unsent_.clear();
  operations_.clear();
  counts_.reset(hosts);
  digest_ = {};
  trace_.clear();
  for (std::size_t i = 0; i < judge::kCheckerCount; ++i) {
    judges_.set_enabled(static_cast<judge::Checker>(i), (config.ignored_checkers >> i & 1) == 0);
  }

  node_config_ = config.node;
  raft::ConfState& initial = node_config_.raft.initial;
  if (initial.voters.empty()) {
    for (std::uint32_t id = 1; id <= members(config); ++id) initial.voters.push_back({id});
  }
  names_.clear();
  delivered_.clear();
  client_verdict_ = {};
  const bool agents = config.foreign == nullptr && config.node.run_gossip;
  judges_.reset({nodes, config.foreign == nullptr && config.node.run_raft,
                 judge::configuration_of(initial), agents ? &config_.node.gossip : nullptr,
                 network_.arrives_within(config.node.gossip.probe_timeout / 2)});
  // One after the other, as somebody starts them by hand.
  starts_.assign(nodes, 0);
  for (std::uint32_t i = 0; i < nodes && config.start_within.ns > 0; ++i) {
    starts_[i] = uniform(mix(mix(seed, static_cast<std::uint64_t>(DrawFor::start)), i + 1),
                         Duration{}, config.start_within)
                     .ns;
  }
  std::sort(starts_.begin(), starts_.end());
  servers_ = nodes;
  hosts_ = hosts;
  if (keep_trace_) host_names_ = config_.host_names();
  asks_.clear();
  asks_made_ = 0;
  processes_.resize(nodes + apps);
  for (std::uint32_t i = 0; i < nodes + apps; ++i) {
    Process& p = processes_[i];
    p.id = {i < nodes ? i + 1 : i + 1 + config.clients};
    p.state = Process::State::never_started;
    const ClockSettings clock = i >= nodes                  ? config.apps[i - nodes].clock
                                : i < config.clocks.size() ? config.clocks[i]
                                                           : ClockSettings{};
    p.clock.reset(config.epoch, clock);
    if (i < nodes && i < config.clocks.size()) {
      judges_.clock_set(0, p.id, config.clocks[i].drift_ppb, config.clocks[i].frozen);
    }
    p.disk.reset(config.disk);
    p.life = 0;
    p.rules = config.node.raft.rules;
    p.gossip_rules = config.node.gossip.rules;
    p.kv_rules = config.node.kv.server.rules;
    p.wake_at = kNever;
    p.wake_cause = 0;
    p.due_ns = p.queued_ns = kNever.ns;
    p.wake_generation = 0;
    p.waiting.clear();
    p.waiting_bytes = 0;
    p.handled = 0;
    p.behind = false;
    const std::int64_t starts_ns = i < nodes ? starts_[i] : config.apps[i - nodes].starts.ns;
    if (starts_ns != kNever.ns) {
      queue_.schedule(starts_ns, queue_.take(Slot::Kind::start, p.id.value, 0));
    }
  }
}

// A log that is there from the beginning: so many empty entries of term 1, as a leader of that term
// would have left them.
void Cluster::preload(Process& p, RecordId record) {
  const std::size_t at = p.id.value - 1;
  if (at >= config_.preloaded.size() || config_.preloaded[at] == 0) return;
  const std::uint64_t count = config_.preloaded[at];
  Bytes entries;
  for (std::uint64_t i = 0; i < count; ++i) {
    raft::encode_entry(Term{1}, raft::EntryKind::noop, {}, entries);
  }
  Bytes log;
  raft::append_header(log);
  raft::append_entries_record(LogIndex{1}, static_cast<std::uint32_t>(count), entries, log);
  raft::append_hard_state({Term{1}, kNobody, LogIndex{}}, log);
  p.disk.preset(FileId::log, log);
  constexpr std::uint64_t kBeforeAllWrites = 0;
  judges_.write_submitted(now_.ns, record, p.id, kBeforeAllWrites, FileId::log,
                          Effects::Write::Mode::replace, log);
  judges_.write_durable(now_.ns, record, p.id, kBeforeAllWrites);
}

void Cluster::keep_trace(bool on) {
  ASSERT(!on || keep_trace_ || records_ == 0,
         "a trace is kept from the first event on, or not at all");
  keep_trace_ = on;
  if (on) host_names_ = config_.host_names();
}

void Cluster::start(Process& p, RecordId cause) {
  if (p.up()) return;
  // What was still on its way to the disk is flushed before the new process reads.
  p.disk.each_pending([&](Disk::Write& write) { lose_packets(write); });
  p.disk.sync(queue_.blobs());
  const std::uint32_t starts_before = p.life++;
  p.state = Process::State::running;
  const Random random(
      mix(mix(seed_, static_cast<std::uint64_t>(DrawFor::node)), p.id.value, p.life));
  if (is_app(p.id.value)) {
    start_app(p, random);
  } else if (config_.foreign != nullptr) {
    p.node.emplace<ForeignNode>(
        config_.foreign({p.id, node_count(), random, config_.foreign_context, &config_.names}));
  } else {
    if (!std::holds_alternative<Node>(p.node)) p.node.emplace<Node>();
    node_config_.raft.id = p.id;
    node_config_.raft.rules = p.rules;
    if (node_config_.run_kv) node_config_.kv.server.rules = p.kv_rules;
    if (node_config_.run_gossip) {
      const std::size_t place = p.id.value - 1;
      node_config_.gossip.id = p.id;
      node_config_.gossip.name = config_.agent_name({static_cast<std::uint32_t>(place + 1)});
      node_config_.gossip.tags =
          place < config_.tags.size() ? config_.tags[place] : config_.node.gossip.tags;
      node_config_.gossip.rules = p.gossip_rules;
    }
    std::get<Node>(p.node).reset(node_config_, random);
  }
  Record started = fact(WorldFact::process_started, p.id.value, cause, 0, 0, starts_before);
  if (keep_trace_ && is_server(p.id.value) && config_.agent_name(p.id) != config_.names[p.id.value - 1]) {
    started.b = trace_.text(config_.agent_name(p.id));
    trace_.name_agent(p.id.value, started.b);
  }
  const RecordId record = emit(started);
  saw(Seen::process, 1, p.id.value, starts_before);
  if (starts_before == 0) preload(p, record);
  std::array<FileContent, kFileCount> room;
  Event event;
  event.kind = Event::Kind::started;
  event.files = p.disk.files(room);
  if (is_server(p.id.value)) judges_.process_started(now_.ns, record, p.id, event.files);
  quorum_may_change(record);
  step(p, event, record);
}

// The process is gone: whatever waited for it, and whatever it was about to send.
void Cluster::stop(Process& p, Process::State state, RecordId cause) {
  if (!p.up()) {
    if (state == Process::State::crashed && p.state == Process::State::killed) {
      p.state = state;
      const RecordId record = emit(fact(WorldFact::process_crashed, p.id.value, cause));
      saw(Seen::process, 3, p.id.value, 0);
      power_loss(p, record);
    }
    return;
  }
  const bool crash = state == Process::State::crashed;
  const bool by_itself = !crash && effects_.stop;
  p.state = state;
  const RecordId record = emit(fact(crash       ? WorldFact::process_crashed
                                    : by_itself ? WorldFact::process_stopped
                                                : WorldFact::process_killed,
                                    p.id.value, cause));
  saw(Seen::process, crash ? 3 : by_itself ? 4 : 2, p.id.value, 0);
  if (is_server(p.id.value)) {
    judges_.process_down(now_.ns, record, p.id,
                         crash       ? judge::Judges::Death::crash
                         : by_itself ? judge::Judges::Death::stop
                                     : judge::Judges::Death::kill);
  }
  p.wake_at = kNever;
  p.due_ns = kNever.ns;
  drop_waiting(p);
  p.disk.each_pending([&](Disk::Write& write) { lose_packets(write); });
  break_streams(p, !crash, record);
  if (crash) {
    power_loss(p, record);
  } else {
    refuse_clients_of(p, record);
    refuse_asks_of(p, record);
  }
  forget_asks_by(p, !crash, record);
  quorum_may_change(record);
}

void Cluster::power_loss(Process& p, RecordId cause) {
  for (int f = 0; f < kFileCount; ++f) {
    const FileId file = static_cast<FileId>(f);
    const Disk::Loss loss = p.disk.crash(file, queue_.blobs());
    if (loss.first_write == 0 && !loss.lied) continue;
    const RecordId record =
        emit(fact(WorldFact::writes_lost, p.id.value, cause, 0, static_cast<std::uint32_t>(f),
                  loss.first_write, loss.bytes, loss.torn));
    saw(Seen::process, 8 + static_cast<std::uint32_t>(f), p.id.value, loss.bytes);
    if (loss.lied) judges_.disk_damaged(now_.ns, record, p.id, judge::Judges::Damage::lied);
  }
}

void Cluster::pause(Process& p, RecordId cause) {
  if (p.state != Process::State::running) return;
  stop_handling(p);
  p.state = Process::State::paused;
  const RecordId record = emit(fact(WorldFact::process_paused, p.id.value, cause));
  saw(Seen::process, 5, p.id.value, 0);
  quorum_may_change(record);
}

// Everything that waited comes at once, in order; a deadline that has passed comes after it.
void Cluster::resume(Process& p, RecordId cause) {
  if (p.state != Process::State::paused) return;
  p.state = Process::State::running;
  const RecordId record =
      emit(fact(WorldFact::process_resumed, p.id.value, cause, 0, 0, p.waiting.size()));
  saw(Seen::process, 6, p.id.value, p.waiting.size());
  admit_waiting(p);
  if (p.due_ns != kNever.ns) {
    p.due_ns = std::max(p.due_ns, now_.ns);
    if (p.due_ns < p.queued_ns) queue_wake(p);
  }
  quorum_may_change(record);
}

void Cluster::admit_waiting(Process& p) {
  if (config_.handling_time.ns > 0) return queue_backlog(p);
  for (const SlotId slot : p.waiting) queue_.schedule(now_.ns, slot);
  p.waiting.clear();
  p.waiting_bytes = 0;
}

void Cluster::queue_backlog(Process& p) {
  p.behind = !p.waiting.empty();
  if (!p.behind) return;
  const SlotId slot = queue_.take(Slot::Kind::backlog, p.id.value, 0);
  queue_[slot].generation = ++p.backlog_generation;
  queue_.schedule(now_.ns + config_.handling_time.ns, slot);
}

// One of those that waited has been handled.
void Cluster::on_backlog(SlotId slot) {
  const std::uint32_t host = queue_[slot].node, generation = queue_[slot].generation;
  queue_.drop(slot);
  Process& p = at(host);
  if (!p.behind || p.backlog_generation != generation) return;
  const SlotId next = p.waiting[p.handled++];
  if (queue_[next].kind == Slot::Kind::packet) p.waiting_bytes -= queue_[next].size;
  if (p.handled == p.waiting.size()) stop_handling(p);
  p.behind = false;
  dispatch(next);
  if (p.state == Process::State::running) queue_backlog(p);
}

// What was not handled yet waits on.
void Cluster::stop_handling(Process& p) {
  p.behind = false;
  p.waiting.erase(p.waiting.begin(), p.waiting.begin() + static_cast<std::ptrdiff_t>(p.handled));
  p.handled = 0;
}

// The process hangs in its sends, and in what it does with messages: Lifeguard's anomaly (V.C).
// Timers and disks go on. Programs of the recipes and processes that stand still are left alone.
void Cluster::block(Process& p, RecordId cause) {
  if (p.state != Process::State::running || !is_server(p.id.value)) return;
  stop_handling(p);
  p.state = Process::State::blocked;
  const RecordId record = emit(fact(WorldFact::process_blocked, p.id.value, cause));
  saw(Seen::process, 16, p.id.value, 0);
  quorum_may_change(record);
  Event event;
  event.kind = Event::Kind::sends_blocked;
  step(p, event, record);
}

// First leaves what hung in a send; then whoever sent it goes on; then comes what waited, in order.
void Cluster::unblock(Process& p, RecordId cause) {
  if (p.state != Process::State::blocked) return;
  p.state = Process::State::running;
  Unsent& unsent = unsent_of(p);
  const RecordId record = emit(fact(WorldFact::process_unblocked, p.id.value, cause, 0, 0,
                                    p.waiting.size(), unsent.packets.size()));
  saw(Seen::process, 17, p.id.value, p.waiting.size());
  quorum_may_change(record);
  effects_.clear();
  std::swap(effects_.bytes, unsent.bytes);
  std::swap(effects_.packets, unsent.packets);
  std::swap(effects_.streams, unsent.streams);
  std::swap(effects_.replies, unsent.replies);
  judged_at_send_ = true;
  send_packets(p, record);
  judged_at_send_ = false;
  carry_out_streams(p, record);
  carry_out_replies(p, record);
  Event event;
  event.kind = Event::Kind::sends_unblocked;
  step(p, event, record);
  if (p.state == Process::State::running) admit_waiting(p);
}

Cluster::Unsent& Cluster::unsent_of(const Process& p) {
  for (Unsent& unsent : unsent_) {
    if (unsent.host == p.id.value) return unsent;
  }
  Unsent& unsent = unsent_.emplace_back();
  unsent.host = p.id.value;
  return unsent;
}

// What a node may say is decided when it hands a packet to the kernel: by the time that a hanging
// send returns, its term may have gone on.
void Cluster::judge_send(const Process& p, const Effects::Packet& packet, ByteView bytes) {
  const auto message = static_cast<std::uint8_t>((packet.kind & kKindMask) |
                                                 static_cast<unsigned>(packet.port) << kPortShift);
  judges_.packet_sent(now_.ns, records_, p.id, packet.target, message, bytes);
}

// Takes out of a step's effects what a blocked process cannot send. Promises that wait for a write
// stay with it.
void Cluster::hold_back(Process& p) {
  if (effects_.packets.empty() && effects_.streams.empty() && effects_.replies.empty()) return;
  Unsent& unsent = unsent_of(p);
  const auto keep = [&](Slice& slice) {
    const ByteView bytes = effects_.view(slice);
    slice.offset = static_cast<std::uint32_t>(unsent.bytes.size());
    unsent.bytes.insert(unsent.bytes.end(), bytes.begin(), bytes.end());
  };
  std::size_t promises = 0;
  for (Effects::Packet packet : effects_.packets) {
    if (packet.after_write != 0 && p.disk.find(packet.after_write) != nullptr) {
      effects_.packets[promises++] = packet;
      continue;
    }
    packet.after_write = 0;
    judge_send(p, packet, effects_.view(packet.bytes));
    keep(packet.bytes);
    unsent.packets.push_back(packet);
  }
  effects_.packets.resize(promises);
  for (Effects::Stream op : effects_.streams) {
    keep(op.bytes);
    unsent.streams.push_back(op);
  }
  effects_.streams.clear();
  for (Effects::Reply reply : effects_.replies) {
    keep(reply.bytes);
    unsent.replies.push_back(reply);
  }
  effects_.replies.clear();
}

// A promise whose write is durable.
void Cluster::leave_or_wait(Process& p, SlotId slot) {
  if (p.state != Process::State::blocked) return leave(slot);
  Unsent& unsent = unsent_of(p);
  const Slot& s = queue_[slot];
  const ByteView bytes = queue_.payload(s);
  Effects::Packet packet;
  packet.target = {s.node};
  packet.kind = s.message & kKindMask;
  packet.port = static_cast<Port>(s.message >> kPortShift);
  packet.bytes = {static_cast<std::uint32_t>(unsent.bytes.size()),
                  static_cast<std::uint32_t>(bytes.size())};
  judge_send(p, packet, bytes);
  unsent.bytes.insert(unsent.bytes.end(), bytes.begin(), bytes.end());
  unsent.packets.push_back(packet);
  queue_.drop(slot);
}

// A running process is killed first: nobody can take its files away under it.
void Cluster::wipe(Process& p, RecordId cause) {
  if (p.up()) stop(p, Process::State::killed, cause);
  p.disk.each_pending([&](Disk::Write& write) { lose_packets(write); });
  p.disk.wipe(queue_.blobs());
  const RecordId record = emit(fact(WorldFact::process_wiped, p.id.value, cause));
  saw(Seen::process, 7, p.id.value, 0);
  if (is_server(p.id.value)) {
    judges_.disk_damaged(now_.ns, record, p.id, judge::Judges::Damage::wiped);
  }
}

void Cluster::drop_waiting(Process& p) {
  stop_handling(p);
  for (const SlotId slot : p.waiting) {
    if (queue_[slot].kind == Slot::Kind::packet) {
      drop_packet(slot, WorldReason::target_down);
      continue;
    }
    for (SlotId packet = queue_[slot].chain; packet != kNoSlot;) {
      const SlotId next = queue_[packet].next;
      drop_packet(packet, WorldReason::sender_died);
      packet = next;
    }
    queue_.drop(slot);
  }
  p.waiting.clear();
  p.waiting_bytes = 0;
  for (Unsent& unsent : unsent_) {
    if (unsent.host != p.id.value) continue;
    unsent.bytes.clear();
    unsent.packets.clear();
    unsent.streams.clear();
    unsent.replies.clear();
  }
}

// Looked at once for each instant, after the other events that are already queued for it.
void Cluster::quorum_may_change(RecordId cause) {
  if (quorum_queued_ || !config_.node.run_raft) return;
  quorum_queued_ = true;
  const SlotId slot = queue_.take(Slot::Kind::quorum, 0, 0);
  queue_[slot].cause = cause;
  queue_.schedule(now_.ns, slot);
}

void Cluster::look_at_quorum(RecordId cause) {
  const QuorumState state = compute_quorum();
  if (state == quorum_) return;
  quorum_ = state;
  emit(fact(state.available ? WorldFact::quorum_available : WorldFact::quorum_unavailable, 0, cause,
            0, 0, state.have, state.need));
}

// Whether `to` runs, and packets pass between the two both ways.
bool Cluster::reaches(NodeId from, NodeId to) const {
  return is_server(to.value) && processes_[to.value - 1].state == Process::State::running &&
         (from == to ||
          (network_.connected(from.value, to.value) && network_.connected(to.value, from.value)));
}

// The autopilot of this leader is about to have a voter removed.
void Cluster::judge_eviction(const Process& leader, NodeId target, RecordId record) {
  const Node* node = std::get_if<Node>(&leader.node);
  if (node == nullptr) return;
  const std::vector<NodeId>& voters = node->raft().conf().voters;
  const auto reached_by = [&](NodeId to, NodeId without) {
    return std::count_if(voters.begin(), voters.end(), [&](NodeId from) {
      return from != without && reaches(from, from) && reaches(from, to);
    });
  };
  // Some voter that runs, and a majority with it.
  const auto quorum = [&](NodeId without) {
    const auto all = static_cast<std::ptrdiff_t>(voters.size()) - (without ? 1 : 0);
    return std::any_of(voters.begin(), voters.end(), [&](NodeId one) {
      return one != without && reached_by(one, without) >= all / 2 + 1;
    });
  };
  judge::Eviction eviction;
  eviction.leader = leader.id;
  eviction.target = target;
  eviction.reached = reached_by(target, kNobody) >= static_cast<std::ptrdiff_t>(voters.size() / 2 + 1);
  eviction.quorum_before = quorum(kNobody);
  eviction.quorum_after = quorum(target);
  judges_.evicts(now_.ns, record, eviction);
}

QuorumState Cluster::compute_quorum() const {
  // Membership as the running node that has applied most knows it.
  const raft::ConfState* conf = &node_config_.raft.initial;
  std::uint64_t most = 0;
  for (const Process& p : processes_) {
    const Node* node = std::get_if<Node>(&p.node);
    if (node == nullptr || !p.up() || node->raft().conf().voters.empty()) continue;
    const std::uint64_t applied = node->status().applied.value + 1;
    if (applied > most) {
      most = applied;
      conf = &node->raft().conf();
    }
  }
  const auto count = [&](NodeId from, const std::vector<NodeId>& voters) {
    return static_cast<std::uint32_t>(
        std::count_if(voters.begin(), voters.end(), [&](NodeId to) { return reaches(from, to); }));
  };
  const std::uint32_t need = static_cast<std::uint32_t>(conf->voters.size() / 2 + 1);
  const std::uint32_t need_outgoing =
      conf->voters_outgoing.empty()
          ? 0
          : static_cast<std::uint32_t>(conf->voters_outgoing.size() / 2 + 1);
  QuorumState best{false, 0, std::max(need, need_outgoing)};
  for (const Process& p : processes_) {
    const auto in = [&](const std::vector<NodeId>& list) {
      return std::find(list.begin(), list.end(), p.id) != list.end();
    };
    if (p.state != Process::State::running || (!in(conf->voters) && !in(conf->voters_outgoing))) {
      continue;
    }
    const std::uint32_t have = count(p.id, conf->voters);
    const std::uint32_t have_outgoing = count(p.id, conf->voters_outgoing);
    const bool available = have >= need && have_outgoing >= need_outgoing;
    const std::uint32_t shown =
        conf->voters_outgoing.empty() ? have : std::min(have, have_outgoing);
    if ((available && !best.available) || (available == best.available && shown > best.have)) {
      best = {available, shown, best.need};
    }
  }
  return best;
}

}  // namespace quorumlab::world
