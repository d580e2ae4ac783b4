// Options, and the ways to a picture.
#include "viz/app/app.h"

#include <imgui.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "sim/cli/cli.h"
#include "sim/report/text.h"
#include "viz/app/open.h"
#include "viz/app/record.h"
#include "viz/app/script.h"
#include "viz/app/stage.h"
#include "viz/backend/glfw/window.h"
#include "viz/panels/chooser.h"
#include "viz/player/place.h"

namespace quorumlab::viz {
namespace {

struct Options {
  std::string file, screenshot, at, script, save;
  RecordOptions record;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> settings, acts;
  int width = 1280, height = 800;
  long frames = -1;
  bool dark = false, large = false, small = false, light = false, list = false;
};

bool in_window(const Options& o) {
  return o.screenshot.empty() && o.script.empty() && o.record.out.empty() && o.save.empty() && !o.list;
}

int take_picture(const Options& o, Stage& stage) {
  stage.step(0);
  if ((o.small ? write_small_png : write_png)(o.screenshot, stage.picture())) return 0;
  std::fprintf(stderr, "quorumlab-viz: %s: cannot be written\n", o.screenshot.c_str());
  return cli::kExitUsage;
}

// Everything that needs no display.
int show_nowhere(const Options& o, Session& session) {
  Stage stage(session, o.width, o.height);
  stage.view.dark = o.dark;
  stage.view.large = o.large;
  if (!o.record.out.empty()) return record_run(o.record, session.timeline(), session.player(), stage);
  if (!o.script.empty()) return run_script_file(o.script, session, stage, o.small);
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

int show_window(const Options& o, Session& session) {
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
    session.advance(real_ns);
    acts.clear();
    draw_session(session, frame, view, acts);
    do_acts(acts, session, view);
  };
  std::string problem;
  WindowOptions window;
  window.title = "quorumlab: " + session.timeline().recording().title;
  window.width = o.width;
  window.height = o.height;
  window.frames = o.frames;
  if (run_window(window, calls, problem)) return 0;
  return fail(problem);
}

// The run as it is to be shown first: with what --act does, at --at, or where it failed.
int prepare(const Options& o, Session& session) {
  std::string why_not;
  // What is done later keeps what was done before it, and not the other way round.
  std::vector<std::string> acts = o.acts;
  std::stable_sort(acts.begin(), acts.end(), [](const std::string& a, const std::string& b) {
    return Session::time_of(a).value_or(0) < Session::time_of(b).value_or(0);
  });
  for (const std::string& entry : acts) {
    if (session.act(std::string_view(entry), why_not)) continue;
    std::fprintf(stderr, "quorumlab-viz: --act %s: %s\n", entry.c_str(), why_not.c_str());
    return cli::kExitUsage;
  }
  if (!o.save.empty()) {
    if (session.save(o.save, why_not)) {
      std::printf("%s: replays to digest %s\n", o.save.c_str(), report::digest_text(session.shown().digest()).c_str());
      return -1;
    }
    std::fprintf(stderr, "quorumlab-viz: --save: %s\n", why_not.c_str());
    return cli::kExitUsage;
  }
  if (!o.at.empty()) {
    if (session.seek_to(o.at)) {
      const auto time = parse_time(o.at);
      const std::int64_t end = session.timeline().end_ns();
      if (time && *time > end && !find_bookmark(session.timeline().bookmarks(), o.at)) {
        std::fprintf(stderr, "quorumlab-viz: --at %s: the run ends at %s, which is shown\n", o.at.c_str(), moment_text(end).c_str());
      }
      return 0;
    }
    std::fprintf(stderr, o.at == "violation" ? "quorumlab-viz: --at \"%s\": nothing was violated; there are:\n"
                                             : "quorumlab-viz: --at \"%s\": no bookmark is called so, or more than one, and it is no time; there are:\n",
                 o.at.c_str());
    for (const Bookmark& b : session.timeline().bookmarks()) std::fprintf(stderr, "  %s\n", b.text.c_str());
    return cli::kExitUsage;
  }
  // Most runs are over long before somebody could look; of the others a beginning is enough.
  constexpr std::uint64_t kSoon = 200'000;
  session.shown().grow(INT64_MAX, kSoon);
  if (!o.acts.empty() || session.seek_failure()) return 0;
  if (!session.timeline().bookmarks().empty()) session.player().seek_bookmark(0);
  return 0;
}

int show(const Options& o, Session& session) {
  const bool window = in_window(o);
  if (o.list || !window) session.run_whole();
  if (o.list) {
    for (const Bookmark& b : session.timeline().bookmarks()) std::printf("%12.6f s  %s\n", static_cast<double>(b.at.time_ns) / 1e9, b.text.c_str());
    return 0;
  }
  if (const int code = prepare(o, session); code != 0) return std::max(code, 0);
  if (!window) session.run_whole();
  return window ? show_window(o, session) : show_nowhere(o, session);
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
  app.add_option("--act", o.acts, "Do this to the world first, as by hand: {\"at\": \"1.25s\", \"crash\": \"n1\"}, an entry of a scenario's \"meanwhile\"")
      ->option_text("JSON")->allow_extra_args(false);
  app.add_option("--save", o.save, "Write the run with what --act does as a scenario file, and end")->option_text("OUT.json");
  app.add_option("--at", o.at, "Where to begin: a bookmark, a slide (\"slide 20\"), a time (1.5s) or \"violation\"; without it: where the run failed")->option_text("PLACE");
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
  if (o.file.empty() && in_window(o)) {
    if (const int code = choose(o); code != 0 || o.file.empty()) return code;
  }
  if (o.file.empty()) o.file = "quorum";
  if (!o.screenshot.empty() && !o.screenshot.ends_with(".png")) {
    std::fprintf(stderr, "quorumlab-viz: --screenshot %s: a picture is a .png\n", o.screenshot.c_str());
    return cli::kExitUsage;
  }
  int code = 0;
  const auto session = open_session(o.file, o.seed, o.settings, code);
  if (!session) return code;
  return show(o, *session);
}

}  // namespace quorumlab::viz
