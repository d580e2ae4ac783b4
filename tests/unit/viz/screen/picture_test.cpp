// Pictures from the software rasteriser are the same bytes on every machine and from every compiler.
#include <algorithm>
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

// As eyes without green cones see it (Machado, Oliveira and Fernandes 2009, severity 1), on the bytes as
// they are, in thousandths: integers only.
Image without_green_cones(const Image& image) {
  static constexpr int kMatrix[3][3] = {{367, 861, -228}, {280, 673, 47}, {-12, 43, 969}};
  Image out = image;
  for (std::size_t i = 0; i + 4 <= image.rgba.size(); i += 4) {
    for (std::size_t row = 0; row < 3; ++row) {
      int sum = 0;
      for (std::size_t column = 0; column < 3; ++column) sum += kMatrix[row][column] * image.rgba[i + column];
      out.rgba[i + row] = static_cast<std::uint8_t>(std::clamp((sum + 500) / 1000, 0, 255));
    }
  }
  return out;
}

int apart(std::uint32_t a, std::uint32_t b) {
  int sum = 0;
  for (const int shift : {0, 8, 16}) {
    const int d = static_cast<int>(a >> shift & 255) - static_cast<int>(b >> shift & 255);
    sum += d * d;
  }
  return sum;
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

TEST_CASE("a picture without green cones still tells roles, answers and states apart") {
  const Recording recording = record_scenario("talk/quorum");
  Timeline timeline(recording);
  Player player(timeline);
  Screen screen;
  const Rasteriser rasteriser;
  screen.view.keys = false;
  // Left of a server's name.
  const auto fill_of = [&](const char* at, const char* server) {
    REQUIRE(player.seek_to(at));
    screen.frame(timeline, player);
    Image image;
    rasteriser.draw(*ImGui::GetDrawData(), background(false), image);
    const View::Place& p = screen.place(server);
    return pixel(without_green_cones(image), p.left + 10, (p.top + p.bottom) / 2);
  };
  const std::uint32_t leader = fill_of("slide 22", "node:n4"), follower = fill_of("slide 22", "node:n2"), down = fill_of("slide 22", "node:n1");
  const std::uint32_t candidate = fill_of("1.47", "node:n4");
  constexpr int kApart = 50 * 50;
  const std::uint32_t all[] = {leader, follower, down, candidate};
  for (const std::uint32_t a : all) {
    for (const std::uint32_t b : all) {
      INFO(std::hex << a << " and " << b);
      if (&a != &b && a != b) CHECK(apart(a, b) >= kApart);
    }
  }
  CHECK((leader != follower && leader != candidate && follower != candidate && down != follower));
}

TEST_CASE("a picture without green cones is the same bytes everywhere") {
  CHECK(sum(without_green_cones(picture("talk/quorum", "two are down", false))) == "257f33fcd0ba520f");
}

}  // namespace quorumlab::viz
