// What mouse and keys ask to be done to the world: menus, the line across the ring, branches.
#include <algorithm>

#include "sim/script/loader.h"
#include "tests/unit/viz/recordings.h"
#include "tests/unit/viz/screen/screen.h"
#include "viz/session/session.h"

namespace quorumlab::viz {
namespace {

using Kind = UiAct::Kind;

std::unique_ptr<Session> open(const std::string& name) {
  const std::string path = std::string(QUORUMLAB_SOURCE_DIR) + "/scenarios/" + name + ".scenario.json";
  std::FILE* in = std::fopen(path.c_str(), "rb");
  REQUIRE(in != nullptr);
  std::string text(1 << 20, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), in));
  std::fclose(in);
  script::Problems problems;
  auto out = Session::of_scenario(text, path, {}, {}, problems);
  REQUIRE(out);
  out->run_whole();
  return out;
}

// A screen on a session: each gesture is a frame or two, and what it asks for is done.
class Desk {
 public:
  explicit Desk(const std::string& name, int width = 1280, int height = 800) : session(open(name)), screen(width, height) {}

  std::vector<UiAct> done(std::vector<UiAct> acts) {
    for (const UiAct& act : acts) session->act(act);
    return acts;
  }
  void offer() {
    Frame frame;
    session->timeline().look(session->player().cursor(), frame);
    screen.view.offer = &session->offer(frame);
  }
  std::vector<UiAct> letters(const std::string& text) {
    offer();
    return done(screen.letters(text, session->timeline(), session->player()));
  }
  std::vector<UiAct> key(Key key) {
    offer();
    return done(screen.key(key, session->timeline(), session->player()));
  }
  std::vector<UiAct> right_click(const std::string& name) {
    look();
    const View::Place at = screen.place(name);
    return done(screen.right_click((at.left + at.right) / 2, (at.top + at.bottom) / 2, session->timeline(), session->player()));
  }
  std::vector<UiAct> drag(int x, int y, int to_x, int to_y) {
    std::vector<UiAct> acts;
    const std::vector<std::pair<ImVec2, bool>> moves = {{{static_cast<float>(x), static_cast<float>(y)}, false},
                                                        {{static_cast<float>(x), static_cast<float>(y)}, true},
                                                        {{static_cast<float>(to_x), static_cast<float>(to_y)}, true},
                                                        {{static_cast<float>(to_x), static_cast<float>(to_y)}, false}};
    for (const auto& [at, down] : moves) {
      offer();
      screen.mouse(static_cast<int>(at.x), static_cast<int>(at.y), down);
      for (const UiAct& act : screen.frame(session->timeline(), session->player())) acts.push_back(act);
    }
    return done(acts);
  }
  std::vector<UiAct> look() {
    offer();
    return screen.frame(session->timeline(), session->player());
  }
  bool shows(const std::string& name) {
    look();
    return screen.view.place(name) != nullptr;
  }

  std::unique_ptr<Session> session;
  Screen screen;
};

const Deed& only_deed(const std::vector<UiAct>& acts) {
  REQUIRE(acts.size() == 1);
  REQUIRE(acts[0].kind == Kind::deed);
  return acts[0].deed;
}

}  // namespace

TEST_CASE("a host is chosen by number, by Tab or by the right button, and a letter does it") {
  Desk desk("talk/quorum");
  desk.session->seek_to("slide 19");
  CHECK(desk.letters("1").empty());
  CHECK(desk.shows("menu"));
  CHECK(only_deed(desk.letters("c")) == Deed{Deed::Kind::crash, {1}});
  CHECK_FALSE(desk.shows("menu"));
  REQUIRE(desk.session->branches().size() == 2);

  // It lies there now: other things can be done with it.
  desk.letters("1");
  CHECK_FALSE(desk.shows("menu:c"));
  CHECK(only_deed(desk.letters("r")) == Deed{Deed::Kind::restart, {1}});

  desk.key(Key::tab);
  desk.key(Key::tab);
  CHECK(only_deed(desk.letters("p")) == Deed{Deed::Kind::pause, {2}});
  desk.right_click("node:n3");
  CHECK(only_deed(desk.letters("k")) == Deed{Deed::Kind::kill, {3}});
  desk.right_click("host:c1");
  CHECK_FALSE(desk.shows("menu:k"));  // a client has no process
  CHECK(only_deed(desk.letters("i")) == Deed{Deed::Kind::partition, {6}, {1, 2, 3, 4, 5}});
  desk.letters("4");
  CHECK(only_deed(desk.letters("s")) == Deed{Deed::Kind::cut, {4}, {1, 2, 3, 5, 6}});
  desk.letters("4");
  CHECK(only_deed(desk.letters("d")) == Deed{Deed::Kind::cut, {1, 2, 3, 5, 6}, {4}});
  // Down and Enter do as well; Escape does nothing.
  desk.letters("5");
  desk.key(Key::down);
  CHECK(only_deed(desk.key(Key::enter)) == Deed{Deed::Kind::kill, {5}});
  desk.letters("2");
  CHECK(desk.key(Key::escape).empty());
  CHECK_FALSE(desk.shows("menu"));
}

