// Pictures from the software rasteriser are the same bytes on every machine and from every compiler.
#include <cstdio>

#include "core/base/hash.h"
#include "tests/unit/viz/recordings.h"
#include "tests/unit/viz/screen/screen.h"
#include "viz/backend/software/rasteriser.h"

namespace quorumlab::viz {
namespace {

std::string sum(const Image& image) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash_bytes(image.rgba, 0)));
  return text;
}

Image picture(const std::string& scenario, const std::string& at, bool dark) {
  const Recording recording = record_scenario(scenario);
  Timeline timeline(recording);
  Player player(timeline);
  REQUIRE(player.seek_to(at));
  Screen screen;
  const Rasteriser rasteriser;
  screen.view.dark = dark;
  screen.view.keys = false;
  screen.frame(timeline, player);
  Image image;
  rasteriser.draw(*ImGui::GetDrawData(), background(dark), image);
  return image;
}

std::uint32_t pixel(const Image& image, int x, int y) {
  const std::size_t at = static_cast<std::size_t>(y * image.width + x) * 4;
  return static_cast<std::uint32_t>(image.rgba[at]) << 16 | static_cast<std::uint32_t>(image.rgba[at + 1]) << 8 | image.rgba[at + 2];
}

}  // namespace

TEST_CASE("rectangles that touch leave no gap and cover nothing twice") {
  Screen screen(64, 64);
  ImGui::NewFrame();
  ImDrawList* list = ImGui::GetForegroundDrawList();
  list->AddRectFilled(ImVec2(8, 8), ImVec2(24, 24), IM_COL32(255, 0, 0, 128));
  list->AddRectFilled(ImVec2(24, 8), ImVec2(40, 24), IM_COL32(255, 0, 0, 128));
  ImGui::Render();
  const Rasteriser rasteriser;
  Image image;
  rasteriser.draw(*ImGui::GetDrawData(), 0, image);
  REQUIRE(image.width == 64);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x) {
      const bool inside = x >= 8 && x < 40 && y >= 8 && y < 24;
      INFO(x << ", " << y);
      REQUIRE(pixel(image, x, y) == (inside ? 0x800000u : 0u));
    }
  }
}

TEST_CASE("a picture is the same bytes everywhere") {
  CHECK(sum(picture("talk/quorum", "two are down", false)) == "8513148550f62374");
  CHECK(sum(picture("talk/elastic-ip", "lb2 takes it over", true)) == "c8b95d1a15589fb6");
}

}  // namespace quorumlab::viz
