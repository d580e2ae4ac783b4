// Moving the cursor.
#include "viz/player/player.h"

#include <algorithm>
#include <array>

#include "viz/player/place.h"

namespace quorumlab::viz {
namespace {
struct Speed {
  std::int64_t ns_a_second;
  const char* text;
};
// A logarithmic scale, three to a decade; messages can be followed at the slow end, and the fast one
// passes through an hour.
constexpr std::array<Speed, 16> kSpeeds = {{{1'000'000, "1/1000"}, {2'000'000, "1/500"}, {5'000'000, "1/200"},
                                            {10'000'000, "1/100"}, {20'000'000, "1/50"}, {50'000'000, "1/20"},
                                            {100'000'000, "1/10"}, {200'000'000, "1/5"}, {500'000'000, "1/2"},
                                            {1'000'000'000, "1"}, {2'000'000'000, "2"}, {5'000'000'000, "5"},
                                            {10'000'000'000, "10"}, {20'000'000'000, "20"}, {50'000'000'000, "50"},
                                            {100'000'000'000, "100"}}};
constexpr int kUsual = 6;
}  // namespace

std::int64_t Player::speed() const { return kSpeeds[static_cast<std::size_t>(kUsual + speed_)].ns_a_second; }
std::string Player::speed_text() const { return kSpeeds[static_cast<std::size_t>(kUsual + speed_)].text; }

std::optional<std::size_t> Player::bookmark() const {
  const auto& all = timeline_.bookmarks();
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < all.size() && all[i].at.record <= cursor_.record; ++i) found = i;
  return found;
}

void Player::seek(std::int64_t time_ns) {
  cursor_.time_ns = std::clamp<std::int64_t>(time_ns, 0, timeline_.end_ns());
  cursor_.record = timeline_.record_by(cursor_.time_ns);
}

void Player::take_over(const Player& other) {
  seek(other.cursor_.time_ns);
  speed_ = other.speed_;
  playing_ = other.playing_;
}

void Player::seek_record(trace::RecordId id) {
  cursor_ = timeline_.cursor_of(std::min<trace::RecordId>(id, timeline_.size()));
}

void Player::seek_bookmark(std::size_t number) { cursor_ = timeline_.bookmarks()[number].at; }

bool Player::seek_to(std::string_view place) {
  if (const auto number = find_bookmark(timeline_.bookmarks(), place)) {
    seek_bookmark(*number);
    return true;
  }
  if (const auto time = parse_time(place)) {
    seek(*time);
    return true;
  }
  return false;
}

void Player::step_marked(bool forward, Mark only) {
  const auto& marks = only == Mark::commit ? timeline_.commits() : timeline_.marks();
  const auto fits = [&](const Marked& m) { return only == Mark::nothing || m.mark == only; };
  if (forward) {
    auto at = std::upper_bound(marks.begin(), marks.end(), cursor_.record,
                               [](trace::RecordId id, const Marked& m) { return id < m.record; });
    at = std::find_if(at, marks.end(), fits);
    if (at != marks.end()) seek_record(at->record);
    return;
  }
  auto at = std::lower_bound(marks.begin(), marks.end(), cursor_.record,
                             [](const Marked& m, trace::RecordId id) { return m.record < id; });
  while (at != marks.begin()) {
    --at;
    if (fits(*at)) return seek_record(at->record);
  }
}

const Stop* Player::next_stop() const {
  for (const Stop& stop : timeline_.stops()) {
    if (stop.at.record > cursor_.record) return &stop;
  }
  return nullptr;
}

const Stop* Player::previous_stop() const {
  const Stop* found = nullptr;
  for (const Stop& stop : timeline_.stops()) {
    if (stop.at.record >= cursor_.record) break;
    found = &stop;
  }
  return found;
}

void Player::act(const UiAct& act) {
  using Kind = UiAct::Kind;
  switch (act.kind) {
    case Kind::seek: seek(act.time_ns); break;
    case Kind::seek_record: seek_record(act.record); break;
    case Kind::toggle_play:
      // At the end there is only the beginning left to play.
      if (!playing_ && cursor_.record == timeline_.size() && !timeline_.recording().growing) cursor_ = {};
      playing_ = !playing_;
      return;
    case Kind::faster: speed_ = std::min(speed_ + 1, static_cast<int>(kSpeeds.size()) - 1 - kUsual); return;
    case Kind::slower: speed_ = std::max(speed_ - 1, -kUsual); return;
    case Kind::next_event: seek_record(cursor_.record + 1); break;
    case Kind::previous_event: seek_record(cursor_.record == 0 ? 0 : cursor_.record - 1); break;
    case Kind::next_visible: step_marked(true, Mark::nothing); break;
    case Kind::previous_visible: step_marked(false, Mark::nothing); break;
    case Kind::next_of: step_marked(true, act.mark); break;
    case Kind::previous_of: step_marked(false, act.mark); break;
    case Kind::next_bookmark:
      if (const Stop* next = next_stop()) cursor_ = next->at;
      else seek(timeline_.end_ns());
      break;
    case Kind::previous_bookmark:
      if (const Stop* previous = previous_stop()) cursor_ = previous->at;
      else cursor_ = {};
      break;
    case Kind::first: seek(0); break;
    case Kind::last: seek(timeline_.end_ns()); break;
    case Kind::toggle_help:
    case Kind::deed:
    case Kind::show_branch:
    case Kind::compare_branch:
    case Kind::save_branch:
    case Kind::toggle_theme:
    case Kind::toggle_large: return;  // the window's own
  }
  playing_ = false;
}

void Player::advance(std::int64_t real_ns) {
  if (!playing_ || real_ns <= 0) return;
  // A second at the most: a window that was covered must not jump.
  const std::int64_t real_us = std::min<std::int64_t>(real_ns / 1'000, 1'000'000);
  const std::int64_t to = cursor_.time_ns + speed() / 1'000'000 * real_us;
  const trace::RecordId before = cursor_.record;
  seek(std::max(to, cursor_.time_ns + 1));
  for (const Bookmark& b : timeline_.bookmarks()) {
    if (b.at.record > before && b.at.record <= cursor_.record) {
      cursor_ = b.at;
      playing_ = false;
      return;
    }
  }
  for (const Marked& m : timeline_.marks()) {
    if (m.mark == Mark::violation && m.record > before && m.record <= cursor_.record) {
      seek_record(m.record);
      playing_ = false;
      return;
    }
  }
  const bool at_end = cursor_.record == timeline_.size() && cursor_.time_ns >= timeline_.end_ns();
  if (at_end && !timeline_.recording().growing) playing_ = false;
}

}  // namespace quorumlab::viz
