// What stands below the lesson's words: why, promises, the diagram, logs and gossip.
#include <algorithm>
#include <set>
#include <tuple>

#include "sim/judge/verdicts.h"
#include "tests/unit/viz/recordings.h"
#include "tests/unit/viz/screen/screen.h"

namespace quorumlab::viz {
namespace {

using Kind = UiAct::Kind;
using Panel = View::Panel;
using trace::Record;
using trace::WorldFact;

struct Window {
  explicit Window(const std::string& scenario) : recording(record_scenario(scenario)), timeline(recording), player(timeline) {}
  // Draws until nothing is asked for any more.
  std::vector<UiAct> frame() {
    auto acts = screen.frame(timeline, player);
    for (const UiAct& act : acts) player.act(act);
    return acts;
  }
  std::vector<UiAct> click(int x, int y) {
    screen.mouse(x, y, false);
    frame();
    screen.mouse(x, y, true);
    const auto acts = frame();
    screen.mouse(x, y, false);
    frame();
    screen.mouse(-1000, -1000, false);
    frame();
    return acts;
  }
  std::vector<UiAct> click(const std::string& name) {
    frame();
    const View::Place p = screen.place(name);
    return click((p.left + p.right) / 2, (p.top + p.bottom) / 2);
  }
  void key(Key key) {
    for (const UiAct& act : screen.key(key, timeline, player)) player.act(act);
  }
  void seek(const std::string& place) {
    REQUIRE(player.seek_to(place));
    frame();
  }
  const Record& about() const { return recording.trace[screen.view.why]; }

  Recording recording;
  Timeline timeline;
  Player player;
  Screen screen;
};

}  // namespace

TEST_CASE("what is told are the words of the command line") {
  Window w("talk/quorum");
  bool crash = false, asked = false;
  for (const Told& told : w.timeline.story().told()) {
    const std::string words = w.timeline.story().words(w.recording, told.record);
    const Record& r = w.recording.trace[told.record];
    if (words.find('"') == std::string::npos) CHECK(words == trace::words(r, w.recording.context()));
    crash |= words.starts_with("crash n");
    asked |= words.find("\"write x = 1\"") != std::string::npos;
  }
  CHECK(crash);
  CHECK(asked);
}

TEST_CASE("why? is answered for a node, an event and an entry of a log") {
  Window w("talk/quorum");
  w.seek("slide 22");
  w.click("node:n3");
  CHECK(w.screen.view.panel == Panel::why);
  CHECK(w.about().is(WorldFact::process_crashed));
  CHECK(w.about().node == 3);
  CHECK(w.screen.view.place("why:1") != nullptr);  // because of an act

  // A cause is a place to go to.
  const auto chain = trace::why(w.recording.trace, w.screen.view.why);
  REQUIRE(chain.size() >= 2);
  const auto acts = w.click("why:1");
  REQUIRE(acts.size() == 1);
  CHECK(acts[0] == UiAct{Kind::seek_record, 0, Mark::nothing, chain[1]});
  CHECK(w.player.cursor().record == chain[1]);

  w.key(Key::escape);
  w.seek("slide 22");
  CHECK(w.screen.view.panel == Panel::story);
  w.screen.view.keys = false;  // questions take room
  w.click("newest");
  CHECK(w.screen.view.panel == Panel::why);
  CHECK(w.about().is(WorldFact::quorum_unavailable));
  w.screen.view.keys = true;

  w.key(Key::log);
  w.click("entry:n2:4");
  CHECK(w.about().is(Fact::appended));
  CHECK(w.about().node == 2);
  CHECK((w.about().a <= 4 && w.about().b >= 4));

  // Without a question: about what happened last.
  w.screen.view.why = 0;
  w.key(Key::escape);
  w.key(Key::why);
  CHECK(w.screen.view.place("why:0") != nullptr);
  w.key(Key::why);
  CHECK(w.screen.view.panel == Panel::story);
}

TEST_CASE("a promise that was broken is red, and leads to where it was") {
  Window w("bridge-without-pre-vote");
  w.recording.checkers = {0};
  w.key(Key::promises);
  w.frame();
  CHECK(w.screen.view.place("promise:election-safety") != nullptr);
  // By hand: what a checker would say.
  Record r;
  r.kind = static_cast<std::uint16_t>(WorldFact::violation);
  r.time_ns = w.timeline.end_ns() + 5;
  r.node = 1;
  r.a = 3;
  w.recording.trace.append(r);
  w.timeline.extend();
  w.frame();
  CHECK(w.screen.view.place("promise:log-matching") == nullptr);  // still to come
  w.player.act({Kind::last});
  w.frame();
  CHECK(w.screen.view.place("promise:log-matching") != nullptr);
  CHECK(w.screen.place("promise:log-matching").top < w.screen.place("promise:election-safety").top);
  const auto acts = w.click("promise:log-matching");
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].kind == Kind::seek_record);
  CHECK(acts[0].record == w.recording.trace.size());
}

