// What the etcd store owes its clients: a watch is told each event of its key once and in order, keys
// expire when the leader's clock says so, and a request of a session takes effect once. What a server
// applied and whom it told stands in its own notes; that all servers apply the same is judged elsewhere.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/hash.h"
#include "sim/judge/flat_map.h"
#include "sim/judge/verdicts.h"

namespace quorumlab::judge {

class StoreJudge {
 public:
  void reset() {
    events_.clear();
    watches_.clear();
    sessions_.clear();
    tickers_.clear();
    agreed_ = INT64_MIN;
  }

  // The node's store made this change. `key` 0: one of which no watcher hears (a refresh).
  void changed(Moment moment, NodeId node, std::uint64_t index, std::uint64_t key, Verdicts& verdicts) {
    if (events_.size() <= index && index - events_.size() < kMostMissing) events_.resize(index + 1);
    if (index < events_.size()) events_[index] = key;
    for (Watch& watch : watches_) {
      if (watch.node != node) continue;
      if (watch.due != 0 && watch.due < index) {
        verdicts.check(Checker::watch_order, false, moment, node, kNobody, 0, watch.due);
        watch.due = 0;
        watch.key = 0;
      } else if (watch.due == 0 && key != 0 && watch.key == key && index >= watch.since) {
        watch.due = index;
      }
    }
  }
  // From now on it is told of what happens to `key` at or after `since`. `key` 0: of more than one key,
  // or of more than one event: then only the order is judged.
  void watch_began(NodeId node, std::uint64_t request, std::uint64_t since, std::uint64_t key) {
    Watch watch{node, request, since, key, 0};
    // What it asks for may have happened.
    for (std::uint64_t i = since; key != 0 && watch.due == 0 && i < events_.size(); ++i) {
      if (events_[i] == key) watch.due = i;
    }
    watches_.push_back(watch);
  }
  // `over`: it is told of nothing more. An event of another key concerns it, too: a directory above it
  // went.
  void watch_told(Moment moment, NodeId node, std::uint64_t request, std::uint64_t index, bool over,
                  Verdicts& verdicts) {
    const auto at = find(node, request);
    if (at == watches_.end()) {  // it had all
      verdicts.check(Checker::watch_order, false, moment, node, kNobody, index, 0);
      return;
    }
    verdicts.check(Checker::watch_order, index >= at->since && (at->due == 0 || index <= at->due), moment,
                   node, kNobody, index, at->due != 0 ? at->due : at->since);
    if (over) {
      watches_.erase(at);
    } else {
      at->since = index;  // again: a stream hears twice that its own key is gone (etcd's watcher hub)
    }
  }
  void watch_ended(NodeId node, std::uint64_t request) {
    if (const auto at = find(node, request); at != watches_.end()) watches_.erase(at);
  }
  // A snapshot took the place of the store: watches hear nothing of what lies between, as in etcd.
  void jumped(NodeId node) {
    for (Watch& watch : watches_) {
      if (watch.node == node) watch.key = watch.due = 0;
    }
  }
  void dead(NodeId node) {
    std::erase_if(watches_, [&](const Watch& watch) { return watch.node == node; });
  }

  // A leader proposes what its clock shows.
  void expiry_proposed(NodeId node, std::int64_t time) {
    agreed_ = std::max(agreed_, time);
    ticker(node).proposed = true;
  }
  // What a server is about after a step, by its own monotonic clock. One that leads while keys can
  // expire proposes the time every half second, or they stay for ever.
  void stepped(Moment moment, NodeId node, std::int64_t monotonic, bool must_propose, Verdicts& verdicts) {
    Ticker& t = ticker(node);
    // It stood still meanwhile, or there was nothing to do.
    if (!must_propose || t.proposed || monotonic - t.looked > kStandsStill) t.since = monotonic;
    t.proposed = false;
    t.looked = monotonic;
    if (!must_propose) return;
    const bool in_time = monotonic - t.since <= kMostBetween;
    verdicts.check(Checker::ttl_bounds, in_time, moment, node, kNobody, 0,
                   static_cast<std::uint64_t>(monotonic - t.since));
    if (!in_time) t.since = monotonic;
  }
  // No leader's clock had come so far: too early.
  void expired(Moment moment, NodeId node, std::uint64_t index, std::int64_t expiration, Verdicts& verdicts) {
    verdicts.check(Checker::ttl_bounds, expiration <= agreed_, moment, node, kNobody, index,
                   static_cast<std::uint64_t>(expiration));
  }
  // The node let expire what was due at `time`, and the next key expires then. One that was due is left:
  // too late.
  void expiry_applied(Moment moment, NodeId node, std::int64_t time, std::int64_t next, Verdicts& verdicts) {
    verdicts.check(Checker::ttl_bounds, next == 0 || next > time, moment, node, kNobody,
                   static_cast<std::uint64_t>(time), static_cast<std::uint64_t>(next));
  }

  void session_applied(Moment moment, NodeId node, std::uint64_t session, std::uint64_t sequence,
                       std::uint64_t index, Verdicts& verdicts) {
    const std::uint64_t first = sessions_.at(mix(session, sequence), index);
    verdicts.check(Checker::session_once, first == index, moment, node, kNobody, index, first);
  }

 private:
  // Indexes follow each other; a store that says otherwise must not make this one grow without end.
  static constexpr std::uint64_t kMostMissing = 100'000;
  static constexpr std::int64_t kMostBetween = 1'000'000'000, kStandsStill = 400'000'000;
  struct Ticker {
    std::int64_t since = 0, looked = 0;
    bool proposed = false;
  };
  Ticker& ticker(NodeId node) {
    if (tickers_.size() <= node.value) tickers_.resize(node.value + 1);
    return tickers_[node.value];
  }
  struct Watch {
    NodeId node;
    std::uint64_t request = 0;
    std::uint64_t since = 0;  // nothing before this
    std::uint64_t key = 0;
    std::uint64_t due = 0;  // the first event of the key at or after `since`; 0: none yet
  };
  std::vector<Watch>::iterator find(NodeId node, std::uint64_t request) {
    return std::find_if(watches_.begin(), watches_.end(), [&](const Watch& watch) {
      return watch.node == node && watch.request == request;
    });
  }

  std::vector<std::uint64_t> events_;  // by index of the store: the key's hash
  std::vector<Watch> watches_;
  std::vector<Ticker> tickers_;        // by node
  FlatMap sessions_;                   // session and sequence -> log index
  std::int64_t agreed_ = INT64_MIN;    // the latest time that a leader proposed
};

}  // namespace quorumlab::judge
