// Options, and the two ways to a picture.
#include "viz/app/app.h"

#include <imgui.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "sim/cli/cli.h"
#include "viz/app/open.h"
#include "viz/backend/glfw/window.h"
#include "viz/backend/software/rasteriser.h"
#include "viz/panels/panels.h"

namespace quorumlab::viz {
namespace {

struct Options {
  std::string file = "quorum", screenshot, at;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> settings;
  int width = 1280, height = 800;
  long frames = -1;
  bool dark = false, light = false, list = false;
};

void do_acts(const std::vector<UiAct>& acts, Player& player, View& view) {
  for (const UiAct& act : acts) {
    if (act.kind == UiAct::Kind::toggle_help) view.help = !view.help;
    else if (act.kind == UiAct::Kind::toggle_theme) view.dark = !view.dark;
    else player.act(act);
  }
}

int take_picture(const Options& o, Timeline& timeline, Player& player) {
  IMGUI_CHECKVERSION();
  ImGui::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
  io.DisplaySize = ImVec2(static_cast<float>(o.width), static_cast<float>(o.height));
  io.DeltaTime = 1.0f / 60;
  io.MousePos = ImVec2(-1e6f, -1e6f);
  add_fonts(o.width, o.height);
  const Rasteriser rasteriser;
  View view;
  view.dark = o.dark;
  view.keys = false;
  Frame frame;
  timeline.look(player.cursor(), frame);
  std::vector<UiAct> acts;
  ImGui::NewFrame();
  draw(timeline, frame, player, view, acts);
  ImGui::Render();
  Image image;
  rasteriser.draw(*ImGui::GetDrawData(), background(view.dark), image);
  ImGui::DestroyContext();
  if (write_png(o.screenshot, image)) return 0;
  std::fprintf(stderr, "quorumlab-viz: %s: cannot be written\n", o.screenshot.c_str());
  return cli::kExitUsage;
}

int show_window(const Options& o, Timeline& timeline, Player& player) {
  View view;
  view.dark = o.dark;
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
  std::fprintf(stderr, "quorumlab-viz: %s\n(a picture needs no display: --screenshot OUT.png)\n", problem.c_str());
  return 1;
}

}  // namespace

int run_viz(int argc, char** argv) {
  Options o;
  CLI::App app{"quorumlab-viz: see a run, stop it, step through it", "quorumlab-viz"};
  app.add_option("file", o.file, "A scenario's file or name, or a trace (.qlt); without one: quorum")->option_text("SCENARIO|TRACE");
  app.add_option("--screenshot", o.screenshot, "Write a picture, without a display, and end")->option_text("OUT.png");
  app.add_option("--at", o.at, "Where to begin: a bookmark, a slide (\"slide 20\") or a time (1.5s)")->option_text("PLACE");
  app.add_option("--seed", o.seed, "Decides all chance; without it: the file's seed")->option_text("N");
  app.add_option("--set", o.settings, "Change a value of the file, for example cluster.nodes=7")->option_text("KEY=VALUE")->allow_extra_args(false);
  app.add_option("--width", o.width, "Of the picture or window, in pixels")->check(CLI::Range(320, 7680));
  app.add_option("--height", o.height, "The same")->check(CLI::Range(240, 4320));
  app.add_option("--frames", o.frames, "Close the window after so many frames (for tests)")->option_text("N");
  auto* dark = app.add_flag("--dark", o.dark, "Light on dark");
  app.add_flag("--light", o.light, "Dark on light (as it is without this)")->excludes(dark);
  app.add_flag("--bookmarks", o.list, "Print the run's bookmarks and end");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : cli::kExitUsage;
  }
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
  return o.screenshot.empty() ? show_window(o, timeline, player) : take_picture(o, timeline, player);
}

}  // namespace quorumlab::viz
