// Colours can be read and told apart: by contrast as WCAG 2 counts it, and by eyes that lack one kind
// of cones.
#include <algorithm>
#include <array>
#include <cmath>

#include "tests/catch.h"
#include "viz/panels/paint.h"

namespace quorumlab::viz {
namespace {

std::array<double, 3> linear(ImU32 colour) {
  std::array<double, 3> out{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double part = static_cast<double>(colour >> (8 * i) & 255) / 255;
    out[i] = part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
  }
  return out;
}

double contrast(ImU32 a, ImU32 b) {
  const auto luminance = [](ImU32 colour) {
    const auto c = linear(colour);
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
  };
  const double x = luminance(a), y = luminance(b);
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

// Machado, Oliveira and Fernandes 2009, severity 1.
std::array<double, 3> without_green_cones(ImU32 colour) {
  static constexpr double kMatrix[3][3] = {
      {0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}};
  const auto c = linear(colour);
  std::array<double, 3> out{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double sum = kMatrix[i][0] * c[0] + kMatrix[i][1] * c[1] + kMatrix[i][2] * c[2];
    out[i] = 255 * std::pow(std::clamp(sum, 0.0, 1.0), 1 / 2.2);
  }
  return out;
}

double apart(ImU32 a, ImU32 b) {
  const auto x = without_green_cones(a), y = without_green_cones(b);
  return std::sqrt((x[0] - y[0]) * (x[0] - y[0]) + (x[1] - y[1]) * (x[1] - y[1]) + (x[2] - y[2]) * (x[2] - y[2]));
}

}  // namespace

TEST_CASE("all text has the contrast that WCAG asks for") {
  constexpr double kEnough = 4.5;
  CHECK(contrast(palette::kBlack, palette::kWhite) == Approx(21));
  for (const bool dark : {false, true}) {
    const Theme& t = theme(dark);
    for (const ImU32 text : {t.text, t.quiet, t.good, t.bad}) {
      for (const ImU32 behind : {t.back, t.panel}) {
        INFO((dark ? "dark " : "light ") << std::hex << text << " on " << behind);
        CHECK(contrast(text, behind) >= kEnough);
      }
    }
  }
  for (const ImU32 role : {palette::kOrange, palette::kSky, palette::kYellow}) CHECK(contrast(palette::kBlack, role) >= kEnough);
  CHECK(contrast(palette::kWhite, palette::kBlue) >= kEnough);
}

TEST_CASE("what touches can be told apart by its brightness, or by the line between") {
  constexpr double kShapes = 3, kText = 4.5;  // WCAG 2.1, 1.4.11 and 1.4.3
  const std::array roles = {palette::kOrange, palette::kSky, palette::kYellow};
  // Every server has an edge in ink; a fill touches nothing else.
  for (const ImU32 role : roles) CHECK(contrast(palette::kBlack, role) >= kShapes);
  CHECK(contrast(palette::kBlack, theme(false).back) >= kShapes);
  CHECK(contrast(palette::kWhite, theme(true).back) >= kShapes);
  for (const bool dark : {false, true}) {
    const Theme& t = theme(dark);
    INFO((dark ? "dark" : "light"));
    // Arcs of timers, crosses, ticks, and the meter's empty cells.
    for (const ImU32 drawn : {t.quiet, t.bad, t.good, t.line, palette::kVermillion}) CHECK(contrast(drawn, t.back) >= kShapes);
    for (const ImU32 drawn : {t.quiet, t.bad, t.good}) CHECK(contrast(drawn, t.panel) >= kShapes);
  }
  // Words on colours: terms in logs, seconds of suspects, tabs.
  for (const ImU32 behind : {palette::kGreen, palette::kOrange, palette::kYellow}) CHECK(contrast(palette::kBlack, behind) >= kText);
  CHECK(contrast(palette::kWhite, palette::kBlue) >= kText);
}

TEST_CASE("what stands side by side can be told apart without green cones") {
  constexpr double kApart = 50;  // of 441 between black and white
  const std::array roles = {palette::kOrange, palette::kSky, palette::kYellow};
  for (const ImU32 a : roles) {
    for (const ImU32 b : roles) {
      if (a != b) CHECK(apart(a, b) >= kApart);
    }
  }
  CHECK(apart(palette::kGreen, palette::kVermillion) >= kApart);
  CHECK(apart(palette::kYellow, palette::kVermillion) >= kApart);
  for (const bool dark : {false, true}) CHECK(apart(theme(dark).good, theme(dark).bad) >= kApart);
  CHECK(apart(IM_COL32(200, 60, 60, 255), IM_COL32(110, 110, 60, 255)) < kApart);  // what it must catch
}

}  // namespace quorumlab::viz
