// Clients: hosts that turn a scenario's writes, reads and membership changes into requests, find
// out whom to ask, try again, and give up after a while. They know no more than the answers they
// get.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/types.h"
#include "core/kv/http.h"
#include "core/node/request.h"
#include "core/raft/engine.h"
#include "sim/trace/record.h"
#include "sim/world/config.h"

namespace quorumlab::world {

// An operation that is not finished.
struct ActiveOperation {
  bool used = false;
  std::uint32_t operation = 0;  // its place in the history
  std::uint32_t client = 0;     // host
  std::uint32_t asked = 0;      // node, 0: nobody yet
  std::uint32_t fixed = 0;      // the only node to ask, 0: any
  std::uint32_t tries = 0;
  std::uint64_t first_attempt = 0, attempt = 0;  // serial numbers
  std::uint64_t sequence = 0;                    // in the client's session; 0: none
  bool waiting_to_retry = false;
  bool local = false;  // a command given on the node's own host: nothing between them fails
  bool http = false;   // the answer comes in parts, gathered in `answer`
  bool follows = false;  // goes where a redirect leads, as curl -L
  std::uint32_t redirects = 0;
  std::uint32_t hints = 0;  // followed in a row to where somebody believes the leader to be
  Reason last_reason = Reason::none;
  std::int64_t next_ns = 0;  // when to try again
  std::int64_t give_up_ns = 0;
  Bytes request;
  // Changes of membership one by one: those still to come.
  std::vector<raft::ConfChange::Step> steps;
  std::uint32_t next_step = 0;
  kv::HttpResponse answer;
  std::size_t told = 0;  // bytes of its body that people have seen
  std::int64_t answered_ns = 0;  // when the last part of it arrives
};

struct ClientHost {
  std::uint32_t id = 0;
  std::uint32_t believed = 1;  // the node it thinks best
  std::uint32_t rotation = 1;  // the node it last tried for want of a better one
  std::uint64_t sequence = 0;
  std::int64_t queued_ns = kNever.ns;  // its timer in the event queue
  std::uint32_t timer_generation = 0;
};

// Which number an attempt goes by: serial numbers only grow, so an answer to an earlier user of the
// same place is recognised.
class ClientTable {
 public:
  static constexpr unsigned kPlaceBits = 20;

  void reset(std::uint32_t first_id, std::uint32_t count) {
    hosts.resize(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      hosts[i] = ClientHost();
      hosts[i].id = first_id + i;
    }
    for (ActiveOperation& op : active) op.used = false;
    free_.clear();
    used_ = 0;
    serial_ = 0;
  }
  std::uint32_t add() {
    std::uint32_t place;
    if (!free_.empty()) {
      place = free_.back();
      free_.pop_back();
    } else {
      place = used_++;
      if (active.size() < used_) active.emplace_back();
    }
    ActiveOperation& op = active[place];
    op.used = true;
    op.asked = op.fixed = op.tries = 0;
    op.first_attempt = serial_ + 1;
    op.attempt = 0;
    op.sequence = 0;
    op.waiting_to_retry = op.local = op.http = op.follows = false;
    op.redirects = 0;
    op.hints = 0;
    op.last_reason = Reason::none;
    op.request.clear();
    op.steps.clear();
    op.next_step = 0;
    return place;
  }
  void remove(std::uint32_t place) {
    active[place].used = false;
    free_.push_back(place);
  }
  std::uint64_t new_attempt(std::uint32_t place) {
    active[place].attempt = ++serial_;
    return serial_ << kPlaceBits | place;
  }
  std::uint64_t current(std::uint32_t place) const {
    return active[place].attempt << kPlaceBits | place;
  }
  // The operation that this attempt belongs to, or null if it is over.
  ActiveOperation* find(std::uint64_t attempt) {
    const std::uint32_t place = place_of(attempt);
    if (place >= used_ || !active[place].used) return nullptr;
    return attempt >> kPlaceBits >= active[place].first_attempt ? &active[place] : nullptr;
  }
  static std::uint32_t place_of(std::uint64_t attempt) {
    return static_cast<std::uint32_t>(attempt & ((std::uint64_t{1} << kPlaceBits) - 1));
  }
  // Places 0..count()-1 have been used.
  std::uint32_t count() const { return used_; }

  std::vector<ClientHost> hosts;
  std::vector<ActiveOperation> active;

 private:
  std::vector<std::uint32_t> free_;
  std::uint32_t used_ = 0;
  std::uint64_t serial_ = 0;
};

}  // namespace quorumlab::world
