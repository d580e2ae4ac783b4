// The follower's steps.
#include "core/recipes/follower.h"

#include <algorithm>

namespace quorumlab::recipes {

void Follower::reset(const Random& random) {
  *this = {};
  http_.reset(random);
}

void Follower::start(Turn& turn) {
  say(turn, kNobody, {turn.config.question});
  asked_ = true;
  next_at_ = turn.now.monotonic;
  on_time(turn);
}

void Follower::on_event(Turn& turn, const Event& event) {
  Outcome outcome;
  if (http_.on_event(turn, event, outcome)) ended(turn, outcome);
  on_time(turn);
}

void Follower::on_time(Turn& turn) {
  while (deadline() <= turn.now.monotonic) {
    Outcome outcome;
    if (!http_.busy()) {
      begin(turn);
    } else if (http_.on_time(turn, outcome)) {
      ended(turn, outcome);
    }
  }
}

void Follower::begin(Turn& turn) {
  next_at_ = kNever;
  KeyRequest request(KeyRequest::Method::get, turn.config.key);
  if (watches_) {
    request.query("wait", "true").query("waitIndex", wait_index_).waits();
  } else if (turn.config.quorum_reads) {
    request.query("quorum", "true");
  }
  http_.send(turn, request);
}

void Follower::ended(Turn& turn, const Outcome& outcome) {
  next_at_ = turn.now.monotonic;
  if (!outcome.answered) {
    // The same again elsewhere; a wait from the same index, so that nothing is missed.
    next_at_ = next_at_ + http_.pause(turn.config);
  } else if (watches_) {
    woken(turn, outcome);
  } else {
    read_done(turn, outcome);
  }
}

void Follower::read_done(Turn& turn, const Outcome& outcome) {
  const KeyAnswer& answer = outcome.answer;
  if (answer.error == KeyAnswer::kKeyNotFound) {
    wait_index_ = answer.index + 1;
    lost(turn, answer.index);
    if (asked_) {
      say(turn, outcome.server, {"Nope."});
      say(turn, kNobody, {"I'll wait."});
      asked_ = false;
    }
  } else if (answer.error != 0) {
    next_at_ = turn.now.monotonic + turn.config.retry;
    return;
  } else {
    wait_index_ = std::max(answer.modified_index, outcome.etcd_index) + 1;
    found(turn, outcome);
  }
  watches_ = true;
}

void Follower::woken(Turn& turn, const Outcome& outcome) {
  const KeyAnswer& answer = outcome.answer;
  if (answer.error != 0) {
    // The history no longer goes back so far (401): what is true now can still be read.
    watches_ = false;
    if (answer.error != KeyAnswer::kEventIndexCleared) {
      next_at_ = turn.now.monotonic + turn.config.retry;
    }
    return;
  }
  wait_index_ = answer.modified_index + 1;
  if (answer.gone()) {
    lost(turn, answer.modified_index);
  } else {
    found(turn, outcome);
  }
}

void Follower::found(Turn& turn, const Outcome& outcome) {
  const KeyAnswer& answer = outcome.answer;
  asked_ = false;
  if (answer.value == name_ && answer.created_index == created_) return;
  const bool same = answer.value == name_;
  name_ = answer.value;
  created_ = answer.created_index;
  master_ = host_named(turn.config, name_);
  turn.out.notes.push_back(
      {Fact::follows, Reason::none, master_, created_, key_hash(turn.config), 0});
  if (!same) {
    say(turn, outcome.server,
        {title_of(turn.config, name_), had_one_ ? " is master now." : " is master."});
  }
  had_one_ = true;
}

void Follower::lost(Turn& turn, std::uint64_t index) {
  if (name_.empty()) return;
  name_.clear();
  created_ = 0;
  master_ = kNobody;
  turn.out.notes.push_back({Fact::follows, Reason::none, kNobody, index, key_hash(turn.config), 0});
}

}  // namespace quorumlab::recipes
