// Panels without a renderer: what is on the screen, and what mouse and keys ask for.
#include <algorithm>
#include <filesystem>

#include "tests/unit/viz/recordings.h"
#include "tests/unit/viz/screen/screen.h"

namespace quorumlab::viz {
namespace {
using Kind = UiAct::Kind;
}

TEST_CASE("hosts, caption, quorum and timeline are on the screen, apart from each other") {
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  Player player(timeline);
  REQUIRE(player.seek_to("one comes back"));
  Screen screen;
  screen.frame(timeline, player);
  for (const char* name : {"node:n1", "node:n5", "host:c1", "caption", "quorum", "scrubber", "bookmark:3"}) {
    const View::Place& p = screen.place(name);
    CHECK(p.left >= 0);
    CHECK(p.top >= 0);
    CHECK(p.right <= 1280);
    CHECK(p.bottom <= 800);
    CHECK(p.left < p.right);
    CHECK(p.top < p.bottom);
  }
  for (const View::Place& a : screen.view.places) {
    for (const View::Place& b : screen.view.places) {
      if (&a == &b || a.name.starts_with("bookmark:") || b.name.starts_with("bookmark:")) continue;
      if (a.name == "answer" || b.name == "answer" || a.name == "words" || b.name == "words") continue;  // parts of the caption
      INFO(a.name << " and " << b.name);
      CHECK_FALSE((a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom));
    }
  }
  CHECK(screen.view.place("node:n6") == nullptr);
}

TEST_CASE("keys ask for what the help says") {
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  Player player(timeline);
  Screen screen;
  screen.frame(timeline, player);
  const auto asks = [&](Key key) {
    const auto acts = screen.key(key, timeline, player);
    REQUIRE(acts.size() == 1);
    return acts[0];
  };
  CHECK(asks(Key::space).kind == Kind::toggle_play);
  CHECK(asks(Key::right).kind == Kind::next_visible);
  CHECK(asks(Key::left).kind == Kind::previous_visible);
  CHECK(asks(Key::page_down).kind == Kind::next_bookmark);
  CHECK(asks(Key::page_up).kind == Kind::previous_bookmark);
  CHECK(asks(Key::up).kind == Kind::faster);
  CHECK(asks(Key::event_next).kind == Kind::next_event);
  CHECK(asks(Key::large).kind == Kind::toggle_large);
  CHECK(asks(Key::help).kind == Kind::toggle_help);
  CHECK(asks(Key::election) == UiAct{Kind::next_of, 0, Mark::election});
  CHECK(asks(Key::commit) == UiAct{Kind::next_of, 0, Mark::commit});
  ImGui::GetIO().KeyShift = true;
  CHECK(asks(Key::fault) == UiAct{Kind::previous_of, 0, Mark::fault});
  CHECK(screen.view.place("help") == nullptr);
  screen.view.help = true;
  screen.frame(timeline, player);
  CHECK(screen.view.place("help") != nullptr);
}

TEST_CASE("next commit goes from index to index, by key or button, and back") {
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  Player player(timeline);
  Screen screen;
  std::uint64_t before = 0;
  int commits = 0;
  for (trace::RecordId last = 0; commits < 100; ++commits) {
    for (const UiAct& act : screen.key(Key::commit, timeline, player)) player.act(act);
    if (player.cursor().record == last) break;
    last = player.cursor().record;
    const trace::Record& r = recording.trace[last];
    REQUIRE(r.is(Fact::commit_advanced));
    CHECK(r.a > before);
    before = r.a;
  }
  CHECK(commits > 3);
  const trace::RecordId end = player.cursor().record;
  player.act({Kind::previous_of, 0, Mark::commit});
  CHECK(player.cursor().record < end);
  screen.frame(timeline, player);
  const View::Place p = screen.place("jump:commit");
  screen.mouse((p.left + p.right) / 2, (p.top + p.bottom) / 2, true);
  const auto acts = screen.frame(timeline, player);
  REQUIRE(acts.size() == 1);
  player.act(acts[0]);
  CHECK(player.cursor().record == end);
}

TEST_CASE("every talk scenario can be presented from start to end with Next alone") {
  namespace fs = std::filesystem;
  int scenarios = 0;
  for (const auto& entry : fs::directory_iterator(std::string(QUORUMLAB_SOURCE_DIR) + "/scenarios/talk")) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".scenario.json")) continue;
    ++scenarios;
    const Recording recording = record_scenario("talk/" + file.substr(0, file.find('.')));
    INFO(file);
    Timeline timeline(recording);
    std::vector<std::string> told, shown;
    for (trace::RecordId id = 1; id <= recording.trace.size(); ++id) {
      const trace::Record& r = recording.trace[id];
      if (r.is(trace::WorldFact::bookmark) || r.is(trace::WorldFact::caption)) told.emplace_back(recording.trace.text_at(r.b));
    }
    REQUIRE(told.size() > 2);
    Player player(timeline);
    Screen screen;
    std::uint64_t bookmark = 0, caption = 0;
    Frame frame;
    for (int presses = 0; player.cursor().record < timeline.size() && presses < 100; ++presses) {
      for (const UiAct& act : screen.key(Key::page_down, timeline, player)) player.act(act);
      timeline.look(player.cursor(), frame);
      if (frame.bookmark != bookmark) shown.emplace_back(recording.trace.text_at(frame.bookmark));
      // Without a caption of its own a bookmark shows none.
      if (frame.caption != 0 && frame.caption != caption) shown.emplace_back(recording.trace.text_at(frame.caption));
      bookmark = frame.bookmark;
      caption = frame.caption;
    }
    CHECK(player.cursor().record == timeline.size());
    CHECK(shown == told);
    for (int presses = 0; player.cursor().record > 0 && presses < 100; ++presses) {
      for (const UiAct& act : screen.key(Key::page_up, timeline, player)) player.act(act);
    }
    CHECK(player.cursor().record == 0);
  }
  CHECK(scenarios >= 7);
}