TEST_CASE("all causes can be reached by the wheel or by keys, in large type, too") {
  Window w("talk/quorum");
  w.screen.view.large = true;
  w.player.act({Kind::last});
  trace::RecordId longest = 0;
  std::size_t most = 0;
  for (trace::RecordId id = w.timeline.size() - 500; id <= w.timeline.size(); ++id) {
    const std::size_t causes = trace::why(w.recording.trace, id).size();
    if (causes > most) std::tie(most, longest) = std::tie(causes, id);
  }
  REQUIRE(most > 15);
  w.screen.view.panel = Panel::why;
  w.screen.view.why = longest;
  w.frame();
  CHECK(w.screen.view.place("why:1") != nullptr);
  CHECK(w.screen.view.place("why:2") != nullptr);
  const std::string last = "why:" + std::to_string(most - 1);
  CHECK(w.screen.view.place(last) == nullptr);
  const View::Place first = w.screen.place("why:1");
  w.screen.mouse(first.left + 20, first.top + 4, false);
  for (int i = 0; i < 40; ++i) {
    ImGui::GetIO().MouseWheel = -3;
    w.frame();
  }
  ImGui::GetIO().MouseWheel = 0;
  CHECK(w.screen.view.place(last) != nullptr);
  CHECK(w.screen.view.place("why:1") == nullptr);
  // Another question begins at its top; keys do as well.
  w.screen.view.why = longest - 1;
  w.frame();
  w.screen.view.why = longest;
  w.frame();
  CHECK(w.screen.view.place("why:0") != nullptr);
  ImGui::GetIO().KeyShift = true;
  for (int i = 0; i < 100; ++i) CHECK(w.screen.key(Key::down, w.timeline, w.player).empty());
  CHECK(w.screen.view.place(last) != nullptr);
}

TEST_CASE("who met no case holds nothing; no promise is left out") {
  Window w("talk/quorum");
  w.recording.checkers.clear();
  for (std::uint32_t i = 0; i < judge::kCheckerCount; ++i) w.recording.checkers.push_back(i);
  w.recording.checks.assign(judge::kCheckerCount, 0);
  w.recording.checks[0] = 7;
  w.seek("slide 22");
  w.key(Key::promises);
  w.frame();
  CHECK(w.screen.view.place("held:election-safety") != nullptr);
  std::set<std::string> seen;
  int held = 0;
  for (int i = 0; i < 200; ++i) {
    for (const View::Place& p : w.screen.view.places) {
      if (p.name.starts_with("promise:")) seen.insert(p.name);
      if (p.name.starts_with("held:")) CHECK(p.name == "held:election-safety");
      held += p.name.starts_with("held:") ? 1 : 0;
    }
    ImGui::GetIO().KeyShift = true;
    w.key(Key::down);
  }
  CHECK(held > 0);
  CHECK(seen.size() == judge::kCheckerCount);
  // Of a recording that does not count nothing is said to hold.
  ImGui::GetIO().KeyShift = false;
  w.recording.checks.clear();
  w.screen.view.scrolls.clear();
  w.frame();
  CHECK(w.screen.view.place("promise:election-safety") != nullptr);
  CHECK(w.screen.view.place("held:election-safety") == nullptr);
}

TEST_CASE("the diagram has the cursor of all; its wheel zooms, a click seeks") {
  Window w("talk/quorum");
  w.seek("slide 22");
  w.key(Key::diagram);
  const View::Place small = w.screen.place("diagram");
  CHECK(w.screen.view.place("node:n1") != nullptr);
  const std::int64_t before = w.screen.view.diagram_ns;
  w.screen.mouse((small.left + small.right) / 2, small.bottom - 30, false);
  ImGui::GetIO().MouseWheel = 1;
  w.frame();
  CHECK(w.screen.view.diagram_ns < before);
  ImGui::GetIO().MouseWheel = 0;
  // Above the middle is the past. The axis is no arrow.
  const std::int64_t then = w.player.cursor().time_ns;
  const auto acts = w.click(small.left + 4, small.top + 60);
  REQUIRE(acts.size() == 1);
  CHECK(acts[0].kind == Kind::seek);
  CHECK(w.player.cursor().time_ns < then);
  CHECK(w.player.cursor().time_ns > then - w.screen.view.diagram_ns);

  w.key(Key::diagram);
  CHECK(w.screen.view.wide_diagram);
  CHECK(w.screen.view.place("node:n1") == nullptr);
  CHECK(w.screen.place("diagram").right - w.screen.place("diagram").left > small.right - small.left);
  w.key(Key::diagram);
  CHECK(w.screen.view.place("node:n1") != nullptr);
}

