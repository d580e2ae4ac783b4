// Who is alive: the three kinds of news about a member, and what each may overrule (serf.md 2.1,
// SWIM 4.2). An alive message needs a higher incarnation, an accusation one that is not lower; only
// the accused itself raises its incarnation.
#include <algorithm>

#include "core/gossip/codec.h"
#include "core/gossip/engine.h"

namespace quorumlab::gossip {
namespace {

// A refutation is queued under the text of its sender's address in memberlist, so that it and other
// news about that member do not replace each other.
constexpr std::uint32_t kRefutationName = UINT32_MAX - 1;

// Older than anything: a member that was never alive here goes at the next opportunity.
constexpr std::int64_t kLongAgo = INT64_MIN / 2;

bool is_gone(State state) { return state == State::dead || state == State::left; }

}  // namespace

void Engine::set_state(const Turn& turn, PeerId id, State state) {
  Member& member = table_[id.value];
  const auto live = [](State s) { return s == State::alive || s == State::suspect; };
  live_ += live(state) ? 1 : 0;
  live_ -= live(member.state) ? 1 : 0;
  member.state = state;
  versions_fresh_ = false;
  member.state_change_ns = turn.now.monotonic.ns;
}

void Engine::health_changed(const Turn& turn, std::int64_t delta) {
  if (config_.lifeguard == Lifeguard::off) return;
  const std::uint32_t before = awareness_.score;
  if (awareness_.apply(delta)) {
    note(turn, Fact::health_changed, kNobody, awareness_.score, before);
  }
}

bool Engine::any_other_alive() const { return live_ > (live_ > 0 && known(self_) && !leaving_); }

// A new member takes a random place in the order of probing: were it always the last, what joins
// together would be probed together, and late.
PeerId Engine::insert_member(const Turn& turn, const Alive& alive) {
  const PeerId id = turn.names.intern(alive.node);
  Member& member = entry(turn, id);
  member.state = State::dead;
  member.state_change_ns = kLongAgo;
  member.incarnation = 0;
  versions_fresh_ = false;
  member.record = turn.names.intern(id, alive.address, alive.meta, alive.vsn.bytes);
  const std::uint64_t place = order_.empty() ? 0 : below(draw(Draw::new_member), order_.size());
  order_.push_back(id);
  std::swap(order_[place], order_.back());
  return id;
}

void Engine::settle(const Turn& turn, std::span<const Self> members) {
  table_.reserve(turn.names.size());
  order_.reserve(members.size());
  for (const Self& other : members) {
    if (known(other.id)) continue;
    Member& member = entry(turn, other.id);
    member = other.member;
    ++live_;
    ++serf_.members;
    const std::uint64_t place = below(draw(Draw::new_member), order_.size());
    order_.push_back(other.id);
    std::swap(order_[place], order_.back());
  }
  for (BroadcastQueue& queue : queues_) queue.clear();
  maybe_queued_ = false;
  versions_fresh_ = false;
  if (config_.push_pull_interval.ns > 0) {
    push_pull_begun_ = true;
    push_pull_at_ = turn.now.monotonic +
                    uniform(draw(Draw::push_pull_phase), {},
                            push_pull_period(config_.push_pull_interval, order_.size()));
  }
}

void Engine::handle_alive(const Turn& turn, NodeId source, const Alive& message, bool bootstrap,
                          std::uint32_t token) {
  const bool is_self = message.node == config_.name;
  if (is_self && leaving_) return;
  const Vsn& vsn = message.vsn;
  if (vsn.size >= 3 && (vsn.protocol_min() == 0 || vsn.protocol_max() == 0 ||
                        vsn.protocol_min() > vsn.protocol_max())) {
    note(turn, Fact::gossip_dropped, source, static_cast<std::uint64_t>(WireError::out_of_range));
    return;
  }
  Address address = message.address;
  if (address.port == 0) address.port = config_.addresses.address(config_.id).port;
  Alive alive = message;
  alive.address = address;

  PeerId id = turn.names.find(alive.node);
  bool takes_over = false;
  if (!known(id)) {
    id = insert_member(turn, alive);
  } else {
    const Member& member = table_[id.value];
    const Address& before = turn.names.record(member.record).address;
    if (before != address && on(Rule::name_belongs_to_its_address)) {
      const bool reclaimable =
          config_.dead_node_reclaim_time.ns > 0 &&
          turn.now.monotonic.ns - member.state_change_ns > config_.dead_node_reclaim_time.ns;
      const NodeId holder = config_.addresses.host(before);
      const NodeId claimant = config_.addresses.host(address);
      if (member.state == State::left || (member.state == State::dead && reclaimable)) {
        note(turn, Fact::name_reclaimed, claimant, holder.value,
             static_cast<std::uint64_t>(member.state));
        takes_over = true;
      } else {
        note(turn, Fact::address_conflict, holder, claimant.value,
             static_cast<std::uint64_t>(member.state));
        notify_conflict(turn, id, alive);
        return;
      }
    }
  }

  Member& member = table_[id.value];
  const State state_before = member.state;
  if (!is_self && !takes_over && alive.incarnation <= member.incarnation) {
    // Off, an old alive message raises whoever is not alive.
    const bool overrules = !on(Rule::alive_needs_higher_incarnation) ||
                           (is_gone(state_before) && !on(Rule::left_needs_newer_alive));
    if (!overrules || state_before == State::alive || member.state_change_ns == kLongAgo) return;
  }
  if (is_self && alive.incarnation < member.incarnation) return;

  if (on(Rule::suspicion_ends_with_alive)) suspicions_.erase(id.value);

  const PeerRecord& known_record = turn.names.record(member.record);
  const std::array<std::uint8_t, 6> versions = vsn.size > 0 ? vsn.bytes : known_record.vsn;
  const bool same_meta = std::ranges::equal(known_record.meta, alive.meta);

  if (is_self && !bootstrap) {
    // Ourselves in an earlier life, or somebody who makes things up. Equal incarnations happen
    // after a restart and are harmless unless what they say differs.
    const bool same_versions = vsn.size == 6 && vsn.bytes == known_record.vsn;
    if (alive.incarnation == member.incarnation && same_meta && same_versions) return;
    const RecordId claimed = turn.names.intern(id, address, alive.meta, versions);
    refute(turn, alive.incarnation, {}, MessageType::alive, claimed.value + 1);
    return;
  }

  const RecordId record = turn.names.intern(id, address, alive.meta, versions);
  member.incarnation = alive.incarnation;
  member.record = record;
  versions_fresh_ = false;
  if (state_before != State::alive) {
    set_state(turn, id, State::alive);
    if (state_before == State::suspect && !on(Rule::suspicion_ends_with_alive)) {
      // The forgotten timer of the old suspicion still counts (memberlist 9cdb22b).
      table_[id.value].state = State::suspect;
    }
  }
  queue_rumour(turn,
               {id, alive.incarnation, record.value, static_cast<std::uint8_t>(MessageType::alive)},
               id.value, token);
  if (state_before != State::alive || !same_meta) {
    note(turn, Fact::member_alive, config_.addresses.host(address), alive.incarnation,
         static_cast<std::uint64_t>(state_before), same_meta ? 0 : 1);
  }
  if (is_gone(state_before)) {
    notify_join(turn, id);
  } else if (!same_meta) {
    notify_update(turn, id);
  }
}

void Engine::handle_suspect(const Turn& turn, const Suspect& suspect) {
  const PeerId id = turn.names.find(suspect.node);
  if (!known(id)) return;
  Member& member = table_[id.value];
  if (suspect.incarnation < member.incarnation && on(Rule::accusation_needs_current_incarnation)) {
    return;
  }
  const auto type = static_cast<std::uint8_t>(MessageType::suspect);

  if (Suspicion* suspicion = suspicions_.find(id.value)) {
    const PeerId from = turn.names.intern(suspect.from);
    const bool shrinks = lifeguard(Rule::suspicion_timeout_shrinks);
    const bool news = shrinks && suspicion->confirm(from, on(Rule::confirmations_must_differ));
    if (news || !on(Rule::rebroadcast_only_news)) {
      queue_rumour(turn, {id, suspect.incarnation, from.value, type}, id.value);
    }
    if (news) {
      note(turn, Fact::suspicion_confirmed, host_of(turn, id), suspect.incarnation,
           host_named(turn, suspect.from).value, suspicion->confirmations());
      arm(std::max(suspicion->deadline(), turn.now.monotonic), TimerKind::suspicion, id.value,
          static_cast<std::uint64_t>(suspicion->start().ns));
    }
    return;
  }
  if (member.state != State::alive) return;
  if (id == self_) return refute(turn, suspect.incarnation, suspect.from, MessageType::suspect);

  const PeerId from = turn.names.intern(suspect.from);
  queue_rumour(turn, {id, suspect.incarnation, from.value, type}, id.value);
  member.incarnation = suspect.incarnation;
  set_state(turn, id, State::suspect);

  // How many confirmations to hope for: memberlist takes what its multiplier leaves, the paper 3;
  // none where there are too few others to give them.
  constexpr std::uint32_t kPaperConfirmations = 3;
  const std::uint64_t n = order_.size();
  std::uint32_t wanted = config_.lifeguard == Lifeguard::paper ? kPaperConfirmations
                         : config_.suspicion_mult > 2          ? config_.suspicion_mult - 2
                                                               : 0;
  if (n < wanted + std::uint64_t{2} || !lifeguard(Rule::suspicion_timeout_shrinks)) wanted = 0;
  const Duration minimum = suspicion_minimum(config_.suspicion_mult, n, config_.probe_interval);
  const Duration maximum = minimum * config_.suspicion_max_timeout_mult;
  Suspicion& suspicion = suspicions_.insert(id.value);
  suspicion = Suspicion(from, turn.now.monotonic, wanted, minimum, maximum);
  note(turn, Fact::member_suspect, host_of(turn, id), suspect.incarnation,
       host_named(turn, suspect.from).value,
       static_cast<std::uint64_t>((suspicion.deadline() - turn.now.monotonic).ns));
  arm(suspicion.deadline(), TimerKind::suspicion, id.value,
      static_cast<std::uint64_t>(turn.now.monotonic.ns));
}

void Engine::suspicion_fires(const Turn& turn, const Timer& timer) {
  const PeerId id{timer.a};
  const Suspicion* suspicion = suspicions_.find(id.value);
  if (suspicion == nullptr || static_cast<std::uint64_t>(suspicion->start().ns) != timer.b ||
      suspicion->deadline() > turn.now.monotonic) {
    return;
  }
  const Member& member = table_[id.value];
  if (member.state != State::suspect) {
    suspicions_.erase(id.value);
    return;
  }
  note(turn, Fact::suspicion_timed_out, host_of(turn, id), member.incarnation,
       suspicion->confirmations());
  handle_dead(turn, {member.incarnation, turn.names.name(id), config_.name});
}

void Engine::handle_dead(const Turn& turn, const Dead& dead, std::uint32_t token) {
  const PeerId id = turn.names.find(dead.node);
  if (!known(id)) return;
  Member& member = table_[id.value];
  if (dead.incarnation < member.incarnation && on(Rule::accusation_needs_current_incarnation)) {
    return;
  }
  suspicions_.erase(id.value);
  // The incarnation of somebody who is gone is not raised: a later alive message between the two
  // brings it back, as in memberlist.
  if (is_gone(member.state)) return;
  if (id == self_ && !leaving_ && on(Rule::dead_of_self_is_refuted)) {
    return refute(turn, dead.incarnation, dead.from, MessageType::dead);
  }
  const PeerId from = turn.names.intern(dead.from);
  queue_rumour(turn,
               {id, dead.incarnation, from.value, static_cast<std::uint8_t>(MessageType::dead)},
               id.value, token);
  member.incarnation = dead.incarnation;
  const bool left = from == id && on(Rule::dead_by_itself_is_left);
  set_state(turn, id, left ? State::left : State::dead);
  note(turn, Fact::member_dead, host_of(turn, id), dead.incarnation,
       host_named(turn, dead.from).value, left ? 1 : 0);
  notify_leave(turn, id);
}

// Answers an accusation with an incarnation that beats it. Having to do so is a sign that this node
// itself is slow (Lifeguard IV.A).
void Engine::refute(const Turn& turn, std::uint32_t accused, std::string_view from,
                    MessageType by, std::uint32_t claimed) {
  Member& self = own();
  std::uint32_t incarnation = ++incarnation_;
  if (on(Rule::refute_with_higher_incarnation)) {
    if (accused >= incarnation) incarnation = incarnation_ += accused - incarnation + 1;
    // memberlist wraps to 0 here and is never believed again.
    if (incarnation < self.incarnation && on(Rule::incarnation_never_wraps)) {
      incarnation = incarnation_ = UINT32_MAX;
    }
  } else {
    incarnation = incarnation_ = self.incarnation;
  }
  self.incarnation = incarnation;
  health_changed(turn, 1);
  queue_rumour(
      turn, {self_, incarnation, self.record.value, static_cast<std::uint8_t>(MessageType::alive)},
      kRefutationName);
  note(turn, Fact::refuted, host_named(turn, from), incarnation, accused,
       static_cast<std::uint64_t>(by) | static_cast<std::uint64_t>(claimed) << 8);
}

// At the end of each round of probes: those dead for long are dropped, the others are shuffled.
void Engine::forget_members(const Turn& turn) {
  const std::int64_t before = turn.now.monotonic.ns - config_.gossip_to_the_dead_time.ns;
  const auto stays = [&](PeerId id) {
    const Member& member = table_[id.value];
    // 0.2.2 keeps whoever left for ever (memberlist #253).
    const bool gone =
        config_.later_memberlist ? is_gone(member.state) : member.state == State::dead;
    return !gone || member.state_change_ns >= before;
  };
  std::size_t kept = 0;
  for (const PeerId id : order_) {
    if (stays(id)) {
      order_[kept++] = id;
      continue;
    }
    note(turn, Fact::member_forgotten, host_of(turn, id), table_[id.value].incarnation);
    table_[id.value].state = State::unknown;
    versions_fresh_ = false;
    table_[id.value].incarnation = 0;
  }
  order_.resize(kept);
  if (!on(Rule::probe_round_robin)) return;
  for (std::size_t i = kept; i > 1; --i) {
    std::swap(order_[i - 1], order_[below(draw(Draw::probe_order), i)]);
  }
}

// --- offered to serf ----------------------------------------------------------------------------

void Engine::update_node(const Turn& turn, std::uint32_t token) {
  Scratch& scratch = turn.out.scratch;
  scratch.payload.clear();
  append_meta(scratch.payload);
  Alive alive;
  alive.incarnation = ++incarnation_;
  alive.node = config_.name;
  alive.address = config_.addresses.address(config_.id);
  alive.meta = scratch.payload;
  handle_alive(turn, config_.id, alive, true, token);
}

bool Engine::memberlist_leave(const Turn& turn, std::uint32_t token) {
  if (leaving_ || !started_ || !known(self_)) return false;
  leaving_ = true;
  handle_dead(turn, {own().incarnation, config_.name, config_.name}, token);
  return any_other_alive();
}

}  // namespace quorumlab::gossip