TEST_CASE("while a menu is open, letters are none of the window's") {
  Desk desk("talk/quorum");
  desk.letters("1");
  CHECK(desk.key(Key::space).empty());
  CHECK(desk.key(Key::election).empty());
  desk.key(Key::escape);
  REQUIRE(desk.key(Key::space).size() == 1);
}

TEST_CASE("who is cut off or divided is chosen from a list") {
  Desk desk("talk/quorum");
  desk.session->seek_to("slide 19");
  desk.letters("ap");
  CHECK(desk.letters("125").empty());
  CHECK(desk.letters("5").empty());  // not after all
  CHECK(only_deed(desk.letters("d")) == Deed{Deed::Kind::partition, {1, 2}, {3, 4, 5, 6}});
  desk.letters("1t");
  desk.letters("13");  // without n1 itself: n2 and n4
  CHECK(only_deed(desk.letters("d")) == Deed{Deed::Kind::cut, {1}, {2, 4}});
  desk.letters("a");
  CHECK(only_deed(desk.letters("h")).kind == Deed::Kind::heal);
}

TEST_CASE("a line across the ring divides who stands on its two sides") {
  Desk desk("talk/quorum");
  desk.session->seek_to("slide 19");
  desk.look();
  const View::Place n1 = desk.screen.place("node:n1"), n2 = desk.screen.place("node:n2");
  // Between n1 and n2, straight down through n3's neighbourhood.
  const int x = (n1.right + n2.left) / 2;
  const Deed deed = only_deed(desk.drag(x, 90, x, 600));
  CHECK(deed.kind == Deed::Kind::partition);
  std::vector<std::uint32_t> left = deed.hosts, right = deed.others;
  if (std::find(left.begin(), left.end(), 1u) == left.end()) std::swap(left, right);
  CHECK(std::find(left.begin(), left.end(), 6u) != left.end());  // the client stands on the left
  CHECK(std::find(right.begin(), right.end(), 2u) != right.end());
  CHECK(left.size() + right.size() == 6);
  CHECK(desk.session->shown().name.starts_with("partition "));
  // A click is no line, and a line beside everybody divides nobody.
  CHECK(desk.drag(x, 90, x + 5, 92).empty());
  CHECK(desk.drag(820, 80, 820, 600).empty());
  // One that begins on a host is a click on it.
  for (const UiAct& act : desk.drag((n1.left + n1.right) / 2, (n1.top + n1.bottom) / 2, x, 600)) CHECK(act.kind != Kind::deed);
}

TEST_CASE("what is typed: a write, a timeout, a delay") {
  Desk desk("talk/quorum");
  desk.session->seek_to("slide 19");
  desk.letters("aw");
  desk.key(Key::backspace);
  CHECK(desk.letters("42").empty());
  Deed write{Deed::Kind::write};
  write.text = "x = 42";
  CHECK(only_deed(desk.key(Key::enter)) == write);

  desk.letters("at");
  desk.key(Key::down);
  desk.key(Key::enter);  // heartbeat: "50ms"
  while (!desk.screen.view.menu.typed.empty()) desk.key(Key::backspace);
  desk.letters("20ms");
  const Deed set = only_deed(desk.key(Key::enter));
  CHECK(set.kind == Deed::Kind::setting);
  CHECK(set.path == "cluster.raft.heartbeat");
  CHECK(desk.session->shown().name == "heartbeat = 20ms from the start");

  desk.letters("ar");
  const Deed rule = only_deed(desk.key(Key::enter));
  CHECK(rule.kind == Deed::Kind::rule_off);
  CHECK(rule.text == "persist_vote_before_reply");
  desk.letters("ar");
  CHECK(only_deed(desk.key(Key::enter)).kind == Deed::Kind::rule_on);
}

