// The context, its input, and the rasteriser.
#include "viz/app/stage.h"

#include <imgui.h>

#include <algorithm>

namespace quorumlab::viz {
namespace {

// Before the rasteriser asks for the fonts.
int make_context(int width, int height) {
  IMGUI_CHECKVERSION();
  ImGui::CreateContext();
  prepare_picture(width, height);
  return 0;
}

}  // namespace

void do_acts(const std::vector<UiAct>& acts, Session& session, View& view) {
  for (const UiAct& act : acts) {
    if (act.kind == UiAct::Kind::toggle_help) view.help = !view.help;
    else if (act.kind == UiAct::Kind::toggle_theme) view.dark = !view.dark;
    else if (act.kind == UiAct::Kind::toggle_large) view.large = !view.large;
    else session.act(act);
  }
}

void draw_session(Session& session, Frame& frame, View& view, std::vector<UiAct>& acts) {
  // A frame is folded on from one of the same run.
  if (view.branch != session.shown_number()) frame = {};
  view.branch = session.shown_number();
  session.timeline().look(session.player().cursor(), frame);
  view.offer = &session.offer(frame);
  draw(session.timeline(), frame, session.player(), view, acts);
}

Stage::Stage(Session& session, int width, int height)
    : session_(session), rasteriser_((make_context(width, height), Rasteriser())) {
  view.keys = false;
}

Stage::~Stage() { ImGui::DestroyContext(); }

void Stage::step(std::int64_t real_ns) {
  ImGui::GetIO().DeltaTime = std::max(1e-4f, static_cast<float>(real_ns) / 1e9f);
  session_.advance(real_ns);
  acts_.clear();
  ImGui::NewFrame();
  draw_session(session_, frame_, view, acts_);
  ImGui::Render();
  do_acts(acts_, session_, view);
}

const Image& Stage::picture() {
  rasteriser_.draw(*ImGui::GetDrawData(), background(view.dark), image_);
  return image_;
}

void Stage::point_at(int x, int y) { ImGui::GetIO().MousePos = ImVec2(static_cast<float>(x), static_cast<float>(y)); }
void Stage::press(int button, bool down) { ImGui::GetIO().MouseDown[button] = down; }
void Stage::press(Key key, bool down) { ImGui::GetIO().KeysDown[static_cast<int>(key)] = down; }
void Stage::shift(bool down) { ImGui::GetIO().KeyShift = down; }
void Stage::control(bool down) { ImGui::GetIO().KeyCtrl = down; }
void Stage::wheel(int notches) { ImGui::GetIO().MouseWheel += static_cast<float>(notches); }
void Stage::letter(char c) { ImGui::GetIO().AddInputCharacter(static_cast<unsigned char>(c)); }

}  // namespace quorumlab::viz
