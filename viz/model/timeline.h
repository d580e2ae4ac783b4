// A whole run, ready to be looked at from any moment: the fold of its records kept every few thousand
// of them, where each packet's way ends, and what the scrubber paints. Built once, and extended as
// the trace grows; a seek then folds some thousand records however long the run was.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "viz/model/fold.h"
#include "viz/model/frame.h"
#include "viz/model/recording.h"
#include "viz/model/spread.h"
#include "viz/model/story.h"
#include "viz/model/weave.h"

namespace quorumlab::viz {

// A place in the run: all records up to this one have happened, and it is that late.
struct Cursor {
  std::int64_t time_ns = 0;
  trace::RecordId record = 0;
  bool operator==(const Cursor&) const = default;
};

struct Marked {
  std::int64_t time_ns = 0;
  trace::RecordId record = 0;
  Mark mark = Mark::nothing;
};

struct Bookmark {
  std::string text;  // "Slide 20: one is down"
  Cursor at;         // when its own act has taken effect
};

// Where a lesson stops: at each bookmark, and at each caption that has none.
struct Stop {
  std::string text;  // the bookmark's, or the caption's
  Cursor at;
  bool bookmark = false;
};

// From this moment on, until the next span begins.
struct Span {
  std::int64_t from_ns = 0;
  std::uint64_t value = 0;
};

// A packet's way.
struct Flight {
  trace::RecordId sent = 0, ended = 0;  // 0: its end is not in the trace
  std::int64_t sent_ns = 0, ended_ns = 0;
  std::uint32_t source = 0, target = 0, kind = 0;
  bool dropped = false, held = false;
};

class Timeline {
 public:
  // `recording` must outlive the timeline.
  explicit Timeline(const Recording& recording);

  // Takes in what the trace has grown by.
  void extend();

  // The frame at a cursor; `frame` must be a fresh one, or come from an earlier call, and is then
  // reused: what was folded for it need not be folded again.
  void look(const Cursor& at, Frame& frame);

  const Recording& recording() const { return recording_; }
  std::size_t size() const { return seen_.record; }
  std::int64_t end_ns() const { return std::max(seen_.time_ns, recording_.reached_ns); }
  // The last record that happened by then.
  trace::RecordId record_by(std::int64_t time_ns) const;
  Cursor cursor_of(trace::RecordId id) const { return {id == 0 ? 0 : recording_.trace[id].time_ns, id}; }

  const std::vector<Marked>& marks() const { return marks_; }  // all but `nothing`, in order
  const std::vector<Marked>& commits() const { return commits_; }  // the first host of each index
  const std::vector<Bookmark>& bookmarks() const { return bookmarks_; }
  const std::vector<Stop>& stops() const { return stops_; }
  const std::vector<Flight>& flights() const { return flights_; }  // by their sending
  const Story& story() const { return story_; }
  const Weave& weave() const { return weave_; }
  const Spreads& spreads() const { return spreads_; }
  const std::vector<trace::RecordId>& violations() const { return violations_; }
  const std::vector<Span>& quorum() const { return quorum_; }    // 0 unknown, 1 unavailable, 2 available
  const std::vector<Span>& leaders() const { return leaders_; }  // the leader's number, 0: none
  bool has_kind(std::uint32_t host, Host::Kind kind) const;
  bool busy(std::uint32_t host) const {
    return busy_[host - 1] || (host <= recording_.busy.size() && recording_.busy[host - 1]);
  }  // it does something in this run
  bool has_raft() const { return has_raft_; }
  bool has_writes() const { return has_writes_; }  // by clients

  // How many records the last look() folded.
  std::uint64_t folded() const { return folded_; }
  std::uint64_t checkpoint_distance() const { return distance_; }

 private:
  void learn_kinds();
  void take_in(trace::RecordId id);
  void follow_flight(State& state, trace::RecordId id) const;
  std::uint32_t flight_of(const State& state, trace::RecordId sent) const;

  const Recording& recording_;
  std::uint64_t distance_ = 0;
  State seen_;  // at the end of what was taken in
  std::vector<State> checkpoints_;  // after 0, distance, 2 * distance, ... records
  std::vector<Flight> flights_;
  std::vector<Marked> marks_, commits_;
  std::uint64_t committed_ = 0;
  std::vector<Bookmark> bookmarks_;
  std::vector<Stop> stops_;
  Story story_;
  Weave weave_;
  Spreads spreads_;
  std::vector<trace::RecordId> violations_;
  std::vector<Span> quorum_, leaders_;
  std::vector<Host::Kind> kinds_;
  std::vector<bool> busy_;
  bool has_raft_ = false, has_writes_ = false;
  std::uint64_t folded_ = 0;
};

}  // namespace quorumlab::viz
