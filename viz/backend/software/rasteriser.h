// Draws what Dear ImGui wants drawn into memory, with integers: no display, no driver, and the same
// bytes on every machine and from every compiler.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct ImDrawData;

namespace quorumlab::viz {

struct Image {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgba;  // rows from the top, 4 bytes a pixel
};

// The alpha of the current ImGui context's font atlas; fetched once.
class Rasteriser {
 public:
  // REQUIRES: a current ImGui context whose fonts are all added.
  Rasteriser();
  // `background` as 0xRRGGBB.
  void draw(const ImDrawData& data, std::uint32_t background, Image& out) const;

 private:
  std::vector<std::uint8_t> alpha_;
  int width_ = 0, height_ = 0;
};

// False: the file cannot be written.
bool write_png(const std::string& path, const Image& image);
// The same in at most 256 colours: less than half the size, and hardly another picture.
bool write_small_png(const std::string& path, const Image& image);

}  // namespace quorumlab::viz
