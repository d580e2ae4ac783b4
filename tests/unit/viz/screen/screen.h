// A screen without a display: an ImGui context of its own, frames on request, mouse and keys by hand.
#pragma once

#include <imgui.h>

#include <string>

#include "tests/catch.h"
#include "viz/panels/panels.h"

namespace quorumlab::viz {

class Screen {
 public:
  explicit Screen(int width = 1280, int height = 800) {
    ImGui::CreateContext();
    prepare_picture(width, height);
    ImGuiIO& io = ImGui::GetIO();
    unsigned char* pixels = nullptr;
    io.Fonts->GetTexDataAsAlpha8(&pixels, &width, &height);
  }
  ~Screen() { ImGui::DestroyContext(); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  std::vector<UiAct> frame(Timeline& timeline, const Player& player) {
    timeline.look(player.cursor(), frame_);
    std::vector<UiAct> acts;
    ImGui::NewFrame();
    draw(timeline, frame_, player, view, acts);
    ImGui::Render();
    return acts;
  }
  // Presses and lets go; what was asked for in either frame.
  std::vector<UiAct> key(Key key, Timeline& timeline, const Player& player) {
    ImGui::GetIO().KeysDown[static_cast<int>(key)] = true;
    std::vector<UiAct> acts = frame(timeline, player);
    ImGui::GetIO().KeysDown[static_cast<int>(key)] = false;
    for (const UiAct& act : frame(timeline, player)) acts.push_back(act);
    return acts;
  }
  std::vector<UiAct> letters(const std::string& text, Timeline& timeline, const Player& player) {
    std::vector<UiAct> acts;
    for (const char c : text) {
      ImGui::GetIO().AddInputCharacter(static_cast<unsigned char>(c));
      for (const UiAct& act : frame(timeline, player)) acts.push_back(act);
    }
    return acts;
  }
  std::vector<UiAct> right_click(int x, int y, Timeline& timeline, const Player& player) {
    std::vector<UiAct> acts;
    for (const bool down : {false, true, false}) {
      ImGui::GetIO().MousePos = ImVec2(static_cast<float>(x), static_cast<float>(y));
      ImGui::GetIO().MouseDown[1] = down;
      for (const UiAct& act : frame(timeline, player)) acts.push_back(act);
    }
    return acts;
  }
  void mouse(int x, int y, bool down) {
    ImGui::GetIO().MousePos = ImVec2(static_cast<float>(x), static_cast<float>(y));
    ImGui::GetIO().MouseDown[0] = down;
  }
  const View::Place& place(const std::string& name) const {
    const View::Place* found = view.place(name);
    INFO("nothing on the screen is called " << name);
    REQUIRE(found != nullptr);
    return *found;
  }

  View view;

 private:
  Frame frame_;
};

}  // namespace quorumlab::viz
