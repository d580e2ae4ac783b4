// What a lesson must show on every slide: the whole caption, the quorum and the truths, and what to choose from.
#include <algorithm>
#include <filesystem>

#include "tests/unit/viz/recordings.h"
#include "tests/unit/viz/screen/screen.h"

namespace quorumlab::viz {
namespace {

// The places that the frame must have.
std::vector<std::string> wanted(const Timeline& timeline, const Frame& f, bool keys) {
  std::vector<std::string> out = {"caption"};
  if (f.caption != 0) out.emplace_back("words");
  if (f.quorum.known) out.insert(out.end(), {"quorum", "truth:leader"});
  if (f.accepted != 0) out.emplace_back("truth:accepted");
  const bool asked = std::any_of(f.requests.begin(), f.requests.end(), [&](const Request& q) {
    const auto words = timeline.recording().trace.text_at(q.text);
    return !q.by_program && q.outcome == Request::Outcome::pending && words.starts_with("write");
  });
  if (asked) out.emplace_back("truth:asked");
  if (keys && f.question != 0) out.insert(out.end(), {"choice:1", "choice:2"});
  return out;
}

}  // namespace

TEST_CASE("every slide of the talk shows its whole caption, the quorum and the truths") {
  namespace fs = std::filesystem;
  int slides = 0, quorums = 0, questions = 0;
  for (const auto& entry : fs::directory_iterator(std::string(QUORUMLAB_SOURCE_DIR) + "/scenarios/talk")) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".scenario.json")) continue;
    const Recording recording = record_scenario("talk/" + file.substr(0, file.find('.')));
    Timeline timeline(recording);
    Player player(timeline);
    for (const auto& [width, height] : {std::pair(1280, 800), std::pair(1920, 1080)}) {
      Screen screen(width, height);
      for (const Stop& stop : timeline.stops()) {
        player.seek_at(stop.at);
        Frame frame;
        timeline.look(stop.at, frame);
        for (const bool large : {false, true}) {
          for (const bool keys : {false, true}) {
            screen.view.large = large;
            screen.view.keys = keys;
            screen.frame(timeline, player);
            INFO(file << ", " << stop.text << ", " << width << (large ? ", large" : "") << (keys ? ", in a window" : ", in a picture"));
            const View::Place bar = screen.place("scrubber");
            for (const std::string& name : wanted(timeline, frame, keys)) {
              const View::Place& p = screen.place(name);
              INFO(name);
              CHECK((p.left >= 0 && p.top >= 0 && p.right <= width && p.bottom <= bar.top));
            }
            CHECK(screen.view.scrolls.empty());  // all of it is in sight at once
            if (const View::Place* quorum = screen.view.place("quorum")) CHECK(quorum->top >= screen.place("caption").bottom);
            ++slides;
            quorums += frame.quorum.known ? 1 : 0;
            questions += frame.question != 0 ? 1 : 0;
          }
        }
      }
    }
  }
  CHECK(slides > 400);
  CHECK(quorums > 100);
  CHECK(questions > 40);
}

TEST_CASE("a caption that is longer than its room scrolls; the quorum stays") {
  Recording recording = record_scenario("talk/quorum");
  trace::Record r;
  r.kind = static_cast<std::uint16_t>(trace::WorldFact::caption);
  r.time_ns = recording.trace[recording.trace.size()].time_ns + 1;
  std::string words;
  for (int i = 0; i < 300; ++i) words += "word" + std::to_string(i) + " ";
  r.b = recording.trace.text(words);
  recording.trace.append(r);
  Timeline timeline(recording);
  Player player(timeline);
  player.act({UiAct::Kind::last});
  Screen screen;
  screen.view.large = true;
  screen.frame(timeline, player);
  screen.frame(timeline, player);
  CHECK(screen.place("quorum").bottom <= screen.place("scrubber").top);
  REQUIRE(screen.view.scrolls.size() == 1);
  CHECK(screen.view.scrolls[0].offset == 0);
  const View::Place p = screen.place("caption");
  screen.mouse((p.left + p.right) / 2, (p.top + p.bottom) / 2, false);
  ImGui::GetIO().MouseWheel = -2;
  screen.frame(timeline, player);
  ImGui::GetIO().MouseWheel = 0;
  CHECK(screen.view.scrolls[0].offset > 0);
  const int before = screen.view.scrolls[0].offset;
  ImGui::GetIO().KeyShift = true;
  CHECK(screen.key(Key::down, timeline, player).empty());  // and is no slower
  CHECK(screen.view.scrolls[0].offset > before);
}

}  // namespace quorumlab::viz
