// The autopilot's look at serf and Raft, once a second.
#include "core/node/autopilot.h"

#include <algorithm>
#include <utility>

#include "core/node/node.h"
#include "core/raft/quorum.h"

namespace quorumlab {

void Node::autopilot_step(Now now, const Event& event, Effects& out) {
  Autopilot& pilot = autopilot_;
  if (event.kind == Event::Kind::started) {
    pilot = {};
    pilot.next = now.monotonic + Autopilot::kEvery;
  }
  if (pilot.next <= now.monotonic) {
    pilot.next = now.monotonic + Autopilot::kEvery;
    look_at_members(now, out.names != nullptr ? *out.names : names_);
    if (engine_.status().leader == config_.raft.id) {
      steer(now, out);
      drain(now, out);
    } else {
      pilot.leads = {};
    }
  }
  if (running_) out.wake_at = std::min({engine_.deadline(), gossip_.deadline(), pilot.next});
  if (running_ && !kv_.empty()) out.wake_at = std::min(out.wake_at, kv_.front().server.deadline());
}

// Whom serf has forgotten stays as it was last seen: gone is gone.
void Node::look_at_members(Now now, const gossip::Directory& names) {
  gossip_.for_each_member([&](gossip::PeerId peer) {
    const gossip::Member& member = gossip_.member(peer);
    const NodeId host = config_.gossip.addresses.host(names.record(member.record).address);
    if (!host || host == config_.raft.id) return;
    Autopilot::Seen& seen = autopilot_.at(host);
    const bool gone =
        member.status == gossip::Status::failed || member.status == gossip::Status::left;
    const bool alive = member.status == gossip::Status::alive;
    seen.gone_since = !gone ? kNever : std::min(seen.gone_since, now.monotonic);
    seen.alive_since = !alive ? kNever : std::min(seen.alive_since, now.monotonic);
    if (!gone) seen.kept = false;
  });
}

// /v2/members follows the configuration, some seconds behind: a change that the members API made is
// on its way to the list.
void Node::list_voters(Now now, const raft::ConfState& conf, Effects& out) {
  KvPart& kv = kv_.front();
  const auto in = [](const std::vector<NodeId>& nodes, NodeId node) {
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
  };
  const auto follow = [&](NodeId node, bool differs) {
    return std::exchange(autopilot_.at(node).differs, differs) && differs;
  };
  for (const kv::Member& member : kv.server.members().all()) {
    const bool is_out = member.node && !in(conf.voters, member.node) && !in(conf.learners, member.node);
    if (member.node && follow(member.node, is_out)) kv.server.unlist(member.id, kv.out);
  }
  for (const NodeId voter : conf.voters) {
    if (kv.server.members().find_node(voter) != nullptr || !follow(voter, true)) continue;
    const auto spare = std::find_if(config_.kv.joining.begin(), config_.kv.joining.end(),
                                    [&](const auto& known) { return known.second == voter; });
    kv.server.list(now, voter, spare == config_.kv.joining.end() ? std::string_view() : spare->first, kv.out);
  }
  carry_out_kv(now, out);
}

// REQUIRES: this node leads.
void Node::steer(Now now, Effects& out) {
  Autopilot& pilot = autopilot_;
  const raft::ConfState conf = engine_.conf();
  const bool fresh = pilot.leads != engine_.status().term;
  pilot.leads = engine_.status().term;
  std::size_t heard = 0;  // voters, itself among them
  const auto is_heard = [&](NodeId voter) {
    return voter == config_.raft.id ||
           now.monotonic - pilot.at(voter).heard <= Autopilot::kHeardWithin;
  };
  for (const NodeId voter : conf.voters) {
    const raft::Progress* progress = engine_.progress(voter);
    Autopilot::Seen& seen = pilot.at(voter);
    if (progress != nullptr && (fresh || progress->acked_round != seen.round)) {
      seen.round = progress->acked_round;
      seen.heard = now.monotonic;  // a new leader gives everybody time to answer
    }
    heard += is_heard(voter);
  }
  if (!conf.voters_outgoing.empty()) return;
  if (!kv_.empty()) list_voters(now, conf, out);
  const bool careful = config_.raft.rules[raft::Rule::autopilot_keeps_quorum];
  const auto change = [&](raft::ConfChange::Kind kind, NodeId node, Fact fact, std::uint64_t since) {
    raft::ConfChange wanted;
    wanted.steps.push_back({kind, node});
    const auto result = engine_.propose_change(now, wanted, 0);
    if (result.status != raft::ProposeResult::Status::accepted) return false;
    out.notes.push_back({fact, Reason::none, node, since, heard, conf.voters.size()});
    return true;
  };
  for (const NodeId voter : conf.voters) {
    Autopilot::Seen& seen = pilot.at(voter);
    if (voter == config_.raft.id || seen.gone_since == kNever) continue;
    const Duration gone = now.monotonic - seen.gone_since;
    if (gone < config_.autopilot.grace) continue;
    const std::size_t rest = conf.voters.size() - 1;
    const Reason why_not = is_heard(voter)                        ? Reason::raft_hears_it
                           : heard < raft::majority(rest)         ? Reason::would_lose_quorum
                                                                  : Reason::none;
    if (careful && why_not != Reason::none) {
      if (!seen.kept) {
        out.notes.push_back({Fact::autopilot_keeps, why_not, voter,
                             static_cast<std::uint64_t>(gone.ns), heard, conf.voters.size()});
      }
      seen.kept = true;
      continue;
    }
    if (rest == 0) continue;
    if (change(raft::ConfChange::Kind::remove, voter, Fact::autopilot_removes,
               static_cast<std::uint64_t>(gone.ns))) {
      return;
    }
  }
  for (std::uint32_t id = 1; id < pilot.seen.size(); ++id) {
    const Autopilot::Seen& seen = pilot.seen[id];
    const NodeId host{id};
    if (seen.alive_since == kNever || now.monotonic - seen.alive_since < config_.autopilot.settle ||
        std::find(conf.voters.begin(), conf.voters.end(), host) != conf.voters.end()) {
      continue;
    }
    // The new voter's log is empty at first: those there are must be a majority without it.
    if (careful && heard < raft::majority(conf.voters.size() + 1)) continue;
    if (change(raft::ConfChange::Kind::add_voter, host, Fact::autopilot_adds,
               static_cast<std::uint64_t>((now.monotonic - seen.alive_since).ns))) {
      return;
    }
  }
}

}  // namespace quorumlab
