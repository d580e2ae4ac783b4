// What panels need to know: branches, rules, settings, and where two branches part.
#include <algorithm>

#include "core/gossip/rules.h"
#include "core/kv/rules.h"
#include "core/raft/rules.h"
#include "sim/script/quantity.h"
#include "viz/session/session.h"

namespace quorumlab::viz {
namespace {

bool same(const trace::Record& a, const trace::Record& b) {
  return a.time_ns == b.time_ns && a.kind == b.kind && a.node == b.node && a.peer == b.peer && a.extra == b.extra &&
         a.reason == b.reason && a.cause == b.cause && a.a == b.a;
}

template <class List>
void add_rules(const List& all, std::vector<Offer::Rule>& out) {
  for (const auto& info : all) out.push_back({std::string(info.name), std::string(info.meaning), true});
}

std::vector<Offer::Setting> settings_of(const script::Scenario& scenario) {
  std::vector<Offer::Setting> out;
  const NodeConfig& node = scenario.cluster.node;
  const auto time = [](Duration d) { return script::to_text(d); };
  if (node.run_raft) {
    const raft::TimeoutPolicy& t = node.raft.timeouts;
    if (t.kind == raft::TimeoutPolicy::Kind::ticks) {
      out.push_back({"election timeout, in ticks", "cluster.raft.election_ticks", std::to_string(t.election_ticks)});
      out.push_back({"heartbeat, in ticks", "cluster.raft.heartbeat_ticks", std::to_string(t.heartbeat_ticks)});
      out.push_back({"a tick", "cluster.raft.tick", time(t.period)});
    } else {
      out.push_back({"election timeout", "cluster.raft.election_timeout",
                     "[\"" + time(t.election_min) + "\", \"" + time(t.election_max) + "\"]"});
      out.push_back({"heartbeat", "cluster.raft.heartbeat", time(t.heartbeat)});
    }
  }
  if (node.run_gossip) {
    out.push_back({"probe interval", "cluster.serf.probe_interval", time(node.gossip.probe_interval)});
    out.push_back({"probe timeout", "cluster.serf.probe_timeout", time(node.gossip.probe_timeout)});
  }
  return out;
}

}  // namespace

void Session::look_for_difference() {
  const trace::Trace &a = shown().recording.trace, &b = branches_[*beside_]->recording.trace;
  const trace::RecordId end = std::min(a.size(), b.size());
  while (!differs_ && same_ < end) {
    if (same(a[same_ + 1], b[same_ + 1])) ++same_;
    else differs_ = true;
  }
  // One of them is over, and the other is not.
  if (!differs_ && a.size() != b.size() && shown().over() && branches_[*beside_]->over()) differs_ = true;
}

const Offer& Session::offer(const Frame& frame) {
  Branch& b = shown();
  if (notice_ns_ <= 0) offer_.notice.clear();
  offer_.can_act = b.has_world() || claimed_why_.empty();
  offer_.why_not = claimed_why_;
  offer_.shown = shown_;
  if (offered_ != shown_ || offered_count_ != branches_.size()) {
    offered_ = shown_;
    offered_count_ = branches_.size();
    offer_.branches.clear();
    for (const auto& each : branches_) {
      const std::size_t number = offer_.branches.size();
      const std::size_t depth = number == 0 ? 0 : offer_.branches[each->parent].depth + 1;
      offer_.branches.push_back({each->name, each->parent, depth, each->forked_ns, false});
    }
    offer_.rules.clear();
    const NodeConfig& node = b.scenario().cluster.node;
    if (node.run_raft) add_rules(raft::kRules, offer_.rules);
    if (node.run_gossip) add_rules(gossip::kRules, offer_.rules);
    if (node.run_kv) add_rules(kv::kRules, offer_.rules);
    offer_.settings = settings_of(b.scenario());
    offer_.deeds_ns.clear();
    for (const Done& each : b.deeds) offer_.deeds_ns.push_back(each.time_ns);
    offered_record_ = UINT64_MAX;
  }
  if (offered_record_ != frame.record) {
    offered_record_ = frame.record;
    b.rules_on(offer_.rules, frame.record);
  }
  for (std::size_t i = 0; i < branches_.size(); ++i) offer_.branches[i].failed = branches_[i]->failed();
  offer_.beside = beside_;
  offer_.beside_timeline = nullptr;
  offer_.beside_frame = nullptr;
  offer_.differs_ns.reset();
  offer_.difference.clear();
  if (!beside_) return offer_;

  Branch& other = *branches_[*beside_];
  other.grow(frame.time_ns + 1, 50'000);
  other.grow(INT64_MAX, 5'000);  // the rest by and by
  look_for_difference();
  other.timeline->look({frame.time_ns, other.timeline->record_by(frame.time_ns)}, beside_frame_);
  offer_.beside_timeline = other.timeline.get();
  offer_.beside_frame = &beside_frame_;
  if (!differs_) {
    offer_.difference = "the same so far as both were run";
    return offer_;
  }
  const auto told = [&](const Branch& of) -> std::string {
    if (same_ + 1 > of.recording.trace.size()) return "nothing more happens";
    return trace::words(of.recording.trace[same_ + 1], of.recording.context());
  };
  const auto when = [&](const Branch& of) {
    return same_ + 1 > of.recording.trace.size() ? INT64_MAX : of.recording.trace[same_ + 1].time_ns;
  };
  offer_.differs_ns = std::min(when(b), when(other));
  offer_.difference = "the same until " + moment_text(*offer_.differs_ns) + ". Then on the left: " + told(b) +
                      "; on the right: " + told(other);
  return offer_;
}

}  // namespace quorumlab::viz
