// The talk's app: it wants the master, whoever that is. It reads the key, waits until there is one,
// goes there, and goes on watching for the next.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/recipes/http_client.h"

namespace quorumlab::recipes {

class Follower {
 public:
  void reset(const Random& random);
  void start(Turn& turn);
  void on_event(Turn& turn, const Event& event);
  Instant deadline() const { return http_.busy() ? http_.deadline() : next_at_; }

  NodeId master() const { return master_; }
  std::string_view master_name() const { return name_; }
  std::string_view doing() const { return watches_ ? "watches" : "reads"; }

 private:
  void on_time(Turn& turn);
  void begin(Turn& turn);
  void ended(Turn& turn, const Outcome& outcome);
  void read_done(Turn& turn, const Outcome& outcome);
  void woken(Turn& turn, const Outcome& outcome);
  void found(Turn& turn, const Outcome& outcome);
  void lost(Turn& turn, std::uint64_t index);

  HttpClient http_;
  bool watches_ = false;  // else it reads
  Instant next_at_ = kNever;
  std::uint64_t wait_index_ = 0;
  bool asked_ = false;         // it asked, and was told neither "nope" nor a name
  bool had_one_ = false;       // ever
  NodeId master_;
  std::string name_;           // what the key says; empty: nobody is master
  std::uint64_t created_ = 0;  // the key's createdIndex
};

}  // namespace quorumlab::recipes
