// Which records tell, and which of those are news.
#include "sim/report/telling.h"

#include <utility>

#include "core/gossip/ready.h"
#include "core/raft/message.h"

namespace quorumlab::report {

using trace::Record;
using trace::WorldFact;

std::string time_text(std::int64_t ns, bool fine) {
  const std::int64_t unit = fine ? 1'000 : 1'000'000;
  const std::int64_t n = ns / unit;
  const std::int64_t per_second = 1'000'000'000 / unit;
  const std::string rest = std::to_string(per_second + n % per_second).substr(1);
  return std::to_string(n / per_second) + "." + rest + " s";
}

bool is_background_message(std::uint32_t kind) {
  const auto type = static_cast<raft::MessageType>(kind);
  return type == raft::MessageType::heartbeat || type == raft::MessageType::heartbeat_response;
}

// Whether a record is part of the story, or only of the full account.
bool tells(const Record& r) {
  if (r.kind < 256) {
    switch (static_cast<Fact>(r.kind)) {
      case Fact::started: return false;
      case Fact::refused_to_start:
      case Fact::stopped_itself:
      case Fact::became_pre_candidate:
      case Fact::became_candidate:
      case Fact::became_leader:
      case Fact::vote_refused:
      case Fact::campaign_lost:
      case Fact::campaign_put_off:
      case Fact::snapshot_installed:
      case Fact::snapshot_send_started:
      case Fact::truncated:
      case Fact::config_refused:
      case Fact::transfer_started:
      case Fact::transfer_ended: return true;
      case Fact::vote_granted: return r.b == 0;
      case Fact::became_follower:
      case Fact::commit_advanced:
      case Fact::config_applied: return true;
      case Fact::probe_failed:
      case Fact::suspicion_timed_out:
      case Fact::refuted:
      case Fact::address_conflict:
      case Fact::serf_member_event:
      case Fact::key_request_ended:
      case Fact::name_conflict:
      case Fact::conflict_resolved:
      case Fact::leave_started:
      case Fact::serf_left:
      case Fact::reconnect_attempted:
      case Fact::rejoin_attempted:
      case Fact::join_began:
      case Fact::response_refused:
      case Fact::join_ended:
      case Fact::holds:
      case Fact::lets_go:
      case Fact::follows:
      case Fact::work_refused:
      case Fact::autopilot_removes:
      case Fact::autopilot_keeps:
      case Fact::autopilot_adds: return true;
      default: return false;
    }
  }
  switch (static_cast<WorldFact>(r.kind)) {
    case WorldFact::writes_lost:
    case WorldFact::write_failed:
    case WorldFact::process_stopped:
    case WorldFact::process_resumed:
    case WorldFact::process_unblocked:
    case WorldFact::client_answered:
    case WorldFact::client_timed_out:
    case WorldFact::client_refused:
    case WorldFact::client_invoked:
    case WorldFact::event_delivered:
    case WorldFact::act:
    case WorldFact::caption:
    case WorldFact::bookmark:
    case WorldFact::expectation_held:
    case WorldFact::expectation_failed:
    case WorldFact::quorum_available:
    case WorldFact::quorum_unavailable:
    case WorldFact::said:
    case WorldFact::noted:
    case WorldFact::state_told:
    case WorldFact::ask_refused:
    case WorldFact::violation: return true;
    case WorldFact::process_started: return r.a > 0;
    default: return false;
  }
}

Style style_of(const Record& r) {
  if (r.kind < 256) {
    switch (static_cast<Fact>(r.kind)) {
      case Fact::became_leader:
      case Fact::holds: return Style::good;
      case Fact::lets_go:
      case Fact::work_refused: return Style::warn;
      case Fact::became_candidate:
      case Fact::became_pre_candidate:
      case Fact::vote_refused:
      case Fact::campaign_lost: return Style::warn;
      case Fact::refused_to_start:
      case Fact::stopped_itself:
      case Fact::truncated: return Style::bad;
      case Fact::probe_failed:
      case Fact::suspicion_timed_out:
      case Fact::name_conflict: return Style::warn;
      case Fact::serf_member_event:
        return r.a == static_cast<std::uint64_t>(gossip::EventKind::member_failed) ? Style::bad
               : r.a == static_cast<std::uint64_t>(gossip::EventKind::member_join) ? Style::good
                                                                                   : Style::plain;
      default: return Style::plain;
    }
  }
  switch (static_cast<WorldFact>(r.kind)) {
    case WorldFact::act: return Style::act;
    case WorldFact::said: return Style::caption;
    case WorldFact::state_told: return r.a == 1 ? Style::good : Style::plain;
    case WorldFact::violation:
    case WorldFact::expectation_failed:
    case WorldFact::writes_lost:
    case WorldFact::client_timed_out: return Style::bad;
    case WorldFact::expectation_held: return Style::good;
    case WorldFact::client_invoked:
    case WorldFact::client_answered: return Style::client;
    default: return Style::plain;
  }
}

// Only a leader's or a candidate's fall is news.
bool News::judge(const Record& r) {
  const auto role = roles_.find(r.node);
  const bool above = role != roles_.end() && role->second != Fact::became_follower;
  const bool leads = role != roles_.end() && role->second == Fact::became_leader;
  if (r.is(Fact::became_follower)) return leads || (above && r.reason != static_cast<std::uint16_t>(Reason::higher_term));
  // A refresh is no news, and what the store's programs say tells of its commits.
  if (r.is(Fact::holds)) {
    std::uint64_t& token = tokens_[r.node];
    return std::exchange(token, r.a) != r.a;
  }
  if (r.is(Fact::commit_advanced) && programs_) return false;
  // The leader's word is when a thing is committed; followers only hear of it.
  if (r.is(Fact::commit_advanced)) return leads;
  if (r.is(Fact::config_applied)) return leads;
  if (r.is(Fact::campaign_lost)) {
    return r.reason != static_cast<std::uint16_t>(Reason::higher_term) &&
           r.reason != static_cast<std::uint16_t>(Reason::leader_of_this_term);
  }
  return true;
}

void News::learn(const Record& r) {
  if (r.is(Fact::became_follower) || r.is(Fact::became_pre_candidate) || r.is(Fact::became_candidate) ||
      r.is(Fact::became_leader)) {
    roles_[r.node] = static_cast<Fact>(r.kind);
  }
  if (r.is(WorldFact::process_started)) roles_.erase(r.node);
}

std::string without_name(std::string words, const std::string& name) {
  if (name.empty()) return words;
  if (words.starts_with(name + " ") || words.starts_with(name + ":")) {
    words.erase(0, words.find(' ') + 1);
  } else if (words.starts_with(name + "'s ")) {
    words = "its " + words.substr(name.size() + 3);
  }
  return words;
}

const std::string& OperationNames::of(std::uint64_t number) const {
  static const std::string kUnknown;
  const auto found = words_.find(number);
  return found == words_.end() ? kUnknown : found->second;
}

std::string OperationNames::named(const Record& r, std::string text) const {
  if (r.kind < static_cast<std::uint16_t>(WorldFact::client_invoked) ||
      r.kind > static_cast<std::uint16_t>(WorldFact::client_refused) || of(r.a).empty()) {
    return text;
  }
  const std::string number = "operation " + std::to_string(r.a);
  const std::size_t at = text.find(number);
  if (at != std::string::npos) text.replace(at, number.size(), "\"" + of(r.a) + "\"");
  return text;
}

}  // namespace quorumlab::report
