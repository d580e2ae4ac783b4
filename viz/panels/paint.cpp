// Colours, text and shapes.
#include "viz/panels/paint.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace quorumlab::viz {
namespace {
// Of a picture of 1280x800; the built-in font is made of squares and is sharpest at multiples of 13.
constexpr std::array<int, 3> kPixels = {16, 20, 26};
// For those who sit at the back.
constexpr std::array<int, 3> kLargePixels = {21, 27, 34};
}  // namespace

const Theme& theme(bool dark) {
  static const Theme kLight = {IM_COL32(0xFF, 0xFF, 0xFF, 255), IM_COL32(0xF3, 0xF5, 0xF7, 255),
                               IM_COL32(0x8A, 0x93, 0x9C, 255), IM_COL32(0xDD, 0xE2, 0xE6, 255),
                               IM_COL32(0x12, 0x16, 0x1A, 255), IM_COL32(0x50, 0x5A, 0x64, 255),
                               IM_COL32(0x00, 0x7A, 0x59, 255), IM_COL32(0xB8, 0x4A, 0x00, 255)};
  static const Theme kDark = {IM_COL32(0x14, 0x17, 0x1C, 255), IM_COL32(0x1F, 0x24, 0x2B, 255),
                              IM_COL32(0x77, 0x82, 0x8E, 255), IM_COL32(0x33, 0x3B, 0x45, 255),
                              IM_COL32(0xF2, 0xF4, 0xF6, 255), IM_COL32(0xB4, 0xBE, 0xC8, 255),
                              IM_COL32(0x2C, 0xC9, 0x9C, 255), IM_COL32(0xFF, 0x8A, 0x33, 255)};
  return dark ? kDark : kLight;
}

std::uint32_t background(bool dark) {
  const ImU32 c = theme(dark).back;
  return (c >> IM_COL32_R_SHIFT & 255) << 16 | (c >> IM_COL32_G_SHIFT & 255) << 8 | (c >> IM_COL32_B_SHIFT & 255);
}

namespace {
int scale_of(int width, int height) { return std::clamp(std::min(width * 1000 / 1280, height * 1000 / 800), 400, 4000); }
}  // namespace

void add_fonts(int width, int height) {
  ImFontAtlas* fonts = ImGui::GetIO().Fonts;
  for (const auto& sizes : {kPixels, kLargePixels}) {
    for (const int pixels : sizes) {
      ImFontConfig config;
      config.SizePixels = static_cast<float>((pixels * scale_of(width, height) + 500) / 1000);
      config.OversampleH = config.OversampleV = 1;
      config.PixelSnapH = true;
      fonts->AddFontDefault(&config);
    }
  }
}

void prepare_picture(int width, int height) {
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
  io.DisplaySize = ImVec2(static_cast<float>(width), static_cast<float>(height));
  io.DeltaTime = 1.0f / 60;
  io.MousePos = ImVec2(-1e6f, -1e6f);
  add_fonts(width, height);
}

Brush::Brush(const View& view, ImDrawList* list)
    : colours_(theme(view.dark)),
      list_(list),
      large_(view.large),
      scale_permille_(scale_of(static_cast<int>(ImGui::GetIO().DisplaySize.x),
                               static_cast<int>(ImGui::GetIO().DisplaySize.y))) {}

Brush Brush::in_normal_type() const {
  Brush out = *this;
  out.large_ = false;
  return out;
}

Brush Brush::dry() const {
  Brush out = *this;
  out.list_ = nullptr;
  return out;
}

const ImFont* Brush::font(Size size) const {
  const ImFontAtlas* fonts = ImGui::GetIO().Fonts;
  return fonts->Fonts[std::min(static_cast<int>(size) + (large_ ? 3 : 0), fonts->Fonts.Size - 1)];
}

int Brush::letters(Size size) const { return px((large_ ? kLargePixels : kPixels)[static_cast<std::size_t>(size)]); }
float Brush::pixels(Size size) const { return static_cast<float>(letters(size)); }
int Brush::line_height(Size size) const { return letters(size) * 6 / 5; }

