// Options, and the ways to a picture.
#include "viz/app/app.h"

#include <imgui.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "sim/cli/cli.h"
#include "viz/app/open.h"
#include "viz/app/record.h"
#include "viz/app/script.h"
#include "viz/app/stage.h"
#include "viz/backend/glfw/window.h"
#include "viz/panels/chooser.h"

namespace quorumlab::viz {
namespace {

struct Options {
  std::string file, screenshot, at, script;
  RecordOptions record;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> settings;
  int width = 1280, height = 800;
  long frames = -1;
  bool dark = false, large = false, small = false, light = false, list = false;
};

int take_picture(const Options& o, Stage& stage) {
  stage.step(0);
  if ((o.small ? write_small_png : write_png)(o.screenshot, stage.picture())) return 0;
  std::fprintf(stderr, "quorumlab-viz: %s: cannot be written\n", o.screenshot.c_str());
  return cli::kExitUsage;
}

// Everything that needs no display.
int show_nowhere(const Options& o, Timeline& timeline, Player& player) {
  Stage stage(timeline, player, o.width, o.height);
  stage.view.dark = o.dark;
  stage.view.large = o.large;
  if (!o.record.out.empty()) return record_run(o.record, timeline, player, stage);
  if (!o.script.empty()) return run_script_file(o.script, timeline, player, stage, o.small);
  return take_picture(o, stage);
}

int fail(const std::string& problem) {
  std::fprintf(stderr, "quorumlab-viz: %s\n(a picture needs no display: --screenshot OUT.png)\n", problem.c_str());
  return 1;
}

// The shipped scenarios in a window of their own; o.file stays empty if it is closed.
int choose(Options& o) {
  Chooser chooser;
  chooser.choices = shipped_scenarios();
  View view;
  view.dark = o.dark;
  view.large = o.large;
  WindowCalls calls;
  calls.begin = add_fonts;
  calls.background = [&] { return background(view.dark); };
  calls.draw = [&](std::int64_t) { draw_chooser(chooser, view); };
  calls.done = [&] { return !chooser.chosen.empty(); };
  std::string problem;
  if (!run_window({.title = "quorumlab", .width = o.width, .height = o.height, .frames = o.frames}, calls, problem)) return fail(problem);
  o.file = chooser.chosen;
  return 0;
}

int show_window(const Options& o, Timeline& timeline, Player& player) {
  View view;
  view.dark = o.dark;
  view.large = o.large;
  view.hints = true;
  Frame frame;
  std::vector<UiAct> acts;
  WindowCalls calls;
  calls.begin = add_fonts;
  calls.background = [&] { return background(view.dark); };
  calls.draw = [&](std::int64_t real_ns) {
    player.advance(real_ns);
    timeline.look(player.cursor(), frame);
    acts.clear();
    draw(timeline, frame, player, view, acts);
    do_acts(acts, player, view);
  };
  std::string problem;
  WindowOptions window;
  window.title = "quorumlab: " + timeline.recording().title;
  window.width = o.width;
  window.height = o.height;
  window.frames = o.frames;
  if (run_window(window, calls, problem)) return 0;
  return fail(problem);
}

}  // namespace

int run_viz(int argc, char** argv) {
  Options o;
  CLI::App app{"quorumlab-viz: see a run, stop it, step through it", "quorumlab-viz"};
  app.add_option("file", o.file, "A scenario's file or name, or a trace (.qlt); without one there is a list to choose from")->option_text("SCENARIO|TRACE");
  app.add_option("--screenshot", o.screenshot, "Write a picture, without a display, and end")->option_text("OUT.png");
  app.add_option("--record", o.record.out, "Write a film, without a display: a GIF, an MP4 (by ffmpeg), or a folder of PNGs")
      ->option_text("OUT.gif|OUT.mp4|FOLDER");
  app.add_option("--from", o.record.from, "Where the film begins: a bookmark, a slide or a time")->option_text("PLACE");
  app.add_option("--to", o.record.to, "Where it ends")->option_text("PLACE");
  app.add_option("--fps", o.record.fps, "Its pictures a second (without it: 10)")->check(CLI::Range(1, 60));
  app.add_option("--speed", o.record.speed, "Of real time: 2, 0.1, 1/10 (without it: 1)")->option_text("N");
  app.add_option("--hold", o.record.hold_s, "So many seconds the film stands still at each bookmark")->check(CLI::Range(0, 60));
  app.add_option("--script", o.script, "Do what a file says, line by line, without a display (viz/README.md)")->option_text("FILE");
  app.add_option("--at", o.at, "Where to begin: a bookmark, a slide (\"slide 20\") or a time (1.5s)")->option_text("PLACE");
  app.add_option("--seed", o.seed, "Decides all chance; without it: the file's seed")->option_text("N");
  app.add_option("--set", o.settings, "Change a value of the file, for example cluster.nodes=7")->option_text("KEY=VALUE")->allow_extra_args(false);
  app.add_option("--width", o.width, "Of the picture or window, in pixels")->check(CLI::Range(320, 7680));
  app.add_option("--height", o.height, "The same")->check(CLI::Range(240, 4320));
  app.add_option("--frames", o.frames, "Close the window after so many frames (for tests)")->option_text("N");
  auto* dark = app.add_flag("--dark", o.dark, "Light on dark");
  app.add_flag("--light", o.light, "Dark on light (as it is without this)")->excludes(dark);
  app.add_flag("--small", o.small, "A picture in 256 colours: a smaller file");
  app.add_flag("--large", o.large, "Type for a large room");
  app.add_flag("--bookmarks", o.list, "Print the run's bookmarks and end");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : cli::kExitUsage;
  }
  const bool window = o.screenshot.empty() && o.script.empty() && o.record.out.empty();
  if (o.file.empty() && window && !o.list) {
    if (const int code = choose(o); code != 0 || o.file.empty()) return code;
  }
  if (o.file.empty()) o.file = "quorum";
  Recording recording;
  if (const int code = open_recording(o.file, o.seed, o.settings, recording); code != 0) return code;
  Timeline timeline(recording);
  Player player(timeline);
  if (o.list) {
    for (const Bookmark& b : timeline.bookmarks()) std::printf("%12.6f s  %s\n", static_cast<double>(b.at.time_ns) / 1e9, b.text.c_str());
    return 0;
  }
  if (o.at.empty()) {
    if (!timeline.bookmarks().empty()) player.seek_bookmark(0);
  } else if (!player.seek_to(o.at)) {
    std::fprintf(stderr, "quorumlab-viz: --at \"%s\": no bookmark is called so, or more than one, and it is no time; there are:\n", o.at.c_str());
    for (const Bookmark& b : timeline.bookmarks()) std::fprintf(stderr, "  %s\n", b.text.c_str());
    return cli::kExitUsage;
  }
  return window ? show_window(o, timeline, player) : show_nowhere(o, timeline, player);
}

}  // namespace quorumlab::viz