TEST_CASE("the mouse on the timeline seeks") {
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  Player player(timeline);
  Screen screen;
  screen.frame(timeline, player);
  const View::Place bar = screen.place("scrubber");
  const int middle = (bar.left + bar.right) / 2;
  screen.mouse(middle, bar.bottom - 20, false);
  CHECK(screen.frame(timeline, player).empty());
  screen.mouse(middle, bar.bottom - 20, true);
  screen.frame(timeline, player);
  const auto acts = screen.frame(timeline, player);
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].kind == Kind::seek);
  player.act(acts[0]);
  CHECK(std::abs(player.cursor().time_ns - timeline.end_ns() / 2) < timeline.end_ns() / 100);
  // Dragged beyond the end it stays at the end.
  screen.mouse(5'000, bar.bottom - 20, true);
  const auto beyond = screen.frame(timeline, player);
  REQUIRE(beyond.size() == 1);
  CHECK(beyond[0].time_ns == timeline.end_ns());
  screen.mouse(middle, 100, false);
  screen.frame(timeline, player);
  CHECK(screen.frame(timeline, player).empty());
}

TEST_CASE("what programs say is on the screen while it is news") {
  const Recording recording = record_scenario("talk/elastic-ip");
  Timeline timeline(recording);
  Player player(timeline);
  REQUIRE(player.seek_to("lb2 takes it over"));
  Screen screen;
  screen.frame(timeline, player);
  CHECK(screen.view.place("speech:lb2") != nullptr);
  CHECK(screen.view.place("speech:lb1") == nullptr);
}

TEST_CASE("small and large screens hold everything") {
  const Recording recording = record_scenario("talk/leader-election");
  Timeline timeline(recording);
  Player player(timeline);
  for (const auto& [width, height] : {std::pair(640, 400), std::pair(1920, 1080), std::pair(2560, 1440)}) {
    Screen screen(width, height);
    for (const Bookmark& b : timeline.bookmarks()) {
      player.seek(b.at.time_ns);
      screen.frame(timeline, player);
      for (const View::Place& p : screen.view.places) {
        INFO(p.name << " at " << b.text << ", " << width << "x" << height);
        CHECK((p.left >= 0 && p.top >= 0 && p.right <= width && p.bottom <= height));
      }
    }
  }
}

TEST_CASE("a server under the mouse tells all of itself, a dot as well") {
  for (const char* name : {"talk/quorum", "talk/serf"}) {
    const Recording recording = record_scenario(name);
    Timeline timeline(recording);
    Player player(timeline);
    player.act({Kind::last});
    Screen screen;
    screen.frame(timeline, player);
    CHECK(screen.view.place("tooltip") == nullptr);
    const auto node = std::find_if(screen.view.places.begin(), screen.view.places.end(), [](const View::Place& p) { return p.name.starts_with("node:"); });
    REQUIRE(node != screen.view.places.end());
    screen.mouse((node->left + node->right) / 2, (node->top + node->bottom) / 2, false);
    screen.frame(timeline, player);
    CHECK(screen.place("tooltip").bottom >= 3 * 13);  // three lines
  }
}

}  // namespace quorumlab::viz