int Brush::width(std::string_view text, Size size) const {
  return static_cast<int>(
      std::ceil(font(size)->CalcTextSizeA(pixels(size), 1e9f, 0, text.data(), text.data() + text.size()).x));
}

void Brush::text(Point at, std::string_view text, Size size, ImU32 colour, Align align) const {
  if (list_ == nullptr) return;
  if (align != Align::left) at.x -= align == Align::right ? width(text, size) : width(text, size) / 2;
  list_->AddText(font(size), pixels(size), at.at(), colour, text.data(), text.data() + text.size());
}

std::vector<std::string> Brush::fold(std::string_view text, int most, Size size) const {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const std::size_t space = std::min(text.find_first_of(" \n"), text.size());
    std::string word(text.substr(0, space));
    const bool newline = space < text.size() && text[space] == '\n';
    text.remove_prefix(std::min(space + 1, text.size()));
    // A word that fits in no line, a path say, is broken.
    while (word.size() > 1 && width(word, size) > most) {
      std::size_t fits = word.size() - 1;
      while (fits > 1 && width(std::string_view(word).substr(0, fits), size) > most) --fits;
      const std::size_t slash = word.rfind('/', fits - 1);
      if (slash != std::string::npos && slash > 0) fits = slash + 1;
      if (!lines.back().empty()) lines.emplace_back();
      lines.back() = word.substr(0, fits);
      lines.emplace_back();
      word.erase(0, fits);
    }
    std::string longer = lines.back().empty() ? word : lines.back() + ' ' + word;
    if (lines.back().empty() || width(longer, size) <= most) lines.back() = std::move(longer);
    else lines.push_back(word);
    if (newline) lines.emplace_back();
  }
  return lines;
}

std::string Brush::shortened(std::string_view text, int most, Size size) const {
  if (width(text, size) <= most) return std::string(text);
  std::string out(text);
  while (!out.empty() && width(out + "...", size) > most) out.pop_back();
  return out + "...";
}

int Brush::paragraph(Point at, int most_width, std::string_view all, Size size, ImU32 colour, int most) const {
  std::vector<std::string> lines = fold(all, most_width, size);
  if (static_cast<int>(lines.size()) > most) {
    lines.resize(static_cast<std::size_t>(std::max(most, 1)));
    lines.back() = shortened(lines.back() + " ...", most_width, size);
  }
  int y = at.y;
  for (const std::string& each : lines) {
    text({at.x, y}, shortened(each, most_width, size), size, colour);
    y += line_height(size);
  }
  return y - at.y;
}

void Brush::fill(const Box& b, ImU32 colour, int rounding) const {
  if (list_ == nullptr) return;
  list_->AddRectFilled(Point{b.left, b.top}.at(), Point{b.right, b.bottom}.at(), colour, static_cast<float>(rounding));
}

void Brush::frame(const Box& b, ImU32 colour, int thickness, int rounding) const {
  if (list_ == nullptr) return;
  list_->AddRect(Point{b.left, b.top}.at(), Point{b.right, b.bottom}.at(), colour, static_cast<float>(rounding), 0,
                 static_cast<float>(thickness));
}

void Brush::line(Point a, Point b, ImU32 colour, int thickness) const {
  if (list_ == nullptr) return;
  list_->AddLine(a.at(), b.at(), colour, static_cast<float>(thickness));
}

void Brush::dashes(Point a, Point b, ImU32 colour, int thickness, int dash, int gap) const {
  const int dx = b.x - a.x, dy = b.y - a.y;
  const int length = static_cast<int>(std::lround(std::sqrt(static_cast<double>(dx) * dx + static_cast<double>(dy) * dy)));
  for (int at = 0; at < length; at += dash + gap) {
    const int end = std::min(at + dash, length);
    line({a.x + dx * at / length, a.y + dy * at / length}, {a.x + dx * end / length, a.y + dy * end / length}, colour,
         thickness);
  }
}

void Brush::circle(Point centre, int radius, ImU32 inner, ImU32 edge, int thickness) const {
  if (list_ == nullptr) return;
  const auto r = static_cast<float>(radius);
  if ((inner & IM_COL32_A_MASK) != 0) list_->AddCircleFilled(centre.at(), r, inner, 48);
  if (thickness > 0) list_->AddCircle(centre.at(), r, edge, 48, static_cast<float>(thickness));
}

