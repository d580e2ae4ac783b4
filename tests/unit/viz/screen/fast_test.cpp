// What the visualizer promises to be fast enough for, in processor time: other work on the machine
// counts less. Builds for debugging and with sanitizers only print the figures.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>

#include "tests/unit/viz/recordings.h"
#include "tests/unit/viz/screen/screen.h"

namespace quorumlab::viz {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define QUORUMLAB_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define QUORUMLAB_SANITIZED
#endif
#if defined(__OPTIMIZE__) && !defined(QUORUMLAB_SANITIZED)
constexpr bool kJudged = true;
#else
constexpr bool kJudged = false;
#endif

// `more`: nodes beyond those of the text, where a file may not name so many.
Recording record_text(const std::string& text, int more = 0) {
  script::Problems problems;
  script::Scenario scenario = script::load_text(text, "here", {}, problems);
  REQUIRE(problems.empty());
  for (int i = 0; i < more; ++i) scenario.cluster.names.push_back("more" + std::to_string(i));
  world::Simulation sim;
  script::Runner runner(scenario);
  script::RunResult result;
  script::RunOptions options;
  options.seed = scenario.seed;
  options.keep_trace = true;
  runner.run(sim, options, result);
  Recording out;
  out.names = out.titles = scenario.cluster.host_names();
  out.trace = sim.trace();
  return out;
}

template <class Work>
double milliseconds_of(Work work) {
  const std::clock_t before = std::clock();
  work();
  return 1e3 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
}

void judge(const char* what, double took, double most) {
  std::printf("%s: %.3f ms of %.3f\n", what, took, most);
  if (kJudged) CHECK(took < most);
}

// The mean of some frames, with all that a frame needs.
double frame_of(Timeline& timeline, Player& player, Screen& screen) {
  screen.frame(timeline, player);  // the first one also makes room
  constexpr int kFrames = 20;
  return milliseconds_of([&] {
           for (int i = 0; i < kFrames; ++i) screen.frame(timeline, player);
         }) / kFrames;
}

}  // namespace

TEST_CASE("a million events open in two seconds, and a seek takes fifty milliseconds") {
  const Recording recording = record_text(
      R"({ "cluster": { "nodes": 5, "clients": 1 }, "timeline": [
           { "wait_until": { "leader": "exists" }, "within": "5s" },
           { "bookmark": "begin", "load": { "every": "20ms", "key": "k" } },
           { "at": "290s", "bookmark": "end" } ] })");
  std::printf("%zu records\n", recording.trace.size());
  REQUIRE(recording.trace.size() >= 1'000'000);
  std::unique_ptr<Timeline> timeline;
  judge("open", milliseconds_of([&] { timeline = std::make_unique<Timeline>(recording); }), 2'000);
  Player player(*timeline);
  Frame frame;
  double worst = 0;
  for (const int permille : {990, 10, 500, 499, 750, 333, 1000, 0}) {
    player.seek(timeline->end_ns() / 1000 * permille);
    worst = std::max(worst, milliseconds_of([&] { timeline->look(player.cursor(), frame); }));
  }
  judge("seek", worst, 50);
  Screen screen;
  player.seek(timeline->end_ns() / 2);
  judge("frame", frame_of(*timeline, player, screen), 16);
  screen.view.panel = View::Panel::diagram;
  judge("frame with the diagram", frame_of(*timeline, player, screen), 16);
  screen.view.panel = View::Panel::log;
  judge("frame with logs", frame_of(*timeline, player, screen), 16);
}

TEST_CASE("a frame of five nodes and of a hundred gossiping ones") {
  {
    const Recording recording = record_scenario("talk/quorum");
    Timeline timeline(recording);
    Player player(timeline);
    Screen screen;
    REQUIRE(player.seek_to("slide 21"));
    judge("frame of five", frame_of(timeline, player, screen), 0.5);
  }
  const Recording recording = record_text(
      R"({ "cluster": { "nodes": 50, "clients": 1, "serf": { "start_join": "n1" } }, "timeline": [ { "at": "8s", "bookmark": "end" } ] })", 50);
  Timeline timeline(recording);
  Player player(timeline);
  player.seek(timeline.end_ns() * 3 / 4);
  Screen screen;
  Frame frame;
  timeline.look(player.cursor(), frame);
  std::printf("%zu records, %zu packets in flight\n", recording.trace.size(), frame.packets.size());
  judge("frame of a hundred", frame_of(timeline, player, screen), 4);
  screen.view.panel = View::Panel::diagram;
  judge("frame of a hundred with the diagram", frame_of(timeline, player, screen), 16);
}

}  // namespace quorumlab::viz
