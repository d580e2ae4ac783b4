// The holder's steps; what they are for stands in the header.
#include "core/recipes/holder.h"

#include <algorithm>

#include "core/recipes/words.h"

namespace quorumlab::recipes {

void Holder::reset(const Random& random) {
  *this = {};
  http_.reset(random);
}

void Holder::start(Turn& turn) {
  plan(Act::campaign, turn.now.monotonic);
  on_time(turn, false);
}

void Holder::on_event(Turn& turn, const Event& event) {
  // What its own clock says comes first: an answer that waited while the program was paused is too
  // late for the lease that it had. But an answer that is here was in time for its request.
  on_time(turn, true);
  Outcome outcome;
  if (http_.on_event(turn, event, outcome)) {
    ended(turn, outcome);
  } else if (worker_.on_event(turn, event) && holds_ && worker_.token() == token_) {
    let_go(turn, Reason::old_token);
    http_.hang_up(turn);
    plan(Act::read, turn.now.monotonic);
  }
  on_time(turn, false);
}

Instant Holder::deadline(const AppConfig& config) const {
  Instant at = std::min(worker_.deadline(false), http_.deadline());
  if (!http_.busy()) at = std::min(at, next_at_);
  if (holds_ && config.checks_lease) at = std::min(at, lease_until_);
  if (may_give_back()) at = std::min(at, give_back_at_);
  return at;
}

// Everything that is due, in the order in which it fell due: so does a program that was paused find
// it. `own_only`: nothing about requests yet.
void Holder::on_time(Turn& turn, bool own_only) {
  const Instant now = turn.now.monotonic;
  for (;;) {
    const Instant lease = holds_ && turn.config.checks_lease ? lease_until_ : kNever;
    const Instant work = worker_.deadline(own_only);
    const Instant back = !own_only && may_give_back() ? give_back_at_ : kNever;
    const Instant late = own_only ? kNever : http_.deadline();
    const Instant next = own_only || http_.busy() ? kNever : next_at_;
    const Instant first = std::min({lease, work, back, late, next});
    if (first > now) return;
    if (first == lease) {
      let_go(turn, Reason::lease_over);
      http_.hang_up(turn);
      plan(Act::read, now);
    } else if (first == work) {
      worker_.on_time(turn, grant(turn));
    } else if (first == back) {
      let_go(turn, Reason::given_back);
      giving_back_ = true;
      plan(Act::release, now);
    } else if (first == late) {
      Outcome outcome;
      if (http_.on_time(turn, outcome)) ended(turn, outcome);
    } else {
      begin(turn);
    }
  }
}

void Holder::plan_after_failure(Turn& turn, Act act) {
  plan(act, turn.now.monotonic + http_.pause(turn.config));
}

void Holder::begin(Turn& turn) {
  using Method = KeyRequest::Method;
  const AppConfig& config = turn.config;
  doing_ = next_;
  plan(Act::nothing, kNever);
  switch (doing_) {
    case Act::nothing:
      break;
    case Act::campaign:
      if (!asked_ && !waited_) say_wants(turn);
      asked_ = true;
      http_.send(turn, KeyRequest(Method::put, config.key)
                           .query("prevExist", "false")
                           .form("value", config.name)
                           .form("ttl", ttl_seconds(config)));
      break;
    case Act::read:
      // The server's own copy may lack what this program wrote itself a moment ago.
      http_.send(turn, KeyRequest(Method::get, config.key).query("quorum", "true"));
      break;
    case Act::wait:
      http_.send(turn, KeyRequest(Method::get, config.key)
                           .query("wait", "true")
                           .query("waitIndex", wait_index_)
                           .waits());
      break;
    case Act::refresh:
      // By index: the server that took a refresh says when the lease ends, so one that is applied
      // late, after another, would end it early. If the answer to this one gets lost, the next one
      // fails, and the index is read anew. What it found is compared by createdIndex.
      http_.send(turn, KeyRequest(Method::put, config.key)
                           .query("prevExist", "true")
                           .query("prevIndex", modified_)
                           .form("refresh", "true")
                           .form("ttl", ttl_seconds(config)));
      break;
    case Act::release:
      // By index: by value it could, when it comes late, remove what this program got since.
      http_.send(turn, KeyRequest(Method::remove, config.key).query("prevIndex", modified_));
      break;
  }
}

void Holder::ended(Turn& turn, const Outcome& outcome) {
  switch (doing_) {
    case Act::nothing:
      break;
    case Act::campaign:
      return campaigned(turn, outcome);
    case Act::read:
      return read_done(turn, outcome);
    case Act::wait:
      return woken(turn, outcome);
    case Act::refresh:
      return refreshed(turn, outcome);
    case Act::release:
      return released(turn, outcome);
  }
}

void Holder::campaigned(Turn& turn, const Outcome& outcome) {
  const Instant now = turn.now.monotonic;
  if (!outcome.answered) return plan_after_failure(turn, Act::read);
  switch (outcome.answer.error) {
    case 0:
      return take(turn, outcome);
    case KeyAnswer::kKeyExists:
      return plan(Act::read, now);
    default:  // the key cannot be made there; perhaps somebody repairs that
      return plan(Act::campaign, now + turn.config.retry);
  }
}

void Holder::read_done(Turn& turn, const Outcome& outcome) {
  const Instant now = turn.now.monotonic;
  const KeyAnswer& answer = outcome.answer;
  if (!outcome.answered) return plan_after_failure(turn, Act::read);
  if (answer.error == KeyAnswer::kKeyNotFound) {
    if (giving_back_) return gave_back(turn);
    if (holds_) let_go(turn, Reason::lost_to_another);
    return plan(Act::campaign, now);
  }
  if (answer.error != 0) return plan(Act::read, now + turn.config.retry);
  const bool own = answer.has_value && answer.value == turn.config.name;
  if (giving_back_) {
    if (!own || answer.created_index != token_) return gave_back(turn);
    modified_ = answer.modified_index;
    return plan(Act::release, now);
  }
  // Its own name: of a request whose answer it never got, or of its life before a restart. How much
  // of that lease is left nobody can tell here.
  if (own) {
    modified_ = answer.modified_index;
    return plan(Act::refresh, now);
  }
  if (holds_) let_go(turn, Reason::lost_to_another);
  if (asked_ || waited_ || other_ != answer.value) {
    say_no(turn, outcome.server, answer.value);
  }
  other_ = answer.value;
  asked_ = waited_ = false;
  wait_index_ = std::max(answer.modified_index, outcome.etcd_index) + 1;
  plan(Act::wait, now);
}

void Holder::woken(Turn& turn, const Outcome& outcome) {
  const Instant now = turn.now.monotonic;
  const KeyAnswer& answer = outcome.answer;
  // From the same index, wherever it asks next: what happened meanwhile is in the history.
  if (!outcome.answered) return plan_after_failure(turn, Act::wait);
  // Also when the history no longer goes back so far (401): what is true now can still be read.
  if (answer.error == KeyAnswer::kEventIndexCleared) return plan(Act::read, now);
  if (answer.error != 0) return plan(Act::read, now + turn.config.retry);
  wait_index_ = answer.modified_index + 1;
  if (answer.gone()) {
    waited_ = true;
    other_.clear();
    return plan(Act::campaign, now);
  }
  if (answer.has_value && answer.value == turn.config.name) {
    modified_ = answer.modified_index;
    return plan(Act::refresh, now);
  }
  other_ = answer.value;
  plan(Act::wait, now);
}

void Holder::refreshed(Turn& turn, const Outcome& outcome) {
  const Instant now = turn.now.monotonic;
  const KeyAnswer& answer = outcome.answer;
  if (!outcome.answered) return plan_after_failure(turn, holds_ ? Act::refresh : Act::read);
  if (answer.error == 0) return take(turn, outcome);
  const bool lost = answer.error == KeyAnswer::kKeyNotFound;
  // An earlier refresh of its own may have come in between; until that is read, its lease goes on by
  // its own clock.
  if (answer.error == KeyAnswer::kCompareFailed) return plan(Act::read, now);
  if (!lost) return plan(holds_ ? Act::refresh : Act::read, now + turn.config.retry);
  if (holds_) let_go(turn, Reason::lost_to_another);
  plan(Act::read, now);
}

void Holder::released(Turn& turn, const Outcome& outcome) {
  const KeyAnswer& answer = outcome.answer;
  if (!outcome.answered) return plan_after_failure(turn, Act::release);
  // Somebody, perhaps a refresh whose answer got lost, wrote it since: it may still be its own.
  if (answer.error == KeyAnswer::kCompareFailed) return plan(Act::read, turn.now.monotonic);
  gave_back(turn);
}

void Holder::take(Turn& turn, const Outcome& outcome) {
  const AppConfig& config = turn.config;
  const Instant now = turn.now.monotonic;
  const std::uint64_t token = outcome.answer.created_index;
  // From the moment at which it was asked for: the server's lease began later, so this one is over
  // first, as long as both clocks run alike.
  lease_until_ = outcome.sent + seconds(ttl_seconds(config));
  modified_ = outcome.answer.modified_index;
  if (holds_ && token != token_) let_go(turn, Reason::lost_to_another);
  if (lease_over(turn)) {
    if (holds_) let_go(turn, Reason::lease_over);
    return plan(Act::read, now);
  }
  const bool fresh = !holds_;
  token_ = token;
  holds_ = true;
  turn.out.notes.push_back({Fact::holds, fresh ? Reason::none : Reason::already_so, kNobody, token_,
                            key_hash(config), static_cast<std::uint64_t>(lease_until_.ns)});
  const Duration every = config.refresh_every.ns > 0 ? config.refresh_every : config.ttl / 3;
  plan(Act::refresh, std::max(now, outcome.sent + every));
  if (!fresh) return;
  say_holds(turn, outcome.server, asked_, waited_);
  asked_ = waited_ = false;
  other_.clear();
  give_back_at_ = config.hold.ns > 0 ? now + config.hold : kNever;
  worker_.begin(turn);
}

void Holder::let_go(Turn& turn, Reason reason) {
  holds_ = false;
  give_back_at_ = kNever;
  worker_.end();
  plan(Act::nothing, kNever);
  turn.out.notes.push_back({Fact::lets_go, reason, kNobody, token_, key_hash(turn.config), 0});
}

void Holder::gave_back(Turn& turn) {
  const AppConfig& config = turn.config;
  giving_back_ = false;
  ++given_back_;
  const bool again = config.rest.ns > 0 && (config.times == 0 || given_back_ < config.times);
  plan(again ? Act::campaign : Act::nothing, again ? turn.now.monotonic + config.rest : kNever);
}

std::string_view Holder::doing() const {
  if (holds_) return "holds";
  if (giving_back_) return "gives back";
  switch (http_.busy() ? doing_ : next_) {
    case Act::nothing:
      return "is done";
    case Act::campaign:
      return next_ == Act::campaign && given_back_ > 0 ? "rests" : "campaigns";
    case Act::read:
      return "reads";
    case Act::wait:
      return "waits";
    case Act::refresh:
      return "refreshes";
    case Act::release:
      return "gives back";
  }
  return "";
}

}  // namespace quorumlab::recipes