TEST_CASE("a message on its way is taken with the mouse or from a list") {
  Desk desk("talk/quorum");
  Frame frame;
  for (std::int64_t at = 300'000'000;; at += 1'000'000) {
    REQUIRE(at < 2'000'000'000);
    desk.session->act(UiAct{Kind::seek, at});
    frame = {};
    desk.session->timeline().look(desk.session->player().cursor(), frame);
    if (!frame.packets.empty()) break;
  }
  desk.letters("am");
  desk.key(Key::enter);
  desk.letters("l");
  const Deed delay = only_deed(desk.key(Key::enter));
  CHECK(delay.kind == Deed::Kind::delay);
  CHECK(delay.packet == frame.packets[0].sent);
  CHECK(delay.text == "100ms");
  desk.session->show(0);
  desk.screen.view.hovered_next = 0;
  // Where it is drawn is found by looking.
  bool found = false;
  for (int y = 60; y < 640 && !found; y += 8) {
    for (int x = 0; x < 880 && !found; x += 8) {
      desk.screen.mouse(x, y, false);
      desk.look();
      if (desk.screen.view.hovered_next != frame.packets[0].sent) continue;
      found = true;
      desk.done(desk.screen.right_click(x, y, desk.session->timeline(), desk.session->player()));
      CHECK(desk.screen.view.menu.kind == Menu::Kind::message);
      const Deed drop = only_deed(desk.letters("d"));
      CHECK(drop.kind == Deed::Kind::drop);
      CHECK(drop.packet == frame.packets[0].sent);
    }
  }
  CHECK(found);
}

TEST_CASE("branches are listed, shown and compared by keys and mouse") {
  Desk desk("talk/quorum");
  desk.session->seek_to("slide 20");
  CHECK_FALSE(desk.shows("branch"));
  desk.key(Key::tab);
  desk.letters("c");
  CHECK(desk.shows("branch"));
  CHECK(desk.shows("notice"));
  desk.letters("g");
  CHECK(desk.shows("branches"));
  CHECK(desk.shows("branch:1"));
  desk.key(Key::up);
  const auto compare = desk.letters("c");
  REQUIRE(compare.size() == 1);
  CHECK(compare[0].kind == Kind::compare_branch);
  CHECK(compare[0].number == 0);
  desk.key(Key::escape);
  CHECK(desk.shows("beside:node:n1"));
  CHECK(desk.shows("node:n1"));
  CHECK(desk.shows("difference"));
  CHECK(desk.shows("difference in words"));
  desk.letters("g");
  desk.key(Key::up);
  const auto show = desk.key(Key::enter);
  REQUIRE(show.size() == 1);
  CHECK(show[0].kind == Kind::show_branch);
  CHECK(desk.session->shown_number() == 0);
}

TEST_CASE("everything of a hand stays on the screen, on small and large ones") {
  for (const auto& size : {std::pair(640, 400), std::pair(1280, 800), std::pair(2560, 1440)}) {
    const int width = size.first, height = size.second;
    Desk desk("talk/lock", width, height);
    desk.session->seek_to("2s");
    const auto check = [&] {
      desk.look();
      for (const View::Place& p : desk.screen.view.places) {
        INFO(p.name << ", " << width << "x" << height);
        CHECK((p.left >= 0 && p.top >= 0 && p.right <= width && p.bottom <= height));
      }
    };
    for (const char* menu : {"1", "7", "a", "ap", "ar", "at", "aw"}) {
      desk.letters(menu);
      check();
      desk.key(Key::escape);
    }
    desk.letters("1c");
    desk.letters("g");
    desk.key(Key::up);
    desk.letters("c");
    check();
  }
}

TEST_CASE("a recording without a world offers no acts, and a trace says why") {
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  Player player(timeline);
  Screen screen;
  screen.letters("a", timeline, player);
  CHECK(screen.view.menu.kind == Menu::Kind::none);
  CHECK(screen.view.place("menu") == nullptr);
}

TEST_CASE("Control and S save") {
  Desk desk("talk/quorum");
  ImGui::GetIO().KeyCtrl = true;
  desk.offer();
  const auto acts = desk.screen.key(Key::save, desk.session->timeline(), desk.session->player());
  ImGui::GetIO().KeyCtrl = false;
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].kind == Kind::save_branch);
}

TEST_CASE("a branch that is over says so beside one that goes on, and no panel lies over it") {
  Desk desk("talk/quorum");
  desk.session->seek_to("1s");
  desk.key(Key::tab);
  desk.letters("c");
  desk.letters("g");
  desk.key(Key::up);
  CHECK(desk.shows("branches"));
  desk.letters("c");
  CHECK(desk.shows("beside:node:n1"));
  CHECK_FALSE(desk.shows("branches"));
  CHECK_FALSE(desk.shows("beside:ended"));
  // The notice about the new branch leaves the sentence free.
  CHECK(desk.screen.place("notice").bottom <= desk.screen.place("difference in words").top);
  desk.session->run_whole();
  desk.key(Key::end);
  CHECK(desk.shows("beside:ended"));
}

TEST_CASE("a rule is found by typing, and says what it demands") {
  Desk desk("talk/quorum");
  desk.session->seek_to("1s");
  desk.letters("ar");
  CHECK(desk.shows("meaning"));
  const auto rules = [&] {
    desk.look();
    return std::count_if(desk.screen.view.places.begin(), desk.screen.view.places.end(),
                         [](const View::Place& p) { return p.name.starts_with("menu:"); });
  };
  CHECK(rules() == 14);
  desk.letters("needs_majority");
  CHECK(desk.shows("menu:election_needs_majority"));
  const auto few = rules();
  CHECK(few < 5);
  desk.key(Key::backspace);
  CHECK(rules() >= few);
  desk.letters("xyz");
  CHECK(rules() == 0);
  CHECK(desk.key(Key::enter).empty());
  for (int i = 0; i < 30; ++i) desk.key(Key::backspace);
  desk.letters("election needs majority");
  Deed expected;
  expected.kind = Deed::Kind::rule_off;
  expected.text = "election_needs_majority";
  CHECK(only_deed(desk.key(Key::enter)) == expected);
}

}  // namespace quorumlab::viz