void Brush::polygon(Point centre, int radius, int corners, int turn, ImU32 inner, ImU32 edge, int thickness) const {
  if (list_ == nullptr) return;
  std::array<ImVec2, 12> points;
  corners = std::min(corners, 12);
  for (int i = 0; i < corners; ++i) {
    points[static_cast<std::size_t>(i)] = on_circle(centre, radius, radius, turn + 360 * i / corners).at();
  }
  if ((inner & IM_COL32_A_MASK) != 0) list_->AddConvexPolyFilled(points.data(), corners, inner);
  if (thickness > 0) list_->AddPolyline(points.data(), corners, edge, ImDrawFlags_Closed, static_cast<float>(thickness));
}

void Brush::tick(Point c, int size, ImU32 colour) const {
  if (list_ == nullptr) return;
  const ImVec2 points[3] = {Point{c.x - size, c.y}.at(), Point{c.x - size / 3, c.y + size * 2 / 3}.at(),
                            Point{c.x + size, c.y - size * 2 / 3}.at()};
  list_->AddPolyline(points, 3, colour, 0, static_cast<float>(std::max(2, size / 3)));
}

void Brush::cross(Point c, int size, ImU32 colour, int thickness) const {
  line({c.x - size, c.y - size}, {c.x + size, c.y + size}, colour, thickness);
  line({c.x - size, c.y + size}, {c.x + size, c.y - size}, colour, thickness);
}

void Brush::arrow_head(Point tip, Point from, int size, ImU32 colour) const {
  if (list_ == nullptr) return;
  const int dx = tip.x - from.x, dy = tip.y - from.y;
  const int length =
      std::max(1, static_cast<int>(std::lround(std::sqrt(static_cast<double>(dx) * dx + static_cast<double>(dy) * dy))));
  const Point back{tip.x - dx * size / length, tip.y - dy * size / length};
  const Point side{dy * size / length / 2, -dx * size / length / 2};
  list_->AddTriangleFilled(tip.at(), Point{back.x + side.x, back.y + side.y}.at(),
                           Point{back.x - side.x, back.y - side.y}.at(), colour);
}

Point on_circle(Point centre, int radius_x, int radius_y, int degrees) {
  const double angle = degrees * 3.14159265358979323846 / 180;
  return {centre.x + static_cast<int>(std::lround(radius_x * std::cos(angle))),
          centre.y + static_cast<int>(std::lround(radius_y * std::sin(angle)))};
}

std::string time_text(std::int64_t ns) {
  std::string digits = std::to_string(ns / 1'000'000 % 1'000);
  digits.insert(0, 3 - digits.size(), '0');
  return std::to_string(ns / 1'000'000'000) + '.' + digits + " s";
}

std::string short_act(std::string_view act) {
  if (!act.starts_with("curl ")) return plain(act);
  std::string method = "GET";
  if (const std::size_t x = act.find(" -X "); x != std::string_view::npos) {
    method = act.substr(x + 4, act.find(' ', x + 4) - x - 4);
  }
  const std::size_t host = act.find("http://");
  if (host == std::string_view::npos) return plain(act);
  const std::size_t path = std::min(act.find_first_of("/'?", host + 7), act.size());
  std::string rest(act.substr(path));
  std::erase(rest, '\'');
  return plain(method + ' ' + rest);
}

std::string plain(std::string_view text) {
  struct Other {
    std::string_view from, to;
  };
  static constexpr Other kOthers[] = {{"\u2019", "'"}, {"\u2018", "'"}, {"\u201c", "\""}, {"\u201d", "\""}, {"\u2013", "-"},
                                      {"\u2014", "-"}, {"\u2026", "..."}, {"\u2192", "->"}};
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    bool found = false;
    for (const Other& other : kOthers) {
      if (!text.substr(i).starts_with(other.from)) continue;
      out += other.to;
      i += other.from.size();
      found = true;
      break;
    }
    if (!found) out += text[i++];
  }
  return out;
}

}  // namespace quorumlab::viz
