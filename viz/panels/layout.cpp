// Places of hosts, and the parts of a divided network.
#include "viz/panels/layout.h"

#include <algorithm>
#include <cmath>

namespace quorumlab::viz {

int Layout::distance(std::uint32_t a, std::uint32_t b) const {
  const double dx = at(a).x - at(b).x, dy = at(a).y - at(b).y;
  return static_cast<int>(std::lround(std::sqrt(dx * dx + dy * dy)));
}

Point Layout::towards(std::uint32_t from, std::uint32_t other, int permille) const {
  const Point a = at(from), b = at(other);
  return {a.x + (b.x - a.x) * permille / 1000, a.y + (b.y - a.y) * permille / 1000};
}

bool Layout::walled(std::uint32_t a, std::uint32_t b) const {
  if (!divided) return false;
  const auto place = [&](std::uint32_t host) {
    return static_cast<std::size_t>(std::find(servers.begin(), servers.end(), host) - servers.begin());
  };
  return side[place(a)] != side[place(b)];
}

namespace {
// Servers that reach each other, perhaps by way of others, are on one side.
void find_sides(const Frame& frame, Layout& out) {
  out.side.assign(out.servers.size(), -1);
  int sides = 0;
  for (std::size_t i = 0; i < out.side.size(); ++i) {
    if (out.side[i] >= 0) continue;
    std::vector<std::size_t> open = {i};
    out.side[i] = sides;
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      for (std::size_t j = 0; j < out.side.size(); ++j) {
        if (out.side[j] >= 0) continue;
        const std::uint32_t a = out.servers[at], b = out.servers[j];
        if (frame.cut(a, b) && frame.cut(b, a)) continue;
        out.side[j] = sides;
        open.push_back(j);
      }
    }
    ++sides;
  }
  out.divided = sides > 1;
}
}  // namespace

Layout lay_out(const Canvas& c, const Box& area) {
  Layout out;
  const auto hosts = static_cast<std::uint32_t>(c.frame.hosts.size());
  for (std::uint32_t n = 1; n <= hosts; ++n) {
    if (c.timeline.has_kind(n, Host::Kind::server)) {
      out.servers.push_back(n);
    } else if (c.timeline.busy(n)) {  // a client that never asks is not in the picture
      out.outside.push_back(n);
    }
  }
  out.places.assign(hosts, {Layout::kNowhere, 0});
  const auto count = static_cast<int>(out.servers.size());
  // Two networks side by side have less room each.
  const bool two = c.view.offer != nullptr && c.view.offer->beside_frame != nullptr;
  out.radius = c.brush.px(two && count <= 9 ? 30 : count <= 5 ? 40 : count <= 9 ? 32 : count <= 20 ? 20 : 9);
  const int beside = c.brush.px(out.outside.empty() ? 90 : two ? 172 : 215);
  out.centre = {area.middle().x, area.middle().y - c.brush.px(14)};
  out.ring = count < 2 ? 0 : std::min((area.width() / 2 - beside), area.height() / 2 - c.brush.px(88));
  for (std::size_t i = 0; i < out.servers.size(); ++i) {
    out.places[out.servers[i] - 1] = count == 1 ? out.centre : on_circle(out.centre, out.ring, out.ring, out.angle_of(i));
  }
  // The first stands on the left, as the app of the talk does, and the others fill up the right.
  const std::size_t many = out.outside.size();
  const std::size_t left = many <= 3 ? std::min<std::size_t>(many, 1) : many / 2;
  for (std::size_t i = 0; i < many; ++i) {
    const bool on_left = i < left;
    const int in_column = static_cast<int>(on_left ? left : many - left);
    const int row = static_cast<int>(on_left ? i : i - left);
    const int high = area.height() - c.brush.px(60);
    const int edge = c.brush.px(c.brush.large() ? 92 : 80);
    const int x = on_left ? area.left + edge : area.right - edge;
    out.places[out.outside[i] - 1] = {x, area.top + c.brush.px(50) + high * (2 * row + 1) / (2 * in_column)};
  }
  out.all = out.servers;
  out.all.insert(out.all.end(), out.outside.begin(), out.outside.end());
  find_sides(c.frame, out);
  return out;
}

}  // namespace quorumlab::viz
