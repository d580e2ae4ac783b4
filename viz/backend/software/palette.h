// A picture in few colours: most of one are shades of edges that nobody tells apart.
#pragma once

#include <cstdint>
#include <vector>

namespace quorumlab::viz {

// Maps colours (0xRRGGBB) to the nearest of at most `most` (256 or fewer).
class Palette {
 public:
  // `all`: the colour of each pixel that counts.
  Palette(std::vector<std::uint32_t> all, std::size_t most);
  const std::vector<std::uint32_t>& colours() const { return colours_; }
  // REQUIRES: one of `all`.
  std::uint8_t number_of(std::uint32_t colour) const;

 private:
  std::vector<std::uint32_t> colours_;
  std::vector<std::uint32_t> known_;  // ascending
  std::vector<std::uint8_t> numbers_;
};

}  // namespace quorumlab::viz
