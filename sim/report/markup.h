// Small things that every picture in SVG or HTML needs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace quorumlab::report {

// For text and attributes of XML and HTML.
std::string escaped(std::string_view text);
// "2.323165 s", with as many digits as are asked for.
std::string clock_text(std::int64_t ns, int digits = 6);
// Between two labelled moments of an axis of which a second takes so many pixels: a round number of
// nanoseconds that leaves room for the labels, and how many digits tell them apart.
struct AxisStep {
  std::int64_t ns = 0;
  int digits = 0;
};
AxisStep axis_step(double pixels_per_second, double room = 84);

}  // namespace quorumlab::report
