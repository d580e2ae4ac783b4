// Everything on the screen: draws a frame with Dear ImGui and answers with what the person wants done.
// Panels read a timeline, a frame and the player's state; they change none of them, and know no
// simulation. Whoever calls owns the ImGui context, its input and its output.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "viz/model/timeline.h"
#include "viz/panels/keys.h"
#include "viz/panels/menu.h"
#include "viz/player/player.h"

namespace quorumlab::viz {

// What the window remembers between frames.
struct View {
  bool dark = false;
  bool help = false;
  bool large = false;  // type for a large room
  bool keys = true;  // a picture shows no hints on keys
  // What stands below the lesson's words.
  enum class Panel : std::uint8_t { story, why, promises, diagram, log };
  Panel panel = Panel::story;
  bool wide_diagram = false;        // the diagram in the place of the network
  std::int64_t diagram_ns = 0;      // how much time it shows; 0: not chosen yet
  trace::RecordId why = 0;          // what was asked about last
  trace::RecordId hovered = 0;      // the message under the mouse, marked in all panels
  trace::RecordId hovered_next = 0;
  bool black = false;               // nothing to see: listen to the speaker
  bool hints = false;               // for who has just started
  // What was answered to the questions of records; places among their choices.
  std::vector<std::pair<trace::RecordId, int>> choices;
  int choice(trace::RecordId question) const;  // -1: none yet
  void choose(trace::RecordId question, int choice);
  // What can be done to the world; null: nothing, for whoever only looks. `branch`: whose frame it is.
  const Offer* offer = nullptr;
  std::size_t branch = 0;
  Menu menu;
  Stroke stroke;
  bool branches = false;        // their tree is shown
  std::size_t branch_at = 0;    // the one that stands out in it
  bool beside = false;          // while the branch beside the shown one is drawn
  // Where things were drawn, by name ("node:n1", "scrubber"): tests click by these names.
  struct Place {
    std::string name;
    int left = 0, top = 0, right = 0, bottom = 0;
  };
  // How far what is higher than its room was scrolled; what scrolls now takes Shift+Up and Shift+Down.
  struct Scroll {
    std::string name;
    std::uint64_t about = 0;
    int offset = 0;
  };
  std::vector<Scroll> scrolls;
  bool scrolls_now = false;
  int clip_top = 0, clip_bottom = 0;  // of what scrolls, while it is drawn; 0: nothing does
  std::vector<Place> places;
  const Place* place(std::string_view name) const;
};

// Adds the fonts for a picture of this size to the current context; once, before its first frame.
void add_fonts(int width, int height);
// The current context draws pictures of this size, without a window, a mouse or a file of its own; once,
// before its first frame.
void prepare_picture(int width, int height);
// The colour behind all, as 0xRRGGBB.
std::uint32_t background(bool dark);

// One ImGui frame between NewFrame and Render; acts are appended to `acts`. Keys are read from
// io.KeysDown at the places of Key.
void draw(const Timeline& timeline, const Frame& frame, const Player& player, View& view, std::vector<UiAct>& acts);

}  // namespace quorumlab::viz
