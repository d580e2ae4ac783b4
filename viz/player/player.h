// The cursor over a timeline: plays, pauses, steps and jumps. It is told how much real time went by,
// and asks no clock itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "viz/model/timeline.h"
#include "viz/player/deed.h"

namespace quorumlab::viz {

// What a person at the window can do; panels answer with these.
struct UiAct {
  enum class Kind : std::uint8_t {
    seek,             // to `time_ns`
    seek_record,      // to `record`
    toggle_play,
    faster,
    slower,
    next_event, previous_event,        // any record
    next_visible, previous_visible,    // one that is marked
    next_bookmark, previous_bookmark,  // or a caption without one: where a lesson stops
    next_of, previous_of,              // of `mark`
    first, last,
    toggle_help,
    toggle_theme,
    // Of whoever owns the run (viz/session); the player does none of them.
    deed,             // `deed`, at the cursor
    show_branch,      // number `number`
    compare_branch,   // beside it; the one shown: no other
    save_branch,
    toggle_large,
  };
  Kind kind = Kind::toggle_play;
  std::int64_t time_ns = 0;
  Mark mark = Mark::nothing;
  trace::RecordId record = 0;
  std::size_t number = 0;
  Deed deed = {};
  bool operator==(const UiAct&) const = default;
};

class Player {
 public:
  explicit Player(const Timeline& timeline) : timeline_(timeline) {}

  const Cursor& cursor() const { return cursor_; }
  bool playing() const { return playing_; }
  // Simulated nanoseconds for each real second.
  std::int64_t speed() const;
  // "1/10", "1", "5": of real time.
  std::string speed_text() const;
  // Where Next and Previous lead; null: to the end, to the beginning.
  const Stop* next_stop() const;
  const Stop* previous_stop() const;
  // Number of the bookmark that the cursor stands at or behind; none before the first.
  std::optional<std::size_t> bookmark() const;

  void act(const UiAct& act);
  void seek(std::int64_t time_ns);
  void seek_record(trace::RecordId id);
  // REQUIRES: a cursor of this timeline.
  void seek_at(const Cursor& at) { cursor_ = at; }
  void seek_bookmark(std::size_t number);
  // A bookmark's text, a part of it that no other has, "slide 20", or a time: "1.5s". False: nothing
  // is called so, or more than one is.
  bool seek_to(std::string_view place);
  void play(bool on) { playing_ = on; }
  // Stands where the other one does, in time, and plays as it does.
  void take_over(const Player& other);
  // Moves on by so much real time while it plays; a bookmark on the way, the first violation and the
  // end stop it.
  void advance(std::int64_t real_ns);

 private:
  void step_marked(bool forward, Mark only);
  const Timeline& timeline_;
  Cursor cursor_;
  bool playing_ = false;
  int speed_ = 0;  // place on the scale: three to a decade; 0 is a hundredth of real time
};

}  // namespace quorumlab::viz
