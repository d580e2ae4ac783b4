// Election, lock and elastic IP: one key that only one program can create, with a lease. Who
// creates it holds, and keeps it by refreshing; the others wait until it is gone. Its createdIndex
// is the fencing token, since etcd never gives one twice and later ones are greater.
//
// When a request fails, it may have been applied or may be applied later. So whoever does not know
// reads, and who finds its own name refreshes: only the answer to that starts a lease that it
// knows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/recipes/http_client.h"
#include "core/recipes/work.h"

namespace quorumlab::recipes {

class Holder {
 public:
  void reset(const Random& random);
  void start(Turn& turn);
  void on_event(Turn& turn, const Event& event);
  Instant deadline(const AppConfig& config) const;

  bool holds() const { return holds_; }
  std::uint64_t token() const { return holds_ ? token_ : 0; }
  Instant lease_until() const { return lease_until_; }
  // Who has it as far as this one knows, by its value.
  std::string_view other() const { return other_; }
  std::string_view doing() const;
  const Worker& worker() const { return worker_; }

 private:
  // A request, under way or planned.
  enum class Act : std::uint8_t {
    nothing,
    campaign,  // create the key
    read,      // who has it?
    wait,      // until something happens to it
    refresh,   // renew the lease, or start one after an unknown outcome
    release    // give it back
  };

  void on_time(Turn& turn, bool own_only);
  void plan(Act act, Instant at) {
    next_ = act;
    next_at_ = at;
  }
  void plan_after_failure(Turn& turn, Act act);
  void begin(Turn& turn);
  void ended(Turn& turn, const Outcome& outcome);
  void campaigned(Turn& turn, const Outcome& outcome);
  void read_done(Turn& turn, const Outcome& outcome);
  void woken(Turn& turn, const Outcome& outcome);
  void refreshed(Turn& turn, const Outcome& outcome);
  void released(Turn& turn, const Outcome& outcome);

  // It has the key; `outcome` is of the request that created or refreshed it.
  void take(Turn& turn, const Outcome& outcome);
  void let_go(Turn& turn, Reason reason);
  void gave_back(Turn& turn);
  bool lease_over(Turn& turn) const {
    return turn.config.checks_lease && turn.now.monotonic >= lease_until_;
  }
  bool may_give_back() const { return holds_ && !http_.busy() && worker_.idle(); }
  Worker::Grant grant(Turn& turn) const { return {holds_ && !lease_over(turn), token_}; }

  HttpClient http_;
  Worker worker_;
  Act doing_ = Act::nothing;  // under way
  Act next_ = Act::nothing;   // planned
  Instant next_at_ = kNever;

  bool holds_ = false;
  std::uint64_t token_ = 0;
  std::uint64_t modified_ = 0;  // the key's index when this one last wrote it
  Instant lease_until_ = kNever;
  Instant give_back_at_ = kNever;
  bool giving_back_ = false;  // let go, but the key may still be there
  std::uint32_t given_back_ = 0;

  std::uint64_t wait_index_ = 0;
  std::string other_;
  bool asked_ = false;   // it said what it wants and has no answer yet
  bool waited_ = false;  // the key was gone when it was woken
};

}  // namespace quorumlab::recipes
