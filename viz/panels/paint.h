// The brush of this folder's .cpp files: colours, text and shapes on whole pixels, so that pictures are
// the same bytes everywhere.
#pragma once

#include <imgui.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "viz/panels/panels.h"

namespace quorumlab::viz {

// Okabe and Ito's palette: colours that people who see colours differently tell apart.
namespace palette {
inline constexpr ImU32 kBlack = IM_COL32(0, 0, 0, 255), kWhite = IM_COL32(255, 255, 255, 255);
inline constexpr ImU32 kOrange = IM_COL32(0xE6, 0x9F, 0x00, 255), kSky = IM_COL32(0x56, 0xB4, 0xE9, 255);
inline constexpr ImU32 kGreen = IM_COL32(0x00, 0x9E, 0x73, 255), kYellow = IM_COL32(0xF0, 0xE4, 0x42, 255);
inline constexpr ImU32 kBlue = IM_COL32(0x00, 0x72, 0xB2, 255), kVermillion = IM_COL32(0xD5, 0x5E, 0x00, 255);
inline constexpr ImU32 kPurple = IM_COL32(0xCC, 0x79, 0xA7, 255);
}  // namespace palette

struct Theme {
  ImU32 back, panel, line, faint, text, quiet, good, bad;
};
const Theme& theme(bool dark);

struct Point {
  int x = 0, y = 0;
  ImVec2 at() const { return {static_cast<float>(x), static_cast<float>(y)}; }
};
// Right and bottom are outside.
struct Box {
  int left = 0, top = 0, right = 0, bottom = 0;
  int width() const { return right - left; }
  int height() const { return bottom - top; }
  Point middle() const { return {(left + right) / 2, (top + bottom) / 2}; }
};

enum class Size : int { small, body, title };
enum class Align : std::uint8_t { left, centre, right };

class Brush {
 public:
  Brush(const View& view, ImDrawList* list);
  const Theme& colours() const { return colours_; }
  ImDrawList* list() const { return list_; }
  // So many pixels of a picture of 1280x800, in this one.
  int px(int n) const { return (n * scale_permille_ + 500) / 1000; }
  bool large() const { return large_; }  // type for a large room
  // The same in normal type; and one that only measures: what is drawn with it leaves no trace.
  Brush in_normal_type() const;
  Brush dry() const;

  int line_height(Size size) const;
  int width(std::string_view text, Size size) const;
  // `at`: top left, top middle or top right.
  void text(Point at, std::string_view text, Size size, ImU32 colour, Align align = Align::left) const;
  // In lines that fit; answers the height used. No more than `most` lines; the last then ends in "...".
  int paragraph(Point at, int width, std::string_view text, Size size, ImU32 colour, int most = 99) const;
  std::vector<std::string> fold(std::string_view text, int width, Size size) const;
  std::string shortened(std::string_view text, int width, Size size) const;

  void fill(const Box& box, ImU32 colour, int rounding = 0) const;
  void frame(const Box& box, ImU32 colour, int thickness = 1, int rounding = 0) const;
  void line(Point a, Point b, ImU32 colour, int thickness = 1) const;
  void dashes(Point a, Point b, ImU32 colour, int thickness, int dash, int gap) const;
  void circle(Point centre, int radius, ImU32 fill, ImU32 edge, int thickness) const;
  // Regular, with a corner at `turn` degrees (0: to the right, 90: down).
  void polygon(Point centre, int radius, int corners, int turn, ImU32 fill, ImU32 edge, int thickness) const;
  void tick(Point centre, int size, ImU32 colour) const;
  void cross(Point centre, int size, ImU32 colour, int thickness) const;
  void arrow_head(Point tip, Point from, int size, ImU32 colour) const;

 private:
  const ImFont* font(Size size) const;
  int letters(Size size) const;
  float pixels(Size size) const;
  const Theme& colours_;
  ImDrawList* list_;
  bool large_;
  int scale_permille_;
};

// So far from the centre in that direction; 0 degrees: to the right, 90: down.
Point on_circle(Point centre, int radius_x, int radius_y, int degrees);
// "2.198 s", "45.2 ms".
std::string time_text(std::int64_t ns);
// An act as a client would say it: "GET /v2/keys/x" for a curl with all its options.
std::string short_act(std::string_view act);
// Letters that the built-in font has.
std::string plain(std::string_view text);

// What panels share while a frame is drawn.
struct Canvas {
  const Timeline& timeline;
  const Frame& frame;
  const Player& player;
  View& view;
  const Brush& brush;
  std::vector<UiAct>& acts;

  const std::string& title(std::uint32_t host) const { return timeline.recording().titles[host - 1]; }
  std::string_view words(std::uint64_t text) const { return timeline.recording().trace.text_at(text); }
  Canvas with(const Brush& other) const { return {timeline, frame, player, view, other, acts}; }
  bool dry() const { return brush.list() == nullptr; }
  void remember(std::string name, const Box& box) const {
    if (dry()) return;
    const bool clipped = view.clip_bottom != 0;
    if (clipped && (box.bottom <= view.clip_top || box.top >= view.clip_bottom)) return;
    if (view.beside) name = "beside:" + name;
    view.places.push_back({std::move(name), box.left, clipped ? std::max(box.top, view.clip_top) : box.top, box.right,
                           clipped ? std::min(box.bottom, view.clip_bottom) : box.bottom});
  }
};

void draw_network(const Canvas& canvas, const Box& box);   // network.cpp
void draw_side(const Canvas& canvas, const Box& box);      // side.cpp
void draw_scrubber(const Canvas& canvas, const Box& box);  // scrubber.cpp
void draw_help(const Canvas& canvas, const Box& box);      // help.cpp
void draw_why(const Canvas& canvas, const Box& box);       // why.cpp
void draw_promises(const Canvas& canvas, const Box& box);  // promises.cpp
void draw_diagram(const Canvas& canvas, const Box& box);   // diagram.cpp
void draw_hints(const Canvas& canvas, const Box& box);     // lesson.cpp
int draw_spread(const Canvas& canvas, const Box& box);     // spread.cpp; answers where it ends
void draw_logs(const Canvas& canvas, const Box& box);      // log.cpp

}  // namespace quorumlab::viz