TEST_CASE("a message under the mouse is marked in ring and diagram, and is asked about by a click") {
  Window w("talk/quorum");
  w.seek("slide 21");
  Frame frame;
  while (frame.packets.empty() && w.player.cursor().record < w.timeline.size()) {
    w.player.act({Kind::next_event});
    w.timeline.look(w.player.cursor(), frame);
  }
  w.frame();
  for (int y = 60; y < 620 && w.screen.view.hovered == 0; y += 6) {
    for (int x = 100; x < 800 && w.screen.view.hovered == 0; x += 6) {
      w.screen.mouse(x, y, false);
      w.frame();
      w.frame();
      if (w.screen.view.hovered != 0) w.click(x, y);
    }
  }
  REQUIRE(w.screen.view.why != 0);
  CHECK((w.about().is(WorldFact::packet_sent) || w.about().is(WorldFact::packet_duplicated)));
}

TEST_CASE("logs show terms, and what the leader knows of each follower") {
  Window w("talk/quorum");
  w.seek("slide 22");
  Frame frame;
  w.timeline.look(w.player.cursor(), frame);
  REQUIRE(frame.leader == 4);
  CHECK(frame.hosts[1].match == frame.hosts[3].last_index);
  CHECK(frame.hosts[1].next == frame.hosts[1].match + 1);
  CHECK(frame.hosts[0].match == 0);  // it died before this term
  const auto& weave = w.timeline.weave();
  const auto term = [&](std::uint32_t host, std::uint64_t index) {
    return Weave::entry_term(w.recording.trace, weave.appended(w.recording.trace, host, index, frame.record), index);
  };
  CHECK(term(4, 1) == 1);
  CHECK(term(4, 4) == 2);
  CHECK(term(2, 4) == 2);
  CHECK(term(4, 99) == 0);
}

TEST_CASE("a timer knows when it will run out, once it did") {
  Window raft("talk/quorum");
  raft.seek("1.4");
  Frame frame;
  raft.timeline.look(raft.player.cursor(), frame);
  const std::int64_t ends = raft.timeline.weave().ran_out(4, 0, frame.hosts[3].heard_ns);
  CHECK(ends > frame.time_ns);
  CHECK(ends - frame.hosts[3].heard_ns >= raft.recording.election_min_ns);
  CHECK(ends - frame.hosts[3].heard_ns <= raft.recording.election_max_ns);
  CHECK(raft.timeline.weave().ran_out(2, 0, frame.hosts[1].heard_ns) == 0);
}

TEST_CASE("a suspicion knows when it will run out, once it did") {
  Window serf("talk/serf");
  serf.seek("12.5");
  Frame gossip;
  serf.timeline.look(serf.player.cursor(), gossip);
  REQUIRE(gossip.suspicions.size() >= 3);
  const bool one = std::any_of(gossip.suspicions.begin(), gossip.suspicions.end(), [&](const Suspicion& s) {
    const std::int64_t out = serf.timeline.weave().ran_out(s.observer, s.subject, s.from_ns);
    return s.subject == 3 && out > gossip.time_ns && out <= s.until_ns;
  });
  CHECK(one);
}

TEST_CASE("news spreads to everybody in the end") {
  Window w("talk/serf");
  w.seek("slide 14");
  w.player.seek(w.player.cursor().time_ns + 300'000'000);
  w.key(Key::log);
  CHECK(w.screen.view.place("beliefs") != nullptr);
  CHECK(w.screen.view.place("spread") != nullptr);
  const Spread* event = nullptr;
  for (const Spread& s : w.timeline.spreads().all()) {
    if (s.kind == Spread::Kind::event) event = &s;
    CHECK(std::is_sorted(s.known_ns.begin(), s.known_ns.end()));
  }
  REQUIRE(event != nullptr);
  CHECK(event->known_ns.size() == 5);
  w.click("spread");
  CHECK(w.screen.view.panel == Panel::why);
}

TEST_CASE("every panel fits on screens of all sizes") {
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  Player player(timeline);
  REQUIRE(player.seek_to("slide 22"));
  for (const auto& [width, height] : {std::pair(640, 400), std::pair(1280, 800), std::pair(2560, 1440)}) {
    Screen screen(width, height);
    for (const bool large : {false, true}) {
      for (const Panel panel : {Panel::story, Panel::why, Panel::promises, Panel::diagram, Panel::log}) {
        screen.view.large = large;
        screen.view.panel = panel;
        screen.frame(timeline, player);
        for (const View::Place& p : screen.view.places) {
          INFO(p.name << " on panel " << static_cast<int>(panel) << ", " << width << "x" << height << (large ? ", large" : ""));
          CHECK((p.left >= 0 && p.top >= 0 && p.right <= width && p.bottom <= height));
        }
      }
    }
  }
}

}  // namespace quorumlab::viz
