// Which colours stay, and the nearest of them.
#include "viz/backend/software/palette.h"

#include <algorithm>

namespace quorumlab::viz {
namespace {

int distance(std::uint32_t a, std::uint32_t b) {
  int sum = 0;
  for (const int shift : {0, 8, 16}) {
    const int d = static_cast<int>(a >> shift & 255) - static_cast<int>(b >> shift & 255);
    sum += d * d;
  }
  return sum;
}

struct Count {
  std::uint32_t colour;
  std::uint32_t times;
};

// Half of the places go to the most frequent colours, the others each to the one that would be missed
// most: a small legend's colour is rare, and no shade of another.
void choose(std::vector<Count> counts, std::size_t most, std::vector<std::uint32_t>& out) {
  std::stable_sort(counts.begin(), counts.end(), [](const Count& a, const Count& b) { return a.times > b.times; });
  const std::size_t sure = std::min<std::size_t>(counts.size(), counts.size() <= most ? most : most / 2);
  out.clear();
  for (std::size_t i = 0; i < sure; ++i) out.push_back(counts[i].colour);
  if (sure == counts.size()) return;
  std::vector<int> far(counts.size(), INT32_MAX);
  const auto come_near = [&](std::uint32_t colour) {
    for (std::size_t i = 0; i < counts.size(); ++i) far[i] = std::min(far[i], distance(colour, counts[i].colour));
  };
  for (const std::uint32_t colour : out) come_near(colour);
  const auto missed = [&](std::size_t i) { return static_cast<std::uint64_t>(far[i]) * counts[i].times; };
  while (out.size() < most) {
    std::size_t worst = 0;
    for (std::size_t i = 1; i < counts.size(); ++i) worst = missed(i) > missed(worst) ? i : worst;
    out.push_back(counts[worst].colour);
    come_near(counts[worst].colour);
  }
}

}  // namespace

Palette::Palette(std::vector<std::uint32_t> all, std::size_t most) {
  std::sort(all.begin(), all.end());
  std::vector<Count> counts;
  for (const std::uint32_t colour : all) {
    if (counts.empty() || counts.back().colour != colour) counts.push_back({colour, 0});
    ++counts.back().times;
  }
  choose(counts, most, colours_);
  for (const Count& c : counts) {
    const auto nearest = std::min_element(colours_.begin(), colours_.end(), [&](std::uint32_t a, std::uint32_t b) {
      return distance(a, c.colour) < distance(b, c.colour);
    });
    known_.push_back(c.colour);
    numbers_.push_back(static_cast<std::uint8_t>(nearest - colours_.begin()));
  }
}

std::uint8_t Palette::number_of(std::uint32_t colour) const {
  const auto at = std::lower_bound(known_.begin(), known_.end(), colour);
  return numbers_[static_cast<std::size_t>(at - known_.begin())];
}

}  // namespace quorumlab::viz
