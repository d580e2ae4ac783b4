// Triangles by edge functions on a grid of 1/16 pixel, with the top-left rule, so that shared edges
// are drawn once; the atlas is sampled bilinearly. Floats are only rounded, never added up.
#include "viz/backend/software/rasteriser.h"

#include <imgui.h>
#include <stb/stb_image_write.h>

#include <algorithm>
#include <cmath>

namespace quorumlab::viz {
namespace {

constexpr int kSub = 16;          // of a pixel
constexpr int kTexelParts = 256;  // of a texel

struct Corner {
  std::int64_t x, y;  // in 1/16 pixel
  std::int64_t u, v;  // in 1/256 texel
  std::uint32_t colour;
};

struct Clip {
  int left, top, right, bottom;  // right and bottom are outside
};

struct Atlas {
  const std::uint8_t* alpha;
  int width, height;

  std::int64_t at(std::int64_t x, std::int64_t y) const {
    x = std::clamp<std::int64_t>(x, 0, width - 1);
    y = std::clamp<std::int64_t>(y, 0, height - 1);
    return alpha[y * width + x];
  }
  // Texels have their centre at one half.
  std::uint32_t sample(std::int64_t u, std::int64_t v) const {
    u -= kTexelParts / 2;
    v -= kTexelParts / 2;
    const std::int64_t x = u >> 8, y = v >> 8, fx = u & 255, fy = v & 255;
    const std::int64_t top = at(x, y) * (256 - fx) + at(x + 1, y) * fx;
    const std::int64_t low = at(x, y + 1) * (256 - fx) + at(x + 1, y + 1) * fx;
    return static_cast<std::uint32_t>((top * (256 - fy) + low * fy + 32'768) >> 16);
  }
};

std::int64_t rounded(float value, int parts) {
  return static_cast<std::int64_t>(std::floor(value * static_cast<float>(parts) + 0.5f));
}

void blend(std::uint8_t* pixel, std::uint32_t colour, std::uint32_t alpha) {
  for (int i = 0; i < 3; ++i) {
    const std::uint32_t source = colour >> (8 * i) & 255;
    pixel[i] = static_cast<std::uint8_t>((source * alpha + pixel[i] * (255 - alpha) + 127) / 255);
  }
}

std::int64_t edge(const Corner& a, const Corner& b, std::int64_t x, std::int64_t y) {
  return (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x);
}

// Pixels on a left or a top edge belong to the triangle, on the others to its neighbour.
std::int64_t bias(const Corner& a, const Corner& b) {
  const bool top_left = (a.y == b.y && b.x > a.x) || b.y < a.y;
  return top_left ? 0 : -1;
}

void triangle(const Corner& a, Corner b, Corner c, const Clip& clip, const Atlas& atlas, Image& out) {
  std::int64_t area = edge(a, b, c.x, c.y);
  if (area == 0) return;
  if (area < 0) {
    std::swap(b, c);
    area = -area;
  }
  const auto low = [](std::int64_t p, std::int64_t q, std::int64_t r) { return std::min({p, q, r}) >> 4; };
  const auto high = [](std::int64_t p, std::int64_t q, std::int64_t r) { return (std::max({p, q, r}) >> 4) + 1; };
  const std::int64_t left = std::max<std::int64_t>(low(a.x, b.x, c.x), clip.left);
  const std::int64_t right = std::min<std::int64_t>(high(a.x, b.x, c.x), clip.right);
  const std::int64_t top = std::max<std::int64_t>(low(a.y, b.y, c.y), clip.top);
  const std::int64_t bottom = std::min<std::int64_t>(high(a.y, b.y, c.y), clip.bottom);
  const std::int64_t bias_a = bias(b, c), bias_b = bias(c, a), bias_c = bias(a, b);
  const bool flat = a.colour == b.colour && a.colour == c.colour;
  const bool plain = a.u == b.u && a.u == c.u && a.v == b.v && a.v == c.v;
  const std::uint32_t cover = plain ? atlas.sample(a.u, a.v) : 0;
  for (std::int64_t y = top; y < bottom; ++y) {
    const std::int64_t py = y * kSub + kSub / 2;
    std::uint8_t* pixel = &out.rgba[static_cast<std::size_t>((y * out.width + left) * 4)];
    for (std::int64_t x = left; x < right; ++x, pixel += 4) {
      const std::int64_t px = x * kSub + kSub / 2;
      const std::int64_t wa = edge(b, c, px, py), wb = edge(c, a, px, py), wc = edge(a, b, px, py);
      if (((wa + bias_a) | (wb + bias_b) | (wc + bias_c)) < 0) continue;
      std::uint32_t colour = a.colour;
      if (!flat) {
        colour = 0;
        for (int shift = 0; shift < 32; shift += 8) {
          const std::int64_t sum = wa * (a.colour >> shift & 255) + wb * (b.colour >> shift & 255) +
                                   wc * (c.colour >> shift & 255);
          colour |= static_cast<std::uint32_t>((sum + area / 2) / area) << shift;
        }
      }
      const std::uint32_t texel = plain ? cover
                                        : atlas.sample((wa * a.u + wb * b.u + wc * c.u) / area,
                                                       (wa * a.v + wb * b.v + wc * c.v) / area);
      const std::uint32_t alpha = ((colour >> 24) * texel + 127) / 255;
      if (alpha != 0) blend(pixel, colour, alpha);
    }
  }
}

}  // namespace

Rasteriser::Rasteriser() {
  unsigned char* pixels = nullptr;
  ImGui::GetIO().Fonts->GetTexDataAsAlpha8(&pixels, &width_, &height_);
  alpha_.assign(pixels, pixels + width_ * height_);
}

void Rasteriser::draw(const ImDrawData& data, std::uint32_t background, Image& out) const {
  out.width = static_cast<int>(data.DisplaySize.x);
  out.height = static_cast<int>(data.DisplaySize.y);
  out.rgba.resize(static_cast<std::size_t>(out.width) * static_cast<std::size_t>(out.height) * 4);
  for (std::size_t i = 0; i < out.rgba.size(); i += 4) {
    out.rgba[i] = static_cast<std::uint8_t>(background >> 16);
    out.rgba[i + 1] = static_cast<std::uint8_t>(background >> 8);
    out.rgba[i + 2] = static_cast<std::uint8_t>(background);
    out.rgba[i + 3] = 255;
  }
  const Atlas atlas{alpha_.data(), width_, height_};
  for (int n = 0; n < data.CmdListsCount; ++n) {
    const ImDrawList& list = *data.CmdLists[n];
    for (const ImDrawCmd& cmd : list.CmdBuffer) {
      if (cmd.UserCallback != nullptr) continue;
      const auto limit = [](float value, int most) {
        return static_cast<int>(std::clamp<std::int64_t>(rounded(value, 1), 0, most));
      };
      const Clip clip{limit(cmd.ClipRect.x, out.width), limit(cmd.ClipRect.y, out.height),
                      limit(cmd.ClipRect.z, out.width), limit(cmd.ClipRect.w, out.height)};
      const auto corner = [&](unsigned int i) {
        const ImDrawVert& v = list.VtxBuffer[static_cast<int>(cmd.VtxOffset + list.IdxBuffer[static_cast<int>(i)])];
        return Corner{rounded(v.pos.x, kSub), rounded(v.pos.y, kSub), rounded(v.uv.x, width_ * kTexelParts),
                      rounded(v.uv.y, height_ * kTexelParts), v.col};
      };
      for (unsigned int i = cmd.IdxOffset; i + 3 <= cmd.IdxOffset + cmd.ElemCount; i += 3) {
        triangle(corner(i), corner(i + 1), corner(i + 2), clip, atlas, out);
      }
    }
  }
}

bool write_png(const std::string& path, const Image& image) {
  return stbi_write_png(path.c_str(), image.width, image.height, 4, image.rgba.data(), image.width * 4) != 0;
}

}  // namespace quorumlab::viz
