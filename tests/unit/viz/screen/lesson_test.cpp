// A lesson on a stage: ways on and back, questions, a black screen, and the list at the start.
#include "tests/unit/viz/recordings.h"
#include "tests/unit/viz/screen/screen.h"
#include "viz/panels/chooser.h"

namespace quorumlab::viz {
namespace {

using Kind = UiAct::Kind;

void click(Screen& screen, Timeline& timeline, Player& player, const std::string& name) {
  screen.frame(timeline, player);
  const View::Place p = screen.place(name);
  screen.mouse((p.left + p.right) / 2, (p.top + p.bottom) / 2, true);
  for (const UiAct& act : screen.frame(timeline, player)) player.act(act);
  screen.mouse(-1000, -1000, false);
  screen.frame(timeline, player);
}

}  // namespace

TEST_CASE("Next and Previous are buttons that say where they lead") {
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  Player player(timeline);
  Screen screen;
  screen.frame(timeline, player);
  CHECK(screen.view.place("previous") == nullptr);  // there is nothing before
  click(screen, timeline, player, "next");
  CHECK(player.bookmark() == 0u);
  REQUIRE(player.next_stop() != nullptr);
  CHECK(player.next_stop()->text == "Slide 20: one is down");
  click(screen, timeline, player, "next");
  CHECK(player.bookmark() == 1u);
  CHECK(player.previous_stop()->text == "Slide 19: all five are up");
  click(screen, timeline, player, "previous");
  CHECK(player.bookmark() == 0u);
  player.act({Kind::last});
  screen.frame(timeline, player);
  CHECK(screen.view.place("next") == nullptr);
  // A picture has no buttons.
  screen.view.keys = false;
  screen.frame(timeline, player);
  CHECK(screen.view.place("previous") == nullptr);
}

TEST_CASE("a question is asked before the answer plays, and answered by the next step") {
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  Player player(timeline);
  Screen screen;
  REQUIRE(player.seek_to("slide 21"));
  screen.frame(timeline, player);
  CHECK(screen.view.place("choice:3") != nullptr);
  CHECK(screen.view.place("choice:4") == nullptr);
  Frame frame;
  timeline.look(player.cursor(), frame);
  REQUIRE(frame.question != 0);
  CHECK(screen.view.choice(frame.question_record) == -1);
  screen.key(Key::choice_2, timeline, player);
  CHECK(screen.view.choice(frame.question_record) == 1);
  click(screen, timeline, player, "choice:3");  // one may think again
  CHECK(screen.view.choice(frame.question_record) == 2);
  const trace::RecordId asked = frame.question_record;
  player.act({Kind::next_bookmark});
  timeline.look(player.cursor(), frame);
  CHECK(frame.answered_record == asked);
  CHECK(frame.question_record != asked);
  screen.frame(timeline, player);
  CHECK(screen.view.place("answer") != nullptr);
  // Back again it is asked again, and the choice is kept.
  player.act({Kind::previous_bookmark});
  screen.frame(timeline, player);
  CHECK(screen.view.place("answer") != nullptr);  // of the step before
  CHECK(screen.view.place("choice:1") != nullptr);
  CHECK(screen.view.choice(asked) == 2);
}

TEST_CASE("the remote's other key makes the screen black; hints go with the first key") {
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  Player player(timeline);
  Screen screen;
  screen.view.hints = true;
  screen.frame(timeline, player);
  CHECK(screen.view.place("hints") != nullptr);
  screen.key(Key::black, timeline, player);
  CHECK(screen.view.black);
  screen.key(Key::black, timeline, player);
  CHECK_FALSE(screen.view.black);
  screen.key(Key::page_down, timeline, player);
  CHECK(screen.view.place("hints") == nullptr);
}

TEST_CASE("without a file there is a list to choose from") {
  Screen screen;
  Chooser chooser;
  for (int i = 0; i < 60; ++i) {
    const std::string number = std::to_string(i);
    chooser.choices.push_back({i < 30 ? "talk" : "raft", "s" + number, "Title " + number, "file" + number});
  }
  const auto frame = [&] {
    ImGui::NewFrame();
    draw_chooser(chooser, screen.view);
    ImGui::Render();
  };
  const auto press = [&](Key key) {
    ImGui::GetIO().KeysDown[static_cast<int>(key)] = true;
    frame();
    ImGui::GetIO().KeysDown[static_cast<int>(key)] = false;
    frame();
  };
  frame();
  CHECK(screen.view.place("choose:s0") != nullptr);
  CHECK(screen.view.place("choose:s59") == nullptr);
  press(Key::end);
  CHECK(screen.view.place("choose:s59") != nullptr);
  press(Key::up);
  CHECK(chooser.chosen.empty());
  press(Key::enter);
  CHECK(chooser.chosen == "file58");
  chooser.chosen.clear();
  press(Key::home);
  const View::Place p = screen.place("choose:s2");
  screen.mouse((p.left + p.right) / 2, (p.top + p.bottom) / 2, true);
  frame();
  CHECK(chooser.chosen == "file2");
  chooser = {};
  frame();  // and none at all is no mistake
}

}  // namespace quorumlab::viz
