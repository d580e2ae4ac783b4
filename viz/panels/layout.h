// Where hosts stand: servers on a ring from the top clockwise, clients and programs left and right of
// it. On whole pixels.
#pragma once

#include <cstdint>
#include <vector>

#include "viz/panels/paint.h"

namespace quorumlab::viz {

struct Layout {
  std::vector<std::uint32_t> servers, outside, all;
  std::vector<Point> places;   // by host; those that are not shown stand at kNowhere
  std::vector<int> side;       // by place on the ring: which part of a divided network
  bool divided = false;
  Point centre;
  int ring = 0;                // its radius
  int radius = 0;              // of a server

  static constexpr int kNowhere = -10'000;
  bool has(std::uint32_t host) const {
    return host >= 1 && host <= places.size() && places[host - 1].x != kNowhere;
  }
  Point at(std::uint32_t host) const { return places[host - 1]; }
  int angle_of(std::size_t place) const { return -90 + 360 * static_cast<int>(place) / static_cast<int>(servers.size()); }
  int distance(std::uint32_t a, std::uint32_t b) const;
  // So far of the way from `from` to `other`.
  Point towards(std::uint32_t from, std::uint32_t other, int permille) const;
  // A wall stands between these servers.
  bool walled(std::uint32_t a, std::uint32_t b) const;
};

Layout lay_out(const Canvas& canvas, const Box& area);

}  // namespace quorumlab::viz
