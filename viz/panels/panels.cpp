// The screen put together: header, network, side column, scrubber; and the keys.
#include "viz/panels/panels.h"

#include <imgui.h>

#include "viz/panels/acts.h"
#include "viz/panels/mouse.h"
#include "viz/panels/paint.h"

namespace quorumlab::viz {
namespace {

bool pressed(Key key, bool repeat) { return ImGui::IsKeyPressed(static_cast<int>(key), repeat); }

// The same key again goes back to the story. The diagram comes beside the network first, then in its
// place.
void read_panel_keys(View& view) {
  using Panel = View::Panel;
  const auto toggle = [&](Panel panel) { view.panel = view.panel == panel ? Panel::story : panel; };
  if (pressed(Key::why, false)) toggle(Panel::why);
  if (pressed(Key::promises, false)) toggle(Panel::promises);
  if (pressed(Key::log, false)) toggle(Panel::log);
  if (pressed(Key::black, false)) view.black = !view.black;
  if (!pressed(Key::diagram, false)) return;
  if (view.wide_diagram) {
    view.wide_diagram = false;
  } else if (view.panel == Panel::diagram) {
    view.wide_diagram = true;
    view.panel = Panel::story;
  } else {
    view.panel = Panel::diagram;
  }
}

void read_keys(View& view, std::vector<UiAct>& acts) {
  using Kind = UiAct::Kind;
  struct Bound {
    Key key;
    Kind act;
    bool repeat;
  };
  static constexpr Bound kBound[] = {
      {Key::space, Kind::toggle_play, false},      {Key::right, Kind::next_visible, true},
      {Key::left, Kind::previous_visible, true},   {Key::up, Kind::faster, true},
      {Key::down, Kind::slower, true},             {Key::page_down, Kind::next_bookmark, false},
      {Key::page_up, Kind::previous_bookmark, false}, {Key::home, Kind::first, false},
      {Key::end, Kind::last, false},               {Key::event_next, Kind::next_event, true},
      {Key::event_previous, Kind::previous_event, true}, {Key::help, Kind::toggle_help, false},
      {Key::theme, Kind::toggle_theme, false},     {Key::large, Kind::toggle_large, false},
  };
  for (const Bound& b : kBound) {
    if (view.scrolls_now && ImGui::GetIO().KeyShift && (b.key == Key::up || b.key == Key::down)) continue;
    if (pressed(b.key, b.repeat)) acts.push_back({b.act, 0, Mark::nothing});
  }
  const Kind direction = ImGui::GetIO().KeyShift ? Kind::previous_of : Kind::next_of;
  if (pressed(Key::election, true)) acts.push_back({direction, 0, Mark::election});
  if (pressed(Key::commit, true)) acts.push_back({direction, 0, Mark::commit});
  if (pressed(Key::fault, true)) acts.push_back({direction, 0, Mark::fault});
  if (pressed(Key::violation, true)) acts.push_back({direction, 0, Mark::violation});
  read_panel_keys(view);
  if (!pressed(Key::escape, false)) return;
  view.black = false;
  if (!view.help) view.panel = View::Panel::story;
  if (!view.help) view.wide_diagram = false;
  view.help = false;
}

// Buttons for what one looks for; named by their keys. Answers where they begin.
int draw_jumps(const Canvas& c, int right, const Box& header) {
  struct Jump {
    const char *key, *name, *what;
    Mark mark;
  };
  static constexpr Jump kJumps[] = {{"V", "jump:violation", "next violation", Mark::violation},
                                    {"F", "jump:fault", "next fault", Mark::fault},
                                    {"M", "jump:commit", "next commit", Mark::commit},
                                    {"E", "jump:election", "next election", Mark::election}};
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const int wide = b.width("M", Size::small) + b.px(12), high = b.line_height(Size::small) + b.px(6), y = header.middle().y - high / 2;
  for (const Jump& jump : kJumps) {
    if (!c.timeline.has_raft() && (jump.mark == Mark::commit || jump.mark == Mark::election)) continue;
    const Box at{right - wide, y, right, y + high};
    b.fill(at, hovers(c, at) ? t.faint : t.panel, b.px(4));
    b.text({at.middle().x, y + b.px(3)}, jump.key, Size::small, t.quiet, Align::centre);
    if (hovers(c, at)) ImGui::SetTooltip("%s (with Shift: back)", jump.what);
    if (clicked(c, at)) c.acts.push_back({ImGui::GetIO().KeyShift ? UiAct::Kind::previous_of : UiAct::Kind::next_of, 0, jump.mark});
    c.remember(jump.name, at);
    right = at.left - b.px(4);
  }
  return right;
}

void draw_header(const Canvas& c, const Box& box) {
  const Brush& b = c.brush;
  const Theme& t = b.colours();
  const int y = box.middle().y - b.line_height(Size::title) / 2;
  const std::string time = time_text(c.frame.time_ns);
  b.text({box.right - b.px(16), y}, time, Size::title, t.text, Align::right);
  int right = box.right - b.px(16) - b.width("00000.000 s", Size::title) - b.px(10);
  if (c.view.keys) {
    const Point at{right - b.px(20), box.middle().y};
    if (c.player.playing()) {
      b.fill({at.x - b.px(8), at.y - b.px(9), at.x - b.px(2), at.y + b.px(9)}, t.text);
      b.fill({at.x + b.px(2), at.y - b.px(9), at.x + b.px(8), at.y + b.px(9)}, t.text);
    } else {
      b.polygon(at, b.px(12), 3, 0, t.text, 0, 0);
    }
    const std::string speed = c.player.speed_text() + " speed";
    b.text({at.x - b.px(20), box.middle().y - b.line_height(Size::body) / 2}, speed, Size::body, t.quiet, Align::right);
    const int left = at.x - b.px(30) - b.width(speed, Size::body);
    b.text({left - b.px(16), box.middle().y - b.line_height(Size::body) / 2}, "? keys", Size::body, t.quiet, Align::right);
    right = draw_jumps(c, left - b.px(28) - b.width("? keys", Size::body), box) - b.px(10);
    ImGui::SetCursorScreenPos(Point{at.x - b.px(14), box.top}.at());
    if (ImGui::InvisibleButton("play", Point{b.px(28), box.height()}.at())) {
      c.acts.push_back({UiAct::Kind::toggle_play, 0, Mark::nothing});
    }
    c.remember("play", {at.x - b.px(14), box.top, at.x + b.px(14), box.bottom});
  }
  b.text({box.left + b.px(16), y}, b.shortened(plain(c.timeline.recording().title), right - box.left - b.px(32), Size::title),
         Size::title, t.text);
  b.line({box.left, box.bottom}, {box.right, box.bottom}, t.faint, b.px(2));
}

}  // namespace

const View::Place* View::place(std::string_view name) const {
  for (const Place& p : places) {
    if (p.name == name) return &p;
  }
  return nullptr;
}

int View::choice(trace::RecordId question) const {
  for (const auto& [record, chosen] : choices) {
    if (record == question) return chosen;
  }
  return -1;
}

void View::choose(trace::RecordId question, int chosen) {
  std::erase_if(choices, [&](const auto& c) { return c.first == question; });
  choices.emplace_back(question, chosen);
}

void draw(const Timeline& timeline, const Frame& frame, const Player& player, View& view, std::vector<UiAct>& acts) {
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  view.places.clear();
  view.scrolls_now = false;
  view.hovered = view.hovered_next;
  view.hovered_next = 0;
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(size);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, ImVec2(1, 1));
  ImGui::Begin("quorumlab", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoNav);
  ImGui::PopStyleVar(3);
  const Brush brush(view, ImGui::GetWindowDrawList());
  const Canvas canvas{timeline, frame, player, view, brush, acts};
  const int width = static_cast<int>(size.x), height = static_cast<int>(size.y);
  const int header = brush.px(50), scrubber = brush.px(view.large ? 166 : 152), side = brush.px(view.large ? 452 : 392);
  const int gap = brush.px(16);
  const Box network{0, header, width - side - gap, height - scrubber};
  const bool compares = view.offer != nullptr && view.offer->beside_frame != nullptr;
  // A menu takes the mouse: what lies below it must not hear of it.
  ImGuiIO& io = ImGui::GetIO();
  const ImVec2 mouse = io.MousePos;
  const bool busy = view.menu.kind != Menu::Kind::none;
  if (busy) io.MousePos = ImVec2(-1e6f, -1e6f);
  draw_header(canvas, {0, 0, width, header});
  if (view.wide_diagram) draw_diagram(canvas, {network.left + gap, network.top + gap, network.right - gap, network.bottom - gap});
  else if (compares) draw_two_networks(canvas, {0, header, width, height - scrubber});
  else draw_network(canvas, network);
  if (!compares || view.wide_diagram) draw_side(canvas, {network.right, header + gap, width - gap, height - scrubber - brush.px(10)});
  draw_scrubber(canvas, {0, height - scrubber, width, height});
  draw_hints(canvas, network);
  if (view.help) draw_help(canvas, {0, 0, width, height});
  io.MousePos = mouse;
  const bool clicked = ImGui::IsMouseClicked(0) || ImGui::IsMouseClicked(1);
  const std::size_t before = acts.size();
  bool taken = false;
  if (view.offer != nullptr && !view.black) {
    // Two networks have a sentence below them.
    Box free = network;
    if (compares && !view.wide_diagram) free.bottom -= 3 * brush.line_height(Size::body) + brush.px(16);
    if (!view.help) draw_notice(canvas, free);
    taken = draw_menu(canvas, {0, 0, width, height});
    if (!taken) taken = draw_branches(canvas, {network.right, header + gap, width - gap, height - scrubber - brush.px(10)});
  }
  if (!taken) read_keys(view, acts);
  if (clicked || taken || acts.size() > before) view.hints = false;
  if (view.black) brush.fill({0, 0, width, height}, palette::kBlack);
  ImGui::End();
}

}  // namespace quorumlab::viz
